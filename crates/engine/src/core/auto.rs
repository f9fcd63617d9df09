//! Runs that begin by themselves: soon after something changed, here or in the cloud, and once more, after waits
//! that grow, where one was refused or failed.

use cloudsync_cloud::CloudError;

use super::run::Ending;
use super::{Core, Task};
use crate::error::Error;
use crate::event::SyncState;
use crate::heard::Heard;
use crate::job::{Moved, Outcome, StopFlag, Work};
use crate::ports::Stirred;

/// What begins runs by itself, where that is wanted.
#[derive(Debug, Default)]
pub(super) struct Auto {
    on: bool,
    /// Changes of the disk that no look has shown yet.
    here: Option<Change>,
    /// Changes of the cloud that no listing has shown yet.
    there: Option<Change>,
    /// What a look at the disk alone has found, and no run has taken up.
    left: Option<Change>,
    /// When a run is wanted, whatever is heard.
    again: Option<u64>,
    /// Before this none begins.
    not_before: u64,
    /// How many in a row were refused, failed, or left files out.
    failures: u32,
    /// Whether one may begin is being asked.
    asking: bool,
    subscription: Subscription,
}

/// Changes that were heard of, by the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    first: u64,
    /// When the run or the look for them begins.
    pub(super) at: u64,
}

/// What tells of changes in the cloud.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Subscription {
    #[default]
    None,
    /// Asked for at a time; the one before tells until its own end.
    Asked { at: u64, before: Option<u64> },
    /// To be renewed and over at these times.
    Lasts { renew: u64, end: u64 },
    /// To be tried again then.
    Failed(u64),
}

const SECOND_NS: u64 = 1_000_000_000;
/// How long nothing more must change before a run begins.
const QUIET_NS: u64 = SECOND_NS / 2;
/// The longest that one is put off because more and more changes.
const MOST_QUIET_NS: u64 = 10 * SECOND_NS;
/// The first and the longest wait after a run that failed or was refused.
const BACK_OFF_NS: (u64, u64) = (2 * SECOND_NS, 60 * SECOND_NS);
/// The same after one that left files out.
const LEFT_OUT_NS: (u64, u64) = (30 * SECOND_NS, 3600 * SECOND_NS);
/// How often is looked where changes cannot be heard of: by disk or cloud.
const DEAF_NS: u64 = 900 * SECOND_NS;

impl Change {
    pub(super) fn put_off(&mut self, now: u64) {
        self.at = (now + QUIET_NS).min(self.first + MOST_QUIET_NS);
    }

    pub(super) fn heard(change: &mut Option<Change>, now: u64) {
        change.get_or_insert(Change { first: now, at: now }).put_off(now);
    }
}

impl Auto {
    fn due(&self) -> Option<u64> {
        let changes = [self.here, self.there, self.left].into_iter().flatten().map(|change| change.at);
        changes.chain(self.again).min().map(|at| at.max(self.not_before))
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Whether a run may begin is being asked.
    pub(super) fn is_asking(&self) -> bool {
        self.asking
    }

    /// When [`Core::tick_auto`] is wanted.
    pub(super) fn wake_at(&self, run_under_way: bool) -> Option<u64> {
        let run = if run_under_way || self.asking { None } else { self.due() };
        let subscription = match self.subscription {
            Subscription::Lasts { renew: at, .. } | Subscription::Failed(at) => Some(at),
            Subscription::None | Subscription::Asked { .. } => None,
        };
        run.into_iter().chain(subscription).min()
    }

    /// The disk's changes so far are being looked at.
    pub(super) fn looking(&mut self) {
        self.here = None;
    }

    /// The cloud is being asked for its changes so far.
    pub(super) fn listing(&mut self) {
        self.there = None;
    }

    /// A run begins, which takes up all that was heard of.
    pub(super) fn begun(&mut self) {
        self.forget();
        self.not_before = 0;
    }

    fn forget(&mut self) {
        (self.here, self.there, self.left, self.again, self.asking) = (None, None, None, None, false);
    }
}

impl Core {
    /// Lets runs begin by themselves, or no more. One that is under way goes on.
    pub fn set_auto_sync(&mut self, on: bool) {
        if self.auto.on == on {
            return;
        }
        let now = self.clock.monotonic_ns();
        let wanted = on && self.account.refusal().is_none();
        // As soon as the cloud tells of changes, the first run begins, or else a little later.
        self.auto = Auto { on, again: wanted.then_some(now + QUIET_NS), ..Auto::default() };
        self.listen();
        if wanted {
            self.subscribe();
        } else if !on {
            self.unsubscribe();
        }
    }

    /// A person does not want the cloud any more: what changes there, or here, begins nothing.
    pub(super) fn hush(&mut self) {
        if self.auto.on {
            self.auto = Auto { on: true, ..Auto::default() };
            self.unsubscribe();
        }
    }

    /// The cloud is wanted again, or is another one than before.
    pub(super) fn listen_again(&mut self) {
        if self.auto.on {
            let now = self.clock.monotonic_ns();
            self.auto = Auto { on: true, again: Some(now + QUIET_NS), ..Auto::default() };
            self.subscribe();
        }
    }

    /// Nothing begins by itself before something more changes.
    pub(super) fn await_next_change(&mut self) {
        self.auto.forget();
        if let Some(watcher) = &self.watcher {
            // It tells of the next change only when it was asked what the last one was.
            watcher.stirred();
        }
    }

    fn unsubscribe(&mut self) {
        self.enqueue(Task::Unsubscribe, Work::Unsubscribe, StopFlag::default(), Moved::default());
    }

    /// Something changed.
    pub fn hear(&mut self, side: Heard) {
        let now = self.clock.monotonic_ns();
        if side == Heard::Here {
            self.looks.hear(now);
        }
        match side {
            _ if !self.auto.on || self.account.refusal().is_some() => {}
            Heard::Here => Change::heard(&mut self.auto.here, now),
            Heard::There => Change::heard(&mut self.auto.there, now),
        }
    }

    /// The device's conditions changed: what waits for them is tried at once.
    pub fn conditions_changed(&mut self) {
        let now = self.clock.monotonic_ns();
        if self.auto.on && self.auto.not_before > now {
            (self.auto.not_before, self.auto.again) = (now, Some(now));
        }
    }

    pub(super) fn tick_auto(&mut self) {
        let now = self.clock.monotonic_ns();
        if let Subscription::Lasts { renew: at, .. } | Subscription::Failed(at) = self.auto.subscription
            && now >= at
        {
            self.subscribe();
        }
        if self.run.is_some() || self.auto.asking || !self.is_due(now) {
            return;
        }
        self.listen_once_more(now);
        if self.is_due(now) {
            self.auto.asking = true;
            self.enqueue(Task::Ask, Work::Ask, StopFlag::default(), Moved::default());
        }
    }

    fn is_due(&self, now: u64) -> bool {
        self.auto.due().is_some_and(|at| now >= at)
    }

    /// The watcher tells of the first change alone: whether more came is asked here.
    fn listen_once_more(&mut self, now: u64) {
        let Some(here) = &mut self.auto.here else { return };
        match self.watcher.as_ref().map_or(Stirred::Settled, |watcher| watcher.stirred()) {
            // Heard of too late: it has been looked at.
            Stirred::Nothing => self.auto.here = None,
            Stirred::Lately => here.put_off(now),
            Stirred::Settled => {}
        }
    }

    /// Whether a run may begin by itself is known.
    pub(super) fn asked(&mut self, outcome: Outcome) {
        let unwanted = self.run.is_some() || self.account.refusal().is_some() || self.leave.is_some();
        if !std::mem::take(&mut self.auto.asking) || unwanted {
            return;
        }
        let refused = match outcome {
            Outcome::Asked(Ok(())) => return self.begin_sync(),
            Outcome::Asked(Err(error)) => error,
            _ => Error::new(crate::Code::Inner, "nobody answered"),
        };
        self.events.log(3, &format!("no run begins by itself for now: {}", refused.text));
        self.back_off();
    }

    /// A run has ended, its own or one that somebody started.
    pub(super) fn note_end(&mut self, ending: Option<Ending>, state: SyncState, left_out: u64) {
        if !self.auto.on {
            return;
        }
        match ending {
            Some(Ending::Failed(..)) => self.back_off(),
            Some(Ending::Stopped) => {}
            None if state != SyncState::Completed || left_out > 0 => {
                let at = self.after_failure(LEFT_OUT_NS);
                self.auto.again = Some(at);
            }
            None => {
                self.auto.failures = 0;
                let hears = self.watcher.is_some()
                    && matches!(
                        self.auto.subscription,
                        Subscription::Lasts { .. } | Subscription::Asked { .. }
                    );
                self.auto.again = (!hears).then(|| self.clock.monotonic_ns() + DEAF_NS);
            }
        }
    }

    /// What a look that changed nothing has taken note of, or the host has decided, is still to be done.
    pub(super) fn note_left_over(&mut self) {
        if self.auto.on && !self.states.trees.read().out_of_step().is_empty() {
            let now = self.clock.monotonic_ns();
            self.auto.again = Some(self.auto.again.map_or(now, |again| again.min(now)));
        }
    }

    /// What a look at the disk alone has found is for a run to take up.
    pub(super) fn note_found(&mut self) {
        let waits = self.auto.on && self.account.refusal().is_none();
        if waits && !self.states.trees.read().out_of_step().is_empty() {
            let now = self.clock.monotonic_ns();
            Change::heard(&mut self.auto.left, now);
        }
    }

    fn back_off(&mut self) {
        let at = self.after_failure(BACK_OFF_NS);
        (self.auto.again, self.auto.not_before) = (Some(at), at);
    }

    /// When to try again: each time twice as late, and not at the same time as all others who failed with it.
    fn after_failure(&mut self, (first, most): (u64, u64)) -> u64 {
        let wait = (first << self.auto.failures.min(12)).min(most);
        self.auto.failures += 1;
        self.clock.monotonic_ns() + wait / 4 * 3 + self.random.next_u64() % (wait / 4)
    }

    fn subscribe(&mut self) {
        let before = match self.auto.subscription {
            Subscription::Lasts { end, .. } => Some(end),
            _ => None,
        };
        self.auto.subscription = Subscription::Asked { at: self.clock.monotonic_ns(), before };
        self.enqueue(Task::Subscribe, Work::Subscribe, StopFlag::default(), Moved::default());
    }

    pub(super) fn subscribed(&mut self, outcome: Outcome) {
        let Subscription::Asked { at, before } = self.auto.subscription else { return };
        let now = self.clock.monotonic_ns();
        self.auto.subscription = match outcome {
            Outcome::Subscribed(Ok(lasts_ns)) => {
                if before.is_none_or(|end| end <= now) {
                    // What changed before it is not told.
                    self.auto.again = Some(now);
                }
                Subscription::Lasts {
                    renew: at + (lasts_ns / 2).max(SECOND_NS),
                    end: at.saturating_add(lasts_ns),
                }
            }
            Outcome::Subscribed(Err(
                CloudError::Network(_)
                | CloudError::Gone(_)
                | CloudError::TooManyRequests(_)
                | CloudError::Disabled,
            )) => Subscription::Failed(now + BACK_OFF_NS.1),
            outcome => {
                self.events.log(2, &format!("changes in the cloud are found late: {outcome:?}"));
                Subscription::Failed(now + DEAF_NS)
            }
        };
    }
}
