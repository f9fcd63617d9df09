//! Small pictures of photos: where they lie on this device.

use std::ffi::c_char;

use cloudsync_engine::Code;

use crate::context::CloudSyncContext;
use crate::failure::{Failure, bad};
use crate::object::{with, writable};
use crate::progress::read_file_type;
use crate::text;

/// Says where a photo's small picture lies on this device: a JPEG file, upright, that the program may read for as long
/// as the photo stays as it is; it is not to be written. Pictures are made once, when a photo is first sent, and kept on
/// the device that sent it. A device that receives photos on demand fetches their thumbnails with each sync; any other is
/// fetched with cloud_file_cache_start_batch and its file type. Never waits for a running sync.
///
/// An app that is no system app can ask for the files of its own bundle only; no permission is asked for.
///
/// @param context   The context.
/// @param uri       The photo.
/// @param file_type CLOUDSYNC_DOWNLOAD_FILE_TYPE_THUMBNAIL or CLOUDSYNC_DOWNLOAD_FILE_TYPE_LCD.
/// @param buffer    Where the path goes, ended by a NUL; NULL to be told its size alone.
/// @param length    The buffer's size in bytes. Not looked at where buffer is NULL.
/// @param size      Where the path's size in bytes goes, its NUL included; may be NULL where buffer is not.
/// @return 0; 401 for a bad handle, a URI that is NULL or not UTF-8, another file_type, a buffer that is too short, or no
///         buffer and no size; 13900002 for a file that is not there, or has no picture: it is none that can be decoded, or
///         was sent without one; 13900010 where the picture is not here yet: it has to be fetched, or the photo to be sent,
///         first, which cloudsync_last_error tells apart; 14000002 for a URI that cannot be read, leaves the synced
///         directories, or belongs to another app where the caller is no system app. Nothing is written then.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` is NULL or a NUL-terminated string; `buffer` is NULL or may be written for `length` bytes; `size` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_preview_path(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    file_type: i32,
    buffer: *mut c_char,
    length: usize,
    size: *mut usize,
) -> i32 {
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        let kind = read_file_type(file_type)?.preview();
        let kind =
            kind.ok_or_else(|| bad("a file's own path is the program's to know; ask for THUMBNAIL or LCD"))?;
        if buffer.is_null() {
            writable(size, "size")?;
        }
        let path = context.engine_at(context.root_for_caller(uri)?)?.preview_path(uri, kind)?;
        let path =
            path.to_str().ok_or_else(|| Failure::new(Code::Inner, "the state directory is not UTF-8"))?;
        let needed = path.len() + 1;
        if !buffer.is_null() && length < needed {
            return Err(bad(format!("the path takes {needed} bytes, and the buffer has {length}")));
        }
        // SAFETY: both are NULL or may be written by the caller's promise.
        unsafe {
            text::write(path, buffer, length);
            if !size.is_null() {
                size.write(needed);
            }
        }
        Ok(())
    })
}
