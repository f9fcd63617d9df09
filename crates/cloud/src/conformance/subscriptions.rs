//! Checks of who is told of changes. A cloud that refuses to subscribe as [`CloudError::NotSupported`] is left out.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::{BUNDLE, Bench, Check, DATABASE, OTHER_BUNDLE, database, ensure, one, skip, write};
use crate::{ChangeListener, CloudError, CloudService, Result, SubscribeInfo};

const HOUR_MS: u64 = 3_600_000;
/// What is asked for to see a subscription end, and what is waited for at most.
const SHORT_MS: u64 = 1000;
const WAITED_FOR_MS: u64 = 2 * SHORT_MS;
/// How late a cloud may be that ends a subscription.
const GRACE: Duration = Duration::from_millis(500);
/// How long a change may be on its way.
const PATIENCE: Duration = Duration::from_secs(10);

/// A subscription, which ends with this.
struct Ear<'a> {
    service: &'a dyn CloudService,
    info: SubscribeInfo,
    asked: Instant,
    told: Receiver<String>,
}

type Heard<'a> = std::result::Result<Ear<'a>, Box<dyn Error>>;

fn subscribe<'a>(bench: &Bench<'a>, bundle: &str, lasts_ms: u64) -> Heard<'a> {
    let (tell, told) = channel();
    // Whoever no longer listens need not be told.
    let changed: ChangeListener = Arc::new(move |bundle: &str| drop(tell.send(bundle.to_owned())));
    let databases = BTreeMap::from([(bundle.to_owned(), vec![database(DATABASE)])]);
    let asked = Instant::now();
    match bench.service.subscribe(&databases, lasts_ms, changed) {
        Err(CloudError::NotSupported(_)) => Err(skip("subscribe: not supported")),
        Err(error) => Err(format!("subscribe fails: {error}").into()),
        Ok(info) => Ok(Ear { service: bench.service, info, asked, told }),
    }
}

impl Ear<'_> {
    fn end(&self) -> Result<()> {
        let ids = self.info.subscribe.iter();
        let ids = ids.map(|(bundle, ids)| (bundle.clone(), ids.iter().map(|id| id.id.clone()).collect()));
        self.service.unsubscribe(&ids.collect())
    }

    /// Waits for what must come.
    fn hears(&self, what: &str) -> Check {
        match self.told.recv_timeout(PATIENCE) {
            Ok(bundle) => ensure(bundle == BUNDLE, format!("{what} was told as one of '{bundle}'")),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("{what} was not told within {} s", PATIENCE.as_secs()).into())
            }
            Err(RecvTimeoutError::Disconnected) => Err(format!("{what} was not told: the end came").into()),
        }
    }

    /// Forgets what was told so far.
    fn forget(&self) {
        while self.told.try_recv().is_ok() {}
    }
}

impl Drop for Ear<'_> {
    fn drop(&mut self) {
        // One that cannot be ended ends by itself.
        let _ = self.end();
    }
}

/// Writes a record through another connection.
fn change(bench: &Bench<'_>) -> Check {
    let row = write(&bench.id()?, None, 1);
    one(bench.another(BUNDLE, DATABASE)?.insert(&bench.table, vec![row])?)?;
    Ok(())
}

/// Changes something twice: what is told of the first has come once the second is told.
fn change_and_hear(bench: &Bench<'_>, ear: &Ear<'_>) -> Check {
    for _ in 0..2 {
        ear.forget();
        change(bench)?;
        ear.hears("a change")?;
    }
    Ok(())
}

pub(super) fn tells(bench: &Bench<'_>) -> Check {
    let ear = subscribe(bench, BUNDLE, HOUR_MS)?;
    change(bench)?;
    ear.hears("another connection's change")?;
    change_and_hear(bench, &ear)
}

pub(super) fn answer(bench: &Bench<'_>) -> Check {
    let ear = subscribe(bench, BUNDLE, HOUR_MS)?;
    ensure(ear.info.expiration_time > 0, "a subscription of no time")?;
    let bundles: Vec<&String> = ear.info.subscribe.keys().collect();
    ensure(bundles == [BUNDLE], format!("the bundles are {bundles:?}"))?;
    let ids: Vec<_> = ear.info.subscribe.values().flatten().collect();
    let [id] = ids.as_slice() else { return Err(format!("{} ids for one database", ids.len()).into()) };
    ensure(!id.id.is_empty(), "a subscription without an id")?;
    ensure(id.database_alias == DATABASE, format!("a subscription to '{}'", id.database_alias))
}

pub(super) fn own_bundle(bench: &Bench<'_>) -> Check {
    let (ear, other) = (subscribe(bench, BUNDLE, HOUR_MS)?, subscribe(bench, OTHER_BUNDLE, HOUR_MS)?);
    change_and_hear(bench, &ear)?;
    let told = other.told.try_recv();
    ensure(told.is_err(), "who subscribed to another bundle is told")
}

pub(super) fn ends(bench: &Bench<'_>) -> Check {
    let (ear, other) = (subscribe(bench, BUNDLE, HOUR_MS)?, subscribe(bench, BUNDLE, HOUR_MS)?);
    change(bench)?;
    ear.hears("a change with two subscriptions")?;
    other.hears("a change with two subscriptions")?;
    ear.end().map_err(|error| format!("unsubscribe fails: {error}"))?;
    ear.end().map_err(|error| format!("ending what has ended is an error: {error}"))?;
    change_and_hear(bench, &other)?;
    // Until here something of before may have been on its way.
    ear.forget();
    change_and_hear(bench, &other)?;
    let told = ear.told.try_recv();
    ensure(told.is_err(), "who unsubscribed is told")
}

pub(super) fn expires(bench: &Bench<'_>) -> Check {
    let (ear, other) = (subscribe(bench, BUNDLE, SHORT_MS)?, subscribe(bench, BUNDLE, HOUR_MS)?);
    let lasts = ear.info.expiration_time;
    if lasts > WAITED_FOR_MS {
        return Err(skip(format!("{SHORT_MS} ms were asked for, and the subscription lasts {lasts} ms")));
    }
    let over = ear.asked + Duration::from_millis(lasts) + GRACE;
    // Nothing is written meanwhile; the end of the channel is the end of the subscription.
    while ear.told.recv_timeout(over.saturating_duration_since(Instant::now())).is_ok() {}
    change_and_hear(bench, &other)?;
    let told = ear.told.try_recv();
    ensure(told.is_err(), format!("a subscription of {lasts} ms is told after its end"))
}
