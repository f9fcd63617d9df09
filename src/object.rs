//! From opaque pointers to objects, and from panics to codes.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::sync::Lazy;

use crate::failure::{Answer, bad, inner, null, report};
use crate::handle::Table;
use crate::log;
use crate::panics::{self, Inside};

const _: () = assert!(size_of::<usize>() == 8, "a handle's value needs a pointer of 64 bits");

static TABLE: Lazy<Table<Arc<dyn Any + Send + Sync>>> = Lazy::new(|| {
    panics::silence();
    Table::new()
});

/// An opaque C type, and the object that its pointers stand for.
pub(crate) trait Handle {
    /// The object.
    type Object: Send + Sync + 'static;
}

/// An object behind a handle, and whether a panic has left it in an unknown state.
pub(crate) struct Shared<T> {
    object: T,
    poisoned: AtomicBool,
}

/// Runs an export's body: failures become numbers, a panic 22400005.
pub(crate) fn guard(body: impl FnOnce() -> Answer) -> i32 {
    let _inside = Inside::new();
    // A panic leaves nothing half done that can be seen: what `body` was to write is not written, and
    // `with` poisons the handle that it used.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => 0,
        Ok(Err(failure)) => report(failure),
        Err(panic) => report(inner(panic_text(&*panic))),
    }
}

/// Runs an export's body with a handle's object. A panic poisons the handle.
pub(crate) fn with<H: Handle>(
    handle: *const H,
    what: &str,
    body: impl FnOnce(&Arc<Shared<H::Object>>) -> Answer,
) -> i32 {
    guard(|| {
        let object = get::<H>(handle, what)?;
        if object.poisoned.load(Ordering::Acquire) {
            return Err(inner(format!("{what} is broken by an earlier inner error; free it")));
        }
        object.poison_on_panic(|| body(&object))
    })
}

/// The object behind a handle.
pub(crate) fn get<H: Handle>(handle: *const H, what: &str) -> Answer<Arc<Shared<H::Object>>> {
    if handle.is_null() {
        return Err(null(what));
    }
    TABLE.get(handle.addr() as u64, |object| Arc::clone(object).downcast().ok()).ok_or_else(|| stale(what))
}

/// Keeps an object and writes its handle to `out`.
///
/// # Safety
/// `out` may be written.
pub(crate) unsafe fn give<H: Handle>(object: H::Object, out: *mut *mut H) -> Answer {
    let (_, handle) = keep(object)?;
    // SAFETY: the caller's promise.
    unsafe { out.write(handle) };
    Ok(())
}

/// Keeps an object, and returns it with its handle.
pub(crate) fn keep<H: Handle>(object: H::Object) -> Answer<(Arc<Shared<H::Object>>, *mut H)> {
    let shared = Arc::new(Shared { object, poisoned: AtomicBool::new(false) });
    let kept = Arc::clone(&shared);
    let value = TABLE.insert(kept).map_err(|_| inner("too many handles; free some"))?;
    Ok((shared, std::ptr::without_provenance_mut(value as usize)))
}

/// A handle that a function of the host was lent: ended when this is dropped.
pub(crate) struct Lent<H: Handle>(*mut H);

// SAFETY: a handle's value is a number that is never dereferenced.
unsafe impl<H: Handle> Send for Lent<H> {}
// SAFETY: as above.
unsafe impl<H: Handle> Sync for Lent<H> {}

impl<H: Handle> Lent<H> {
    /// Lends a handle that [`keep`] made.
    pub(crate) fn new(handle: *mut H) -> Self {
        Lent(handle)
    }

    /// What the host is given.
    pub(crate) fn handle(&self) -> *mut H {
        self.0
    }
}

impl<H: Handle> Drop for Lent<H> {
    fn drop(&mut self) {
        // Nobody else can have ended it.
        let _ = end(self.0, "what was lent");
    }
}

/// Ends a handle: from now on its value answers 401. NULL is nothing to end.
pub(crate) fn end<H: Handle>(handle: *mut H, what: &str) -> Answer<Option<Arc<Shared<H::Object>>>> {
    if handle.is_null() {
        return Ok(None);
    }
    let removed = TABLE.remove(handle.addr() as u64, |object| object.is::<Shared<H::Object>>());
    let object = removed.and_then(|object| object.downcast().ok()).ok_or_else(|| stale(what))?;
    Ok(Some(object))
}

/// Fails where an out-parameter is NULL.
pub(crate) fn writable<T>(out: *mut T, what: &str) -> Answer {
    if out.is_null() { Err(null(what)) } else { Ok(()) }
}

fn stale(what: &str) -> crate::failure::Failure {
    bad(format!("{what} is no living handle of its kind: it was freed, or it never was one"))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text");
    let place = panics::place();
    let text = format!("the library failed inside, at {place}: {text}; free the handle and open it anew");
    log::line(log::CLOUDSYNC_LOG_ERROR, &text);
    text
}

impl<T> Shared<T> {
    /// Runs `body`; a panic becomes 22400005, and poisons this object.
    pub(crate) fn poison_on_panic<R>(&self, body: impl FnOnce() -> Answer<R>) -> Answer<R> {
        let _inside = Inside::new();
        catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
            self.poisoned.store(true, Ordering::Release);
            Err(inner(panic_text(&*panic)))
        })
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Opaque;
    impl Handle for Opaque {
        type Object = u32;
    }
    struct Other;
    impl Handle for Other {
        type Object = u64;
    }

    fn opaque() -> *mut Opaque {
        let mut out = std::ptr::null_mut();
        // SAFETY: a local may be written.
        unsafe { give(7, &raw mut out) }.unwrap();
        out
    }

    #[test]
    fn a_handle_answers_for_its_own_kind_only() {
        let handle = opaque();
        assert_eq!(
            with(handle, "h", |object| {
                assert_eq!(***object, 7);
                Ok(())
            }),
            0
        );
        assert_eq!(with(handle.cast::<Other>(), "h", |_| Ok(())), 401);
        assert_eq!(guard(|| end(handle.cast::<Other>(), "h").map(drop)), 401);
        assert_eq!(guard(|| end(handle, "h").map(drop)), 0);
        assert_eq!(guard(|| end(handle, "h").map(drop)), 401);
        assert_eq!(with(handle, "h", |_| Ok(())), 401);
    }

    #[test]
    fn null_is_nothing_to_end_and_no_object() {
        assert_eq!(guard(|| end(std::ptr::null_mut::<Opaque>(), "h").map(drop)), 0);
        assert_eq!(with(std::ptr::null::<Opaque>(), "h", |_| Ok(())), 401);
    }

    #[test]
    fn a_panic_poisons_the_handle_and_free_still_works() {
        let handle = opaque();
        assert_eq!(with(handle, "h", |_| panic!("boom")), 22_400_005);
        assert!(crate::failure::last().contains("boom"));
        assert_eq!(with(handle, "h", |_| Ok(())), 22_400_005);
        assert_eq!(guard(|| end(handle, "h").map(drop)), 0);
    }

    #[test]
    fn a_panic_without_a_handle_is_an_inner_error() {
        assert_eq!(guard(|| panic!("boom")), 22_400_005);
    }
}
