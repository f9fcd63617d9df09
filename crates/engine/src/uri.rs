//! The documented URIs of files.

use std::borrow::Cow;

use crate::error::{Code, Error, Result};

const GALLERY: [&str; 2] = ["file://media/Photo/", "file:///media/Photo/"];

/// The path, relative to the gallery, that a URI names.
pub(crate) fn gallery_path(uri: &str) -> Result<Cow<'_, str>> {
    let rest = GALLERY.iter().find_map(|prefix| uri.strip_prefix(prefix));
    let Some(rest) = rest else {
        return Err(invalid(uri, "it must begin with file://media/Photo/"));
    };
    let path = decode(rest).ok_or_else(|| invalid(uri, "its percent-encoding is broken"))?;
    if !stays(path.as_bytes()) {
        return Err(invalid(uri, "its path leaves the gallery or names nothing"));
    }
    Ok(path)
}

/// Whether a path names something beneath where it begins: no empty name, no `.`, no `..`, no NUL.
fn stays(path: &[u8]) -> bool {
    let (mut length, mut dots) = (0, 0);
    for &byte in path.iter().chain(b"/") {
        match byte {
            b'/' if length == 0 || (dots == length && length <= 2) => return false,
            b'/' => (length, dots) = (0, 0),
            0 => return false,
            _ => (length, dots) = (length + 1, dots + usize::from(byte == b'.')),
        }
    }
    true
}

fn invalid(uri: &str, why: &str) -> Error {
    Error::new(Code::InvalidUri, format!("{uri:?} is no URI of a synced file: {why}"))
}

/// Percent-decoding of RFC 3986. An encoded slash or NUL would change the path's meaning.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.as_bytes().contains(&b'%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (pair, tail) = rest.split_at_checked(2)?;
        let byte = hex(pair[0])? << 4 | hex(pair[1])?;
        if byte == b'/' || byte == 0 {
            return None;
        }
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_and_percent_encoding() {
        assert_eq!(gallery_path("file://media/Photo/a/b.jpg").unwrap(), "a/b.jpg");
        assert_eq!(gallery_path("file:///media/Photo/1").unwrap(), "1");
        assert_eq!(gallery_path("file://media/Photo/%C3%BC%20x.jpg").unwrap(), "ü x.jpg");
    }

    #[test]
    fn refuses_what_leaves_the_gallery_or_cannot_be_read() {
        for uri in [
            "",
            "a.jpg",
            "/a.jpg",
            "http://media/Photo/a",
            "file://media/Photo",
            "file://media/Photo/",
            "file://media/Photo/../x",
            "file://media/Photo/a/../../x",
            "file://media/Photo/a//b",
            "file://media/Photo/./a",
            "file://media/Photo/a%2Fb",
            "file://media/Photo/a%2fb",
            "file://media/Photo/%00",
            "file://media/Photo/%",
            "file://media/Photo/%4",
            "file://media/Photo/%zz",
            "file://media/Photo/%ff",
            "file://media/Photo/%2e%2e/x",
            "file://other/Photo/a",
        ] {
            let refused = gallery_path(uri).unwrap_err();
            assert_eq!(refused.code, Code::InvalidUri, "{uri}");
        }
    }
}
