//! The conformance suite, for any cloud.

use std::ffi::c_void;

use cloudsync_cloud::conformance;

use crate::callback::{CloudSyncConformanceCallback, call};
use crate::cloud::CloudSyncCloudServiceStub;
use crate::failure::null;
use crate::object::with;
use crate::text::to_c;

/// Puts a cloud through every check that this library has for clouds, and reports each. Leaves a few records and assets in
/// the bundle com.example.conformance, which nobody else may use meanwhile.
///
/// A check of what the cloud does not declare (CLOUDSYNC_CAPABILITY_...) is passed.
///
/// @param stub      The cloud.
/// @param report_cb Told each check's name, 1 where it was passed and 0 where not, and what was found instead, "" where it was
///                  passed. The texts live until it returns. It runs on the calling thread, inside this call.
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
        conformance::run(&*stub.service, |name, found| {
            let (name, text) = (to_c(name), to_c(found.unwrap_or_default()));
            let passed = i32::from(found.is_none());
            // SAFETY: the caller's function and its own user data; the texts live until it returns.
            call(|| unsafe { report(name.as_ptr(), passed, text.as_ptr(), user_data) });
        });
        Ok(())
    })
}
