//! What GallerySync and FileSync have in common: the runs of one synced directory.

use std::ffi::c_void;
use std::sync::Arc;

use crate::callback::{
    CloudSyncCompletion, CloudSyncSyncProgressCallback, Done, Registration, SyncProgressFn, inside, may_block,
};
use crate::context::{Context, Root, run_async};
use crate::events::{Completion, Found, SyncTarget};
use crate::failure::Answer;
use crate::lanes::Lane;
use crate::object::Shared;

/// A handle's view of one synced directory.
pub(crate) struct SyncObject {
    pub(crate) context: Arc<Shared<Context>>,
    pub(crate) root: Root,
    target: Arc<SyncTarget>,
}

impl SyncObject {
    /// An object that is told of every run of the directory from now on.
    pub(crate) fn new(context: &Arc<Shared<Context>>, root: Root) -> Answer<Self> {
        context.engine_at(root)?;
        let target = Arc::<SyncTarget>::default();
        context.dispatcher().add_sync(root, &target);
        Ok(SyncObject { context: Arc::clone(context), root, target })
    }

    /// Ends the object.
    pub(crate) fn free(&self) {
        self.context.dispatcher().forget_sync(&self.target);
        self.target.close(!inside());
    }

    /// Takes over what a register call was given; it gives the user data back where the call fails.
    pub(crate) fn register(&self, registration: Registration<SyncProgressFn>) -> Answer {
        self.context.register(&self.target, registration, |function| function as usize)
    }

    pub(crate) fn unregister(&self, cb: CloudSyncSyncProgressCallback, user_data: *mut c_void) {
        let key = cb.map(|function| (function as usize, user_data.addr()));
        self.target.remove(key, !inside());
    }

    pub(crate) fn start(&self) -> Answer {
        may_block()?;
        self.context.engine_at(self.root)?.start_sync()
    }

    pub(crate) fn start_async(&self, done: CloudSyncCompletion, user_data: *mut c_void) -> Answer {
        let (done, root) = (Completion::Plain(Done::new(done, user_data)?), self.root);
        run_async(&self.context, Lane::Runs(root), done, move |context| {
            context.engine_at(root)?.start_sync().map(|()| Found::Nothing)
        })
    }

    pub(crate) fn stop(&self) -> Answer {
        may_block()?;
        self.context.engine_at(self.root)?.stop_sync()
    }

    pub(crate) fn stop_async(&self, done: CloudSyncCompletion, user_data: *mut c_void) -> Answer {
        let (done, root) = (Completion::Plain(Done::new(done, user_data)?), self.root);
        run_async(&self.context, Lane::Runs(root), done, move |context| {
            context.engine_at(root)?.stop_sync().map(|()| Found::Nothing)
        })
    }
}
