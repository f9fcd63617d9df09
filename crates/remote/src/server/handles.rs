//! What a connection has connected to.

use std::collections::HashMap;
use std::sync::Arc;

use cloudsync_cloud::{AssetLoader, CloudDb, CloudError, Result as CloudResult, ShareCenter};
use parking_lot::Mutex;

/// How many databases, loaders and share centres one connection has at a time.
const MOST: usize = 4096;

/// Databases, loaders and share centres, by their handle.
#[derive(Default)]
pub(super) struct Handles(Mutex<Held>);

#[derive(Default)]
struct Held {
    last: u64,
    held: HashMap<u64, Target>,
}

/// What a handle stands for.
#[derive(Clone)]
pub(super) enum Target {
    Db(Arc<dyn CloudDb>),
    Loader(Arc<dyn AssetLoader>),
    Center(Arc<dyn ShareCenter>),
}

impl Handles {
    pub(super) fn add(&self, target: Target) -> CloudResult<u64> {
        let mut held = self.0.lock();
        if held.held.len() >= MOST {
            let text = format!(
                "{MOST} databases, loaders and share centres are connected to already; let go of some"
            );
            return Err(CloudError::InvalidArgument(text));
        }
        held.last += 1;
        let handle = held.last;
        held.held.insert(handle, target);
        Ok(handle)
    }

    pub(super) fn remove(&self, handle: u64) {
        let removed = self.0.lock().held.remove(&handle);
        drop(removed);
    }

    pub(super) fn db(&self, handle: u64) -> CloudResult<Arc<dyn CloudDb>> {
        match self.0.lock().held.get(&handle) {
            Some(Target::Db(db)) => Ok(db.clone()),
            _ => Err(CloudError::InvalidArgument(format!("{handle} is no database's handle"))),
        }
    }

    pub(super) fn loader(&self, handle: u64) -> CloudResult<Arc<dyn AssetLoader>> {
        match self.0.lock().held.get(&handle) {
            Some(Target::Loader(loader)) => Ok(loader.clone()),
            _ => Err(CloudError::InvalidArgument(format!("{handle} is no loader's handle"))),
        }
    }

    pub(super) fn center(&self, handle: u64) -> CloudResult<Arc<dyn ShareCenter>> {
        match self.0.lock().held.get(&handle) {
            Some(Target::Center(center)) => Ok(center.clone()),
            _ => Err(CloudError::InvalidArgument(format!("{handle} is no share centre's handle"))),
        }
    }
}
