//! Checks of proofs. A cloud that refuses to prove as [`CloudError::NotSupported`] is left out.

use std::error::Error;

use super::{Bench, Check, Control, ensure, one, skip};
use crate::{Claim, CloudAsset, CloudError, CloudType, Result, Row, RowWrite};

const SIZE: u64 = 5000;

/// A record that names an asset, and what is true of it.
struct Truth {
    claim: Claim,
    bytes: Vec<u8>,
}

impl Truth {
    /// A cloud that cannot prove it is left out.
    fn new(bench: &Bench<'_>, seed: u8) -> std::result::Result<Self, Box<dyn Error>> {
        let bytes = super::bytes(seed, SIZE as usize);
        let digest = *blake3::hash(&bytes).as_bytes();
        let asset = bench.upload(&bytes, None, SIZE, &Control::default())?;
        let (gid, asset_id) = (bench.id()?, asset.asset_id.clone());
        let row = RowWrite { id: gid.clone(), values: naming(asset), ..RowWrite::default() };
        let version = one(bench.db.insert(&bench.table, vec![row])?)?.version;
        let truth = Truth { claim: Claim { gid, version, asset_id, size: SIZE, digest }, bytes };
        match prove(bench, truth.claim.clone()) {
            Ok(()) => Ok(truth),
            Err(CloudError::NotSupported(_)) => Err(skip("prove: not supported")),
            Err(error) => Err(format!("what the cloud holds is not proved: {error}").into()),
        }
    }
}

fn naming(asset: CloudAsset) -> Row {
    Row::from([("asset".into(), CloudType::Asset(Box::new(asset)))])
}

fn prove(bench: &Bench<'_>, claim: Claim) -> Result<()> {
    one(bench.assets.prove(&bench.table, &[claim], &Control::default()))
}

fn is_refused(bench: &Bench<'_>, claim: Claim, what: &str) -> Check {
    ensure(prove(bench, claim).is_err(), format!("{what} was proved"))
}

pub(super) fn held(bench: &Bench<'_>) -> Check {
    let truth = Truth::new(bench, 9)?;
    let asset = CloudAsset { asset_id: truth.claim.asset_id, ..CloudAsset::default() };
    ensure(bench.download(&asset, &[])? == truth.bytes, "what was proved comes back otherwise")
}

pub(super) fn record(bench: &Bench<'_>) -> Check {
    let Truth { claim, .. } = Truth::new(bench, 10)?;
    is_refused(bench, Claim { gid: bench.id()?, ..claim.clone() }, "a record that never was")?;
    for version in [claim.version - 1, claim.version + 1] {
        is_refused(bench, Claim { version, ..claim.clone() }, "another version of the record")?;
    }
    let version = bench.delete(&claim.gid, None)?.version;
    is_refused(bench, claim.clone(), "a record that was deleted")?;
    is_refused(bench, Claim { version, ..claim }, "a deleted record's last version")
}

pub(super) fn content(bench: &Bench<'_>) -> Check {
    let Truth { claim, .. } = Truth::new(bench, 11)?;
    let mut digest = claim.digest;
    digest[31] ^= 1;
    is_refused(bench, Claim { digest, ..claim.clone() }, "another digest")?;
    for size in [SIZE - 1, SIZE + 1] {
        is_refused(bench, Claim { size, ..claim.clone() }, "another size")?;
    }
    let other = Truth::new(bench, 12)?.claim;
    is_refused(bench, Claim { gid: claim.gid, version: claim.version, ..other }, "an asset of another record")
}

pub(super) fn one_by_one(bench: &Bench<'_>) -> Check {
    let Truth { claim, .. } = Truth::new(bench, 13)?;
    let wrong = Claim { gid: bench.id()?, ..claim.clone() };
    let claims = [wrong.clone(), claim.clone(), wrong, claim];
    let answers = bench.assets.prove(&bench.table, &claims, &Control::default());
    let went: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    ensure(went == [false, true, false, true], format!("not one answer for each, in order: {answers:?}"))
}
