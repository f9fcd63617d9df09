//! Clouds that share, and are broken in what an invitee finds of it. The conformance suite names the fault.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cloudsync_cloud::conformance::{Outcome, Party, run_sharing};
use cloudsync_cloud::*;
use common::faults::{Planted, assert_named};

/// What is wrong with the invitee's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    EverybodyFindsIt,
    OtherValuesAreFound,
    ChangesAreNotFound,
    ReadersMayWrite,
    ReadersMayDelete,
    WritersMayNotWrite,
    WritesAreLost,
    WhatWasTakenBackStays,
    ReadersMayCreate,
    CreatorsMayNotCreate,
    WhatIsCreatedIsLost,
    WhatWasCreatedGoes,
    BytesOfWhatWasCreatedGo,
    NothingIsFound,
}

use Fault as F;

const ONLY_READS: &str = "share-records-privilege";

/// Each fault, the check that finds it, and what the check says of it.
const FAULTS: &[Planted<Fault>] = &[
    (F::EverybodyFindsIt, "share-records-found", "who was not invited finds the record"),
    (F::OtherValuesAreFound, "share-records-found", "the invitee finds Some(Int64(9)) in the shared record"),
    (
        F::ChangesAreNotFound,
        "share-records-found",
        "the invitee finds Some(Int64(1)) after the inviter's change",
    ),
    (F::ReadersMayWrite, ONLY_READS, "an invitee who may only read writes"),
    (F::ReadersMayDelete, ONLY_READS, "an invitee who may only read deletes"),
    (F::WritersMayNotWrite, "share-records-written", "an invitee who may write is refused"),
    (
        F::WritesAreLost,
        "share-records-written",
        "the inviter finds Some(Int64(1)) after the invitee's change",
    ),
    (F::WhatWasTakenBackStays, "share-records-gone", "the invitee finds what was taken back"),
    (F::ReadersMayCreate, ONLY_READS, "an invitee who may only read creates"),
    (F::CreatorsMayNotCreate, "share-records-created", "an invitee who may create is refused"),
    (
        F::WhatIsCreatedIsLost,
        "share-records-created",
        "the inviter does not find what the invitee created in the share",
    ),
    (F::WhatWasCreatedGoes, "share-records-kept", "with the share went what the invitee had created in it"),
    (F::BytesOfWhatWasCreatedGo, "share-records-kept", "what the invitee had created cannot be downloaded"),
];

/// An account that is invited.
struct Invitee {
    cloud: EmbeddedCloud,
    inviter: Arc<EmbeddedCloud>,
    fault: Fault,
}

struct InviteesDb {
    db: Arc<dyn CloudDb>,
    inviter: Arc<dyn CloudDb>,
    fault: Fault,
    kept: std::sync::Mutex<Option<Record>>,
}

impl CloudService for Invitee {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        self.cloud.get_service_info()
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        self.cloud.get_app_brief_info()
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        self.cloud.get_app_schema(bundle_name)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let (db, inviter) =
            (self.cloud.connect_db(bundle_name, database)?, self.inviter.connect_db(bundle_name, database)?);
        Ok(Arc::new(InviteesDb { db, inviter, fault: self.fault, kept: Default::default() }))
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let assets = self.cloud.connect_asset_loader(bundle_name, database)?;
        match self.fault {
            F::BytesOfWhatWasCreatedGo => Ok(Arc::new(Forgetful(assets))),
            _ => Ok(assets),
        }
    }

    fn connect_share_center(&self, user: i32, bundle_name: &str) -> Result<Arc<dyn ShareCenter>> {
        self.cloud.connect_share_center(user, bundle_name)
    }
}

/// Takes assets, and has none.
struct Forgetful(Arc<dyn AssetLoader>);

impl AssetLoader for Forgetful {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        self.0.upload(table, items, control)
    }

    fn download(
        &self,
        _table: &str,
        _prefix: &str,
        items: Vec<AssetDownload<'_>>,
        _control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        items.iter().map(|_| Err(CloudError::NotFound("the asset".into()))).collect()
    }
}

impl InviteesDb {
    /// As if such a write had gone well.
    fn well(rows: &[RowWrite]) -> Vec<Result<WriteReceipt>> {
        rows.iter().map(|row| Ok(WriteReceipt { id: row.id.clone(), version: 9, modify_time: 0 })).collect()
    }

    fn refused(rows: &[RowWrite]) -> Vec<Result<WriteReceipt>> {
        rows.iter().map(|_| Err(CloudError::NotAllowed("anything".into()))).collect()
    }
}

impl CloudDb for InviteesDb {
    fn capabilities(&self) -> Capabilities {
        self.db.capabilities()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        self.db.generate_id(count)
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        match self.fault {
            F::ReadersMayCreate => self.inviter.insert(table, rows),
            F::WhatIsCreatedIsLost => Ok(Self::well(&rows)),
            F::CreatorsMayNotCreate => Ok(Self::refused(&rows)),
            _ => self.db.insert(table, rows),
        }
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        match self.fault {
            F::ReadersMayWrite => self.inviter.update(table, rows),
            F::WritesAreLost => Ok(Self::well(&rows)),
            F::WritersMayNotWrite => Ok(Self::refused(&rows)),
            _ => self.db.update(table, rows),
        }
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        match self.fault {
            F::ReadersMayDelete => self.inviter.delete(table, rows),
            _ => self.db.delete(table, rows),
        }
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        let mut page = self.db.query(table, fields, count, cursor)?;
        let mut kept = self.kept.lock().unwrap();
        match (self.fault, &*kept) {
            (F::EverybodyFindsIt, _) => return self.inviter.query(table, fields, count, cursor),
            (F::NothingIsFound, _) => page.values.clear(),
            (F::WhatWasCreatedGoes, _) => page.values.retain(is_shared),
            (F::OtherValuesAreFound, _) => {
                let values = page.values.iter_mut().map(|record| &mut record.values);
                values.for_each(|values| drop(values.insert("number".into(), CloudType::Int64(9))));
            }
            (F::ChangesAreNotFound | F::WhatWasTakenBackStays, Some(kept)) => {
                page.values = vec![kept.clone()]
            }
            (F::ChangesAreNotFound | F::WhatWasTakenBackStays, None) => *kept = page.values.first().cloned(),
            _ => {}
        }
        Ok(page)
    }

    fn lock(&self) -> Result<LockInfo> {
        self.db.lock()
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        self.db.heartbeat(lock_id)
    }

    fn unlock(&self, lock_id: i64) -> Result<bool> {
        self.db.unlock(lock_id)
    }
}

/// Whether a record is another account's.
fn is_shared(record: &Record) -> bool {
    record.values.contains_key("cloud_owner")
}

fn open(dir: &Path, name: &str) -> EmbeddedCloud {
    EmbeddedCloud::open(dir, EmbeddedOptions::new(name)).unwrap()
}

/// Every check that was not passed, with what was said.
fn said(fault: Fault) -> BTreeMap<&'static str, String> {
    let dir = tempfile::tempdir().unwrap();
    let inviter = Arc::new(open(dir.path(), "ann"));
    let invitee = Invitee { cloud: open(dir.path(), "ben"), inviter: Arc::clone(&inviter), fault };
    let (ann, ben) =
        (Party { service: &*inviter, identity: "ann" }, Party { service: &invitee, identity: "ben" });
    let mut said = BTreeMap::new();
    run_sharing(ann, ben, |name, outcome| match outcome {
        Outcome::Passed => {}
        Outcome::Skipped(why) => drop(said.insert(name, format!("skipped: {why}"))),
        Outcome::Failed(text) => drop(said.insert(name, text.to_owned())),
    });
    said
}

#[test]
fn each_broken_cloud_fails_the_check_that_names_its_fault() {
    assert_named(FAULTS, |(fault, name, text)| {
        let said = said(*fault);
        let named = said.get(name).is_some_and(|said| said.starts_with(text));
        (!named).then(|| format!("{fault:?}: {said:?}"))
    });
}

#[test]
fn a_cloud_whose_invitees_find_nothing_is_told_of() {
    let said = said(F::NothingIsFound);
    let names: Vec<&str> = said.keys().copied().collect();
    let records = [
        "share-records-created",
        "share-records-found",
        "share-records-gone",
        "share-records-kept",
        ONLY_READS,
        "share-records-written",
    ];
    assert_eq!(names, records);
    let why = "skipped: shared records: an invitee does not find what it accepted";
    assert!(said.values().all(|said| said == why), "{said:?}");
}
