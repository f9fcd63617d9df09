//! Everything outside the engines, behind one lock: clock, disks, people, cloud, chance.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use cloudsync_engine::names::left_alone;
use cloudsync_engine::ports::{Battery, DeviceState as Conditions, FileSystem, Heat, Network, PreviewName};
use cloudsync_engine::tree::Digest;
use parking_lot::{Mutex, MutexGuard};

use crate::accounts::Accounts;
use crate::cloud::CloudState;
use crate::disk::{Disk, DiskKind, Uid};
use crate::eviction::{Proofs, Still};
use crate::index::IndexState;
use crate::people::{self, People, digest_of};
use crate::plan::SpacePlan;
use crate::rng::Rng;
use crate::trace::Trace;
use crate::watcher::WatchState;
use crate::weather::Weather;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number in the architecture's list; 0 for the engine's own interface.
    pub promise: u8,
    /// What was seen.
    pub text: String,
}

/// When a device's process ends in the middle of its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doom {
    /// Calls of ports that still succeed.
    pub calls: u64,
    /// The power goes with it.
    pub power_cut: bool,
}

/// One device, without its engine.
#[derive(Debug)]
pub struct Device {
    /// Its disk.
    pub disk: Disk,
    /// The gallery is there.
    pub mounted: bool,
    /// Which process is running; calls of an earlier one reach nothing.
    pub life: u64,
    /// A process is running.
    pub alive: bool,
    /// When it will be killed.
    pub doom: Option<Doom>,
    /// Its index.
    pub index: IndexState,
    /// Its small pictures.
    pub previews: BTreeMap<PreviewName, Vec<u8>>,
    /// A byte of what came to it was another than the cloud sent.
    pub flipped: bool,
    /// What its watcher has seen.
    pub watch: WatchState,
    /// What goes wrong now.
    pub weather: Weather,
    /// Its clock is wrong by this.
    pub wall_offset_ns: i64,
    /// Network, battery, heat.
    pub conditions: Conditions,
    /// What the next file that is read becomes when half of it has been, unseen.
    pub halfway: Option<Vec<u8>>,
    /// Files that a person is in the middle of writing, with what they will be.
    pub slow: Vec<(Uid, Vec<u8>)>,
    /// Files that the engine holds still.
    pub still: Still,
    /// How much its disk holds; `None` where that is no matter.
    pub capacity: Option<u64>,
    /// How many entries of its folders could not be looked at so far.
    pub unreadable: usize,
}

/// Everything outside the engines.
#[derive(Debug)]
pub struct Shared {
    /// The one source of chance.
    pub rng: Rng,
    /// What happened.
    pub trace: Trace,
    /// Nanoseconds since the world began.
    pub now_ns: u64,
    /// Who wrote what.
    pub people: People,
    /// The cloud.
    pub cloud: CloudState,
    /// The accounts of another cloud, which share with one another: devices use that one then.
    pub accounts: Option<Accounts>,
    /// The devices.
    pub devices: Vec<Device>,
    /// The first promise that was broken.
    pub violation: Option<Violation>,
    /// How often, of a thousand port calls, a person acts in the middle of the engine's work.
    pub meddling: u64,
    /// Files opened for reading so far.
    pub opened: u64,
    /// Nothing goes wrong, and the cloud knows its contents: no bytes may be sent that it has.
    pub calm: bool,
    /// How many devices are one machine's, one after another.
    pub roots: usize,
    /// Own copies go and come back.
    pub space: Option<SpacePlan>,
    /// What the cloud has proved to hold.
    pub proofs: Proofs,
    /// For the test of the checks: what the engine asks to be made durable is not.
    pub disks_lie: bool,
}

const EPOCH_NS: i64 = 1_700_000_000_000_000_000;

impl Device {
    /// A device that was just bought.
    pub fn new(kind: DiskKind, wall_offset_ns: i64) -> Self {
        Device {
            disk: Disk::new(kind),
            mounted: true,
            life: 0,
            alive: false,
            doom: None,
            index: IndexState::default(),
            previews: BTreeMap::new(),
            flipped: false,
            watch: WatchState::default(),
            weather: Weather::default(),
            wall_offset_ns,
            conditions: fine_conditions(),
            halfway: None,
            slow: Vec::new(),
            still: Still::default(),
            capacity: None,
            unreadable: 0,
        }
    }

    /// Bytes that can still be written.
    pub fn free(&self) -> u64 {
        self.capacity.map_or(1 << 40, |capacity| capacity.saturating_sub(self.disk.used()))
    }
}

/// A device on mains and Wi-Fi.
pub fn fine_conditions() -> Conditions {
    Conditions {
        network: Network { wifi: true, mobile: true },
        battery: Some(Battery { percent: 80, charging: false }),
        heat: Heat::Normal,
    }
}

impl Shared {
    /// A world without devices.
    pub fn new(rng: Rng, cloud: CloudState) -> Self {
        Shared {
            rng,
            trace: Trace::default(),
            now_ns: 1_000_000_000,
            people: People::default(),
            cloud,
            accounts: None,
            devices: Vec::new(),
            violation: None,
            meddling: 0,
            opened: 0,
            calm: false,
            roots: 1,
            space: None,
            proofs: Proofs::default(),
            disks_lie: false,
        }
    }

    /// Adds a line to the trace.
    pub fn note(&mut self, text: &str) {
        self.trace.add(self.now_ns, text);
    }

    /// Reports a broken promise; the first one counts.
    pub fn broken(&mut self, promise: u8, text: String) {
        self.note(&format!("BROKEN promise {promise}: {text}"));
        if self.violation.is_none() {
            self.violation = Some(Violation { promise, text });
        }
    }

    /// The time of day as a device believes.
    pub fn wall_ns(&self, device: usize) -> i64 {
        EPOCH_NS + i64::try_from(self.now_ns).unwrap_or(0) + self.devices[device].wall_offset_ns
    }

    /// Milliseconds since 1970 by the cloud's clock.
    pub fn cloud_ms(&self) -> i64 {
        (EPOCH_NS + i64::try_from(self.now_ns).unwrap_or(0)) / 1_000_000
    }

    /// Time goes on.
    pub fn pass(&mut self, ns: u64) {
        self.now_ns += ns;
    }

    /// Tells a device's watcher what changed on its disk.
    pub fn tell_watcher(&mut self, device: usize) {
        let device = &mut self.devices[device];
        let touched = device.disk.take_touched();
        device.watch.changed(&touched, &device.disk);
    }

    /// Tells devices that something in the cloud changed, as far as that gets to them.
    pub fn tell_of_cloud(&mut self) {
        let (devices, rng, silent) = (&self.devices, &mut self.rng, self.cloud.silent);
        self.cloud.listeners.tell(self.now_ns, |device| {
            let Device { weather, conditions: Conditions { network, .. }, .. } = &devices[device];
            let offline = !network.wifi && !network.mobile;
            silent || offline || *weather != Weather::default() && rng.per_mille(300)
        });
    }

    /// Makes a device's disk and index durable.
    pub fn flush(&mut self, device: usize) {
        self.devices[device].disk.sync();
        self.devices[device].index.made_durable();
    }

    /// The devices of the machine that a device is of.
    fn machine(&self, device: usize) -> std::ops::Range<usize> {
        let first = device / self.roots * self.roots;
        first..first + self.roots
    }

    /// The device of the same machine that follows this one, around.
    pub(crate) fn beside(&self, device: usize) -> usize {
        let machine = self.machine(device);
        machine.start + (device + 1 - machine.start) % self.roots
    }

    /// Ends the process of a device's machine; everything it did stays.
    pub fn kill(&mut self, device: usize) {
        for device in self.machine(device) {
            let line = format!("device {device}: KILLED");
            self.note(&line);
            self.end_life(device);
        }
    }

    fn end_life(&mut self, number: usize) {
        let device = &mut self.devices[number];
        device.alive = false;
        device.doom = None;
        device.watch = WatchState::default();
        self.cloud.listeners.forget(number);
    }

    /// Cuts the power of a device's machine: what was not made durable is kept or lost by chance.
    pub fn cut_power(&mut self, device: usize) {
        for device in self.machine(device) {
            self.lose_power(device);
        }
    }

    fn lose_power(&mut self, device: usize) {
        self.note(&format!("device {device}: POWER CUT"));
        self.end_life(device);
        let before = self.contents_on(device);
        let (disk, rng) = (&mut self.devices[device].disk, &mut self.rng);
        let torn = disk.power_cut(rng);
        self.devices[device].slow.clear();
        self.devices[device].still.forget_wanted();
        let lost = self.devices[device].index.power_cut(&mut self.rng);
        self.note(&format!("device {device}: {lost} commits of the index lost, {} files torn", torn.len()));
        for torn in torn.iter().filter(|torn| !torn.by_engine) {
            let Ok(node) = self.devices[device].disk.live.node(torn.uid) else { continue };
            let (data, mtime) = (node.data(), node.mtime_ns);
            self.people.torn(device, &data, mtime);
        }
        // Old bytes may have come back under a newer time.
        for node in self.devices[device].disk.live.nodes.values().filter(|node| !node.by_engine) {
            if let Some(story) = self.people.stories.get_mut(&digest_of(&node.data())) {
                story.mtimes.insert(node.mtime_ns);
            }
        }
        let after = self.contents_on(device);
        for (digest, path) in &before {
            self.survives_cut(device, digest, after.get(digest).map(String::as_str));
            let in_trash = |path: &String| path.starts_with(<dyn FileSystem>::TRASH);
            // The engine had put it back, and that was lost.
            if !in_trash(path)
                && after.get(digest).is_some_and(in_trash)
                && let Some(story) = self.people.stories.get_mut(digest)
            {
                story.hidden = true;
            }
        }
    }

    /// What was only on a disk that lost its power may be gone with it, or be back under the name of a
    /// half-written file.
    fn survives_cut(&mut self, device: usize, digest: &Digest, path: Option<&str>) {
        // The engine's rename was lost, and with it the name of what a person had written since.
        let path = path.filter(|path| !path.starts_with(<dyn FileSystem>::TEMP));
        let ours = path.is_some_and(|path| path.starts_with(<dyn FileSystem>::RESERVED));
        let left = path.is_some_and(|path| !ours && path.split('/').any(left_alone));
        let kept = path.is_some() || self.held_beside(device, digest);
        let alone = self.accounts.is_none();
        let Some(story) = self.people.stories.get_mut(digest).filter(|_| left || !kept) else { return };
        story.hidden |= left;
        if !kept {
            story.excused |= alone;
            story.excused_on.insert(device);
        }
        let line = format!("device {device}: {} is lost with the power", story.label);
        self.note(&line);
    }

    /// Whether others than a device have some bytes: the cloud, or another device of its account.
    fn held_beside(&self, device: usize, digest: &Digest) -> bool {
        match &self.accounts {
            Some(accounts) => {
                let mut others = accounts.beside(device);
                accounts.holds(device, digest) || others.any(|other| self.kept_on(other, digest))
            }
            None => self.cloud.holds_live(digest) || self.on_other_disk(device, digest),
        }
    }

    /// The contents of all files of a device, reserved folder included, with one of their paths.
    pub fn contents_on(&self, device: usize) -> BTreeMap<Digest, String> {
        self.files_on(device).collect()
    }

    fn files_on(&self, device: usize) -> impl Iterator<Item = (Digest, String)> {
        let tree = &self.devices[device].disk.live;
        let walked = tree.walk().into_iter();
        walked
            .filter_map(|(path, uid)| Some((tree.nodes.get(&uid)?, path)))
            .filter(|(node, _)| matches!(node.body, crate::disk::Body::File(_)))
            .map(|(node, path)| (digest_of(&node.data()), path))
    }

    /// Whether a disk has these bytes to keep: an unfinished download goes at any time.
    pub(crate) fn kept_on(&self, device: usize, digest: &Digest) -> bool {
        let mut files = self.files_on(device);
        files.any(|(held, path)| held == *digest && !path.starts_with(<dyn FileSystem>::TEMP))
    }

    pub(crate) fn on_other_disk(&self, device: usize, digest: &Digest) -> bool {
        (0..self.devices.len()).any(|other| other != device && self.kept_on(other, digest))
    }

    /// Called where the cloud is about to hold one live record fewer with this content.
    pub fn content_leaves_cloud(&mut self, digest: &Digest, what: &str) {
        let Some(story) = self.people.stories.get(digest) else { return };
        if story.dropped || story.excused || self.cloud.holds_live(digest) {
            return;
        }
        let label = story.label.clone();
        if !(0..self.devices.len()).any(|device| self.contents_on(device).contains_key(digest)) {
            self.broken(4, format!("{what} takes {label} from the cloud, which no person wanted gone"));
        }
    }

    /// A device has sent some bytes. Where the cloud has a live file of the same ones, they were a file
    /// that was only moved, unless they were written on this device and never sent before.
    pub fn bytes_sent(&mut self, device: usize, digest: Digest) {
        let new = self.cloud.sent.insert((device, digest));
        let Some(story) = self.people.stories.get(&digest) else { return };
        let first = new && story.written.contains_key(&device);
        // A file that was moved and touched at once, or copied, rightly counts as new.
        let plain = story.mtimes.len() == 1 && !story.copied;
        if self.calm && plain && !first && self.cloud.holds_live(&digest) {
            let text = format!("device {device} sends {}, which the cloud has", story.label);
            self.broken(6, text);
        }
    }

    /// A port of a device's process is called: time passes, people act, the process may end.
    fn enter(&mut self, device: usize, life: u64) -> bool {
        let slow = self.rng.per_mille(20);
        let pause = if slow { 30_000_000 } else { 40_000 };
        let pause = 1_000 + self.rng.below(pause);
        self.pass(pause);
        let state = &mut self.devices[device];
        if !state.alive || state.life != life {
            return false;
        }
        if let Some(doom) = &mut state.doom {
            if doom.calls == 0 {
                let cut = doom.power_cut;
                if cut {
                    self.cut_power(device)
                } else {
                    self.kill(device)
                }
                return false;
            }
            doom.calls -= 1;
        }
        if self.rng.per_mille(self.meddling) {
            people::act(self, device);
        }
        let held = self.devices[device].still.any_held();
        if let Some(uid) = held.filter(|_| self.space.is_some_and(|space| space.intruders))
            && self.rng.per_mille(60)
        {
            people::intrude(self, device, uid);
        }
        true
    }
}

/// A device's process, on its way to everything outside.
#[derive(Clone, Debug)]
pub struct Wire {
    shared: Arc<Mutex<Shared>>,
    /// Which device.
    pub device: usize,
    life: u64,
}

impl Wire {
    /// A new process on a device.
    pub fn connect(shared: &Arc<Mutex<Shared>>, device: usize) -> Self {
        let mut state = shared.lock();
        let own = &mut state.devices[device];
        own.life += 1;
        own.alive = true;
        let life = own.life;
        Wire { shared: Arc::clone(shared), device, life }
    }

    /// A call that takes time and may be where the process ends: `None`.
    pub fn call(&self) -> Option<MutexGuard<'_, Shared>> {
        let mut shared = self.shared.lock();
        shared.enter(self.device, self.life).then_some(shared)
    }

    /// The same for a call that answers with an I/O error.
    pub fn io_call(&self) -> io::Result<MutexGuard<'_, Shared>> {
        self.call().ok_or_else(|| io::Error::other("the process was killed"))
    }

    /// Whether the process is the one that runs.
    pub(crate) fn life(&self) -> u64 {
        self.life
    }

    /// A look that takes no time.
    pub fn peek(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock()
    }
}
