//! The cloud's records as paths.

use std::collections::BTreeMap;

use cloudsync_cloud::CloudType;
use cloudsync_engine::tree::Digest;

use crate::accounts::digest_in;

use super::state::{CloudState, Rec, table_of};

/// A file or folder of the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEntry {
    /// A file's bytes and modification time; `None` for a folder.
    pub content: Option<(Digest, i64)>,
}

impl CloudState {
    /// All live records of a bundle by path. The text says why they do not make a tree, where they do not.
    pub fn by_path(&self, bundle: &str) -> Result<BTreeMap<String, CloudEntry>, String> {
        let own = table_of(bundle, cloudsync_engine::job::TABLE);
        let live: BTreeMap<&str, &Rec> = self
            .records
            .iter()
            .filter(|((table, _), rec)| *table == own && !rec.deleted())
            .map(|((_, id), rec)| (id.as_str(), rec))
            .collect();
        paths(&live, |_| false, |id, rec| self.content_of(id, rec))
    }

    /// A record's digest must be that of the bytes that its asset has.
    fn content_of(&self, id: &str, rec: &Rec) -> Result<Option<(Digest, i64)>, String> {
        let Some(asset) = rec.assets().first().and_then(|asset| self.assets.get(*asset)) else {
            return Ok(None);
        };
        let said = matches!(rec.values.get("digest"), Some(CloudType::Bytes(said)) if *said == asset.digest);
        match rec.values.get("modified_ns") {
            Some(CloudType::Int64(mtime_ns)) if said => Ok(Some((asset.digest, *mtime_ns))),
            _ => Err(format!("record {id} does not say what its asset holds")),
        }
    }
}

/// An account's live records by path. Two may have one `shared` path.
pub(crate) fn paths_of(
    records: &BTreeMap<String, Rec>,
    shared: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, CloudEntry>, String> {
    let live = records.iter().map(|(id, rec)| (id.as_str(), rec)).collect();
    paths(&live, shared, |id, rec| match (digest_in(&rec.values), rec.values.get("modified_ns")) {
        (None, _) => Ok(None),
        (Some(digest), Some(CloudType::Int64(mtime_ns))) => Ok(Some((digest, *mtime_ns))),
        _ => Err(format!("record {id} has no time")),
    })
}

fn paths(
    live: &BTreeMap<&str, &Rec>,
    shared: impl Fn(&str) -> bool,
    content_of: impl Fn(&str, &Rec) -> Result<Option<(Digest, i64)>, String>,
) -> Result<BTreeMap<String, CloudEntry>, String> {
    let mut paths = BTreeMap::new();
    for (id, rec) in live {
        let path = path_of(live, id)?;
        let entry = CloudEntry { content: content_of(id, rec)? };
        if paths.insert(path.clone(), entry).is_some() && !shared(&path) {
            return Err(format!("two records are both {path}"));
        }
    }
    Ok(paths)
}

fn text<'a>(rec: &'a Rec, field: &str) -> Option<&'a str> {
    match rec.values.get(field) {
        Some(CloudType::String(text)) => Some(text),
        _ => None,
    }
}

fn path_of(live: &BTreeMap<&str, &Rec>, id: &str) -> Result<String, String> {
    let mut names = Vec::new();
    let mut at = Some(id);
    while let Some(id) = at {
        let rec = live.get(id).ok_or_else(|| format!("the folder {id} of a live record is not live"))?;
        names.push(text(rec, "name").ok_or_else(|| format!("record {id} has no name"))?);
        if names.len() > live.len() {
            return Err(format!("record {id} lies in itself"));
        }
        at = text(rec, "parent");
    }
    names.reverse();
    Ok(names.join("/"))
}
