//! A vendor: what its methods are called with, and how long they are waited for.

use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

use cloudsync_cloud::{CloudError, Result as CloudResult};

use super::reply::{Awaits, CloudSyncReply, Given, Inputs, Reply};
use crate::callback::{CloudSyncDestroy, Thrown, attempt};
use crate::log;
use crate::object::keep;

/// How long a reply is waited for where the vendor does not say.
const TIMEOUT_MS: u64 = 60_000;
/// The longest that a vendor can ask for.
const LONGEST_MS: u64 = 24 * 60 * 60 * 1000;

/// The vendor's pointer, which goes back to it when nobody uses it any more: neither a stub, nor a call, nor a reply that was
/// not answered yet.
pub(crate) struct Owner {
    context: *mut c_void,
    destroy: CloudSyncDestroy,
    timeout: Duration,
}

// SAFETY: the pointer only goes to the vendor's functions, and that those may be called from several threads at once is
// what the tables' documentation asks of the vendor.
unsafe impl Send for Owner {}
// SAFETY: as above.
unsafe impl Sync for Owner {}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the vendor gave the two together, and they are used once.
            if let Err(Thrown) = attempt(|| unsafe { destroy(self.context) }) {
                log::line(log::CLOUDSYNC_LOG_ERROR, "a vendor's destroy threw an exception");
            }
        }
    }
}

impl Owner {
    /// Takes a vendor's pointer over.
    pub(crate) fn new(context: *mut c_void, destroy: CloudSyncDestroy, timeout_ms: u64) -> Arc<Self> {
        let timeout =
            Duration::from_millis(if timeout_ms == 0 { TIMEOUT_MS } else { timeout_ms.min(LONGEST_MS) });
        Arc::new(Owner { context, destroy, timeout })
    }

    /// Calls one of the vendor's methods, and waits for its reply where that does not come at once.
    pub(crate) fn ask<F>(
        self: &Arc<Self>,
        method: &'static str,
        function: Option<F>,
        awaits: Awaits,
        inputs: Inputs,
        run: impl FnOnce(F, *mut c_void, *mut CloudSyncReply) -> i32,
    ) -> CloudResult<Given> {
        let function = function.ok_or(CloudError::NotSupported(method))?;
        let reply = Reply::new(method, awaits, inputs, Arc::clone(self));
        let (reply, handle) =
            keep::<CloudSyncReply>(reply).map_err(|failure| CloudError::Unknown(failure.text))?;
        match attempt(|| run(function, self.context, handle)) {
            Ok(0) => reply.wait(self.timeout),
            Ok(code) => reply.refused(handle, code),
            Err(Thrown) => reply.threw(handle),
        }
    }
}
