//! What kind of world a seed makes: each has some of the troubles, few have all.

use std::time::Duration;

use cloudsync_cloud::Capabilities;
use cloudsync_engine::{Config, DeletionHold, DownloadPolicy};

use crate::disk::DiskKind;
use crate::rng::Rng;
use crate::weather::Weather;

/// One device of the world.
#[derive(Debug, Clone)]
pub struct DevicePlan {
    /// How its disk behaves.
    pub disk: DiskKind,
    /// Whether its folders are watched.
    pub watched: bool,
    /// Its clock is wrong by this.
    pub wall_offset_ns: i64,
    /// How its host opens the engine.
    pub config: Config,
    /// Runs begin by themselves, in worlds whose seeds are [`LIVELY`] or more.
    pub automatic: bool,
    /// Somebody is told of all changes, in the same worlds.
    pub told: bool,
}

/// What is asked for and goes wrong around files' own copies.
#[derive(Debug, Clone, Copy)]
pub struct SpacePlan {
    /// People keep files open while they write, give files second names, and change bytes and keep size and
    /// time.
    pub writers: bool,
    /// Disks are small.
    pub small_disks: bool,
    /// The cloud is small.
    pub small_cloud: bool,
    /// The cloud is restored from older backups.
    pub restores: bool,
    /// The cloud's asset store is out of reach now and then, or damaged, while its records are well.
    pub bad_assets: bool,
    /// People are after the very files that the engine is just looking at or removing.
    pub intruders: bool,
    /// The cloud proves little: what it reads back is damaged, or it leaves answers out.
    pub bad_proofs: bool,
    /// People take more photos of several parts, and remove and restore them, in worlds whose seeds are
    /// [`PHOTOS`] or more.
    pub removals: bool,
}

/// Whose devices there are, in worlds whose seeds are [`SHARED`] or more.
#[derive(Debug, Clone)]
pub struct SharingPlan {
    /// Which account each device is signed in to.
    pub accounts: Vec<usize>,
    /// Each write is held against the privileges. Looking brings all accounts' copies up to date, so that some worlds do
    /// without.
    pub watchful: bool,
}

/// The world.
#[derive(Debug, Clone)]
pub struct WorldPlan {
    /// The devices.
    pub devices: Vec<DevicePlan>,
    /// What the cloud can do.
    pub capabilities: Capabilities,
    /// Most rows of a page.
    pub page: usize,
    /// Seconds that a lease lasts.
    pub lease_s: u32,
    /// How many steps before it settles.
    pub steps: u64,
    /// How often, of a thousand port calls, a person acts in the middle of the engine's work.
    pub meddling: u64,
    /// Processes are killed.
    pub kills: bool,
    /// Power is cut.
    pub power_cuts: bool,
    /// Calls fail.
    pub bad_weather: bool,
    /// Networks and conditions come and go.
    pub conditions: bool,
    /// Indexes are lost, galleries unmounted.
    pub losses: bool,
    /// Runs are stopped.
    pub stops: bool,
    /// What is still wrong with the cloud when all else is well, and for how many rounds.
    pub lasting: Option<(u32, Weather)>,
    /// Whether the cloud's deleted records lose their fields.
    pub bare_deletions: bool,
    /// How many folders each machine syncs, in worlds whose seeds are [`ROOTED`] or more: its gallery, and a bundle's
    /// files. Each is a device of its own with an engine of its own; those of a machine follow one another, and lose
    /// their processes and their power together.
    pub roots: usize,
    /// Own copies go and come back, in worlds whose seeds are [`SPACIOUS`] or more.
    pub space: Option<SpacePlan>,
    /// Several accounts share with one another.
    pub sharing: Option<SharingPlan>,
}

/// Seeds from this one on make worlds in which files' own copies go to free their space.
pub const SPACIOUS: u64 = 1_000_000_000;
/// Seeds from this one on make such worlds, in which photos are also removed and restored.
pub const PHOTOS: u64 = 2_000_000_000;

/// Seeds from this one on make such worlds, in which machines sync a bundle's files beside their gallery.
pub const ROOTED: u64 = 3_000_000_000;

/// Seeds from this one on make worlds of several accounts that share with one another, without all of that.
pub const SHARED: u64 = 4_000_000_000;

/// Seeds from this one on make worlds as those from [`PHOTOS`] on, in which runs begin by themselves and somebody is told of
/// changes.
pub const LIVELY: u64 = 5_000_000_000;

/// The bundle whose files are synced beside the gallery.
const BUNDLE: &str = "com.example.notes";

impl SpacePlan {
    fn draw(rng: &mut Rng) -> Self {
        let plan = SpacePlan {
            writers: rng.per_mille(500),
            small_disks: rng.per_mille(300),
            small_cloud: rng.per_mille(300),
            restores: rng.per_mille(250),
            bad_assets: rng.per_mille(300),
            intruders: false,
            bad_proofs: false,
            removals: false,
        };
        // Came later: the other worlds stay what they were.
        let mut later = Rng::new(rng.clone().bits());
        SpacePlan { intruders: later.per_mille(300), bad_proofs: later.per_mille(250), ..plan }
    }
}

impl WorldPlan {
    /// The plan of a seed, and the chance that is left for its world.
    pub fn of_seed(seed: u64) -> (Rng, Self) {
        let mut rng = Rng::new(seed);
        let mut plan = WorldPlan::draw(&mut rng);
        if (SHARED..LIVELY).contains(&seed) {
            plan.share(&mut rng);
            return (rng, plan);
        }
        plan.space =
            (seed >= SPACIOUS).then(|| SpacePlan { removals: seed >= PHOTOS, ..SpacePlan::draw(&mut rng) });
        if (ROOTED..SHARED).contains(&seed) {
            plan.roots = 2;
            plan.devices = plan.devices.into_iter().flat_map(with_bundle).collect();
        }
        if seed >= LIVELY {
            for device in &mut plan.devices {
                (device.automatic, device.told) = (rng.per_mille(700), rng.per_mille(700));
            }
        }
        (rng, plan)
    }

    /// The plan of a seed that is drawn from `rng`, without what came last.
    pub fn draw(rng: &mut Rng) -> Self {
        let plan = WorldPlan::draw_first(rng);
        // What came to be drawn later has a source of its own, so that every other seed still makes the
        // world that it made before.
        plan.draw_more(&mut Rng::new(rng.clone().bits()))
    }

    fn draw_first(rng: &mut Rng) -> Self {
        let count = 2 + rng.index(3).min(rng.index(3));
        let coarse = rng.per_mille(250);
        let power_cuts = rng.per_mille(300);
        let devices = (0..count).map(|number| device(rng, number, coarse)).collect();
        let capabilities = Capabilities {
            compare_and_set: true,
            fencing: rng.per_mille(800),
            ranges: rng.per_mille(700),
            digests: rng.per_mille(700),
        };
        WorldPlan {
            devices,
            capabilities,
            page: *rng.pick(&[1, 2, 3, 10, 1000]).unwrap_or(&10),
            lease_s: *rng.pick(&[3, 10, 60]).unwrap_or(&10),
            steps: 80 + rng.below(350),
            meddling: *rng.pick(&[0, 0, 4, 25]).unwrap_or(&0),
            kills: power_cuts || rng.per_mille(300),
            power_cuts,
            bad_weather: rng.per_mille(450),
            conditions: rng.per_mille(300),
            losses: rng.per_mille(150),
            stops: rng.per_mille(400),
            lasting: None,
            bare_deletions: false,
            roots: 1,
            space: None,
            sharing: None,
        }
    }

    /// Makes it one of two or three accounts, with one or two devices each.
    fn share(&mut self, rng: &mut Rng) {
        let most = 2 + rng.index(2);
        let mut accounts: Vec<usize> = Vec::new();
        for account in 0..most {
            accounts.extend(std::iter::repeat_n(account, 1 + rng.index(2)));
        }
        self.devices = (0..accounts.len()).map(|number| device(rng, number, false)).collect();
        self.sharing = Some(SharingPlan { accounts, watchful: rng.per_mille(600) });
        self.steps += 300 + rng.below(400);
        if rng.per_mille(400) {
            // The room of this cloud and its backups are not simulated.
            let removals = rng.per_mille(600);
            let drawn = SpacePlan::draw(rng);
            self.space = Some(SpacePlan { small_cloud: false, restores: false, removals, ..drawn });
        }
    }

    fn draw_more(mut self, rng: &mut Rng) -> Self {
        self.capabilities.compare_and_set = !rng.per_mille(150);
        if !self.capabilities.compare_and_set {
            self.capabilities.fencing = rng.per_mille(500);
        }
        if rng.per_mille(150) {
            let rounds = *rng.pick(&[1, 2, 5]).unwrap_or(&1);
            self.lasting = Some((rounds, Weather::cloudy(rng)));
        }
        self.bare_deletions = rng.per_mille(100);
        self
    }

    /// Whether nothing ever goes wrong, so that no work may be done twice.
    pub fn is_calm(&self) -> bool {
        let quiet = !self.kills && !self.bad_weather && !self.losses && !self.conditions && !self.stops;
        let enough = self.space.is_none_or(|space| {
            let trouble = space.small_disks || space.small_cloud || space.restores;
            !trouble && !space.bad_assets && !space.bad_proofs && !space.removals
        });
        quiet && enough && self.lasting.is_none()
    }
}

fn with_bundle(gallery: DevicePlan) -> [DevicePlan; 2] {
    let mut bundle = gallery.clone();
    bundle.config.bundle_name = BUNDLE.into();
    bundle.config.new_files_at_once = 2;
    bundle.config.freed_at_once = 1;
    [gallery, bundle]
}

fn device(rng: &mut Rng, number: usize, coarse: bool) -> DevicePlan {
    let hour = 3_600_000_000_000;
    let mut config = Config::new(format!("/state{number}"), format!("/gallery{number}"));
    config.device_name = format!("dev{number}");
    config.transfer_threads = 1 + rng.index(4);
    config.freed_at_once = 2;
    config.trash_retention = Duration::from_secs(300 * 24 * 3600);
    if rng.per_mille(300) {
        config.download_policy = DownloadPolicy::OnDemand;
    }
    if rng.per_mille(200) {
        config.deletion_hold = DeletionHold { files: 3, percent: 30 };
    }
    DevicePlan {
        disk: DiskKind {
            grain_ns: if coarse { 10_000_000 } else { 1 },
            reuses_inodes: rng.per_mille(400),
            ordered_journal: rng.per_mille(500),
        },
        watched: rng.per_mille(600),
        wall_offset_ns: *rng.pick(&[0, 0, hour, -30 * hour]).unwrap_or(&0),
        config,
        automatic: false,
        told: false,
    }
}
