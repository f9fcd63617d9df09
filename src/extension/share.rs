//! A vendor's `ShareCenter`.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use cloudsync_cloud::{
    CheckedShare, CloudError, Participant, RecordPlace, Result as CloudResult, ShareCenter, ShareResult,
    State,
};

use super::forms::read;
use super::owner::Owner;
use super::reply::{Awaits, CloudSyncReply, Given, Inputs};
use super::share_types::{CloudSyncParticipant, form};
use crate::callback::CloudSyncDestroy;
use crate::failure::Answer;
use crate::object::{Handle, end, give, guard, writable};

/// A method of a share centre that takes participants.
pub type CloudSyncShareCenterWithParticipants = Option<
    unsafe extern "C-unwind" fn(
        self_: *mut c_void,
        user_id: i32,
        bundle_name: *const c_char,
        sharing_resource: *const c_char,
        participants: *const *const CloudSyncParticipant,
        count: usize,
        reply: *mut CloudSyncReply,
    ) -> i32,
>;

/// A method of a share centre that takes the name of what is shared, or an invitation's code.
pub type CloudSyncShareCenterWithName = Option<
    unsafe extern "C-unwind" fn(
        self_: *mut c_void,
        user_id: i32,
        bundle_name: *const c_char,
        name: *const c_char,
        reply: *mut CloudSyncReply,
    ) -> i32,
>;

/// A method of a share centre that takes that, and a CLOUDSYNC_STATE_... number.
pub type CloudSyncShareCenterWithState = Option<
    unsafe extern "C-unwind" fn(
        self_: *mut c_void,
        user_id: i32,
        bundle_name: *const c_char,
        name: *const c_char,
        state: i32,
        reply: *mut CloudSyncReply,
    ) -> i32,
>;

/// The method of a share centre that takes a record: its database's alias, its table and its id.
pub type CloudSyncShareCenterAlloc = Option<
    unsafe extern "C-unwind" fn(
        self_: *mut c_void,
        user_id: i32,
        bundle_name: *const c_char,
        database_alias: *const c_char,
        table: *const c_char,
        record_id: *const c_char,
        reply: *mut CloudSyncReply,
    ) -> i32,
>;

type AllocFn = unsafe extern "C-unwind" fn(
    *mut c_void,
    i32,
    *const c_char,
    *const c_char,
    *const c_char,
    *const c_char,
    *mut CloudSyncReply,
) -> i32;

/// A vendor's share centre: the documented ShareCenter, for create_share_service_stub.
///
/// Each method answers through its reply as those of CloudSyncCloudDbVTable do, but for its errors, which are
/// CLOUDSYNC_SHARING_CODE_... numbers: those that it returns, and those of cloudsync_reply_fail.
///
/// What the documents leave open is settled so: a call that was answered with success may be made again and answers the same;
/// a call that fails as a whole has changed nothing; participants are answered one by one, and one that is refused keeps no other
/// from being done; who is neither inviter nor invitee is told NOT_INVITER_OR_INVITEE, also where there is no such share.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CloudSyncShareCenterVTable {
    /// sizeof(CloudSyncShareCenterVTable), as the program was compiled.
    pub struct_size: usize,
    /// How long a reply is waited for, in milliseconds, from when the method has returned; 0 for 60000, a day at most.
    pub timeout_ms: u64,
    /// Shares with participants: cloudsync_reply_participant for each, then cloudsync_reply_done.
    pub share: CloudSyncShareCenterWithParticipants,
    /// Takes a share back from participants: as share.
    pub unshare: CloudSyncShareCenterWithParticipants,
    /// Leaves a share: cloudsync_reply_done.
    pub exit: CloudSyncShareCenterWithName,
    /// Changes what participants may do: as share.
    pub change_privilege: CloudSyncShareCenterWithParticipants,
    /// Who takes part in a share: cloudsync_reply_participants.
    pub query_participants: CloudSyncShareCenterWithName,
    /// Who takes part in the share that an invitation's code is for: cloudsync_reply_participants.
    pub query_participants_by_invitation: CloudSyncShareCenterWithName,
    /// Answers an invitation by its code: cloudsync_reply_sharing_resource.
    pub confirm_invitation: CloudSyncShareCenterWithState,
    /// Changes that answer: cloudsync_reply_done.
    pub change_confirmation: CloudSyncShareCenterWithState,
    /// The sharing resource that stands for a record, made where there is none yet, and the same as long as the record lives:
    /// cloudsync_reply_sharing_resource. May be NULL where programs learn of sharing resources in another way.
    pub alloc_resource: CloudSyncShareCenterAlloc,
    /// Takes self back, once, as in CloudSyncCloudDbVTable. May be NULL.
    pub destroy: CloudSyncDestroy,
}

/// A cloud's share centre: the documented ShareCenter, made by create_share_service_stub or cloud_service_connect_share_center.
pub struct CloudSyncShareServiceStub {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncShareServiceStub {
    type Object = ShareStub;
}

/// What a share centre's stub stands for.
pub struct ShareStub {
    pub(crate) center: Arc<dyn ShareCenter>,
}

/// A vendor's table of functions as the library sees it.
struct VendorShare {
    table: CloudSyncShareCenterVTable,
    owner: Arc<Owner>,
}

// SAFETY: the table is functions and numbers.
unsafe impl Send for VendorShare {}
// SAFETY: as above.
unsafe impl Sync for VendorShare {}

/// What every method is about.
#[derive(Clone, Copy)]
struct About<'a> {
    user: i32,
    bundle: &'a str,
    name: &'a str,
}

fn other_kind<T>() -> ShareResult<T> {
    Err(CloudError::Unknown("an answer of another kind".into()).into())
}

/// An answer, unless the vendor refused.
fn accepted(answer: CloudResult<Given>) -> ShareResult<Given> {
    match answer? {
        Given::Refused(error) => Err(error),
        given => Ok(given),
    }
}

impl VendorShare {
    fn with_participants(
        &self,
        method: &'static str,
        function: CloudSyncShareCenterWithParticipants,
        About { user, bundle, name }: About<'_>,
        participants: &[Participant],
    ) -> ShareResult<Vec<ShareResult<Participant>>> {
        let (mut inputs, count) = (Inputs::default(), participants.len());
        let (bundle, name) = (inputs.forms.text(bundle), inputs.forms.text(name));
        let list = participants.iter().map(|one| form(&mut inputs.forms, one)).collect();
        let list = inputs.forms.list(list);
        let awaits = Awaits::ParticipantResults(count);
        let answer = self.owner.ask(method, function, awaits, inputs, |function, context, reply| {
            // SAFETY: the vendor's function, its own pointer, and what lives until the reply is answered.
            unsafe { function(context, user, bundle, name, list, count, reply) }
        });
        let Given::ParticipantResults(answers) = accepted(answer)? else { return other_kind() };
        // As the documents' own sample does: success without a participant is success as asked. One answer too few or too many
        // cannot be: the reply counts.
        let as_asked = |(answer, asked): (ShareResult<Option<Participant>>, &Participant)| {
            answer.map(|given| given.unwrap_or_else(|| asked.clone()))
        };
        Ok(answers.into_iter().zip(participants).map(as_asked).collect())
    }

    fn with_name(
        &self,
        method: &'static str,
        function: CloudSyncShareCenterWithName,
        About { user, bundle, name }: About<'_>,
        awaits: Awaits,
    ) -> ShareResult<Given> {
        let mut inputs = Inputs::default();
        let (bundle, name) = (inputs.forms.text(bundle), inputs.forms.text(name));
        accepted(self.owner.ask(method, function, awaits, inputs, |function, context, reply| {
            // SAFETY: as above.
            unsafe { function(context, user, bundle, name, reply) }
        }))
    }

    fn with_state(
        &self,
        method: &'static str,
        function: CloudSyncShareCenterWithState,
        About { user, bundle, name }: About<'_>,
        state: State,
        awaits: Awaits,
    ) -> ShareResult<Given> {
        let mut inputs = Inputs::default();
        let (bundle, name) = (inputs.forms.text(bundle), inputs.forms.text(name));
        accepted(self.owner.ask(method, function, awaits, inputs, |function, context, reply| {
            // SAFETY: as above.
            unsafe { function(context, user, bundle, name, state as i32, reply) }
        }))
    }
}

fn participants(given: Given) -> ShareResult<Vec<Participant>> {
    if let Given::Participants(list) = given { Ok(list) } else { other_kind() }
}

fn resource(given: Given) -> ShareResult<String> {
    if let Given::Resource(resource) = given { Ok(resource) } else { other_kind() }
}

impl ShareCenter for VendorShare {
    fn alloc_resource(&self, user: i32, bundle: &str, record: RecordPlace<'_>) -> ShareResult<String> {
        let mut inputs = Inputs::default();
        let bundle = inputs.forms.text(bundle);
        let [database, table, id] =
            [record.database, record.table, record.id].map(|text| inputs.forms.text(text));
        let function = self.table.alloc_resource;
        let run = |function: AllocFn, context, reply| {
            // SAFETY: the vendor's function, its own pointer, and what lives until the reply is answered.
            unsafe { function(context, user, bundle, database, table, id, reply) }
        };
        resource(accepted(self.owner.ask("alloc_resource", function, Awaits::Resource, inputs, run))?)
    }

    fn share(
        &self,
        user: i32,
        bundle: &str,
        name: &str,
        participants: &[Participant],
    ) -> ShareResult<Vec<ShareResult<Participant>>> {
        self.with_participants("share", self.table.share, About { user, bundle, name }, participants)
    }

    fn unshare(
        &self,
        user: i32,
        bundle: &str,
        name: &str,
        participants: &[Participant],
    ) -> ShareResult<Vec<ShareResult<Participant>>> {
        self.with_participants("unshare", self.table.unshare, About { user, bundle, name }, participants)
    }

    fn exit(&self, user: i32, bundle: &str, name: &str) -> ShareResult<()> {
        self.with_name("exit", self.table.exit, About { user, bundle, name }, Awaits::Shared).map(drop)
    }

    fn change_privilege(
        &self,
        user: i32,
        bundle: &str,
        name: &str,
        participants: &[Participant],
    ) -> ShareResult<Vec<ShareResult<Participant>>> {
        let function = self.table.change_privilege;
        self.with_participants("change_privilege", function, About { user, bundle, name }, participants)
    }

    fn query_participants(&self, user: i32, bundle: &str, name: &str) -> ShareResult<Vec<Participant>> {
        let (function, about) = (self.table.query_participants, About { user, bundle, name });
        self.with_name("query_participants", function, about, Awaits::Participants).and_then(participants)
    }

    fn query_participants_by_invitation(
        &self,
        user: i32,
        bundle: &str,
        name: &str,
    ) -> ShareResult<Vec<Participant>> {
        let (function, about) = (self.table.query_participants_by_invitation, About { user, bundle, name });
        let answer =
            self.with_name("query_participants_by_invitation", function, about, Awaits::Participants);
        answer.and_then(participants)
    }

    fn confirm_invitation(&self, user: i32, bundle: &str, name: &str, state: State) -> ShareResult<String> {
        let (function, about) = (self.table.confirm_invitation, About { user, bundle, name });
        resource(self.with_state("confirm_invitation", function, about, state, Awaits::Resource)?)
    }

    fn change_confirmation(&self, user: i32, bundle: &str, name: &str, state: State) -> ShareResult<()> {
        let (function, about) = (self.table.change_confirmation, About { user, bundle, name });
        self.with_state("change_confirmation", function, about, state, Awaits::Shared).map(drop)
    }
}

/// Makes a share centre of a vendor's functions: what connect_share_center answers with, and what share_center_... calls.
///
/// What it answers is checked: an answer that cannot be true is CLOUDSYNC_SHARING_CODE_INNER_ERROR of that call.
///
/// @param vtable The functions; copied.
/// @param self_  Passed to each of them, and handed over: destroy takes it back, also where this call fails.
/// @param out    Where the stub goes; the caller frees it with share_service_stub_free.
/// @return 0; 401 where vtable or out is NULL, or the vtable's struct_size cannot be read.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As [`create_cloud_db_stub`](super::create_cloud_db_stub).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn create_share_service_stub(
    vtable: *const CloudSyncShareCenterVTable,
    self_: *mut c_void,
    out: *mut *mut CloudSyncShareServiceStub,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise.
        let center = unsafe { vendor_share(vtable, self_) }?;
        writable(out, "out")?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { give(ShareStub { center: Arc::new(CheckedShare::new(Arc::new(center))) }, out) }
    })
}

/// # Safety
/// As [`create_share_service_stub`].
unsafe fn vendor_share(vtable: *const CloudSyncShareCenterVTable, self_: *mut c_void) -> Answer<VendorShare> {
    // SAFETY: the caller's promise.
    let table = *unsafe { read(vtable, "vtable") }?;
    Ok(VendorShare { owner: Owner::new(self_, table.destroy, table.timeout_ms), table })
}

/// Frees a stub. Clouds and calls that use its share centre keep it.
///
/// @param stub The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// None: any value is answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn share_service_stub_free(stub: *mut CloudSyncShareServiceStub) -> i32 {
    guard(|| end(stub, "stub").map(drop))
}
