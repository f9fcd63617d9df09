//! Listings of folders, a page at a time.

use std::ffi::c_char;

use cloudsync_engine::core::{Entry, Listed};

use crate::context::CloudSyncContext;
use crate::object::{Handle, end, give, guard, with, writable};
use crate::page::{Page, check_size};
use crate::text;

/// A page of a listing. Made by cloudsync_list, freed by cloudsync_page_free.
pub struct CloudSyncPage {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncPage {
    type Object = Page<CloudSyncEntry>;
}

/// A file or folder in a listing.
///
/// Fields may be added at the end: read only what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncEntry {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// Its URI. Lives as long as the page.
    pub uri: *const c_char,
    /// Its name, not encoded. Lives as long as the page.
    pub name: *const c_char,
    /// How many bytes, wherever they are; 0 for a folder.
    pub size: u64,
    /// When its bytes were changed last, in milliseconds since 1970; 0 for a folder.
    pub mtime_ms: i64,
    /// A CLOUDSYNC_FILE_SYNC_STATE_... number.
    pub state: i32,
    /// 1 where it is on this disk, 0 where it is in the cloud alone.
    pub is_here: u8,
    /// 1 for a folder, else 0.
    pub is_directory: u8,
}

fn page(listed: Listed) -> Page<CloudSyncEntry> {
    Page::new(listed.entries, listed.next, |entry| {
        let Entry { uri, name, size, mtime_ms, state, is_here, is_dir } = entry;
        let form = move |[uri, name]: [*const c_char; 2]| CloudSyncEntry {
            struct_size: size_of::<CloudSyncEntry>(),
            uri,
            name,
            size,
            mtime_ms,
            state: state as i32,
            is_here: is_here.into(),
            is_directory: is_dir.into(),
        };
        ([uri, name], form)
    })
}

/// Lists a folder, a page at a time: what is on the disk, as the last sync run saw it, and what is in the cloud alone.
/// Answers from memory and never waits for a running sync. What was deleted here is not listed, also where the cloud has yet
/// to hear of it. Needs no permission: every caller may list the gallery and its own bundle.
///
/// The order is the library's own and stays: what comes or goes between two pages, or is renamed, makes nothing else come
/// twice or not at all. Where a folder is moved, what is in it may come twice, or not: list that folder again. A folder
/// comes before what is in it. The last page takes no longer than the first.
///
/// @param context     The context.
/// @param uri         A folder, or the gallery (file://media/Photo) or a bundle's cloud directory as a whole; with or without
///                    a slash at the end.
/// @param recursion   0: the folder's own entries. Anything else: all below it too.
/// @param after       Where the page begins, as cloudsync_page_read of the page before says; NULL for the first.
/// @param max_entries The most entries of the page, 1 to 10000.
/// @param out         Where the page's handle goes; the caller frees it with cloudsync_page_free.
/// @return 0, also where there is nothing; 401 for a bad handle, where URI or out is NULL, for an after that no page has said
///         and a max_entries out of range; 202 for a directory of another bundle, to a caller that is no system app; 13900002
///         for what is no folder; 14000002 for a URI that cannot be read or that leaves the synced directories.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `uri` and `after` are NULL or NUL-terminated strings; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_list(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    recursion: i32,
    after: *const c_char,
    max_entries: u32,
    out: *mut *mut CloudSyncPage,
) -> i32 {
    with(context, "context", |context| {
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        let root = context.root_to_look_at(uri)?;
        // SAFETY: as above.
        let after = if after.is_null() { None } else { Some(unsafe { text::read(after, "after") }?) };
        let most = check_size(max_entries)?;
        writable(out, "out")?;
        let listed = context.engine_at(root)?.list(uri, recursion != 0, after, most)?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(page(listed), out) }
    })
}

/// Reads a page.
///
/// @param page    The page.
/// @param entries Where the array of pointers to its entries goes; it lives as long as the page.
/// @param count   Where their number goes.
/// @param after   Where what cloudsync_list needs for the next page goes, which lives as long as this page; NULL after the
///                last page.
/// @return 0; 401 for a bad handle, or where entries, count or after is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `entries`, `count` and `after` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_page_read(
    page: *const CloudSyncPage,
    entries: *mut *const *const CloudSyncEntry,
    count: *mut usize,
    after: *mut *const c_char,
) -> i32 {
    with(page, "page", |page| {
        // SAFETY: each may be written by the caller's promise.
        unsafe { page.read(entries, count, after) }
    })
}

/// Frees a page, and all that was read from it.
///
/// @param page The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// What was read from the page is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_page_free(page: *mut CloudSyncPage) -> i32 {
    guard(|| end(page, "page").map(drop))
}
