//! Own copies that go: who is in the way, what was proved, and whether one may go at the moment when it does.

use std::collections::{BTreeMap, BTreeSet};

use cloudsync_engine::job::{EvictItem, EvictOutcome, Outcome, Work};
use cloudsync_engine::tree::{Digest, Keep, NodeId, Trees};

use crate::disk::Uid;
use crate::people::{digest_of, photo_of};
use crate::shared::{Shared, Wire};

/// Files that an engine holds still, and who waits to write to them.
#[derive(Debug, Default)]
pub struct Still {
    held: BTreeMap<Uid, Held>,
    wanted: Vec<(Uid, Vec<u8>)>,
}

#[derive(Debug, Default)]
struct Held {
    times: u64,
    /// How many names the file had when it was last taken hold of.
    names: u64,
}

impl Still {
    pub(crate) fn hold(&mut self, uid: Uid, names: u64) {
        let held = self.held.entry(uid).or_default();
        held.times += 1;
        held.names = names;
    }

    /// Whether a file had another name already when it was taken hold of.
    fn had_another_name(&self, uid: Uid) -> bool {
        self.held.get(&uid).is_some_and(|held| held.names > 1)
    }

    /// One of the files that are held.
    pub(crate) fn any_held(&self) -> Option<Uid> {
        self.held.keys().next().copied()
    }

    pub(crate) fn holds(&self, uid: Uid) -> bool {
        self.held.contains_key(&uid)
    }

    /// Somebody opens a file for writing; true where they have to wait.
    pub(crate) fn wanted(&mut self, uid: Uid, bytes: &[u8]) -> bool {
        let held = self.holds(uid);
        if held {
            self.wanted.push((uid, bytes.to_vec()));
        }
        held
    }

    /// Whether somebody waits.
    pub(crate) fn is_wanted(&self, uid: Uid) -> bool {
        self.wanted.iter().any(|(wanted, _)| *wanted == uid)
    }

    /// The engine lets go; returns what is written now.
    pub(crate) fn let_go(&mut self, uid: Uid) -> Vec<Vec<u8>> {
        let Some(held) = self.held.get_mut(&uid) else { return Vec::new() };
        held.times -= 1;
        if held.times > 0 {
            return Vec::new();
        }
        self.held.remove(&uid);
        let (now, later) =
            std::mem::take(&mut self.wanted).into_iter().partition(|(wanted, _)| *wanted == uid);
        self.wanted = later;
        let now: Vec<(Uid, Vec<u8>)> = now;
        now.into_iter().map(|(_, bytes)| bytes).collect()
    }

    /// Whoever waited is gone with the power.
    pub(crate) fn forget_wanted(&mut self) {
        self.wanted.clear();
    }
}

/// What the cloud has proved to hold, for each device's process.
#[derive(Debug, Default)]
pub struct Proofs {
    given: BTreeMap<(usize, Digest), Proof>,
    /// When the cloud was last restored.
    pub restored_ns: u64,
}

#[derive(Debug, Clone)]
struct Proof {
    life: u64,
    given_ns: u64,
    record: (String, String),
}

impl Shared {
    /// The cloud has told a device's process that it holds these bytes.
    pub(crate) fn proved(&mut self, device: usize, life: u64, digest: Digest, record: (String, String)) {
        let proof = Proof { life, given_ns: self.now_ns, record };
        self.proofs.given.insert((device, digest), proof);
    }

    /// A device's own copy of a file goes for good, now.
    pub(crate) fn copy_goes(&mut self, device: usize, uid: Uid) {
        let state = &self.devices[device];
        let digest = digest_of(&state.disk.live.node(uid).map(|node| node.data()).unwrap_or_default());
        let label = self.people.label(&digest).to_owned();
        let open = state.slow.iter().any(|(open, _)| *open == uid) || state.still.is_wanted(uid);
        // Who gave it another name on its way out has it there.
        let open = open && state.disk.links(uid) == 1;
        let (life, another_name) = (state.life, state.still.had_another_name(uid));
        self.note(&format!("device {device}: the own copy of {label} goes"));
        if open {
            self.broken(3, format!("device {device}: {label} goes while somebody has it open for writing"));
        }
        if another_name {
            self.broken(3, format!("device {device}: {label} goes, which had a second name"));
        }
        let proof = self.proofs.given.get(&(device, digest)).filter(|proof| proof.life == life).cloned();
        let Some(proof) = proof else {
            self.broken(3, format!("device {device}: {label} goes without a proof that the cloud has it"));
            return;
        };
        let rec = self.cloud.records.get(&proof.record).filter(|rec| !rec.deleted());
        let assets = rec.map(|rec| rec.assets()).unwrap_or_default();
        let held =
            assets.iter().any(|id| self.cloud.assets.get(*id).is_some_and(|held| held.digest == digest));
        let holds = match &self.accounts {
            Some(accounts) => accounts.holds(device, &digest),
            None => self.cloud.holds_live(&digest),
        };
        if held || holds {
            return;
        }
        let restored = self.proofs.restored_ns >= proof.given_ns;
        let elsewhere = self.on_other_disk(device, &digest);
        if let Some(story) = self.people.stories.get_mut(&digest)
            && restored
            && !elsewhere
        {
            // Between the proof and now nobody can know of it.
            story.excused = true;
        }
    }

    /// Under how many names the cloud holds each content.
    fn names_in_cloud(&self) -> BTreeMap<Digest, usize> {
        let mut names = BTreeMap::new();
        self.cloud.live_contents().for_each(|digest| *names.entry(digest).or_default() += 1);
        names
    }

    /// The cloud is what it was when the backup was made. What it holds no longer, or under fewer names, has to be
    /// on a disk, if it is on one now; where it is only there no longer, nothing can be asked.
    pub(crate) fn restore_cloud(&mut self) {
        let before = self.names_in_cloud();
        if !self.cloud.restore() {
            return;
        }
        self.proofs.restored_ns = self.now_ns;
        self.note("the cloud is RESTORED from a backup");
        self.tell_of_cloud();
        let after = self.names_in_cloud();
        for (digest, names) in before {
            let left = after.get(&digest).copied().unwrap_or_default();
            if left >= names {
                continue;
            }
            let here = left > 0 || (0..self.devices.len()).any(|device| self.kept_on(device, &digest));
            if let Some(story) = self.people.stories.get_mut(&digest) {
                story.restored_away = true;
                story.excused |= !here;
            }
        }
    }
}

/// The files that one job is about to remove.
pub(crate) struct Parting {
    items: Vec<EvictItem>,
    pinned: BTreeSet<NodeId>,
}

impl Parting {
    /// Of a job, where it removes any.
    pub(crate) fn of(work: &Work, trees: &Trees) -> Option<Self> {
        let Work::Remove(items) = work else { return None };
        let items: Vec<EvictItem> = items.iter().map(|(item, _)| item.clone()).collect();
        let pinned = items.iter().map(|item| item.node).filter(|id| is_pinned(trees, *id)).collect();
        Some(Parting { items, pinned })
    }

    /// What is wrong with what it did.
    pub(crate) fn wrong(&self, outcome: &Outcome, wire: &Wire) -> Option<String> {
        let Outcome::Evict(outcomes) = outcome else { return None };
        let gone = |outcome: &EvictOutcome| matches!(outcome, EvictOutcome::Removed);
        let (mut went, mut stayed) = (BTreeSet::new(), BTreeSet::new());
        for (item, outcome) in self.items.iter().zip(outcomes) {
            if gone(outcome) && self.pinned.contains(&item.node) {
                return Some(format!("{} goes although it is pinned", item.path));
            }
            if gone(outcome) {
                went.insert(item.group)
            } else {
                stayed.insert(item.group)
            };
        }
        let shared = wire.peek();
        let device = &shared.devices[wire.device];
        let well = device.alive && device.mounted && device.weather.disk_error == 0;
        let parted = went.intersection(&stayed).next().is_some();
        (well && parted).then(|| format!("a part of a photo goes, another stays: {:?}", self.items))
    }
}

fn is_pinned(trees: &Trees, id: NodeId) -> bool {
    trees.local_ancestry(id).any(|id| trees.get(id).is_some_and(|node| node.keep == Keep::Pinned))
}

/// Which files were leaving at one moment.
pub(crate) struct Photos {
    leaving: BTreeSet<NodeId>,
}

impl Photos {
    /// Now.
    pub(crate) fn leaving(trees: &Trees) -> Self {
        Photos { leaving: trees.leaving().clone() }
    }

    /// A part of a photo that stays although another one began to leave since.
    pub(crate) fn parted(&self, trees: &Trees) -> Option<String> {
        for &id in trees.leaving().difference(&self.leaving) {
            let local = trees.local(id)?;
            let Some(photo) = photo_of(local.place.name) else { continue };
            for other in trees.local_children(local.place.parent) {
                let Some(other_local) = trees.local(other) else { continue };
                let part = photo_of(other_local.place.name) == Some(photo);
                if part && other_local.content.stamp().is_some() && !trees.leaving().contains(&other) {
                    let (one, two) = (local.place.name, other_local.place.name);
                    return Some(format!("{one} leaves, and {two} of the same photo stays"));
                }
            }
        }
        None
    }
}
