//! Time and randomness, from the kernel.

use std::hash::{BuildHasher, RandomState};

use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, clock_gettime};

use crate::ports::{Clock, Random};

const NS_PER_S: i64 = 1_000_000_000;

fn clock_ns(id: ClockId) -> i64 {
    let now = clock_gettime(id);
    now.tv_sec.saturating_mul(NS_PER_S).saturating_add(now.tv_nsec)
}

/// Nanoseconds since 1970.
pub(super) fn wall_ns() -> i64 {
    clock_ns(ClockId::Realtime)
}

/// Nanoseconds since the device was started, the time that it slept included.
pub(super) fn monotonic_ns() -> u64 {
    clock_ns(ClockId::Boottime).unsigned_abs()
}

/// 64 bits from the kernel's generator.
pub(super) fn random_u64() -> u64 {
    let mut bytes = [0; 8];
    match getrandom(&mut bytes, GetRandomFlags::empty()) {
        Ok(8) => u64::from_ne_bytes(bytes),
        // A sandbox may refuse the call. std keeps keys of its own from the same source, and every
        // state made from them differs.
        _ => RandomState::new().hash_one(monotonic_ns()),
    }
}

/// The device's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn monotonic_ns(&self) -> u64 {
        monotonic_ns()
    }

    fn wall_ns(&self) -> i64 {
        wall_ns()
    }

    fn pause(&self, ns: u64) {
        std::thread::sleep(std::time::Duration::from_nanos(ns));
    }
}

/// The kernel's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn next_u64(&self) -> u64 {
        random_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn time_goes_on() {
        let first = SystemClock.monotonic_ns();
        assert!(SystemClock.monotonic_ns() >= first && first > 0);
        assert!(SystemClock.wall_ns() > 1_600_000_000 * NS_PER_S);
    }

    #[test]
    fn random_numbers_differ() {
        let seen: BTreeSet<u64> = (0..1000).map(|_| SystemRandom.next_u64()).collect();
        assert_eq!(seen.len(), 1000);
    }
}
