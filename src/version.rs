//! The library's version.

use std::ffi::{CStr, c_char};

/// Major version: rises when programs must be changed.
pub const CLOUDSYNC_VERSION_MAJOR: u32 = 0;
/// Minor version: rises when something is added; while the major version is 0, also when programs must
/// be compiled again.
pub const CLOUDSYNC_VERSION_MINOR: u32 = 1;
/// Patch version: rises when something is mended.
pub const CLOUDSYNC_VERSION_PATCH: u32 = 0;

const TEXT: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => c"",
};

/// The version of the library that runs, such as "0.1.0". The macros CLOUDSYNC_VERSION_... are the version
/// of the header that the program was compiled with.
///
/// @return A static text, never NULL.
///
/// Thread safety: any thread. Callback safe: yes.
#[unsafe(no_mangle)]
pub extern "C" fn cloudsync_version() -> *const c_char {
    TEXT.as_ptr()
}

/// The version of the library that runs as one number: major * 65536 + minor * 256 + patch.
///
/// @return The number.
///
/// Thread safety: any thread. Callback safe: yes.
#[unsafe(no_mangle)]
pub extern "C" fn cloudsync_version_number() -> u32 {
    CLOUDSYNC_VERSION_MAJOR << 16 | CLOUDSYNC_VERSION_MINOR << 8 | CLOUDSYNC_VERSION_PATCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_the_package_version() {
        let constants =
            format!("{CLOUDSYNC_VERSION_MAJOR}.{CLOUDSYNC_VERSION_MINOR}.{CLOUDSYNC_VERSION_PATCH}");
        assert_eq!(constants, env!("CARGO_PKG_VERSION"));
        assert_eq!(TEXT.to_str(), Ok(env!("CARGO_PKG_VERSION")));
        assert_eq!(cloudsync_version_number(), 256);
    }
}
