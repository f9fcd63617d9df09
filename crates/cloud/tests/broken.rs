//! Clouds that are broken in one way each: the conformance suite names the fault, and the checks that stand between a foreign
//! cloud and the engine refuse the answers that could do harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetDownload, AssetLoader, AssetUpload, Capabilities, CheckedDb, CheckedLoader,
    CloudAsset, CloudData, CloudDb, CloudError, CloudService, CloudType, Database, EmbeddedCloud,
    EmbeddedOptions, FieldType, Flag, LockInfo, Result, RowWrite, ServiceInfo, TransferControl, WriteReceipt,
};
use common::faults::{Planted, assert_named, unnamed_alone};

/// What is wrong with a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NoAccountId,
    MoreSpaceLeftThanThereIs,
    AnIdTwice,
    AnEmptyId,
    FewerIds,
    AFieldIsLost,
    AllColumnsAlways,
    InsertsAreNotIdempotent,
    VersionsStandStill,
    DeletedFieldsAreForgotten,
    UpdatesMakeRecords,
    BaseVersionsAreIgnored,
    FewerAnswers,
    PagesTooLong,
    PagesOutOfOrder,
    MoreIsAlwaysPromised,
    CursorsStandStill,
    MadeUpCursorsAreTaken,
    LocksAreShared,
    LeasesOfNoTime,
    HeartbeatsOfStrangers,
    UnlocksOfStrangers,
    UnlocksAreNotTold,
    LocksAreIgnored,
    AssetsHaveNoId,
    OtherBytesComeBack,
    AnswersAreSwapped,
    UnknownAssetsAreEmpty,
    StopsAreIgnored,
    LengthsAreIgnored,
    WrongDigestsAreTaken,
    SchemasForget,
    FieldsAreRetold,
    WhatFitsIsRefused,
    UnknownTablesAreTaken,
    TypesAreIgnored,
    MissingKeysAreTaken,
    NullsAreTaken,
    UnknownFieldsAreTaken,
    OneBadRowRefusesAll,
}

use Fault as F;

/// Each fault, the check that finds it, and what the check says of it.
const FAULTS: &[Planted<Fault>] = &[
    (F::NoAccountId, "account", "the account has no id"),
    (F::MoreSpaceLeftThanThereIs, "account", "more space is left than there is"),
    (F::AnIdTwice, "ids-are-new", "an id was given twice"),
    (F::AnEmptyId, "ids-are-new", "an id is empty"),
    (F::FewerIds, "ids-are-new", "999 ids instead of 1000"),
    (F::AFieldIsLost, "fields-of-every-kind", "the field real came back as None"),
    (F::AllColumnsAlways, "columns-wanted", "the columns are"),
    (F::InsertsAreNotIdempotent, "insert-is-idempotent", "the same row again is refused"),
    (F::VersionsStandStill, "update-raises-version", "the versions do not rise"),
    (F::DeletedFieldsAreForgotten, "delete-keeps-fields", "its last fields are not listed"),
    (F::UpdatesMakeRecords, "update-of-nothing", "an update of a record that never was"),
    (F::BaseVersionsAreIgnored, "compare-and-set", "a stale update was not refused"),
    (F::FewerAnswers, "rows-answered-one-by-one", "2 answers for 3 rows"),
    (F::PagesTooLong, "pages", "a page is longer than asked"),
    (F::PagesOutOfOrder, "pages", "not every record once, in order"),
    (F::MoreIsAlwaysPromised, "pages", "the cursor stands still"),
    (F::CursorsStandStill, "pages", "the cursor stands still"),
    (F::MadeUpCursorsAreTaken, "cursor-made-up", "a cursor that the cloud never gave"),
    (F::LocksAreShared, "lock-is-exclusive", "a lock that is held"),
    (F::LeasesOfNoTime, "lock-is-exclusive", "a lease of no time"),
    (F::HeartbeatsOfStrangers, "lock-is-exclusive", "a wrong heartbeat"),
    (F::UnlocksOfStrangers, "lock-is-exclusive", "a wrong unlock says that the lock was held"),
    (F::UnlocksAreNotTold, "lock-is-exclusive", "an unlock says that the lock was lost"),
    (F::LocksAreIgnored, "fencing", "a lost lock still writes"),
    (F::AssetsHaveNoId, "asset-there-and-back", "id or hash are not filled in"),
    (F::OtherBytesComeBack, "asset-there-and-back", "other bytes came back"),
    (F::AnswersAreSwapped, "asset-answers-in-order", "an answer belongs to another item"),
    (F::UnknownAssetsAreEmpty, "asset-unknown", "an asset that never was"),
    (F::StopsAreIgnored, "asset-stop", "a stop at the second of three"),
    (F::LengthsAreIgnored, "asset-length", "100 bytes were taken for 101"),
    (F::WrongDigestsAreTaken, "digests", "a wrong digest"),
    (F::SchemasForget, "schema-given", "the field assets is told as None"),
    (F::FieldsAreRetold, "schema-given", "the field key is told as Some"),
    (F::WhatFitsIsRefused, "schema-fits", "a record that fits was refused"),
    (F::UnknownTablesAreTaken, "schema-table", "an insert into an unknown table was not refused"),
    (F::TypesAreIgnored, "schema-types", "for a field of the type Text was not refused"),
    (F::MissingKeysAreTaken, "schema-key", "a record without its primary key was not refused"),
    (F::NullsAreTaken, "schema-null", "null where it may not be was not refused"),
    (F::UnknownFieldsAreTaken, "schema-field", "a field that the table does not have was not refused"),
    (F::OneBadRowRefusesAll, "schema-row-alone", "one row that does not fit refuses all"),
];

/// The embedded cloud with a fault.
struct Broken {
    cloud: EmbeddedCloud,
    fault: Fault,
}

struct BrokenDb {
    db: Arc<dyn CloudDb>,
    fault: Fault,
    asked: AtomicU64,
}

struct BrokenLoader {
    loader: Arc<dyn AssetLoader>,
    fault: Fault,
}

impl CloudService for Broken {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        let info = self.cloud.get_service_info()?;
        Ok(match self.fault {
            F::NoAccountId => ServiceInfo { id: String::new(), ..info },
            F::MoreSpaceLeftThanThereIs => ServiceInfo { remaining_space: info.total_space + 1, ..info },
            _ => info,
        })
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        self.cloud.get_app_brief_info()
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        let mut schema = self.cloud.get_app_schema(bundle_name)?;
        let fields =
            schema.databases.iter_mut().flat_map(|one| &mut one.tables).map(|table| &mut table.fields);
        for fields in fields {
            match self.fault {
                F::SchemasForget => fields.retain(|field| field.alias != "assets"),
                F::FieldsAreRetold => fields.iter_mut().for_each(|field| field.nullable = true),
                _ => {}
            }
        }
        Ok(schema)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let mut db = self.cloud.connect_db(bundle_name, database)?;
        if let Some(other) = self.described_otherwise(database) {
            db = self.cloud.connect_db(bundle_name, &other)?;
        }
        Ok(Arc::new(BrokenDb { db, fault: self.fault, asked: AtomicU64::new(0) }))
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let loader = self.cloud.connect_asset_loader(bundle_name, database)?;
        Ok(Arc::new(BrokenLoader { loader, fault: self.fault }))
    }
}

impl Broken {
    /// What such a cloud holds rows to instead, in a database of its own; `None` where that is as it should be.
    fn described_otherwise(&self, database: &Database) -> Option<Database> {
        let mut other = Database { alias: format!("{}-broken", database.alias), ..database.clone() };
        for field in other.tables.iter_mut().flat_map(|table| &mut table.fields) {
            match self.fault {
                F::TypesAreIgnored => field.field_type = FieldType::Null,
                F::MissingKeysAreTaken if field.primary => (field.primary, field.nullable) = (false, true),
                F::NullsAreTaken if !field.primary => field.nullable = true,
                F::WhatFitsIsRefused => field.nullable = false,
                _ => {}
            }
        }
        match self.fault {
            F::UnknownTablesAreTaken => other.tables.clear(),
            F::UnknownFieldsAreTaken => other.tables.iter_mut().for_each(|table| table.fields.clear()),
            _ => {}
        }
        (other.tables != database.tables).then_some(other)
    }
}

impl BrokenDb {
    fn rows(&self, rows: Vec<RowWrite>) -> Vec<RowWrite> {
        let mend = |mut row: RowWrite| {
            match self.fault {
                F::AFieldIsLost => drop(row.values.remove("real")),
                F::BaseVersionsAreIgnored => row.base_version = None,
                F::LocksAreIgnored => row.lock_id = None,
                F::InsertsAreNotIdempotent => {
                    let number = self.asked.fetch_add(1, Ordering::Relaxed);
                    row.values.insert("asked".into(), CloudType::Int64(number.cast_signed()));
                }
                _ => {}
            }
            row
        };
        rows.into_iter().map(mend).collect()
    }

    fn answers(&self, mut answers: Vec<Result<WriteReceipt>>) -> Vec<Result<WriteReceipt>> {
        if self.fault == F::FewerAnswers && answers.len() > 1 {
            answers.pop();
        }
        if self.fault == F::VersionsStandStill {
            answers.iter_mut().flatten().for_each(|receipt| receipt.version = 1);
        }
        answers
    }
}

impl CloudDb for BrokenDb {
    fn capabilities(&self) -> Capabilities {
        self.db.capabilities()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        let mut ids = self.db.generate_id(count)?;
        match self.fault {
            F::AnIdTwice if count > 1 => ids[1] = ids[0].clone(),
            F::AnEmptyId if count > 1 => ids[1].clear(),
            F::FewerIds if count > 1 => drop(ids.pop()),
            _ => {}
        }
        Ok(ids)
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        let answers = self.db.insert(table, self.rows(rows))?;
        let unfit = |answer: &Result<WriteReceipt>| matches!(answer, Err(CloudError::InvalidArgument(_)));
        match answers.iter().find(|answer| answers.len() > 1 && unfit(answer)) {
            Some(Err(error)) if self.fault == F::OneBadRowRefusesAll => Err(error.clone()),
            _ => Ok(self.answers(answers)),
        }
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        let rows = self.rows(rows);
        let answers = self.db.update(table, rows.clone())?;
        if self.fault == F::UpdatesMakeRecords && matches!(answers[..], [Err(CloudError::NotFound(_))]) {
            return self.db.insert(table, rows);
        }
        Ok(self.answers(answers))
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        Ok(self.answers(self.db.delete(table, self.rows(rows))?))
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        let fields = if self.fault == F::AllColumnsAlways { &[] } else { fields };
        let count = if self.fault == F::PagesTooLong { count + 1 } else { count };
        let page = self.db.query(table, fields, count, cursor);
        let mut page = match page {
            Err(CloudError::CursorExpired) if self.fault == F::MadeUpCursorsAreTaken => CloudData::default(),
            page => page?,
        };
        match self.fault {
            F::PagesOutOfOrder => page.values.reverse(),
            F::MoreIsAlwaysPromised => page.has_more = true,
            F::CursorsStandStill => page.next_cursor = cursor.into(),
            F::DeletedFieldsAreForgotten => {
                let deleted =
                    page.values.iter_mut().filter(|record| record.extension.operation == Flag::Delete);
                deleted.for_each(|record| record.values.clear());
            }
            _ => {}
        }
        Ok(page)
    }

    fn lock(&self) -> Result<LockInfo> {
        match self.db.lock() {
            Err(CloudError::LockedByOthers) if self.fault == F::LocksAreShared => {
                Ok(LockInfo { interval: 30, lock_id: i64::MAX })
            }
            Ok(lock) if self.fault == F::LeasesOfNoTime => Ok(LockInfo { interval: 0, ..lock }),
            lock => lock,
        }
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        match self.db.heartbeat(lock_id) {
            Err(CloudError::StaleLock) if self.fault == F::HeartbeatsOfStrangers => {
                Ok(LockInfo { interval: 30, lock_id })
            }
            lock => lock,
        }
    }

    fn unlock(&self, lock_id: i64) -> Result<bool> {
        let held = self.db.unlock(lock_id)?;
        Ok(match self.fault {
            F::UnlocksOfStrangers => true,
            F::UnlocksAreNotTold => false,
            _ => held,
        })
    }
}

/// Bytes of which one is another, or that are as long as somebody says.
struct Twisted<'a>(Box<dyn cloudsync_cloud::AssetSource + 'a>, Fault);

impl cloudsync_cloud::AssetSource for Twisted<'_> {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        let read = self.0.read_at(buffer, offset)?;
        if self.1 == F::OtherBytesComeBack && offset == 0 && read > 0 {
            buffer[0] ^= 1;
        }
        if self.1 == F::LengthsAreIgnored && read == 0 {
            let rest = usize::try_from(self.0.size() - offset).unwrap().min(buffer.len());
            buffer[..rest].fill(0);
            return Ok(rest);
        }
        Ok(read)
    }

    fn size(&self) -> u64 {
        self.0.size()
    }

    fn path(&self) -> Option<&std::path::Path> {
        None
    }
}

struct Deaf<'a>(&'a dyn TransferControl);

impl TransferControl for Deaf<'_> {
    fn advanced(&self, item: usize, bytes: u64) -> cloudsync_cloud::Flow {
        self.0.advanced(item, bytes);
        cloudsync_cloud::Flow::Continue
    }
}

impl AssetLoader for BrokenLoader {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let digest = |digest| if self.fault == F::WrongDigestsAreTaken { None } else { digest };
        let items = items.into_iter().map(|item| AssetUpload {
            digest: digest(item.digest),
            source: Box::new(Twisted(item.source, self.fault)),
            ..item
        });
        let items = items.collect();
        let mut answers = match self.fault {
            F::StopsAreIgnored => self.loader.upload(table, items, &Deaf(control)),
            _ => self.loader.upload(table, items, control),
        };
        match self.fault {
            F::AssetsHaveNoId => answers.iter_mut().flatten().for_each(|asset| asset.asset_id.clear()),
            F::AnswersAreSwapped => answers.reverse(),
            _ => {}
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
        let asset = items[0].asset.clone();
        match self.loader.download(table, prefix, items, control) {
            answers if self.fault == F::UnknownAssetsAreEmpty && answers[0].is_err() => vec![Ok(asset)],
            answers => answers,
        }
    }
}

fn broken(fault: Fault) -> (tempfile::TempDir, Broken) {
    let dir = tempfile::tempdir().unwrap();
    let cloud = EmbeddedCloud::open(dir.path(), EmbeddedOptions::new("a person")).unwrap();
    (dir, Broken { cloud, fault })
}

#[test]
fn each_broken_cloud_fails_the_check_that_names_its_fault() {
    assert_named(FAULTS, |planted| {
        let (_dir, cloud) = broken(planted.0);
        unnamed_alone(planted, &cloud)
    });
}

#[test]
fn what_could_do_harm_is_refused_with_what_is_wrong_with_it() {
    let database = Database { name: "d".into(), alias: "d".into(), tables: vec![] };
    let db = |fault| {
        let (dir, cloud) = broken(fault);
        (dir, CheckedDb::new(cloud.connect_db("b", &database).unwrap()))
    };
    let text = |error: CloudError| error.to_string();
    let (_dir, twice) = db(F::AnIdTwice);
    assert!(text(twice.generate_id(2).unwrap_err()).contains("is there twice"));
    let (_dir, fewer) = db(F::FewerIds);
    assert!(text(fewer.generate_id(3).unwrap_err()).contains("2 ids for 3"));

    let row = |id: &str, base| RowWrite { id: id.into(), base_version: base, ..RowWrite::default() };
    let (_dir, fewer) = db(F::FewerAnswers);
    let answers = fewer.insert("t", vec![row("a", Some(0)), row("b", Some(0))]);
    assert!(text(answers.unwrap_err()).contains("1 answers for 2 rows"));
    let (_dir, still) = db(F::VersionsStandStill);
    still.insert("t", vec![row("a", Some(0))]).unwrap().remove(0).unwrap();
    let answer = still.update("t", vec![row("a", Some(1))]).unwrap().remove(0);
    assert!(text(answer.unwrap_err()).contains("version 1 after 1"));

    let (_dir, stuck) = db(F::MoreIsAlwaysPromised);
    stuck.insert("t", vec![row("a", Some(0))]).unwrap().remove(0).unwrap();
    let page = stuck.query("t", &[], 10, "").unwrap();
    let again = stuck.query("t", &[], 10, &page.next_cursor);
    assert!(text(again.unwrap_err()).contains("never ends"));
    let (_dir, none) = db(F::LeasesOfNoTime);
    assert!(text(none.lock().unwrap_err()).contains("a lease of no time"));
    let (_dir, shared) = db(F::LocksAreShared);
    shared.lock().unwrap();
    shared.lock().unwrap();
    assert!(text(shared.lock().unwrap_err()).contains("it gave the lock"), "the same lock twice");
}

#[test]
fn an_asset_that_was_not_read_was_not_taken() {
    struct Liar;
    impl AssetLoader for Liar {
        fn upload(
            &self,
            _: &str,
            items: Vec<AssetUpload<'_>>,
            _: &dyn TransferControl,
        ) -> Vec<Result<CloudAsset>> {
            let asset = |item: AssetUpload<'_>| CloudAsset { asset_id: "x".into(), size: 9, ..item.asset };
            items.into_iter().map(|item| Ok(asset(item))).collect()
        }

        fn download(
            &self,
            _: &str,
            _: &str,
            _: Vec<AssetDownload<'_>>,
            _: &dyn TransferControl,
        ) -> Vec<Result<CloudAsset>> {
            Vec::new()
        }
    }
    struct Nine;
    impl cloudsync_cloud::AssetSource for Nine {
        fn read_at(&mut self, _: &mut [u8], _: u64) -> std::io::Result<usize> {
            Ok(0)
        }
        fn size(&self) -> u64 {
            9
        }
        fn path(&self) -> Option<&std::path::Path> {
            None
        }
    }
    struct Go;
    impl TransferControl for Go {
        fn advanced(&self, _: usize, _: u64) -> cloudsync_cloud::Flow {
            cloudsync_cloud::Flow::Continue
        }
    }
    let upload = AssetUpload {
        gid: "g".into(),
        asset: CloudAsset::default(),
        transfer_id: "t".into(),
        digest: None,
        source: Box::new(Nine),
    };
    let answer = CheckedLoader::new(Arc::new(Liar)).upload("t", vec![upload], &Go).remove(0);
    assert!(answer.unwrap_err().to_string().contains("took 9 bytes, and read 0"));
}
