//! What of the gallery can be shared with other accounts: whatever has a record in the cloud.

use super::state::{States, find_remote};
use crate::error::{Code, Error, Result};
use crate::tree::NodeId;

/// A file's or folder's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordName {
    /// The database's alias in the cloud.
    pub database: &'static str,
    /// The table.
    pub table: &'static str,
    /// The record's id.
    pub id: String,
}

impl States {
    /// The record of a file or folder that the cloud has.
    pub fn record_of(&self, uri: &str) -> Result<RecordName> {
        let path = self.existing(uri)?;
        let trees = self.trees.read();
        let id = trees.find_local(&path).or_else(|| find_remote(&trees, &path));
        if id == Some(NodeId::ROOT) {
            let text =
                format!("{uri:?} is all that there is, and has no record; share folders and files of it");
            return Err(Error::new(Code::InvalidUri, text));
        }
        let node = id.and_then(|id| trees.get(id)).ok_or_else(|| not_sent(uri))?;
        let in_cloud = node.remote.is_some_and(|remote| !remote.deleted);
        let record = node.record.filter(|_| in_cloud).ok_or_else(|| not_sent(uri))?;
        let (database, table) = (crate::job::DATABASE, crate::job::TABLE);
        Ok(RecordName { database, table, id: record.to_owned() })
    }
}

fn not_sent(uri: &str) -> Error {
    Error::new(Code::TryAgain, format!("{uri:?} is not in the cloud yet; sync, then share it"))
}
