//! Names that the planner gives.

use std::borrow::Cow;

use crate::tree::{NodeId, PlaceRef};

/// The longest name that common file systems take, in bytes.
const LONGEST: usize = 255;

/// The name of a conflict copy: device and time before the extension. `attempt` counts from 1 and
/// shows from 2 on.
pub fn conflict_name(name: &str, label: &str, attempt: u32) -> Box<str> {
    marked_name(
        name,
        &match attempt {
            0 | 1 => format!(" (conflict {label})"),
            more => format!(" (conflict {label} {more})"),
        },
    )
}

/// The name of a file that comes back to where another has its place by now.
pub(crate) fn kept_name(name: &str, attempt: u32) -> Box<str> {
    marked_name(name, &format!(" (kept {attempt})"))
}

/// A name with a mark before its extension, and not longer than names can be.
fn marked_name(name: &str, mark: &str) -> Box<str> {
    let split = name.rfind('.').filter(|&at| at > 0 && name.len() - at <= 16).unwrap_or(name.len());
    let (stem, extension) = name.split_at(split);
    let room = LONGEST.saturating_sub(mark.len() + extension.len());
    let mut cut = stem.len().min(room);
    while !stem.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}{mark}{extension}", &stem[..cut]).into_boxed_str()
}

/// Whether a name is the conflict name of another one, whichever device gave it, and when.
pub(super) fn is_conflict_of(name: &str, own: &str) -> bool {
    let Some((stem, rest)) = name.rsplit_once(" (conflict ") else { return false };
    let Some((_, extension)) = rest.split_once(')') else { return false };
    // Of a name that would be too long the stem is cut, at a letter's beginning.
    let cut = name.len() + 4 > LONGEST;
    own.strip_prefix(stem).is_some_and(|rest| rest == extension || (cut && rest.ends_with(extension)))
}

/// The first conflict name that is not taken.
pub(super) fn free_name(name: &str, label: &str, taken: impl Fn(&str) -> bool) -> Box<str> {
    let mut attempt = 1;
    loop {
        let candidate = conflict_name(name, label, attempt);
        if !taken(&candidate) {
            return candidate;
        }
        attempt += 1;
    }
}

/// The name under which a node waits in the top folder until its place is free.
pub(super) fn parked_name(name: &str, id: NodeId, taken: impl Fn(&str) -> bool) -> Box<str> {
    free_name(name, &format!("moving {}", id.0), taken)
}

/// What stands before the mark of a plan that parked a node and was cut short, and from the mark's number on: nothing
/// where it is not parked.
fn around_mark<'t>(id: NodeId, place: PlaceRef<'t>) -> Option<(&'t str, &'t str)> {
    if place.parent != NodeId::ROOT || !place.name.contains(" (conflict moving ") {
        return None;
    }
    let mark = format!(" (conflict moving {}", id.0);
    place.name.rsplit_once(&mark).filter(|(_, rest)| rest.starts_with([')', ' ']))
}

/// Whether a node is where a plan that was cut short parked it: nobody moved it there.
pub(crate) fn is_parked(id: NodeId, place: PlaceRef<'_>) -> bool {
    around_mark(id, place).is_some()
}

/// A node's name, without that mark.
pub(super) fn own_name<'t>(id: NodeId, place: PlaceRef<'t>) -> Cow<'t, str> {
    let parts = around_mark(id, place).and_then(|(stem, rest)| Some((stem, rest.split_once(')')?.1)));
    parts.map_or(place.name.into(), |(stem, extension)| format!("{stem}{extension}").into())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::tree::Place;

    #[test]
    fn a_parked_name_has_the_own_one_in_it() {
        for name in ["IMG_1.jpg", "notes", ".hidden", "a (conflict moving 3).jpg"] {
            for taken in 0..3 {
                let tried = Cell::new(0);
                let parked = parked_name(name, NodeId(7), |_| tried.replace(tried.get() + 1) < taken);
                let at = Place { parent: NodeId::ROOT, name: &*parked };
                assert_eq!(own_name(NodeId(7), at), name);
                assert_eq!(own_name(NodeId(8), at), at.name, "another's");
            }
        }
    }

    #[test]
    fn a_conflict_name_is_known_as_one() {
        for name in ["IMG_1.jpg", "notes", ".hidden", "a (conflict b).jpg"] {
            assert!(is_conflict_of(&conflict_name(name, "phone 2026", 2), name), "{name}");
            assert!(!is_conflict_of(name, name));
            assert!(!is_conflict_of(&conflict_name("other.jpg", "phone", 1), name));
        }
        assert!(!is_conflict_of("a (conflict phone).jpg", "ab.jpg"));
        let long = format!("{}.jpg", "ä".repeat(125));
        assert!(is_conflict_of(&conflict_name(&long, "phone", 1), &long));
    }

    #[test]
    fn keeps_the_extension_and_the_length() {
        assert_eq!(&*conflict_name("IMG_1.jpg", "phone 2026", 1), "IMG_1 (conflict phone 2026).jpg");
        assert_eq!(&*conflict_name("notes", "phone 2026", 2), "notes (conflict phone 2026 2)");
        assert_eq!(&*conflict_name(".hidden", "p", 1), ".hidden (conflict p)");
        assert_eq!(&*kept_name("IMG_1.jpg", 2), "IMG_1 (kept 2).jpg");
        let long = format!("{}.jpg", "ä".repeat(125));
        let name = conflict_name(&long, "phone", 1);
        assert!(name.len() <= 255 && name.ends_with(" (conflict phone).jpg"));
    }
}
