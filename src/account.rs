//! Accounts and switches: the documented cloudSyncManager.

use std::ffi::{c_char, c_void};

use cloudsync_engine::{CloudSwitch, Engine, LocalCopies};

use crate::callback::{CloudSyncCompletion, Done, may_block};
use crate::context::{CloudSyncContext, Context, Root, run_async};
use crate::events::{Completion, Found};
use crate::failure::{Answer, bad, null};
use crate::lanes::Lane;
use crate::object::{with, writable};
use crate::text;

/// Action: files' own copies stay, as files that are on this device alone.
pub const CLOUDSYNC_ACTION_RETAIN_DATA: i32 = 0;
/// Action: files' own copies go where the cloud proves that it holds them.
pub const CLOUDSYNC_ACTION_CLEAR_DATA: i32 = 1;

/// Signs in (documented: cloudSyncManager.enableCloud, as a promise): the cloud is on for this device, and on or off for
/// each bundle named; the others keep their switches. Kept over restarts. A context is signed in until
/// cloud_sync_manager_disable_cloud. Files that are synced with another account are not touched, and not synced, until
/// cloud_sync_manager_clean lets go of that account.
///
/// @param context      The context.
/// @param account_id   The account, by the id of its ServiceInfo.
/// @param bundle_names The bundles; the gallery's is com.ohos.medialibrary. Not looked at where n is 0.
/// @param switches     For each, 0 for off, anything else for on. Not looked at where n is 0.
/// @param n            How many there are.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle, text that is NULL or not UTF-8, an
///         account that neither is signed in nor has files here, or a bundle without a directory; 13600001 where the
///         cloud does not answer, or the context has been closed; 13900029 from inside a callback, nothing is done then;
///         22400001 where nobody is signed in at the cloud; 22400002 where it cannot be reached.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_sync_manager_enable_cloud_async.
///
/// # Safety
/// `account_id` is NULL or a NUL-terminated string; `bundle_names` is NULL or points to `n` such, `switches` is NULL or
/// points to `n` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_enable_cloud(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    bundle_names: *const *const c_char,
    switches: *const i32,
    n: usize,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: strings and numbers by the caller's promise.
        let order = unsafe { Switches::read(context, account_id, bundle_names, switches, n) }?;
        may_block()?;
        order.carry_out(context)
    })
}

/// Signs in (documented: enableCloud, with an AsyncCallback). As cloud_sync_manager_enable_cloud, but returns at once: its
/// code comes to the completion callback, once, also where the context is closed first.
///
/// @param context      The context.
/// @param account_id   The account; copied.
/// @param bundle_names The bundles; copied. Not looked at where n is 0.
/// @param switches     For each, 0 for off, anything else for on; copied.
/// @param n            How many there are.
/// @param done         Told the code of cloud_sync_manager_enable_cloud.
/// @param user_data    Passed to done.
/// @return 0: done will be called; 201, 202, 401 for what can be seen at once, or where done is NULL, or 13600001 for a
///         closed context: it will not.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As for [`cloud_sync_manager_enable_cloud`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_enable_cloud_async(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    bundle_names: *const *const c_char,
    switches: *const i32,
    n: usize,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: strings and numbers by the caller's promise.
        let order = unsafe { Switches::read(context, account_id, bundle_names, switches, n) }?;
        later(context, done, user_data, move |context| order.carry_out(context))
    })
}

/// Signs out (documented: cloudSyncManager.disableCloud, as a promise): what is under way stops, with its final events,
/// and nothing begins any more, in any of the context's directories; starts answer 22400001. Nothing is removed and
/// nothing forgotten: signing in again goes on. Kept over restarts.
///
/// @param context    The context.
/// @param account_id The account, by the id of its ServiceInfo.
/// @return As cloud_sync_manager_enable_cloud.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_sync_manager_disable_cloud_async.
///
/// # Safety
/// `account_id` is NULL or a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_disable_cloud(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let account = unsafe { text::read_filled(account_id, "account_id") }?;
        may_block()?;
        sign_out(context, account)
    })
}

/// Signs out (documented: disableCloud, with an AsyncCallback). As cloud_sync_manager_disable_cloud, but returns at once:
/// its code comes to the completion callback, once, also where the context is closed first.
///
/// @param context    The context.
/// @param account_id The account; copied.
/// @param done       Told the code of cloud_sync_manager_disable_cloud.
/// @param user_data  Passed to done.
/// @return As cloud_sync_manager_enable_cloud_async.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `account_id` as above; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_disable_cloud_async(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let account = unsafe { text::read_filled(account_id, "account_id") }?.to_owned();
        later(context, done, user_data, move |context| sign_out(context, &account))
    })
}

/// Switches the cloud on or off for one bundle on this device (documented: cloudSyncManager.changeAppCloudSwitch, as a
/// promise). Off: what is under way in its directory stops, and nothing begins any more. Nothing is removed. It counts
/// while somebody is signed in, and is kept over restarts. cloudsync_embedded_cloud_switch is the account's own switch,
/// for all devices.
///
/// @param context     The context.
/// @param account_id  The account, by the id of its ServiceInfo.
/// @param bundle_name The bundle; the gallery's is com.ohos.medialibrary.
/// @param status      0: off. Anything else: on.
/// @return As cloud_sync_manager_enable_cloud.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use
/// cloud_sync_manager_change_app_cloud_switch_async.
///
/// # Safety
/// `account_id` and `bundle_name` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_change_app_cloud_switch(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    bundle_name: *const c_char,
    status: i32,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: strings by the caller's promise.
        let (account, root) = unsafe { account_and_root(context, account_id, bundle_name) }?;
        may_block()?;
        switch_app(context, &account, root, status != 0)
    })
}

/// Switches the cloud on or off for one bundle (documented: changeAppCloudSwitch, with an AsyncCallback). As
/// cloud_sync_manager_change_app_cloud_switch, but returns at once: its code comes to the completion callback, once, also
/// where the context is closed first.
///
/// @param context     The context.
/// @param account_id  The account; copied.
/// @param bundle_name The bundle; copied.
/// @param status      0: off. Anything else: on.
/// @param done        Told the code of cloud_sync_manager_change_app_cloud_switch.
/// @param user_data   Passed to done.
/// @return As cloud_sync_manager_enable_cloud_async.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `account_id` and `bundle_name` as above; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_change_app_cloud_switch_async(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    bundle_name: *const c_char,
    status: i32,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: strings by the caller's promise.
        let (account, root) = unsafe { account_and_root(context, account_id, bundle_name) }?;
        later(context, done, user_data, move |context| switch_app(context, &account, root, status != 0))
    })
}

/// Lets go of an account's files (documented: cloudSyncManager.clean, as a promise), bundle by bundle, when the account
/// has changed or a person leaves. What runs in their directories stops. Then all that is known of the account's cloud is
/// forgotten: the files are as if they had never been synced, and the next sync, with whatever account, joins them with
/// what that one holds. What is in the cloud alone is no longer listed here; it stays in the cloud, and so does all else there.
/// Deletions that no sync has carried out are forgotten.
///
/// CLOUDSYNC_ACTION_RETAIN_DATA keeps every file. CLOUDSYNC_ACTION_CLEAR_DATA first removes those that the account's
/// cloud has just proved to hold, pinned ones too, and folders that are empty then; what was not uploaded, was changed
/// since, is open for writing or cannot be proved stays. It fails, and nothing is let go of, where the account cannot be
/// asked. A failed or killed call is repeated: it goes on.
///
/// @param context      The context.
/// @param account_id   The account that the files are synced with, by the id of its ServiceInfo: cloudsync_account.
/// @param bundle_names The bundles; the gallery's is com.ohos.medialibrary. Not looked at where n is 0.
/// @param actions      For each a CLOUDSYNC_ACTION_... number. Not looked at where n is 0.
/// @param n            How many there are. They are let go of in this order; the first that fails ends the call.
/// @return 0, also for a bundle that is synced with nobody; 201 without the permission; 202 for no system app; 401 for a
///         bad handle, text that is NULL or not UTF-8, an impossible action, a bundle without a directory, or one that is
///         synced with another account; 13600001 where the cloud does not answer, or the context has been closed; 13900004
///         where stop_optimize_space ends it; 13900029 from inside a callback, nothing is done then; 22400001 where the
///         cloud answers for another account, or is switched off there; 22400002 where it cannot be reached; 22400006
///         where it is being done already.
///
/// Thread safety: any thread. Blocks, for as long as the files take. Callback safe: no, answers 13900029: use
/// cloud_sync_manager_clean_async.
///
/// # Safety
/// `account_id` is NULL or a NUL-terminated string; `bundle_names` is NULL or points to `n` such, `actions` is NULL or
/// points to `n` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_clean(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    bundle_names: *const *const c_char,
    actions: *const i32,
    n: usize,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: strings and numbers by the caller's promise.
        let order = unsafe { Cleaning::read(context, account_id, bundle_names, actions, n) }?;
        may_block()?;
        order.carry_out(context)
    })
}

/// Lets go of an account's files (documented: clean, with an AsyncCallback). As cloud_sync_manager_clean, but returns at
/// once: its code comes to the completion callback, once, also where the context is closed first. Other asynchronous
/// calls of cloud_sync_manager_... wait until it is done.
///
/// @param context      The context.
/// @param account_id   The account; copied.
/// @param bundle_names The bundles; copied. Not looked at where n is 0.
/// @param actions      For each a CLOUDSYNC_ACTION_... number; copied.
/// @param n            How many there are.
/// @param done         Told the code of cloud_sync_manager_clean.
/// @param user_data    Passed to done.
/// @return As cloud_sync_manager_enable_cloud_async.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// As for [`cloud_sync_manager_clean`]; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_clean_async(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    bundle_names: *const *const c_char,
    actions: *const i32,
    n: usize,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: strings and numbers by the caller's promise.
        let order = unsafe { Cleaning::read(context, account_id, bundle_names, actions, n) }?;
        later(context, done, user_data, move |context| order.carry_out(context))
    })
}

/// Says that a bundle's files have changed in the cloud (documented: cloudSyncManager.notifyDataChange, as a promise), as
/// a push message tells a host: a sync of its directory starts, or one more after the one under way. A context with
/// automatic sync hears of changes by itself where the cloud tells of them.
///
/// @param context     The context.
/// @param account_id  The account, by the id of its ServiceInfo.
/// @param bundle_name The bundle; the gallery's is com.ohos.medialibrary.
/// @return 0: the sync is accepted; otherwise as cloud_sync_manager_enable_cloud, or 22400003 with too little battery.
///
/// Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use
/// cloud_sync_manager_notify_data_change_async.
///
/// # Safety
/// `account_id` and `bundle_name` are NULL or NUL-terminated strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_notify_data_change(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    bundle_name: *const c_char,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: strings by the caller's promise.
        let (account, root) = unsafe { account_and_root(context, account_id, bundle_name) }?;
        may_block()?;
        notify(context, &account, root)
    })
}

/// Says that a bundle's files have changed in the cloud (documented: notifyDataChange, with an AsyncCallback). As
/// cloud_sync_manager_notify_data_change, but returns at once: its code comes to the completion callback, once, also where
/// the context is closed first.
///
/// @param context     The context.
/// @param account_id  The account; copied.
/// @param bundle_name The bundle; copied.
/// @param done        Told the code of cloud_sync_manager_notify_data_change.
/// @param user_data   Passed to done.
/// @return As cloud_sync_manager_enable_cloud_async.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `account_id` and `bundle_name` as above; `done` may be called with `user_data` from any thread, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloud_sync_manager_notify_data_change_async(
    context: *mut CloudSyncContext,
    account_id: *const c_char,
    bundle_name: *const c_char,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: strings by the caller's promise.
        let (account, root) = unsafe { account_and_root(context, account_id, bundle_name) }?;
        later(context, done, user_data, move |context| notify(context, &account, root))
    })
}

/// Which account a bundle's files are synced with, by the id that its cloud gave: what cloud_sync_manager_clean wants once
/// another one is signed in.
///
/// @param context     The context.
/// @param bundle_name The bundle; the gallery's is com.ohos.medialibrary.
/// @param buffer      Where the id goes, ended by a NUL and cut where it does not fit; NULL to ask for the length alone.
/// @param length      How many bytes the buffer has.
/// @param out_length  Where the whole id's length in bytes goes, without the NUL; 0 where they are synced with nobody.
/// @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle, text that is NULL or not UTF-8, a
///         bundle without a directory, or where out_length is NULL; 13600001 where the context has been closed.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `bundle_name` is NULL or a NUL-terminated string; `buffer` is NULL or may be written for `length` bytes, and
/// `out_length` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_account(
    context: *mut CloudSyncContext,
    bundle_name: *const c_char,
    buffer: *mut c_char,
    length: usize,
    out_length: *mut usize,
) -> i32 {
    with(context, "context", |context| {
        context.check_caller()?;
        // SAFETY: a string by the caller's promise.
        let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
        writable(out_length, "out_length")?;
        let account = context.engine_at(context.root_named(bundle)?)?.account().unwrap_or_default();
        // SAFETY: both may be written by the caller's promise.
        unsafe { out_length.write(text::write(&account, buffer, length)) };
        Ok(())
    })
}

/// Who signs in, and which bundles are switched on or off.
struct Switches {
    account: String,
    apps: Vec<(Root, bool)>,
}

impl Switches {
    /// # Safety
    /// As [`cloud_sync_manager_enable_cloud`].
    unsafe fn read(
        context: &Context,
        account_id: *const c_char,
        bundle_names: *const *const c_char,
        switches: *const i32,
        n: usize,
    ) -> Answer<Self> {
        // SAFETY: the caller's promise is the same.
        let (account, apps) =
            unsafe { per_bundle(context, account_id, bundle_names, switches, "switches", n) }?;
        Ok(Switches { account, apps: apps.into_iter().map(|(root, on)| (root, on != 0)).collect() })
    }

    fn carry_out(&self, context: &Context) -> Answer {
        for engine in context.engines()? {
            check_account(engine, &self.account)?;
        }
        for (root, on) in &self.apps {
            context.engine_at(*root)?.switch_cloud(CloudSwitch::App(*on))?;
        }
        for engine in context.engines()? {
            engine.switch_cloud(CloudSwitch::Account(true))?;
        }
        Ok(())
    }
}

/// What becomes of an account's files.
struct Cleaning {
    account: String,
    actions: Vec<(Root, LocalCopies)>,
}

impl Cleaning {
    /// # Safety
    /// As [`cloud_sync_manager_clean`].
    unsafe fn read(
        context: &Context,
        account_id: *const c_char,
        bundle_names: *const *const c_char,
        actions: *const i32,
        n: usize,
    ) -> Answer<Self> {
        // SAFETY: the caller's promise is the same.
        let (account, actions) =
            unsafe { per_bundle(context, account_id, bundle_names, actions, "actions", n) }?;
        let copies = |(root, action)| match action {
            CLOUDSYNC_ACTION_RETAIN_DATA => Ok((root, LocalCopies::Retain)),
            CLOUDSYNC_ACTION_CLEAR_DATA => Ok((root, LocalCopies::Clear)),
            other => Err(bad(format!("{other} is no action; use a CLOUDSYNC_ACTION_... number"))),
        };
        Ok(Cleaning { account, actions: actions.into_iter().map(copies).collect::<Answer<_>>()? })
    }

    fn carry_out(&self, context: &Context) -> Answer {
        for (root, _) in &self.actions {
            match context.engine_at(*root)?.account() {
                Some(other) if other != self.account => return Err(synced_with(&other, &self.account)),
                _ => {}
            }
        }
        for (root, copies) in &self.actions {
            context.engine_at(*root)?.leave_account(*copies)?;
        }
        Ok(())
    }
}

fn sign_out(context: &Context, account: &str) -> Answer {
    for engine in context.engines()? {
        check_account(engine, account)?;
    }
    for engine in context.engines()? {
        engine.switch_cloud(CloudSwitch::Account(false))?;
    }
    Ok(())
}

fn switch_app(context: &Context, account: &str, root: Root, on: bool) -> Answer {
    let engine = context.engine_at(root)?;
    check_account(engine, account)?;
    engine.switch_cloud(CloudSwitch::App(on))
}

fn notify(context: &Context, account: &str, root: Root) -> Answer {
    let engine = context.engine_at(root)?;
    check_account(engine, account)?;
    engine.start_sync()
}

/// Whether an account is the one of the files, or the one that is signed in.
fn check_account(engine: &Engine, account: &str) -> Answer {
    if engine.account().as_deref() == Some(account) {
        return Ok(());
    }
    let signed_in = engine.signed_in()?;
    if signed_in == account { Ok(()) } else { Err(synced_with(&signed_in, account)) }
}

fn synced_with(other: &str, account: &str) -> crate::failure::Failure {
    bad(format!(
        "the account is {other}, and not {account}: name the one that is signed in, or has files here"
    ))
}

/// # Safety
/// Both are NULL or NUL-terminated strings.
unsafe fn account_and_root(
    context: &Context,
    account_id: *const c_char,
    bundle_name: *const c_char,
) -> Answer<(String, Root)> {
    // SAFETY: strings by the caller's promise.
    let account = unsafe { text::read_filled(account_id, "account_id") }?;
    // SAFETY: as above.
    let bundle = unsafe { text::read_filled(bundle_name, "bundle_name") }?;
    Ok((account.to_owned(), context.root_named(bundle)?))
}

/// # Safety
/// `account_id` is NULL or a NUL-terminated string; `bundle_names` is NULL or points to `n` such, `numbers` is NULL or
/// points to `n` numbers.
unsafe fn per_bundle(
    context: &Context,
    account_id: *const c_char,
    bundle_names: *const *const c_char,
    numbers: *const i32,
    what: &str,
    n: usize,
) -> Answer<(String, Vec<(Root, i32)>)> {
    // SAFETY: strings by the caller's promise.
    let account = unsafe { text::read_filled(account_id, "account_id") }?;
    // SAFETY: as above.
    let bundles = unsafe { text::read_all(bundle_names, n, "bundle_names") }?;
    if n > 0 && numbers.is_null() {
        return Err(null(what));
    }
    let mut all = Vec::with_capacity(n);
    for (index, bundle) in bundles.into_iter().enumerate() {
        // SAFETY: there are `n` numbers by the caller's promise, as many as bundles.
        all.push((context.root_named(bundle)?, unsafe { numbers.add(index).read() }));
    }
    Ok((account.to_owned(), all))
}

fn later(
    context: &std::sync::Arc<crate::object::Shared<Context>>,
    done: CloudSyncCompletion,
    user_data: *mut c_void,
    work: impl FnOnce(&Context) -> Answer + Send + 'static,
) -> Answer {
    let done = Completion::Plain(Done::new(done, user_data)?);
    run_async(context, Lane::Account, done, move |context| work(context).map(|()| Found::Nothing))
}
