//! The ports of production: the gallery's disk, the index, the clocks and the device, by Linux.

mod conditions;
mod disk;
mod identifiers;
mod index;
mod previews;
mod priority;
mod time;
mod watch;

pub use conditions::SystemConditions;
pub use disk::{Disk, Leases};
pub use identifiers::AppleIdentifiers;
pub use index::SqliteIndex;
pub use previews::{LCD_EDGE, PreviewMaker, THUMBNAIL_EDGE};
pub(crate) use priority::yield_to_others;
pub use time::{SystemClock, SystemRandom};
pub use watch::InotifyWatcher;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloudsync_cloud::CloudService;

use self::previews::PreviewDir;
use self::time::random_u64;
use crate::config::Config;
use crate::core::index_failure;
use crate::error::{Code, Error, Result};
use crate::names::left_alone;
use crate::ports::{Conditions, PictureMaker, Ports, Watcher};

/// The ports of a context on this device: what `config` names, `cloud`, and the host's own
/// `conditions` where it has some, and its way to take `leases`.
pub fn production(
    config: &Config,
    cloud: Arc<dyn CloudService>,
    conditions: Option<Arc<dyn Conditions>>,
    leases: Leases,
) -> Result<Ports> {
    let disk = Disk::open(&config.gallery_dir).map_err(|error| {
        let code = Error::io("", &error).code;
        Error::new(code, error.to_string())
    })?;
    apart(&config.state_dir, &config.gallery_dir)?;
    let index = SqliteIndex::open(&config.state_dir).map_err(|error| index_failure(&error))?;
    let disk = Arc::new(disk.with_leases(leases));
    // Without a watcher every start scans; that is slower and as right.
    let watcher = InotifyWatcher::new(Arc::clone(&disk)).ok();
    Ok(Ports {
        fs: disk,
        index: Box::new(index),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        conditions: conditions.unwrap_or_else(|| Arc::new(SystemConditions::new())),
        watcher: watcher.map(|watcher| Arc::new(watcher) as Arc<dyn Watcher>),
        identifiers: Some(Arc::new(AppleIdentifiers)),
        pictures: config.previews.then(|| Arc::new(PreviewMaker::default()) as Arc<dyn PictureMaker>),
        previews: Arc::new(PreviewDir::new(&config.state_dir)),
        cloud,
    })
}

/// Refuses a state directory that would be synced with the gallery, and a gallery that would be lost
/// with the state directory, which a person may remove to start over.
fn apart(state_dir: &Path, gallery_dir: &Path) -> Result<()> {
    let at = |dir: &Path, what: &str| {
        resolved(dir).map_err(|e| Error::io(&format!("the {what} {} cannot be found", dir.display()), &e))
    };
    let (state, gallery) = (at(state_dir, "state directory")?, at(gallery_dir, "gallery")?);
    let hidden = |inner: &Path| inner.iter().any(|name| left_alone(name.as_encoded_bytes()));
    let text = match state.strip_prefix(&gallery) {
        Ok(inner) if !hidden(inner) => {
            "lies in the gallery and would be synced with it; choose another one, or a hidden one"
        }
        Err(_) if gallery.starts_with(&state) => "holds the gallery; choose one beside it",
        _ => return Ok(()),
    };
    Err(Error::new(Code::InvalidArgument, format!("the state directory {} {text}", state_dir.display())))
}

/// `dir` without symlinks on the way; it may still be missing itself.
fn resolved(dir: &Path) -> std::io::Result<PathBuf> {
    let dir = std::path::absolute(dir)?;
    match (dir.canonicalize(), dir.parent(), dir.file_name()) {
        (Err(error), Some(parent), Some(name)) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(parent.canonicalize()?.join(name))
        }
        (found, ..) => found,
    }
}

#[cfg(test)]
mod tests;
