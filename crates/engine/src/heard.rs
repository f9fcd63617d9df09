//! What tells whoever drives an engine that something changed outside it.

use std::sync::Arc;

/// Where something has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// On this device's disk.
    Here,
    /// In the cloud.
    There,
}

/// Tells whoever drives a [`Core`](crate::core::Core) that it is to [`hear`](crate::core::Core::hear) something.
/// Does not block.
pub type WakeUp = Arc<dyn Fn(Heard) + Send + Sync>;
