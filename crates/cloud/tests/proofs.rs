//! Nothing that the cloud cannot give back is proved.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use cloudsync_cloud::*;
use common::*;

struct Setup {
    dir: tempfile::TempDir,
    cloud: EmbeddedCloud,
    db: Arc<dyn CloudDb>,
    claim: Claim,
}

/// A cloud with one record that names one asset, and a claim that is true.
fn setup(size: usize) -> Setup {
    let dir = tempfile::tempdir().unwrap();
    let cloud = EmbeddedCloud::open(dir.path(), TestClock::new().options()).unwrap();
    let db = db(&cloud);
    let bytes = bytes(1, size);
    let asset = upload(&cloud, &bytes).unwrap();
    let receipt = insert(&db, "r", Some(0), naming(&asset)).unwrap();
    let digest = *blake3::hash(&bytes).as_bytes();
    let claim = Claim {
        gid: "r".into(),
        version: receipt.version,
        asset_id: asset.asset_id,
        size: size as u64,
        digest,
    };
    let setup = Setup { dir, cloud, db, claim };
    assert_eq!(prove(&setup, &setup.claim), Ok(()));
    setup
}

fn prove(setup: &Setup, claim: &Claim) -> Result<()> {
    loader(&setup.cloud).prove("t", std::slice::from_ref(claim), &Go).remove(0)
}

const SIZES: [usize; 3] = [0, 5000, 3 << 20];

#[test]
fn a_record_that_changed_or_went_proves_nothing() {
    for size in SIZES {
        let setup = setup(size);
        let other = upload(&setup.cloud, b"other bytes").unwrap();
        let newer = update(&setup.db, "r", Some(setup.claim.version), naming(&other)).unwrap();
        let stale = Err(CloudError::VersionConflict { current: newer.version });
        assert_eq!(prove(&setup, &setup.claim), stale);
        let claim = Claim { version: newer.version, ..setup.claim.clone() };
        assert!(matches!(prove(&setup, &claim), Err(CloudError::NotFound(_))), "it names another asset");
        delete(&setup.db, "r", Some(newer.version)).unwrap();
        assert!(matches!(prove(&setup, &claim), Err(CloudError::NotFound(_))), "in the trash");
        let claim = Claim { gid: "unknown".into(), ..setup.claim.clone() };
        assert!(matches!(prove(&setup, &claim), Err(CloudError::NotFound(_))));
    }
}

#[test]
fn other_bytes_prove_nothing() {
    let setup = setup(5000);
    let claim = Claim { size: 4999, ..setup.claim.clone() };
    assert!(matches!(prove(&setup, &claim), Err(CloudError::Corrupt(_))));
    let claim = Claim { digest: [7; 32], ..setup.claim.clone() };
    assert!(matches!(prove(&setup, &claim), Err(CloudError::Corrupt(_))));
}

#[test]
fn damage_in_the_store_proves_nothing() {
    for size in [5000, 3 << 20] {
        let setup = setup(size);
        let path = files(setup.dir.path()).pop().unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_at(b"#", 4000).unwrap();
        assert!(matches!(prove(&setup, &setup.claim), Err(CloudError::Corrupt(_))), "one byte");
        file.set_len(100).unwrap();
        assert!(matches!(prove(&setup, &setup.claim), Err(CloudError::Corrupt(_))), "another length");
        std::fs::remove_file(path).unwrap();
        assert!(matches!(prove(&setup, &setup.claim), Err(CloudError::Corrupt(_))), "no file");
    }
}

#[test]
fn each_claim_has_its_own_answer() {
    let setup = setup(5000);
    let unknown = Claim { gid: "unknown".into(), ..setup.claim.clone() };
    let answers = loader(&setup.cloud).prove("t", &[unknown, setup.claim.clone()], &Go);
    assert!(matches!(answers[..], [Err(CloudError::NotFound(_)), Ok(())]), "{answers:?}");
    let stopped = loader(&setup.cloud).prove("t", std::slice::from_ref(&setup.claim), &StopAfter::bytes(1));
    assert_eq!(stopped, [Err(CloudError::Stopped)]);
}
