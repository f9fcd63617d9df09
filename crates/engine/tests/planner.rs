//! The planner's promises, over random pairs of changes of one tree and over those that are known
//! to be hard. `CLOUDSYNC_PLAN_CASES` sets how many random ones, `CLOUDSYNC_PLAN_SEED`
//! which.

#[path = "planner/measure.rs"]
#[cfg(test)]
mod measure;
#[path = "planner/model.rs"]
mod model;
#[path = "planner/promises.rs"]
mod promises;
#[path = "planner/scenarios.rs"]
#[cfg(test)]
mod scenarios;
#[path = "planner/sides.rs"]
mod sides;

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use model::{Chance, Cuts, World};
use promises::Listing;
use sides::{Deed, Start, Story};

fn deeds(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    vec((0..20u8, any::<u8>(), any::<u8>(), any::<u8>()), 0..most)
}

fn stories() -> impl Strategy<Value = (Story, u64)> {
    let story = (deeds(16), deeds(8), deeds(8), any::<u16>());
    let story = story.prop_map(|(base, here, there, flags)| Story { base, here, there, flags });
    (story, any::<u64>())
}

fn run(start: &Start, seed: u64, cuts: Cuts) -> Result<(World, Listing), String> {
    let (mut world, numbers) = start.world()?;
    let mut chance = Chance(seed);
    world.run(&mut chance, cuts)?;
    if !world.frozen.is_empty() {
        world.frozen.clear();
        world.run(&mut chance, cuts)?;
    }
    let end = world.check_agreement()?;
    promises::nothing_is_lost(start, &end)?;
    promises::nobody_else_deletes(start, &numbers, &world.done)?;
    promises::moves_send_nothing(start, &numbers, &world.done)?;
    Ok((world, end))
}

fn check(story: &Story, seed: u64) -> Result<(), String> {
    let start = story.start(&mut Chance(seed));
    let (world, end) = run(&start, seed, Cuts::None)?;
    let living = world.cloud.records.iter().filter(|(_, record)| !record.deleted);
    let records: BTreeSet<Box<str>> = living.map(|(id, _)| id.clone()).collect();
    promises::deletions_take_effect(&start, &records)?;
    if !story.lies() {
        promises::equal_bytes_are_one_file(&start, &end)?;
    }
    let (_, other) = run(&start, !seed, Cuts::None)?;
    if start.frozen.is_empty() && end != other {
        return Err(format!("the order decides: {end:?} or {other:?}"));
    }
    let (_, cut) = run(&start, seed, Cuts::Some)?;
    if start.frozen.is_empty() && !story.lies() && end != cut {
        return Err(format!("a cut decides: {end:?} or {cut:?}"));
    }
    Ok(())
}

#[test]
fn every_promise_holds_for_random_changes() {
    let cases = std::env::var("CLOUDSYNC_PLAN_CASES").ok().and_then(|cases| cases.parse().ok());
    // The same cases each time, so that a run says something of the change that it is for; others are looked
    // for on purpose.
    let seed = std::env::var("CLOUDSYNC_PLAN_SEED").ok().and_then(|seed| seed.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(100_000),
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed.unwrap_or(0)),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let result = runner.run(&stories(), |(story, seed)| {
        check(&story, seed)
            .map_err(|why| TestCaseError::fail(format!("{why}\n{:#?}", story.start(&mut Chance(seed)))))
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
