//! The documented numbers, and a text and a remedy for each.

use std::ffi::{CStr, c_char};

use crate::failure::last;
use crate::text;

/// Success.
pub const CLOUDSYNC_OK: i32 = 0;
/// The caller lacks the permission.
pub const CLOUDSYNC_E_PERMISSION_DENIED: i32 = 201;
/// The caller is no system app.
pub const CLOUDSYNC_E_NOT_SYSTEM_APP: i32 = 202;
/// A bad argument: NULL where a value must be, a number outside its range, a stale or foreign handle, text that is not UTF-8.
pub const CLOUDSYNC_E_INVALID_ARGUMENT: i32 = 401;
/// The device lacks the capability.
pub const CLOUDSYNC_E_NOT_SUPPORTED: i32 = 801;
/// A provider, or a worker, has gone.
pub const CLOUDSYNC_E_IPC: i32 = 13_600_001;
/// Operation not permitted.
pub const CLOUDSYNC_E_NOT_PERMITTED: i32 = 13_900_001;
/// No such file or folder.
pub const CLOUDSYNC_E_NO_SUCH_FILE: i32 = 13_900_002;
/// Interrupted.
pub const CLOUDSYNC_E_INTERRUPTED: i32 = 13_900_004;
/// I/O error.
pub const CLOUDSYNC_E_IO: i32 = 13_900_005;
/// Bad descriptor.
pub const CLOUDSYNC_E_BAD_DESCRIPTOR: i32 = 13_900_008;
/// Blocked for now.
pub const CLOUDSYNC_E_TRY_AGAIN: i32 = 13_900_010;
/// Out of memory.
pub const CLOUDSYNC_E_OUT_OF_MEMORY: i32 = 13_900_011;
/// Permission denied by the file system.
pub const CLOUDSYNC_E_ACCESS_DENIED: i32 = 13_900_012;
/// In use.
pub const CLOUDSYNC_E_BUSY: i32 = 13_900_014;
/// There is a file or folder of that name already.
pub const CLOUDSYNC_E_FILE_EXISTS: i32 = 13_900_015;
/// Invalid argument, in the newer operations.
pub const CLOUDSYNC_E_INVALID_VALUE: i32 = 13_900_020;
/// No space on the device.
pub const CLOUDSYNC_E_NO_SPACE: i32 = 13_900_025;
/// Read-only file system.
pub const CLOUDSYNC_E_READ_ONLY: i32 = 13_900_027;
/// A blocking call from inside a callback: it would wait for itself. Nothing was done.
pub const CLOUDSYNC_E_DEADLOCK: i32 = 13_900_029;
/// Not implemented here.
pub const CLOUDSYNC_E_NOT_IMPLEMENTED: i32 = 13_900_031;
/// Internal error of no other kind.
pub const CLOUDSYNC_E_UNKNOWN: i32 = 13_900_042;
/// A URI that cannot be read, or that points outside every synced directory.
pub const CLOUDSYNC_E_INVALID_URI: i32 = 14_000_002;
/// A bad argument to a database operation.
pub const CLOUDSYNC_E_INVALID_DATABASE_ARGUMENT: i32 = 14_800_001;
/// Signed out, or the cloud switched off.
pub const CLOUDSYNC_E_CLOUD_NOT_READY: i32 = 22_400_001;
/// No network.
pub const CLOUDSYNC_E_NETWORK_UNAVAILABLE: i32 = 22_400_002;
/// Battery too low, and not charging.
pub const CLOUDSYNC_E_BATTERY_LOW: i32 = 22_400_003;
/// More than the maximum.
pub const CLOUDSYNC_E_LIMIT_EXCEEDED: i32 = 22_400_004;
/// Inner error.
pub const CLOUDSYNC_E_INNER: i32 = 22_400_005;
/// The same task runs already.
pub const CLOUDSYNC_E_TASK_RUNNING: i32 = 22_400_006;
/// The temporary copy of a history version is gone.
pub const CLOUDSYNC_E_VERSION_FILE_MISSING: i32 = 22_400_007;

/// A number, what it means, and what the caller can do.
struct Entry(i32, &'static CStr, &'static CStr);

/// Every number of this library, in ascending order.
const ENTRIES: &[Entry] = &[
    Entry(CLOUDSYNC_OK, c"success", c"nothing to do"),
    Entry(
        CLOUDSYNC_E_PERMISSION_DENIED,
        c"the caller lacks the permission",
        c"grant ohos.permission.CLOUDFILE_SYNC to the caller",
    ),
    Entry(CLOUDSYNC_E_NOT_SYSTEM_APP, c"the caller is no system app", c"call this from a system app"),
    Entry(
        CLOUDSYNC_E_INVALID_ARGUMENT,
        c"a bad argument",
        c"mend the call; cloudsync_last_error says which argument",
    ),
    Entry(CLOUDSYNC_E_NOT_SUPPORTED, c"not supported on this device", c"check what the device can do first"),
    Entry(
        CLOUDSYNC_E_IPC,
        c"a provider or a worker has gone",
        c"check that the provider runs; where the context was closed, free the handle",
    ),
    Entry(CLOUDSYNC_E_NOT_PERMITTED, c"operation not permitted", c"use a URI that the caller was granted"),
    Entry(CLOUDSYNC_E_NO_SUCH_FILE, c"no such file or folder", c"check the path"),
    Entry(CLOUDSYNC_E_INTERRUPTED, c"interrupted", c"try again"),
    Entry(CLOUDSYNC_E_IO, c"input or output failed", c"try again; check the disk"),
    Entry(
        CLOUDSYNC_E_BAD_DESCRIPTOR,
        c"bad descriptor",
        c"check that the descriptor is open, and in which mode",
    ),
    Entry(CLOUDSYNC_E_TRY_AGAIN, c"blocked for now", c"try again later"),
    Entry(CLOUDSYNC_E_OUT_OF_MEMORY, c"out of memory", c"free some memory"),
    Entry(
        CLOUDSYNC_E_ACCESS_DENIED,
        c"permission denied by the file system",
        c"check the owner and the mode of the file and its folders",
    ),
    Entry(CLOUDSYNC_E_BUSY, c"in use", c"close what uses it, then try again"),
    Entry(
        CLOUDSYNC_E_FILE_EXISTS,
        c"something has that name already",
        c"give what has the name another one first",
    ),
    Entry(
        CLOUDSYNC_E_INVALID_VALUE,
        c"invalid argument",
        c"mend the call; cloudsync_last_error says which argument",
    ),
    Entry(CLOUDSYNC_E_NO_SPACE, c"no space on the device", c"free some space"),
    Entry(CLOUDSYNC_E_READ_ONLY, c"read-only file system", c"mount the file system writable"),
    Entry(
        CLOUDSYNC_E_DEADLOCK,
        c"a blocking call from inside a callback",
        c"use the call whose name ends in _async, or make it from another thread",
    ),
    Entry(
        CLOUDSYNC_E_NOT_IMPLEMENTED,
        c"not implemented here",
        c"update the system, or use another file system",
    ),
    Entry(CLOUDSYNC_E_UNKNOWN, c"unknown error", c"try again; look at the log"),
    Entry(
        CLOUDSYNC_E_INVALID_URI,
        c"a URI that cannot be read, or that leaves the synced directories",
        c"use a URI of the gallery or of a synced directory",
    ),
    Entry(CLOUDSYNC_E_INVALID_DATABASE_ARGUMENT, c"a bad argument to a database operation", c"mend the call"),
    Entry(CLOUDSYNC_E_CLOUD_NOT_READY, c"the cloud is not ready", c"sign in, and switch the cloud on"),
    Entry(CLOUDSYNC_E_NETWORK_UNAVAILABLE, c"no network", c"connect to a network"),
    Entry(CLOUDSYNC_E_BATTERY_LOW, c"the battery is too low", c"charge the battery"),
    Entry(CLOUDSYNC_E_LIMIT_EXCEEDED, c"more than the maximum", c"split the call"),
    Entry(CLOUDSYNC_E_INNER, c"inner error", c"free the handle and open it anew; look at the log"),
    Entry(CLOUDSYNC_E_TASK_RUNNING, c"the same task runs already", c"wait for it, or stop it"),
    Entry(
        CLOUDSYNC_E_VERSION_FILE_MISSING,
        c"the copy of the history version is gone",
        c"download the version again",
    ),
];

const UNKNOWN: Entry = Entry(0, c"no number of this library", c"check where the number comes from");

fn entry(code: i32) -> &'static Entry {
    match ENTRIES.binary_search_by_key(&code, |entry| entry.0) {
        Ok(found) => &ENTRIES[found],
        Err(_) => &UNKNOWN,
    }
}

/// What a code means, in a few words, for a log or a developer.
///
/// @param code Any number; one that is none of ours has a text as well.
/// @return A static text in English, never NULL.
///
/// Thread safety: any thread. Callback safe: yes.
#[unsafe(no_mangle)]
pub extern "C" fn cloudsync_strerror(code: i32) -> *const c_char {
    entry(code).1.as_ptr()
}

/// What the caller can do about a code, in a few words.
///
/// @param code Any number; one that is none of ours has a text as well.
/// @return A static text in English, never NULL.
///
/// Thread safety: any thread. Callback safe: yes.
#[unsafe(no_mangle)]
pub extern "C" fn cloudsync_error_remedy(code: i32) -> *const c_char {
    entry(code).2.as_ptr()
}

/// This thread's last failed call in detail: which argument, which file, what to do. A call that succeeds
/// leaves it as it is. What fails later, in an asynchronous operation, brings its own text with it.
///
/// @param buffer Where the text goes, cut between characters where it does not fit, always ended by a NUL.
///               NULL only asks for the length.
/// @param length The buffer's size in bytes; 0 only asks for the length.
/// @return The whole text's length in bytes without the NUL; 0 where no call has failed on this thread.
///
/// Thread safety: any thread, each has its own text. Callback safe: yes.
///
/// # Safety
/// `buffer` is NULL or may be written for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_last_error(buffer: *mut c_char, length: usize) -> usize {
    // SAFETY: the caller's promise is the same.
    unsafe { text::write(&last(), buffer, length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: *const c_char) -> &'static str {
        // SAFETY: both functions return static texts.
        unsafe { CStr::from_ptr(text) }.to_str().unwrap()
    }

    #[test]
    fn the_table_is_in_order_and_no_text_comes_twice() {
        assert!(ENTRIES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let texts: std::collections::HashSet<_> = ENTRIES.iter().map(|entry| entry.1).collect();
        assert_eq!(texts.len(), ENTRIES.len());
    }

    #[test]
    fn every_number_has_a_text_and_a_remedy() {
        for entry in ENTRIES {
            assert_eq!(text_of(cloudsync_strerror(entry.0)), entry.1.to_str().unwrap());
            assert!(!text_of(cloudsync_error_remedy(entry.0)).is_empty());
        }
    }

    #[test]
    fn a_foreign_number_has_a_text_too() {
        for code in [-1, 1, i32::MIN, i32::MAX, 22_400_008] {
            assert_eq!(text_of(cloudsync_strerror(code)), UNKNOWN.1.to_str().unwrap());
            assert!(!text_of(cloudsync_error_remedy(code)).is_empty());
        }
    }
}
