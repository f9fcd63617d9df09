//! A cloud that lies: whatever it answers may be another answer, of the same kind or of another.
//!
//! It stands between an engine and a cloud that means well, which may or may not have done what was asked.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetDownload, AssetLoader, AssetSink, AssetStatus, AssetUpload, Capabilities,
    ChangeListener, CheckedDb, CheckedLoader, Claim, CloudAsset, CloudData, CloudDb, CloudError,
    CloudService, CloudType, Database, FieldType, Flag, LockInfo, Record, Result, Row, RowWrite, ServiceInfo,
    SubscribeId, SubscribeInfo, TransferControl, WriteReceipt,
};
use parking_lot::Mutex;

use crate::rng::Rng;

const STATUSES: [AssetStatus; 4] =
    [AssetStatus::Null, AssetStatus::Delete, AssetStatus::Abnormal, AssetStatus::Downloading];

/// What decides which answer is a lie, and which.
#[derive(Debug)]
pub enum Chance {
    /// One answer in so many, by a seed.
    Seeded {
        /// What draws.
        rng: Rng,
        /// One in so many.
        of: u64,
    },
    /// By bytes, of which the first is the last; once there are no more, every answer is true.
    Bytes(Vec<u8>),
}

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        match self {
            Chance::Seeded { rng, .. } => rng.below(end),
            Chance::Bytes(bytes) => u64::from(bytes.pop().unwrap_or(0)).checked_rem(end).unwrap_or(0),
        }
    }

    fn bits(&mut self) -> u64 {
        match self {
            Chance::Seeded { rng, .. } => rng.bits(),
            Chance::Bytes(_) => (0..8).fold(0, |bits, _| bits << 8 | self.below(256)),
        }
    }

    fn lies(&mut self) -> bool {
        match self {
            Chance::Seeded { rng, of } => rng.below(*of) == 1,
            Chance::Bytes(bytes) => bytes.pop().is_some_and(|byte| byte & 3 == 3),
        }
    }
}

/// Who lies; shared by all that a lying service connects to.
#[derive(Clone)]
pub(crate) struct Liar(Arc<Mutex<Chance>>);

impl Liar {
    /// One that lies by this chance.
    pub(crate) fn new(chance: Chance) -> Self {
        Liar(Arc::new(Mutex::new(chance)))
    }

    /// From now on every answer is true.
    pub(crate) fn repent(&self) {
        *self.0.lock() = Chance::Bytes(Vec::new());
    }

    fn lies(&self) -> bool {
        self.0.lock().lies()
    }

    fn below(&self, end: usize) -> usize {
        self.0.lock().below(end as u64) as usize
    }

    fn bits(&self) -> u64 {
        self.0.lock().bits()
    }

    fn pick<T: Clone>(&self, choices: &[T], otherwise: T) -> T {
        choices.get(self.below(choices.len())).cloned().unwrap_or(otherwise)
    }

    /// An error that is none.
    fn error(&self) -> CloudError {
        let text = || "it says".to_owned();
        let errors = [
            CloudError::Unknown(text()),
            CloudError::Network(text()),
            CloudError::Gone(text()),
            CloudError::NotSupported("this"),
            CloudError::Disabled,
            CloudError::LockedByOthers,
            CloudError::RecordLimitExceeded,
            CloudError::NoSpaceForAsset,
            CloudError::CursorExpired,
            CloudError::StaleLock,
            CloudError::VersionConflict { current: 0 },
            CloudError::VersionConflict { current: u64::MAX },
            CloudError::NotFound(text()),
            CloudError::InvalidArgument(text()),
            CloudError::Stopped,
            CloudError::Corrupt(text()),
            CloudError::TooManyRequests(text()),
        ];
        self.pick(&errors, CloudError::Disabled)
    }

    fn number(&self, number: i64) -> i64 {
        let odd = [0, -1, 1, i64::MIN, i64::MAX, number.wrapping_add(1), number.wrapping_sub(1)];
        odd.get(self.below(odd.len() + 1)).copied().unwrap_or_else(|| self.bits() as i64)
    }

    fn version(&self, version: u64) -> u64 {
        let odd = [0, 1, u64::MAX, i64::MAX as u64, version.wrapping_add(1), version.wrapping_sub(1)];
        odd.get(self.below(odd.len() + 1)).copied().unwrap_or_else(|| self.bits())
    }

    fn text(&self, text: &str) -> String {
        let long = "x".repeat(300);
        let texts = [
            "",
            ".",
            "..",
            "/",
            "a/b",
            "../b",
            "a\0b",
            ".cloudsync",
            "e\u{301}",
            "\u{202e}gpj.a",
            "rec1",
            "rec2",
            "b.jpg",
            long.as_str(),
            text,
        ];
        let anything = || (0..self.below(24)).map(|_| self.below(256) as u8).collect::<Vec<u8>>();
        match texts.get(self.below(texts.len() + 1)) {
            Some(text) => (*text).to_owned(),
            None => String::from_utf8_lossy(&anything()).into_owned(),
        }
    }

    fn value(&self, value: &CloudType) -> CloudType {
        let number = if let CloudType::Int64(number) = value { *number } else { 7 };
        let text = if let CloudType::String(text) = value { text.as_str() } else { "text" };
        match self.below(9) {
            0 => CloudType::Null,
            1 => CloudType::Double(f64::from_bits(self.bits())),
            2 => CloudType::Bool(self.below(2) == 0),
            3 => CloudType::Bytes(vec![7; self.below(40)]),
            4 => CloudType::Assets((0..self.below(3)).map(|_| self.asset(CloudAsset::default())).collect()),
            5 => CloudType::Asset(Box::default()),
            6 => CloudType::Int64(self.number(number)),
            7 => match value {
                CloudType::Bytes(bytes) => CloudType::Bytes(self.bytes(bytes)),
                CloudType::Asset(asset) => CloudType::Asset(Box::new(self.asset((**asset).clone()))),
                _ => CloudType::String(self.text(text)),
            },
            _ => CloudType::String(self.text(text)),
        }
    }

    /// Bytes of which one is another.
    fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let at = self.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1;
        }
        bytes
    }

    fn asset(&self, mut asset: CloudAsset) -> CloudAsset {
        match self.below(9) {
            0 => asset.asset_id = self.text(&asset.asset_id),
            1 => asset.size = self.version(asset.size),
            2 => asset.hash = self.text(&asset.hash),
            3 => asset.name = self.text(&asset.name),
            4 => asset.uri = self.text(&asset.uri),
            5 => asset.path = self.text(&asset.path),
            6 => asset.create_time = self.number(asset.create_time),
            7 => asset.status = self.pick(&STATUSES, asset.status),
            _ => asset.modify_time = self.number(asset.modify_time),
        }
        asset
    }

    fn row(&self, row: &mut Row) {
        let names: Vec<_> = row.keys().cloned().collect();
        let Some(name) = names.get(self.below(names.len())) else { return };
        if self.below(4) == 0 {
            row.remove(name);
        } else if let Some(value) = row.get_mut(name) {
            *value = self.value(value);
        }
    }

    fn record(&self, record: &mut Record) {
        let Record { extension, version, values } = record;
        match self.below(9) {
            0 => extension.id = self.text(&extension.id),
            1 => *version = self.version(*version),
            2 => extension.operation = Flag::Delete,
            3 => extension.operation = Flag::Insert,
            4 => extension.operation = Flag::Update,
            5 => extension.create_time = self.number(extension.create_time),
            6 => extension.modify_time = self.number(extension.modify_time),
            _ => self.row(values),
        }
    }

    fn page(&self, page: &mut CloudData) {
        match self.below(8) {
            0 => page.has_more = !page.has_more,
            1 => page.next_cursor = self.text(&page.next_cursor),
            2 => page.values.clear(),
            3 => page.values.extend(page.values.first().cloned()),
            4 => page.values.reverse(),
            _ => {
                let at = self.below(page.values.len());
                if let Some(record) = page.values.get_mut(at) {
                    self.record(record);
                }
            }
        }
    }

    /// Another description of a database.
    fn database(&self, database: &mut Database) {
        match (self.below(6), database.tables.first_mut()) {
            (0, _) => database.alias = self.text(&database.alias),
            (1, _) => database.tables.clear(),
            (2, _) => database.tables.extend(database.tables.first().cloned()),
            (3, Some(table)) => table.alias = self.text(&table.alias),
            (_, Some(table)) => {
                let at = self.below(table.fields.len());
                let kinds = [FieldType::Null, FieldType::Number, FieldType::Text, FieldType::Assets];
                match (self.below(5), table.fields.get_mut(at)) {
                    (0, _) => table.fields.truncate(at),
                    (1, _) => table.fields.extend(table.fields.first().cloned()),
                    (2, Some(field)) => field.alias = self.text(&field.alias),
                    (3, Some(field)) => field.field_type = self.pick(&kinds, field.field_type),
                    (_, Some(field)) => (field.nullable, field.primary) = (false, self.below(2) == 0),
                    (_, None) => {}
                }
            }
            (_, None) => {}
        }
    }

    fn receipt(&self, receipt: &mut WriteReceipt) {
        match self.below(3) {
            0 => receipt.id = self.text(&receipt.id),
            1 => receipt.version = self.version(receipt.version),
            _ => receipt.modify_time = self.number(receipt.modify_time),
        }
    }

    /// Answers for several items, of which one is wrong, or which are too few, too many or in another order.
    fn answers<T: Clone>(&self, answers: &mut Vec<Result<T>>, change: impl FnMut(&mut T)) {
        let at = self.below(answers.len());
        match self.below(6) {
            0 => drop(answers.pop()),
            1 => answers.extend(answers.first().cloned()),
            2 => answers.reverse(),
            3 => {
                let error = self.error();
                answers.get_mut(at).into_iter().for_each(|answer| *answer = Err(error.clone()));
            }
            _ => answers.get_mut(at).into_iter().flatten().for_each(change),
        }
    }

    /// What was done counts as failed, or is told as something else.
    fn tell<T>(&self, answer: Result<T>, change: impl FnOnce(&mut T)) -> Result<T> {
        if !self.lies() {
            return answer;
        }
        if self.below(3) == 0 {
            return Err(self.error());
        }
        let mut answer = answer?;
        change(&mut answer);
        Ok(answer)
    }
}

/// A cloud between an engine and one that means well. What it connects to is checked, as a foreign cloud's is.
pub(crate) struct LyingCloud {
    cloud: Arc<dyn CloudService>,
    liar: Liar,
}

impl LyingCloud {
    /// Lies about what `cloud` answers.
    pub(crate) fn new(cloud: Arc<dyn CloudService>, liar: Liar) -> Self {
        LyingCloud { cloud, liar }
    }
}

impl CloudService for LyingCloud {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        self.liar.tell(self.cloud.get_service_info(), |info| match self.liar.below(5) {
            0 => info.enable_cloud = false,
            1 => info.user = self.liar.number(info.user.into()) as i32,
            2 => info.id = self.liar.text(&info.id),
            3 => info.remaining_space = self.liar.version(info.remaining_space),
            _ => info.total_space = self.liar.version(info.total_space),
        })
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        self.liar.tell(self.cloud.get_app_brief_info(), |apps| {
            let bundle_name = self.liar.text("com.ohos.medialibrary");
            let app = AppBriefInfo {
                app_id: self.liar.text("app"),
                bundle_name: bundle_name.clone(),
                cloud_switch: self.liar.below(2) == 1,
                instance_id: self.liar.number(0) as i32,
            };
            apps.insert(bundle_name, app);
        })
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        self.liar.tell(self.cloud.get_app_schema(bundle_name), |schema| match self.liar.below(5) {
            0 => schema.bundle_name = self.liar.text(&schema.bundle_name),
            1 => schema.version = self.liar.number(schema.version.into()) as i32,
            2 => schema.databases.clear(),
            3 => schema.databases.extend(schema.databases.first().cloned()),
            _ => schema.databases.iter_mut().for_each(|database| self.liar.database(database)),
        })
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let db = self.cloud.connect_db(bundle_name, database)?;
        Ok(Arc::new(CheckedDb::new(Arc::new(LyingDb { db, liar: self.liar.clone() }))))
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let loader = self.cloud.connect_asset_loader(bundle_name, database)?;
        Ok(Arc::new(CheckedLoader::new(Arc::new(LyingLoader { loader, liar: self.liar.clone() }))))
    }

    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        self.liar.tell(self.cloud.subscribe(databases, expiration_time, changed), |info| {
            match self.liar.below(2) {
                0 => info.expiration_time = self.liar.version(info.expiration_time),
                _ => {
                    let id =
                        SubscribeId { database_alias: self.liar.text("photos"), id: self.liar.text("id") };
                    info.subscribe.entry(self.liar.text("bundle")).or_default().push(id);
                }
            }
        })
    }

    fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> Result<()> {
        self.liar.tell(self.cloud.unsubscribe(subscriptions), |()| {})
    }
}

struct LyingDb {
    db: Arc<dyn CloudDb>,
    liar: Liar,
}

impl LyingDb {
    /// A write that is said to be done, and is not.
    fn pretend(&self, rows: &[RowWrite]) -> Option<Result<Vec<Result<WriteReceipt>>>> {
        let pretends = self.liar.lies() && self.liar.below(2) == 0;
        let receipt = |row: &RowWrite| {
            let version = row.base_version.unwrap_or(0).wrapping_add(1);
            Ok(WriteReceipt { id: row.id.clone(), version, modify_time: 0 })
        };
        pretends.then(|| Ok(rows.iter().map(receipt).collect()))
    }

    fn tell(&self, answers: Result<Vec<Result<WriteReceipt>>>) -> Result<Vec<Result<WriteReceipt>>> {
        self.liar.tell(answers, |answers| {
            self.liar.answers(answers, |receipt| self.liar.receipt(receipt));
        })
    }
}

impl CloudDb for LyingDb {
    fn capabilities(&self) -> Capabilities {
        self.db.capabilities()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        self.liar.tell(self.db.generate_id(count), |ids| match self.liar.below(3) {
            0 => drop(ids.pop()),
            1 => ids.extend(ids.first().cloned()),
            _ => ids.iter_mut().take(1).for_each(|id| *id = self.liar.text(id)),
        })
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        let pretended = self.pretend(&rows);
        self.tell(pretended.unwrap_or_else(|| self.db.insert(table, rows)))
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        let pretended = self.pretend(&rows);
        self.tell(pretended.unwrap_or_else(|| self.db.update(table, rows)))
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        let pretended = self.pretend(&rows);
        self.tell(pretended.unwrap_or_else(|| self.db.delete(table, rows)))
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        self.liar.tell(self.db.query(table, fields, count, cursor), |page| self.liar.page(page))
    }

    fn lock(&self) -> Result<LockInfo> {
        self.liar.tell(self.db.lock(), |lock| self.change_lock(lock))
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        self.liar.tell(self.db.heartbeat(lock_id), |lock| self.change_lock(lock))
    }

    fn unlock(&self, lock_id: i64) -> Result<bool> {
        self.liar.tell(self.db.unlock(lock_id), |held| *held = !*held)
    }
}

impl LyingDb {
    fn change_lock(&self, lock: &mut LockInfo) {
        match self.liar.below(2) {
            0 => lock.lock_id = self.liar.number(lock.lock_id),
            _ => lock.interval = self.liar.version(lock.interval.into()) as u32,
        }
    }
}

struct LyingLoader {
    loader: Arc<dyn AssetLoader>,
    liar: Liar,
}

/// A sink into which other bytes are written than those that came.
struct SpoiltSink<'a> {
    sink: Box<dyn AssetSink + 'a>,
    liar: Liar,
}

impl AssetSink for SpoiltSink<'_> {
    fn offset(&self) -> u64 {
        self.sink.offset()
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        match self.liar.below(4) {
            0 => self.sink.write_at(&self.liar.bytes(bytes), offset),
            1 => self.sink.write_at(&bytes[..bytes.len() / 2], offset),
            2 => self.sink.write_at(bytes, offset + 1),
            _ => self.sink.write_at(&[bytes, bytes].concat(), offset),
        }
    }

    fn path(&self) -> Option<&std::path::Path> {
        None
    }
}

impl LyingLoader {
    fn spoil<'a>(&self, item: AssetDownload<'a>) -> AssetDownload<'a> {
        if !self.liar.lies() {
            return item;
        }
        AssetDownload { sink: Box::new(SpoiltSink { sink: item.sink, liar: self.liar.clone() }), ..item }
    }
}

impl AssetLoader for LyingLoader {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let mut answers = self.loader.upload(table, items, control);
        if self.liar.lies() {
            self.liar.answers(&mut answers, |asset| *asset = self.liar.asset(std::mem::take(asset)));
        }
        answers
    }

    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let items = items.into_iter().map(|item| self.spoil(item)).collect();
        let mut answers = self.loader.download(table, prefix, items, control);
        if self.liar.lies() {
            self.liar.answers(&mut answers, |asset| *asset = self.liar.asset(std::mem::take(asset)));
        }
        answers
    }

    /// A proof is believed, and a file's own copy goes on the strength of it: of that a lie is the loss of the file.
    fn prove(&self, table: &str, claims: &[Claim], control: &dyn TransferControl) -> Vec<Result<()>> {
        self.loader.prove(table, claims, control)
    }
}
