//! Whatever a vendor's code in C hands over, nothing panics, hangs, leaks or is read where it must not be.
//!
//! The fuzzer's bytes choose the calls, the answers, and how they come: [`caller`] asks, [`vendor`] is asked, and answers as
//! [`answers`] has it with what [`memory`] keeps. Pointers are what the interface asks for; what they lead to may be anything.
#![no_main]
#![deny(clippy::undocumented_unsafe_blocks)]

mod answers;
mod caller;
mod memory;
mod read;
mod vendor;
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use libfuzzer_sys::fuzz_target;

use crate::caller::Caller;
use crate::world::World;

/// How many calls one input makes at most.
const CALLS: usize = 12;

fuzz_target!(|bytes: &[u8]| {
    let world = World::new(bytes);
    if let Some(mut caller) = Caller::new(&world) {
        for _ in 0..CALLS {
            if world.is_over() {
                break;
            }
            caller.call();
        }
        caller.end();
    }
    world.end();
    let (handed, back) = (world.handed.load(Ordering::SeqCst), world.given_back.load(Ordering::SeqCst));
    assert_eq!(handed, back, "what was handed over has not come back");
    assert_eq!(Arc::strong_count(&world), 1, "somebody uses what has come back");
});
