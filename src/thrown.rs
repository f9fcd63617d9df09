//! How an exception that was caught is ended: by the C++ runtime that threw it, where there is one.

use std::ffi::{CStr, c_void};

use crate::unwind::Exception;

/// The classes of C++ exceptions, without the last byte, which tells copies from originals: "GNUCC++" and "CLNGC++".
const CPLUSPLUS: [u64; 2] = [0x47_4e55_4343_2b2b, 0x43_4c4e_4743_2b2b];

/// Why it is ended where only the runtime itself would know more: somebody else has caught it.
const CAUGHT_ELSEWHERE: i32 = 1;

type BeginCatch = unsafe extern "C-unwind" fn(*mut Exception) -> *mut c_void;
type EndCatch = unsafe extern "C-unwind" fn();

/// Ends an exception.
///
/// # Safety
/// The exception was caught on this thread, and nobody else ends it.
pub(crate) unsafe fn end(exception: *mut Exception) {
    // SAFETY: a living exception.
    let (class, cleanup) = unsafe { ((*exception).class, (*exception).cleanup) };
    let Some(cleanup) = cleanup else { return };
    let runtime = CPLUSPLUS.contains(&(class >> 8)).then(|| Runtime::of(cleanup as *const c_void)).flatten();
    // SAFETY: caught and not ended, by the caller's promise.
    unsafe {
        match runtime {
            Some(runtime) => {
                (runtime.begin_catch)(exception);
                (runtime.end_catch)();
            }
            None => cleanup(CAUGHT_ELSEWHERE, exception),
        }
    }
}

/// A C++ runtime's functions. There may be several in a process; each counts its own exceptions.
struct Runtime {
    begin_catch: BeginCatch,
    end_catch: EndCatch,
    _library: Library,
}

impl Runtime {
    /// The runtime that a function of it lies in.
    fn of(function: *const c_void) -> Option<Self> {
        let library = Library::of(function)?;
        let [begin, end] = [c"__cxa_begin_catch", c"__cxa_end_catch"].map(|name| library.find(name));
        // SAFETY: functions of these names have these types in every C++ runtime.
        let (begin_catch, end_catch) = unsafe {
            (
                std::mem::transmute::<*mut c_void, BeginCatch>(begin?),
                std::mem::transmute::<*mut c_void, EndCatch>(end?),
            )
        };
        Some(Runtime { begin_catch, end_catch, _library: library })
    }
}

/// A file that is loaded, which may be one that the process does not look for names in by itself.
struct Library {
    base: *mut c_void,
    /// NULL where only what everybody sees of it can be found, as in the program itself.
    handle: *mut c_void,
}

impl Library {
    fn of(function: *const c_void) -> Option<Self> {
        let place = place(function)?;
        // SAFETY: the file's name, as the loader gave it.
        let handle = unsafe { libc::dlopen(place.dli_fname, libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
        Some(Library { base: place.dli_fbase, handle })
    }

    /// A function of this file, not one of the same name elsewhere.
    fn find(&self, name: &CStr) -> Option<*mut c_void> {
        let handle = if self.handle.is_null() { libc::RTLD_DEFAULT } else { self.handle };
        // SAFETY: an open handle and a literal.
        let found = unsafe { libc::dlsym(handle, name.as_ptr()) };
        (place(found)?.dli_fbase == self.base).then_some(found)
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if !self.handle.is_null() {
            // SAFETY: opened once and closed once.
            unsafe { libc::dlclose(self.handle) };
        }
    }
}

/// The file that a function lies in.
fn place(function: *const c_void) -> Option<libc::Dl_info> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the loader compares the address, and fills a local.
    let found = unsafe { libc::dladdr(function, info.as_mut_ptr()) } != 0;
    // SAFETY: zeroes are a value of it, and so is what the loader wrote.
    found.then(|| unsafe { info.assume_init() })
}
