//! What events tell, with the documented numbers.

use std::ffi::c_char;

use cloudsync_engine::{DownloadFileType, SyncProgress};

use crate::failure::{Answer, bad};

/// SyncState: changes of this device go to the cloud.
pub const CLOUDSYNC_SYNC_STATE_UPLOADING: i32 = 0;
/// SyncState: sending failed. Final.
pub const CLOUDSYNC_SYNC_STATE_UPLOAD_FAILED: i32 = 1;
/// SyncState: changes of the cloud come to this device.
pub const CLOUDSYNC_SYNC_STATE_DOWNLOADING: i32 = 2;
/// SyncState: receiving failed. Final.
pub const CLOUDSYNC_SYNC_STATE_DOWNLOAD_FAILED: i32 = 3;
/// SyncState: done. Final.
pub const CLOUDSYNC_SYNC_STATE_COMPLETED: i32 = 4;
/// SyncState: stopped by stop or close. Final.
pub const CLOUDSYNC_SYNC_STATE_STOPPED: i32 = 5;

/// ErrorType: no error.
pub const CLOUDSYNC_ERROR_TYPE_NO_ERROR: i32 = 0;
/// ErrorType: neither Wi-Fi (or wired) nor mobile network.
pub const CLOUDSYNC_ERROR_TYPE_NETWORK_UNAVAILABLE: i32 = 1;
/// ErrorType: uploads wait for Wi-Fi.
pub const CLOUDSYNC_ERROR_TYPE_WIFI_UNAVAILABLE: i32 = 2;
/// ErrorType: battery under the low mark.
pub const CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_LOW: i32 = 3;
/// ErrorType: battery under the warning mark.
pub const CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_WARNING: i32 = 4;
/// ErrorType: the cloud is full.
pub const CLOUDSYNC_ERROR_TYPE_CLOUD_STORAGE_FULL: i32 = 5;
/// ErrorType: the device's disk is full.
pub const CLOUDSYNC_ERROR_TYPE_LOCAL_STORAGE_FULL: i32 = 6;
/// ErrorType: the device is too hot.
pub const CLOUDSYNC_ERROR_TYPE_DEVICE_TEMPERATURE_TOO_HIGH: i32 = 7;
/// ErrorType: the cloud answers, but wrongly.
pub const CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL: i32 = 8;
/// ErrorType: anything else. cloudsync_explain says why, file by file.
pub const CLOUDSYNC_ERROR_TYPE_UNKNOWN_ERROR: i32 = 10;

/// State of a download: under way.
pub const CLOUDSYNC_DOWNLOAD_STATE_RUNNING: i32 = 0;
/// State of a download: done. Final.
pub const CLOUDSYNC_DOWNLOAD_STATE_COMPLETED: i32 = 1;
/// State of a download: failed. Final.
pub const CLOUDSYNC_DOWNLOAD_STATE_FAILED: i32 = 2;
/// State of a download: stopped. Final.
pub const CLOUDSYNC_DOWNLOAD_STATE_STOPPED: i32 = 3;

/// DownloadErrorType: no error.
pub const CLOUDSYNC_DOWNLOAD_ERROR_NO_ERROR: i32 = 0;
/// DownloadErrorType: anything without a number of its own.
pub const CLOUDSYNC_DOWNLOAD_ERROR_UNKNOWN_ERROR: i32 = 1;
/// DownloadErrorType: no network.
pub const CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE: i32 = 2;
/// DownloadErrorType: the device's disk is full.
pub const CLOUDSYNC_DOWNLOAD_ERROR_LOCAL_STORAGE_FULL: i32 = 3;
/// DownloadErrorType: the cloud does not hold the bytes.
pub const CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND: i32 = 4;
/// DownloadErrorType: the cloud was asked too often, and answers no more for now: try again in some minutes.
pub const CLOUDSYNC_DOWNLOAD_ERROR_FREQUENT_USER_REQUESTS: i32 = 5;

/// DownloadFileType: the file itself.
pub const CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT: i32 = 0;
/// DownloadFileType: a small picture of a photo for a grid: a JPEG file, upright, its longer edge at most 350 pixels.
pub const CLOUDSYNC_DOWNLOAD_FILE_TYPE_THUMBNAIL: i32 = 1;
/// DownloadFileType: a picture of a photo for a screen: a JPEG file, upright, its longer edge at most 1920 pixels.
pub const CLOUDSYNC_DOWNLOAD_FILE_TYPE_LCD: i32 = 2;

/// FileSyncState: its bytes are on the way to the cloud.
pub const CLOUDSYNC_FILE_SYNC_STATE_UPLOADING: i32 = 0;
/// FileSyncState: its bytes are on the way to this device.
pub const CLOUDSYNC_FILE_SYNC_STATE_DOWNLOADING: i32 = 1;
/// FileSyncState: in step, as received from the cloud, with or without its bytes on this disk.
pub const CLOUDSYNC_FILE_SYNC_STATE_COMPLETED: i32 = 2;
/// FileSyncState: its transfer was stopped.
pub const CLOUDSYNC_FILE_SYNC_STATE_STOPPED: i32 = 3;
/// FileSyncState: new or changed here, not sent yet.
pub const CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED: i32 = 4;
/// FileSyncState: sent from here, in step.
pub const CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS: i32 = 5;
/// FileSyncState: sending it failed; a later start tries again.
pub const CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE: i32 = 6;

/// FileState: as the cloud has it, with or without its bytes on this disk, or with them on the way to it.
pub const CLOUDSYNC_FILE_STATE_INITIAL_AFTER_DOWNLOAD: i32 = 0;
/// FileState: its bytes are on the way to the cloud.
pub const CLOUDSYNC_FILE_STATE_UPLOADING: i32 = 1;
/// FileState: its transfer was stopped.
pub const CLOUDSYNC_FILE_STATE_STOPPED: i32 = 2;
/// FileState: new or changed here, not sent yet.
pub const CLOUDSYNC_FILE_STATE_TO_BE_UPLOADED: i32 = 3;
/// FileState: sent from here, in step.
pub const CLOUDSYNC_FILE_STATE_UPLOAD_SUCCESS: i32 = 4;
/// FileState: sending it failed; a later start tries again.
pub const CLOUDSYNC_FILE_STATE_UPLOAD_FAILURE: i32 = 5;

/// How far a sync run is: the documented SyncProgress, and counters.
///
/// The counters belong to one run and never fall within it. Fields may be added at the end: read only
/// what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncSyncProgress {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// A CLOUDSYNC_SYNC_STATE_... number.
    pub state: i32,
    /// A CLOUDSYNC_ERROR_TYPE_... number: why the run does not go on, where it does not.
    pub error: i32,
    /// Files that the run has to move, as far as it knows yet.
    pub files_total: u64,
    /// Files moved.
    pub files_done: u64,
    /// Files left out, each with a reason that cloudsync_explain tells.
    pub files_failed: u64,
    /// Bytes that the run has to move, as far as it knows yet.
    pub bytes_total: u64,
    /// Bytes moved.
    pub bytes_done: u64,
    /// Deletions that wait for cloudsync_answer_held_deletions.
    pub deletions_held: u64,
}

/// How far one file's download is: the documented DownloadProgress.
///
/// Fields may be added at the end: read only what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncDownloadProgress {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// A CLOUDSYNC_DOWNLOAD_STATE_... number.
    pub state: i32,
    /// A CLOUDSYNC_DOWNLOAD_ERROR_... number: why it failed, where it failed.
    pub error: i32,
    /// Bytes received; never falls within a download.
    pub processed: u64,
    /// Bytes in all.
    pub size: u64,
    /// The file's URI as the request spelled it. Lives until the callback returns.
    pub uri: *const c_char,
}

/// A file of a batch that failed: the documented FailedFileInfo. This structure does not grow.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncFailedFileInfo {
    /// The file's URI as the request spelled it.
    pub uri: *const c_char,
    /// A CLOUDSYNC_DOWNLOAD_ERROR_... number: why it failed.
    pub error: i32,
}

/// How far a batch of downloads is: the documented MultiDownloadProgress, with what its methods
/// getSuccessfulFiles and getFailedFiles return.
///
/// Fields may be added at the end: read only what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncMultiDownloadProgress {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// A CLOUDSYNC_DOWNLOAD_STATE_... number: COMPLETED where every file came, FAILED where all ended and some
    /// failed, STOPPED where some were stopped.
    pub state: i32,
    /// A CLOUDSYNC_DOWNLOAD_ERROR_... number: why the first of the failed files failed, where some did.
    pub err_type: i32,
    /// Which batch: the number that cloud_file_cache_start_batch gave.
    pub task_id: i64,
    /// Files that are here now; the length of successful_files.
    pub successful_count: u32,
    /// Files that failed; the length of failed_files.
    pub failed_count: u32,
    /// Files in all, 1 to 400; a URI that was named twice counts once.
    pub total_count: u32,
    /// Bytes received; never falls within a batch.
    pub downloaded_size: u64,
    /// Bytes in all; changes where a file changes in the cloud before its turn comes.
    pub total_size: u64,
    /// The URIs of the files that are here now, as the request spelled them. Lives until the callback returns.
    pub successful_files: *const *const c_char,
    /// The files that failed. Lives until the callback returns.
    pub failed_files: *const CloudSyncFailedFileInfo,
}

/// The documented DownloadFileType from its number.
pub(crate) fn read_file_type(file_type: i32) -> Answer<DownloadFileType> {
    match file_type {
        CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT => Ok(DownloadFileType::Content),
        CLOUDSYNC_DOWNLOAD_FILE_TYPE_THUMBNAIL => Ok(DownloadFileType::Thumbnail),
        CLOUDSYNC_DOWNLOAD_FILE_TYPE_LCD => Ok(DownloadFileType::Lcd),
        other => Err(bad(format!("{other} is no CLOUDSYNC_DOWNLOAD_FILE_TYPE_... number"))),
    }
}

impl From<SyncProgress> for CloudSyncSyncProgress {
    fn from(progress: SyncProgress) -> Self {
        CloudSyncSyncProgress {
            struct_size: size_of::<Self>(),
            state: progress.state as i32,
            error: progress.error as i32,
            files_total: progress.files_total,
            files_done: progress.files_done,
            files_failed: progress.files_failed,
            bytes_total: progress.bytes_total,
            bytes_done: progress.bytes_done,
            deletions_held: progress.deletions_held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloudsync_engine::{
        DownloadErrorType as D, DownloadFileType as T, DownloadState, ErrorType as E, FileState as C,
        FileSyncState as F, SyncState as S,
    };

    #[test]
    fn the_constants_are_the_engines_numbers() {
        let pairs = [
            (CLOUDSYNC_SYNC_STATE_UPLOADING, S::Uploading as i32),
            (CLOUDSYNC_SYNC_STATE_UPLOAD_FAILED, S::UploadFailed as i32),
            (CLOUDSYNC_SYNC_STATE_DOWNLOADING, S::Downloading as i32),
            (CLOUDSYNC_SYNC_STATE_DOWNLOAD_FAILED, S::DownloadFailed as i32),
            (CLOUDSYNC_SYNC_STATE_COMPLETED, S::Completed as i32),
            (CLOUDSYNC_SYNC_STATE_STOPPED, S::Stopped as i32),
            (CLOUDSYNC_ERROR_TYPE_NO_ERROR, E::NoError as i32),
            (CLOUDSYNC_ERROR_TYPE_NETWORK_UNAVAILABLE, E::NetworkUnavailable as i32),
            (CLOUDSYNC_ERROR_TYPE_WIFI_UNAVAILABLE, E::WifiUnavailable as i32),
            (CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_LOW, E::BatteryLevelLow as i32),
            (CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_WARNING, E::BatteryLevelWarning as i32),
            (CLOUDSYNC_ERROR_TYPE_CLOUD_STORAGE_FULL, E::CloudStorageFull as i32),
            (CLOUDSYNC_ERROR_TYPE_LOCAL_STORAGE_FULL, E::LocalStorageFull as i32),
            (CLOUDSYNC_ERROR_TYPE_DEVICE_TEMPERATURE_TOO_HIGH, E::DeviceTemperatureTooHigh as i32),
            (CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL, E::RemoteServerAbnormal as i32),
            (CLOUDSYNC_ERROR_TYPE_UNKNOWN_ERROR, E::UnknownError as i32),
            (CLOUDSYNC_DOWNLOAD_STATE_RUNNING, DownloadState::Running as i32),
            (CLOUDSYNC_DOWNLOAD_STATE_COMPLETED, DownloadState::Completed as i32),
            (CLOUDSYNC_DOWNLOAD_STATE_FAILED, DownloadState::Failed as i32),
            (CLOUDSYNC_DOWNLOAD_STATE_STOPPED, DownloadState::Stopped as i32),
            (CLOUDSYNC_DOWNLOAD_ERROR_NO_ERROR, D::NoError as i32),
            (CLOUDSYNC_DOWNLOAD_ERROR_UNKNOWN_ERROR, D::UnknownError as i32),
            (CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE, D::NetworkUnavailable as i32),
            (CLOUDSYNC_DOWNLOAD_ERROR_LOCAL_STORAGE_FULL, D::LocalStorageFull as i32),
            (CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND, D::ContentNotFound as i32),
            (CLOUDSYNC_DOWNLOAD_ERROR_FREQUENT_USER_REQUESTS, D::FrequentUserRequests as i32),
            (CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT, T::Content as i32),
            (CLOUDSYNC_DOWNLOAD_FILE_TYPE_THUMBNAIL, T::Thumbnail as i32),
            (CLOUDSYNC_DOWNLOAD_FILE_TYPE_LCD, T::Lcd as i32),
            (CLOUDSYNC_FILE_STATE_INITIAL_AFTER_DOWNLOAD, C::InitialAfterDownload as i32),
            (CLOUDSYNC_FILE_STATE_UPLOADING, C::Uploading as i32),
            (CLOUDSYNC_FILE_STATE_STOPPED, C::Stopped as i32),
            (CLOUDSYNC_FILE_STATE_TO_BE_UPLOADED, C::ToBeUploaded as i32),
            (CLOUDSYNC_FILE_STATE_UPLOAD_SUCCESS, C::UploadSuccess as i32),
            (CLOUDSYNC_FILE_STATE_UPLOAD_FAILURE, C::UploadFailure as i32),
            (CLOUDSYNC_FILE_SYNC_STATE_UPLOADING, F::Uploading as i32),
            (CLOUDSYNC_FILE_SYNC_STATE_DOWNLOADING, F::Downloading as i32),
            (CLOUDSYNC_FILE_SYNC_STATE_COMPLETED, F::Completed as i32),
            (CLOUDSYNC_FILE_SYNC_STATE_STOPPED, F::Stopped as i32),
            (CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED, F::ToBeUploaded as i32),
            (CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS, F::UploadSuccess as i32),
            (CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE, F::UploadFailure as i32),
        ];
        for (ours, engines) in pairs {
            assert_eq!(ours, engines);
        }
    }
}
