//! Small pictures of photos: made with the `image` library, kept in the state directory.

mod cache;
mod maker;
#[cfg(test)]
mod maker_tests;

pub(super) use cache::PreviewDir;
pub use maker::{LCD_EDGE, PreviewMaker, THUMBNAIL_EDGE};
