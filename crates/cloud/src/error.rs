//! How a call to a cloud fails.

use thiserror::Error;

/// What a call to a cloud returns.
pub type Result<T> = std::result::Result<T, CloudError>;

/// Why a call to a cloud failed. Those with a number below are the documented `ErrorCode`s, the others settle
/// what the documents leave open and reach a caller as `UNKNOWN_ERROR` with this text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CloudError {
    /// Anything that has no code of its own.
    #[error("the cloud failed: {0}")]
    Unknown(String),
    /// The cloud was not reached, or the answer was lost: a write may or may not have happened.
    #[error("the cloud could not be reached: {0}")]
    Network(String),
    /// Whoever provides the cloud has gone, or gave no answer in time: a write may or may not have happened.
    #[error("the cloud's provider does not answer: {0}")]
    Gone(String),
    /// The cloud lacks this method.
    #[error("this cloud does not support {0}")]
    NotSupported(&'static str),
    /// It was asked too often, and answers no more for now. It has not done what it was asked for.
    #[error("the cloud was asked too often and answers no more for now: {0}")]
    TooManyRequests(String),
    /// Signed out, or switched off for this app.
    #[error("the cloud is switched off or signed out")]
    Disabled,
    /// Another device holds the lock.
    #[error("another device holds the cloud's lock")]
    LockedByOthers,
    /// The cloud takes no more records.
    #[error("the cloud takes no more records")]
    RecordLimitExceeded,
    /// The account's space is used up.
    #[error("the cloud has no space left for this asset")]
    NoSpaceForAsset,
    /// The cursor is too old: everything must be listed anew, from the empty cursor.
    #[error("the cursor has expired; list from the start")]
    CursorExpired,
    /// The lock's id that came with a write is not that of the lock's holder now.
    #[error("the lock has been lost; take it again")]
    StaleLock,
    /// The record has changed since the version that the write was based on.
    #[error("the record has version {current} now; pull it before writing")]
    VersionConflict {
        /// The record's version in the cloud, 0 where there is none.
        current: u64,
    },
    /// The account may not do this to what another one shares with it.
    #[error("not allowed: {0}")]
    NotAllowed(String),
    /// There is no such record, asset, table or session.
    #[error("the cloud does not hold {0}")]
    NotFound(String),
    /// The call itself is wrong.
    #[error("the cloud was asked for something impossible: {0}")]
    InvalidArgument(String),
    /// The caller's [`crate::TransferControl`] said stop.
    #[error("the transfer was stopped")]
    Stopped,
    /// What the cloud holds is not what was stored.
    #[error("the cloud's data is damaged: {0}")]
    Corrupt(String),
    /// The source or the sink on this device failed, not the cloud.
    #[error("this device's file failed: {0}")]
    Local(#[source] LocalError),
}

/// An I/O error on this device's side of a transfer, kept comparable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text}")]
pub struct LocalError {
    /// The kind of failure.
    pub kind: std::io::ErrorKind,
    /// What the system said.
    pub text: String,
}

impl CloudError {
    /// The documented `ErrorCode` number.
    pub fn code(&self) -> i32 {
        match self {
            CloudError::Network(_) => 2,
            CloudError::Disabled => 3,
            CloudError::LockedByOthers => 4,
            CloudError::RecordLimitExceeded => 5,
            CloudError::NoSpaceForAsset => 6,
            _ => 1,
        }
    }

    /// A failure of this device's file during a transfer.
    pub fn local(error: &std::io::Error) -> Self {
        CloudError::Local(LocalError { kind: error.kind(), text: error.to_string() })
    }
}
