//! A bundle's records in a remote cloud.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudsync_cloud as cloud;
use cloudsync_cloud::{Capabilities, CloudData, CloudDb, Result as CloudResult};
use parking_lot::Mutex;

use super::connection::Connection;
use super::core::Core;
use crate::convert;
use crate::frame::Kind;
use crate::message::{
    BundleDatabase, Connected, GenerateId, Ids, LockInfo, Nothing, OfHandle, OfLock, Page, Query, Receipts,
    RowWrite, Write,
};

/// Something that was connected to, on whatever connection.
pub(super) struct Place {
    core: Arc<Core>,
    kind: Kind,
    what: BundleDatabase,
    /// The connection that it was connected to on last, and what it is called there.
    at: Mutex<(u64, u64)>,
    capabilities: AtomicU64,
}

impl Place {
    pub(super) fn connect(
        core: Arc<Core>,
        kind: Kind,
        bundle_name: &str,
        database: &cloud::Database,
    ) -> CloudResult<Self> {
        let what = BundleDatabase { bundle_name: bundle_name.to_owned(), database: Some(database.into()) };
        let place = Place { core, kind, what, at: Mutex::new((0, 0)), capabilities: AtomicU64::new(0) };
        place.here()?;
        Ok(place)
    }

    /// The connection, and what this is called there.
    pub(super) fn here(&self) -> CloudResult<(Arc<Connection>, u64)> {
        let connection = self.core.connection()?;
        let mut at = self.at.lock();
        if at.0 != connection.generation {
            let Connected { handle, capabilities } = connection.ask(self.kind, &self.what)?;
            self.capabilities.store(capabilities, Ordering::Relaxed);
            *at = (connection.generation, handle);
        }
        Ok((connection, at.1))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (generation, handle) = *self.at.get_mut();
        if let Some(connection) = self.core.still(generation) {
            connection.tell(Kind::Disconnect, 0, &OfHandle { handle });
        }
    }
}

/// A database.
pub(super) struct RemoteDb(Place);

impl RemoteDb {
    pub(super) fn connect(
        core: Arc<Core>,
        bundle_name: &str,
        database: &cloud::Database,
    ) -> CloudResult<Self> {
        Ok(RemoteDb(Place::connect(core, Kind::ConnectDb, bundle_name, database)?))
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
        convert::capabilities(self.0.capabilities.load(Ordering::Relaxed))
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

    fn unlock(&self, lock_id: i64) -> CloudResult<()> {
        let (connection, handle) = self.0.here()?;
        let _: Nothing = connection.ask(Kind::Unlock, &OfLock { handle, lock_id })?;
        Ok(())
    }
}
