//! What hosts and people ask of a device's disk and of the cloud's room, and that what went comes back.

use cloudsync_engine::core::SpaceWanted;
use cloudsync_engine::tree::LocalContent;

use crate::weather::Weather;
use crate::world::{World, uri_of};

#[derive(Debug, Clone, Copy)]
enum Ask {
    Clean,
    Optimize,
    OptimizeStorage,
    StopOptimize,
    Pin,
    Unpin,
    Download,
    Remove,
    BringBack,
    Disk,
    Cloud,
    BackUp,
    Restore,
    Days,
    Proofs,
}

impl World {
    /// Somebody asks something of a device that has to do with space, or there is less or more of it.
    pub(crate) fn ask_for_space(&mut self, device: usize) {
        let Some(space) = self.plan.space else { return };
        let when = |on: bool, weight: u64| if on { weight } else { 0 };
        let asks = [
            (10, Ask::Clean),
            (6, Ask::Optimize),
            (2, Ask::OptimizeStorage),
            (1, Ask::StopOptimize),
            (2, Ask::Pin),
            (1, Ask::Unpin),
            (5, Ask::Download),
            (when(space.removals, 10), Ask::Remove),
            (when(space.removals, 5), Ask::BringBack),
            (when(space.small_disks, 2), Ask::Disk),
            (when(space.small_cloud, 2), Ask::Cloud),
            (when(space.restores, 2), Ask::BackUp),
            (when(space.restores, 1), Ask::Restore),
            (1, Ask::Days),
            (when(space.bad_proofs, 6), Ask::Proofs),
        ];
        let ask = self.shared.lock().rng.weighted(&asks, Ask::Clean);
        match ask {
            Ask::Clean => self.clean(device),
            Ask::Optimize => self.optimize(device),
            Ask::OptimizeStorage => self.with(device, |process| process.optimize_storage()),
            Ask::StopOptimize => self.with(device, |process| process.stop_optimize()),
            Ask::Pin => self.pin(device, true),
            Ask::Unpin => self.pin(device, false),
            Ask::Download => self.download(device),
            Ask::Remove => self.remove(device),
            Ask::BringBack => self.bring_back(device),
            Ask::Disk => self.resize_disk(device),
            Ask::Cloud => self.resize_cloud(),
            Ask::BackUp => self.back_up(),
            Ask::Restore => self.shared.lock().restore_cloud(),
            Ask::Days => self.days(),
            Ask::Proofs => self.spoil_proofs(device),
        }
    }

    /// One of the paths of a device that are noted so, or one that may be anything.
    fn some_path(&self, device: usize, of: impl Fn(&LocalContent) -> bool) -> Option<String> {
        let mut paths = self.processes[device].as_ref()?.paths(of);
        paths.push("a.jpg".into());
        self.shared.lock().rng.pick(&paths).cloned()
    }

    fn clean(&mut self, device: usize) {
        let Some(path) = self.some_path(device, LocalContent::is_here) else { return };
        self.with(device, |process| process.clean(&uri_of(&path)));
    }

    /// Somebody removes something, and all parts of its photo. What of it is on the disk is dropped when it goes.
    fn remove(&mut self, device: usize) {
        let Some(path) = self.some_path(device, |_| true) else { return };
        self.with(device, |process| process.remove(&uri_of(&path)));
        self.removed.push(path);
    }

    /// Somebody wants back what was removed on any device.
    fn bring_back(&mut self, device: usize) {
        let path = self.shared.lock().rng.pick(&self.removed).cloned();
        let Some(path) = path else { return };
        self.with(device, |process| process.restore(&uri_of(&path)));
    }

    fn optimize(&mut self, device: usize) {
        let (bytes, aging_days) = {
            let rng = &mut self.shared.lock().rng;
            (*rng.pick(&[1, 20, 100, 1_000_000]).unwrap_or(&1), *rng.pick(&[0, 0, 0, 30]).unwrap_or(&0))
        };
        self.with(device, |process| process.start_optimize(9, SpaceWanted::Bytes { bytes, aging_days }));
    }

    fn pin(&mut self, device: usize, pinned: bool) {
        let Some(path) = self.some_path(device, |_| true) else { return };
        self.with(device, |process| process.pin(&uri_of(&path), pinned));
    }

    fn resize_disk(&mut self, device: usize) {
        let mut shared = self.shared.lock();
        let room = *shared.rng.pick(&[0, 16, 60, 300]).unwrap_or(&0);
        let used = shared.devices[device].disk.used();
        let is_small = shared.devices[device].capacity.is_some();
        shared.devices[device].capacity = (!is_small).then_some(used + room);
        let line = format!("device {device}: its disk holds {:?} bytes", shared.devices[device].capacity);
        shared.note(&line);
    }

    fn resize_cloud(&mut self) {
        let mut shared = self.shared.lock();
        let room = *shared.rng.pick(&[0, 16, 60, 300]).unwrap_or(&0);
        let used: u64 = shared.cloud.assets.values().map(|stored| stored.bytes.len() as u64).sum();
        shared.cloud.quota = if shared.cloud.quota.is_some() { None } else { Some(used + room) };
        let line = format!("the cloud holds {:?} bytes", shared.cloud.quota);
        shared.note(&line);
    }

    fn back_up(&mut self) {
        let mut shared = self.shared.lock();
        shared.cloud.back_up();
        shared.note("the cloud is backed up");
    }

    fn spoil_proofs(&mut self, device: usize) {
        let mut shared = self.shared.lock();
        let weather = shared.devices[device].weather;
        let spoiled =
            if weather == Weather::default() { Weather::of_assets(&mut shared.rng) } else { weather };
        shared.devices[device].weather = if spoiled == weather { Weather::default() } else { spoiled };
        let line = format!("device {device}: {:?}", shared.devices[device].weather);
        shared.note(&line);
    }

    fn days(&mut self) {
        let mut shared = self.shared.lock();
        shared.pass(20 * 24 * 3600 * 1_000_000_000);
        shared.note("20 days pass");
    }

    /// What is in the cloud alone comes back the same.
    pub(crate) fn bring_all_back(&mut self) {
        for device in 0..self.processes.len() {
            // What an earlier download left of a file may be damaged: it is fetched anew by the second.
            for _ in 0..2 {
                let Some(process) = &mut self.processes[device] else { continue };
                for path in process.paths(|content| matches!(content, LocalContent::CloudOnly(_))) {
                    process.start_download(8, &uri_of(&path));
                }
                self.drive(device);
            }
            let Some(process) = &self.processes[device] else { continue };
            if let Some(path) = process.paths(|content| matches!(content, LocalContent::CloudOnly(_))).first()
            {
                self.shared.lock().broken(3, format!("device {device}: {path} does not come back"));
            }
        }
        if !self.is_broken() {
            self.round(0);
            self.check();
        }
    }
}
