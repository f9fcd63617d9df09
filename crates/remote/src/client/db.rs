//! A bundle's records in a remote cloud.

use std::sync::Arc;

use cloudsync_cloud as cloud;
use cloudsync_cloud::{Capabilities, CloudData, CloudDb, Result as CloudResult};

use super::core::Core;
use super::place::Place;
use crate::convert;
use crate::frame::Kind;
use crate::message::{
    BundleDatabase, GenerateId, Ids, LockInfo, OfHandle, OfLock, Page, Query, Receipts, RowWrite, Unlocked,
    Write,
};

/// A database.
pub(super) struct RemoteDb(Place<BundleDatabase>);

impl RemoteDb {
    pub(super) fn connect(
        core: Arc<Core>,
        bundle_name: &str,
        database: &cloud::Database,
    ) -> CloudResult<Self> {
        let what = convert::database_of(bundle_name, database);
        Ok(RemoteDb(Place::connect(core, Kind::ConnectDb, what)?))
    }

    fn write(
        &self,
        kind: Kind,
        table: &str,
        rows: Vec<cloud::RowWrite>,
    ) -> CloudResult<Vec<CloudResult<cloud::WriteReceipt>>> {
        let (connection, handle) = self.0.here()?;
        let rows = rows.into_iter().map(RowWrite::from).collect();
        let receipts: Receipts = connection.ask(kind, &Write { handle, table: table.to_owned(), rows })?;
        Ok(receipts.receipts.into_iter().map(Into::into).collect())
    }
}

impl CloudDb for RemoteDb {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn generate_id(&self, count: usize) -> CloudResult<Vec<String>> {
        let (connection, handle) = self.0.here()?;
        let ids: Ids = connection.ask(Kind::GenerateId, &GenerateId { handle, count: count as u64 })?;
        Ok(ids.ids)
    }

    fn insert(
        &self,
        table: &str,
        rows: Vec<cloud::RowWrite>,
    ) -> CloudResult<Vec<CloudResult<cloud::WriteReceipt>>> {
        self.write(Kind::Insert, table, rows)
    }

    fn update(
        &self,
        table: &str,
        rows: Vec<cloud::RowWrite>,
    ) -> CloudResult<Vec<CloudResult<cloud::WriteReceipt>>> {
        self.write(Kind::Update, table, rows)
    }

    fn delete(
        &self,
        table: &str,
        rows: Vec<cloud::RowWrite>,
    ) -> CloudResult<Vec<CloudResult<cloud::WriteReceipt>>> {
        self.write(Kind::Delete, table, rows)
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> CloudResult<CloudData> {
        let (connection, handle) = self.0.here()?;
        let query = Query {
            handle,
            table: table.to_owned(),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            count: count as u64,
            cursor: cursor.to_owned(),
        };
        let page: Page = connection.ask(Kind::Query, &query)?;
        connection.kept(convert::page(page))
    }

    fn lock(&self) -> CloudResult<cloud::LockInfo> {
        let (connection, handle) = self.0.here()?;
        let lock: LockInfo = connection.ask(Kind::Lock, &OfHandle { handle })?;
        Ok(lock.into())
    }

    fn heartbeat(&self, lock_id: i64) -> CloudResult<cloud::LockInfo> {
        let (connection, handle) = self.0.here()?;
        let lock: LockInfo = connection.ask(Kind::Heartbeat, &OfLock { handle, lock_id })?;
        Ok(lock.into())
    }

    fn unlock(&self, lock_id: i64) -> CloudResult<bool> {
        let (connection, handle) = self.0.here()?;
        let Unlocked { held } = connection.ask(Kind::Unlock, &OfLock { handle, lock_id })?;
        Ok(held)
    }
}
