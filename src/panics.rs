//! Panics inside the library print nothing: where one happened goes into the text of the failure.

use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;

use crate::callback;

thread_local! {
    static GUARDS: Cell<u32> = const { Cell::new(0) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Marks this thread as inside the library while it lives.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn new() -> Self {
        GUARDS.set(GUARDS.get() + 1);
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        GUARDS.set(GUARDS.get() - 1);
    }
}

/// Silences the library's own panics, and leaves the host's, where it is written in Rust, to the hook before.
pub(crate) fn silence() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| if is_ours() { note(info) } else { before(info) }));
}

/// Where this thread's last panic happened.
pub(crate) fn place() -> String {
    PLACE.try_with(|place| place.borrow().clone()).unwrap_or_default()
}

fn is_ours() -> bool {
    let own_thread = || std::thread::current().name().is_some_and(|name| name.starts_with("cloudsync-"));
    !callback::inside() && (GUARDS.get() > 0 || own_thread())
}

fn note(info: &PanicHookInfo<'_>) {
    if let Some(location) = info.location() {
        let found = format!("{}:{}", location.file(), location.line());
        // A thread that ends has lost its storage already: the place stays unknown then.
        let _ = PLACE.try_with(|place| *place.borrow_mut() = found);
    }
}
