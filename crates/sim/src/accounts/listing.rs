//! What the accounts have.

use std::collections::BTreeMap;

use cloudsync_cloud::{CloudError, CloudType, Flag, OWNER_FIELD, PARENT_FIELD, Result, Row};
use cloudsync_engine::job::TABLE;
use cloudsync_engine::tree::Digest;

use super::Accounts;
use crate::cloud::Rec;

/// Rows of a page.
const PAGE: usize = 1000;

pub(crate) type Records = BTreeMap<String, Rec>;

impl Accounts {
    /// An account's live records, with the copies of what others share with it.
    pub(crate) fn records(&self, account: usize) -> Result<Records> {
        let mut live = Records::new();
        let Some(gallery) = &self.all[account].gallery else { return Ok(live) };
        let mut cursor = String::new();
        loop {
            let page = gallery.db.query(TABLE, &[], PAGE, &cursor)?;
            for record in page.values {
                let (id, flag) = (record.extension.id, record.extension.operation);
                if flag == Flag::Delete {
                    live.remove(&id);
                    continue;
                }
                let (create_ms, modify_ms) = (record.extension.create_time, record.extension.modify_time);
                let rec = Rec { version: record.version, flag, create_ms, modify_ms, values: record.values };
                live.insert(id, rec);
            }
            if !page.has_more {
                return Ok(live);
            }
            if page.next_cursor == cursor {
                return Err(CloudError::Corrupt("a cursor that goes nowhere".to_owned()));
            }
            cursor = page.next_cursor;
        }
    }

    /// An account's own live records.
    pub(super) fn own(&self, account: usize) -> Result<Records> {
        let mut records = self.records(account)?;
        records.retain(|_, rec| !is_copy(&rec.values));
        Ok(records)
    }

    /// The versions of all records of all accounts.
    pub(crate) fn fingerprint(&self) -> String {
        let versions = |account| {
            let records = self.records(account).unwrap_or_default();
            records.into_iter().map(|(id, rec)| (id, rec.version)).collect::<Vec<_>>()
        };
        format!("{:?}", (0..self.all.len()).map(versions).collect::<Vec<_>>())
    }

    /// The own records of every account.
    pub(super) fn everybodys(&self) -> Result<Vec<Records>> {
        (0..self.all.len()).map(|account| self.own(account)).collect()
    }
}

/// Whether a record is another account's.
pub(super) fn is_copy(values: &Row) -> bool {
    values.contains_key(OWNER_FIELD)
}

/// The record that a record lies in.
pub(super) fn parent_of(values: &Row) -> Option<&str> {
    match values.get(PARENT_FIELD) {
        Some(CloudType::String(parent)) => Some(parent),
        _ => None,
    }
}

/// What a record says its bytes are.
pub(crate) fn digest_in(values: &Row) -> Option<Digest> {
    match values.get("digest") {
        Some(CloudType::Bytes(digest)) => digest.as_slice().try_into().ok(),
        _ => None,
    }
}

/// Whether a record is another one or lies in it.
pub(super) fn lies_in(records: &Records, id: &str, root: &str) -> bool {
    let mut at = Some(id);
    for _ in 0..=records.len() {
        match at {
            Some(id) if id == root => return true,
            Some(id) => at = records.get(id).and_then(|rec| parent_of(&rec.values)),
            None => return false,
        }
    }
    false
}
