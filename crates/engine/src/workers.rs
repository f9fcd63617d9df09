//! The threads that carry out jobs: most for what nobody waits for, one for what a person does.

use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::core::{Core, Job, JobContext, JobDone};
use crate::error::{Error, Result};
use crate::os::yield_to_others;

/// Which threads carry a job out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hands {
    /// They leave the processors to whoever wants them too: what runs in the background is no reason for a host's own
    /// threads to wait.
    Background,
    /// One that takes nothing but what a person waits for, and so is free when that comes.
    Person,
}

/// Jobs on their way to their threads.
pub(crate) struct Workers {
    background: Crew,
    person: Crew,
}

/// Threads that take their jobs from one queue.
struct Crew {
    jobs: Sender<Job>,
    busy: usize,
    size: usize,
}

impl Workers {
    /// Starts `background` threads and the person's. Each tells `report` what a job came to, and ends when that says so, or
    /// when the workers are dropped.
    pub(crate) fn start<R>(
        background: usize,
        context: &JobContext,
        report: R,
    ) -> Result<(Workers, Vec<JoinHandle<()>>)>
    where
        R: Fn(Hands, JobDone) -> bool + Clone + Send + 'static,
    {
        let mut threads = Vec::with_capacity(background + 1);
        let mut crew = |hands, size| -> Result<Crew> {
            let (jobs, work) = bounded(size);
            for _ in 0..size {
                threads.push(worker(hands, context.clone(), work.clone(), report.clone())?);
            }
            Ok(Crew { jobs, busy: 0, size })
        };
        let workers =
            Workers { background: crew(Hands::Background, background)?, person: crew(Hands::Person, 1)? };
        Ok((workers, threads))
    }

    /// Gives idle threads what there is to do. What a person waits for is given to any.
    pub(crate) fn hand_out(&mut self, core: &mut Core) {
        self.person.take(|| core.next_job_of_person());
        self.background.take(|| core.next_job());
    }

    /// A job that one of these carried out is back.
    pub(crate) fn is_back(&mut self, hands: Hands) {
        match hands {
            Hands::Background => self.background.busy -= 1,
            Hands::Person => self.person.busy -= 1,
        }
    }
}

impl Crew {
    fn take(&mut self, mut next: impl FnMut() -> Option<Job>) {
        while self.busy < self.size
            && let Some(job) = next()
        {
            if self.jobs.send(job).is_err() {
                return;
            }
            self.busy += 1;
        }
    }
}

fn worker(
    hands: Hands,
    context: JobContext,
    work: Receiver<Job>,
    report: impl Fn(Hands, JobDone) -> bool + Send + 'static,
) -> Result<JoinHandle<()>> {
    let run = move || {
        if hands == Hands::Background {
            yield_to_others();
        }
        while let Ok(job) = work.recv() {
            if !report(hands, job.run(&context)) {
                return;
            }
        }
    };
    let name = match hands {
        Hands::Background => "cloudsync-work",
        Hands::Person => "cloudsync-first",
    };
    let spawned = Builder::new().name(name.into()).spawn(run);
    spawned.map_err(|error| Error::io("no thread for a worker", &error))
}
