//! Signing in and out, and letting go of an account.
//!
//! Letting go forgets what is known of the account's cloud, in one transaction of the index, so that the files are as if
//! they had never been synced: the next run with any account finds them as new, and joins them with what that account
//! has already. What was not uploaded is not touched. Where their own copies are to go as well, every file takes the
//! way of the freeing of space: it goes where the cloud has just proved that it holds it, and stays otherwise. A kill
//! before the end leaves files that are synced as before; asking once more goes on.

use super::evict::Answer;
use super::{Core, DeletionHold, Task};
use crate::account::{CloudSwitch, LocalCopies};
use crate::error::{Code, Error, Result};
use crate::event::OptimizeState;
use crate::job::{Moved, Outcome, StopFlag, Work};
use crate::tree::NodeId;

/// An account that is let go of.
pub(super) struct Leave {
    copies: LocalCopies,
    step: Step,
    /// How often files' own copies were to go.
    passes: u32,
    answer: Answer,
}

/// A file that was changed, or marked, within the last tick of its disk's clock cannot be told from one that is being
/// changed: it is tried again so often, after so long.
const MOST_PASSES: u32 = 3;
const PAUSE_NS: u64 = 100_000_000;

/// How far letting go is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// What is under way ends.
    Quieting,
    /// The account is asked whether it can be asked.
    Asking,
    /// Files' own copies go.
    Freeing,
    /// What could not go just now is tried again then.
    Pausing(u64),
    /// Folders that are empty now go.
    Tidying,
}

impl Leave {
    pub(super) fn wake_at(&self) -> Option<u64> {
        match self.step {
            Step::Pausing(until) => Some(until),
            Step::Quieting | Step::Asking | Step::Freeing | Step::Tidying => None,
        }
    }
}

impl Core {
    /// A person has signed in or out, or has switched the cloud on or off. What is under way stops where it is not
    /// wanted any more; nothing is removed.
    pub fn switch_cloud(&mut self, switch: CloudSwitch) -> Result<()> {
        let before = self.account.switches();
        self.account.switch(switch);
        if self.account.switches() == before {
            return Ok(());
        }
        // A sign-out that a kill undoes would send files that nobody wants sent.
        let saved = self.save();
        match self.account.refusal() {
            Some(_) => {
                self.stop_everything();
                self.hush();
            }
            None => self.listen_again(),
        }
        saved
    }

    /// Lets go of the account that the files are synced with, and tells when that is done. Without one, or with
    /// nothing synced, this is no error. Fails with `TaskRunning` while it is being done already, and, where copies are
    /// to go, if the account cannot be asked what it holds: then nothing is forgotten.
    pub fn leave_account(&mut self, copies: LocalCopies, answer: Answer) {
        if let Err(error) = self.settled() {
            return answer(Err(error));
        }
        self.leave = Some(Leave { copies, step: Step::Quieting, passes: 0, answer });
        self.account.set_leaving(true);
        self.stop_everything();
        self.go_on_leaving();
    }

    /// Fails while an account is let go of: whatever begins meanwhile would be half of either.
    pub(super) fn settled(&self) -> Result<()> {
        let text = "the files are being let go of by their account: wait for the end of it";
        self.leave.as_ref().map_or(Ok(()), |_| Err(Error::new(Code::TaskRunning, text)))
    }

    /// Whether files go although a person wants them to stay on this device: it is them who lets go.
    pub(super) fn overrules_pins(&self) -> bool {
        self.leave.is_some()
    }

    fn stop_everything(&mut self) {
        self.stop_sync();
        self.stop_outlook();
        self.stop_downloads();
        self.stop_optimize();
    }

    /// Begins when nothing is under way any more, and goes on after a pause.
    pub(super) fn go_on_leaving(&mut self) {
        let Some(Leave { copies, step, .. }) = self.leave else { return };
        match (step, copies) {
            (Step::Quieting, _) if !self.is_quiet() => {}
            (Step::Quieting, LocalCopies::Retain) => self.let_go(),
            (Step::Quieting, LocalCopies::Clear) => {
                self.step(Step::Asking);
                self.enqueue(Task::AskAccount, Work::AskAccount, StopFlag::default(), Moved::default());
            }
            (Step::Pausing(until), _) if self.clock.monotonic_ns() >= until => self.free_all(),
            (Step::Asking | Step::Freeing | Step::Pausing(_) | Step::Tidying, _) => {}
        }
    }

    fn free_all(&mut self) {
        if let Some(leave) = &mut self.leave {
            (leave.step, leave.passes) = (Step::Freeing, leave.passes + 1);
        }
        self.free_everything();
    }

    /// Whether another pass may take more.
    fn may_free_more(&self) -> bool {
        let again = self.leave.as_ref().is_some_and(|leave| leave.passes < MOST_PASSES);
        again && self.states.notes.read().kept.values().any(|error| error.code == Code::TryAgain)
    }

    fn step(&mut self, step: Step) {
        if let Some(leave) = &mut self.leave {
            leave.step = step;
        }
    }

    pub(super) fn account_asked(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Asked(Ok(())) => self.free_all(),
            Outcome::Asked(Err(error)) => {
                let text = format!(
                    "{}; until the cloud can be asked what it holds, no file is removed: try again then, or retain them",
                    error.text
                );
                self.end_leaving(Err(Error::new(error.code, text)));
            }
            _ => self.end_leaving(Err(Error::new(Code::Inner, "nobody answered: try again"))),
        }
    }

    /// What the cloud proved to hold has gone.
    pub(super) fn all_freed(&mut self, result: Result<OptimizeState>) {
        match result {
            Ok(OptimizeState::Stopped) => {
                let text = "it was stopped before all files were looked at: try again";
                self.end_leaving(Err(Error::new(Code::Interrupted, text)));
            }
            Ok(_) if self.may_free_more() => {
                self.step(Step::Pausing(self.clock.monotonic_ns() + PAUSE_NS));
            }
            Ok(_) => {
                self.step(Step::Tidying);
                let folders = self.folders_of_the_cloud();
                let work = Work::RemoveEmpty(folders);
                self.enqueue(Task::RemoveEmpty, work, StopFlag::default(), Moved::default());
            }
            Err(error) => self.end_leaving(Err(error)),
        }
    }

    /// The inner ones first.
    fn folders_of_the_cloud(&self) -> Vec<String> {
        let trees = self.states.trees.read();
        let synced = trees.folders().filter(|id| trees.get(*id).is_some_and(|node| node.synced.is_some()));
        let mut folders: Vec<String> = synced.filter_map(|id| trees.local_path(id)).collect();
        folders.sort_unstable_by(|a, b| b.cmp(a));
        folders
    }

    /// Forgets what is known of the account's cloud.
    pub(super) fn let_go(&mut self) {
        let here = {
            let mut trees = self.states.trees.write();
            let all: Vec<NodeId> = trees.iter().map(|(id, _)| id).collect();
            all.into_iter().for_each(|id| trees.let_go(id));
            trees.len()
        };
        self.cursor.clear();
        self.sent.clear();
        self.account.forget();
        self.deletions = DeletionHold::default();
        self.states.let_go();
        self.context.disconnect();
        self.distrust_watcher();
        let saved = self.save();
        self.tidy_previews();
        self.events
            .log(3, &format!("the account was let go of; {here} files and folders are here alone now"));
        self.end_leaving(saved);
    }

    fn end_leaving(&mut self, result: Result<()>) {
        self.account.set_leaving(false);
        if let Some(Leave { answer, .. }) = self.leave.take() {
            answer(result);
        }
        if self.account.refusal().is_none() {
            self.listen_again();
        }
        self.tell_changes();
    }

    /// Ends it without waiting for what is under way.
    pub(super) fn abandon_leaving(&mut self) {
        if self.leave.is_some() {
            let closed = "the library was closed meanwhile: open it and try again";
            self.end_leaving(Err(Error::new(Code::Ipc, closed)));
        }
    }
}
