//! Faults that are planted into a cloud, each to be named by a check of the conformance suite.

use std::fmt::Debug;

use cloudsync_cloud::CloudService;
use cloudsync_cloud::conformance::{self, Outcome};

/// A fault, the check that finds it, and what the check says of it.
pub type Planted<F> = (F, &'static str, &'static str);

/// Every fault is named; `unnamed` tells what is said of one instead. Each has a directory of its own, and mostly waits.
pub fn assert_named<F: Sync>(faults: &[Planted<F>], unnamed: impl Fn(&Planted<F>) -> Option<String> + Sync) {
    let unnamed: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> = faults.iter().map(|fault| scope.spawn(|| unnamed(fault))).collect();
        all.into_iter().filter_map(|one| one.join().unwrap()).collect()
    });
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

/// What the check of one cloud says of a fault, where that is not what should be.
pub fn unnamed_alone<F: Debug>((fault, name, text): &Planted<F>, cloud: &dyn CloudService) -> Option<String> {
    let (mut named, mut said) = (false, String::new());
    conformance::run_some(
        cloud,
        |one| one == *name,
        |_, outcome| {
            named = matches!(outcome, Outcome::Failed(found) if found.contains(text));
            said = format!("{outcome:?}");
        },
    );
    (!named).then(|| format!("{fault:?}: {name} says {said:.300}"))
}
