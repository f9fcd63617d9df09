//! How fast bytes move, in all transfers together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::ports::Clock;

/// Which way bytes move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the cloud.
    Up,
    /// From the cloud.
    Down,
}

/// Limits that all who hold a copy share. They may be changed at any time.
#[derive(Debug, Clone, Default)]
pub struct Bandwidth(Arc<[Limit; 2]>);

#[derive(Debug, Default)]
struct Limit {
    bucket: Mutex<Bucket>,
    /// How many transfers that a person waits for are waiting here.
    people: AtomicUsize,
}

/// What may move now: it fills with time, and a transfer that finds anything in it takes what it needs, and leaves it
/// to the others to wait until that is made up for.
#[derive(Debug, Default)]
struct Bucket {
    /// Bytes a second; 0 for any number.
    rate: u64,
    left: i64,
    /// Up to when it has been filled, by the monotonic clock.
    filled_ns: u64,
}

const SECOND_NS: u128 = 1_000_000_000;
/// How much may have gathered, as a part of a second.
const GATHERED: u64 = 10;
/// The longest wait without a look at whether it still makes sense.
const LOOK_NS: u64 = 20_000_000;
/// The least that is read at a time.
const LEAST: usize = 4096;

impl Bucket {
    fn fill(&mut self, now: u64) {
        let passed = u128::from(now.saturating_sub(self.filled_ns));
        let gained = passed * u128::from(self.rate) / SECOND_NS;
        if gained == 0 {
            return;
        }
        let most = i64::try_from((self.rate / GATHERED).max(1)).unwrap_or(i64::MAX);
        let gained = i64::try_from(gained).unwrap_or(i64::MAX);
        self.left = self.left.saturating_add(gained).min(most);
        self.filled_ns = now;
    }

    /// How long until there is something in it.
    fn wait_ns(&self) -> u64 {
        let missing = u128::from((1 - self.left).max(1).unsigned_abs());
        u64::try_from(missing * SECOND_NS / u128::from(self.rate.max(1)) + 1).unwrap_or(u64::MAX)
    }
}

impl Bandwidth {
    /// Sets how many bytes a second go up and down; 0 for any number.
    pub fn set(&self, up: u64, down: u64) {
        for (limit, rate) in self.0.iter().zip([up, down]) {
            let mut bucket = limit.bucket.lock();
            bucket.rate = rate;
            // What was owed or gathered at another rate says nothing now.
            bucket.left = 0;
        }
    }

    fn limit(&self, direction: Direction) -> &Limit {
        match direction {
            Direction::Up => &self.0[0],
            Direction::Down => &self.0[1],
        }
    }

    /// How many of `wanted` bytes to move at a time, for the limit to be kept smoothly.
    pub(crate) fn piece(&self, direction: Direction, wanted: usize) -> usize {
        match self.limit(direction).bucket.lock().rate {
            0 => wanted,
            rate => wanted.min(usize::try_from(rate / GATHERED).unwrap_or(usize::MAX).max(LEAST)),
        }
    }

    /// Waits until `bytes` may move. What a person waits for goes first; who is to stop waits no longer.
    pub(crate) fn take(
        &self,
        direction: Direction,
        bytes: u64,
        clock: &dyn Clock,
        urgent: bool,
        stops: impl Fn() -> bool,
    ) {
        let limit = self.limit(direction);
        let _person = urgent.then(|| Person::at(limit));
        while !stops() {
            let wait = {
                let mut bucket = limit.bucket.lock();
                if bucket.rate == 0 {
                    return;
                }
                bucket.fill(clock.monotonic_ns());
                let first = urgent || limit.people.load(Ordering::Acquire) == 0;
                if bucket.left > 0 && first {
                    bucket.left = bucket.left.saturating_sub(i64::try_from(bytes).unwrap_or(i64::MAX));
                    return;
                }
                if first { bucket.wait_ns() } else { LOOK_NS }
            };
            clock.pause(wait.min(LOOK_NS));
        }
    }
}

/// Somebody whom the others let go first.
struct Person<'l>(&'l Limit);

impl<'l> Person<'l> {
    fn at(limit: &'l Limit) -> Self {
        limit.people.fetch_add(1, Ordering::AcqRel);
        Person(limit)
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        self.0.people.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64};

    use super::*;

    /// A clock that goes on when somebody waits.
    #[derive(Default)]
    struct Waiting(AtomicU64);

    impl Clock for Waiting {
        fn monotonic_ns(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }

        fn wall_ns(&self) -> i64 {
            0
        }

        fn pause(&self, ns: u64) {
            self.0.fetch_add(ns, Ordering::SeqCst);
        }
    }

    const SECOND: u64 = 1_000_000_000;

    fn limited(up: u64, down: u64) -> (Bandwidth, Waiting) {
        let bandwidth = Bandwidth::default();
        bandwidth.set(up, down);
        let clock = Waiting::default();
        clock.pause(1000 * SECOND);
        (bandwidth, clock)
    }

    #[test]
    fn so_many_bytes_take_so_long() {
        for (rate, piece) in [(1000, 7), (1_000_000, 4096), (50_000_000, 1 << 20), (3, 10)] {
            let (bandwidth, clock) = limited(rate, 0);
            let begun = clock.monotonic_ns();
            let mut moved = 0;
            while moved < rate * 20 {
                bandwidth.take(Direction::Up, piece, &clock, false, || false);
                moved += piece;
            }
            let took = (clock.monotonic_ns() - begun) as f64 / SECOND as f64;
            let expected = moved as f64 / rate as f64;
            assert!((took - expected).abs() < 0.2 + piece as f64 / rate as f64, "{took} s at {rate}");
        }
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let (bandwidth, clock) = limited(0, 10);
        let begun = clock.monotonic_ns();
        bandwidth.take(Direction::Up, u64::MAX, &clock, false, || false);
        assert_eq!(clock.monotonic_ns(), begun);
        assert_eq!(bandwidth.piece(Direction::Up, 1 << 20), 1 << 20);
        assert_eq!(bandwidth.piece(Direction::Down, 1 << 20), LEAST);
    }

    #[test]
    fn who_is_to_stop_or_is_let_go_waits_no_longer() {
        let (bandwidth, clock) = limited(1, 1);
        bandwidth.take(Direction::Up, 1 << 40, &clock, false, || false);
        let begun = clock.monotonic_ns();
        bandwidth.take(Direction::Up, 1, &clock, false, || clock.monotonic_ns() > begun + SECOND / 2);
        assert!(clock.monotonic_ns() - begun < SECOND);
        bandwidth.set(0, 0);
        bandwidth.take(Direction::Up, 1, &clock, false, || false);
        assert!(clock.monotonic_ns() - begun < SECOND);
    }

    #[test]
    fn a_person_goes_first() {
        let (bandwidth, clock) = limited(0, 1000);
        let waits = Person::at(bandwidth.limit(Direction::Down));
        let gone = AtomicBool::new(false);
        let begun = clock.monotonic_ns();
        bandwidth.take(Direction::Down, 10, &clock, false, || {
            let late = clock.monotonic_ns() > begun + 10 * SECOND;
            gone.store(late, Ordering::SeqCst);
            late
        });
        assert!(gone.load(Ordering::SeqCst), "the background did not let the person go first");
        bandwidth.take(Direction::Down, 10, &clock, true, || false);
        drop(waits);
        bandwidth.take(Direction::Down, 10, &clock, false, || false);
        assert!(clock.monotonic_ns() < begun + 11 * SECOND);
    }
}
