//! The names that people give: few, so that they meet.

use crate::rng::Rng;

const FILES: [&str; 9] =
    ["a.jpg", "b.jpg", "c.jpg", "d", "IMG 1.jpg", "100%.jpg", "\u{e9}t\u{e9}.jpg", "f.mp4", "g"];
const PARTS: [&str; 7] =
    ["IMG_1.HEIC", "IMG_1.MOV", "IMG_E1.HEIC", "DSC_7.NEF", "DSC_7.JPG", "dsc_7.xmp", "IMG_1.HEIC.xmp"];
const FOLDERS: [&str; 5] = ["F", "G", "H", "d", "\u{dc}n"];
const LEFT_ALONE: [&str; 4] = [".nomedia", "x.tmp", "y.part", "Thumbs.db"];

/// A file's name.
pub(super) fn file(rng: &mut Rng) -> String {
    (*rng.pick(&FILES).unwrap_or(&"a.jpg")).to_owned()
}

/// The name of one part of a photo.
pub(super) fn part(rng: &mut Rng) -> String {
    (*rng.pick(&PARTS).unwrap_or(&"IMG_1.HEIC")).to_owned()
}

/// What photo a file is a part of, of those that people take here.
pub(crate) fn photo_of(name: &str) -> Option<&'static str> {
    let photos = [("IMG_1", &PARTS[..3]), ("IMG_1", &PARTS[6..]), ("DSC_7", &PARTS[3..6])];
    photos.into_iter().find(|(_, parts)| parts.contains(&name)).map(|(photo, _)| photo)
}

/// A folder's name.
pub(super) fn folder(rng: &mut Rng) -> String {
    (*rng.pick(&FOLDERS).unwrap_or(&"F")).to_owned()
}

/// A name that the engine leaves alone.
pub(super) fn left_alone(rng: &mut Rng) -> String {
    (*rng.pick(&LEFT_ALONE).unwrap_or(&"x.tmp")).to_owned()
}

/// A name that differs in case or Unicode form only.
pub(super) fn twin(name: &str) -> String {
    if name.contains('\u{e9}') {
        return name.replace('\u{e9}', "e\u{301}");
    }
    if name.contains("e\u{301}") {
        return name.replace("e\u{301}", "\u{e9}");
    }
    let swapped = |letter: char| {
        if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
    };
    name.chars().map(swapped).collect()
}

/// The path of a name in a folder.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The last name of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The folder of a path.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
