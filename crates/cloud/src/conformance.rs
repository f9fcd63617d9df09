//! What every cloud must do, as checks that any [`CloudService`] can be put through.

mod account;
mod lock;
mod names;
mod proofs;
mod schema;
mod shared_records;
mod sharing;
mod subscriptions;
mod values;

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    AssetDownload, AssetLoader, AssetSink, AssetSource, AssetUpload, CloudAsset, CloudDb, CloudError,
    CloudService, CloudType, Database, Flag, Flow, Record, Result, Row, RowWrite, TransferControl,
    WriteReceipt,
};

pub use sharing::{Party, run_sharing};

/// A check that a cloud did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The check's name.
    pub name: &'static str,
    /// What was found instead.
    pub text: String,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// The cloud does as it must.
    Passed,
    /// The cloud does not offer what the check is about; how that is known.
    Skipped(&'a str),
    /// The cloud does otherwise; what was found.
    Failed(&'a str),
}

type Check = std::result::Result<(), Box<dyn Error>>;

/// Why a check was not made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Skip(String);

type Named = (&'static str, fn(&Bench<'_>) -> Check);

/// Every check with its name. Each one works in a table of its own.
const CHECKS: &[Named] = &[
    ("account", account),
    ("applications", account::applications),
    ("space-is-counted", account::space_is_counted),
    ("quota", account::quota),
    ("ids-are-new", ids_are_new),
    ("insert-and-list", insert_and_list),
    ("fields-of-every-kind", fields_of_every_kind),
    ("large-fields", values::large),
    ("unusual-texts", names::texts),
    ("unusual-fields", names::fields),
    ("unusual-tables", names::tables),
    ("long-ids", names::ids),
    ("times", values::times),
    ("columns-wanted", columns_wanted),
    ("insert-is-idempotent", insert_is_idempotent),
    ("update-raises-version", update_raises_version),
    ("delete-keeps-fields", delete_keeps_fields),
    ("delete-twice", delete_twice),
    ("update-of-nothing", update_of_nothing),
    ("compare-and-set", compare_and_set),
    ("revive", revive),
    ("rows-answered-one-by-one", rows_answered_one_by_one),
    ("pages", pages),
    ("rewritten-while-listing", rewritten_while_listing),
    ("cursor-goes-on", cursor_goes_on),
    ("cursor-made-up", cursor_made_up),
    ("cursor-tells-deletions", values::deletions_told),
    ("bundles-are-apart", names::bundles),
    ("databases-are-apart", names::databases),
    ("lock-is-exclusive", lock_is_exclusive),
    ("lock-ids-rise", lock_ids_rise),
    ("lock-stays", lock::stays),
    ("lock-lease-ends", lock::lease_ends),
    ("lock-heartbeat-extends", lock::heartbeat_extends),
    ("lock-one-of-many", lock::one_of_many),
    ("fencing", fencing),
    ("asset-there-and-back", asset_there_and_back),
    ("asset-empty", asset_empty),
    ("asset-large", asset_large),
    ("asset-answers-in-order", asset_answers_in_order),
    ("asset-unknown", asset_unknown),
    ("asset-stop", asset_stop),
    ("asset-length", asset_length),
    ("digests", digests),
    ("ranges", ranges),
    ("prove-held", proofs::held),
    ("prove-record", proofs::record),
    ("prove-content", proofs::content),
    ("prove-one-by-one", proofs::one_by_one),
    ("subscribe-tells", subscriptions::tells),
    ("subscribe-answer", subscriptions::answer),
    ("subscribe-own-bundle", subscriptions::own_bundle),
    ("subscribe-expires", subscriptions::expires),
    ("unsubscribe", subscriptions::ends),
    ("schema-given", schema::given),
    ("schema-fits", schema::fits),
    ("schema-table", schema::table),
    ("schema-types", schema::types),
    ("schema-key", schema::key),
    ("schema-null", schema::null),
    ("schema-field", schema::field),
    ("schema-row-alone", schema::row_alone),
    ("share-none", sharing::no_such_share),
    ("share-no-invitation", sharing::no_such_invitation),
];

/// Where the records of the checks lie.
const BUNDLE: &str = "com.example.conformance";
const DATABASE: &str = "conformance";
/// What has nothing to do with them.
const OTHER_BUNDLE: &str = "com.example.conformance.other";
const OTHER_DATABASE: &str = "conformance-other";

/// Puts a cloud through every check, and returns those that it did not pass. Leaves a few records
/// and assets in the bundles `com.example.conformance` and `com.example.conformance.other`. Checks of what the cloud does not declare in
/// its [`crate::Capabilities`], or refuses as [`CloudError::NotSupported`], are left out. Blocks; nobody else may use these bundles meanwhile.
pub fn check(service: &dyn CloudService) -> Vec<Failed> {
    let mut failed = Vec::new();
    run(service, |name, outcome| {
        if let Outcome::Failed(text) = outcome {
            failed.push(Failed { name, text: text.to_owned() });
        }
    });
    failed
}

/// Puts a cloud through every check as [`check`] does, and reports each when it was made: its name, and what it came to.
pub fn run(service: &dyn CloudService, report: impl FnMut(&'static str, Outcome<'_>)) {
    run_some(service, |_| true, report);
}

/// Puts a cloud through those checks whose names are wanted.
pub fn run_some(
    service: &dyn CloudService,
    wanted: impl Fn(&str) -> bool,
    mut report: impl FnMut(&'static str, Outcome<'_>),
) {
    for (name, check) in CHECKS.iter().filter(|(name, _)| wanted(name)) {
        tell(name, Bench::new(service, name).and_then(|bench| check(&bench)), &mut report);
    }
}

fn tell(name: &'static str, result: Check, report: &mut impl FnMut(&'static str, Outcome<'_>)) {
    match result {
        Ok(()) => report(name, Outcome::Passed),
        Err(error) if error.is::<Skip>() => report(name, Outcome::Skipped(&error.to_string())),
        Err(error) => report(name, Outcome::Failed(&error.to_string())),
    }
}

/// One check's cloud.
struct Bench<'a> {
    service: &'a dyn CloudService,
    db: Arc<dyn CloudDb>,
    assets: Arc<dyn AssetLoader>,
    table: String,
}

impl<'a> Bench<'a> {
    fn new(service: &'a dyn CloudService, name: &str) -> std::result::Result<Self, Box<dyn Error>> {
        let database = database(DATABASE);
        let db = service.connect_db(BUNDLE, &database)?;
        let assets = service.connect_asset_loader(BUNDLE, &database)?;
        let unique = db.generate_id(1)?.concat();
        Ok(Bench { service, db, assets, table: format!("{name}-{unique}") })
    }

    /// Another connection.
    fn another(&self, bundle: &str, name: &str) -> Result<Arc<dyn CloudDb>> {
        self.service.connect_db(bundle, &database(name))
    }

    fn id(&self) -> Result<String> {
        Ok(self.db.generate_id(1)?.concat())
    }

    /// Inserts a record whose only field is a number.
    fn insert(&self, id: &str, base_version: Option<u64>, number: i64) -> Result<WriteReceipt> {
        one(self.db.insert(&self.table, vec![write(id, base_version, number)])?)
    }

    fn update(&self, id: &str, base_version: Option<u64>, number: i64) -> Result<WriteReceipt> {
        one(self.db.update(&self.table, vec![write(id, base_version, number)])?)
    }

    fn delete(&self, id: &str, base_version: Option<u64>) -> Result<WriteReceipt> {
        one(self
            .db
            .delete(&self.table, vec![RowWrite { values: Row::new(), ..write(id, base_version, 0) }])?)
    }

    fn all(&self) -> Result<Vec<Record>> {
        Ok(self.db.query(&self.table, &[], 1000, "")?.values)
    }

    fn upload(
        &self,
        bytes: &[u8],
        digest: Option<[u8; 32]>,
        size: u64,
        control: &Control,
    ) -> Result<CloudAsset> {
        let item = AssetUpload {
            gid: self.id()?,
            asset: CloudAsset { name: "a.jpg".to_owned(), modify_time: 7, ..CloudAsset::default() },
            transfer_id: self.id()?,
            digest,
            source: Box::new(Source { bytes, size }),
        };
        one(self.assets.upload(&self.table, vec![item], control))
    }

    /// Uploads of several contents.
    fn items<'b>(&self, contents: &'b [Vec<u8>]) -> Result<Vec<AssetUpload<'b>>> {
        let ids = self.db.generate_id(contents.len())?;
        let item = |(id, bytes): (String, &'b Vec<u8>)| AssetUpload {
            gid: id.clone(),
            asset: CloudAsset::default(),
            transfer_id: id,
            digest: None,
            source: Box::new(Source { bytes, size: bytes.len() as u64 }),
        };
        Ok(ids.into_iter().zip(contents).map(item).collect())
    }

    fn download(&self, asset: &CloudAsset, held: &[u8]) -> Result<Vec<u8>> {
        self.download_of(&self.id()?, asset, held)
    }

    /// Downloads what a record names.
    fn download_of(&self, id: &str, asset: &CloudAsset, held: &[u8]) -> Result<Vec<u8>> {
        let sink = Sink(Arc::new(Mutex::new(held.to_vec())));
        let item =
            AssetDownload { gid: id.to_owned(), asset: asset.clone(), sink: Box::new(Sink(sink.0.clone())) };
        one(self.assets.download(&self.table, "", vec![item], &Control::default()))?;
        let bytes = sink.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(bytes.clone())
    }
}

/// A database of which nothing is described.
fn database(name: &str) -> Database {
    Database { name: name.to_owned(), alias: name.to_owned(), tables: vec![] }
}

fn write(id: &str, base_version: Option<u64>, number: i64) -> RowWrite {
    RowWrite { id: id.to_owned(), base_version, lock_id: None, values: values(number) }
}

fn values(number: i64) -> Row {
    Row::from([("number".into(), CloudType::Int64(number))])
}

/// The answer to a call of one row or item.
fn one<T>(mut answers: Vec<Result<T>>) -> Result<T> {
    match (answers.pop(), answers.len()) {
        (Some(answer), 0) => answer,
        (_, others) => {
            Err(CloudError::Unknown(format!("one item was sent and {others} others were answered")))
        }
    }
}

/// Leaves a check out.
fn skip(why: impl Into<String>) -> Box<dyn Error> {
    Box::new(Skip(why.into()))
}

fn ensure(held: bool, text: impl Into<String>) -> Check {
    if held { Ok(()) } else { Err(text.into().into()) }
}

fn refused<T: std::fmt::Debug>(answer: Result<T>, wanted: fn(&CloudError) -> bool, what: &str) -> Check {
    match answer {
        Err(error) if wanted(&error) => Ok(()),
        other => Err(format!("{what}: {other:?}").into()),
    }
}

struct Source<'a> {
    bytes: &'a [u8],
    size: u64,
}

impl AssetSource for Source<'_> {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest =
            usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl AssetSink for Sink {
    fn offset(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        if offset > held.len() {
            return Err(io::Error::other("a gap"));
        }
        held.truncate(offset);
        held.extend_from_slice(bytes);
        Ok(())
    }

    fn path(&self) -> Option<&Path> {
        None
    }
}

/// Counts what moves, and stops at some item.
#[derive(Default)]
struct Control {
    stop_at: Option<usize>,
    moved: Mutex<BTreeMap<usize, u64>>,
}

impl Control {
    fn moved(&self, item: usize) -> u64 {
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.get(&item).copied().unwrap_or(0)
    }
}

impl TransferControl for Control {
    fn advanced(&self, item: usize, bytes: u64) -> Flow {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner).entry(item).or_default() += bytes;
        if self.stop_at.is_some_and(|stop| item >= stop) { Flow::Stop } else { Flow::Continue }
    }
}

/// Bytes that no other check uploads.
fn bytes(seed: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&[seed]).update(&length.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn account(bench: &Bench) -> Check {
    let info = bench.service.get_service_info()?;
    ensure(!info.id.is_empty(), "the account has no id")?;
    ensure(info.remaining_space <= info.total_space, format!("more space is left than there is: {info:?}"))
}

fn ids_are_new(bench: &Bench) -> Check {
    let ids = bench.db.generate_id(1000)?;
    ensure(ids.len() == 1000, format!("{} ids instead of 1000", ids.len()))?;
    ensure(ids.iter().all(|id| (1..=23).contains(&id.len())), "an id is empty or longer than 23 bytes")?;
    let mut known: std::collections::BTreeSet<String> = ids.into_iter().collect();
    known.extend(bench.db.generate_id(1000)?);
    ensure(known.len() == 2000, "an id was given twice")
}

fn insert_and_list(bench: &Bench) -> Check {
    let id = bench.id()?;
    let receipt = bench.insert(&id, Some(0), 1)?;
    ensure(receipt.id == id && receipt.version > 0, format!("{receipt:?}"))?;
    let records = bench.all()?;
    let [record] = records.as_slice() else { return Err(format!("{} records", records.len()).into()) };
    ensure(record.extension.id == id, "another id")?;
    ensure(record.version == receipt.version, "another version than its receipt")?;
    ensure(record.extension.operation == Flag::Insert, "another operation")?;
    ensure(record.extension.modify_time == receipt.modify_time, "another time than its receipt")?;
    ensure(record.values == values(1), "other values")
}

fn fields_of_every_kind(bench: &Bench) -> Check {
    let asset = CloudAsset { name: "a.jpg".to_owned(), size: u64::MAX, ..CloudAsset::default() };
    let values = Row::from([
        ("null".into(), CloudType::Null),
        ("number".into(), CloudType::Int64(i64::MIN)),
        ("real".into(), CloudType::Double(-0.1)),
        ("text".into(), CloudType::String("e\u{301} \u{1f4f7}".to_owned())),
        ("bool".into(), CloudType::Bool(true)),
        ("bytes".into(), CloudType::Bytes(vec![0, 255])),
        ("asset".into(), CloudType::Asset(Box::new(asset.clone()))),
        ("assets".into(), CloudType::Assets(vec![asset.clone(), asset])),
    ]);
    let row = RowWrite { id: bench.id()?, values: values.clone(), ..RowWrite::default() };
    one(bench.db.insert(&bench.table, vec![row])?)?;
    let found = bench.all()?.pop().map(|record| record.values).unwrap_or_default();
    for (name, value) in &values {
        let came = found.get(name);
        ensure(came == Some(value), format!("the field {name} came back as {came:?}"))?;
    }
    ensure(found.len() == values.len(), format!("there are {} fields now", found.len()))
}

fn columns_wanted(bench: &Bench) -> Check {
    let values = Row::from([("a".into(), CloudType::Bool(true)), ("b".into(), CloudType::Bool(false))]);
    one(bench.db.insert(&bench.table, vec![RowWrite { id: bench.id()?, values, ..RowWrite::default() }])?)?;
    let page = bench.db.query(&bench.table, &["b"], 10, "")?;
    let names: Vec<_> = page.values.iter().flat_map(|record| record.values.keys()).collect();
    ensure(names == ["b"], format!("the columns are {names:?}"))
}

fn insert_is_idempotent(bench: &Bench) -> Check {
    let id = bench.id()?;
    let first = bench.insert(&id, Some(0), 1)?;
    let again = bench.insert(&id, Some(0), 1);
    let again = again.map_err(|error| format!("the same row again is refused: {error}"))?;
    ensure(first == again, format!("{first:?} became {again:?}"))?;
    ensure(bench.all()?.len() == 1, "there are two records now")?;
    refused(
        bench.insert(&id, Some(0), 2),
        |error| matches!(error, CloudError::VersionConflict { .. }),
        "other values under the same id",
    )
}

fn update_raises_version(bench: &Bench) -> Check {
    let id = bench.id()?;
    let first = bench.insert(&id, None, 1)?;
    let second = bench.update(&id, Some(first.version), 2)?;
    let third = bench.update(&id, None, 3)?;
    ensure(first.version < second.version && second.version < third.version, "the versions do not rise")?;
    let records = bench.all()?;
    ensure(records.len() == 1, "the record appears more than once")?;
    ensure(records.iter().all(|record| record.values == values(3)), "not its last values")?;
    ensure(records.iter().all(|record| record.extension.operation == Flag::Update), "not its last operation")
}

fn delete_keeps_fields(bench: &Bench) -> Check {
    let id = bench.id()?;
    let inserted = bench.insert(&id, None, 1)?;
    let deleted = bench.delete(&id, Some(inserted.version))?;
    ensure(deleted.version > inserted.version, "the version does not rise")?;
    let found = bench.all()?.pop().ok_or("the deletion is not listed")?;
    ensure(found.extension.operation == Flag::Delete, "not listed as deleted")?;
    ensure(found.version == deleted.version, "listed with another version")?;
    ensure(found.values == values(1), "its last fields are not listed")
}

fn delete_twice(bench: &Bench) -> Check {
    let id = bench.id()?;
    let inserted = bench.insert(&id, None, 1)?;
    let deleted = bench.delete(&id, Some(inserted.version))?;
    let again = bench.delete(&id, Some(inserted.version))?;
    ensure(again.version == deleted.version, "a second deletion raised the version")
}

fn update_of_nothing(bench: &Bench) -> Check {
    refused(
        bench.update(&bench.id()?, None, 1),
        |error| matches!(error, CloudError::NotFound(_)),
        "an update of a record that never was",
    )
}

fn compare_and_set(bench: &Bench) -> Check {
    if !bench.db.capabilities().compare_and_set {
        return Err(skip("compare-and-set: not declared"));
    }
    let id = bench.id()?;
    let stale = bench.insert(&id, Some(0), 1)?.version;
    let current = bench.update(&id, Some(stale), 2)?.version;
    let conflict = Err(CloudError::VersionConflict { current });
    ensure(bench.update(&id, Some(stale), 3) == conflict, "a stale update was not refused")?;
    ensure(bench.delete(&id, Some(stale)) == conflict, "a stale delete was not refused")?;
    ensure(bench.update(&id, Some(0), 3) == conflict, "a write on nothing was not refused")?;
    let none = Err(CloudError::VersionConflict { current: 0 });
    ensure(bench.insert(&bench.id()?, Some(9), 3) == none, "an insert on a version that never was")?;
    ensure(bench.all()?.iter().all(|record| record.values == values(2)), "a refused write changed something")
}

fn revive(bench: &Bench) -> Check {
    let id = bench.id()?;
    bench.insert(&id, Some(0), 1)?;
    let deleted = bench.delete(&id, None)?.version;
    if bench.db.capabilities().compare_and_set {
        let conflict = Err(CloudError::VersionConflict { current: deleted });
        ensure(bench.insert(&id, Some(0), 2) == conflict, "a deleted record came back by chance")?;
    }
    let revived = bench.insert(&id, Some(deleted), 2)?;
    ensure(revived.version > deleted, "the version does not rise")?;
    let records = bench.all()?;
    ensure(records.len() == 1, "the record appears more than once")?;
    ensure(records.iter().all(|record| record.extension.operation == Flag::Insert), "still listed as deleted")
}

fn rows_answered_one_by_one(bench: &Bench) -> Check {
    let (first, second) = (bench.id()?, bench.id()?);
    bench.insert(&first, None, 1)?;
    let rows = vec![write(&bench.id()?, None, 5), write(&first, Some(0), 6), write(&second, None, 7)];
    let answers = bench.db.insert(&bench.table, rows)?;
    ensure(answers.len() == 3, format!("{} answers for 3 rows", answers.len()))?;
    let went: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    ensure(went == [true, false, true], format!("{answers:?}"))?;
    ensure(bench.all()?.len() == 3, "a refused row undid another")
}

/// Lists everything in pages of `count`; `between` runs after each page.
fn list(
    bench: &Bench,
    count: usize,
    mut between: impl FnMut(usize) -> Check,
) -> std::result::Result<Vec<Record>, Box<dyn Error>> {
    let (mut records, mut cursor) = (Vec::new(), String::new());
    for page_number in 0.. {
        let page = bench.db.query(&bench.table, &[], count, &cursor)?;
        ensure(page.values.len() <= count, "a page is longer than asked")?;
        ensure(!page.has_more || page.next_cursor != cursor, "the cursor stands still")?;
        records.extend(page.values);
        if !page.has_more {
            break;
        }
        cursor = page.next_cursor;
        between(page_number)?;
    }
    Ok(records)
}

fn pages(bench: &Bench) -> Check {
    let rows: Vec<RowWrite> = bench.db.generate_id(25)?.iter().map(|id| write(id, Some(0), 1)).collect();
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let answers = bench.db.insert(&bench.table, rows)?;
    ensure(answers.iter().all(Result::is_ok), "a row was refused")?;
    for count in [1, 5, 7, 25, 100] {
        let found: Vec<String> =
            list(bench, count, |_| Ok(()))?.into_iter().map(|record| record.extension.id).collect();
        ensure(found == ids, format!("pages of {count}: not every record once, in order"))?;
    }
    ensure(!bench.db.query(&bench.table, &[], 25, "")?.has_more, "more is promised than there is")
}

fn rewritten_while_listing(bench: &Bench) -> Check {
    let ids = bench.db.generate_id(20)?;
    for id in &ids {
        bench.insert(id, Some(0), 0)?;
    }
    let rewrite = |page: usize| {
        if let Some(id) = ids.get(page * 3) {
            bench.update(id, None, page as i64 + 1)?;
        }
        Ok(())
    };
    let mut seen = BTreeMap::new();
    for record in list(bench, 4, rewrite)? {
        seen.insert(record.extension.id, (record.version, record.values));
    }
    let now: BTreeMap<_, _> = bench
        .all()?
        .into_iter()
        .map(|record| (record.extension.id, (record.version, record.values)))
        .collect();
    ensure(seen == now, "the listing does not end with every record as it is")
}

fn cursor_goes_on(bench: &Bench) -> Check {
    let (first, second) = (bench.id()?, bench.id()?);
    bench.insert(&first, None, 1)?;
    bench.insert(&second, None, 1)?;
    let cursor = bench.db.query(&bench.table, &[], 100, "")?.next_cursor;
    let nothing = bench.db.query(&bench.table, &[], 100, &cursor)?;
    ensure(nothing.values.is_empty() && !nothing.has_more, "a quiet table has news")?;
    bench.update(&first, None, 2)?;
    let news = bench.db.query(&bench.table, &[], 100, &nothing.next_cursor)?.values;
    ensure(news.len() == 1 && news.iter().all(|record| record.extension.id == first), format!("{news:?}"))
}

fn cursor_made_up(bench: &Bench) -> Check {
    bench.insert(&bench.id()?, None, 1)?;
    refused(
        bench.db.query(&bench.table, &[], 10, "\u{1f4f7} made up"),
        |error| *error == CloudError::CursorExpired,
        "a cursor that the cloud never gave",
    )
}

fn lock_is_exclusive(bench: &Bench) -> Check {
    let lock = bench.db.lock()?;
    ensure(lock.interval > 0, "a lease of no time")?;
    refused(bench.db.lock(), |error| *error == CloudError::LockedByOthers, "a lock that is held")?;
    let renewed = bench.db.heartbeat(lock.lock_id)?;
    ensure(renewed.lock_id == lock.lock_id, "a heartbeat changed the lock's id")?;
    refused(
        bench.db.heartbeat(lock.lock_id + 1),
        |error| *error == CloudError::StaleLock,
        "a wrong heartbeat",
    )?;
    ensure(!bench.db.unlock(lock.lock_id + 1)?, "a wrong unlock says that the lock was held")?;
    refused(bench.db.lock(), |error| *error == CloudError::LockedByOthers, "a lock after a wrong unlock")?;
    ensure(bench.db.unlock(lock.lock_id)?, "an unlock says that the lock was lost")?;
    ensure(!bench.db.unlock(lock.lock_id)?, "a second unlock says that the lock was held")?;
    refused(
        bench.db.heartbeat(lock.lock_id),
        |error| *error == CloudError::StaleLock,
        "a heartbeat after unlock",
    )
}

fn lock_ids_rise(bench: &Bench) -> Check {
    let first = bench.db.lock()?.lock_id;
    bench.db.unlock(first)?;
    let second = bench.db.lock()?.lock_id;
    bench.db.unlock(second)?;
    bench.db.unlock(second)?;
    ensure(second > first, format!("{first} was followed by {second}"))
}

fn fencing(bench: &Bench) -> Check {
    if !bench.db.capabilities().fencing {
        return Err(skip("fencing: not declared"));
    }
    let lost = bench.db.lock()?.lock_id;
    bench.db.unlock(lost)?;
    let held = bench.db.lock()?.lock_id;
    let id = bench.id()?;
    let fenced = |lock| RowWrite { lock_id: Some(lock), ..write(&id, None, 1) };
    let refused_row = one(bench.db.insert(&bench.table, vec![fenced(lost)])?);
    let written = one(bench.db.insert(&bench.table, vec![fenced(held)])?);
    bench.db.unlock(held)?;
    ensure(refused_row == Err(CloudError::StaleLock), "a lost lock still writes")?;
    ensure(written.is_ok(), format!("the holder is refused: {written:?}"))
}

fn asset_there_and_back(bench: &Bench) -> Check {
    let bytes = bytes(1, 4096);
    let control = Control::default();
    let asset = bench.upload(&bytes, None, 4096, &control)?;
    ensure(!asset.asset_id.is_empty() && !asset.hash.is_empty(), "id or hash are not filled in")?;
    ensure(asset.name == "a.jpg" && asset.size == 4096, "name or size changed")?;
    ensure(control.moved(0) == 4096, "the transfer was not reported")?;
    ensure(bench.download(&asset, &[])? == bytes, "other bytes came back")
}

fn asset_empty(bench: &Bench) -> Check {
    let asset = bench.upload(&[], None, 0, &Control::default())?;
    ensure(bench.download(&asset, &[])?.is_empty(), "bytes out of nothing")
}

fn asset_large(bench: &Bench) -> Check {
    let bytes = bytes(2, (5 << 20) + 1);
    let control = Control::default();
    let asset = bench.upload(&bytes, None, bytes.len() as u64, &control)?;
    ensure(control.moved(0) == bytes.len() as u64, "the transfer was not reported")?;
    ensure(bench.download(&asset, &[])? == bytes, "other bytes came back")
}

fn asset_answers_in_order(bench: &Bench) -> Check {
    let contents: Vec<Vec<u8>> = (0..20).map(|number| bytes(3, 100 + number)).collect();
    let items = bench.items(&contents)?;
    let answers = bench.assets.upload(&bench.table, items, &Control::default());
    ensure(answers.len() == contents.len(), "not one answer per item")?;
    for (answer, content) in answers.into_iter().zip(&contents) {
        ensure(bench.download(&answer?, &[])? == *content, "an answer belongs to another item")?;
    }
    Ok(())
}

fn asset_unknown(bench: &Bench) -> Check {
    let asset = CloudAsset { asset_id: "0".repeat(64), ..CloudAsset::default() };
    refused(
        bench.download(&asset, &[]),
        |error| matches!(error, CloudError::NotFound(_)),
        "an asset that never was",
    )
}

fn asset_stop(bench: &Bench) -> Check {
    let contents: Vec<Vec<u8>> = (0..3).map(|number| bytes(4, 100 + number)).collect();
    let items = bench.items(&contents)?;
    let control = Control { stop_at: Some(1), ..Control::default() };
    let answers = bench.assets.upload(&bench.table, items, &control);
    let stopped: Vec<bool> = answers.iter().map(|answer| *answer == Err(CloudError::Stopped)).collect();
    ensure(stopped == [false, true, true], format!("a stop at the second of three: {answers:?}"))
}

fn asset_length(bench: &Bench) -> Check {
    for size in [99, 101] {
        let answer = bench.upload(&bytes(5, 100), None, size, &Control::default());
        ensure(answer.is_err(), format!("100 bytes were taken for {size}"))?;
    }
    Ok(())
}

fn digests(bench: &Bench) -> Check {
    if !bench.db.capabilities().digests {
        return Err(skip("digests: not declared"));
    }
    let bytes = bytes(6, 5000);
    let digest = blake3::hash(&bytes);
    let wrong = bench.upload(&bytes, Some([0; 32]), 5000, &Control::default());
    refused(wrong, |error| matches!(error, CloudError::InvalidArgument(_)), "a wrong digest")?;
    let asset = bench.upload(&bytes, Some(*digest.as_bytes()), 5000, &Control::default())?;
    ensure(asset.asset_id == digest.to_hex().as_str(), "the id is not the digest")
}

fn ranges(bench: &Bench) -> Check {
    if !bench.db.capabilities().ranges {
        return Err(skip("ranges: not declared"));
    }
    let bytes = bytes(7, 3000);
    let asset = bench.upload(&bytes, None, 3000, &Control::default())?;
    ensure(bench.download(&asset, &bytes[..1234])? == bytes, "a download did not go on well")?;
    ensure(bench.download(&asset, &bytes)? == bytes, "a whole download did not stay whole")
}
