//! What the handle of a page stands for: entries for C, with the texts that they point to.

use std::ffi::{CString, c_char};

use crate::failure::{Answer, bad, null};
use crate::text;

/// The most entries of a page.
const MOST: u32 = 10_000;

/// How many entries a page may have.
pub(crate) fn check_size(max_entries: u32) -> Answer<usize> {
    if !(1..=MOST).contains(&max_entries) {
        return Err(bad(format!("max_entries is {max_entries}; use 1 to {MOST}")));
    }
    Ok(max_entries as usize)
}

/// A page of a listing.
pub(crate) struct Page<E> {
    pointers: Box<[*const E]>,
    next: Option<CString>,
    /// What the pointers lead to; never moved nor changed.
    _entries: Box<[E]>,
    _texts: Box<[CString]>,
}

// SAFETY: the pointers lead to memory of the page itself, which nobody changes; entries are plain structures of C, whose
// pointers lead there too.
unsafe impl<E: Copy> Send for Page<E> {}
// SAFETY: as above.
unsafe impl<E: Copy> Sync for Page<E> {}

impl<E: Copy> Page<E> {
    /// A page of these. `split` says which texts one of them has, and makes an entry of the rest and of pointers to the texts,
    /// which live as long as the page.
    pub(crate) fn new<T, F, const N: usize>(
        listed: Vec<T>,
        next: Option<String>,
        split: impl Fn(T) -> ([String; N], F),
    ) -> Self
    where
        F: FnOnce([*const c_char; N]) -> E,
    {
        let mut entries = Vec::with_capacity(listed.len());
        let mut texts = Vec::with_capacity(listed.len() * N);
        for one in listed {
            let (own, form) = split(one);
            let own = own.map(text::to_c);
            entries.push(form(own.each_ref().map(|text| text.as_ptr())));
            texts.extend(own);
        }
        let entries = entries.into_boxed_slice();
        Page {
            pointers: entries.iter().map(std::ptr::from_ref).collect(),
            next: next.map(text::to_c),
            _entries: entries,
            _texts: texts.into_boxed_slice(),
        }
    }

    /// Tells C what there is, and where the next page begins.
    ///
    /// # Safety
    /// `entries`, `count` and `after` are NULL or may be written.
    pub(crate) unsafe fn read(
        &self,
        entries: *mut *const *const E,
        count: *mut usize,
        after: *mut *const c_char,
    ) -> Answer {
        for (missing, what) in
            [(entries.is_null(), "entries"), (count.is_null(), "count"), (after.is_null(), "after")]
        {
            if missing {
                return Err(null(what));
            }
        }
        // SAFETY: each may be written by the caller's promise.
        unsafe {
            entries.write(self.pointers.as_ptr());
            count.write(self.pointers.len());
            after.write(self.next.as_ref().map_or(std::ptr::null(), |next| next.as_ptr()));
        }
        Ok(())
    }
}
