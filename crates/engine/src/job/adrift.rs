//! What lies between two places when a process ends: a file that came to the place of another in the very instant in
//! which that one was moved away was moved with it, and the process ended before it could put it back.

use std::io;

use super::trash::{Bin, make_dir, new_name};
use super::{JobContext, join, name_of};
use crate::plan::kept_name;
use crate::ports::{FileKind, FileSystem, Stamp, same_file};
use crate::tree::NodeId;

/// A file that was about to be moved away.
#[derive(Debug, Clone)]
pub struct Adrift {
    /// Where it lay.
    pub path: String,
    /// How it was last seen.
    pub seen: Option<Stamp>,
    /// Where it is now, if it went, or another that had come to its place.
    pub at: Limbo,
}

/// Where a file waits while it is moved away.
#[derive(Debug, Clone)]
pub enum Limbo {
    /// In the trash: the space of this node was being freed.
    Freed(NodeId),
    /// Under the name of the temporary file that has taken its place.
    Replaced {
        /// That name.
        temp: String,
        /// The inode number of what had it before.
        ino: u64,
    },
}

/// Where a file whose space is freed waits until it is removed.
pub(super) fn limbo(context: &JobContext, node: NodeId, path: &str) -> String {
    format!("{}/{}{}", <dyn FileSystem>::TRASH, new_name(context), mark(node, path))
}

/// How its name there ends; a long name is cut.
fn mark(node: NodeId, path: &str) -> String {
    let name = name_of(path);
    let mut cut = name.len().min(200);
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("-{:x}-{}", node.0, &name[..cut])
}

/// Whether a name is one of [`new_name`] and this mark. What was freed may be called like a mark itself.
fn is_marked(name: &str, mark: &str) -> bool {
    let new = name.strip_suffix(mark).map(|new| new.strip_prefix('-').unwrap_or(new));
    new.is_some_and(|new| new.matches('-').count() == 1)
}

/// Moves a file back to where it lay, or beside it where a person has put another there. A folder that has gone meanwhile is
/// made anew.
pub(super) fn put_back(context: &JobContext, from: &str, path: &str) -> io::Result<()> {
    for (end, _) in path.match_indices('/') {
        make_dir(context, &path[..end])?;
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let beside = (1..100).map(|n| join(folder, &kept_name(name, n)));
    let mut result = Ok(());
    for place in std::iter::once(path.to_owned()).chain(beside) {
        result = context.fs.rename(from, &place);
        if !matches!(&result, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
            break;
        }
    }
    result
}

/// Puts back, durably, what is not what was to go. That stays out: the cloud has it, or a newer one. What could not be put back
/// is returned, with the reason.
pub(super) fn recover(context: &JobContext, adrift: &[Adrift]) -> Vec<String> {
    let mut failed = Vec::new();
    let mut moved = false;
    let mut note = |path: &str, result: io::Result<bool>| match result {
        Ok(any) => moved |= any,
        Err(error) => failed.push(format!("{path}: it could not be put back from the trash: {error}")),
    };
    let freed = adrift.iter().any(|one| matches!(one.at, Limbo::Freed(_)));
    let trash = if freed { context.fs.list_trash() } else { Ok(Vec::new()) };
    let trash = trash.unwrap_or_else(|error| {
        note("", Err(error));
        Vec::new()
    });
    for Adrift { path, seen, at } in adrift {
        match at {
            Limbo::Freed(node) => {
                let mark = mark(*node, path);
                for name in trash.iter().filter(|name| is_marked(name, &mark)) {
                    let place = format!("{}/{name}", <dyn FileSystem>::TRASH);
                    note(path, out_of_trash(context, &place, path, seen.as_ref()));
                }
            }
            Limbo::Replaced { temp, ino } => {
                let place = format!("{}/{temp}", <dyn FileSystem>::TEMP);
                note(path, out_of_temp(context, &place, path, seen.as_ref(), *ino));
            }
        }
    }
    if moved && let Err(error) = context.fs.sync() {
        failed.push(format!("the disk cannot be flushed: {error}"));
    }
    failed
}

/// Returns whether anything was moved.
fn out_of_trash(context: &JobContext, place: &str, path: &str, seen: Option<&Stamp>) -> io::Result<bool> {
    match file_at(context, place)? {
        Some(there) if !is_seen(&there, seen) => put_back(context, place, path).map(|()| true),
        _ => Ok(false),
    }
}

fn out_of_temp(
    context: &JobContext,
    place: &str,
    path: &str,
    seen: Option<&Stamp>,
    ino: u64,
) -> io::Result<bool> {
    // Else it was not replaced, and what lies there is that which is to come.
    if file_at(context, path)?.is_none_or(|there| there.ino != ino) {
        return Ok(false);
    }
    match file_at(context, place)?.filter(|there| there.ino != ino) {
        None => Ok(false),
        Some(there) if is_seen(&there, seen) => {
            let trash = Bin::of_replaced(context).place(context, path)?;
            context.fs.rename(place, &trash).map(|()| true)
        }
        Some(_) => put_back(context, place, path).map(|()| true),
    }
}

fn is_seen(there: &Stamp, seen: Option<&Stamp>) -> bool {
    seen.is_some_and(|seen| same_file(there, seen))
}

fn file_at(context: &JobContext, place: &str) -> io::Result<Option<Stamp>> {
    match context.fs.stat(place) {
        Ok(stat) => Ok((stat.kind == FileKind::File).then_some(stat.stamp)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_trash_is_that_of_one_node() {
        let mark = mark(NodeId(26), "F/g-1.jpg");
        assert_eq!(mark, "-1a-g-1.jpg");
        for (name, is_it) in [
            ("1700003607-f41d49e0-1a-g-1.jpg", true),
            ("-5-f41d49e0-1a-g-1.jpg", true),
            ("1700003607-f41d49e0-7-x-1a-g-1.jpg", false),
            ("1700003607-f41d49e0-1b-g-1.jpg", false),
            ("1700003607-f41d49e0", false),
        ] {
            assert_eq!(is_marked(name, &mark), is_it, "{name}");
        }
    }
}
