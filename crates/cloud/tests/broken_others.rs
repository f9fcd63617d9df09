//! Clouds that are broken in one way each, in what is not a record's own: names and times, space, databases, leases, proofs and
//! subscriptions. The conformance suite names the fault.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cloudsync_cloud::*;
use common::faults::{Planted, assert_named, unnamed_alone};

/// What is wrong with a cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    AnAccountInUseIsOff,
    ApplicationsFail,
    ApplicationsUnderOtherNames,
    AnApplicationInUseIsOff,
    SpaceStandsStill,
    QuotasAreIgnored,
    TextsAreCut,
    BytesAreCut,
    FileNamesAreCut,
    ListsAreCut,
    TextsAreComposed,
    FieldsAreLowercase,
    TablesAreLowercase,
    IdsAreCut,
    IdsAreLowercase,
    CreateTimesAreNone,
    TimesInSeconds,
    UpdatesAreCreations,
    DeletionsAreNotTold,
    BundlesAreMixed,
    DatabasesAreMixed,
    LeasesEndEarly,
    LeasesNeverEnd,
    HeartbeatsOfTheLost,
    HeartbeatsDoNothing,
    LocksAreSlow,
    NothingIsProved,
    UnknownRecordsAreProved,
    OtherVersionsAreProved,
    DeletedRecordsAreProved,
    OtherDigestsAreProved,
    OtherSizesAreProved,
    OtherAssetsAreProved,
    ProofsAreSwapped,
    NobodyIsTold,
    OnlyTheFirstChangeIsTold,
    SubscribingFails,
    SubscriptionsOfNoTime,
    SubscriptionsWithoutId,
    EverybodyIsTold,
    SubscriptionsNeverEnd,
    UnsubscribingDoesNothing,
    UnsubscribingTwiceFails,
}

use Fault as F;

/// Each fault, the check that finds it, and what the check says of it.
const FAULTS: &[Planted<Fault>] = &[
    (F::AnAccountInUseIsOff, "applications", "an account in use is told as switched off"),
    (F::ApplicationsFail, "applications", "get_app_brief_info fails"),
    (F::ApplicationsUnderOtherNames, "applications", "is told under"),
    (F::AnApplicationInUseIsOff, "applications", "an application in use is told as switched off"),
    (F::SpaceStandsStill, "space-is-counted", "8 uploads of 1024 KB each left as much space as before"),
    (F::QuotasAreIgnored, "quota", "an asset of 1024 KB more than there is space: Ok"),
    (F::TextsAreCut, "large-fields", "a large field, text: of"),
    (F::BytesAreCut, "large-fields", "a large field, bytes: of 65536 came back 65535"),
    (F::FileNamesAreCut, "large-fields", "a large field, asset: of 255 came back 128"),
    (F::ListsAreCut, "large-fields", "a large field, assets: of 100 came back 16"),
    (F::TextsAreComposed, "unusual-texts", "came back as"),
    (F::FieldsAreLowercase, "unusual-fields", "the fields 'photos' and 'Photos' came back as"),
    (F::TablesAreLowercase, "unusual-tables", "the table 'Photos' has the record of 'photos'"),
    (F::IdsAreCut, "long-ids", "beside one like it"),
    (F::IdsAreLowercase, "long-ids", "beside one like it"),
    (F::CreateTimesAreNone, "times", "create_time is 0"),
    (F::TimesInSeconds, "times", "modify_time is 1"),
    (F::UpdatesAreCreations, "times", "an update changed create_time"),
    (F::DeletionsAreNotTold, "cursor-tells-deletions", "after a deletion the cursor tells of"),
    (F::BundlesAreMixed, "bundles-are-apart", "the lock of another bundle cannot be taken"),
    (F::DatabasesAreMixed, "databases-are-apart", "a record is in another database too"),
    (F::LeasesEndEarly, "lock-stays", "into a lease of 30 s"),
    (F::LeasesNeverEnd, "lock-lease-ends", "a lease of 1 s holds after"),
    (F::HeartbeatsOfTheLost, "lock-lease-ends", "a heartbeat after the lease"),
    (F::HeartbeatsDoNothing, "lock-heartbeat-extends", "another got the lock"),
    (F::LocksAreSlow, "lock-one-of-many", "of 4 at once"),
    (F::NothingIsProved, "prove-held", "what the cloud holds is not proved"),
    (F::UnknownRecordsAreProved, "prove-record", "a record that never was was proved"),
    (F::OtherVersionsAreProved, "prove-record", "another version of the record was proved"),
    (F::DeletedRecordsAreProved, "prove-record", "a record that was deleted was proved"),
    (F::OtherDigestsAreProved, "prove-content", "another digest was proved"),
    (F::OtherSizesAreProved, "prove-content", "another size was proved"),
    (F::OtherAssetsAreProved, "prove-content", "an asset of another record was proved"),
    (F::ProofsAreSwapped, "prove-one-by-one", "not one answer for each, in order"),
    (F::NobodyIsTold, "subscribe-tells", "another connection's change was not told"),
    (F::OnlyTheFirstChangeIsTold, "subscribe-tells", "a change was not told"),
    (F::SubscribingFails, "subscribe-tells", "subscribe fails"),
    (F::SubscriptionsOfNoTime, "subscribe-answer", "a subscription of no time"),
    (F::SubscriptionsWithoutId, "subscribe-answer", "a subscription without an id"),
    (F::EverybodyIsTold, "subscribe-own-bundle", "who subscribed to another bundle is told"),
    (F::SubscriptionsNeverEnd, "subscribe-expires", "a subscription of 1000 ms is told after its end"),
    (F::UnsubscribingDoesNothing, "unsubscribe", "who unsubscribed is told"),
    (F::UnsubscribingTwiceFails, "unsubscribe", "ending what has ended is an error"),
];

/// How long a lease is said to be, where that is not so.
fn said(fault: Fault) -> Option<u32> {
    match fault {
        F::LeasesEndEarly => Some(30),
        F::LeasesNeverEnd => Some(1),
        _ => None,
    }
}

struct Broken {
    cloud: EmbeddedCloud,
    fault: Fault,
    asked: AtomicU64,
    /// When the lock was given last.
    given: Arc<Mutex<Option<Instant>>>,
}

struct BrokenDb {
    db: Arc<dyn CloudDb>,
    /// Where its lock is.
    locks: Arc<dyn CloudDb>,
    fault: Fault,
    given: Arc<Mutex<Option<Instant>>>,
}

struct BrokenLoader {
    loader: Arc<dyn AssetLoader>,
    fault: Fault,
    /// What was proved first, which is true.
    right: Mutex<Option<Claim>>,
}

impl CloudService for Broken {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        let info = self.cloud.get_service_info()?;
        Ok(match self.fault {
            F::AnAccountInUseIsOff => ServiceInfo { enable_cloud: false, ..info },
            F::SpaceStandsStill => ServiceInfo { remaining_space: info.total_space, ..info },
            F::QuotasAreIgnored => ServiceInfo { total_space: 2048, remaining_space: 1024, ..info },
            _ => info,
        })
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        let mut apps = self.cloud.get_app_brief_info()?;
        match self.fault {
            F::ApplicationsFail => return Err(CloudError::Unknown("the applications are lost".into())),
            F::ApplicationsUnderOtherNames => {
                apps.values_mut().for_each(|app| app.bundle_name = "another".into());
            }
            F::AnApplicationInUseIsOff => apps.values_mut().for_each(|app| app.cloud_switch = false),
            _ => {}
        }
        Ok(apps)
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        self.cloud.get_app_schema(bundle_name)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        let locks = self.cloud.connect_db(bundle_name, database)?;
        let mixed = Database { name: "mixed".into(), alias: "mixed".into(), tables: vec![] };
        let (db, locks) = match self.fault {
            F::BundlesAreMixed => {
                let db = self.cloud.connect_db("mixed", database)?;
                (db.clone(), db)
            }
            F::DatabasesAreMixed => (self.cloud.connect_db(bundle_name, &mixed)?, locks),
            _ => (locks.clone(), locks),
        };
        Ok(Arc::new(BrokenDb { db, locks, fault: self.fault, given: Arc::clone(&self.given) }))
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let loader = self.cloud.connect_asset_loader(bundle_name, database)?;
        Ok(Arc::new(BrokenLoader { loader, fault: self.fault, right: Mutex::default() }))
    }

    fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        changed: ChangeListener,
    ) -> Result<SubscribeInfo> {
        let mut databases = databases.clone();
        let changed: ChangeListener = match self.fault {
            F::SubscribingFails => return Err(CloudError::InvalidArgument("no more subscriptions".into())),
            F::NobodyIsTold => Arc::new(|_: &str| {}),
            F::OnlyTheFirstChangeIsTold => {
                let first = Mutex::new(Some(changed));
                let told = move |bundle: &str| {
                    if let Some(told) = first.lock().unwrap().take() {
                        told(bundle)
                    }
                };
                Arc::new(told)
            }
            _ => changed,
        };
        if self.fault == F::EverybodyIsTold {
            let all = databases.values().next().unwrap().clone();
            databases.insert("com.example.conformance".into(), all);
        }
        let lasts = if self.fault == F::SubscriptionsNeverEnd { 3_600_000 } else { expiration_time };
        let mut info = self.cloud.subscribe(&databases, lasts, changed)?;
        info.expiration_time = if self.fault == F::SubscriptionsOfNoTime { 0 } else { expiration_time };
        if self.fault == F::SubscriptionsWithoutId {
            info.subscribe.values_mut().flatten().for_each(|id| id.id.clear());
        }
        Ok(info)
    }

    fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> Result<()> {
        match self.fault {
            F::UnsubscribingDoesNothing => Ok(()),
            F::UnsubscribingTwiceFails if self.asked.fetch_add(1, Ordering::Relaxed) > 0 => {
                Err(CloudError::NotFound("this subscription".into()))
            }
            _ => self.cloud.unsubscribe(subscriptions),
        }
    }
}

impl BrokenDb {
    fn table(&self, table: &str) -> String {
        if self.fault == F::TablesAreLowercase { table.to_lowercase() } else { table.to_owned() }
    }

    fn rows(&self, rows: Vec<RowWrite>) -> Vec<RowWrite> {
        let change = |mut row: RowWrite| {
            match self.fault {
                F::IdsAreCut => row.id.truncate(15),
                F::IdsAreLowercase => row.id = row.id.to_lowercase(),
                F::FieldsAreLowercase => {
                    let values = row.values.into_iter();
                    row.values = values.map(|(name, value)| (name.to_lowercase().into(), value)).collect();
                }
                _ => row.values.values_mut().for_each(|value| self.value(value)),
            }
            row
        };
        rows.into_iter().map(change).collect()
    }

    fn value(&self, value: &mut CloudType) {
        match (self.fault, value) {
            (F::TextsAreCut, CloudType::String(text)) => *text = text.chars().take(100).collect(),
            (F::TextsAreComposed, CloudType::String(text)) => *text = text.replace("e\u{301}", "\u{e9}"),
            (F::BytesAreCut, CloudType::Bytes(bytes)) => bytes.truncate(65535),
            (F::FileNamesAreCut, CloudType::Asset(asset)) => asset.name.truncate(128),
            (F::ListsAreCut, CloudType::Assets(assets)) => assets.truncate(16),
            _ => {}
        }
    }
}

impl CloudDb for BrokenDb {
    fn capabilities(&self) -> Capabilities {
        self.db.capabilities()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        self.db.generate_id(count)
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.db.insert(&self.table(table), self.rows(rows))
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.db.update(&self.table(table), self.rows(rows))
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.db.delete(&self.table(table), self.rows(rows))
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        let mut page = self.db.query(&self.table(table), fields, count, cursor)?;
        if self.fault == F::DeletionsAreNotTold && !cursor.is_empty() {
            page.values.retain(|record| record.extension.operation != Flag::Delete);
        }
        for extension in page.values.iter_mut().map(|record| &mut record.extension) {
            match self.fault {
                F::CreateTimesAreNone => extension.create_time = 0,
                F::TimesInSeconds => extension.modify_time /= 1000,
                F::UpdatesAreCreations if extension.operation == Flag::Update => extension.create_time += 1,
                _ => {}
            }
        }
        Ok(page)
    }

    fn lock(&self) -> Result<LockInfo> {
        let mut given = self.given.lock().unwrap();
        match self.locks.lock() {
            // Looks who has it, and some time later takes it.
            Err(CloudError::LockedByOthers)
                if self.fault == F::LocksAreSlow
                    && given.is_some_and(|given| given.elapsed() < Duration::from_millis(500)) =>
            {
                Ok(LockInfo { interval: 60, lock_id: i64::MAX })
            }
            lock => {
                let lock = lock?;
                *given = Some(Instant::now());
                Ok(LockInfo { interval: said(self.fault).unwrap_or(lock.interval), ..lock })
            }
        }
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        let interval = said(self.fault);
        match self.fault {
            F::HeartbeatsDoNothing | F::HeartbeatsOfTheLost => Ok(LockInfo { interval: 1, lock_id }),
            _ => self
                .locks
                .heartbeat(lock_id)
                .map(|lock| LockInfo { interval: interval.unwrap_or(lock.interval), ..lock }),
        }
    }

    fn unlock(&self, lock_id: i64) -> Result<bool> {
        self.locks.unlock(lock_id)
    }
}

impl BrokenLoader {
    /// Whether such a cloud takes no notice of why a claim is refused.
    fn proves(&self, error: &CloudError, claim: &Claim, right: &Claim) -> bool {
        match self.fault {
            F::UnknownRecordsAreProved => claim.gid != right.gid,
            F::OtherVersionsAreProved => matches!(error, CloudError::VersionConflict { .. }),
            F::DeletedRecordsAreProved => error.to_string().contains("trash"),
            F::OtherDigestsAreProved => claim.digest != right.digest && claim.asset_id == right.asset_id,
            F::OtherSizesAreProved => claim.size != right.size,
            F::OtherAssetsAreProved => claim.asset_id != right.asset_id,
            _ => false,
        }
    }
}

impl AssetLoader for BrokenLoader {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        self.loader.upload(table, items, control)
    }

    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        self.loader.download(table, prefix, items, control)
    }

    fn prove(&self, table: &str, claims: &[Claim], control: &dyn TransferControl) -> Vec<Result<()>> {
        let mut answers = self.loader.prove(table, claims, control);
        for (answer, claim) in answers.iter_mut().zip(claims) {
            let mut right = self.right.lock().unwrap();
            match answer {
                Ok(()) => drop(right.get_or_insert_with(|| claim.clone())),
                Err(error) if right.as_ref().is_some_and(|right| self.proves(error, claim, right)) => {
                    *answer = Ok(());
                }
                Err(_) => {}
            }
            if self.fault == F::NothingIsProved {
                *answer = Err(CloudError::Corrupt("everything".into()));
            }
        }
        if self.fault == F::ProofsAreSwapped {
            answers.reverse();
        }
        answers
    }
}

fn broken(fault: Fault) -> (tempfile::TempDir, Broken) {
    let dir = tempfile::tempdir().unwrap();
    let short = [F::LeasesEndEarly, F::HeartbeatsOfTheLost, F::HeartbeatsDoNothing].contains(&fault);
    let lease_seconds = if short { 1 } else { 60 };
    let quota = (fault == F::SpaceStandsStill).then_some(1 << 30);
    let options = EmbeddedOptions { lease_seconds, quota, ..EmbeddedOptions::new("a person") };
    let cloud = EmbeddedCloud::open(dir.path(), options).unwrap();
    (dir, Broken { cloud, fault, asked: AtomicU64::new(0), given: Arc::default() })
}

#[test]
fn each_broken_cloud_fails_the_check_that_names_its_fault() {
    assert_named(FAULTS, |planted| {
        let (_dir, cloud) = broken(planted.0);
        unnamed_alone(planted, &cloud)
    });
}
