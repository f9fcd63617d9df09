//! Every field of every reply of a cloud, by the fuzzer's bytes: no panic, no hang, no loss.
#![no_main]

use cloudsync_sim::{Chance, lied_to};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(text) = lied_to(Chance::Bytes(bytes.to_vec())) {
        panic!("{text}");
    }
});
