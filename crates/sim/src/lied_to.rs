//! A device whose cloud lies to it, beside another to which the same cloud tells the truth.
//!
//! Whatever it is told, no byte that a person wrote leaves its disk but for the trash, every run ends, and nothing
//! breaks.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudsync_cloud::{Capabilities, CheckedService};
use cloudsync_engine::core::Core;
use cloudsync_engine::job::JobContext;
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::{Config, Event};
use parking_lot::Mutex;

use crate::cloud::{Chance, CloudState, Liar, LyingCloud, SimCloud};
use crate::disk::{DiskKind, SimDisk};
use crate::ledger::Sink;
use crate::process::ports;
use crate::rng::Rng;
use crate::shared::{Device, Shared, Wire};

/// A run that takes more jobs than this does not end.
const MOST_JOBS: usize = 20_000;
/// How often each device is synced while there are lies.
const ROUNDS: usize = 4;

/// One device.
struct Party {
    world: Arc<Mutex<Shared>>,
    device: usize,
    disk: SimDisk,
    core: Core,
    context: JobContext,
    sink: Arc<Sink>,
    /// What a person wrote here.
    written: BTreeSet<Vec<u8>>,
}

impl Party {
    fn open(
        world: &Arc<Mutex<Shared>>,
        device: usize,
        liar: Option<&Liar>,
    ) -> Result<Party, cloudsync_engine::Error> {
        let wire = Wire::connect(world, device);
        let sink = Sink::new(wire.clone());
        let disk = SimDisk::new(wire.clone());
        let mut ports = ports(&wire, device as u64, false);
        if let Some(liar) = liar {
            let lying = LyingCloud::new(Arc::new(SimCloud::new(wire)), liar.clone());
            ports.cloud = Arc::new(CheckedService::new(Arc::new(lying)));
        }
        let config = Config::new(format!("/state{device}"), format!("/gallery{device}"));
        let core = Core::open(config, ports, sink.clone())?;
        let context = core.job_context();
        Ok(Party { world: world.clone(), device, disk, core, context, sink, written: BTreeSet::new() })
    }

    fn write(&mut self, path: &str, text: &str) -> std::io::Result<()> {
        self.disk.open_temp("new")?.write_at(text.as_bytes(), 0)?;
        self.disk.rename(".cloudsync/tmp/new", path)?;
        self.written.insert(text.as_bytes().to_vec());
        Ok(())
    }

    /// Syncs once, however that ends.
    fn sync(&mut self) -> Result<(), String> {
        if self.core.start_sync().is_err() {
            return Ok(());
        }
        for _ in 0..MOST_JOBS {
            while let Some(event) = self.sink.next() {
                if let Event::Sync(progress) = event
                    && progress.state.is_final()
                {
                    self.world.lock().pass(1_000_000_000);
                    return Ok(());
                }
            }
            if let Some(job) = self.core.next_job() {
                let done = job.run(&self.context);
                self.world.lock().note(&format!("device {}: {done:?}", self.device));
                self.core.finish(done);
                continue;
            }
            let at = self.core.wake_at().ok_or("a run waits for nothing")?;
            let mut shared = self.world.lock();
            shared.now_ns = shared.now_ns.max(at);
            drop(shared);
            self.core.tick();
        }
        Err(format!("device {}: a run does not end", self.device))
    }

    /// Whether everything that a person wrote here is still on this disk, be it in the trash.
    fn has_all(&self) -> Result<(), String> {
        let shared = self.world.lock();
        let live = &shared.devices[self.device].disk.live;
        let held = live.walk().into_iter().filter_map(|(_, uid)| live.nodes.get(&uid));
        let held: BTreeSet<Vec<u8>> = held.map(|node| node.data().to_vec()).collect();
        match self.written.iter().find(|bytes| !held.contains(*bytes)) {
            None => Ok(()),
            Some(bytes) => {
                Err(format!("device {}: {:?} is gone", self.device, String::from_utf8_lossy(bytes)))
            }
        }
    }
}

/// Lies to a device. The text says what is wrong then, with all that happened.
pub fn lied_to(chance: Chance) -> Result<(), String> {
    let capabilities = Capabilities { compare_and_set: true, fencing: true, ranges: true, digests: false };
    let mut shared = Shared::new(Rng::new(1), CloudState::new(capabilities, 100, 10));
    for _ in 0..2 {
        let kind = DiskKind { grain_ns: 1, reuses_inodes: false, ordered_journal: true };
        shared.devices.push(Device::new(kind, 0));
    }
    let world = Arc::new(Mutex::new(shared));
    lie_to(&world, &Liar::new(chance)).map_err(|text| {
        let shared = world.lock();
        format!("{text}\n{}", shared.trace.lines().join("\n"))
    })
}

fn lie_to(world: &Arc<Mutex<Shared>>, liar: &Liar) -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    let mut here = Party::open(world, 0, Some(liar)).map_err(|error| error.text)?;
    let mut there = Party::open(world, 1, None).map_err(|error| error.text)?;
    for party in [&here, &there] {
        party.disk.attach("").map_err(told)?;
    }
    there.disk.make_dir("album").map_err(told)?;
    there.write("album/c.jpg", "c of there").map_err(told)?;
    there.write("b.jpg", "b of there").map_err(told)?;
    here.write("a.jpg", "a of here").map_err(told)?;
    here.write("b.jpg", "b of here").map_err(told)?;
    for round in 0..ROUNDS {
        there.sync()?;
        here.sync()?;
        // What is called so already stays as it is.
        let _ = here.write(&format!("h{round}.jpg"), &format!("{round} of here"));
        let _ = there.write(&format!("t{round}.jpg"), &format!("{round} of there"));
        let _ = there.disk.rename("b.jpg", "moved.jpg");
        here.has_all()?;
        there.has_all()?;
    }
    liar.repent();
    for _ in 0..ROUNDS {
        here.sync()?;
        there.sync()?;
    }
    here.has_all()?;
    there.has_all()
}
