//! Names that the engine leaves alone.

const HALF_WRITTEN: [&str; 5] = ["~", ".tmp", ".part", ".crdownload", ".partial"];
const DROPPINGS: [&str; 3] = ["Thumbs.db", "desktop.ini", ".DS_Store"];

/// Whether a name is left alone.
pub(crate) fn left_alone(name: &str) -> bool {
    name.starts_with('.')
        || name.starts_with("~$")
        || HALF_WRITTEN.iter().any(|end| name.ends_with(end))
        || DROPPINGS.contains(&name)
}
