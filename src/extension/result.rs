//! What a caller gets from a cloud: results, and what its failures stand for.

use std::cell::Cell;
use std::ffi::c_char;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, CloudAsset, CloudError, LocalError, Participant, Result as CloudResult,
    ServiceInfo, ShareResult, SubscribeInfo,
};
use cloudsync_engine::Code;

use super::forms::Arena;
use super::share_types::{CloudSyncParticipantResult, result_form};
use super::types::*;
use crate::failure::{Answer, Failure, bad};
use crate::object::{Handle, end, guard, with, writable};

thread_local! {
    static LAST: Cell<i32> = const { Cell::new(0) };
}

/// What a method of a cloud answered to its caller: the value of the documented Result. Freed with cloudsync_result_free.
/// What is read from it lives as long. The documented description is that of a failure (cloudsync_last_error): one that comes with a
/// success tells a program nothing that the code 0 does not, and is not carried over.
pub struct CloudSyncResult {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncResult {
    type Object = ResultObject;
}

/// What a result's handle stands for.
pub struct ResultObject {
    value: Value,
    /// What the value points at.
    _forms: Arena,
}

// SAFETY: the pointers lead into the arena beside them, which nobody changes.
unsafe impl Send for ResultObject {}
// SAFETY: as above.
unsafe impl Sync for ResultObject {}

enum Value {
    ServiceInfo(*const CloudSyncServiceInfo),
    Apps(*const *const CloudSyncAppBriefInfo, usize),
    CloudInfo(*const CloudSyncCloudInfo),
    Schema(*const CloudSyncAppSchema),
    Subscribe(*const CloudSyncSubscribeInfo),
    Ids(*const *const c_char, usize),
    Assets(*const *const CloudSyncAssetResult, usize),
    Participants(*const *const CloudSyncParticipantResult, usize),
    Resource(*const c_char),
}

impl ResultObject {
    fn new(value: impl FnOnce(&mut Arena) -> Value) -> Self {
        let mut forms = Arena::default();
        ResultObject { value: value(&mut forms), _forms: forms }
    }

    pub(crate) fn service_info(info: &ServiceInfo) -> Self {
        Self::new(|forms| Value::ServiceInfo(forms.service_info(info)))
    }

    pub(crate) fn apps<'a>(apps: impl ExactSizeIterator<Item = &'a AppBriefInfo>) -> Self {
        let count = apps.len();
        Self::new(|forms| Value::Apps(forms.apps(apps), count))
    }

    pub(crate) fn cloud_info<'a>(
        info: &ServiceInfo,
        apps: impl ExactSizeIterator<Item = &'a AppBriefInfo>,
    ) -> Self {
        Self::new(|forms| Value::CloudInfo(forms.cloud_info(info, apps)))
    }

    pub(crate) fn schema(schema: &AppSchema) -> Self {
        Self::new(|forms| Value::Schema(forms.schema(schema)))
    }

    pub(crate) fn subscribe_info(info: &SubscribeInfo) -> Self {
        Self::new(|forms| Value::Subscribe(forms.subscribe_info(info)))
    }

    pub(crate) fn ids(ids: &[String]) -> Self {
        Self::new(|forms| {
            let (list, count) = forms.texts(ids.iter().map(String::as_str));
            Value::Ids(list, count)
        })
    }

    pub(crate) fn participants(answers: &[ShareResult<Participant>]) -> Self {
        Self::new(|forms| {
            let answers: Vec<_> = answers.iter().map(|answer| result_form(forms, answer)).collect();
            let count = answers.len();
            Value::Participants(forms.list(answers), count)
        })
    }

    pub(crate) fn sharing_resource(resource: &str) -> Self {
        Self::new(|forms| Value::Resource(forms.text(resource)))
    }

    pub(crate) fn assets(answers: &[CloudResult<CloudAsset>]) -> Self {
        Self::new(|forms| {
            let form = |answer: &CloudResult<CloudAsset>| CloudSyncAssetResult {
                struct_size: size_of::<CloudSyncAssetResult>(),
                description: forms
                    .text(&answer.as_ref().err().map(CloudError::to_string).unwrap_or_default()),
                asset: answer.as_ref().map_or(std::ptr::null(), |asset| forms.asset(asset)),
                code: answer.as_ref().err().map_or(0, number_of),
            };
            let answers: Vec<CloudSyncAssetResult> = answers.iter().map(form).collect();
            let count = answers.len();
            Value::Assets(forms.list(answers), count)
        })
    }
}

/// The documented ErrorCode of a cloud's failure.
pub(crate) fn number_of(error: &CloudError) -> i32 {
    match error {
        CloudError::Unknown(_) => CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR,
        CloudError::Network(_) => CLOUDSYNC_ERROR_CODE_NETWORK_ERROR,
        CloudError::Disabled => CLOUDSYNC_ERROR_CODE_CLOUD_DISABLED,
        CloudError::LockedByOthers => CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS,
        CloudError::RecordLimitExceeded => CLOUDSYNC_ERROR_CODE_RECORD_LIMIT_EXCEEDED,
        CloudError::NoSpaceForAsset => CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET,
        CloudError::CursorExpired => CLOUDSYNC_ERROR_CODE_CURSOR_EXPIRED,
        CloudError::StaleLock => CLOUDSYNC_ERROR_CODE_STALE_LOCK,
        CloudError::VersionConflict { .. } => CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT,
        CloudError::NotFound(_) => CLOUDSYNC_ERROR_CODE_NOT_FOUND,
        CloudError::InvalidArgument(_) => CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT,
        CloudError::Stopped => CLOUDSYNC_ERROR_CODE_STOPPED,
        CloudError::NotAllowed(_) => CLOUDSYNC_ERROR_CODE_NOT_ALLOWED,
        CloudError::TooManyRequests(_) => CLOUDSYNC_ERROR_CODE_TOO_MANY_REQUESTS,
        CloudError::Corrupt(_) => CLOUDSYNC_ERROR_CODE_CORRUPT,
        CloudError::NotSupported(_) => CLOUDSYNC_ERROR_CODE_NOT_SUPPORTED,
        CloudError::Gone(_) => CLOUDSYNC_ERROR_CODE_GONE,
        CloudError::Local(_) => CLOUDSYNC_ERROR_CODE_LOCAL,
    }
}

/// The failure that a vendor's number and text stand for. `version` is what the record has, below 0 where nobody knows.
pub(crate) fn error_of(number: i32, text: &str, version: i64) -> CloudError {
    let said = || if text.is_empty() { format!("it gave the error code {number}") } else { text.to_owned() };
    match number {
        CLOUDSYNC_ERROR_CODE_NETWORK_ERROR => CloudError::Network(said()),
        CLOUDSYNC_ERROR_CODE_CLOUD_DISABLED => CloudError::Disabled,
        CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS => CloudError::LockedByOthers,
        CLOUDSYNC_ERROR_CODE_RECORD_LIMIT_EXCEEDED => CloudError::RecordLimitExceeded,
        CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET => CloudError::NoSpaceForAsset,
        CLOUDSYNC_ERROR_CODE_CURSOR_EXPIRED => CloudError::CursorExpired,
        CLOUDSYNC_ERROR_CODE_STALE_LOCK => CloudError::StaleLock,
        CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT => match u64::try_from(version) {
            Ok(current) => CloudError::VersionConflict { current },
            Err(_) => CloudError::Unknown("it refused a version, and did not say which one there is".into()),
        },
        CLOUDSYNC_ERROR_CODE_NOT_FOUND => CloudError::NotFound(said()),
        CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT => CloudError::InvalidArgument(said()),
        CLOUDSYNC_ERROR_CODE_NOT_ALLOWED => CloudError::NotAllowed(said()),
        CLOUDSYNC_ERROR_CODE_TOO_MANY_REQUESTS => CloudError::TooManyRequests(said()),
        CLOUDSYNC_ERROR_CODE_STOPPED => CloudError::Stopped,
        CLOUDSYNC_ERROR_CODE_CORRUPT => CloudError::Corrupt(said()),
        CLOUDSYNC_ERROR_CODE_NOT_SUPPORTED => CloudError::NotSupported("what was asked for"),
        CLOUDSYNC_ERROR_CODE_GONE => CloudError::Gone(said()),
        _ => CloudError::Unknown(said()),
    }
}

/// What a cloud's failure is to its caller, whose thread remembers the ErrorCode.
pub(crate) fn failure_of(error: &CloudError) -> Failure {
    LAST.set(number_of(error));
    let code = match error {
        CloudError::Unknown(_) => Code::Unknown,
        CloudError::Network(_) => Code::NetworkUnavailable,
        CloudError::Disabled => Code::CloudNotReady,
        CloudError::LockedByOthers | CloudError::VersionConflict { .. } | CloudError::TooManyRequests(_) => {
            Code::Busy
        }
        CloudError::RecordLimitExceeded => Code::LimitExceeded,
        CloudError::NoSpaceForAsset => Code::NoSpace,
        CloudError::CursorExpired => Code::TryAgain,
        CloudError::StaleLock | CloudError::NotAllowed(_) => Code::NotPermitted,
        CloudError::NotFound(_) => Code::NoSuchFile,
        CloudError::InvalidArgument(_) => Code::InvalidValue,
        CloudError::Stopped => Code::Interrupted,
        CloudError::Corrupt(_) => Code::Io,
        CloudError::NotSupported(_) => Code::NotSupported,
        CloudError::Gone(_) => Code::Ipc,
        CloudError::Local(LocalError { kind, text }) => {
            return Failure::io("this device's file", &std::io::Error::new(*kind, text.as_str()));
        }
    };
    Failure::new(code, error.to_string())
}

/// The ErrorCode behind this thread's last call of a cloud's method that failed in the cloud.
///
/// @return A CLOUDSYNC_ERROR_CODE_... number; CLOUDSYNC_ERROR_CODE_SUCCESS where no such call has failed on this thread.
///
/// Thread safety: any thread, each has its own. Callback safe: yes.
#[unsafe(no_mangle)]
pub extern "C" fn cloudsync_last_error_code() -> i32 {
    LAST.get()
}

/// Frees a result, and all that was read from it.
///
/// @param result The handle; NULL does nothing.
/// @return 0; 401 for a handle that was freed already or is none.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// What was read from the result is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_free(result: *mut CloudSyncResult) -> i32 {
    guard(|| end(result, "result").map(drop))
}

/// Writes what a result holds, where it holds that.
///
/// # Safety
/// `out` is NULL or may be written.
unsafe fn read<T>(
    result: *const CloudSyncResult,
    out: *mut T,
    pick: impl FnOnce(&Value) -> Option<T>,
    what: &str,
) -> i32 {
    with(result, "result", |result| {
        writable(out, "out")?;
        let found = pick(&result.value).ok_or_else(|| other_kind(what))?;
        // SAFETY: the caller's promise.
        unsafe { out.write(found) };
        Ok(())
    })
}

/// The same for a list and its length.
///
/// # Safety
/// `list` and `count` are NULL or may be written.
unsafe fn read_list<T>(
    result: *const CloudSyncResult,
    list: *mut *const *const T,
    count: *mut usize,
    pick: impl FnOnce(&Value) -> Option<(*const *const T, usize)>,
    what: &str,
) -> i32 {
    with(result, "result", |result| {
        writable(list, "out")?;
        writable(count, "count")?;
        let (found, length) = pick(&result.value).ok_or_else(|| other_kind(what))?;
        // SAFETY: the caller's promise.
        unsafe {
            list.write(found);
            count.write(length);
        }
        Ok(())
    })
}

fn other_kind(what: &str) -> Failure {
    bad(format!("the result holds no {what}; read what the call that gave it answers"))
}

/// Reads what cloud_service_get_service_info gave.
///
/// @param result The result.
/// @param out    Where a pointer to the account goes; it lives as long as the result.
/// @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_service_info(
    result: *const CloudSyncResult,
    out: *mut *const CloudSyncServiceInfo,
) -> i32 {
    let pick = |value: &Value| if let Value::ServiceInfo(info) = value { Some(*info) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read(result, out, pick, "account") }
}

/// Reads what cloud_service_get_app_brief_info gave.
///
/// @param result The result.
/// @param out    Where the array of pointers to applications goes; it lives as long as the result.
/// @param count  Where their number goes.
/// @return 0; 401 for a bad handle, a result of another call, or where out or count is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` and `count` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_app_brief_info(
    result: *const CloudSyncResult,
    out: *mut *const *const CloudSyncAppBriefInfo,
    count: *mut usize,
) -> i32 {
    let pick = |value: &Value| if let Value::Apps(list, n) = value { Some((*list, *n)) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read_list(result, out, count, pick, "applications") }
}

/// Reads what cloudsync_cloud_info gave.
///
/// @param result The result.
/// @param out    Where a pointer to the account with its applications' switches goes; it lives as long as the result.
/// @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_cloud_info(
    result: *const CloudSyncResult,
    out: *mut *const CloudSyncCloudInfo,
) -> i32 {
    let pick = |value: &Value| if let Value::CloudInfo(info) = value { Some(*info) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read(result, out, pick, "account with its applications") }
}

/// Reads what cloud_service_get_app_schema gave.
///
/// @param result The result.
/// @param out    Where a pointer to the schema goes; it lives as long as the result.
/// @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_app_schema(
    result: *const CloudSyncResult,
    out: *mut *const CloudSyncAppSchema,
) -> i32 {
    let pick = |value: &Value| if let Value::Schema(schema) = value { Some(*schema) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read(result, out, pick, "schema") }
}

/// Reads what cloud_service_subscribe gave.
///
/// @param result The result.
/// @param out    Where a pointer to the subscription goes; it lives as long as the result.
/// @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_subscribe_info(
    result: *const CloudSyncResult,
    out: *mut *const CloudSyncSubscribeInfo,
) -> i32 {
    let pick = |value: &Value| if let Value::Subscribe(info) = value { Some(*info) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read(result, out, pick, "subscription") }
}

/// Reads what cloud_db_generate_id gave.
///
/// @param result The result.
/// @param out    Where the array of ids goes; it lives as long as the result.
/// @param count  Where their number goes.
/// @return 0; 401 for a bad handle, a result of another call, or where out or count is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` and `count` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_ids(
    result: *const CloudSyncResult,
    out: *mut *const *const c_char,
    count: *mut usize,
) -> i32 {
    let pick = |value: &Value| if let Value::Ids(list, n) = value { Some((*list, *n)) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read_list(result, out, count, pick, "ids") }
}

/// Reads what asset_loader_upload or asset_loader_download gave.
///
/// @param result The result.
/// @param out    Where the array of pointers to the assets' results goes, in the order of the assets; it lives as long as the
///               result.
/// @param count  Where their number goes.
/// @return 0; 401 for a bad handle, a result of another call, or where out or count is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` and `count` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_assets(
    result: *const CloudSyncResult,
    out: *mut *const *const CloudSyncAssetResult,
    count: *mut usize,
) -> i32 {
    let pick = |value: &Value| if let Value::Assets(list, n) = value { Some((*list, *n)) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read_list(result, out, count, pick, "assets") }
}

/// Reads what share_center_share, unshare, change_privilege and the two queries for participants gave.
///
/// @param result The result.
/// @param out    Where the array of pointers to the participants' results goes; it lives as long as the result.
/// @param count  Where their number goes.
/// @return 0; 401 for a bad handle, a result of another call, or where out or count is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` and `count` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_participants(
    result: *const CloudSyncResult,
    out: *mut *const *const CloudSyncParticipantResult,
    count: *mut usize,
) -> i32 {
    let pick =
        |value: &Value| if let Value::Participants(list, n) = value { Some((*list, *n)) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read_list(result, out, count, pick, "participants") }
}

/// Reads what share_center_confirm_invitation gave.
///
/// @param result The result.
/// @param out    Where the name of what is shared goes; it lives as long as the result.
/// @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_result_sharing_resource(
    result: *const CloudSyncResult,
    out: *mut *const c_char,
) -> i32 {
    let pick = |value: &Value| if let Value::Resource(text) = value { Some(*text) } else { None };
    // SAFETY: the caller's promise is the same.
    unsafe { read(result, out, pick, "sharing resource") }
}

/// A cloud's answer, or what its failure is to its caller.
pub(crate) fn told<T>(answer: CloudResult<T>) -> Answer<T> {
    answer.map_err(|error| failure_of(&error))
}
