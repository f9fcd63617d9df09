//! The trash on this disk: what was deleted lies there at the path that it had, in a folder for what was
//! deleted together, and so can go back without anybody having noted anything.

use std::collections::BTreeSet;
use std::io;

use super::note::{self, Along, NOTE};
use super::scan::{join, name_of};
use super::{JobContext, StopFlag, identify, revive};
use crate::error::{Code, Error};
use crate::media::{self, Mark, joined, photo_of};
use crate::ports::{FileKind, FileSystem, Listing};
use crate::tree::Trees;

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
        Bin::at(format!("{}/{}", <dyn FileSystem>::TRASH, new_name(context)))
    }

    fn at(path: String) -> Self {
        Bin { path, made: BTreeSet::new() }
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

pub(super) fn new_name(context: &JobContext) -> String {
    let seconds = context.clock.wall_ns().div_euclid(1_000_000_000);
    let mark = context.random.next_u64() & 0xFFFF_FFFF;
    format!("{seconds}-{mark:08x}")
}

/// One that is there already will do.
pub(super) fn make_dir(context: &JobContext, path: &str) -> io::Result<()> {
    match context.fs.make_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// Moves a file with all parts of its photo, or a folder with all that is in it, to the trash, durably: `paths` are the
/// one that was named, and the other parts that are known; none where all of it was in the cloud alone, which is noted. What
/// cannot go as a whole stays as a whole.
pub(super) fn put(
    context: &JobContext,
    paths: &[String],
    follows: bool,
    along: &[Along],
    identity: &str,
) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io("it cannot be moved to the trash", &error);
    context.fs.attach(identity).map_err(failed)?;
    let Some((named, known)) = paths.split_first() else {
        // What was in the cloud alone can be restored from its trash also where nothing of it can be noted here.
        let _ = note::write(context, &mut Bin::new(context), along);
        return Ok(());
    };
    let kind =
        context.fs.stat(named).map_err(|error| nowhere(named, &error).unwrap_or_else(|| failed(error)))?.kind;
    if kind == FileKind::Other {
        let text = "links, pipes and devices are never synced, and are left where they are";
        return Err(Error::new(Code::NotPermitted, text));
    }
    let parts = match kind {
        FileKind::File => parts_now(context, named, known, along).map_err(failed)?,
        _ => Vec::new(),
    };
    let with_parts = |bin: &String| parts_in_bin(context, bin, named).is_ok_and(|parts| !parts.is_empty());
    let before = if follows { bins(&*context.fs).map_err(failed)?.find(with_parts) } else { None };
    let mut bin = before.map_or_else(|| Bin::new(context), Bin::at);
    note::write(context, &mut bin, along).map_err(failed)?;
    let mut gone: Vec<(&str, String)> = Vec::new();
    for path in parts.iter().chain([named]) {
        let moved =
            bin.place(context, path).and_then(|place| context.fs.rename(path, &place).map(|()| place));
        match moved {
            Ok(place) => gone.push((path, place)),
            // Another part that went by itself meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && path != named => {}
            Err(error) => {
                put_back(context, gone);
                return Err(failed(error));
            }
        }
    }
    context.fs.sync().map_err(failed)
}

/// Nothing is called so.
fn nowhere(path: &str, error: &io::Error) -> Option<Error> {
    let missing = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    missing.then(|| {
        Error::new(
            Code::NoSuchFile,
            format!("{path:?} is neither on this device nor known to be in the cloud"),
        )
    })
}

/// What cannot be put back either stays in the trash, from where it can be restored.
fn put_back(context: &JobContext, gone: Vec<(&str, String)>) {
    for (path, place) in gone {
        let _ = context.fs.rename(&place, path);
    }
}

/// The other parts of a file's photo that lie in its folder, of those that were known to be and of those that nobody has looked
/// at yet: a photo that was taken a moment ago. One that is another photo by now, of which nobody has heard, is none.
fn parts_now(
    context: &JobContext,
    named: &str,
    known: &[String],
    along: &[Along],
) -> io::Result<Vec<String>> {
    let identifier_at =
        |path: &str| context.fs.stat(path).and_then(|stat| identify::at(context, path, &stat.stamp));
    let in_cloud = along.iter().filter(|along| along.record.is_some() && !along.is_dir);
    let mut marks: BTreeSet<Mark> =
        in_cloud.flat_map(|along| media::marks(name_of(&along.path), along.identifier)).collect();
    let own = identifier_at(named);
    marks.extend(media::marks(name_of(named), own.as_ref().ok().copied().flatten()));
    let (mut parts, mut others) = (BTreeSet::new(), Vec::new());
    for path in known {
        match identifier_at(path) {
            Ok(identifier) if own.is_ok() => {
                others.push((path.clone(), media::marks(name_of(path), identifier).collect()));
            }
            // Where that cannot be read it counts as what it was.
            _ => drop(parts.insert(path.clone())),
        }
    }
    parts.extend(joined(others, marks));
    parts.extend(parts_named(context, named)?);
    Ok(parts.into_iter().collect())
}

/// The other files in the folder of a file that are parts of its photo by their names.
fn parts_named(context: &JobContext, path: &str) -> io::Result<Vec<String>> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some(photo) = photo_of(name) else { return Ok(Vec::new()) };
    let listing = context.fs.list(folder)?;
    let others = listing.entries.files().filter(|entry| entry.name != name);
    let parts = others.filter(|entry| photo_of(entry.name).as_ref() == Some(&photo));
    Ok(parts.map(|part| join(folder, part.name)).collect())
}

/// The other parts of the photo that a folder of the trash has of a path, or would have.
fn parts_in_bin(context: &JobContext, bin: &str, path: &str) -> io::Result<Vec<String>> {
    parts_with(context, bin, path, &[])
}

/// The same, and those of these that went with it from the cloud alone.
fn parts_with(context: &JobContext, bin: &str, path: &str, along: &[Along]) -> io::Result<Vec<String>> {
    let (folder, own) = path.rsplit_once('/').unwrap_or(("", path));
    let below = join(bin, folder);
    let mut known: BTreeSet<Mark> = media::marks(own, None).collect();
    let in_folder = |along: &Along| {
        let (parent, name) = along.path.rsplit_once('/').unwrap_or(("", &along.path));
        let marks = media::marks(name, along.identifier).collect();
        (along.record.is_some() && parent == folder && name != own).then(|| (along.path.clone(), marks))
    };
    let mut others: Vec<(String, Vec<Mark>)> = along.iter().filter_map(in_folder).collect();
    known.extend(
        along.iter().filter(|along| along.path == path).flat_map(|noted| media::marks(own, noted.identifier)),
    );
    let listing = match context.fs.list(below.trim_end_matches('/')) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Listing::default(),
        result => result?,
    };
    for entry in listing.entries.files() {
        let marks = identify::marks(context, &join(bin, &join(folder, entry.name)), &entry.stamp);
        if entry.name == own {
            known.extend(marks);
        } else {
            others.push((join(folder, entry.name), marks));
        }
    }
    Ok(joined(others, known))
}

/// What came back.
#[derive(Debug, Default)]
pub struct Back {
    /// The paths of what was pinned.
    pub pinned: Vec<String>,
    /// The records of what went in the cloud alone, and is there again, or still.
    pub records: Vec<String>,
}

/// Brings what was last deleted at a path back from the trash, or what a bin has of it, durably, with the parts of its photo
/// that went with it; before that, in the cloud, what went with it from there alone: whoever could not be brought that asks
/// again. `None` where nothing was.
pub(super) fn take_back(
    context: &JobContext,
    path: &str,
    bin: Option<&str>,
    identity: &str,
    stop: &StopFlag,
) -> Result<Option<Back>, Error> {
    let failed = |error: io::Error| Error::io("it cannot be brought back from the trash", &error);
    context.fs.attach(identity).map_err(failed)?;
    let bin = match bin {
        Some(bin) => Some(format!("{}/{bin}", <dyn FileSystem>::TRASH)),
        None => newest(context, path).map_err(failed)?,
    };
    let there = context.fs.stat(path).ok().map(|stat| stat.kind);
    let Some(bin) = bin else {
        // It may have been put back there, and no run has seen that yet.
        return match there {
            Some(FileKind::File | FileKind::Dir) => Err(taken(path)),
            _ => Ok(None),
        };
    };
    if there.is_some() {
        return Err(taken(path));
    }
    let kind = context.fs.stat(&join(&bin, path)).ok().map(|stat| stat.kind);
    let mut along = note::read(&*context.fs, &bin).map_err(failed)?;
    let own = along.iter().find(|along| along.path == path && along.record.is_some());
    if kind.is_none() && own.is_none() {
        return Ok(None);
    }
    let is_file = kind.map_or_else(|| own.is_some_and(|own| !own.is_dir), |kind| kind == FileKind::File);
    let parts = if is_file { parts_with(context, &bin, path, &along).map_err(failed)? } else { Vec::new() };
    let beneath = format!("{path}/");
    along.retain(|along| {
        along.path == path || along.path.starts_with(&beneath) || parts.contains(&along.path)
    });
    revive::those(context, &unknown(context, &along), stop)?;
    let in_cloud = |path: &&str| along.iter().any(|along| along.record.is_some() && along.path == *path);
    let here: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !in_cloud(part)).collect();
    // What was asked for comes last: whoever is killed before that asks again, and finds it, and the rest.
    put_in_place(context, &bin, &here, kind.map(|_| path))?;
    context.fs.sync().map_err(failed)?;
    // What cannot be taken out of the note is known to be there again by the next run.
    let _ = note::forget(context, &bin, |other| along.contains(other));
    tidy(context, &bin, path);
    let pinned = along.iter().filter(|along| along.pinned).map(|along| along.path.clone()).collect();
    Ok(Some(Back { pinned, records: along.into_iter().filter_map(|along| along.record).collect() }))
}

/// Moves files from a bin to where they lay: the parts of a photo, and then what was asked for.
fn put_in_place(
    context: &JobContext,
    bin: &str,
    parts: &[&str],
    asked_for: Option<&str>,
) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io("it cannot be brought back from the trash", &error);
    for path in parts.iter().copied().chain(asked_for) {
        for (end, _) in path.match_indices('/') {
            make_dir(context, &path[..end]).map_err(failed)?;
        }
        match context.fs.rename(&join(bin, path), path) {
            // Something else has the name of another part, which stays in the trash for its time.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && parts.contains(&path) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken(path)),
            result => result.map_err(failed)?,
        }
    }
    Ok(())
}

/// The records of what was in the cloud alone, but for those that the index knows to be there still.
fn unknown(context: &JobContext, along: &[Along]) -> BTreeSet<String> {
    let trees = context.trees.read();
    let records = along.iter().filter_map(|along| along.record.as_deref());
    records.filter(|record| !is_there(&trees, record)).map(str::to_owned).collect()
}

/// Whether the index knows a record to be in the cloud, outside its trash.
pub(crate) fn is_there(trees: &Trees, record: &str) -> bool {
    trees.by_record(record).and_then(|id| trees.remote(id)).is_some_and(|remote| !remote.deleted)
}

/// Something has the name.
pub(crate) fn taken(path: &str) -> Error {
    let text = format!(
        "{path:?} is there already: if that is something else, give it another name, then restore this one"
    );
    Error::new(Code::FileExists, text)
}

/// The folder of the trash that holds what was last deleted at a path.
fn newest(context: &JobContext, path: &str) -> io::Result<Option<String>> {
    Ok(bins(&*context.fs)?.find(|bin| context.fs.stat(&join(bin, path)).is_ok()))
}

/// The folders of the trash, the newest first.
fn bins(fs: &dyn FileSystem) -> io::Result<impl Iterator<Item = String>> {
    let names = bin_names(fs)?.into_iter();
    Ok(names.map(|(_, name)| format!("{}/{name}", <dyn FileSystem>::TRASH)))
}

/// Their names, and before each the seconds since 1970 of its deletion, the newest first.
pub(crate) fn bin_names(fs: &dyn FileSystem) -> io::Result<Vec<(i64, String)>> {
    let mut bins: Vec<(i64, String)> = fs.list_trash()?.into_iter().filter_map(bin_of).collect();
    bins.sort_unstable_by(|a, b| b.cmp(a));
    Ok(bins)
}

/// The name of a bin of what was deleted, and the seconds since 1970 of that.
pub(crate) fn bin_of(name: String) -> Option<(i64, String)> {
    let seconds = name.split('-').next().and_then(|seconds| seconds.parse::<i64>().ok());
    seconds.filter(|_| !name.ends_with(REPLACED)).map(|seconds| (seconds, name))
}

/// Removes the folders that are empty now.
fn tidy(context: &JobContext, bin: &str, path: &str) {
    let above = path.rmatch_indices('/').map(|(end, _)| format!("{bin}/{}", &path[..end]));
    for folder in above {
        // What is not empty stays.
        if context.fs.remove_dir(&folder).is_err() {
            return;
        }
    }
    if context.fs.list(bin).is_ok_and(|listing| listing.is_empty()) {
        // One that stays goes with its bin.
        let _ = context.fs.remove_file(&join(bin, NOTE));
    }
    let _ = context.fs.remove_dir(bin);
}
