//! Strings in and out.

use std::ffi::{CStr, CString, c_char};

use crate::failure::{Answer, bad, null};

/// A string from C, borrowed for the call.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that lives as long as the result is used.
pub(crate) unsafe fn read<'a>(text: *const c_char, what: &str) -> Answer<&'a str> {
    if text.is_null() {
        return Err(null(what));
    }
    // SAFETY: not NULL, and NUL-terminated by the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|error| bad(format!("{what} is not UTF-8: {error}")))
}

/// A string from C that must say something.
///
/// # Safety
/// As [`read`].
pub(crate) unsafe fn read_filled<'a>(text: *const c_char, what: &str) -> Answer<&'a str> {
    // SAFETY: the caller's promise is the same.
    match unsafe { read(text, what) }? {
        "" => Err(bad(format!("{what} is empty"))),
        text => Ok(text),
    }
}

/// An array of strings from C. `texts` is not looked at where `n` is 0.
///
/// # Safety
/// `texts` is NULL or points to `n` strings as [`read`] wants them.
pub(crate) unsafe fn read_all<'a>(texts: *const *const c_char, n: usize, what: &str) -> Answer<Vec<&'a str>> {
    if n == 0 {
        return Ok(Vec::new());
    }
    if texts.is_null() {
        return Err(null(what));
    }
    if n > isize::MAX as usize / size_of::<*const c_char>() {
        return Err(bad(format!("{n} is no possible number of {what}")));
    }
    // SAFETY: not NULL, and `n` elements long by the caller's promise.
    let texts = unsafe { std::slice::from_raw_parts(texts, n) };
    // SAFETY: each element is a string by the caller's promise.
    texts.iter().map(|text| unsafe { read(*text, what) }).collect()
}

/// Copies as much of `text` as fits into the caller's buffer, cut between characters and ended by a
/// NUL, and returns the whole text's length. Nothing is written where `buffer` is NULL or `length` is 0.
///
/// # Safety
/// `buffer` is NULL or may be written for `length` bytes.
pub(crate) unsafe fn write(text: &str, buffer: *mut c_char, length: usize) -> usize {
    if !buffer.is_null() && length > 0 {
        let fits = text.floor_char_boundary(length - 1);
        // SAFETY: `fits + 1 <= length` bytes may be written, and the two do not overlap: `text` is ours.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast::<u8>(), fits);
            buffer.add(fits).write(0);
        }
    }
    text.len()
}

/// What C reads of a text: a NUL inside ends it.
pub(crate) fn before_nul(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// A string for C; a NUL inside ends it.
pub(crate) fn to_c(text: impl Into<String>) -> CString {
    let mut text = text.into();
    text.truncate(before_nul(&text).len());
    CString::new(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        let mut buffer = [1 as c_char; 4];
        // SAFETY: the buffer is as long as said.
        let length = unsafe { write("aéß", buffer.as_mut_ptr(), 4) };
        assert_eq!(length, 5);
        // SAFETY: `write` ended it with a NUL.
        assert_eq!(unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_str(), Ok("aé"));
    }

    #[test]
    fn nothing_is_written_into_no_room() {
        let mut byte = 7 as c_char;
        // SAFETY: no byte may be written, and none is.
        assert_eq!(unsafe { write("abc", &raw mut byte, 0) }, 3);
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { write("abc", std::ptr::null_mut(), 9) }, 3);
        assert_eq!(byte, 7);
    }

    #[test]
    fn text_that_is_not_utf_8_is_a_bad_argument() {
        // SAFETY: a NUL-terminated literal.
        let answer = unsafe { read(c"\xff".as_ptr(), "uri") };
        assert_eq!(answer.unwrap_err().code as i32, 401);
    }

    #[test]
    fn a_nul_inside_ends_a_string() {
        assert_eq!(to_c("ab\0c"), CString::from(c"ab"));
    }
}
