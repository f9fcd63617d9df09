//! After everything that went wrong: all is well again, and all devices sync until nothing changes.

use cloudsync_engine::{Code, SyncProgress, SyncState};

use crate::accounts::Accounts;
use crate::disk::Tree;
use crate::people;
use crate::process::Process;
use crate::shared::fine_conditions;
use crate::weather::Weather;
use crate::world::World;

/// Rounds of all devices within which nothing more may change.
const ROUNDS: u32 = 30;
/// Steps of one device within which its run must end.
const STEPS: u32 = 20_000;
/// How long a device is left alone whose runs begin by themselves: longer than it waits for anything.
const ALONE_NS: u64 = 7_200_000_000_000;
/// Rounds in which a run may still fail, for what is left of earlier troubles.
const FORGIVING: u32 = 4;

impl World {
    /// Lets the world come to rest and checks it.
    pub(crate) fn settle(&mut self) {
        if self.is_broken() {
            return;
        }
        self.all_is_well();
        self.cloud_is_not_yet();
        for device in 0..self.processes.len() {
            self.open(device);
            self.drive(device);
        }
        for round in 0..ROUNDS {
            if self.is_broken() {
                return;
            }
            if self.plan.lasting.is_some_and(|(rounds, _)| rounds == round) {
                self.cloud_is_well();
            }
            let before = self.fingerprint();
            let good = self.round(round);
            if good && before == self.fingerprint() {
                self.check();
                if self.plan.space.is_some() {
                    self.bring_all_back();
                }
                self.rest();
                return;
            }
        }
        if !self.is_broken() {
            self.shared.lock().broken(2, "the devices do not settle".into());
        }
    }

    fn all_is_well(&mut self) {
        let mut shared = self.shared.lock();
        shared.note("ALL IS WELL");
        shared.meddling = 0;
        if let Some(space) = &mut shared.space {
            space.intruders = false;
        }
        shared.cloud.quota = None;
        for device in 0..shared.devices.len() {
            let state = &mut shared.devices[device];
            state.weather = Weather::default();
            state.conditions = fine_conditions();
            state.mounted = true;
            state.doom = None;
            state.capacity = None;
            people::tidy_up(&mut shared, device);
        }
    }

    /// What is wrong with the cloud lasts longer than all other troubles.
    fn cloud_is_not_yet(&mut self) {
        let Some((rounds, weather)) = self.plan.lasting else { return };
        let mut shared = self.shared.lock();
        shared.note(&format!("for {rounds} rounds: {weather:?}"));
        shared.devices.iter_mut().for_each(|device| device.weather = weather);
    }

    fn cloud_is_well(&mut self) {
        let mut shared = self.shared.lock();
        shared.note("THE CLOUD IS WELL");
        shared.devices.iter_mut().for_each(|device| device.weather = Weather::default());
    }

    /// Rounds in which a run may fail.
    fn forgiving(&self) -> u32 {
        FORGIVING + self.plan.lasting.map_or(0, |(rounds, _)| rounds)
    }

    /// Everything that a sync could change.
    fn fingerprint(&self) -> Vec<String> {
        let shared = self.shared.lock();
        let mut seen = vec![shared.cloud.sequence.to_string()];
        shared.tell_accounts_the_time();
        seen.extend(shared.accounts.iter().map(Accounts::fingerprint));
        for device in &shared.devices {
            seen.push(describe(&device.disk.live));
        }
        seen
    }

    /// Each device syncs once; tells whether all runs went well.
    pub(crate) fn round(&mut self, round: u32) -> bool {
        let mut good = true;
        for device in 0..self.processes.len() {
            self.shared.lock().pass(120_000_000_000);
            self.shared.lock().note(&format!("ROUND {round}, device {device}"));
            let Some(process) = &mut self.processes[device] else {
                self.shared.lock().broken(8, format!("device {device} is not open"));
                return false;
            };
            let troubled = self.plan.lasting.map_or(0, |(rounds, _)| rounds);
            if self.plan.devices[device].automatic && round > troubled {
                good &= self.leave_alone(device, round);
                continue;
            }
            if let Err(error) = process.start_sync() {
                let cloudy = self.plan.lasting.is_some_and(|(rounds, _)| round < rounds);
                if cloudy && matches!(error.code, Code::NetworkUnavailable | Code::CloudNotReady | Code::Ipc)
                {
                    good = false;
                    continue;
                }
                self.shared.lock().broken(2, format!("device {device} does not start: {error}"));
                return false;
            }
            self.drive(device);
            let ended = self.processes[device].as_ref().and_then(|process| process.ledger.ended);
            good &= self.went_well(device, ended, round);
        }
        good
    }

    /// Nobody asks a device for anything. Tells whether its runs, if there were any, went well.
    fn leave_alone(&mut self, device: usize, round: u32) -> bool {
        let until = self.shared.lock().now_ns + ALONE_NS;
        let Some(process) = &mut self.processes[device] else { return false };
        process.ledger.ended = None;
        for _ in 0..STEPS {
            process.listen();
            if process.has_work() {
                process.work();
                continue;
            }
            let Some(at) = process.wake_at().filter(|at| *at < until) else {
                let ended = process.ledger.ended;
                return ended.is_none() || self.went_well(device, ended, round);
            };
            let mut shared = self.shared.lock();
            shared.now_ns = shared.now_ns.max(at);
            drop(shared);
            process.tick();
        }
        self.shared.lock().broken(9, format!("device {device}: its runs do not end"));
        false
    }

    fn went_well(&mut self, device: usize, ended: Option<SyncProgress>, round: u32) -> bool {
        let Some(ended) = ended else { return false };
        if ended.deletions_held > 0 {
            let carry_out = self.shared.lock().rng.per_mille(500);
            self.shared.lock().note(&format!("device {device}: deletions: {carry_out}"));
            if let Some(process) = &mut self.processes[device] {
                process.core.answer_held_deletions(carry_out);
            }
            return false;
        }
        let failed = ended.files_failed > 0 && !self.only_refused(device);
        let good = ended.state == SyncState::Completed && !failed;
        if !good && round >= self.forgiving() {
            let stuck = self.stuck(device);
            let text = format!("device {device}: a run ends with {ended:?}, for no reason: {stuck}");
            self.shared.lock().broken(2, text);
        }
        good
    }

    /// The nodes that a device has not brought into step.
    fn stuck(&self, device: usize) -> String {
        let Some(process) = &self.processes[device] else { return String::new() };
        let trees = process.core.trees();
        let trees = trees.read();
        let nodes = trees.out_of_step().iter().map(|id| format!("{id:?} {:?}", trees.get(id)));
        nodes.collect::<Vec<_>>().join("; ")
    }

    /// Lets one device work until nothing is under way any more.
    pub(crate) fn drive(&mut self, device: usize) {
        let Some(process) = &mut self.processes[device] else { return };
        for _ in 0..STEPS {
            if process.has_work() {
                process.work();
            } else if !process.is_quiet() {
                let Some(at) = process.wake_at() else {
                    self.shared
                        .lock()
                        .broken(9, format!("device {device}: nothing to do, and the run does not end"));
                    return;
                };
                let mut shared = self.shared.lock();
                shared.now_ns = shared.now_ns.max(at);
                drop(shared);
                process.tick();
            } else {
                return;
            }
        }
        self.shared.lock().broken(9, format!("device {device}: the run does not end"));
    }

    /// With nothing to do, nothing is read, sent or changed.
    fn rest(&mut self) {
        let before = self.fingerprint();
        self.shared.lock().opened = 0;
        self.round(ROUNDS);
        let opened = self.shared.lock().opened;
        if self.is_broken() {
            return;
        }
        if before != self.fingerprint() {
            self.shared.lock().broken(2, "one more run changes something".into());
        }
        if opened > 0 {
            self.shared.lock().broken(0, format!("{opened} files are read although nothing changed"));
        }
    }
}

fn describe(tree: &Tree) -> String {
    let mut text = String::new();
    for (path, uid) in tree.walk() {
        if let Some(node) = tree.nodes.get(&uid).filter(|_| !path.starts_with(".cloudsync")) {
            text.push_str(&format!("{path} {:?} {} {:?};", node.kind(), node.mtime_ns, node.data()));
        }
    }
    text
}

impl Process {
    /// Whether everything accepted has ended.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.ledger.running && self.ledger.downloading == 0 && !self.is_freeing()
    }
}
