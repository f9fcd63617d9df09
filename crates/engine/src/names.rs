//! Names that the engine leaves alone, on every device and in every cloud alike.

/// How the names of half-written files end: the file gets its real name when it is whole.
const HALF_WRITTEN: [&[u8]; 5] = [b"~", b".tmp", b".part", b".crdownload", b".partial"];

/// What other systems leave in folders of photos.
const DROPPINGS: [&[u8]; 3] = [b"Thumbs.db", b"desktop.ini", b".DS_Store"];

/// Whether a file or folder of this name is never listed, watched or synced: hidden ones, files
/// that some program is still writing, and what file managers leave behind.
pub fn left_alone(name: impl AsRef<[u8]>) -> bool {
    let name = name.as_ref();
    name.starts_with(b".")
        || name.starts_with(b"~$")
        || HALF_WRITTEN.iter().any(|end| name.ends_with(end))
        || DROPPINGS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::left_alone;

    #[test]
    fn hidden_half_written_and_droppings_are_left_alone() {
        for name in [
            ".hidden",
            ".cloudsync",
            ".DS_Store",
            "a~",
            "~",
            "~$report.docx",
            "a.tmp",
            "a.jpg.part",
            "a.crdownload",
            "a.partial",
            "Thumbs.db",
            "desktop.ini",
        ] {
            assert!(left_alone(name), "{name}");
        }
        assert!(left_alone(b".\xff"), "a name need not be UTF-8");
    }

    #[test]
    fn everything_else_is_synced() {
        for name in
            ["a.jpg", "a.", "~a", "tmp", "a.tmp.jpg", "Thumbs.db.jpg", "partial", "a.Part", "ünï", " "]
        {
            assert!(!left_alone(name), "{name}");
        }
    }
}
