//! The engine's errors: a documented number and a text that says what to do.

use thiserror::Error;

/// What an operation of the engine returns.
pub type Result<T> = std::result::Result<T, Error>;

/// The documented error numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum Code {
    /// The caller lacks the permission.
    PermissionDenied = 201,
    /// The caller is no system app.
    NotSystemApp = 202,
    /// A bad argument.
    InvalidArgument = 401,
    /// The cloud, or the device, lacks the capability.
    NotSupported = 801,
    /// A provider, or a worker, has gone.
    Ipc = 13_600_001,
    /// Operation not permitted.
    NotPermitted = 13_900_001,
    /// No such file.
    NoSuchFile = 13_900_002,
    /// Interrupted.
    Interrupted = 13_900_004,
    /// I/O error.
    Io = 13_900_005,
    /// Try again.
    TryAgain = 13_900_010,
    /// Out of memory.
    OutOfMemory = 13_900_011,
    /// Permission denied by the file system.
    AccessDenied = 13_900_012,
    /// In use.
    Busy = 13_900_014,
    /// There is such a file already.
    FileExists = 13_900_015,
    /// Invalid argument, in the newer operations.
    InvalidValue = 13_900_020,
    /// No space on the device.
    NoSpace = 13_900_025,
    /// Read-only file system.
    ReadOnly = 13_900_027,
    /// It would deadlock: a blocking call from inside a callback.
    Deadlock = 13_900_029,
    /// Not implemented here.
    NotImplemented = 13_900_031,
    /// Internal error of no other kind.
    Unknown = 13_900_042,
    /// A URI that cannot be read or that leaves every synced directory.
    InvalidUri = 14_000_002,
    /// Signed out, or the cloud switched off.
    CloudNotReady = 22_400_001,
    /// No network.
    NetworkUnavailable = 22_400_002,
    /// Battery too low.
    BatteryLow = 22_400_003,
    /// More than the maximum.
    LimitExceeded = 22_400_004,
    /// Inner error.
    Inner = 22_400_005,
    /// The same task runs already.
    TaskRunning = 22_400_006,
}

impl Code {
    /// Every number there is.
    const ALL: [Code; 27] = [
        Code::PermissionDenied,
        Code::NotSystemApp,
        Code::InvalidArgument,
        Code::NotSupported,
        Code::Ipc,
        Code::NotPermitted,
        Code::NoSuchFile,
        Code::Interrupted,
        Code::Io,
        Code::TryAgain,
        Code::OutOfMemory,
        Code::AccessDenied,
        Code::Busy,
        Code::FileExists,
        Code::InvalidValue,
        Code::NoSpace,
        Code::ReadOnly,
        Code::Deadlock,
        Code::NotImplemented,
        Code::Unknown,
        Code::InvalidUri,
        Code::CloudNotReady,
        Code::NetworkUnavailable,
        Code::BatteryLow,
        Code::LimitExceeded,
        Code::Inner,
        Code::TaskRunning,
    ];

    /// The code of a documented number.
    pub fn from_number(number: i32) -> Option<Code> {
        Code::ALL.into_iter().find(|code| *code as i32 == number)
    }
}

/// A failed operation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text}")]
pub struct Error {
    /// The documented number.
    pub code: Code,
    /// What went wrong and what to do about it.
    pub text: String,
}

impl Error {
    /// An error with its text.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Error { code, text: text.into() }
    }

    /// An I/O error about `what`, under the documented number for its kind.
    pub fn io(what: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        let code = match error.kind() {
            K::NotFound => Code::NoSuchFile,
            K::PermissionDenied => Code::AccessDenied,
            K::StorageFull | K::QuotaExceeded => Code::NoSpace,
            K::ReadOnlyFilesystem => Code::ReadOnly,
            K::OutOfMemory => Code::OutOfMemory,
            K::ResourceBusy => Code::Busy,
            K::Unsupported => Code::NotImplemented,
            _ => Code::Io,
        };
        Error::new(code, format!("{what}: {error}"))
    }
}
