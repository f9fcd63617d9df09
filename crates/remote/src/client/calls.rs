//! The calls that are under way on a connection, and what has come for each of them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::frame::{Data, Violation, WANTS, WINDOW, violation};
use crate::message::{Failure, Moved, Want};
use crate::payload::Payload;

/// How many notes of a call may wait to be looked at.
const NOTES: usize = 1024;

/// Something that came for a call.
#[derive(Debug)]
pub(super) enum Event {
    /// The call's answer.
    Answer(Payload),
    /// The call failed.
    Failure(Failure),
    /// Bytes of an upload are wanted.
    Want(Want),
    /// Bytes of a download.
    Data(Data),
    /// The server has moved so many bytes by itself.
    Moved(Moved),
    /// The server still works at it.
    Working,
    /// The connection has ended, for this reason.
    Lost(String),
}

/// One call, as whoever made it waits for it.
#[derive(Default)]
pub(super) struct Call {
    came: Mutex<Came>,
    changed: Condvar,
}

#[derive(Default)]
struct Came {
    events: VecDeque<Event>,
    bytes: usize,
    wants: usize,
}

impl Call {
    /// The next event; nothing where none comes in time.
    pub(super) fn next(&self, timeout: Duration) -> Option<Event> {
        let mut came = self.came.lock();
        if came.events.is_empty() {
            let until = Instant::now() + timeout;
            while came.events.is_empty() && !self.changed.wait_until(&mut came, until).timed_out() {}
        }
        let event = came.events.pop_front()?;
        match &event {
            Event::Data(data) => came.bytes -= data.bytes().len(),
            Event::Want(_) => came.wants -= 1,
            _ => {}
        }
        Some(event)
    }

    fn tell(&self, event: Event) -> Result<(), Violation> {
        let mut came = self.came.lock();
        if matches!(came.events.back(), Some(Event::Answer(_) | Event::Failure(_))) {
            // The call is over: an answer is long, and one is enough to hold.
            return Ok(());
        }
        match &event {
            Event::Data(data) => {
                came.bytes += data.bytes().len();
                if came.bytes > WINDOW {
                    return violation("more bytes than there is room for");
                }
            }
            Event::Want(_) => {
                came.wants += 1;
                if came.wants > WANTS {
                    return violation("more is wanted at once than may be");
                }
            }
            Event::Working if matches!(came.events.back(), Some(Event::Working)) => return Ok(()),
            _ => {}
        }
        if came.events.len() >= NOTES + WANTS {
            return violation("more notes than anybody can read");
        }
        if let (Event::Moved(moved), Some(Event::Moved(last))) = (&event, came.events.back_mut())
            && last.item == moved.item
        {
            last.bytes = last.bytes.saturating_add(moved.bytes);
            last.end = last.end.max(moved.end);
            return Ok(());
        }
        came.events.push_back(event);
        self.changed.notify_one();
        Ok(())
    }
}

/// All calls of a connection.
pub(super) struct Calls {
    open: Mutex<Open>,
    /// One has ended.
    ended: Condvar,
    most: usize,
}

#[derive(Default)]
struct Open {
    last: u64,
    calls: HashMap<u64, Arc<Call>>,
    lost: Option<String>,
}

impl Calls {
    /// Of a connection on which so many may be under way at a time.
    pub(super) fn new(most: usize) -> Self {
        Calls { open: Mutex::default(), ended: Condvar::new(), most: most.max(1) }
    }

    /// Begins a call: its number, which is above those of all before it, and where its events come. The connection sends it
    /// with `send`, before any that begins later.
    ///
    /// # Errors
    /// Why the connection has ended, or why the call must wait too long.
    pub(super) fn begin(&self, timeout: Duration) -> Result<(u64, Arc<Call>), String> {
        let until = Instant::now() + timeout;
        let mut open = self.open.lock();
        while open.lost.is_none() && open.calls.len() >= self.most {
            if self.ended.wait_until(&mut open, until).timed_out() {
                return Err(format!("{} calls are under way and none of them ends", self.most));
            }
        }
        if let Some(text) = &open.lost {
            return Err(text.clone());
        }
        open.last += 1;
        let (number, call) = (open.last, Arc::new(Call::default()));
        open.calls.insert(number, call.clone());
        Ok((number, call))
    }

    /// Nobody waits for a call any more.
    pub(super) fn end(&self, number: u64) {
        self.open.lock().calls.remove(&number);
        self.ended.notify_one();
    }

    /// Something came for a call. One that nobody waits for any more is passed by.
    pub(super) fn tell(&self, number: u64, event: Event) -> Result<(), Violation> {
        let call = {
            let open = self.open.lock();
            if number > open.last {
                return violation(format!("something for the call {number}, which was not made"));
            }
            open.calls.get(&number).cloned()
        };
        call.map_or(Ok(()), |call| call.tell(event))
    }

    /// The connection has ended: so have all calls.
    pub(super) fn lose(&self, text: &str) {
        let calls = {
            let mut open = self.open.lock();
            open.lost.get_or_insert_with(|| text.to_owned());
            std::mem::take(&mut open.calls)
        };
        self.ended.notify_all();
        for call in calls.into_values() {
            let mut came = call.came.lock();
            came.events.push_back(Event::Lost(text.to_owned()));
            call.changed.notify_one();
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.open.lock().lost.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_was_answered_holds_no_second_answer() {
        let calls = Calls::new(1);
        let (number, call) = calls.begin(Duration::ZERO).unwrap();
        calls.tell(number, Event::Working).unwrap();
        for byte in 0..=255 {
            calls.tell(number, Event::Answer(vec![byte].into())).unwrap();
        }
        calls.tell(number, Event::Working).unwrap();
        assert!(matches!(call.next(Duration::ZERO), Some(Event::Working)));
        assert!(matches!(call.next(Duration::ZERO), Some(Event::Answer(body)) if *body == [0]));
        assert!(call.next(Duration::ZERO).is_none());
    }
}
