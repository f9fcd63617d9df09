//! What goes wrong at the boundary: a documented number and a text.

use std::cell::RefCell;

use cloudsync_engine::Code;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A failed call.
pub(crate) type Failure = cloudsync_engine::Error;

/// What a call comes to.
pub(crate) type Answer<T = ()> = Result<T, Failure>;

/// A bad argument.
pub(crate) fn bad(text: impl Into<String>) -> Failure {
    Failure::new(Code::InvalidArgument, text)
}

/// A pointer that must not be NULL.
pub(crate) fn null(what: &str) -> Failure {
    bad(format!("{what} is NULL; pass a value"))
}

/// A panic of the library, or what one left behind.
pub(crate) fn inner(text: impl Into<String>) -> Failure {
    Failure::new(Code::Inner, text)
}

/// The context behind a handle has been closed.
pub(crate) fn gone() -> Failure {
    Failure::new(Code::Ipc, "the context of this handle has been closed; free the handle")
}

/// Keeps a failure's text for `cloudsync_last_error` and gives its number.
pub(crate) fn report(failure: Failure) -> i32 {
    let number = failure.code as i32;
    // A thread that ends has lost its storage already: the number alone is answered then.
    let _ = LAST.try_with(|last| *last.borrow_mut() = failure.text);
    number
}

/// This thread's last failure; empty on a thread that ends.
pub(crate) fn last() -> String {
    LAST.try_with(|last| last.borrow().clone()).unwrap_or_default()
}
