//! Looks at the disk, soon after something changed there, while somebody is told of changes: they hear of it without a run. The
//! cloud is not asked, and nothing is changed but marks that are true no more; the next run finds what was found.

use super::auto::Change;
use super::marks::AfterMarks;
use super::outlook::Outlook;
use super::run::{Phase, Run};
use super::{Core, PlanAnswer};
use crate::heard::Heard;
use crate::ports::{Stirred, Wake};

/// What begins looks.
#[derive(Debug, Default)]
pub(super) struct Looks {
    wanted: bool,
    /// Changes of the disk that no look has shown yet.
    here: Option<Change>,
    /// Whether the watcher tells of the first change.
    listening: bool,
}

impl Looks {
    /// When [`Core::tick_look`] is wanted.
    pub(super) fn wake_at(&self, may_look: bool) -> Option<u64> {
        self.here.filter(|_| may_look).map(|change| change.at)
    }

    /// Something has changed on the disk.
    pub(super) fn hear(&mut self, now: u64) {
        if self.wanted {
            Change::heard(&mut self.here, now);
        }
    }

    /// The disk's changes so far are being looked at.
    pub(super) fn looking(&mut self) {
        self.here = None;
    }
}

impl Core {
    /// Somebody wants to be told of changes of the disk from now on, also of those that nobody has seen yet; or nobody does any
    /// more.
    pub fn want_looks(&mut self, wanted: bool) {
        if self.looks.wanted == wanted {
            return;
        }
        self.looks = Looks { wanted, here: None, ..std::mem::take(&mut self.looks) };
        self.listen();
        let now = self.clock.monotonic_ns();
        self.looks.hear(now);
    }

    /// Lets the watcher tell of changes while a run or a look is to begin by itself.
    pub(super) fn listen(&mut self) {
        let on = self.auto.is_on() || self.looks.wanted;
        if self.looks.listening == on {
            return;
        }
        self.looks.listening = on;
        let Some(watcher) = &self.watcher else { return };
        let wake = self.wake.clone().filter(|_| on).map(|wake| {
            let wake: Wake = std::sync::Arc::new(move || wake(Heard::Here));
            wake
        });
        if let Err(error) = watcher.wake(wake) {
            self.events.log(2, &format!("changes on this disk are found late: {error}"));
        }
    }

    /// A run looks at the disk itself, also one that is just to begin, and an account that is let go of leaves nothing as it was.
    pub(super) fn may_look(&self) -> bool {
        self.run.is_none() && !self.auto.is_asking() && self.settled().is_ok()
    }

    /// Begins the look that is due.
    pub(super) fn tick_look(&mut self) {
        let now = self.clock.monotonic_ns();
        if !self.may_look() || self.looks.wake_at(true).is_none_or(|at| now < at) {
            return;
        }
        let stirred = self.watcher.as_ref().map_or(Stirred::Settled, |watcher| watcher.stirred());
        match (stirred, &mut self.looks.here) {
            // It has been looked at.
            (Stirred::Nothing, here) if self.watching => return *here = None,
            (Stirred::Lately, Some(here)) if self.watching => {
                here.put_off(now);
                if here.at > now {
                    return;
                }
            }
            _ => {}
        }
        let watched = self.take_watched();
        let outlook = Outlook::of_disk();
        self.run = Some(Run::looking_at_disk(self.clock.monotonic_ns(), watched, outlook));
        self.advance();
    }

    /// A look at the disk that is under way goes on as one at what a start would do. Gives the answer back where none is.
    pub(super) fn widen_look(&mut self, answer: PlanAnswer) -> Option<PlanAnswer> {
        let Some(run) = self.run.as_mut().filter(|run| run.is_look() && run.ending.is_none()) else {
            return Some(answer);
        };
        match &mut run.phase {
            Phase::Observe(observe) => observe.ask_cloud(),
            Phase::Marks(_, then) => *then = AfterMarks::Round,
            _ => return Some(answer),
        }
        run.outlook = Some(Outlook::new(answer));
        self.advance();
        None
    }
}
