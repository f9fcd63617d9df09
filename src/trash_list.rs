//! Listings of what can be restored, a page at a time.

use std::ffi::c_char;

use cloudsync_engine::core::{Removed, Trash};

use crate::context::CloudSyncContext;
use crate::object::{Handle, end, give, guard, with, writable};
use crate::page::{Page, check_size};
use crate::text;

/// A page of a listing of the trash. Made by cloudsync_list_trash, freed by cloudsync_trash_page_free.
pub struct CloudSyncTrashPage {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncTrashPage {
    type Object = Page<CloudSyncTrashEntry>;
}

/// A file, or a folder with nothing in it, that can be restored.
///
/// Fields may be added at the end: read only what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncTrashEntry {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// The URI that it had. Lives as long as the page.
    pub uri: *const c_char,
    /// The name that it had, not encoded. Lives as long as the page.
    pub name: *const c_char,
    /// What cloudsync_restore is given to bring exactly this one back, whatever else of its name was removed. Lives as long as
    /// the page; the text stays good as long as this one can be restored.
    pub trash_uri: *const c_char,
    /// How many bytes; 0 for a folder.
    pub size: u64,
    /// When it was removed from this device, in milliseconds since 1970, to the second.
    pub removed_ms: i64,
    /// Until when this disk's trash keeps it, in milliseconds since 1970: the first run after the context has been opened later
    /// than that removes it for good. 0 where is_here is 0: how long the cloud's trash keeps it is not known here.
    pub kept_until_ms: i64,
    /// 1 where its bytes are in the trash on this disk, 0 where they are in the cloud's alone.
    pub is_here: u8,
    /// 1 for a folder, else 0.
    pub is_directory: u8,
}

fn page(trash: Trash) -> Page<CloudSyncTrashEntry> {
    Page::new(trash.entries, trash.next, |removed| {
        let Removed { uri, name, trash_uri, size, removed_ms, kept_until_ms, is_here, is_dir } = removed;
        let form = move |[uri, name, trash_uri]: [*const c_char; 3]| CloudSyncTrashEntry {
            struct_size: size_of::<CloudSyncTrashEntry>(),
            uri,
            name,
            trash_uri,
            size,
            removed_ms,
            kept_until_ms: kept_until_ms.unwrap_or_default(),
            is_here: is_here.into(),
            is_directory: is_dir.into(),
        };
        ([uri, name, trash_uri], form)
    })
}

/// Lists what can be restored, a page at a time, for an album of what was deleted: what was removed on this device with
/// cloudsync_remove, also what was in the cloud alone; and what this device had when a sync run brought its deletion from
/// another one. Looks at the trash on this disk alone, and never waits for a running sync, nor for the cloud. Not listed, because
/// the cloud's trash alone has it, is what another program deletes on this device, and what was in the cloud alone here and was deleted
/// on another device: the URI that it had restores that.
///
/// What was removed last comes first, and what went together by its path. Every file is listed for each time that it
/// was removed, also those of a folder that was, and a folder where it had nothing in it; to restore a folder as a whole, give
/// cloudsync_restore the URI that it had. What comes or goes between two pages makes nothing else come twice or not at all.
///
/// @param context     The context.
/// @param uri         The gallery (file://media/Photo) or a bundle's cloud directory as a whole; with or without a slash at the end.
/// @param after       Where the page begins, as cloudsync_trash_page_read of the page before says; NULL for the first.
/// @param max_entries The most entries of the page, 1 to 10000.
/// @param out         Where the page's handle goes; the caller frees it with cloudsync_trash_page_free.
/// @return 0, also where there is nothing; 201 without the permission; 202 for no system app; 401 for a bad handle, where URI or
///         out is NULL, for an after that no page has said and a max_entries out of range; 13900012 where the disk
///         does not let the trash be looked at; 13600001 where the context has been closed; 14000002 for a URI that is
///         not that of a synced directory as a whole.
///
/// Thread safety: any thread. Reads folders of the disk. Callback safe: yes.
///
/// # Safety
/// `uri` and `after` are NULL or NUL-terminated strings; `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_list_trash(
    context: *mut CloudSyncContext,
    uri: *const c_char,
    after: *const c_char,
    max_entries: u32,
    out: *mut *mut CloudSyncTrashPage,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let uri = unsafe { text::read(uri, "uri") }?;
        // SAFETY: as above.
        let after = if after.is_null() { None } else { Some(unsafe { text::read(after, "after") }?) };
        let most = check_size(max_entries)?;
        writable(out, "out")?;
        let engine = context.engine_at(context.root_of(uri))?;
        engine.check_whole(uri)?;
        let trash = engine.trash(after, most)?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(page(trash), out) }
    })
}

/// Reads a page of the trash.
///
/// @param page    The page.
/// @param entries Where the array of pointers to its entries goes; it lives as long as the page.
/// @param count   Where their number goes.
/// @param after   Where what cloudsync_list_trash needs for the next page goes, which lives as long as this page; NULL after
///                the last page.
/// @return 0; 401 for a bad handle, or where entries, count or after is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `entries`, `count` and `after` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_trash_page_read(
    page: *const CloudSyncTrashPage,
    entries: *mut *const *const CloudSyncTrashEntry,
    count: *mut usize,
    after: *mut *const c_char,
) -> i32 {
    with(page, "page", |page| {
        // SAFETY: each may be written by the caller's promise.
        unsafe { page.read(entries, count, after) }
    })
}

/// Frees a page of the trash, and all that was read from it.
///
/// @param page The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// What was read from the page is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_trash_page_free(page: *mut CloudSyncTrashPage) -> i32 {
    guard(|| end(page, "page").map(drop))
}
