//! The embedded cloud passes every check of the conformance suite.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use cloudsync_cloud::{EmbeddedCloud, EmbeddedOptions, conformance};

#[test]
fn the_embedded_cloud_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = EmbeddedCloud::open(dir.path(), EmbeddedOptions::new("a person")).unwrap();
    assert_eq!(conformance::check(&cloud), []);
    assert_eq!(conformance::check(&cloud), [], "once more, on what the first run left");
}
