//! What photos and videos say about themselves that their names do not.

use super::ReadFile;

/// What the parts of one photo have in common, whatever they are called: the content identifier that a camera wrote
/// into each of them, a UUID.
pub type ContentId = [u8; 16];

/// Finds content identifiers.
pub trait IdentifierReader: Send + Sync {
    /// The content identifier of a file. `None` for one that has none, is damaged or cannot be read. Reads little of
    /// it and takes little memory, whatever is in it.
    fn read(&self, file: &mut dyn ReadFile) -> Option<ContentId>;
}
