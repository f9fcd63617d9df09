//! The embedded cloud passes every check of the conformance suite.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use cloudsync_cloud::conformance::{Outcome, Party, run_sharing};
use cloudsync_cloud::{EmbeddedCloud, EmbeddedOptions, conformance};

#[test]
fn the_embedded_cloud_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = EmbeddedCloud::open(dir.path(), EmbeddedOptions::new("a person")).unwrap();
    assert_eq!(conformance::check(&cloud), []);
    assert_eq!(conformance::check(&cloud), [], "once more, on what the first run left");
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
    assert!(checks >= 30 && failed.is_empty(), "{checks}: {failed:#?}");
}
