//! The embedded cloud passes every check of the conformance suite.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use cloudsync_cloud::conformance::{Outcome, Party, run_sharing};
use cloudsync_cloud::{EmbeddedCloud, EmbeddedOptions, conformance};

#[test]
fn the_embedded_cloud_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = EmbeddedCloud::open(dir.path(), EmbeddedOptions::new("a person")).unwrap();
    let left_out = ["quota", "lock-lease-ends", "lock-heartbeat-extends"];
    assert_eq!(skipped(&cloud), left_out, "much space and long leases");
    assert_eq!(conformance::check(&cloud), [], "once more, on what the first run left");
}

fn skipped(cloud: &EmbeddedCloud) -> Vec<&'static str> {
    let mut skipped = Vec::new();
    conformance::run(cloud, |name, outcome| match outcome {
        Outcome::Passed => {}
        Outcome::Skipped(_) => skipped.push(name),
        Outcome::Failed(text) => panic!("{name}: {text}"),
    });
    skipped
}

#[test]
fn an_embedded_cloud_with_short_leases_and_little_space_conforms_in_everything() {
    let dir = tempfile::tempdir().unwrap();
    let options =
        EmbeddedOptions { lease_seconds: 1, quota: Some(32 << 20), ..EmbeddedOptions::new("a person") };
    let cloud = EmbeddedCloud::open(dir.path(), options).unwrap();
    assert_eq!(skipped(&cloud), Vec::<&str>::new());
}

#[test]
fn two_accounts_of_the_embedded_cloud_conform() {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| EmbeddedCloud::open(dir.path(), EmbeddedOptions::new(name)).unwrap();
    let (ann, ben) = (open("ann"), open("ben"));
    let parties = (Party { service: &ann, identity: "ann" }, Party { service: &ben, identity: "ben" });
    let (mut checks, mut failed) = (0, Vec::new());
    for (inviter, invitee) in [parties, (parties.1, parties.0)] {
        run_sharing(inviter, invitee, |name, outcome| {
            checks += 1;
            if outcome != Outcome::Passed {
                failed.push(format!("{name}: {outcome:?}"));
            }
        });
    }
    assert!(checks >= 38 && failed.is_empty(), "{checks}: {failed:#?}");
}
