//! Devices, people and a cloud in one thread, from one seed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cloudsync_engine::core::Partial;
use cloudsync_engine::ports::{Battery, Heat, Network};
use cloudsync_engine::tree::LocalContent;
use cloudsync_engine::{DownloadFileType, DownloadPolicy};
use parking_lot::Mutex;

use crate::accounts::Accounts;
use crate::cloud::CloudState;
use crate::people;
use crate::plan::{DevicePlan, SharingPlan, WorldPlan};
use crate::process::Process;
use crate::rng::Rng;
use crate::shared::{Device, Doom, Shared, Violation, fine_conditions};
use crate::weather::Weather;

/// How a world ended.
#[derive(Debug)]
pub struct Outcome {
    /// The first promise that was broken.
    pub violation: Option<Violation>,
    /// What happened, line by line.
    pub trace: Vec<String>,
}

/// Devices, people and a cloud.
pub struct World {
    pub(crate) plan: WorldPlan,
    pub(crate) shared: Arc<Mutex<Shared>>,
    pub(crate) processes: Vec<Option<Process>>,
    /// Devices that ever left bytes in the cloud alone.
    pub(crate) on_demand: Vec<bool>,
    /// What anybody has asked to be removed.
    pub(crate) removed: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Act,
    Start,
    Stop,
    Work,
    Wake,
    Pause,
    Download,
    StopDownload,
    Doom,
    Crash,
    Weather,
    Conditions,
    Loss,
    Mount,
    Reopen,
    Space,
    Deal,
    Listen,
}

/// Runs the world of a seed to its end and checks it.
pub fn run(seed: u64) -> Outcome {
    let (rng, plan) = WorldPlan::of_seed(seed);
    run_plan(rng, plan, |_| {})
}

/// Runs a world that was planned otherwise; `prepare` may sabotage it before it begins.
pub fn run_plan(rng: Rng, plan: WorldPlan, prepare: impl FnOnce(&mut Shared)) -> Outcome {
    let mut world = World::new(rng, plan);
    prepare(&mut world.shared.lock());
    let shared = Arc::clone(&world.shared);
    let ended = catch_unwind(AssertUnwindSafe(move || {
        world.live();
        world.settle();
    }));
    let mut shared = shared.lock();
    if let Err(panic) = ended {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        shared.broken(0, format!("the engine panicked: {text}"));
    }
    Outcome { violation: shared.violation.take(), trace: shared.trace.lines().to_vec() }
}

impl World {
    fn new(rng: Rng, plan: WorldPlan) -> Self {
        let mut cloud = CloudState::new(plan.capabilities, plan.page, plan.lease_s);
        cloud.bare_deletions = plan.bare_deletions;
        let mut shared = Shared::new(rng, cloud);
        shared.meddling = plan.meddling;
        shared.roots = plan.roots;
        shared.space = plan.space;
        shared.calm = plan.is_calm() && plan.capabilities.digests;
        if let Some(sharing) = &plan.sharing {
            open_accounts(&mut shared, sharing, plan.lease_s);
        }
        for device in &plan.devices {
            shared.devices.push(Device::new(device.disk, device.wall_offset_ns));
        }
        shared.note(&format!("{plan:?}"));
        World {
            processes: plan.devices.iter().map(|_| None).collect(),
            on_demand: plan.devices.iter().map(|_| false).collect(),
            removed: Vec::new(),
            shared: Arc::new(Mutex::new(shared)),
            plan,
        }
    }

    /// Whether a promise has been broken already.
    pub(crate) fn is_broken(&self) -> bool {
        self.shared.lock().violation.is_some()
    }

    fn live(&mut self) {
        for device in 0..self.processes.len() {
            self.open(device);
        }
        for _ in 0..self.plan.steps {
            let (device, mv) = self.choose();
            self.make(device, mv);
            self.bury();
            if self.is_broken() {
                return;
            }
        }
    }

    fn choose(&mut self) -> (usize, Move) {
        let mut shared = self.shared.lock();
        let device = shared.rng.index(self.plan.devices.len());
        if self.processes[device].is_none() && shared.rng.per_mille(300) {
            return (device, Move::Reopen);
        }
        if self.plan.space.is_some() && shared.rng.per_mille(150) {
            return (device, Move::Space);
        }
        if self.plan.sharing.is_some() && shared.rng.per_mille(100) {
            return (device, Move::Deal);
        }
        let DevicePlan { automatic, told, .. } = self.plan.devices[device];
        if (automatic || told) && shared.rng.per_mille(150) {
            return (device, Move::Listen);
        }
        let when = |on: bool, weight: u64| if on { weight } else { 0 };
        let moves = [
            (24, Move::Act),
            (9, Move::Start),
            (when(self.plan.stops, 2), Move::Stop),
            (90, Move::Work),
            (8, Move::Wake),
            (1, Move::Pause),
            (3, Move::Download),
            (when(self.plan.stops, 1), Move::StopDownload),
            (when(self.plan.kills, 2), Move::Doom),
            (when(self.plan.kills, 1), Move::Crash),
            (when(self.plan.bad_weather, 3), Move::Weather),
            (when(self.plan.conditions, 3), Move::Conditions),
            (when(self.plan.losses, 1), Move::Loss),
            (when(self.plan.losses, 1), Move::Mount),
        ];
        (device, shared.rng.weighted(&moves, Move::Work))
    }

    fn make(&mut self, device: usize, mv: Move) {
        match mv {
            Move::Act => people::act(&mut self.shared.lock(), device),
            Move::Start => self.start(device),
            Move::Stop => self.with(device, Process::stop_sync),
            Move::Work => self.work(device),
            Move::Wake => self.wake(device),
            Move::Pause => self.pause(),
            Move::Download => self.download(device),
            Move::StopDownload => self.stop_download(device),
            Move::Doom => self.doom(device),
            Move::Crash => self.crash(device),
            Move::Weather => self.change_weather(device),
            Move::Conditions => self.change_conditions(device),
            Move::Loss => self.lose_index(device),
            Move::Mount => self.mount(device),
            Move::Reopen => self.open(device),
            Move::Space => self.ask_for_space(device),
            Move::Deal => self.shared.lock().deal(),
            Move::Listen => self.with(device, Process::listen),
        }
    }

    pub(crate) fn with(&mut self, device: usize, act: impl FnOnce(&mut Process)) {
        if let Some(process) = &mut self.processes[device] {
            act(process);
        }
    }

    /// Opens a device's engine; it must open unless its disk fails just then.
    pub(crate) fn open(&mut self, device: usize) {
        if self.processes[device].is_some() {
            return;
        }
        let plan = &self.plan.devices[device];
        self.on_demand[device] |= plan.config.download_policy == DownloadPolicy::OnDemand;
        self.shared.lock().note(&format!("device {device}: OPENS"));
        match Process::open(&self.shared, device, plan) {
            Ok(process) => self.processes[device] = Some(process),
            Err(error) => {
                let mut shared = self.shared.lock();
                let state = &mut shared.devices[device];
                let fair = state.alive && state.mounted && state.weather == Weather::default();
                state.alive = false;
                shared.note(&format!("device {device}: does not open: {error}"));
                if fair {
                    shared.broken(8, format!("device {device} does not open: {error}"));
                }
            }
        }
        self.bury();
    }

    /// Takes away the processes that were killed.
    fn bury(&mut self) {
        for process in &mut self.processes {
            if process.as_ref().is_some_and(|process| !process.is_alive()) {
                *process = None;
            }
        }
    }

    fn start(&mut self, device: usize) {
        self.with(device, |process| {
            let _ = process.start_sync();
        });
    }

    /// Some device's workers go on, this one's if they can.
    fn work(&mut self, device: usize) {
        let count = self.processes.len();
        for offset in 0..count {
            if let Some(process) = &mut self.processes[(device + offset) % count]
                && process.has_work()
            {
                process.work();
                return;
            }
        }
    }

    fn wake(&mut self, device: usize) {
        let Some(process) = &mut self.processes[device] else { return };
        if let Some(at) = process.wake_at() {
            let mut shared = self.shared.lock();
            shared.now_ns = shared.now_ns.max(at);
        }
        process.tick();
    }

    fn pause(&mut self) {
        let mut shared = self.shared.lock();
        let seconds = *shared.rng.pick(&[1, 5, 30, 600, 7200]).unwrap_or(&5);
        shared.pass(seconds * 1_000_000_000);
        shared.note(&format!("{seconds} s pass"));
    }

    pub(crate) fn download(&mut self, device: usize) {
        let Some(process) = &mut self.processes[device] else { return };
        let mut paths = process.paths(|content| matches!(content, LocalContent::CloudOnly(_)));
        paths.push("a.jpg".into());
        let mut shared = self.shared.lock();
        let client = 1 + shared.rng.below(2);
        let count = if shared.rng.per_mille(300) { 1 + shared.rng.below(8) } else { 0 };
        let many = (0..count).filter_map(|_| shared.rng.pick(&paths).map(|path| uri_of(path))).collect();
        let Some(path) = shared.rng.pick(&paths).cloned() else { return };
        drop(shared);
        let file_type = match count % 4 {
            1 => DownloadFileType::Thumbnail,
            2 => DownloadFileType::Lcd,
            _ => DownloadFileType::Content,
        };
        match count {
            0 => process.start_download(client, &uri_of(&path)),
            _ => process.start_batch(client, many, file_type),
        }
    }

    fn stop_download(&mut self, device: usize) {
        let Some(process) = &mut self.processes[device] else { return };
        let mut shared = self.shared.lock();
        let partial = if shared.rng.per_mille(500) { Partial::Keep } else { Partial::Discard };
        let (of_download, again) = (shared.rng.per_mille(500), shared.rng.per_mille(300));
        let batch = shared.rng.pick(&process.ledger.batches_open()).copied();
        let download = shared.rng.pick(&process.ledger.downloads_open()).cloned();
        drop(shared);
        if let Some((client, task)) = batch {
            process.stop_batch(client, task, partial);
        } else if let Some((client, uri)) = download {
            match of_download {
                true => process.stop_download(client, &uri),
                false => process.stop_caching(client, &uri, partial),
            }
            if again {
                process.start_download(3, &uri);
            }
        }
    }

    fn doom(&mut self, device: usize) {
        let mut shared = self.shared.lock();
        let power_cut = self.plan.power_cuts && shared.rng.per_mille(600);
        let calls = shared.rng.below(60);
        shared.devices[device].doom = Some(Doom { calls, power_cut });
        shared.note(&format!("device {device}: will die after {calls} calls"));
    }

    fn crash(&mut self, device: usize) {
        let mut shared = self.shared.lock();
        if !shared.devices[device].alive {
            return;
        }
        if self.plan.power_cuts && shared.rng.per_mille(600) {
            shared.cut_power(device);
        } else {
            shared.kill(device);
        }
    }

    fn change_weather(&mut self, device: usize) {
        let mut shared = self.shared.lock();
        let fine = shared.devices[device].weather == Weather::default();
        let of_assets =
            fine && shared.space.is_some_and(|space| space.bad_assets) && shared.rng.per_mille(400);
        let weather = match fine {
            true if of_assets => Weather::of_assets(&mut shared.rng),
            true => Weather::bad(&mut shared.rng),
            false => Weather::default(),
        };
        shared.devices[device].weather = weather;
        shared.note(&format!("device {device}: {weather:?}"));
    }

    fn change_conditions(&mut self, device: usize) {
        let mut shared = self.shared.lock();
        let mut now = fine_conditions();
        match shared.rng.below(6) {
            0 | 1 => now.network = Network { wifi: false, mobile: false },
            2 => {
                let percent = 5 + u8::try_from(shared.rng.below(12)).unwrap_or(0);
                now.battery = Some(Battery { percent, charging: false });
            }
            3 => now.heat = Heat::Overheated,
            _ => {}
        }
        shared.devices[device].conditions = now;
        shared.note(&format!("device {device}: {now:?}"));
    }

    /// The index is lost while nobody has it open, or the host changes its mind about originals.
    fn lose_index(&mut self, device: usize) {
        let mut shared = self.shared.lock();
        if shared.devices[device].alive {
            shared.kill(device);
        }
        if shared.rng.per_mille(500) {
            let told = shared.rng.per_mille(500);
            shared.devices[device].index.lose(told);
            shared.note(&format!("device {device}: INDEX LOST"));
            return;
        }
        let policy = &mut self.plan.devices[device].config.download_policy;
        *policy = match policy {
            DownloadPolicy::Originals => DownloadPolicy::OnDemand,
            DownloadPolicy::OnDemand => DownloadPolicy::Originals,
        };
        shared.note(&format!("device {device}: now {policy:?}"));
    }

    fn mount(&mut self, device: usize) {
        let mut shared = self.shared.lock();
        let mounted = !shared.devices[device].mounted;
        shared.devices[device].mounted = mounted;
        shared.note(&format!("device {device}: gallery {}", if mounted { "is back" } else { "is gone" }));
    }
}

fn open_accounts(shared: &mut Shared, plan: &SharingPlan, lease_s: u32) {
    let chance = Rng::new(shared.rng.bits());
    match Accounts::open(plan.accounts.clone(), chance, lease_s) {
        Ok(mut accounts) => {
            accounts.watchful = plan.watchful;
            shared.accounts = Some(accounts);
        }
        Err(error) => shared.broken(0, format!("the accounts do not open: {error}")),
    }
}

/// The URI of a path in the gallery.
pub(crate) fn uri_of(path: &str) -> String {
    let mut uri = String::from("file://media/Photo/");
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
