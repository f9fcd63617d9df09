//! What the system and SQLite report, as errors of a cloud.

use std::io;

use rusqlite::ErrorCode;

use crate::CloudError;

/// A call that failed as a whole, or one row or item of it that was refused.
#[derive(Debug)]
pub(super) enum Failure {
    /// This row or item is refused; the others are not touched by it.
    Refused(CloudError),
    /// The call cannot go on; its transaction is undone.
    Call(CloudError),
}

/// What became of one row or item.
pub(super) type Judged<T> = std::result::Result<T, Failure>;

impl From<Failure> for CloudError {
    /// For calls of which a refused row fails all.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) | Failure::Call(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Call(error.into())
    }
}

impl From<rusqlite::Error> for CloudError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => CloudError::RecordLimitExceeded,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                CloudError::Corrupt(error.to_string())
            }
            // Worth another try, like a server that does not answer in time.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                CloudError::Network(error.to_string())
            }
            _ => CloudError::Unknown(error.to_string()),
        }
    }
}

/// Why the content store failed.
pub(super) fn store_error(error: &io::Error) -> CloudError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CloudError::NoSpaceForAsset,
        _ => CloudError::Unknown(format!("the content store: {error}")),
    }
}

/// Why a transaction about assets failed: there, a full disk is a full cloud.
pub(super) fn asset_error(error: CloudError) -> CloudError {
    match error {
        CloudError::RecordLimitExceeded => CloudError::NoSpaceForAsset,
        other => other,
    }
}
