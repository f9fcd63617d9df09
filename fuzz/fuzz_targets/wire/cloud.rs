//! A cloud that does what it is asked and keeps nothing: what is served to the fuzzer.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudsync_cloud::*;

/// The bytes of every asset.
const CONTENT: &[u8] = b"what a person wrote";
/// How much of an upload is read at most.
const MOST_READ: u64 = 4 << 20;

pub struct PlainCloud;

fn asset(size: u64) -> CloudAsset {
    CloudAsset { asset_id: "asset".into(), name: "a.jpg".into(), size, ..CloudAsset::default() }
}

/// A row with a field of every kind.
fn row() -> Row {
    let values = [
        CloudType::Null,
        CloudType::Int64(-1),
        CloudType::Double(0.5),
        CloudType::String("text".into()),
        CloudType::Bool(true),
        CloudType::Bytes(vec![1, 2]),
        CloudType::Asset(Box::new(asset(1))),
        CloudType::Assets(vec![asset(2), asset(3)]),
    ];
    (0..).map(|at: u32| at.to_string().into()).zip(values).collect()
}

impl CloudService for PlainCloud {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        Ok(ServiceInfo { enable_cloud: true, id: "a person".into(), ..ServiceInfo::default() })
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        Ok(BTreeMap::from([("b".to_owned(), AppBriefInfo::default())]))
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        Ok(AppSchema { bundle_name: bundle_name.to_owned(), version: 1, databases: Vec::new() })
    }

    fn connect_db(&self, _: &str, _: &Database) -> Result<Arc<dyn CloudDb>> {
        Ok(Arc::new(PlainCloud))
    }

    fn connect_asset_loader(&self, _: &str, _: &Database) -> Result<Arc<dyn AssetLoader>> {
        Ok(Arc::new(PlainCloud))
    }

    fn connect_share_center(&self, _: i32, _: &str) -> Result<Arc<dyn ShareCenter>> {
        Ok(Arc::new(PlainCloud))
    }

    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        databases.keys().for_each(|bundle| changed(bundle));
        let id = |database: &Database| SubscribeId { database_alias: database.alias.clone(), id: "1".into() };
        let subscribed = databases.iter().map(|(bundle, all)| (bundle.clone(), all.iter().map(id).collect()));
        Ok(SubscribeInfo { expiration_time, subscribe: subscribed.collect() })
    }
}

fn receipts(rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
    let receipt = |row: RowWrite| Ok(WriteReceipt { id: row.id, version: 1, modify_time: 1 });
    Ok(rows.into_iter().map(receipt).collect())
}

impl CloudDb for PlainCloud {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        Ok((0..count.min(100)).map(|at| at.to_string()).collect())
    }

    fn insert(&self, _: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        receipts(rows)
    }

    fn update(&self, _: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        receipts(rows)
    }

    fn delete(&self, _: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        receipts(rows)
    }

    fn query(&self, _: &str, _: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        let record = |at: usize| Record {
            extension: ExtensionValue {
                id: at.to_string(),
                create_time: 0,
                modify_time: 0,
                operation: Flag::Insert,
            },
            version: 1,
            values: row(),
        };
        let values = (0..count.min(3)).map(record).collect();
        Ok(CloudData { next_cursor: format!("{cursor}."), has_more: true, values })
    }

    fn lock(&self) -> Result<LockInfo> {
        Ok(LockInfo { interval: 1, lock_id: 1 })
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        Ok(LockInfo { interval: 1, lock_id })
    }

    fn unlock(&self, _: i64) -> Result<bool> {
        Ok(true)
    }
}

/// Reads an upload to its end.
fn take(item: &mut AssetUpload<'_>, at: usize, control: &dyn TransferControl) -> Result<CloudAsset> {
    let (mut buffer, mut offset) = (vec![0; 64 << 10], 0);
    while offset < MOST_READ {
        match item.source.read_at(&mut buffer, offset) {
            Ok(0) => return Ok(asset(offset)),
            Ok(read) => offset += read as u64,
            Err(error) => return Err(CloudError::local(&error)),
        }
        if control.advanced(at, 1) == Flow::Stop {
            return Err(CloudError::Stopped);
        }
    }
    Err(CloudError::NoSpaceForAsset)
}

/// Writes a download from where an earlier try has left off.
fn give(item: &mut AssetDownload<'_>, at: usize, control: &dyn TransferControl) -> Result<CloudAsset> {
    let from = usize::try_from(item.sink.offset()).ok().filter(|from| *from <= CONTENT.len()).unwrap_or(0);
    for (offset, byte) in CONTENT.iter().enumerate().skip(from) {
        if let Err(error) = item.sink.write_at(&[*byte], offset as u64) {
            return Err(CloudError::local(&error));
        }
        if control.advanced(at, 1) == Flow::Stop {
            return Err(CloudError::Stopped);
        }
    }
    Ok(asset(CONTENT.len() as u64))
}

impl AssetLoader for PlainCloud {
    fn upload(
        &self,
        _: &str,
        mut items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        items.iter_mut().enumerate().map(|(at, item)| take(item, at, control)).collect()
    }

    fn download(
        &self,
        _: &str,
        _: &str,
        mut items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        items.iter_mut().enumerate().map(|(at, item)| give(item, at, control)).collect()
    }

    fn prove(&self, _: &str, claims: &[Claim], control: &dyn TransferControl) -> Vec<Result<()>> {
        let prove = |(at, _)| match control.advanced(at, 1) {
            Flow::Continue => Ok(()),
            Flow::Stop => Err(CloudError::Stopped),
        };
        claims.iter().enumerate().map(prove).collect()
    }
}

type Answers = ShareResult<Vec<ShareResult<Participant>>>;

fn each(participants: &[Participant]) -> Answers {
    Ok(participants.iter().cloned().map(Ok).collect())
}

impl ShareCenter for PlainCloud {
    fn alloc_resource(&self, _: i32, _: &str, _: RecordPlace<'_>) -> ShareResult<String> {
        Ok("r".into())
    }

    fn share(&self, _: i32, _: &str, _: &str, participants: &[Participant]) -> Answers {
        each(participants)
    }

    fn unshare(&self, _: i32, _: &str, _: &str, participants: &[Participant]) -> Answers {
        each(participants)
    }

    fn exit(&self, _: i32, _: &str, _: &str) -> ShareResult<()> {
        Err(ShareError::new(SharingCode::Custom(1000), "no"))
    }

    fn change_privilege(&self, _: i32, _: &str, _: &str, participants: &[Participant]) -> Answers {
        each(participants)
    }

    fn query_participants(&self, _: i32, _: &str, _: &str) -> ShareResult<Vec<Participant>> {
        Ok(vec![Participant::default()])
    }

    fn query_participants_by_invitation(&self, _: i32, _: &str, _: &str) -> ShareResult<Vec<Participant>> {
        Ok(Vec::new())
    }

    fn confirm_invitation(&self, _: i32, _: &str, _: &str, _: State) -> ShareResult<String> {
        Ok("r".into())
    }

    fn change_confirmation(&self, _: i32, _: &str, _: &str, _: State) -> ShareResult<()> {
        Ok(())
    }
}
