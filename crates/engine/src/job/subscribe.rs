//! Lets the cloud tell of changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudsync_cloud::CloudError;

use super::{JobContext, Subscriptions, database};
use crate::heard::Heard;

/// How long a subscription is asked for, in milliseconds.
const LASTS_MS: u64 = 3_600_000;

/// Subscribes, or renews the subscription; returns for how many nanoseconds.
pub(super) fn begin(context: &JobContext) -> Result<u64, CloudError> {
    let databases = BTreeMap::from([(context.bundle.clone(), vec![database()])]);
    let wake = context.wake.clone();
    let told = move |_bundle: &str| {
        if let Some(wake) = &wake {
            wake(Heard::There);
        }
    };
    let info = context.cloud.subscribe(&databases, LASTS_MS, Arc::new(told))?;
    let ids = info.subscribe.into_iter();
    let ids = ids.map(|(bundle, ids)| (bundle, ids.into_iter().map(|id| id.id).collect())).collect();
    let before = std::mem::replace(&mut context.connection.lock().subscriptions, ids);
    end_all(context, &before);
    Ok(info.expiration_time.saturating_mul(1_000_000))
}

/// Ends it.
pub(super) fn end(context: &JobContext) {
    let before = std::mem::take(&mut context.connection.lock().subscriptions);
    end_all(context, &before);
}

fn end_all(context: &JobContext, subscriptions: &Subscriptions) {
    if !subscriptions.is_empty() {
        // One that cannot be ended ends by itself.
        let _ = context.cloud.unsubscribe(subscriptions);
    }
}
