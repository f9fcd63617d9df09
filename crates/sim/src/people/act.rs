//! What a person does to the files in front of them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use cloudsync_engine::names::left_alone;

use super::names::{self, join, last, parent};
use crate::disk::{Body, Uid};
use crate::shared::Shared;

#[derive(Debug, Clone, Copy)]
enum Deed {
    Create,
    Edit,
    EditSlowly,
    SaveByRename,
    Delete,
    Rename,
    Move,
    RenameOver,
    Swap,
    MakeFolder,
    RenameFolder,
    MoveFolder,
    DeleteFolder,
    FileToFolder,
    FolderToFile,
    Twin,
    Empty,
    Copy,
    Touch,
    Import,
    LeaveAlone,
    Link,
    Hide,
    Sync,
    Photo,
    SecondName,
    EditInTime,
}

const DEEDS: [(u64, Deed); 24] = [
    (16, Deed::Create),
    (14, Deed::Edit),
    (4, Deed::EditSlowly),
    (6, Deed::SaveByRename),
    (10, Deed::Delete),
    (7, Deed::Rename),
    (7, Deed::Move),
    (3, Deed::RenameOver),
    (3, Deed::Swap),
    (7, Deed::MakeFolder),
    (4, Deed::RenameFolder),
    (4, Deed::MoveFolder),
    (3, Deed::DeleteFolder),
    (1, Deed::FileToFolder),
    (1, Deed::FolderToFile),
    (2, Deed::Twin),
    (2, Deed::Empty),
    (3, Deed::Copy),
    (3, Deed::Touch),
    (3, Deed::Import),
    (1, Deed::LeaveAlone),
    (1, Deed::Link),
    (1, Deed::Hide),
    (8, Deed::Sync),
];

/// What is done only where own copies go; without those who write on the sly, the first alone.
const MORE_DEEDS: [(u64, Deed); 4] =
    [(6, Deed::Photo), (2, Deed::SecondName), (4, Deed::EditInTime), (3, Deed::EditSlowly)];

/// What is done to a file that the engine is at.
const INTRUSIONS: [(u64, Deed); 8] = [
    (8, Deed::Edit),
    (3, Deed::EditSlowly),
    (2, Deed::SaveByRename),
    (2, Deed::Delete),
    (2, Deed::Rename),
    (2, Deed::Touch),
    (2, Deed::SecondName),
    (2, Deed::Create),
];

/// One person on one device, for one moment.
struct Person<'a> {
    shared: &'a mut Shared,
    device: usize,
    files: Vec<(String, Uid)>,
    folders: Vec<(String, Uid)>,
}

/// Somebody does something on a device. What turns out to be impossible is not done.
pub fn act(shared: &mut Shared, device: usize) {
    if !shared.devices[device].mounted {
        return;
    }
    let mut person = Person::new(shared, device);
    if person.shared.rng.per_mille(300) {
        person.go_on_writing();
    }
    let deed = match person.shared.space {
        Some(space) if person.shared.rng.per_mille(if space.removals { 400 } else { 200 }) => person
            .shared
            .rng
            .weighted(if space.writers { &MORE_DEEDS } else { &MORE_DEEDS[..1] }, Deed::Photo),
        _ => person.shared.rng.weighted(&DEEDS, Deed::Create),
    };
    let _ = person.does(deed);
    shared.tell_watcher(device);
}

/// Somebody does something to one file, whatever happens to it just then, or puts another in its place.
pub(crate) fn intrude(shared: &mut Shared, device: usize, uid: Uid) {
    if !shared.devices[device].mounted {
        return;
    }
    let mut person = Person::new(shared, device);
    person.files.retain(|(_, file)| *file == uid);
    let deed = person.shared.rng.weighted(&INTRUSIONS, Deed::Edit);
    let _ = person.does(deed);
    shared.tell_watcher(device);
}

/// A program that waited to write to a file goes on.
pub(crate) fn go_on(shared: &mut Shared, device: usize, uid: Uid, bytes: Vec<u8>) {
    Person::new(shared, device).writes(uid, bytes);
    shared.tell_watcher(device);
}

/// Whoever was in the middle of writing a file on a device comes to its end, and symlinks go, which
/// may have the names of files.
pub(crate) fn tidy_up(shared: &mut Shared, device: usize) {
    while !shared.devices[device].slow.is_empty() {
        Person::new(shared, device).go_on_writing();
    }
    let now = shared.wall_ns(device);
    let disk = &mut shared.devices[device].disk;
    for (path, uid) in disk.live.walk() {
        if matches!(disk.live.nodes.get(&uid).map(|node| &node.body), Some(Body::Other)) {
            let _ = disk.remove(&path, now);
        }
    }
    shared.tell_watcher(device);
}

impl<'a> Person<'a> {
    fn new(shared: &'a mut Shared, device: usize) -> Self {
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        let tree = &shared.devices[device].disk.live;
        for (path, uid) in tree.walk() {
            let seen = !path.split('/').any(left_alone);
            match tree.nodes.get(&uid).map(|node| &node.body) {
                Some(Body::File(_)) if seen => files.push((path, uid)),
                Some(Body::Dir(_)) if seen => folders.push((path, uid)),
                _ => {}
            }
        }
        Person { shared, device, files, folders }
    }

    fn does(&mut self, deed: Deed) -> io::Result<()> {
        match deed {
            Deed::Create => self.create(),
            Deed::Edit => self.edit(),
            Deed::EditSlowly => self.edit_slowly(),
            Deed::SaveByRename => self.save_by_rename(),
            Deed::Delete => self.delete(),
            Deed::Rename => self.rename(false),
            Deed::Move => self.move_file(),
            Deed::RenameOver => self.rename(true),
            Deed::Swap => self.swap(),
            Deed::MakeFolder => self.make_folder(),
            Deed::RenameFolder => self.rename_folder(),
            Deed::MoveFolder => self.move_folder(),
            Deed::DeleteFolder => self.delete_folder(),
            Deed::FileToFolder => self.file_to_folder(),
            Deed::FolderToFile => self.folder_to_file(),
            Deed::Twin => self.twin(),
            Deed::Empty => self.empty(),
            Deed::Copy => self.copy(),
            Deed::Touch => self.touch(),
            Deed::Import => self.import(),
            Deed::LeaveAlone => self.leave_alone(),
            Deed::Link => self.link(),
            Deed::Hide => self.hide(),
            Deed::Sync => self.sync(),
            Deed::Photo => self.photo(),
            Deed::SecondName => self.second_name(),
            Deed::EditInTime => self.edit_in_time(),
        }
    }

    /// The time of day, a moment later each time.
    fn now(&mut self) -> i64 {
        let moment = 1_000 + self.shared.rng.below(200_000);
        self.shared.pass(moment);
        self.shared.wall_ns(self.device)
    }

    fn say(&mut self, text: &str) {
        let line = format!("person {}: {text}", self.device);
        self.shared.note(&line);
    }

    fn any_file(&mut self) -> io::Result<(String, Uid)> {
        self.shared.rng.pick(&self.files).cloned().ok_or_else(nothing)
    }

    fn any_folder(&mut self) -> io::Result<(String, Uid)> {
        self.shared.rng.pick(&self.folders).cloned().ok_or_else(nothing)
    }

    /// A folder or the gallery itself.
    fn any_place(&mut self) -> String {
        let at_top = self.shared.rng.per_mille(400);
        if at_top { String::new() } else { self.any_folder().map(|(path, _)| path).unwrap_or_default() }
    }

    fn fresh(&mut self) -> Vec<u8> {
        let len = *self.shared.rng.pick(&[8, 16, 16, 16, 40, 300]).unwrap_or(&16);
        self.shared.people.fresh(len)
    }

    fn data(&self, uid: Uid) -> Arc<Vec<u8>> {
        self.shared.devices[self.device].disk.live.node(uid).map(|node| node.data()).unwrap_or_default()
    }

    fn named(&mut self, path: &str) {
        self.shared.people.names.insert(last(path).to_owned());
    }

    /// Writes bytes to a file that is open, whatever has become of its name.
    fn writes(&mut self, uid: Uid, bytes: Vec<u8>) {
        let now = self.now();
        let old = self.data(uid);
        if *old == bytes || self.waits(uid, &bytes) {
            return;
        }
        self.shared.people.overwritten(self.device, &old);
        let disk = &mut self.shared.devices[self.device].disk;
        let path = disk.path_of(uid);
        disk.write(uid, bytes.clone(), false, now);
        let mtime = disk.stamp_time(now);
        let names = disk.links(uid);
        let story = self.shared.people.wrote(self.device, &bytes, mtime);
        story.copied |= names > 1;
        match path {
            None => story.excused = true,
            Some(path) if path.split('/').any(left_alone) => story.hidden = true,
            Some(_) => {}
        }
        let label = story.label.clone();
        self.say(&format!("  writes {label} ({} bytes)", bytes.len()));
    }

    /// Whoever opens a file for writing that the engine holds still waits until it lets go.
    fn waits(&mut self, uid: Uid, bytes: &[u8]) -> bool {
        let held = self.shared.devices[self.device].still.wanted(uid, bytes);
        if held {
            self.say("  waits to write");
        }
        held
    }

    fn makes_file(&mut self, path: &str, bytes: Vec<u8>) -> io::Result<Uid> {
        let now = self.now();
        self.say(&format!("creates {path}"));
        let uid = self.shared.devices[self.device].disk.create(path, Body::File(Arc::default()), now)?;
        self.named(path);
        if bytes.is_empty() {
            let mtime = self.shared.devices[self.device].disk.stamp_time(now);
            self.shared.people.wrote(self.device, &bytes, mtime).drop_on(self.device);
        } else {
            self.writes(uid, bytes);
        }
        Ok(uid)
    }

    fn drops(&mut self, path: &str) -> io::Result<()> {
        let now = self.now();
        let disk = &mut self.shared.devices[self.device].disk;
        let uid = disk.remove(path, now)?;
        let data = self.data(uid);
        self.shared.people.dropped(self.device, &data);
        Ok(())
    }

    /// Moves a file or a folder, over whatever file is there.
    fn moves(&mut self, from: &str, to: &str) -> io::Result<()> {
        if from == to {
            return Err(nothing());
        }
        let now = self.now();
        let tree = &self.shared.devices[self.device].disk.live;
        let gone = tree.lookup(to).ok();
        if gone.is_some_and(|gone| tree.entries(gone).is_ok()) {
            return Err(nothing());
        }
        let over = gone.map(|gone| self.data(gone));
        let moved = self.shared.devices[self.device].disk.live.lookup(from)?;
        self.shared.devices[self.device].disk.rename(from, to, true, now)?;
        self.say(&format!("moves {from} -> {to}{}", if over.is_some() { " (over a file)" } else { "" }));
        if let Some(over) = over {
            self.shared.people.overwritten(self.device, &over);
        }
        self.named(to);
        self.mark_moved(moved);
        Ok(())
    }

    fn mark_moved(&mut self, uid: Uid) {
        let digest = super::digest_of(&self.data(uid));
        if let Some(story) = self.shared.people.stories.get_mut(&digest) {
            story.moved = true;
        }
        let children: Vec<Uid> = self.shared.devices[self.device]
            .disk
            .live
            .entries(uid)
            .map(|entries| entries.values().copied().collect())
            .unwrap_or_default();
        for child in children {
            self.mark_moved(child);
        }
    }

    fn create(&mut self) -> io::Result<()> {
        let path = join(&self.any_place(), &names::file(&mut self.shared.rng));
        let bytes = self.fresh();
        self.makes_file(&path, bytes).map(|_| ())
    }

    fn edit(&mut self) -> io::Result<()> {
        let (path, uid) = self.any_file()?;
        let old = self.data(uid);
        let mut bytes = self.fresh();
        if self.shared.rng.per_mille(600) && old.len() >= 8 {
            bytes = self.shared.people.fresh(old.len());
        }
        self.say(&format!("edits {path}"));
        self.writes(uid, bytes);
        Ok(())
    }

    fn edit_slowly(&mut self) -> io::Result<()> {
        let (path, uid) = self.any_file()?;
        let whole = self.shared.people.fresh(40);
        self.say(&format!("begins to write {path}"));
        if self.waits(uid, &whole) {
            return Ok(());
        }
        self.shared.devices[self.device].slow.push((uid, whole.clone()));
        self.writes(uid, whole[..20].to_vec());
        Ok(())
    }

    fn go_on_writing(&mut self) {
        if let Some((uid, whole)) = self.shared.devices[self.device].slow.pop() {
            let path = self.shared.devices[self.device].disk.path_of(uid);
            self.say(&format!("goes on writing {}", path.as_deref().unwrap_or("a file without a name")));
            self.writes(uid, whole);
        }
    }

    fn save_by_rename(&mut self) -> io::Result<()> {
        let (path, _) = self.any_file()?;
        let part = join(parent(&path), "save.tmp");
        let bytes = self.fresh();
        self.makes_file(&part, bytes.clone())?;
        self.moves(&part, &path)?;
        self.comes_to_light(&bytes);
        Ok(())
    }

    /// A file that was left alone has got a real name.
    fn comes_to_light(&mut self, bytes: &[u8]) {
        if let Some(story) = self.shared.people.stories.get_mut(&super::digest_of(bytes)) {
            story.hidden = false;
        }
    }

    fn delete(&mut self) -> io::Result<()> {
        let (path, _) = self.any_file()?;
        self.say(&format!("deletes {path}"));
        self.drops(&path)
    }

    fn rename(&mut self, over: bool) -> io::Result<()> {
        let (path, _) = self.any_file()?;
        let mut to = join(parent(&path), &names::file(&mut self.shared.rng));
        if over {
            to = self.any_file()?.0;
        }
        if over || self.shared.devices[self.device].disk.live.lookup(&to).is_err() {
            self.moves(&path, &to)?;
        }
        Ok(())
    }

    fn move_file(&mut self) -> io::Result<()> {
        let (path, _) = self.any_file()?;
        let to = join(&self.any_place(), last(&path));
        self.free(&to)?;
        self.moves(&path, &to)
    }

    fn free(&self, path: &str) -> io::Result<()> {
        match self.shared.devices[self.device].disk.live.lookup(path) {
            Ok(_) => Err(nothing()),
            Err(_) => Ok(()),
        }
    }

    fn swap(&mut self) -> io::Result<()> {
        let ((one, _), (two, _)) = (self.any_file()?, self.any_file()?);
        let aside = join(parent(&one), "swap.tmp");
        self.moves(&one, &aside)?;
        if self.moves(&two, &one).is_err() {
            return self.moves(&aside, &one);
        }
        self.moves(&aside, &two)
    }

    fn make_folder(&mut self) -> io::Result<()> {
        let path = join(&self.any_place(), &names::folder(&mut self.shared.rng));
        let now = self.now();
        self.shared.devices[self.device].disk.create(&path, Body::Dir(BTreeMap::new()), now)?;
        self.named(&path);
        self.say(&format!("makes the folder {path}"));
        Ok(())
    }

    fn rename_folder(&mut self) -> io::Result<()> {
        let (path, _) = self.any_folder()?;
        let to = join(parent(&path), &names::folder(&mut self.shared.rng));
        self.free(&to)?;
        self.moves(&path, &to)
    }

    fn move_folder(&mut self) -> io::Result<()> {
        let (path, _) = self.any_folder()?;
        let to = join(&self.any_place(), last(&path));
        self.free(&to)?;
        self.moves(&path, &to)
    }

    fn delete_folder(&mut self) -> io::Result<()> {
        let (path, _) = self.any_folder()?;
        self.say(&format!("deletes the folder {path}"));
        self.drops_all(&path)
    }

    fn drops_all(&mut self, path: &str) -> io::Result<()> {
        let tree = &self.shared.devices[self.device].disk.live;
        let uid = tree.lookup(path)?;
        let names: Vec<String> =
            tree.entries(uid).map(|entries| entries.keys().cloned().collect()).unwrap_or_default();
        for name in names {
            self.drops_all(&join(path, &name))?;
        }
        self.drops(path)
    }

    fn file_to_folder(&mut self) -> io::Result<()> {
        let (path, _) = self.any_file()?;
        let now = self.now();
        self.say(&format!("puts a folder in place of {path}"));
        self.drops(&path)?;
        self.shared.devices[self.device].disk.create(&path, Body::Dir(BTreeMap::new()), now)?;
        // The file may have had its name from the engine, for as long as it was in the way of others.
        self.named(&path);
        let bytes = self.fresh();
        self.makes_file(&join(&path, "a.jpg"), bytes).map(|_| ())
    }

    fn folder_to_file(&mut self) -> io::Result<()> {
        let (path, _) = self.any_folder()?;
        self.say(&format!("puts a file in place of {path}"));
        self.drops_all(&path)?;
        let bytes = self.fresh();
        self.makes_file(&path, bytes).map(|_| ())
    }

    fn twin(&mut self) -> io::Result<()> {
        let (path, _) = self.any_file()?;
        let twin = join(parent(&path), &names::twin(last(&path)));
        let bytes = self.fresh();
        self.makes_file(&twin, bytes).map(|_| ())
    }

    fn empty(&mut self) -> io::Result<()> {
        let path = join(&self.any_place(), &names::file(&mut self.shared.rng));
        self.makes_file(&path, Vec::new()).map(|_| ())
    }

    fn copy(&mut self) -> io::Result<()> {
        let (path, uid) = self.any_file()?;
        let to = join(&self.any_place(), &names::file(&mut self.shared.rng));
        let bytes = self.data(uid);
        if let Some(story) = self.shared.people.stories.get_mut(&super::digest_of(&bytes)) {
            story.copied = true;
        }
        self.say(&format!("copies {path}"));
        self.goes_to_another_root();
        let made = self.makes_file(&to, bytes.to_vec());
        self.shared.tell_watcher(self.device);
        made.map(|_| ())
    }

    /// What follows happens in another synced folder of the machine, where there is one, every second time.
    fn goes_to_another_root(&mut self) {
        if self.shared.roots > 1 && self.shared.rng.per_mille(500) {
            self.device = self.shared.beside(self.device);
            self.say("goes on in another folder of the machine");
        }
    }

    fn touch(&mut self) -> io::Result<()> {
        let (path, uid) = self.any_file()?;
        let now = self.now();
        let old_times = [now, -1_000_000_007, 0, 1_500_000_000_123_456_789];
        let mtime = *self.shared.rng.pick(&old_times).unwrap_or(&now);
        self.say(&format!("touches {path} ({mtime})"));
        self.shared.devices[self.device].disk.set_mtime(uid, mtime, now);
        let digest = super::digest_of(&self.data(uid));
        if let Some(story) = self.shared.people.stories.get_mut(&digest) {
            story.mtimes.insert(mtime);
        }
        Ok(())
    }

    /// The same photo comes to two devices under the same name.
    fn import(&mut self) -> io::Result<()> {
        let path = names::file(&mut self.shared.rng);
        let other = self.shared.rng.index(self.shared.devices.len());
        let bytes = self.fresh();
        self.makes_file(&path, bytes.clone())?;
        if other != self.device && self.shared.devices[other].mounted {
            Person::new(self.shared, other).makes_file(&path, bytes)?;
            self.shared.tell_watcher(other);
        }
        Ok(())
    }

    fn leave_alone(&mut self) -> io::Result<()> {
        let path = join(&self.any_place(), &names::left_alone(&mut self.shared.rng));
        let bytes = self.fresh();
        self.makes_file(&path, bytes).map(|_| ())
    }

    fn link(&mut self) -> io::Result<()> {
        let path = join(&self.any_place(), &names::file(&mut self.shared.rng));
        let now = self.now();
        self.say(&format!("makes a symlink {path}"));
        self.shared.devices[self.device].disk.create(&path, Body::Other, now).map(|_| ())
    }

    /// Gives a file a name that the engine leaves alone: gone, as far as others can see.
    fn hide(&mut self) -> io::Result<()> {
        let (path, uid) = self.any_file()?;
        let to = join(parent(&path), &format!("{}~", last(&path)));
        self.moves(&path, &to)?;
        let data = self.data(uid);
        self.shared.people.dropped(self.device, &data);
        Ok(())
    }

    /// Another part of a photo.
    fn photo(&mut self) -> io::Result<()> {
        let path = join(&self.any_place(), &names::part(&mut self.shared.rng));
        let mut bytes = self.fresh();
        if self.shared.space.is_some_and(|space| space.removals) && self.shared.rng.per_mille(500) {
            // A camera has written which photo it is a part of, whatever it is called.
            let identifier = *self.shared.rng.pick(b"AB").unwrap_or(&b'A');
            bytes.splice(..0, [b'i', b'd', b':', identifier]);
        }
        self.makes_file(&path, bytes).map(|_| ())
    }

    /// A hard link.
    fn second_name(&mut self) -> io::Result<()> {
        let (path, uid) = self.any_file()?;
        let to = join(&self.any_place(), &names::file(&mut self.shared.rng));
        let now = self.now();
        self.shared.devices[self.device].disk.link(uid, &to, now)?;
        self.say(&format!("gives {path} the second name {to}"));
        self.named(&to);
        let digest = super::digest_of(&self.data(uid));
        if let Some(story) = self.shared.people.stories.get_mut(&digest) {
            story.copied = true;
        }
        Ok(())
    }

    /// Other bytes, with the size and the time of the ones before.
    fn edit_in_time(&mut self) -> io::Result<()> {
        let (path, uid) = self.any_file()?;
        let node = self.shared.devices[self.device].disk.live.node(uid)?.clone();
        let bytes = self.shared.people.fresh(node.data().len());
        let is_held = self.shared.devices[self.device].still.holds(uid);
        if is_held || bytes.len() != node.data().len() {
            return Err(nothing());
        }
        self.say(&format!("edits {path}, and keeps its time"));
        self.writes(uid, bytes.clone());
        let now = self.now();
        self.shared.devices[self.device].disk.set_mtime(uid, node.mtime_ns, now);
        if let Some(story) = self.shared.people.stories.get_mut(&super::digest_of(&bytes)) {
            story.mtimes.insert(node.mtime_ns);
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.say("flushes the disk");
        self.shared.flush(self.device);
        Ok(())
    }
}

fn nothing() -> io::Error {
    io::Error::other("there is nothing to do it to")
}

#[cfg(test)]
mod tests {
    use cloudsync_cloud::Capabilities;

    use super::*;
    use crate::cloud::CloudState;
    use crate::disk::DiskKind;
    use crate::rng::Rng;
    use crate::shared::Device;

    /// Found by seed 414203: what a person had put in the place of a file that the engine was just moving
    /// counted as named by the engine.
    #[test]
    fn whoever_puts_something_in_a_files_place_gives_it_that_name() {
        let file = (Body::File(Arc::default()), Deed::FileToFolder);
        let folder = (Body::Dir(BTreeMap::new()), Deed::FolderToFile);
        for (body, deed) in [file, folder] {
            let cloud = CloudState::new(Capabilities::default(), 100, 10);
            let mut shared = Shared::new(Rng::new(1), cloud);
            let kind = DiskKind { grain_ns: 1, reuses_inodes: false, ordered_journal: true };
            shared.devices.push(Device::new(kind, 0));
            let disk = &mut shared.devices[0].disk;
            assert!(disk.create("a (conflict moving 2)", body, 0).is_ok());
            assert!(Person::new(&mut shared, 0).does(deed).is_ok());
            assert!(shared.people.names.contains("a (conflict moving 2)"));
        }
    }
}
