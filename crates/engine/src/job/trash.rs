//! The trash on this disk: what was deleted lies there at the path that it had, in a folder for what was
//! deleted together, and so can go back without anybody having noted anything.

use std::collections::BTreeSet;
use std::io;

use super::JobContext;
use crate::error::{Code, Error};
use crate::ports::{FileKind, FileSystem};

/// How the names of bins end whose files were replaced.
const REPLACED: &str = "-replaced";

/// Where what is deleted together goes.
pub(super) struct Bin {
    path: String,
    made: BTreeSet<String>,
}

impl Bin {
    /// A new one, which is made when something goes there.
    pub(super) fn new(context: &JobContext) -> Self {
        Bin { path: format!("{}/{}", <dyn FileSystem>::TRASH, new_name(context)), made: BTreeSet::new() }
    }

    /// One for what newer versions replace. Nobody has deleted that, so that it does not come back by itself.
    pub(super) fn of_replaced(context: &JobContext) -> Self {
        Bin { path: format!("{}{REPLACED}", Bin::new(context).path), made: BTreeSet::new() }
    }

    /// Where what lies at `path` goes; the folders on the way are there.
    pub(super) fn place(&mut self, context: &JobContext, path: &str) -> io::Result<String> {
        let place = format!("{}/{path}", self.path);
        for (end, _) in place.match_indices('/').filter(|(end, _)| *end >= self.path.len()) {
            let folder = &place[..end];
            if !self.made.contains(folder) {
                make_dir(context, folder)?;
                self.made.insert(folder.to_owned());
            }
        }
        Ok(place)
    }
}

fn new_name(context: &JobContext) -> String {
    let seconds = context.clock.wall_ns().div_euclid(1_000_000_000);
    let mark = context.random.next_u64() & 0xFFFF_FFFF;
    format!("{seconds}-{mark:08x}")
}

/// Where a file waits that leaves the trash for good, or goes back, in a moment.
pub(super) fn place_in_trash(context: &JobContext, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    // The mark keeps equal names apart; a long name gives way to it.
    let mut cut = name.len().min(220);
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}/{}-{}", <dyn FileSystem>::TRASH, new_name(context), &name[..cut])
}

/// One that is there already will do.
fn make_dir(context: &JobContext, path: &str) -> io::Result<()> {
    match context.fs.make_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// Moves a file, or a folder with all that is in it, to the trash, durably.
pub(super) fn put(context: &JobContext, path: &str, identity: &str) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io("it cannot be moved to the trash", &error);
    context.fs.attach(identity).map_err(failed)?;
    if context.fs.stat(path).map_err(failed)?.kind == FileKind::Other {
        let text = "links, pipes and devices are never synced, and are left where they are";
        return Err(Error::new(Code::NotPermitted, text));
    }
    let place = Bin::new(context).place(context, path).map_err(failed)?;
    context.fs.rename(path, &place).map_err(failed)?;
    context.fs.sync().map_err(failed)
}

/// Brings what was last deleted at a path back from the trash, durably. False where nothing was.
pub(super) fn take_back(context: &JobContext, path: &str, identity: &str) -> Result<bool, Error> {
    let failed = |error: io::Error| Error::io("it cannot be brought back from the trash", &error);
    context.fs.attach(identity).map_err(failed)?;
    let Some(bin) = newest(context, path).map_err(failed)? else { return Ok(false) };
    for (end, _) in path.match_indices('/') {
        make_dir(context, &path[..end]).map_err(failed)?;
    }
    match context.fs.rename(&format!("{bin}/{path}"), path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken(path)),
        result => result.map_err(failed)?,
    }
    context.fs.sync().map_err(failed)?;
    tidy(context, &bin, path);
    Ok(true)
}

/// Something else has the name.
pub(crate) fn taken(path: &str) -> Error {
    let text =
        format!("something else is called {path:?} now: give that another name, then restore this one");
    Error::new(Code::FileExists, text)
}

/// The folder of the trash that holds what was last deleted at a path.
fn newest(context: &JobContext, path: &str) -> io::Result<Option<String>> {
    let seconds = |name: &str| name.split('-').next().and_then(|seconds| seconds.parse::<i64>().ok());
    let names = context.fs.list_trash()?.into_iter().filter(|name| !name.ends_with(REPLACED));
    let mut bins: Vec<(i64, String)> = names.filter_map(|name| Some((seconds(&name)?, name))).collect();
    bins.sort_unstable_by(|a, b| b.cmp(a));
    let mut bins = bins.into_iter().map(|(_, name)| format!("{}/{name}", <dyn FileSystem>::TRASH));
    Ok(bins.find(|bin| context.fs.stat(&format!("{bin}/{path}")).is_ok()))
}

/// Removes the folders that are empty now.
fn tidy(context: &JobContext, bin: &str, path: &str) {
    let above = path.rmatch_indices('/').map(|(end, _)| format!("{bin}/{}", &path[..end]));
    for folder in above.chain([bin.to_owned()]) {
        // What is not empty stays.
        if context.fs.remove_dir(&folder).is_err() {
            return;
        }
    }
}
