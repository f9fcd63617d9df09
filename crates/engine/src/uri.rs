//! The documented URIs of files.

use std::borrow::Cow;

use crate::error::{Code, Error, Result};

const GALLERY: [&str; 2] = ["file://media/Photo/", "file:///media/Photo/"];
/// Where a bundle sees its cloud directory.
const CLOUD_DIR: &str = "/data/storage/el2/cloud/";

/// The URIs of one synced directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum UriSpace {
    /// `file://media/Photo/<path>`, also with a third slash: the photos.
    #[default]
    Gallery,
    /// `file://<bundle>/data/storage/el2/cloud/<path>`, or that without the scheme and the name: the cloud
    /// directory of the bundle with this name.
    Bundle(Box<str>),
}

impl UriSpace {
    /// The bundle whose cloud directory a URI is in: `None` for what is in no bundle's, and an empty
    /// name for the plain path, which is in that of whoever asks.
    pub fn bundle_of(uri: &str) -> Option<&str> {
        let dir = || CLOUD_DIR.trim_end_matches('/');
        if uri.starts_with(CLOUD_DIR) || uri == dir() {
            return Some("");
        }
        let rest = uri.strip_prefix("file://")?;
        let (bundle, path) = rest.split_at_checked(rest.find('/')?)?;
        (!bundle.is_empty() && (path.starts_with(CLOUD_DIR) || path == dir())).then_some(bundle)
    }

    /// The path, relative to the directory, that a URI names.
    pub(crate) fn path<'u>(&self, uri: &'u str) -> Result<Cow<'u, str>> {
        let rest = self.strip(uri).ok_or_else(|| match self {
            UriSpace::Gallery => invalid(uri, "it must begin with file://media/Photo/"),
            UriSpace::Bundle(name) => invalid(uri, &format!("it must begin with file://{name}{CLOUD_DIR}")),
        })?;
        let path = decode(rest).ok_or_else(|| invalid(uri, "its percent-encoding is broken"))?;
        if !stays(&path) {
            return Err(invalid(uri, "its path leaves the synced directory or names nothing"));
        }
        Ok(path)
    }

    /// The same for a file or a folder, which may end in a slash. The directory itself is the empty path.
    pub(crate) fn entry_path<'u>(&self, uri: &'u str) -> Result<Cow<'u, str>> {
        let named = uri.strip_suffix('/').unwrap_or(uri);
        let is_root = match self {
            UriSpace::Gallery => GALLERY.iter().any(|prefix| prefix.strip_suffix('/') == Some(named)),
            UriSpace::Bundle(name) => {
                let dir = named.strip_prefix("file://").and_then(|rest| rest.strip_prefix(&**name));
                CLOUD_DIR.strip_suffix('/') == Some(dir.unwrap_or(named))
            }
        };
        if is_root { Ok(Cow::Borrowed("")) } else { self.path(named) }
    }

    /// The URI of a path in the directory.
    pub(crate) fn uri(&self, path: &str) -> String {
        let mut uri = match self {
            UriSpace::Gallery => GALLERY[0].to_owned(),
            UriSpace::Bundle(name) => format!("file://{name}{CLOUD_DIR}"),
        };
        for byte in path.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte) {
                uri.push(char::from(byte));
            } else {
                uri.push_str(&format!("%{byte:02X}"));
            }
        }
        uri
    }

    fn strip<'u>(&self, uri: &'u str) -> Option<&'u str> {
        match self {
            UriSpace::Gallery => GALLERY.iter().find_map(|prefix| uri.strip_prefix(prefix)),
            UriSpace::Bundle(name) => {
                let named = uri.strip_prefix("file://").and_then(|rest| rest.strip_prefix(&**name));
                named.unwrap_or(uri).strip_prefix(CLOUD_DIR)
            }
        }
    }
}

/// Whether a path names something beneath where it begins: no empty name, no `.`, no `..`, no NUL.
fn stays(path: &str) -> bool {
    let path = path.as_bytes();
    // Both look at all bytes, many at a time.
    let zero = path.iter().fold(false, |found, byte| found | (*byte == 0));
    let dotted = path
        .windows(2)
        .fold(false, |found, pair| found | ((pair[0] == b'/') & ((pair[1] == b'/') | (pair[1] == b'.'))));
    // Hardly any name is empty or begins with a dot: only then are they looked at one by one.
    let doubtful = dotted || matches!(path, [] | [b'/' | b'.', ..] | [.., b'/']);
    let named = || path.split(|byte| *byte == b'/').all(|name| !matches!(name, b"" | b"." | b".."));
    !zero && (!doubtful || named())
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
    let mut parts = text.split('%').map(str::as_bytes);
    bytes.extend_from_slice(parts.next()?);
    for part in parts {
        let (&[high, low], plain) = part.split_first_chunk()?;
        let byte = hex(high)? << 4 | hex(low)?;
        if byte == b'/' || byte == 0 {
            return None;
        }
        bytes.push(byte);
        bytes.extend_from_slice(plain);
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
        let path = |uri| UriSpace::Gallery.path(uri).unwrap().into_owned();
        assert_eq!(path("file://media/Photo/a/b.jpg"), "a/b.jpg");
        assert_eq!(path("file:///media/Photo/1"), "1");
        assert_eq!(path("file://media/Photo/%C3%BC%20x.jpg"), "ü x.jpg");
    }

    #[test]
    fn a_bundles_directory_has_its_name_or_none() {
        let space = UriSpace::Bundle("com.example.notes".into());
        for (uri, bundle) in [
            ("file://com.example.notes/data/storage/el2/cloud/a/b%20c", Some("com.example.notes")),
            ("/data/storage/el2/cloud/a/b%20c", Some("")),
        ] {
            assert_eq!(UriSpace::bundle_of(uri), bundle);
            assert_eq!(space.path(uri).unwrap(), "a/b c");
        }
        for (uri, bundle) in [
            ("file://media/Photo/a", None),
            ("file:///data/storage/el2/cloud/a", None),
            ("file://com.example/data/storage/el2/cloud/a", Some("com.example")),
            ("file://com.example.notes.more/data/storage/el2/cloud/a", Some("com.example.notes.more")),
            ("file://com.example.notes/data/storage/el2/cloud/", Some("com.example.notes")),
            ("file://com.example.notes/data/storage/el2/cloud/../a", Some("com.example.notes")),
            ("file://com.example.notes/data/storage/el2/base/a", None),
        ] {
            assert_eq!(UriSpace::bundle_of(uri), bundle, "{uri}");
            assert_eq!(space.path(uri).unwrap_err().code, Code::InvalidUri, "{uri}");
        }
    }

    #[test]
    fn a_path_and_its_uri_are_one() {
        let spaces = [UriSpace::Gallery, UriSpace::Bundle("com.example.notes".into())];
        for (space, path) in spaces.iter().flat_map(|space| {
            ["a", "a b/ü%?#.jpg", "~/-._!$&'()*+,;=:@", ".a/..b/...", "a./b..", "%%"].map(|p| (space, p))
        }) {
            assert_eq!(space.path(&space.uri(path)).unwrap(), path);
            assert_eq!(space.entry_path(&format!("{}/", space.uri(path))).unwrap(), path);
        }
        assert_eq!(UriSpace::Gallery.uri("ü x"), "file://media/Photo/%C3%BC%20x");
    }

    #[test]
    fn the_directory_itself_is_an_entry_with_or_without_a_slash() {
        let bundle = UriSpace::Bundle("com.example.notes".into());
        for (space, uri) in [
            (&UriSpace::Gallery, "file://media/Photo"),
            (&UriSpace::Gallery, "file://media/Photo/"),
            (&UriSpace::Gallery, "file:///media/Photo/"),
            (&bundle, "file://com.example.notes/data/storage/el2/cloud"),
            (&bundle, "file://com.example.notes/data/storage/el2/cloud/"),
            (&bundle, "/data/storage/el2/cloud"),
        ] {
            assert_eq!(space.entry_path(uri).unwrap(), "", "{uri}");
        }
        for uri in [
            "",
            "/",
            "file://media/Photo//",
            "file://media/",
            "file://media/Photo/..",
            "/data/storage/el2/cloud",
        ] {
            assert_eq!(UriSpace::Gallery.entry_path(uri).unwrap_err().code, Code::InvalidUri, "{uri}");
        }
        assert_eq!(UriSpace::bundle_of("file://b/data/storage/el2/cloud"), Some("b"));
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
            "file://media/Photo//a",
            "file://media/Photo/a/",
            "file://media/Photo/a/.",
            "file://media/Photo/..",
            "file://media/Photo/a/../b",
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
            let refused = UriSpace::Gallery.path(uri).unwrap_err();
            assert_eq!(refused.code, Code::InvalidUri, "{uri}");
        }
    }
}
