//! A device whose engine a test takes step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudsync_cloud::{Capabilities, CloudService};
use cloudsync_engine::core::{Core, Heard};
use cloudsync_engine::job::{
    HashItem, HashOutcome, Job, JobContext, Outcome, UploadItem, UploadOutcome, Work,
};
use cloudsync_engine::ports::{FileSystem, Stamp};
use cloudsync_engine::tree::NodeId;
use cloudsync_engine::{Code, Config, DownloadPolicy, Event, SyncProgress, SyncState};
use cloudsync_sim::{CloudState, Device, DiskKind, Rng, Shared, SimDisk, Sink, Wire, ports};
use parking_lot::Mutex;

pub(crate) type World = Arc<Mutex<Shared>>;

/// What the devices of a world have.
pub(crate) const DISK: DiskKind = DiskKind { grain_ns: 1, reuses_inodes: false, ordered_journal: true };

pub(crate) fn world(digests: bool) -> World {
    world_with(Capabilities { compare_and_set: true, fencing: true, ranges: true, digests })
}

pub(crate) fn world_with(capabilities: Capabilities) -> World {
    let mut shared = Shared::new(Rng::new(1), CloudState::new(capabilities, 100, 10));
    for _ in 0..2 {
        shared.devices.push(Device::new(DISK, 0));
    }
    Arc::new(Mutex::new(shared))
}

/// One device, with its first wire in the test's hand.
pub(crate) struct Hand {
    pub(crate) world: World,
    device: usize,
    pub(crate) disk: SimDisk,
    pub(crate) core: Core,
    context: JobContext,
    pub(crate) sink: Arc<Sink>,
    /// What the engine is to hear of.
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Hand {
    /// The first device, or that device after its process was killed.
    pub(crate) fn open(world: &World, policy: DownloadPolicy) -> Hand {
        Hand::of_device(world, 0, policy)
    }

    pub(crate) fn of_device(world: &World, device: usize, policy: DownloadPolicy) -> Hand {
        Hand::with(world, device, |config| config.download_policy = policy, false)
    }

    /// A device with a configuration of its own, and with or without a watcher.
    pub(crate) fn with(
        world: &World,
        device: usize,
        configure: impl FnOnce(&mut Config),
        watched: bool,
    ) -> Hand {
        Hand::behind(world, device, configure, watched, |cloud| cloud)
    }

    /// The same, with something between it and the cloud.
    pub(crate) fn behind(
        world: &World,
        device: usize,
        configure: impl FnOnce(&mut Config),
        watched: bool,
        between: impl FnOnce(Arc<dyn CloudService>) -> Arc<dyn CloudService>,
    ) -> Hand {
        let wire = Wire::connect(world, device);
        let sink = Sink::new(wire.clone());
        let disk = SimDisk::new(wire.clone());
        disk.attach("").unwrap();
        let mut config = Config::new("/state", "/gallery");
        configure(&mut config);
        let mut ports = ports(&wire, 1 + device as u64, watched);
        ports.cloud = between(ports.cloud);
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let ear = Arc::clone(&heard);
        let wake = Arc::new(move |side| ear.lock().push(side));
        let core = Core::open(config, ports, sink.clone()).unwrap().waking(wake);
        let context = core.job_context();
        Hand { world: world.clone(), device, disk, core, context, sink, heard }
    }

    /// The engine hears of what has changed, as far as it was told.
    pub(crate) fn listen(&mut self) {
        std::mem::take(&mut *self.heard.lock()).into_iter().for_each(|side| self.core.hear(side));
    }

    /// Runs a sync to its end; `before` is told of every job before it is run.
    pub(crate) fn sync(&mut self, mut before: impl FnMut(&Hand, &Job)) -> SyncProgress {
        self.core.start_sync().unwrap();
        loop {
            while let Some(event) = self.sink.next() {
                if let Event::Sync(progress) = event
                    && progress.state.is_final()
                {
                    return progress;
                }
            }
            if let Some(job) = self.core.next_job() {
                before(self, &job);
                self.core.finish(job.run(&self.context));
                continue;
            }
            self.wait();
        }
    }

    pub(crate) fn sync_well(&mut self) {
        let last = self.sync(|_, _| {});
        assert_eq!((last.state, last.files_failed), (SyncState::Completed, 0), "{last:?}");
        // Whatever was written until now is old by the next time.
        self.world.lock().pass(1_000_000_000);
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        self.disk.open_temp("new").unwrap().write_at(bytes, 0).unwrap();
        self.disk.rename(".cloudsync/tmp/new", path).unwrap();
    }

    /// Gives a file a second name, as a hard link.
    pub(crate) fn give_second_name(&self, path: &str, second: &str) {
        let mut shared = self.world.lock();
        let now_ns = shared.wall_ns(self.device);
        let disk = &mut shared.devices[self.device].disk;
        let uid = disk.live.lookup(path).unwrap();
        disk.link(uid, second, now_ns).unwrap();
    }

    /// Gives a file a modification time.
    pub(crate) fn give_time(&self, path: &str, mtime_ns: i64) {
        let mut shared = self.world.lock();
        let now_ns = shared.wall_ns(self.device);
        let disk = &mut shared.devices[self.device].disk;
        let uid = disk.live.lookup(path).unwrap();
        disk.set_mtime(uid, mtime_ns, now_ns);
    }

    /// Writes a file in place, and gives it back the modification time that it had.
    pub(crate) fn rewrite_with_old_time(&self, path: &str, bytes: &[u8]) {
        let old = self.stamp(path);
        {
            let mut shared = self.world.lock();
            shared.pass(1_000_000_000);
            let now_ns = shared.wall_ns(self.device);
            let disk = &mut shared.devices[self.device].disk;
            let uid = disk.live.lookup(path).unwrap();
            disk.write(uid, bytes.to_vec(), false, now_ns);
        }
        self.give_time(path, old.mtime_ns);
    }

    pub(crate) fn job(&self, work: Work) -> Outcome {
        let (stop, moved) = Default::default();
        Job { id: 0, work, stop, moved, urgent: false }.run(&self.context).outcome
    }

    pub(crate) fn stamp(&self, path: &str) -> Stamp {
        self.disk.stat(path).unwrap().stamp
    }

    /// Reads one file; returns how it is noted then.
    pub(crate) fn hash(&self, path: &str) -> Stamp {
        let item = HashItem { node: NodeId(1), path: path.into() };
        let Outcome::Hash(mut outcomes) = self.job(Work::Hash(vec![item])) else { panic!() };
        let Some(HashOutcome::Read(_, stamp)) = outcomes.pop() else { panic!("{outcomes:?}") };
        stamp
    }

    /// Sends one file; returns how it is noted then.
    pub(crate) fn send(&self, path: &str, stamp: Stamp, digest: Option<[u8; 32]>) -> Stamp {
        let (node, record) = (NodeId(1), "rec".into());
        let (gallery, path) = ("gallery".into(), path.into());
        let item = UploadItem { node, record, gallery, path, stamp, digest, identifier: None };
        let Outcome::Upload(mut outcomes) = self.job(Work::Upload(vec![item])) else { panic!() };
        let Some(UploadOutcome::Sent { stamp, .. }) = outcomes.pop() else { panic!("{outcomes:?}") };
        stamp
    }

    /// Does what is still to be done.
    pub(crate) fn idle(&mut self) {
        while let Some(job) = self.core.next_job() {
            self.finish(job);
        }
        assert!(self.core.is_idle());
    }

    pub(crate) fn trouble(&self, path: &str) -> Option<(Code, String)> {
        let explained = self.core.states().explain(&format!("file://media/Photo/{path}")).unwrap();
        explained.code.map(|code| (code, explained.text))
    }

    /// Begins a sync and ends the process right after the first job that `last` names is done, before
    /// the engine hears of it.
    pub(crate) fn killed_after(mut self, last: impl Fn(&Work) -> bool) {
        self.core.start_sync().unwrap();
        loop {
            let Some(job) = self.core.next_job() else {
                let at = self.core.wake_at().unwrap();
                self.world.lock().now_ns = at;
                self.core.tick();
                continue;
            };
            let ends = last(&job.work);
            let done = job.run(&self.context);
            if ends {
                return;
            }
            self.core.finish(done);
        }
    }

    /// Lets the device do by itself what is due, for so long; returns its final events.
    pub(crate) fn live_for(&mut self, ns: u64) -> Vec<SyncProgress> {
        let until = self.world.lock().now_ns + ns;
        let mut ended = Vec::new();
        loop {
            ended.extend(std::iter::from_fn(|| self.sink.next()).filter_map(|event| match event {
                Event::Sync(progress) if progress.state.is_final() => Some(progress),
                _ => None,
            }));
            if let Some(job) = self.core.next_job() {
                self.step(job);
                continue;
            }
            let at = self.core.wake_at().filter(|at| *at < until);
            let mut shared = self.world.lock();
            shared.now_ns = shared.now_ns.max(at.unwrap_or(until));
            drop(shared);
            if at.is_none() {
                return ended;
            }
            self.core.tick();
        }
    }

    /// Lets the device do by itself what is due, up to the first job that `is_it` names, which is not run.
    pub(crate) fn live_until(&mut self, is_it: impl Fn(&Work) -> bool) -> Job {
        loop {
            match self.core.next_job() {
                Some(job) if is_it(&job.work) => return job,
                Some(job) => self.step(job),
                None => self.wait(),
            }
        }
    }

    /// Lets the time pass up to when the engine wants to be woken.
    pub(crate) fn wait(&mut self) {
        let at = self.core.wake_at().unwrap();
        let mut shared = self.world.lock();
        shared.now_ns = shared.now_ns.max(at);
        drop(shared);
        self.core.tick();
    }

    /// Runs one job, of which the engine does not hear.
    pub(crate) fn run(&self, job: Job) {
        job.run(&self.context);
    }

    /// Runs one job.
    pub(crate) fn step(&mut self, job: Job) {
        let done = job.run(&self.context);
        self.core.finish(done);
    }

    /// Begins a sync and takes it to the first job that `is_it` names, which is not run.
    pub(crate) fn sync_until(&mut self, is_it: impl Fn(&Work) -> bool) -> Job {
        self.core.start_sync().unwrap();
        loop {
            let job = self.core.next_job().unwrap();
            if is_it(&job.work) {
                return job;
            }
            self.core.finish(job.run(&self.context));
        }
    }

    /// A sync that is stopped at the first job that `is_it` names, which is run.
    pub(crate) fn sync_stopped_at(&mut self, is_it: impl Fn(&Work) -> bool) {
        let job = self.sync_until(is_it);
        self.core.stop_sync();
        self.finish(job);
        while self.sink.next().is_some() {}
    }

    /// Runs a job and whatever follows from it at once.
    pub(crate) fn finish(&mut self, job: Job) {
        let mut next = Some(job);
        while let Some(job) = next {
            self.step(job);
            next = self.core.next_job();
        }
    }

    /// Every file of the gallery and its bytes.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = self.disk.list("").unwrap().entries;
        entries.files().map(|entry| (entry.name.to_string(), self.read(entry.name))).collect()
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        let mut bytes = vec![0; 100];
        let count = self.disk.open(path).unwrap().read_at(&mut bytes, 0).unwrap();
        bytes.truncate(count);
        bytes
    }
}
