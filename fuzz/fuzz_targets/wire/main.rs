//! Whatever bytes come over a connection, neither side panics or hangs, and a server serves others on.
//!
//! The first byte says which side hears the rest: [`server`] or [`client`]. [`talk`] makes frames of it, [`cloud`] is what
//! the server serves.
#![no_main]

mod client;
mod cloud;
mod server;
mod talk;

use std::time::Duration;

use cloudsync_fuzz::Chance;
use cloudsync_remote::Options;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut chance = Chance::new(bytes);
    if chance.below(2) == 0 { server::outlives(&mut chance) } else { client::outlives(&mut chance) }
});

/// Soon tired of the other side.
fn hasty() -> Options {
    Options { timeout: Duration::from_millis(200), ..Options::default() }
}
