//! How connecting and serving fail.

use std::io;

use thiserror::Error;

/// Why there is no connection to a cloud.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Nobody serves there, or whoever does gave no answer in time or broke off.
    #[error("{0}")]
    Gone(String),
    /// This user may not use what serves there, or what serves there is another user's.
    #[error("{0}")]
    Denied(String),
}

/// Why a cloud cannot be served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// Another server serves there.
    #[error("another server serves at {0}; stop it, or use another address")]
    Busy(String),
    /// The system refused something.
    #[error("{what}: {error}")]
    Io {
        /// What it was asked for.
        what: String,
        /// What it said.
        #[source]
        error: io::Error,
    },
}

/// Says what the system refused.
pub(crate) fn refused(what: impl Into<String>) -> impl FnOnce(io::Error) -> ServeError {
    let what = what.into();
    |error| ServeError::Io { what, error }
}
