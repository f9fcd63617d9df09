//! What leaves a function of the host otherwise than by returning: stopped at a wall, or caught.

/// The head of an exception in flight, as every runtime on these processors lays it out.
#[repr(C, align(16))]
pub(crate) struct Exception {
    pub(crate) class: u64,
    /// Ends it; a function of the runtime that threw it.
    pub(crate) cleanup: Option<unsafe extern "C-unwind" fn(reason: i32, exception: *mut Exception)>,
    private: [u64; 2],
}

#[cfg(test)]
impl Exception {
    pub(crate) fn new(
        class: [u8; 8],
        cleanup: Option<unsafe extern "C-unwind" fn(i32, *mut Exception)>,
    ) -> Self {
        Exception { class: u64::from_be_bytes(class), cleanup, private: [0; 2] }
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod frames {
    use std::arch::naked_asm;
    use std::cell::Cell;
    use std::ffi::c_void;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::ptr::null_mut;

    use super::Exception;

    /// The unwinder's flags and answers, as its ABI numbers them.
    const SEARCHING: i32 = 1;
    const FORCED: i32 = 8;
    const FATAL_WHILE_UNWINDING: i32 = 2;
    const FATAL_WHILE_SEARCHING: i32 = 3;
    const HANDLER_FOUND: i32 = 6;
    const GO_ON_HERE: i32 = 7;
    const GO_ON_UNWINDING: i32 = 8;
    /// The class of a Rust panic: eight bytes in memory, where others have a number.
    const RUST: u64 = u64::from_ne_bytes(*b"MOZ\0RUST");

    thread_local! {
        /// What a call threw, until that is taken behind it.
        static CAUGHT: Cell<*mut Exception> = const { Cell::new(null_mut()) };
    }

    /// Calls what the passage holds.
    type Pass = unsafe extern "C-unwind" fn(passage: *mut c_void);

    /// A frame that calls `pass(passage)`, where the unwinder asks a function of ours what to do.
    macro_rules! frame {
        ($(#[$doc:meta])* $name:ident, $asked:ident) => {
            $(#[$doc])*
            #[cfg(target_arch = "x86_64")]
            #[unsafe(naked)]
            unsafe extern "C-unwind" fn $name(pass: Pass, passage: *mut c_void) {
                naked_asm!(
                    ".cfi_startproc",
                    ".cfi_personality 0x1b, {asked}",
                    "push rbp",
                    ".cfi_def_cfa_offset 16",
                    ".cfi_offset rbp, -16",
                    "mov rbp, rsp",
                    ".cfi_def_cfa_register rbp",
                    "mov rax, rdi",
                    "mov rdi, rsi",
                    "call rax",
                    "pop rbp",
                    ".cfi_def_cfa rsp, 8",
                    "ret",
                    ".cfi_endproc",
                    asked = sym $asked,
                )
            }

            $(#[$doc])*
            #[cfg(target_arch = "aarch64")]
            #[unsafe(naked)]
            unsafe extern "C-unwind" fn $name(pass: Pass, passage: *mut c_void) {
                naked_asm!(
                    ".cfi_startproc",
                    ".cfi_personality 0x1b, {asked}",
                    "stp x29, x30, [sp, #-16]!",
                    ".cfi_def_cfa_offset 16",
                    ".cfi_offset w29, -16",
                    ".cfi_offset w30, -8",
                    "mov x29, sp",
                    ".cfi_def_cfa w29, 16",
                    "mov x2, x0",
                    "mov x0, x1",
                    "blr x2",
                    "ldp x29, x30, [sp], #16",
                    ".cfi_def_cfa sp, 0",
                    ".cfi_restore w29",
                    ".cfi_restore w30",
                    "ret",
                    ".cfi_endproc",
                    asked = sym $asked,
                )
            }
        };
    }

    frame! {
        /// Nothing passes: the search for a handler ends here in an error. The C++ runtime then calls `std::terminate` before
        /// anything is unwound: with the stack as it was where the exception was thrown, and the host's own terminate
        /// handler.
        wall, nothing_passes
    }

    frame! {
        /// An exception ends here: the call in this frame looks as if it had returned.
        net, everything_is_caught
    }

    extern "C" fn nothing_passes(_: i32, _: i32, _: u64, _: *mut Exception, _: *mut c_void) -> i32 {
        FATAL_WHILE_SEARCHING
    }

    extern "C" fn everything_is_caught(
        _: i32,
        actions: i32,
        class: u64,
        exception: *mut Exception,
        _: *mut c_void,
    ) -> i32 {
        // A thread that ends itself cannot be kept from it, and must not end in the middle of the library.
        if actions & FORCED != 0 {
            return FATAL_WHILE_UNWINDING;
        }
        // Only the Rust that a panic came from can end it.
        if class == RUST {
            return GO_ON_UNWINDING;
        }
        if actions & SEARCHING != 0 {
            return HANDLER_FOUND;
        }
        CAUGHT.set(exception);
        GO_ON_HERE
    }

    /// A call on its way through a frame.
    struct Passage<F, R> {
        function: Option<F>,
        result: Option<R>,
    }

    unsafe extern "C-unwind" fn pass<F: FnOnce() -> R, R>(passage: *mut c_void) {
        // SAFETY: a passage of this kind, which nobody else has while it is passed.
        let passage = unsafe { &mut *passage.cast::<Passage<F, R>>() };
        passage.result = passage.function.take().map(|function| function());
    }

    /// Calls a function that only returns: otherwise the process ends.
    pub(crate) fn behind_wall<F: FnOnce() -> R, R>(function: F) -> Option<R> {
        let mut passage = Passage { function: Some(function), result: None };
        // SAFETY: the function is the one for this passage, which outlives the call.
        unsafe { wall(pass::<F, R>, (&raw mut passage).cast()) };
        passage.result
    }

    /// Calls a function; where it throws, what it threw, which is then to be ended, or NULL where that was a panic.
    pub(crate) fn caught<F: FnOnce() -> R, R>(function: F) -> Result<R, *mut Exception> {
        let mut passage = Passage { function: Some(function), result: None };
        let through = AssertUnwindSafe(|| {
            // SAFETY: as above.
            unsafe { net(pass::<F, R>, (&raw mut passage).cast()) }
        });
        // A panic was told by the host's own hook, and leaves nothing in `CAUGHT`.
        drop(catch_unwind(through));
        passage.result.ok_or_else(|| CAUGHT.replace(null_mut()))
    }
}

/// Where no frames have been written yet, the process ends after the function's own frames were unwound.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod frames {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::ptr::null_mut;

    use super::Exception;

    pub(crate) fn behind_wall<R>(function: impl FnOnce() -> R) -> Option<R> {
        catch_unwind(AssertUnwindSafe(function)).ok()
    }

    pub(crate) fn caught<R>(function: impl FnOnce() -> R) -> Result<R, *mut Exception> {
        catch_unwind(AssertUnwindSafe(function)).map_err(|_| null_mut())
    }
}

pub(crate) use frames::{behind_wall, caught};
