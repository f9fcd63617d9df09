//! Jobs that wait for a worker.

use std::collections::VecDeque;

use crate::job::{Job, JobId};

/// Who waits for a job, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// A person looks at the screen.
    Person,
    /// Somebody asked for many files.
    Batch,
    /// Nobody.
    Background,
}

/// The jobs, in order of urgency, and the oldest first among equals.
#[derive(Debug, Default)]
pub(super) struct JobQueue {
    person: VecDeque<Job>,
    batch: VecDeque<Job>,
    background: VecDeque<Job>,
}

impl JobQueue {
    pub(super) fn push(&mut self, job: Job, urgency: Urgency) {
        match urgency {
            Urgency::Person => self.person.push_back(job),
            Urgency::Batch => self.batch.push_back(job),
            Urgency::Background => self.background.push_back(job),
        }
    }

    pub(super) fn pop(&mut self) -> Option<Job> {
        let first = self.pop_of_person().or_else(|| self.batch.pop_front());
        first.or_else(|| self.background.pop_front())
    }

    pub(super) fn pop_of_person(&mut self) -> Option<Job> {
        self.person.pop_front()
    }

    /// Somebody waits for a job that was of less urgency, and has not begun.
    pub(super) fn promote(&mut self, id: JobId, urgency: Urgency) {
        let jobs = [&mut self.background, &mut self.batch].into_iter();
        let job = jobs.filter_map(|jobs| jobs.remove(jobs.iter().position(|job| job.id == id)?)).next();
        if let Some(job) = job {
            self.push(Job { urgent: urgency == Urgency::Person, ..job }, urgency);
        }
    }

    /// Takes out those of nobody that `choose` names.
    pub(super) fn take_background(&mut self, choose: impl Fn(&Job) -> bool) -> Vec<Job> {
        let (taken, kept) = std::mem::take(&mut self.background).into_iter().partition(|job| choose(job));
        self.background = kept;
        let taken: VecDeque<Job> = taken;
        taken.into()
    }

    pub(super) fn clear(&mut self) {
        *self = JobQueue::default();
    }
}
