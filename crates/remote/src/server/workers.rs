//! The threads that carry a connection's calls out. They come when they are needed and go when they are not.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::connection::Connection;
use super::{calls, notices};
use crate::frame::{Frame, Kind};

/// How many calls of a connection are carried out at a time.
const MOST: usize = 64;
/// How long a thread waits for more to do.
const IDLE: Duration = Duration::from_secs(10);

/// Something to do.
pub(super) enum Job {
    /// To carry out a call.
    Request(Kind, Frame),
    /// To pass a notice on.
    Notice(u64),
}

/// A connection's threads.
#[derive(Default)]
pub(super) struct Workers {
    state: Mutex<State>,
    given: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    ended: bool,
}

type Body = Box<dyn FnOnce(&Arc<Connection>) + Send>;

impl Workers {
    /// Gives them something to do, starting one more where all are at work; whether somebody will do it.
    pub(super) fn give(&self, job: Job, start: impl FnOnce(Body) -> bool) -> bool {
        let mut state = self.state.lock();
        if state.ended {
            return false;
        }
        state.jobs.push_back(job);
        if state.jobs.len() <= state.idle {
            self.given.notify_one();
            return true;
        }
        if state.threads >= MOST {
            return true;
        }
        state.threads += 1;
        drop(state);
        if start(Box::new(work)) {
            return true;
        }
        let mut state = self.state.lock();
        state.threads -= 1;
        // Another one will do it, unless there is none.
        state.threads > 0 || state.jobs.pop_back().is_none()
    }

    /// There is nothing more to do.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        state.jobs.clear();
        self.given.notify_all();
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            state.idle += 1;
            let waited = !state.ended && !self.given.wait_for(&mut state, IDLE).timed_out();
            state.idle -= 1;
            if state.jobs.is_empty() && !waited {
                state.threads -= 1;
                return None;
            }
        }
    }
}

fn work(connection: &Arc<Connection>) {
    while let Some(job) = connection.workers().next() {
        match job {
            Job::Request(kind, frame) => calls::carry_out(connection, kind, frame),
            Job::Notice(call) => notices::pass_on(connection, call),
        }
    }
}
