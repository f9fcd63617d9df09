//! How a vendor answers: at once or later, from any thread, once.

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetLoader, CloudAsset, CloudDb, CloudError, LockInfo, Participant,
    Result as CloudResult, ServiceInfo, ShareCenter, ShareError, ShareResult, SharingCode, SubscribeInfo,
};
use parking_lot::{Condvar, Mutex};

use super::db::CloudSyncCloudDbStub;
use super::forms::{
    Arena, read, read_apps, read_asset, read_schema, read_service_info, read_subscribe_ids, text_or_empty,
};
use super::loader::CloudSyncAssetLoaderStub;
use super::owner::Owner;
use super::result::error_of;
use super::rows::{CloudSyncRows, RowList};
use super::share::CloudSyncShareServiceStub;
use super::share_types::{
    CLOUDSYNC_SHARING_CODE_SUCCESS, CloudSyncParticipant, read_participant, read_participants,
};
use super::transfer::{CloudSyncTransfers, Transfers};
use super::types::*;
use crate::failure::{Answer, bad};
use crate::object::{Handle, Lent, Shared, end, get, guard};
use crate::text;

/// What a vendor's method answers with: exactly once, on any thread, during the call or later, with one of the
/// cloudsync_reply_... functions. What is answered with is copied. The reply is gone with that: a second answer is 401.
///
/// A reply that is let go of with cloudsync_reply_drop, and one that is not answered in time (timeout_ms of the table), is an
/// error of the call: CLOUDSYNC_ERROR_CODE_GONE, 13600001. An answer that comes later is taken and does nothing. What a
/// method was called with lives until it has returned and the reply is answered or dropped.
pub struct CloudSyncReply {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncReply {
    type Object = Reply;
}

/// What kind of answer a method gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaits {
    Nothing,
    ServiceInfo,
    Apps,
    Schema,
    Subscribe,
    Db,
    Loader,
    Ids,
    Receipts,
    Page,
    Lock,
    Unlocked,
    Share,
    Participants,
    Resource,
    /// Nothing, from a share centre.
    Shared,
    /// One answer for each of so many participants.
    ParticipantResults(usize),
    /// One answer for each of so many assets.
    Items(usize),
    /// One answer for each of so many claims.
    Proofs(usize),
}

impl Awaits {
    /// Whether its errors are SharingCodes.
    fn is_sharing(self) -> bool {
        matches!(
            self,
            Awaits::Participants | Awaits::Resource | Awaits::Shared | Awaits::ParticipantResults(_)
        )
    }

    /// Whether cloudsync_reply_done answers it.
    fn is_done(self) -> bool {
        self.items().is_some() || matches!(self, Awaits::Nothing | Awaits::Shared)
    }

    /// How many items it has, where it has items.
    fn items(self) -> Option<usize> {
        match self {
            Awaits::Items(n) | Awaits::Proofs(n) | Awaits::ParticipantResults(n) => Some(n),
            _ => None,
        }
    }
}

/// An answer.
pub(crate) enum Given {
    Nothing,
    ServiceInfo(ServiceInfo),
    Apps(BTreeMap<String, AppBriefInfo>),
    Schema(AppSchema),
    Subscribe(SubscribeInfo),
    Db(Arc<dyn CloudDb>),
    Loader(Arc<dyn AssetLoader>),
    Ids(Vec<String>),
    /// One row for each that was written.
    Receipts(RowList),
    Page(RowList),
    Lock(LockInfo),
    Unlocked(bool),
    Items(Vec<CloudResult<CloudAsset>>),
    Share(Arc<dyn ShareCenter>),
    Participants(Vec<Participant>),
    /// A success without a participant is one as it was asked.
    ParticipantResults(Vec<ShareResult<Option<Participant>>>),
    Resource(String),
    /// A failure of a share centre, which is none of a cloud.
    Refused(ShareError),
}

/// What was said of one item.
enum Item {
    Asset(CloudResult<CloudAsset>),
    Participant(ShareResult<Option<Participant>>),
}

/// What a method was called with.
#[derive(Default)]
pub(crate) struct Inputs {
    pub(crate) forms: Arena,
    pub(crate) rows: Option<Lent<CloudSyncRows>>,
    pub(crate) transfers: Option<(Lent<CloudSyncTransfers>, Arc<Shared<Transfers>>)>,
}

impl Inputs {
    /// Rises while a transfer moves.
    fn activity(&self) -> u64 {
        self.transfers.as_ref().map_or(0, |(_, transfers)| transfers.activity())
    }
}

enum State {
    Waiting,
    Given(CloudResult<Given>),
    /// Nobody waits any more.
    Left,
}

/// What a reply's handle stands for.
pub struct Reply {
    method: &'static str,
    awaits: Awaits,
    state: Mutex<State>,
    changed: Condvar,
    items: Mutex<Vec<Option<Item>>>,
    inputs: Inputs,
    _owner: Arc<Owner>,
}

impl Reply {
    pub(super) fn new(method: &'static str, awaits: Awaits, inputs: Inputs, owner: Arc<Owner>) -> Self {
        let items = awaits.items().unwrap_or(0);
        Reply {
            method,
            awaits,
            state: Mutex::new(State::Waiting),
            changed: Condvar::new(),
            items: Mutex::new(std::iter::repeat_with(|| None).take(items).collect()),
            inputs,
            _owner: owner,
        }
    }

    /// The answer, when it comes; `Gone` where none comes in time, counted from when the last byte was moved.
    pub(super) fn wait(&self, timeout: Duration) -> CloudResult<Given> {
        let mut state = self.state.lock();
        let (mut active, mut deadline) = (0, None);
        loop {
            if let State::Given(_) = &*state
                && let State::Given(answer) = std::mem::replace(&mut *state, State::Left)
            {
                return answer;
            }
            let until = *deadline.get_or_insert_with(|| Instant::now() + timeout);
            if !self.changed.wait_until(&mut state, until).timed_out() || matches!(&*state, State::Given(_)) {
                continue;
            }
            let moved = self.inputs.activity();
            if moved == active {
                *state = State::Left;
                let ms = timeout.as_millis();
                return Err(CloudError::Gone(format!("no answer to {} within {ms} ms", self.method)));
            }
            (active, deadline) = (moved, None);
        }
    }

    /// What a method that returned a code instead of answering comes to.
    pub(super) fn refused(&self, handle: *mut CloudSyncReply, code: i32) -> CloudResult<Given> {
        // It may have been answered already.
        let _ = end(handle, "reply");
        match std::mem::replace(&mut *self.state.lock(), State::Left) {
            State::Given(Ok(Given::Refused(error))) => Ok(Given::Refused(error)),
            State::Given(Ok(_)) => Err(CloudError::Unknown(format!(
                "{} answered with success, and returned the error {code}",
                self.method
            ))),
            State::Given(Err(error)) => Err(error),
            State::Waiting | State::Left => self.failed(code, format!("{} returned {code}", self.method)),
        }
    }

    /// What a method that threw comes to, whether it had answered or not: what it did is not known.
    pub(super) fn threw(&self, handle: *mut CloudSyncReply) -> CloudResult<Given> {
        // It may have been answered already.
        let _ = end(handle, "reply");
        *self.state.lock() = State::Left;
        Err(CloudError::Unknown(format!("{} threw an exception", self.method)))
    }

    /// An error's number and text, as whoever asked reads them.
    fn failed(&self, code: i32, text: String) -> CloudResult<Given> {
        if self.awaits.is_sharing() {
            Ok(Given::Refused(share_error(code, text)))
        } else {
            Err(error_of(code, &text, -1))
        }
    }

    fn settle(&self, answer: CloudResult<Given>) {
        let mut state = self.state.lock();
        if let State::Waiting = &*state {
            *state = State::Given(answer);
            self.changed.notify_one();
        }
    }

    fn check(&self, fits: bool) -> Answer {
        let Reply { method, awaits, .. } = self;
        if fits { Ok(()) } else { Err(bad(format!("{method} is not answered so: it awaits {awaits:?}"))) }
    }

    /// What was said of each item.
    fn items(&self) -> Given {
        let missing =
            |at: usize| CloudError::Unknown(format!("{} gave no answer for item {at}", self.method));
        let items = std::mem::take(&mut *self.items.lock()).into_iter().enumerate();
        if let Awaits::ParticipantResults(_) = self.awaits {
            let answer = |(at, item)| match item {
                Some(Item::Participant(answer)) => answer,
                _ => Err(missing(at).into()),
            };
            return Given::ParticipantResults(items.map(answer).collect());
        }
        let answer = |(at, item)| match item {
            Some(Item::Asset(answer)) => answer,
            _ => Err(missing(at)),
        };
        Given::Items(items.map(answer).collect())
    }

    /// Keeps what was said of an item.
    fn say(&self, index: usize, said: Item) -> Answer {
        match self.items.lock().get_mut(index) {
            Some(item @ None) => *item = Some(said),
            Some(Some(_)) => return Err(bad(format!("item {index} was answered already"))),
            None => return Err(bad(format!("there is no item {index}"))),
        }
        Ok(())
    }
}

/// A share centre's failure.
fn share_error(number: i32, text: String) -> ShareError {
    let text = if text.is_empty() { format!("it gave the sharing code {number}") } else { text };
    ShareError::new(SharingCode::of(number), text)
}

/// Answers once: whoever ends the handle does.
fn answer(
    reply: *mut CloudSyncReply,
    fits: impl FnOnce(Awaits) -> bool,
    given: impl FnOnce(&Reply) -> Answer<Given>,
) -> i32 {
    guard(|| {
        let object = get(reply, "reply")?;
        object.check(fits(object.awaits))?;
        let given = given(&object)?;
        end(reply, "reply")?;
        object.settle(Ok(given));
        Ok(())
    })
}

/// Answers with an error.
///
/// @param reply       The reply.
/// @param error_code  A CLOUDSYNC_ERROR_CODE_... number other than 0; one that is none counts as UNKNOWN_ERROR. From a share
///                    centre's method a CLOUDSYNC_SHARING_CODE_... number other than 0; one that is none counts as INNER_ERROR.
/// @param description What failed, for a person; copied. NULL for nothing.
/// @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already or is none, for the
///         error code 0, or for a description that is not UTF-8: the reply is then still to be answered.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `description` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_fail(
    reply: *mut CloudSyncReply,
    error_code: i32,
    description: *const c_char,
) -> i32 {
    guard(|| {
        let object = get(reply, "reply")?;
        if error_code == CLOUDSYNC_ERROR_CODE_SUCCESS {
            return Err(bad("error_code is 0, which is no error"));
        }
        // SAFETY: a string by the caller's promise.
        let description = unsafe { text_or_empty(description, "description") }?;
        end(reply, "reply")?;
        object.settle(object.failed(error_code, description));
        Ok(())
    })
}

/// Lets go of a reply without an answer: the call fails with CLOUDSYNC_ERROR_CODE_GONE, that of a share centre with
/// CLOUDSYNC_SHARING_CODE_IPC_ERROR, and may or may not have done something.
///
/// @param reply The reply; NULL does nothing.
/// @return 0; 401 for a reply that was answered or dropped already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_drop(reply: *mut CloudSyncReply) -> i32 {
    guard(|| {
        if let Some(object) = end(reply, "reply")? {
            object.settle(Err(CloudError::Gone(format!("{} was not answered", object.method))));
        }
        Ok(())
    })
}

/// Answers with success where there is no value: to unsubscribe, exit and change_confirmation. Ends the answer to upload,
/// download and prove, after cloudsync_reply_item for each item, and to share, unshare and change_privilege, after
/// cloudsync_reply_participant for each participant; one that was left out has failed.
///
/// @param reply The reply.
/// @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already or is none, or of
///         a method that gives a value.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_done(reply: *mut CloudSyncReply) -> i32 {
    answer(reply, Awaits::is_done, |reply| match reply.awaits {
        Awaits::Nothing | Awaits::Shared => Ok(Given::Nothing),
        _ => Ok(reply.items()),
    })
}

/// Says what became of one item of an upload, a download or a prove. The reply is answered with cloudsync_reply_done, after
/// all of them.
///
/// @param reply       The reply.
/// @param index       Which item, from 0.
/// @param error_code  A CLOUDSYNC_ERROR_CODE_... number; 0 for success.
/// @param description What failed; copied. NULL for nothing.
/// @param asset       For success the asset, with its id and hash; copied. Not looked at for a failure or for prove.
/// @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already, is none or of
///         another method, an item that there is not or of which was said already, or an asset or a description that cannot be
///         read.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `description` is NULL or a NUL-terminated string; `asset` is NULL or points to as many bytes as its first field says, and
/// its texts are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_item(
    reply: *mut CloudSyncReply,
    index: usize,
    error_code: i32,
    description: *const c_char,
    asset: *const CloudSyncCloudAsset,
) -> i32 {
    guard(|| {
        let object = get(reply, "reply")?;
        object.check(matches!(object.awaits, Awaits::Items(_) | Awaits::Proofs(_)))?;
        // SAFETY: a string by the caller's promise.
        let description = unsafe { text_or_empty(description, "description") }?;
        let said = match error_code {
            CLOUDSYNC_ERROR_CODE_SUCCESS if matches!(object.awaits, Awaits::Proofs(_)) => {
                Ok(CloudAsset::default())
            }
            // SAFETY: the caller's promise.
            CLOUDSYNC_ERROR_CODE_SUCCESS => Ok(unsafe { read_asset(asset) }?),
            code => Err(error_of(code, &description, -1)),
        };
        object.say(index, Item::Asset(said))
    })
}

/// Answers to get_service_info.
///
/// @param reply The reply.
/// @param info  The account; copied.
/// @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already, is none or of
///         another method, or for a value that cannot be read: the reply is then still to be answered.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `info` is NULL or points to as many bytes as its first field says, and its texts are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_service_info(
    reply: *mut CloudSyncReply,
    info: *const CloudSyncServiceInfo,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    answer(
        reply,
        |awaits| awaits == Awaits::ServiceInfo,
        |_| unsafe { read_service_info(info).map(Given::ServiceInfo) },
    )
}

/// Answers to get_app_brief_info.
///
/// @param reply The reply.
/// @param apps  Pointers to the applications; copied. Not looked at where count is 0.
/// @param count Their number.
/// @return As cloudsync_reply_service_info.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `apps` is NULL or has `count` pointers, each as in [`cloudsync_reply_service_info`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_app_brief_info(
    reply: *mut CloudSyncReply,
    apps: *const *const CloudSyncAppBriefInfo,
    count: usize,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    answer(reply, |awaits| awaits == Awaits::Apps, |_| unsafe { read_apps(apps, count).map(Given::Apps) })
}

/// Answers to get_app_schema.
///
/// @param reply  The reply.
/// @param schema The bundle's databases; copied.
/// @return As cloudsync_reply_service_info.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`cloudsync_reply_service_info`], for all that it points at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_app_schema(
    reply: *mut CloudSyncReply,
    schema: *const CloudSyncAppSchema,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    answer(reply, |awaits| awaits == Awaits::Schema, |_| unsafe { read_schema(schema).map(Given::Schema) })
}

/// Answers to subscribe.
///
/// @param reply The reply.
/// @param info  How long the subscription lasts, and the ids to end it with; copied.
/// @return As cloudsync_reply_service_info.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`cloudsync_reply_service_info`], for all that it points at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_subscribe_info(
    reply: *mut CloudSyncReply,
    info: *const CloudSyncSubscribeInfo,
) -> i32 {
    answer(
        reply,
        |awaits| awaits == Awaits::Subscribe,
        |_| {
            // SAFETY: the caller's promise.
            let form = unsafe { read(info, "info") }?;
            // SAFETY: as above.
            let subscribe = unsafe { read_subscribe_ids(form.ids, form.count) }?;
            Ok(Given::Subscribe(SubscribeInfo { expiration_time: form.expiration_time, subscribe }))
        },
    )
}

/// Answers to connect_db.
///
/// @param reply The reply.
/// @param stub  A database. The vendor may free the stub at once, or keep it for the next connect_db.
/// @return As cloudsync_reply_service_info; 401 for a bad stub.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_cloud_db(
    reply: *mut CloudSyncReply,
    stub: *const CloudSyncCloudDbStub,
) -> i32 {
    answer(reply, |awaits| awaits == Awaits::Db, |_| Ok(Given::Db(get(stub, "stub")?.db.clone())))
}

/// Answers to connect_asset_loader.
///
/// @param reply The reply.
/// @param stub  An asset loader. The vendor may free the stub at once, or keep it for the next connect_asset_loader.
/// @return As cloudsync_reply_service_info; 401 for a bad stub.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_asset_loader(
    reply: *mut CloudSyncReply,
    stub: *const CloudSyncAssetLoaderStub,
) -> i32 {
    answer(reply, |awaits| awaits == Awaits::Loader, |_| Ok(Given::Loader(get(stub, "stub")?.loader.clone())))
}

/// Answers to generate_id.
///
/// @param reply The reply.
/// @param ids   The ids, as many as were asked for, of 1 to 23 bytes; copied. Not looked at where count is 0.
/// @param count Their number.
/// @return As cloudsync_reply_service_info.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `ids` is NULL or has `count` pointers, each NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_ids(
    reply: *mut CloudSyncReply,
    ids: *const *const c_char,
    count: usize,
) -> i32 {
    answer(
        reply,
        |awaits| awaits == Awaits::Ids,
        |_| {
            // SAFETY: the caller's promise.
            let ids = unsafe { text::read_all(ids, count, "ids") }?;
            Ok(Given::Ids(ids.into_iter().map(str::to_owned).collect()))
        },
    )
}

/// Answers to insert, update and delete: one row for each that was to be written, in order, with its extension, or with what
/// failed (cloudsync_rows_set_result). Answers to query: the rows, and where the next page begins (cloudsync_rows_set_page).
///
/// @param reply The reply.
/// @param rows  The rows; copied. The vendor keeps them, and frees them when it likes.
/// @return As cloudsync_reply_service_info; 401 for bad rows.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_rows(reply: *mut CloudSyncReply, rows: *const CloudSyncRows) -> i32 {
    answer(
        reply,
        |awaits| matches!(awaits, Awaits::Receipts | Awaits::Page),
        |reply| {
            let rows = get(rows, "rows")?.lock().clone();
            Ok(match reply.awaits {
                Awaits::Page => Given::Page(rows),
                _ => Given::Receipts(rows),
            })
        },
    )
}

/// Answers to lock and heartbeat.
///
/// @param reply The reply.
/// @param info  The lock; copied.
/// @return As cloudsync_reply_service_info.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `info` is NULL or points to as many bytes as its first field says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_lock_info(
    reply: *mut CloudSyncReply,
    info: *const CloudSyncLockInfo,
) -> i32 {
    answer(
        reply,
        |awaits| awaits == Awaits::Lock,
        |_| {
            // SAFETY: the caller's promise.
            let form = unsafe { read(info, "info") }?;
            Ok(Given::Lock(LockInfo { interval: form.interval, lock_id: form.lock_id }))
        },
    )
}

/// Answers to unlock.
///
/// @param reply The reply.
/// @param held  Not 0 where the lock was held under that id until now, 0 where it was lost already.
/// @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already, is none or of
///         another method.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_unlocked(reply: *mut CloudSyncReply, held: i32) -> i32 {
    answer(reply, |awaits| awaits == Awaits::Unlocked, |_| Ok(Given::Unlocked(held != 0)))
}

/// Answers to connect_share_center.
///
/// @param reply The reply.
/// @param stub  A share centre. The vendor may free the stub at once, or keep it for the next connect_share_center.
/// @return As cloudsync_reply_service_info; 401 for a bad stub.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_share_center(
    reply: *mut CloudSyncReply,
    stub: *const CloudSyncShareServiceStub,
) -> i32 {
    answer(reply, |awaits| awaits == Awaits::Share, |_| Ok(Given::Share(get(stub, "stub")?.center.clone())))
}

/// Says what became of one participant of share, unshare or change_privilege. The reply is answered with cloudsync_reply_done,
/// after all of them.
///
/// @param reply        The reply.
/// @param index        Which participant, from 0.
/// @param sharing_code A CLOUDSYNC_SHARING_CODE_... number; 0 for success.
/// @param description  What failed; copied. NULL for nothing.
/// @param participant  For success the participant as it is now; copied. NULL where it is as it was asked. Not looked at for a
///                     failure.
/// @return As cloudsync_reply_item.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `description` is NULL or a NUL-terminated string; `participant` is NULL or points to as many bytes as its first field says,
/// and its texts are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_participant(
    reply: *mut CloudSyncReply,
    index: usize,
    sharing_code: i32,
    description: *const c_char,
    participant: *const CloudSyncParticipant,
) -> i32 {
    guard(|| {
        let object = get(reply, "reply")?;
        object.check(matches!(object.awaits, Awaits::ParticipantResults(_)))?;
        // SAFETY: a string by the caller's promise.
        let text = unsafe { text_or_empty(description, "description") }?;
        let said = match sharing_code {
            CLOUDSYNC_SHARING_CODE_SUCCESS if participant.is_null() => Ok(None),
            // SAFETY: the caller's promise.
            CLOUDSYNC_SHARING_CODE_SUCCESS => Ok(Some(unsafe { read_participant(participant) }?)),
            code => Err(share_error(code, text)),
        };
        object.say(index, Item::Participant(said))
    })
}

/// Answers to query_participants and query_participants_by_invitation.
///
/// @param reply        The reply.
/// @param participants Pointers to the participants; copied. Not looked at where count is 0.
/// @param count        Their number.
/// @return As cloudsync_reply_service_info.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `participants` is NULL or has `count` pointers, each as in [`cloudsync_reply_participant`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_participants(
    reply: *mut CloudSyncReply,
    participants: *const *const CloudSyncParticipant,
    count: usize,
) -> i32 {
    // SAFETY: the caller's promise is the same.
    answer(
        reply,
        |awaits| awaits == Awaits::Participants,
        |_| unsafe { read_participants(participants, count).map(Given::Participants) },
    )
}

/// Answers to confirm_invitation and alloc_resource.
///
/// @param reply            The reply.
/// @param sharing_resource The name of what is shared; copied.
/// @return As cloudsync_reply_service_info.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `sharing_resource` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_reply_sharing_resource(
    reply: *mut CloudSyncReply,
    sharing_resource: *const c_char,
) -> i32 {
    answer(
        reply,
        |awaits| awaits == Awaits::Resource,
        |_| {
            // SAFETY: the caller's promise.
            Ok(Given::Resource(
                unsafe { text::read_filled(sharing_resource, "sharing_resource") }?.to_owned(),
            ))
        },
    )
}
