//! Who is told of changes, on whatever connection.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cloudsync_cloud::{
    ChangeListener, CloudError, Database, Result as CloudResult, SubscribeId, SubscribeInfo,
};
use parking_lot::Mutex;

use super::connection::Connection;
use super::core::Core;
use crate::convert;
use crate::frame::Kind;
use crate::message::{self, Nothing, Subscribe, Unsubscribe};

/// The longest that anything is believed to last.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// All subscriptions of a remote cloud.
#[derive(Default)]
pub(super) struct Subscriptions(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    all: Vec<Subscription>,
}

struct Subscription {
    number: u64,
    /// The connection that it was made on last, and the call there.
    generation: u64,
    call: u64,
    /// Whether the first call for it is still under way.
    asked: bool,
    databases: BTreeMap<String, Vec<Database>>,
    ends: Instant,
    told: ChangeListener,
    ids: Vec<Id>,
}

/// One subscription's id as it was given here, and as the server knows it now.
struct Id {
    bundle: String,
    alias: String,
    ours: String,
    theirs: String,
}

impl Subscriptions {
    /// Tells whoever subscribed with a call.
    pub(super) fn tell(&self, generation: u64, call: u64, bundle: &str) {
        let now = Instant::now();
        let told = {
            let state = self.0.lock();
            let of_it = |one: &&Subscription| {
                (one.generation, one.call) == (generation, call)
                    && now < one.ends
                    && one.databases.contains_key(bundle)
            };
            state.all.iter().find(of_it).map(|one| one.told.clone())
        };
        if let Some(told) = told {
            told(bundle);
        }
    }

    /// Whether each subscription is one of a connection that lives. Those that have ended are forgotten.
    pub(super) fn are_settled(&self, core: &Core) -> bool {
        let now = Instant::now();
        let generations: Vec<u64> = {
            let mut state = self.0.lock();
            state.all.retain(|one| now < one.ends);
            state.all.iter().filter(|one| !one.asked).map(|one| one.generation).collect()
        };
        generations.into_iter().all(|generation| core.still(generation).is_some())
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Subscription)) {
        if let Some(one) = self.0.lock().all.iter_mut().find(|one| one.number == number) {
            change(one);
        }
    }

    fn remove(&self, number: u64) {
        self.0.lock().all.retain(|one| one.number != number);
    }
}

fn lasting(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds).min(LONGEST)
}

fn request(databases: &BTreeMap<String, Vec<Database>>, expiration_time: u64) -> Subscribe {
    let pairs = databases.iter().flat_map(|(bundle, all)| all.iter().map(move |one| (bundle, one)));
    let one = |(bundle, database): (&String, &Database)| convert::database_of(bundle, database);
    Subscribe { databases: pairs.map(one).collect(), expiration_time }
}

impl Core {
    /// Subscribes, on this connection and those that come after it.
    pub(super) fn subscribe(
        &self,
        databases: &BTreeMap<String, Vec<Database>>,
        expiration_time: u64,
        told: ChangeListener,
    ) -> CloudResult<SubscribeInfo> {
        let connection = self.connection()?;
        let call = connection.begin()?;
        let begun = Instant::now();
        let number = {
            let mut state = self.subscriptions.0.lock();
            state.last += 1;
            let number = state.last;
            // Known before it is asked for: it may be told of at once.
            state.all.push(Subscription {
                number,
                generation: connection.generation,
                call: call.number,
                asked: true,
                databases: databases.clone(),
                ends: begun + lasting(expiration_time),
                told,
                ids: Vec::new(),
            });
            number
        };
        let answer = call.ask(Kind::Subscribe, &request(databases, expiration_time));
        let info: message::SubscribeInfo = answer.inspect_err(|_| self.subscriptions.remove(number))?;
        let lasts = info.expiration_time;
        let ids: Vec<Id> = (0u64..).zip(info.ids).map(|(at, id)| Id::new(number, at, id)).collect();
        let mut given = SubscribeInfo { expiration_time: lasts, subscribe: BTreeMap::new() };
        for id in &ids {
            let one = SubscribeId { database_alias: id.alias.clone(), id: id.ours.clone() };
            given.subscribe.entry(id.bundle.clone()).or_default().push(one);
        }
        self.subscriptions.change(number, |one| {
            (one.ids, one.asked, one.ends) = (ids, false, begun + lasting(lasts));
        });
        if connection.has_ended() {
            // Perhaps nobody has seen that it is there to be made anew.
            self.subscriptions.remove(number);
            return Err(CloudError::Gone("the cloud's process ended just after it subscribed".into()));
        }
        Ok(given)
    }

    /// Ends subscriptions.
    pub(super) fn unsubscribe(&self, subscriptions: &BTreeMap<String, Vec<String>>) -> CloudResult<()> {
        let named = |id: &Id| subscriptions.get(&id.bundle).is_some_and(|ids| ids.contains(&id.ours));
        let mut ended: BTreeMap<u64, Vec<message::SubscribeId>> = BTreeMap::new();
        self.subscriptions.0.lock().all.retain_mut(|one| {
            let before = one.ids.len();
            for id in one.ids.extract_if(.., |id| named(id)) {
                let id =
                    message::SubscribeId { bundle_name: id.bundle, database_alias: id.alias, id: id.theirs };
                ended.entry(one.generation).or_default().push(id);
            }
            before == one.ids.len() || !one.ids.is_empty()
        });
        for (generation, ids) in ended {
            // Those of a connection that has ended have ended with it.
            if let Some(connection) = self.still(generation) {
                let _: Nothing = connection.ask(Kind::Unsubscribe, &Unsubscribe { ids })?;
            }
        }
        Ok(())
    }

    /// Subscribes again on a new connection to what was subscribed to, and tells everybody: something may have changed
    /// meanwhile. Whether all of it went.
    pub(super) fn resubscribe(&self, connection: &Connection) -> bool {
        let now = Instant::now();
        let lost: Vec<(u64, Subscribe)> = {
            let state = self.subscriptions.0.lock();
            let lost =
                |one: &&Subscription| !one.asked && one.generation != connection.generation && now < one.ends;
            let left = |one: &Subscription| (one.ends - now).as_millis() as u64;
            let again = |one: &Subscription| (one.number, request(&one.databases, left(one).max(1)));
            state.all.iter().filter(lost).map(again).collect()
        };
        lost.into_iter().all(|(number, request)| self.subscribe_again(connection, number, &request).is_ok())
    }

    fn subscribe_again(&self, connection: &Connection, number: u64, request: &Subscribe) -> CloudResult<()> {
        let begun = Instant::now();
        let call = connection.begin()?;
        let of_call = call.number;
        let info: message::SubscribeInfo = call.ask(Kind::Subscribe, request)?;
        let mut told = None;
        self.subscriptions.change(number, |one| {
            (one.generation, one.call) = (connection.generation, of_call);
            one.ends = one.ends.min(begun + lasting(info.expiration_time));
            let mut theirs = info.ids;
            for id in &mut one.ids {
                let same = theirs
                    .iter()
                    .position(|their| (&their.bundle_name, &their.database_alias) == (&id.bundle, &id.alias));
                id.theirs = same.map(|at| theirs.swap_remove(at).id).unwrap_or_default();
            }
            told = Some((one.told.clone(), one.databases.keys().cloned().collect::<Vec<_>>()));
        });
        if let Some((told, bundles)) = told {
            bundles.iter().for_each(|bundle| told(bundle));
        }
        Ok(())
    }
}

impl Id {
    fn new(number: u64, at: u64, id: message::SubscribeId) -> Self {
        let ours = format!("{number}.{at}");
        Id { bundle: id.bundle_name, alias: id.database_alias, ours, theirs: id.id }
    }
}
