//! The conformance suite, for any cloud.

use std::ffi::{c_char, c_void};

use cloudsync_cloud::conformance::{self, Outcome, Party};

use crate::callback::{CloudSyncConformanceCallback, call};
use crate::cloud::CloudSyncCloudServiceStub;
use crate::failure::null;
use crate::object::{get, with};
use crate::text::{read_filled, to_c};

type ReportFn = unsafe extern "C-unwind" fn(*const c_char, i32, *const c_char, *mut c_void);

/// Puts a cloud through every check that this library has for clouds, and reports each: the account, its applications and its
/// space; records, their versions, times, large fields and unusual names; listings and their cursors; the lock, its lease, and
/// several who want it at once; assets and proofs; subscriptions and their end; schemas. Takes a few seconds where all is well.
/// Leaves a few records and assets in the bundles com.example.conformance and com.example.conformance.other, which nobody else
/// may use meanwhile.
///
/// A check of what the cloud does not offer is left out: what it does not declare (CLOUDSYNC_CAPABILITY_...), methods that are
/// NULL or answer NOT_SUPPORTED, a lease or a subscription too long to wait for its end, space too large to fill. It counts as
/// passed, and its text says why it was left out. A cloud whose leases last at most 3 s, whose subscriptions end when they are
/// asked to, and that has at most 64 MiB left, is put through all of it.
///
/// @param stub      The cloud.
/// @param report_cb Told each check's name, 1 where it was passed and 0 where not, and a text: what was found instead, "" where
///                  it was passed, "skipped: " and why where it was left out. The texts live until it returns. It runs on
///                  the calling thread, inside this call.
/// @param user_data Passed to report_cb.
/// @return 0 where all checks were made, whether they were passed or not; 401 for a bad handle or where report_cb is NULL.
///
/// Thread safety: any thread. Blocks. Callback safe: yes.
///
/// # Safety
/// `report_cb` may be called with `user_data` until this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_conformance(
    stub: *mut CloudSyncCloudServiceStub,
    report_cb: CloudSyncConformanceCallback,
    user_data: *mut c_void,
) -> i32 {
    with(stub, "stub", |stub| {
        let report = report_cb.ok_or_else(|| null("report_cb"))?;
        conformance::run(&*stub.service, |name, outcome| tell(report, name, outcome, user_data));
        Ok(())
    })
}

/// Puts two accounts of one cloud through every check of sharing that this library has, and reports each: the first shares
/// records of the bundle com.example.conformance with the second. cloudsync_conformance has what one account can be checked
/// for alone. What the second then finds and may do among its own records is left out where it does not find what was shared.
///
/// @param inviter          The account that shares.
/// @param inviter_identity Who it is as a participant; copied.
/// @param invitee          The other account.
/// @param invitee_identity Who that is; copied.
/// @param report_cb        As in cloudsync_conformance.
/// @param user_data        Passed to report_cb.
/// @return 0 where all checks were made, whether they were passed or not; 401 for a bad handle, an identity that is NULL, empty or
///         not UTF-8, or where report_cb is NULL.
///
/// Thread safety: any thread. Blocks. Callback safe: yes.
///
/// # Safety
/// The identities are NULL or NUL-terminated strings; `report_cb` may be called with `user_data` until this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_conformance_sharing(
    inviter: *mut CloudSyncCloudServiceStub,
    inviter_identity: *const c_char,
    invitee: *mut CloudSyncCloudServiceStub,
    invitee_identity: *const c_char,
    report_cb: CloudSyncConformanceCallback,
    user_data: *mut c_void,
) -> i32 {
    with(inviter, "inviter", |inviter| {
        let invitee = get(invitee, "invitee")?;
        // SAFETY: strings by the caller's promise.
        let identity = unsafe { read_filled(inviter_identity, "inviter_identity") }?;
        // SAFETY: as above.
        let other = unsafe { read_filled(invitee_identity, "invitee_identity") }?;
        let report = report_cb.ok_or_else(|| null("report_cb"))?;
        let inviter = Party { service: &*inviter.service, identity };
        let invitee = Party { service: &*invitee.service, identity: other };
        conformance::run_sharing(inviter, invitee, |name, outcome| tell(report, name, outcome, user_data));
        Ok(())
    })
}

/// Reports one check.
fn tell(report: ReportFn, name: &str, outcome: Outcome<'_>, user_data: *mut c_void) {
    let (passed, text) = match outcome {
        Outcome::Passed => (1, String::new()),
        Outcome::Skipped(why) => (1, format!("skipped: {why}")),
        Outcome::Failed(found) => (0, found.to_owned()),
    };
    let (name, text) = (to_c(name), to_c(&text));
    // SAFETY: the caller's function and its own user data; the texts live until it returns.
    call(|| unsafe { report(name.as_ptr(), passed, text.as_ptr(), user_data) });
}
