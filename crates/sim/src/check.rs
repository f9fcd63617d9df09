//! The promises, held against a world at rest.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_cloud::CloudType;
use cloudsync_engine::names::left_alone;
use cloudsync_engine::ports::{FileKind, PreviewKind, PreviewName};
use cloudsync_engine::tree::{Digest, LocalContent};

use crate::cloud::CloudEntry;
use crate::people::digest_of;
use crate::previews::picture_of;
use crate::process::Process;
use crate::shared::{Device, Shared};
use crate::world::World;

type Cloud = BTreeMap<String, CloudEntry>;

/// Whatever is kept or named as a preview is one of those bytes.
fn previews_show_their_photos(shared: &mut Shared) {
    let mut wrong = Vec::new();
    for rec in shared.cloud.records.values().filter(|rec| !rec.deleted()) {
        let bytes = |field: &str| match rec.values.get(field) {
            Some(CloudType::Asset(asset)) => shared.cloud.assets.get(&asset.asset_id),
            _ => None,
        };
        let Some(photo) = bytes("asset").map(|stored| picture_of(&stored.bytes)) else { continue };
        for (field, kind) in [("thumbnail", PreviewKind::Thumbnail), ("lcd", PreviewKind::Lcd)] {
            if bytes(field).is_some_and(|stored| stored.bytes[..] != *photo.of(kind)) {
                wrong.push(format!("a record's {field} shows something else"));
            }
        }
    }
    let photos: BTreeMap<Digest, _> =
        shared.cloud.assets.values().map(|stored| (stored.digest, picture_of(&stored.bytes))).collect();
    // Where asset ids are no digests nobody can tell what of a preview was changed on its way.
    let sure = |device: &Device| !device.flipped || shared.cloud.capabilities.digests;
    for (device, state) in shared.devices.iter().enumerate().filter(|(_, state)| sure(state)) {
        for (name, bytes) in &state.previews {
            if photos.get(&name.content).is_some_and(|photo| bytes != photo.of(name.kind)) {
                let label = shared.people.label(&name.content);
                wrong.push(format!("device {device} keeps a {:?} of something else for {label}", name.kind));
            }
        }
    }
    for text in wrong {
        shared.broken(0, text);
    }
}

/// What a device has at a path.
enum Here {
    Dir,
    File(Digest, i64),
    Other,
}

impl World {
    /// Checks everything.
    pub(crate) fn check(&mut self) {
        let mut all = Cloud::new();
        for device in 0..self.processes.len() {
            let found = self.cloud_of(device);
            let cloud = match found {
                Ok(cloud) => cloud,
                Err(text) => {
                    self.shared.lock().broken(2, text);
                    return;
                }
            };
            self.check_disk(device, &cloud);
            self.check_trees(device);
            self.check_thumbnails(device);
            self.check_marks(device);
            self.check_told(device);
            let whole = match &self.plan.sharing {
                Some(sharing) => sharing.accounts[device],
                None => device % self.plan.roots,
            };
            all.extend(cloud.into_iter().map(|(path, entry)| (format!("{whole}/{path}"), entry)));
        }
        let mut shared = self.shared.lock();
        match shared.accounts {
            Some(_) => shared.check_accounts(),
            None => nothing_is_lost(&mut shared, &all),
        }
        nothing_is_invented(&mut shared, &all);
        previews_show_their_photos(&mut shared);
    }

    /// What the cloud has for a device.
    fn cloud_of(&self, device: usize) -> Result<Cloud, String> {
        let refused = self.refused(device);
        let shared = self.shared.lock();
        shared.tell_accounts_the_time();
        match &shared.accounts {
            Some(accounts) => accounts.by_path(device, |path| refused.covers(path)),
            None => shared.cloud.by_path(&self.plan.devices[device].config.bundle_name),
        }
    }

    /// Who is told of all changes knows of all that is here.
    fn check_told(&self, device: usize) {
        let untold = self.processes[device].as_ref().and_then(Process::untold);
        if let Some(text) = untold {
            self.shared.lock().broken(0, format!("device {device}: {text}"));
        }
    }

    /// Every file shows its state to programs beside the engine; one with several names shows that of none.
    fn check_marks(&self, device: usize) {
        let Some(process) = &self.processes[device] else { return };
        let trees = process.core.trees();
        let trees = trees.read();
        let mut shared = self.shared.lock();
        let mut wrong = Vec::new();
        for (id, wanted) in trees.iter().filter_map(|(id, _)| Some((id, trees.mark(id)?))) {
            let Some(path) = trees.local_path(id) else { continue };
            let disk = &shared.devices[device].disk;
            let Ok(uid) = disk.live.lookup(&path) else { continue };
            let mark = disk.live.node(uid).ok().and_then(|node| node.mark);
            if mark != Some(wanted) && disk.links(uid) == 1 {
                wrong.push(format!("device {device}: {path} is marked {mark:?} and is {wanted:?}"));
            }
        }
        for text in wrong {
            shared.broken(0, text);
        }
    }

    /// What is in the cloud alone can be shown, where its record names a thumbnail.
    fn check_thumbnails(&self, device: usize) {
        let Some(process) = &self.processes[device] else { return };
        let trees = process.core.trees();
        let trees = trees.read();
        let mut shared = self.shared.lock();
        for (id, node) in trees.iter() {
            let local = node.local.as_ref().map(|local| local.content);
            let named = node.remote.is_some_and(|remote| remote.previews.thumbnail.is_some());
            let (Some(LocalContent::CloudOnly(content)), true) = (local, named) else { continue };
            let name = PreviewName { content: content.digest, kind: PreviewKind::Thumbnail };
            if !shared.devices[device].previews.contains_key(&name) {
                shared.broken(0, format!("device {device} has no thumbnail of {:?}", trees.local_path(id)));
            }
        }
    }

    /// Disk and cloud hold the same.
    fn check_disk(&mut self, device: usize, cloud: &Cloud) {
        let cloud_only = self.cloud_only(device);
        let refused = self.refused(device);
        let mut shared = self.shared.lock();
        let disk = on_disk(&shared, device);
        let mut wrong = Vec::new();
        for (path, here) in disk.iter().filter(|(path, _)| !refused.covers(path)) {
            match (here, cloud.get(path).map(|entry| entry.content)) {
                (Here::Dir, Some(None)) | (Here::Other, _) => {}
                (Here::File(digest, mtime), Some(Some((held, _)))) if *digest == held => {
                    let story = shared.people.stories.get(digest);
                    if story.is_some_and(|story| !story.mtimes.contains(mtime)) {
                        wrong.push((10, format!("{path} has the time {mtime}, which nobody gave it")));
                    }
                }
                (_, Some(_)) => wrong.push((2, format!("{path} is not what the cloud holds"))),
                (_, None) => wrong.push((2, format!("{path} is not in the cloud"))),
            }
        }
        for (path, entry) in
            cloud.iter().filter(|(path, _)| !disk.contains_key(*path) && !refused.covers(path))
        {
            let held = entry.content.map(|(digest, _)| digest);
            if held.is_none() || cloud_only.get(path) != held.as_ref() {
                wrong.push((2, format!("{path} is in the cloud and not here")));
            }
        }
        for (promise, text) in wrong {
            shared.broken(promise, format!("device {device}: {text}"));
        }
    }

    /// The files that a device's index says are in the cloud alone.
    fn cloud_only(&self, device: usize) -> BTreeMap<String, Digest> {
        let Some(process) = &self.processes[device] else { return BTreeMap::new() };
        let trees = process.core.trees();
        let trees = trees.read();
        let mut found = BTreeMap::new();
        for (id, node) in trees.iter() {
            if let Some(LocalContent::CloudOnly(content)) = node.local.as_ref().map(|local| &local.content)
                && let Some(path) = trees.local_path(id)
            {
                found.insert(path, content.digest);
            }
        }
        found
    }

    /// The index holds what the disk holds, and nothing is left to do.
    fn check_trees(&mut self, device: usize) {
        let Some(process) = &self.processes[device] else { return };
        let refused = self.refused(device);
        let trees = process.core.trees();
        let trees = trees.read();
        let mut shared = self.shared.lock();
        let mut known = BTreeSet::new();
        for (id, node) in trees.iter() {
            let waits = trees.out_of_step().contains(id) || node.trouble.is_some();
            if waits && !refused.is_of(id, &trees) {
                shared.broken(2, format!("device {device}: not in step: {id:?} {node:?}"));
            }
            let here =
                node.local.as_ref().filter(|local| !matches!(local.content, LocalContent::CloudOnly(_)));
            if here.is_some() {
                known.extend(trees.local_path(id));
            }
        }
        let disk = on_disk(&shared, device);
        let seen: BTreeSet<String> =
            disk.into_iter().filter(|(_, here)| !matches!(here, Here::Other)).map(|(path, _)| path).collect();
        if let Some(path) = seen.symmetric_difference(&known).next() {
            shared.broken(2, format!("device {device}: {path} is only on the disk or only in the index"));
        }
        if !process.is_quiet() {
            shared.broken(0, format!("device {device}: a start has no final event"));
        }
    }
}

fn on_disk(shared: &Shared, device: usize) -> BTreeMap<String, Here> {
    let tree = &shared.devices[device].disk.live;
    let mut found = BTreeMap::new();
    for (path, uid) in tree.walk() {
        let Some(node) = tree.nodes.get(&uid) else { continue };
        if path.split('/').any(left_alone) {
            continue;
        }
        let here = match node.kind() {
            FileKind::Dir => Here::Dir,
            FileKind::File => Here::File(digest_of(&node.data()), node.mtime_ns),
            FileKind::Other => Here::Other,
        };
        found.insert(path, here);
    }
    found
}

/// What nobody deleted or overwrote is in the cloud; what the engine had put aside is somewhere.
fn nothing_is_lost(shared: &mut Shared, cloud: &Cloud) {
    let live: BTreeSet<Digest> = cloud.values().filter_map(|entry| Some(entry.content?.0)).collect();
    let mut anywhere = live.clone();
    for device in 0..shared.devices.len() {
        anywhere.extend(shared.contents_on(device).into_keys());
    }
    let mut lost = Vec::new();
    for (digest, story) in &shared.people.stories {
        if story.must_live() && !live.contains(digest) {
            lost.push(format!("{} is in no live file, and nobody deleted it", story.label));
        }
        if story.must_be() && !anywhere.contains(digest) {
            lost.push(format!("{} is nowhere any more", story.label));
        }
    }
    for text in lost {
        shared.broken(1, text);
    }
}

/// Whether a name is that of a file which was on its way out, and stays beside another that came to its place.
fn came_back_beside(shared: &Shared, name: &str) -> bool {
    let named = |(stem, rest): (&str, &str)| {
        let extension = rest.split_once(')').map(|(_, extension)| extension);
        extension.is_some_and(|extension| shared.people.names.contains(&format!("{stem}{extension}")))
    };
    name.rsplit_once(" (kept ").is_some_and(named)
}

/// Every content is one that a person wrote, every name one that a person gave, or a conflict's, or that of what came back
/// and found its place taken.
fn nothing_is_invented(shared: &mut Shared, cloud: &Cloud) {
    let mut wrong = Vec::new();
    for (path, entry) in cloud {
        let name = path.rsplit('/').next().unwrap_or(path);
        if entry.content.is_some_and(|(digest, _)| !shared.people.stories.contains_key(&digest)) {
            wrong.push((1, format!("{path} holds bytes that nobody wrote")));
        }
        let conflict = name.contains(" (conflict ") && !name.contains(" (conflict moving ");
        if !shared.people.names.contains(name) && !conflict && !came_back_beside(shared, name) {
            wrong.push((6, format!("{path} has a name that nobody gave")));
        }
    }
    for (promise, text) in wrong {
        shared.broken(promise, text);
    }
}
