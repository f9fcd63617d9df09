//! Clouds that lie, each from one seed: `CLOUDSYNC_SIM_LIES=n` tries that many, from `CLOUDSYNC_SIM_FIRST` on.
//! `./dev fuzz` has the same lies told by a fuzzer, which looks for those that lead to what no lie has led to yet.
#![allow(clippy::panic)]

use cloudsync_sim::{Chance, Rng, lied_to};

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn no_lie_harms_a_gallery() {
    let first = from_env("CLOUDSYNC_SIM_FIRST").unwrap_or(0);
    let count = from_env("CLOUDSYNC_SIM_LIES").unwrap_or(3_000);
    for seed in first..first + count {
        let of = 2 + seed % 20;
        if let Err(text) = lied_to(Chance::Seeded { rng: Rng::new(seed), of }) {
            panic!("seed {seed}: {text}");
        }
    }
}

/// Bytes that say nothing lie about nothing, and those that there are lie.
#[test]
fn bytes_decide() {
    lied_to(Chance::Bytes(Vec::new())).unwrap_or_else(|text| panic!("{text}"));
    for length in [1, 10, 100, 1_000] {
        for byte in [3, 7, 255] {
            lied_to(Chance::Bytes(vec![byte; length]))
                .unwrap_or_else(|text| panic!("{length} times {byte}: {text}"));
        }
    }
}
