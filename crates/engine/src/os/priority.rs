//! How much of the processors a thread asks for.

use rustix::process::nice;

/// What a background thread's nice value is above the others': with it, a thread that wants a processor all the time gets
/// nine times as much of it.
const BACKGROUND: i32 = 10;

/// From now on the calling thread, and what it starts, leaves the processors to threads that are not in the background.
pub(crate) fn yield_to_others() {
    // Where a sandbox refuses it, the work is done with the others'.
    let _ = nice(BACKGROUND);
}
