//! Checks of the account: its applications and its space.

use std::io;
use std::path::Path;

use super::{BUNDLE, Bench, Check, Control, ensure, one, refused, skip};
use crate::{
    AssetSource, AssetUpload, CloudAsset, CloudError, CloudType, Result, Row, RowWrite, ServiceInfo,
};

/// What is uploaded to see the space grow less, and how often: where others use the space as well, it may also grow.
const PIECE_KB: u64 = 1024;
const TRIES: u32 = 8;
/// The most that is uploaded to fill an account.
const FILLED_KB: u64 = 64 << 10;

/// Bytes that no cloud has, as many as there should be.
struct Noise {
    seed: blake3::Hasher,
    size: u64,
}

impl AssetSource for Noise {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let read = rest.min(buffer.len());
        let mut bytes = self.seed.finalize_xof();
        bytes.set_position(offset);
        bytes.fill(&mut buffer[..read]);
        Ok(read)
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

fn upload(bench: &Bench<'_>, kilobytes: u64) -> Result<CloudAsset> {
    let gid = bench.id()?;
    let mut seed = blake3::Hasher::new();
    seed.update(bench.table.as_bytes()).update(gid.as_bytes());
    let source = Box::new(Noise { seed, size: kilobytes * 1024 });
    let asset = CloudAsset { name: "a.jpg".to_owned(), ..CloudAsset::default() };
    let item = AssetUpload { transfer_id: gid.clone(), gid, asset, digest: None, source };
    one(bench.assets.upload(&bench.table, vec![item], &Control::default()))
}

/// Lets go of an asset: of what only a deleted record names, a cloud can free the space.
fn let_go(bench: &Bench<'_>, asset: CloudAsset) -> Check {
    let (id, values) = (bench.id()?, Row::from([("asset".into(), CloudType::Asset(Box::new(asset)))]));
    one(bench.db.insert(&bench.table, vec![RowWrite { id: id.clone(), values, ..RowWrite::default() }])?)?;
    bench.delete(&id, None)?;
    Ok(())
}

pub(super) fn applications(bench: &Bench<'_>) -> Check {
    // Otherwise not even this check's table could be reached.
    ensure(bench.service.get_service_info()?.enable_cloud, "an account in use is told as switched off")?;
    let apps = match bench.service.get_app_brief_info() {
        Err(CloudError::NotSupported(_)) => return Err(skip("get_app_brief_info: not supported")),
        apps => apps.map_err(|error| format!("get_app_brief_info fails: {error}"))?,
    };
    for (bundle, app) in &apps {
        ensure(app.bundle_name == *bundle, format!("'{}' is told under '{bundle}'", app.bundle_name))?;
    }
    let own = apps.get(BUNDLE);
    ensure(own.is_none_or(|app| app.cloud_switch), "an application in use is told as switched off")
}

/// The account's space; a cloud that tells of none is left out.
fn space(bench: &Bench<'_>) -> std::result::Result<ServiceInfo, Box<dyn std::error::Error>> {
    let info = bench.service.get_service_info()?;
    if info.total_space == 0 { Err(skip("the cloud tells no space")) } else { Ok(info) }
}

pub(super) fn space_is_counted(bench: &Bench<'_>) -> Check {
    for _ in 0..TRIES {
        let before = space(bench)?.remaining_space;
        let asset = upload(bench, PIECE_KB)?;
        let after = space(bench)?.remaining_space;
        let_go(bench, asset)?;
        if after + PIECE_KB / 2 <= before {
            return Ok(());
        }
    }
    Err(format!("{TRIES} uploads of {PIECE_KB} KB each left as much space as before").into())
}

pub(super) fn quota(bench: &Bench<'_>) -> Check {
    let left = space(bench)?.remaining_space;
    if left > FILLED_KB {
        return Err(skip(format!("{left} KB are left, which is too much to fill")));
    }
    let full = |error: &CloudError| *error == CloudError::NoSpaceForAsset;
    refused(
        upload(bench, left + PIECE_KB),
        full,
        &format!("an asset of {PIECE_KB} KB more than there is space"),
    )?;
    let small = upload(bench, 1).map_err(|error| format!("a small asset after one too large: {error}"))?;
    let_go(bench, small)
}
