//! What the engine tells its host.

use crate::ports::PreviewKind;

/// The documented `SyncState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum SyncState {
    /// Changes of this device go to the cloud.
    Uploading = 0,
    /// Sending failed; final.
    UploadFailed = 1,
    /// Changes of the cloud come to this device.
    Downloading = 2,
    /// Receiving failed; final.
    DownloadFailed = 3,
    /// Done; final.
    Completed = 4,
    /// Stopped by `stop` or `close`; final.
    Stopped = 5,
}

impl SyncState {
    /// Whether a run ends with this state.
    pub fn is_final(self) -> bool {
        !matches!(self, SyncState::Uploading | SyncState::Downloading)
    }
}

/// The documented `ErrorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ErrorType {
    /// No error.
    NoError = 0,
    /// Neither Wi-Fi (or wired) nor mobile network.
    NetworkUnavailable = 1,
    /// Uploads wait for Wi-Fi.
    WifiUnavailable = 2,
    /// Battery under the low mark.
    BatteryLevelLow = 3,
    /// Battery under the warning mark.
    BatteryLevelWarning = 4,
    /// The cloud is full.
    CloudStorageFull = 5,
    /// The device's disk is full.
    LocalStorageFull = 6,
    /// The device is too hot.
    DeviceTemperatureTooHigh = 7,
    /// The cloud answers, but wrongly.
    RemoteServerAbnormal = 8,
    /// Anything else.
    UnknownError = 10,
}

/// The documented `SyncProgress`, and how far the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncProgress {
    /// Where the run is.
    pub state: SyncState,
    /// Why it does not go on, where it does not.
    pub error: ErrorType,
    /// Files that this run has to move, as far as it knows yet. Never falls within a run.
    pub files_total: u64,
    /// Files moved. Never falls within a run.
    pub files_done: u64,
    /// Files that this run left out, each with a reason.
    pub files_failed: u64,
    /// Bytes that this run has to move, as far as it knows yet. Never falls within a run.
    pub bytes_total: u64,
    /// Bytes moved. Never falls within a run.
    pub bytes_done: u64,
    /// Deletions that wait for the host's word, because a large share of the files is gone.
    pub deletions_held: u64,
}

/// The documented `State` of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum DownloadState {
    /// Under way.
    Running = 0,
    /// Done; final.
    Completed = 1,
    /// Failed; final.
    Failed = 2,
    /// Stopped; final.
    Stopped = 3,
}

/// The documented `DownloadErrorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum DownloadErrorType {
    /// No error.
    NoError = 0,
    /// Anything without a number of its own.
    UnknownError = 1,
    /// No network.
    NetworkUnavailable = 2,
    /// The device's disk is full.
    LocalStorageFull = 3,
    /// The cloud does not hold the bytes.
    ContentNotFound = 4,
    /// The cloud was asked too often, and answers no more for now.
    FrequentUserRequests = 5,
}

/// The documented `DownloadFileType`: what of a file is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum DownloadFileType {
    /// The file itself.
    Content = 0,
    /// A small picture of it, for a grid.
    Thumbnail = 1,
    /// A picture of it as large as a screen.
    Lcd = 2,
}

impl DownloadFileType {
    /// Which preview it is; `None` for the file itself.
    pub fn preview(self) -> Option<PreviewKind> {
        match self {
            DownloadFileType::Content => None,
            DownloadFileType::Thumbnail => Some(PreviewKind::Thumbnail),
            DownloadFileType::Lcd => Some(PreviewKind::Lcd),
        }
    }
}

/// The documented `DownloadProgress` of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadProgress {
    /// Where the download is.
    pub state: DownloadState,
    /// Bytes received. Never falls within a download.
    pub processed: u64,
    /// Bytes in all.
    pub size: u64,
    /// The file's URI, as the request spelled it.
    pub uri: String,
    /// Why it failed, where it failed.
    pub error: DownloadErrorType,
}

/// The documented `NotifyType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum NotifyType {
    /// It is new.
    Added = 0,
    /// Its bytes or its times are others, or have come to the disk or gone from it.
    Modified = 1,
    /// It is gone.
    Deleted = 2,
    /// It has another name or folder.
    Renamed = 3,
}

/// One change of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its URI; after a rename the new one.
    pub uri: String,
    /// Of what was renamed, the URI before.
    pub old_uri: Option<String>,
    /// Whether it is a folder.
    pub is_dir: bool,
}

/// Who asked for changes: one number per registration.
pub type WatchId = u64;

/// The documented `OptimizeState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum OptimizeState {
    /// Under way.
    Running = 0,
    /// Done: so much is freed, or nothing more can be; final.
    Completed = 1,
    /// No proof could be had, or the disk or the index failed; final.
    Failed = 2,
    /// Stopped; final.
    Stopped = 3,
}

/// The documented `OptimizeSpaceProgress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptimizeProgress {
    /// Where it is.
    pub state: OptimizeState,
    /// From 1 to 100. Never falls.
    pub percent: u8,
}

/// Who asked for a download: one number per `Download` or `CloudFileCache` object.
pub type ClientId = u64;

/// A batch of downloads: the documented `taskId`, 0 or greater.
pub type TaskId = i64;

/// The documented `MultiDownloadProgress` of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchProgress {
    /// Where the batch is. `Completed` where every file came, `Failed` where all ended and some failed,
    /// `Stopped` where some were stopped.
    pub state: DownloadState,
    /// Which batch.
    pub task: TaskId,
    /// The files that are here now, as the request spelled them, in the order in which they came.
    pub succeeded: Vec<String>,
    /// The files that failed, and why, in the order in which they did.
    pub failed: Vec<(String, DownloadErrorType)>,
    /// Files in all; a URI that was named twice counts once.
    pub files: u64,
    /// Bytes received. Never falls within a batch.
    pub downloaded: u64,
    /// Bytes in all, as far as the files' sizes are known.
    pub total: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The gallery's sync run went on. Every accepted start is covered by exactly one later event
    /// with a final state; starts that were accepted while a run was under way share one.
    Sync(SyncProgress),
    /// A download went on, for one client. Every accepted start ends in exactly one final event.
    Download {
        /// Who asked for it.
        client: ClientId,
        /// How far it is.
        progress: DownloadProgress,
    },
    /// Freeing space went on. Every accepted start ends in exactly one final event.
    Optimize {
        /// Who asked for it.
        client: ClientId,
        /// How far it is.
        progress: OptimizeProgress,
    },
    /// Files or folders that somebody watches changed, all in the same way.
    Changed {
        /// Who asked for it.
        watch: WatchId,
        /// How they changed.
        kind: NotifyType,
        /// Which they are, at most 1,024.
        changes: Vec<Change>,
    },
    /// A batch went on. Every accepted batch ends in exactly one final event.
    Batch {
        /// Who asked for it.
        client: ClientId,
        /// How far it is.
        progress: BatchProgress,
    },
}

/// Where events go. Called from the engine's control thread, in order; must not block and must not
/// call the engine.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);

    /// Takes one line of the log. `level`: 1 error, 2 warning, 3 information, 4 detail.
    fn log(&self, level: u8, line: &str);
}

/// The documented `FileSyncState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum FileSyncState {
    /// Its bytes are on the way to the cloud.
    Uploading = 0,
    /// Its bytes are on the way to this device.
    Downloading = 1,
    /// In step with the cloud, as received from there (with or without its bytes on this disk).
    Completed = 2,
    /// Its transfer was stopped.
    Stopped = 3,
    /// New or changed here, not sent yet.
    ToBeUploaded = 4,
    /// Sent from here, in step.
    UploadSuccess = 5,
    /// Sending it failed; tried again by a later start.
    UploadFailure = 6,
}

/// The documented `FileState`, which tells of sending alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum FileState {
    /// As the cloud has it, with or without its bytes on this disk, or with them on the way to it.
    InitialAfterDownload = 0,
    /// Its bytes are on the way to the cloud.
    Uploading = 1,
    /// Its transfer was stopped.
    Stopped = 2,
    /// New or changed here, not sent yet.
    ToBeUploaded = 3,
    /// Sent from here, in step.
    UploadSuccess = 4,
    /// Sending it failed; tried again by a later start.
    UploadFailure = 5,
}

impl From<FileSyncState> for FileState {
    fn from(state: FileSyncState) -> Self {
        match state {
            FileSyncState::Uploading => FileState::Uploading,
            FileSyncState::Downloading | FileSyncState::Completed => FileState::InitialAfterDownload,
            FileSyncState::Stopped => FileState::Stopped,
            FileSyncState::ToBeUploaded => FileState::ToBeUploaded,
            FileSyncState::UploadSuccess => FileState::UploadSuccess,
            FileSyncState::UploadFailure => FileState::UploadFailure,
        }
    }
}
