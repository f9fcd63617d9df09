//! Time and randomness.

/// Time.
pub trait Clock: Send + Sync {
    /// Nanoseconds since some fixed moment; never goes back, goes on while the device sleeps.
    fn monotonic_ns(&self) -> u64;

    /// Nanoseconds since 1970 as this device believes; may jump. For names and retention only,
    /// never compared with another machine's.
    fn wall_ns(&self) -> i64;

    /// Lets so many nanoseconds pass. For workers alone.
    fn pause(&self, ns: u64);
}

/// Randomness.
pub trait Random: Send + Sync {
    /// 64 random bits.
    fn next_u64(&self) -> u64;
}
