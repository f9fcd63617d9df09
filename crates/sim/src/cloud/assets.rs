//! The bytes of the simulated cloud.

use cloudsync_cloud::{
    AssetDownload, AssetLoader, AssetStatus, AssetUpload, Claim, CloudAsset, CloudError, Flow, Result,
    TransferControl,
};
use parking_lot::MutexGuard;

use super::service::{answer, reach};
use super::state::table_of;
use crate::people::digest_of;
use crate::shared::{Shared, Wire};

/// One device's connection to the assets.
#[derive(Debug)]
pub(super) struct SimLoader {
    wire: Wire,
    bundle: String,
}

impl SimLoader {
    pub(super) fn new(wire: Wire, bundle: &str) -> Self {
        SimLoader { wire, bundle: bundle.to_owned() }
    }

    /// The way to the assets, which may be closed where that to the records is open.
    fn reach_assets(&self, what: &str) -> Result<MutexGuard<'_, Shared>> {
        let mut shared = reach(&self.wire, what)?;
        if shared.devices[self.wire.device].weather.no_assets {
            let line = format!("device {}: cloud.{what}: the assets are out of reach", self.wire.device);
            shared.note(&line);
            return Err(CloudError::Network("the asset store is not reached".into()));
        }
        Ok(shared)
    }

    fn upload_one(
        &self,
        number: usize,
        mut item: AssetUpload<'_>,
        control: &dyn TransferControl,
    ) -> Result<CloudAsset> {
        if let Some(id) = self.stored_already(&item)? {
            return Ok(acknowledged(item.asset, id));
        }
        let mut bytes = self.resumed(&item);
        let outcome = self.receive(number, &mut item, control, &mut bytes);
        let mut shared = reach(&self.wire, "upload")?;
        if let Err(error) = outcome {
            if shared.cloud.capabilities.ranges {
                shared.cloud.partial.insert(item.transfer_id, bytes);
            }
            return Err(error);
        }
        shared.cloud.partial.remove(&item.transfer_id);
        let digest = digest_of(&bytes);
        let wrong = item.digest.is_some_and(|expected| expected != digest);
        if (wrong && shared.cloud.capabilities.digests) || bytes.len() as u64 != item.source.size() {
            let line = format!("device {}: upload refused: not the bytes announced", self.wire.device);
            shared.note(&line);
            return Err(CloudError::InvalidArgument("these are not the bytes that were announced".into()));
        }
        if !bytes.is_empty() {
            shared.bytes_sent(self.wire.device, digest);
        }
        let label = shared.people.label(&digest).to_owned();
        let id = shared.cloud.store(bytes);
        answer(&mut shared, &self.wire, &format!("upload {label}"), Ok(acknowledged(item.asset, id)))
    }

    /// The id of an asset that is here already.
    fn stored_already(&self, item: &AssetUpload<'_>) -> Result<Option<String>> {
        let mut shared = self.reach_assets("upload")?;
        if shared.devices[self.wire.device].weather.cloud_full {
            return Err(CloudError::NoSpaceForAsset);
        }
        let hex = item.digest.map(|digest| blake3::Hash::from_bytes(digest).to_hex().to_string());
        let id = hex.filter(|id| shared.cloud.assets.contains_key(id));
        if id.is_none() && shared.cloud.is_full_for(item.source.size()) {
            let line = format!("device {}: upload refused: the cloud is full", self.wire.device);
            shared.note(&line);
            return Err(CloudError::NoSpaceForAsset);
        }
        Ok(id)
    }

    fn resumed(&self, item: &AssetUpload<'_>) -> Vec<u8> {
        let shared = self.wire.peek();
        let kept = shared.cloud.partial.get(&item.transfer_id).cloned().unwrap_or_default();
        if kept.len() as u64 <= item.source.size() { kept } else { Vec::new() }
    }

    fn receive(
        &self,
        number: usize,
        item: &mut AssetUpload<'_>,
        control: &dyn TransferControl,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        loop {
            let mut buffer = vec![0; self.part("upload")?];
            let count = item
                .source
                .read_at(&mut buffer, bytes.len() as u64)
                .map_err(|error| CloudError::local(&error))?;
            if count == 0 {
                return Ok(());
            }
            bytes.extend_from_slice(&buffer[..count]);
            if control.advanced(number, count as u64) == Flow::Stop {
                return Err(CloudError::Stopped);
            }
        }
    }

    /// How many bytes go at once, if the transfer is not cut here.
    fn part(&self, what: &str) -> Result<usize> {
        let mut shared = reach(&self.wire, what)?;
        let chance = shared.devices[self.wire.device].weather.transfer_cut;
        if shared.rng.per_mille(chance) {
            let line = format!("device {}: {what} cut", self.wire.device);
            shared.note(&line);
            return Err(CloudError::Network("the transfer was cut".into()));
        }
        Ok(16 + shared.rng.index(200))
    }

    fn download_one(
        &self,
        number: usize,
        mut item: AssetDownload<'_>,
        control: &dyn TransferControl,
    ) -> Result<CloudAsset> {
        let (stored, ranges) = {
            let shared = self.reach_assets("download")?;
            (shared.cloud.assets.get(&item.asset.asset_id).cloned(), shared.cloud.capabilities.ranges)
        };
        let stored = stored.ok_or_else(|| CloudError::NotFound(format!("asset {}", item.asset.asset_id)))?;
        let kept = usize::try_from(item.sink.offset()).unwrap_or(usize::MAX);
        let mut at = if ranges && kept <= stored.bytes.len() { kept } else { 0 };
        while at < stored.bytes.len() {
            let end = (at + self.part("download")?).min(stored.bytes.len());
            let part = self.on_the_way(stored.bytes[at..end].to_vec());
            item.sink.write_at(&part, at as u64).map_err(|error| CloudError::local(&error))?;
            if control.advanced(number, part.len() as u64) == Flow::Stop {
                return Err(CloudError::Stopped);
            }
            at = end;
        }
        let mut shared = reach(&self.wire, "download")?;
        let label = shared.people.label(&stored.digest).to_owned();
        answer(&mut shared, &self.wire, &format!("download {label}"), Ok(item.asset))
    }

    fn prove_one(&self, table: &str, claim: &Claim) -> Result<()> {
        let mut shared = self.wire.peek();
        let result = holds(&mut shared, self.wire.device, table, claim);
        let told = result.as_ref().map_or_else(ToString::to_string, |()| "it is there".to_owned());
        shared.note(&format!("device {}: prove {}: {told}", self.wire.device, claim.gid));
        if result.is_ok() {
            let record = (table.to_owned(), claim.gid.clone());
            shared.proved(self.wire.device, self.wire.life(), claim.digest, record);
        }
        result
    }

    fn on_the_way(&self, mut part: Vec<u8>) -> Vec<u8> {
        let mut shared = self.wire.peek();
        let chance = shared.devices[self.wire.device].weather.byte_flipped;
        if shared.rng.per_mille(chance) {
            let at = shared.rng.index(part.len());
            part[at] ^= 0x20;
            shared.devices[self.wire.device].flipped = true;
            let line = format!("device {}: a byte flips on the way down", self.wire.device);
            shared.note(&line);
        }
        part
    }
}

/// Whether the cloud holds what is claimed, and reads its bytes as they were given to it.
fn holds(shared: &mut Shared, device: usize, table: &str, claim: &Claim) -> Result<()> {
    let chance = shared.devices[device].weather.proof_refused;
    if shared.rng.per_mille(chance) {
        return Err(CloudError::Corrupt(format!("asset {} has another digest", claim.asset_id)));
    }
    let cloud = &shared.cloud;
    let missing = || CloudError::NotFound(format!("record {}", claim.gid));
    let rec = cloud.records.get(&(table.to_owned(), claim.gid.clone())).ok_or_else(missing)?;
    if rec.deleted() {
        return Err(missing());
    }
    if rec.version != claim.version {
        return Err(CloudError::VersionConflict { current: rec.version });
    }
    let held = cloud.assets.get(&claim.asset_id).filter(|_| rec.assets().contains(&&*claim.asset_id));
    let same = held.is_some_and(|held| (held.digest, held.bytes.len() as u64) == (claim.digest, claim.size));
    same.then_some(()).ok_or_else(|| CloudError::NotFound(format!("asset {}", claim.asset_id)))
}

fn acknowledged(asset: CloudAsset, id: String) -> CloudAsset {
    let hash = format!("{}-{}", asset.modify_time, asset.size);
    CloudAsset { asset_id: id, hash, status: AssetStatus::Normal, ..asset }
}

impl AssetLoader for SimLoader {
    fn upload(
        &self,
        _table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let numbered = items.into_iter().enumerate();
        numbered.map(|(number, item)| self.upload_one(number, item, control)).collect()
    }

    fn download(
        &self,
        _table: &str,
        _prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let numbered = items.into_iter().enumerate();
        numbered.map(|(number, item)| self.download_one(number, item, control)).collect()
    }

    fn prove(&self, table: &str, claims: &[Claim], _control: &dyn TransferControl) -> Vec<Result<()>> {
        let answers = match self.reach_assets("prove") {
            Err(error) => return claims.iter().map(|_| Err(error.clone())).collect(),
            Ok(mut shared) => {
                let chance = shared.devices[self.wire.device].weather.proof_cut;
                if shared.rng.per_mille(chance) { shared.rng.index(claims.len() + 1) } else { claims.len() }
            }
        };
        let table = table_of(&self.bundle, table);
        claims[..answers].iter().map(|claim| self.prove_one(&table, claim)).collect()
    }
}
