//! Databases and stores of assets that are held to a description.

use std::sync::Arc;

use super::{Rules, TableRules};
use crate::{
    AssetDownload, AssetLoader, AssetUpload, Capabilities, Claim, CloudAsset, CloudData, CloudDb, CloudError,
    LockInfo, Result, RowWrite, TransferControl, WriteReceipt,
};

/// Where the rules come from that hold now.
pub trait Described: Send + Sync {
    /// The rules. Asked for with every call.
    fn rules(&self) -> Result<Arc<Rules>>;
}

/// Rules that stay as they are.
impl Described for Arc<Rules> {
    fn rules(&self) -> Result<Arc<Rules>> {
        Ok(Arc::clone(self))
    }
}

/// A [`CloudDb`] that is held to a description. An unknown table or column fails the call, a row that does not fit fails
/// alone, in its place; nothing of either reaches the database behind it. A deletion is judged by its table alone.
pub struct SchemaDb<D> {
    db: Arc<dyn CloudDb>,
    described: D,
}

impl<D: Described> SchemaDb<D> {
    /// Holds a database to a description from now on.
    pub fn new(db: Arc<dyn CloudDb>, described: D) -> Self {
        SchemaDb { db, described }
    }

    fn write(
        &self,
        table: &str,
        rows: Vec<RowWrite>,
        write: impl FnOnce(Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>>,
    ) -> Result<Vec<Result<WriteReceipt>>> {
        let rules = self.described.rules()?;
        let refused = match rules.table(table)? {
            Some(rules) => refusals(rules, &rows),
            None => Vec::new(),
        };
        if refused.is_empty() { write(rows) } else { write_others(rows, refused, write) }
    }
}

/// Rows that do not fit, by their places, in order.
fn refusals(rules: &TableRules, rows: &[RowWrite]) -> Vec<(usize, CloudError)> {
    let judge = |(index, row): (usize, &RowWrite)| rules.row(&row.values).err().map(|error| (index, error));
    rows.iter().enumerate().filter_map(judge).collect()
}

/// Writes the rows that were not refused, and puts the refusals among their answers.
fn write_others(
    rows: Vec<RowWrite>,
    refused: Vec<(usize, CloudError)>,
    write: impl FnOnce(Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>>,
) -> Result<Vec<Result<WriteReceipt>>> {
    let count = rows.len();
    let mut next = refused.iter().map(|(index, _)| *index).peekable();
    let fits = |(index, _): &(usize, RowWrite)| next.next_if_eq(index).is_none();
    let fitting: Vec<RowWrite> = rows.into_iter().enumerate().filter(fits).map(|(_, row)| row).collect();
    let sent = fitting.len();
    let written = if sent == 0 { Vec::new() } else { write(fitting)? };
    if written.len() != sent {
        return Err(CloudError::Unknown(format!("it gave {} answers for {sent} rows", written.len())));
    }
    let (mut refused, mut written) = (refused.into_iter().peekable(), written.into_iter());
    let answer = |index| match refused.next_if(|(at, _)| *at == index) {
        Some((_, error)) => Some(Err(error)),
        None => written.next(),
    };
    Ok((0..count).filter_map(answer).collect())
}

impl<D: Described> CloudDb for SchemaDb<D> {
    fn capabilities(&self) -> Capabilities {
        self.db.capabilities()
    }

    fn generate_id(&self, count: usize) -> Result<Vec<String>> {
        self.db.generate_id(count)
    }

    fn insert(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write(table, rows, |rows| self.db.insert(table, rows))
    }

    fn update(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write(table, rows, |rows| self.db.update(table, rows))
    }

    fn delete(&self, table: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.described.rules()?.table(table)?;
        self.db.delete(table, rows)
    }

    fn query(&self, table: &str, fields: &[&str], count: usize, cursor: &str) -> Result<CloudData> {
        if let Some(rules) = self.described.rules()?.table(table)? {
            rules.columns(fields)?;
        }
        self.db.query(table, fields, count, cursor)
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

/// An [`AssetLoader`] that is held to a description: for an unknown table every asset fails, and none is asked for.
pub struct SchemaLoader<D> {
    loader: Arc<dyn AssetLoader>,
    described: D,
}

impl<D: Described> SchemaLoader<D> {
    /// Holds a store of assets to a description from now on.
    pub fn new(loader: Arc<dyn AssetLoader>, described: D) -> Self {
        SchemaLoader { loader, described }
    }

    fn judge(&self, table: &str) -> Result<()> {
        self.described.rules()?.table(table).map(drop)
    }
}

/// The same error for each.
fn same<T>(error: &CloudError, count: usize) -> Vec<Result<T>> {
    (0..count).map(|_| Err(error.clone())).collect()
}

impl<D: Described> AssetLoader for SchemaLoader<D> {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        match self.judge(table) {
            Ok(()) => self.loader.upload(table, items, control),
            Err(error) => same(&error, items.len()),
        }
    }

    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        match self.judge(table) {
            Ok(()) => self.loader.download(table, prefix, items, control),
            Err(error) => same(&error, items.len()),
        }
    }

    fn prove(&self, table: &str, claims: &[Claim], control: &dyn TransferControl) -> Vec<Result<()>> {
        match self.judge(table) {
            Ok(()) => self.loader.prove(table, claims, control),
            Err(error) => same(&error, claims.len()),
        }
    }
}

#[cfg(test)]
#[path = "held_tests.rs"]
mod tests;
