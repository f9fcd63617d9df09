//! A device's clock, chance and conditions.

use cloudsync_engine::ports::{Clock, Conditions, DeviceState, Random};
use parking_lot::Mutex;

use crate::rng::Rng;
use crate::shared::Wire;

/// A device's clock.
#[derive(Debug)]
pub struct SimClock {
    wire: Wire,
}

impl SimClock {
    /// The clock of a process.
    pub fn new(wire: Wire) -> Self {
        SimClock { wire }
    }
}

impl Clock for SimClock {
    fn monotonic_ns(&self) -> u64 {
        self.wire.peek().now_ns
    }

    fn wall_ns(&self) -> i64 {
        self.wire.peek().wall_ns(self.wire.device)
    }

    fn pause(&self, ns: u64) {
        self.wire.peek().pass(ns);
    }
}

/// An engine's own chance.
#[derive(Debug)]
pub struct SimRandom {
    rng: Mutex<Rng>,
}

impl SimRandom {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        SimRandom { rng: Mutex::new(Rng::new(seed)) }
    }
}

impl Random for SimRandom {
    fn next_u64(&self) -> u64 {
        self.rng.lock().bits()
    }
}

/// A device's network, battery and heat.
#[derive(Debug)]
pub struct SimConditions {
    wire: Wire,
}

impl SimConditions {
    /// The conditions of a process's device.
    pub fn new(wire: Wire) -> Self {
        SimConditions { wire }
    }
}

impl Conditions for SimConditions {
    fn read(&self) -> DeviceState {
        self.wire.peek().devices[self.wire.device].conditions
    }
}
