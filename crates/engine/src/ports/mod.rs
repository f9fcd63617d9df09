//! Every outside thing, as a trait: production and simulation differ in these alone.

mod conditions;
mod fs;
mod identifiers;
mod index;
mod listing;
mod previews;
mod time;
mod watch;

pub use conditions::{Battery, Conditions, DeviceState, Heat, Network};
pub(crate) use fs::same_file;
pub use fs::{
    FileKind, FileMark, FileSystem, Marking, ReadFile, SMUDGED, Space, Stamp, Stat, StillFile, WriteFile,
};
pub use identifiers::{ContentId, IdentifierReader};
pub use index::{IndexBatch, IndexError, IndexStore, Loaded};
pub(crate) use listing::Spot;
pub use listing::{DirEntry, Entries, Listing, Unnamed};
pub use previews::{HEAD, PictureMaker, Pictures, PreviewCache, PreviewKind, PreviewName};
pub use time::{Clock, Random};
pub use watch::{Changes, Stirred, Wake, Watcher};

use std::sync::Arc;

use cloudsync_cloud::CloudService;

/// All ports of one engine.
pub struct Ports {
    /// The gallery's disk.
    pub fs: Arc<dyn FileSystem>,
    /// The index's storage.
    pub index: Box<dyn IndexStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Network, battery, heat.
    pub conditions: Arc<dyn Conditions>,
    /// Changes of the gallery as they happen; `None` means a full scan at every start.
    pub watcher: Option<Arc<dyn Watcher>>,
    /// Finds out which files are parts of one photo although their names do not say so; `None` where names are to do.
    pub identifiers: Option<Arc<dyn IdentifierReader>>,
    /// Makes small pictures; `None` where this device is to make none.
    pub pictures: Option<Arc<dyn PictureMaker>>,
    /// The small pictures on this device.
    pub previews: Arc<dyn PreviewCache>,
    /// The cloud.
    pub cloud: Arc<dyn CloudService>,
}
