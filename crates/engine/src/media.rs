//! Which files are parts of one photo: a live or motion photo, a raw file with its JPEG, a sidecar, an edited
//! copy with its original. By the names that cameras and phones give them, and by the identifiers that cameras write
//! into them.

use std::collections::BTreeSet;

use crate::ports::ContentId;

/// Kinds of files that a photo may consist of.
const PARTS: [&str; 24] = [
    "jpg", "jpeg", "heic", "heif", "avif", "png", "webp", "tif", "tiff", "dng", "raw", "arw", "cr2", "cr3",
    "nef", "orf", "raf", "rw2", "mov", "mp4", "m4v", "aae", "xmp", "thm",
];

/// Kinds of files that may say of which photo they are a part.
const IDENTIFIED: [&str; 7] = ["jpg", "jpeg", "heic", "heif", "mov", "mp4", "m4v"];

/// Kinds of those that are videos.
const VIDEOS: [&str; 3] = ["mov", "mp4", "m4v"];

/// Whether a file's name is that of one that may have a content identifier.
pub(crate) fn may_be_identified(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, kind)| is_one_of(&IDENTIFIED, kind))
}

/// Whether a file's name is that of a video.
pub(crate) fn is_video(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, kind)| is_one_of(&VIDEOS, kind))
}

/// What all parts of a photo have in common, within their folder; `None` for what is no part of a photo.
pub(crate) fn photo_of(name: &str) -> Option<String> {
    let (stem, kind) = name.rsplit_once('.')?;
    if !is_one_of(&PARTS, kind) {
        return None;
    }
    // A sidecar may keep the name of what it describes whole: IMG_1.JPG.xmp.
    let stem = match stem.rsplit_once('.') {
        Some((inner, described)) if is_one_of(&PARTS, described) => inner,
        _ => stem,
    };
    Some(original(&stem.to_lowercase()))
}

/// By what a part of a photo is known in its folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    Name(String),
    Identifier(ContentId),
}

/// The marks of a file that is called so, and says so of itself.
pub(crate) fn marks(name: &str, identifier: Option<ContentId>) -> impl Iterator<Item = Mark> {
    photo_of(name).map(Mark::Name).into_iter().chain(identifier.map(Mark::Identifier))
}

/// Those of a folder's files, each with its marks, that are parts of the photo with these marks.
pub(crate) fn joined<T: Ord>(files: Vec<(T, Vec<Mark>)>, mut known: BTreeSet<Mark>) -> Vec<T> {
    let (mut parts, mut others) = (Vec::new(), files);
    loop {
        let (found, rest): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|(_, marks)| marks.iter().any(|mark| known.contains(mark)));
        if found.is_empty() {
            parts.sort_unstable();
            return parts;
        }
        for (part, marks) in found {
            parts.push(part);
            known.extend(marks);
        }
        others = rest;
    }
}

fn is_one_of(kinds: &[&str], kind: &str) -> bool {
    kinds.iter().any(|known| known.eq_ignore_ascii_case(kind))
}

/// The name of what an edited copy was made of: IMG_E0001 of IMG_0001, PXL_1-edited and PXL_1~2 of PXL_1.
fn original(stem: &str) -> String {
    let numbered = stem.rsplit_once('~').filter(|(_, number)| number.parse::<u32>().is_ok());
    let stem = numbered.map_or(stem, |(stem, _)| stem);
    let stem = ["-edited", "_edited"].into_iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
    let digits = |rest: &&str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    match stem.strip_prefix("img_e").filter(digits) {
        Some(number) => format!("img_{number}"),
        None => stem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::photo_of;

    #[test]
    fn the_parts_of_a_photo_have_one_name() {
        for parts in [
            &["IMG_0001.HEIC", "IMG_0001.MOV", "IMG_0001.AAE", "IMG_E0001.HEIC"][..],
            &["DSC_7.NEF", "DSC_7.JPG", "DSC_7.NEF.xmp", "dsc_7.xmp"],
            &["PXL_2.jpg", "PXL_2.dng", "PXL_2-edited.jpg", "PXL_2~2.jpg"],
        ] {
            let photo = photo_of(parts[0]).unwrap();
            assert!(parts.iter().all(|part| photo_of(part).as_deref() == Some(&*photo)), "{parts:?}");
        }
    }

    #[test]
    fn other_files_are_parts_of_nothing_else() {
        assert_ne!(photo_of("IMG_0001.JPG"), photo_of("IMG_0002.JPG"));
        assert_ne!(photo_of("IMG_Eve.JPG"), photo_of("IMG_ve.JPG"));
        assert_ne!(photo_of("a~b.jpg"), photo_of("a.jpg"));
        assert_eq!((photo_of("notes.txt"), photo_of("jpg"), photo_of("a.")), (None, None, None));
    }
}
