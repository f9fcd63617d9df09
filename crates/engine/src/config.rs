//! What a host decides when it opens the engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::bandwidth::Bandwidth;
use crate::filter::Filters;
use crate::uri::UriSpace;

/// Whether files that come from the cloud bring their bytes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(i32)]
pub enum DownloadPolicy {
    /// Every file's bytes are fetched by the sync run.
    #[default]
    Originals = 0,
    /// A file that comes from the cloud is in the index alone until somebody asks for its bytes.
    OnDemand = 1,
}

/// When a large share of deletions stops and asks: at least `files`, and at least `percent` of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletionHold {
    /// Fewer deletions than this never ask.
    pub files: u64,
    /// A smaller share of all files than this, in percent, never asks.
    pub percent: u64,
}

/// The marks of section 5 of the documents: percent of battery, while not charging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatteryMarks {
    /// Under this, `start` is refused, and a run ends with `BATTERY_LEVEL_LOW`.
    pub low: u8,
    /// Under this, a run ends with `BATTERY_LEVEL_WARNING`.
    pub warning: u8,
}

/// One device, one account, one cloud, one synced directory: the gallery, or a bundle's.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the index lies. Created 0700 if missing; belongs to one engine at a time.
    pub state_dir: PathBuf,
    /// The folder that is synced.
    pub gallery_dir: PathBuf,
    /// How its files are named.
    pub uris: UriSpace,
    /// The bundle that its records belong to in the cloud.
    pub bundle_name: String,
    /// This device's name, as conflict copies show it.
    pub device_name: String,
    /// Whether bytes come at once or on demand.
    pub download_policy: DownloadPolicy,
    /// Threads that move bytes, 1 to 64.
    pub transfer_threads: usize,
    /// How long deleted files stay in the trash.
    pub trash_retention: Duration,
    /// When deletions stop and ask.
    pub deletion_hold: DeletionHold,
    /// Battery marks.
    pub battery: BatteryMarks,
    /// Uploads wait for Wi-Fi (or a wired network).
    pub upload_on_wifi_only: bool,
    /// Runs begin by themselves when something changes.
    pub auto_sync: bool,
    /// What is left alone.
    pub filters: Arc<Filters>,
    /// How fast bytes move; shared by all engines that were opened with a copy of this.
    pub bandwidth: Bandwidth,
    /// How many new files a run plans to send at once: with fewer a first run takes less memory.
    pub new_files_at_once: usize,
    /// How many files whose space is freed are proved and removed in one batch: bounds what is held open at once.
    pub freed_at_once: usize,
    /// Small pictures are made of the photos that are sent. Those of others are fetched all the same.
    pub previews: bool,
    /// Files carry their states as an attribute, where their disk has such.
    pub marks: bool,
}

impl Config {
    /// The documented defaults for a gallery.
    pub fn new(state_dir: impl Into<PathBuf>, gallery_dir: impl Into<PathBuf>) -> Self {
        Config {
            state_dir: state_dir.into(),
            gallery_dir: gallery_dir.into(),
            uris: UriSpace::Gallery,
            bundle_name: "com.ohos.medialibrary".into(),
            device_name: "device".into(),
            download_policy: DownloadPolicy::Originals,
            transfer_threads: 4,
            trash_retention: Duration::from_secs(30 * 24 * 3600),
            deletion_hold: DeletionHold { files: 50, percent: 25 },
            battery: BatteryMarks { low: 15, warning: 10 },
            upload_on_wifi_only: false,
            auto_sync: false,
            filters: Arc::default(),
            bandwidth: Bandwidth::default(),
            new_files_at_once: 1 << 16,
            freed_at_once: 128,
            previews: true,
            marks: true,
        }
    }
}
