//! How an embedded cloud is opened, with the clock and the randomness it uses.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::rand::{GetRandomFlags, getrandom};

/// The cloud's clock: milliseconds since 1970. Called from any thread.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Fills a buffer with random bytes, fit for keys that nobody can guess. Called from any thread.
pub type Random = Arc<dyn Fn(&mut [u8]) -> io::Result<()> + Send + Sync>;

/// How an [`crate::EmbeddedCloud`] is opened.
#[derive(Clone)]
pub struct EmbeddedOptions {
    /// The account's name: its identity as a participant. Accounts in one directory have nothing in common but what they
    /// share with one another.
    pub account: String,
    /// The account's space in bytes; `None`: what the disk has.
    pub quota: Option<u64>,
    /// How long a lock lasts without a heartbeat, in seconds. 60 unless set.
    pub lease_seconds: u32,
    /// How long deleted records, and contents that no record names any more, are kept. 30 days
    /// unless set.
    pub retention: Duration,
    /// How much accounts may share.
    pub sharing: SharingLimits,
    /// The cloud's clock. The system's unless set.
    pub clock: Clock,
    /// Where ids come from. The system's randomness unless set.
    pub random: Random,
}

/// How much accounts of an embedded cloud may share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharingLimits {
    /// Participants of one share beside the inviter. More are `TOO_MANY_PARTICIPANTS`. 100 unless set.
    pub participants: usize,
    /// Things that one account shares with anybody. More are `OVER_QUOTA`. 1000 unless set.
    pub shares: usize,
    /// Wrong invitation codes of one account within a minute. More are `RATE_LIMIT`. 20 unless set.
    pub wrong_codes_a_minute: u32,
    /// How long an invitation can be answered. 30 days unless set.
    pub invitation: Duration,
}

impl Default for SharingLimits {
    fn default() -> Self {
        SharingLimits {
            participants: 100,
            shares: 1000,
            wrong_codes_a_minute: 20,
            invitation: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}

impl EmbeddedOptions {
    /// The defaults for an account.
    pub fn new(account: impl Into<String>) -> Self {
        EmbeddedOptions {
            account: account.into(),
            quota: None,
            lease_seconds: 60,
            retention: Duration::from_secs(30 * 24 * 60 * 60),
            sharing: SharingLimits::default(),
            clock: Arc::new(system_clock),
            random: Arc::new(system_random),
        }
    }
}

impl fmt::Debug for EmbeddedOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedOptions")
            .field("account", &self.account)
            .field("quota", &self.quota)
            .field("lease_seconds", &self.lease_seconds)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

fn system_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn system_random(buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        filled += getrandom(&mut buffer[filled..], GetRandomFlags::empty())?;
    }
    Ok(())
}
