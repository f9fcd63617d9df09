//! Changes that a connection is told of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cloudsync_cloud::{ChangeListener, CloudError, CloudService, Result as CloudResult, SubscribeInfo};
use parking_lot::Mutex;

use super::connection::Connection;
use super::workers::Job;
use crate::frame::Kind;
use crate::message::Changed;

/// How many subscriptions one connection has at a time.
const MOST: usize = 1024;

/// A connection's subscriptions, by the call that made them.
#[derive(Default)]
pub(super) struct Notices(Mutex<State>);

#[derive(Default)]
struct State {
    all: HashMap<u64, Subscribed>,
    ended: bool,
}

#[derive(Default)]
struct Subscribed {
    ids: BTreeMap<String, Vec<String>>,
    /// The bundles that changed, until that is passed on.
    changed: BTreeSet<String>,
}

impl Notices {
    /// A subscription is about to be made; who is told of changes.
    pub(super) fn listener(&self, connection: &Arc<Connection>, call: u64) -> CloudResult<ChangeListener> {
        let mut state = self.0.lock();
        if state.all.len() >= MOST {
            return Err(CloudError::InvalidArgument(format!(
                "{MOST} subscriptions are there already; end some"
            )));
        }
        state.all.insert(call, Subscribed::default());
        let connection = Arc::downgrade(connection);
        Ok(Arc::new(move |bundle: &str| {
            if let Some(connection) = connection.upgrade()
                && connection.notices.note(call, bundle)
            {
                connection.give(Job::Notice(call));
            }
        }))
    }

    /// The subscription was made; whether anybody wants it still.
    pub(super) fn made(&self, call: u64, info: &SubscribeInfo) -> bool {
        let ids = info.subscribe.iter();
        let ids = ids.map(|(bundle, ids)| (bundle.clone(), ids.iter().map(|id| id.id.clone()).collect()));
        let mut state = self.0.lock();
        match state.all.get_mut(&call) {
            Some(subscribed) => subscribed.ids = ids.collect(),
            None => return false,
        }
        !state.ended
    }

    /// It was not.
    pub(super) fn failed(&self, call: u64) {
        self.0.lock().all.remove(&call);
    }

    /// Subscriptions were ended.
    pub(super) fn ended(&self, ended: &BTreeMap<String, Vec<String>>) {
        self.0.lock().all.retain(|_, subscribed| {
            let before = subscribed.ids.len();
            subscribed.ids.retain(|bundle, ids| {
                ids.retain(|id| !ended.get(bundle).is_some_and(|ended| ended.contains(id)));
                !ids.is_empty()
            });
            before == 0 || !subscribed.ids.is_empty()
        });
    }

    /// Notes a change; whether nobody is to pass one on yet.
    fn note(&self, call: u64, bundle: &str) -> bool {
        let mut state = self.0.lock();
        let Some(subscribed) = state.all.get_mut(&call) else { return false };
        let first = subscribed.changed.is_empty();
        subscribed.changed.insert(bundle.to_owned());
        first
    }

    /// Ends all of them.
    pub(super) fn end(&self, service: &dyn CloudService) {
        let all = {
            let mut state = self.0.lock();
            state.ended = true;
            std::mem::take(&mut state.all)
        };
        for subscribed in all.into_values().filter(|subscribed| !subscribed.ids.is_empty()) {
            // One that cannot be ended ends by itself.
            let _ = service.unsubscribe(&subscribed.ids);
        }
    }
}

/// Tells the other side what was noted for a subscription.
pub(super) fn pass_on(connection: &Connection, call: u64) {
    let changed = {
        let mut state = connection.notices.0.lock();
        state.all.get_mut(&call).map(|subscribed| std::mem::take(&mut subscribed.changed))
    };
    for bundle_name in changed.into_iter().flatten() {
        // A connection that has ended needs to know nothing.
        let _ = connection.send(Kind::Changed, call, &Changed { bundle_name });
    }
}
