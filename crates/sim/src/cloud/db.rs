//! The records of the simulated cloud.

use cloudsync_cloud::{
    Capabilities, CloudData, CloudDb, CloudError, Flag, LockInfo, Result, RowWrite, WriteReceipt,
};

use super::service::{answer, reach};
use super::state::{Lease, Rec, assets_of, table_of};
use crate::shared::{Shared, Wire};

/// One device's connection to the records.
#[derive(Debug)]
pub(super) struct SimDb {
    wire: Wire,
    bundle: String,
}

impl SimDb {
    pub(super) fn new(wire: Wire, bundle: &str) -> Self {
        SimDb { wire, bundle: bundle.to_owned() }
    }

    fn write(
        &self,
        what: &str,
        table: &str,
        flag: Flag,
        rows: Vec<RowWrite>,
    ) -> Result<Vec<Result<WriteReceipt>>> {
        let mut shared = reach(&self.wire, what)?;
        let chance = shared.devices[self.wire.device].weather.row_refused;
        let mut answers = Vec::with_capacity(rows.len());
        for row in rows {
            let key = (table_of(&self.bundle, table), row.id.clone());
            let line = format!("device {}: {what} {} {:?}", self.wire.device, row.id, row.values);
            shared.note(&line);
            answers.push(if shared.rng.per_mille(chance) {
                Err(CloudError::Unknown("the server is busy".into()))
            } else {
                write_row(&mut shared, flag, key, row)
            });
            let line = format!("device {}:   -> {:?}", self.wire.device, answers.last());
            shared.note(&line);
        }
        answer(&mut shared, &self.wire, what, Ok(answers))
    }
}

fn expect_version(base: Option<u64>, current: u64) -> Result<()> {
    if base.is_some_and(|base| base != current) {
        return Err(CloudError::VersionConflict { current });
    }
    Ok(())
}

fn write_row(shared: &mut Shared, flag: Flag, key: (String, String), row: RowWrite) -> Result<WriteReceipt> {
    if row.id.is_empty() {
        return Err(CloudError::InvalidArgument("a record without an id".into()));
    }
    let capabilities = shared.cloud.capabilities;
    let holder = shared.cloud.holder(shared.now_ns);
    if capabilities.fencing && row.lock_id.is_some() && row.lock_id != holder {
        return Err(CloudError::StaleLock);
    }
    let before = shared.cloud.records.get(&key).cloned();
    let base = row.base_version.filter(|_| capabilities.compare_and_set);
    match flag {
        Flag::Insert => insert(shared, key, row, base, before),
        Flag::Update => update(shared, key, row, base, before),
        Flag::Delete => delete(shared, key, base, before),
    }
}

fn insert(
    shared: &mut Shared,
    key: (String, String),
    row: RowWrite,
    base: Option<u64>,
    before: Option<Rec>,
) -> Result<WriteReceipt> {
    let Some(before) = before else {
        expect_version(base, 0)?;
        return put(shared, key, Flag::Insert, None, row);
    };
    if before.deleted() {
        expect_version(base, before.version)?;
        return put(shared, key, Flag::Insert, None, row);
    }
    if before.values == row.values {
        return Ok(WriteReceipt { id: row.id, version: before.version, modify_time: before.modify_ms });
    }
    if base != Some(before.version) {
        return Err(CloudError::VersionConflict { current: before.version });
    }
    put(shared, key, Flag::Update, Some(before), row)
}

fn update(
    shared: &mut Shared,
    key: (String, String),
    row: RowWrite,
    base: Option<u64>,
    before: Option<Rec>,
) -> Result<WriteReceipt> {
    expect_version(base, before.as_ref().map_or(0, |before| before.version))?;
    match before.filter(|before| !before.deleted()) {
        Some(before) => put(shared, key, Flag::Update, Some(before), row),
        None => Err(CloudError::NotFound(format!("record {}", row.id))),
    }
}

fn delete(
    shared: &mut Shared,
    key: (String, String),
    base: Option<u64>,
    before: Option<Rec>,
) -> Result<WriteReceipt> {
    let id = key.1.clone();
    let modify_time = shared.cloud_ms();
    let Some(before) = before else { return Ok(WriteReceipt { id, version: 0, modify_time }) };
    if before.deleted() {
        return Ok(WriteReceipt { id, version: before.version, modify_time: before.modify_ms });
    }
    expect_version(base, before.version)?;
    let gone = Rec { flag: Flag::Delete, modify_ms: modify_time, ..before.clone() };
    let version = shared.cloud.put(key, gone);
    shared.tell_of_cloud();
    leaves(shared, &before, &format!("the deletion of record {id}"));
    Ok(WriteReceipt { id, version, modify_time })
}

/// Writes a live record, if every asset it names is there.
fn put(
    shared: &mut Shared,
    key: (String, String),
    flag: Flag,
    before: Option<Rec>,
    row: RowWrite,
) -> Result<WriteReceipt> {
    let missing = assets_of(&row.values).into_iter().find(|id| !shared.cloud.assets.contains_key(*id));
    if let Some(missing) = missing {
        let text = format!("record {} names the asset '{missing}', which was never stored", row.id);
        // What was sent before the cloud was restored is not there any more.
        if !shared.cloud.restored {
            shared.broken(1, text.clone());
        }
        return Err(CloudError::InvalidArgument(text));
    }
    let modify_ms = shared.cloud_ms();
    let create_ms = before.as_ref().map_or(modify_ms, |before| before.create_ms);
    let rec = Rec { version: 0, flag, create_ms, modify_ms, values: row.values };
    if shared.cloud.forgetful > 0 && before.is_none() {
        shared.cloud.forgetful -= 1;
        shared.cloud.sequence += 1;
        return Ok(WriteReceipt { id: row.id, version: shared.cloud.sequence, modify_time: modify_ms });
    }
    let version = shared.cloud.put(key, rec);
    shared.tell_of_cloud();
    if let Some(before) = before {
        leaves(shared, &before, &format!("the update of record {}", row.id));
    }
    Ok(WriteReceipt { id: row.id, version, modify_time: modify_ms })
}

fn leaves(shared: &mut Shared, before: &Rec, what: &str) {
    let contents = before.assets().into_iter().filter_map(|id| shared.cloud.assets.get(id));
    let digests: Vec<_> = contents.map(|stored| stored.digest).collect();
    for digest in digests {
        shared.content_leaves_cloud(&digest, what);
    }
}

impl CloudDb for SimDb {
    fn capabilities(&self) -> Capabilities {
        self.wire.peek().cloud.capabilities
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        let mut shared = reach(&self.wire, "generate_id")?;
        let first = shared.cloud.last_id;
        shared.cloud.last_id += count as u64;
        let ids = (first + 1..=shared.cloud.last_id).map(|id| format!("rec{id}")).collect();
        answer(&mut shared, &self.wire, "generate_id", Ok(ids))
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("insert", table, Flag::Insert, rows)
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("update", table, Flag::Update, rows)
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("delete", table, Flag::Delete, rows)
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        let mut shared = reach(&self.wire, "query")?;
        let chance = shared.devices[self.wire.device].weather.cursor_expires;
        if shared.rng.per_mille(chance) {
            shared.note("the cloud forgets deleted records");
            shared.cloud.forget_deleted();
        }
        let table = table_of(&self.bundle, table);
        let cloud = &shared.cloud;
        let most = count.min(cloud.page);
        let result = cloud.position(cursor).map(|from| {
            let mut rows = cloud.by_sequence.range(from + 1..).filter(|(_, key)| key.0 == table);
            let mut page = CloudData { next_cursor: cloud.cursor(from), ..CloudData::default() };
            for (sequence, key) in rows.by_ref().take(most) {
                page.values.extend(
                    cloud.records.get(key).map(|rec| rec.page_row(&key.1, fields, cloud.bare_deletions)),
                );
                page.next_cursor = cloud.cursor(*sequence);
            }
            page.has_more = rows.next().is_some();
            page
        });
        let rows = result.as_ref().map_or(0, |page| page.values.len());
        answer(&mut shared, &self.wire, &format!("query after '{cursor}', {rows} rows"), result)
    }

    fn lock(&self) -> Result<LockInfo> {
        let mut shared = reach(&self.wire, "lock")?;
        let chance = shared.devices[self.wire.device].weather.locked;
        let held = shared.cloud.holder(shared.now_ns).is_some() || shared.rng.per_mille(chance);
        if held {
            return answer(&mut shared, &self.wire, "lock", Err(CloudError::LockedByOthers));
        }
        shared.cloud.last_lock += 1;
        let info = LockInfo { interval: shared.cloud.lease_s, lock_id: shared.cloud.last_lock };
        extend(&mut shared, info.lock_id);
        answer(&mut shared, &self.wire, "lock", Ok(info))
    }

    fn heartbeat(&self, lock_id: i64) -> Result<LockInfo> {
        let mut shared = reach(&self.wire, "heartbeat")?;
        let chance = shared.devices[self.wire.device].weather.lease_lost;
        if shared.rng.per_mille(chance) {
            shared.cloud.lease = None;
        }
        let result = if shared.cloud.holder(shared.now_ns) == Some(lock_id) {
            extend(&mut shared, lock_id);
            Ok(LockInfo { interval: shared.cloud.lease_s, lock_id })
        } else {
            Err(CloudError::StaleLock)
        };
        answer(&mut shared, &self.wire, "heartbeat", result)
    }

    fn unlock(&self, lock_id: i64) -> Result<bool> {
        let mut shared = reach(&self.wire, "unlock")?;
        let held = shared.cloud.holder(shared.now_ns) == Some(lock_id);
        if shared.cloud.lease.is_some_and(|lease| lease.id == lock_id) {
            shared.cloud.lease = None;
        }
        answer(&mut shared, &self.wire, "unlock", Ok(held))
    }
}

fn extend(shared: &mut Shared, lock_id: i64) {
    let until_ns = shared.now_ns + u64::from(shared.cloud.lease_s) * 1_000_000_000;
    shared.cloud.lease = Some(Lease { id: lock_id, until_ns });
}
