//! Where a cloud is served.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// An address: `unix:` and the absolute path of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(PathBuf);

/// The longest path that a Unix socket takes, in bytes.
const LONGEST: usize = 107;

impl Address {
    /// A socket's path.
    ///
    /// # Errors
    /// A text that says what is wrong with the path.
    pub fn unix(path: impl Into<PathBuf>) -> Result<Self, String> {
        let path = path.into();
        let length = path.as_os_str().len();
        if !path.is_absolute() || path.file_name().is_none() {
            return Err(format!("the socket's path '{}' is not an absolute one of a file", path.display()));
        }
        if length > LONGEST {
            return Err(format!(
                "the socket's path has {length} bytes, {LONGEST} are the most; use a shorter one"
            ));
        }
        Ok(Address(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some(path) => Address::unix(path),
            None => Err(format!(
                "the address '{text}' does not begin with unix:, as in unix:/run/user/1000/cloud"
            )),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unix:{}", self.0.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_paths_that_a_socket_can_have_are_addresses() {
        assert_eq!("unix:/run/a".parse::<Address>().unwrap().to_string(), "unix:/run/a");
        let long = format!("unix:/{}", "a".repeat(LONGEST));
        for wrong in ["", "/run/a", "unix:", "unix:a", "unix:/", "tcp:1", "unix:/a/..", &long] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
