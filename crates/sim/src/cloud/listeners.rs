//! Who is told of changes in the cloud.

use std::fmt;

use cloudsync_cloud::ChangeListener;

/// Everybody who is told of changes.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    all: Vec<Listener>,
    last_id: u64,
}

struct Listener {
    id: String,
    device: usize,
    bundle: String,
    until_ns: u64,
    changed: ChangeListener,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "device {} until {}", self.device, self.until_ns)
    }
}

impl Listeners {
    /// One more, until then.
    pub(super) fn add(
        &mut self,
        device: usize,
        bundle: &str,
        until_ns: u64,
        changed: ChangeListener,
    ) -> String {
        self.last_id += 1;
        let (id, bundle) = (format!("subscription {}", self.last_id), bundle.to_owned());
        self.all.push(Listener { id: id.clone(), device, bundle, until_ns, changed });
        id
    }

    pub(super) fn end(&mut self, ids: &[String]) {
        self.all.retain(|listener| !ids.contains(&listener.id));
    }

    /// A device's process has ended.
    pub(crate) fn forget(&mut self, device: usize) {
        self.all.retain(|listener| listener.device != device);
    }

    /// Something changed. It does not get to those devices that `lost` names.
    pub(crate) fn tell(&mut self, now_ns: u64, mut lost: impl FnMut(usize) -> bool) {
        self.all.retain(|listener| now_ns < listener.until_ns);
        for listener in &self.all {
            if !lost(listener.device) {
                (listener.changed)(&listener.bundle);
            }
        }
    }
}
