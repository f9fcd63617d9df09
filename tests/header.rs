//! The committed header is what the source says. `CLOUDSYNC_UPDATE_HEADER=1` writes it instead.
#![allow(clippy::unwrap_used)]

use std::path::Path;

fn generate() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let version = config.after_includes.take().unwrap().replace("@VERSION@", env!("CARGO_PKG_VERSION"));
    config.after_includes = Some(version);
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in FILES {
        builder = builder.with_src(root.join("src").join(file));
    }
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    without_safety_sections(&String::from_utf8(header).unwrap())
}

/// The order of the header's parts.
const FILES: [&str; 43] = [
    "version.rs",
    "code.rs",
    "log.rs",
    "callback.rs",
    "progress.rs",
    "device.rs",
    "cloud.rs",
    "options.rs",
    "filters.rs",
    "context.rs",
    "gallery.rs",
    "file_sync.rs",
    "auto_sync.rs",
    "account.rs",
    "download.rs",
    "cloud_file_cache.rs",
    "preview.rs",
    "state.rs",
    "explain.rs",
    "plan.rs",
    "trash.rs",
    "space.rs",
    "changes.rs",
    "list.rs",
    "trash_list.rs",
    "extension/types.rs",
    "extension/share_types.rs",
    "extension/rows.rs",
    "extension/reply.rs",
    "extension/transfer.rs",
    "extension/listener.rs",
    "extension/db.rs",
    "extension/loader.rs",
    "extension/share.rs",
    "extension/service.rs",
    "extension/result.rs",
    "extension/call_service.rs",
    "extension/call_db.rs",
    "extension/call_loader.rs",
    "extension/call_share.rs",
    "extension/conformance.rs",
    "sharing.rs",
    "extension/remote.rs",
];

/// Leaves out what is said to Rust callers only: the `# Safety` section that ends a comment.
fn without_safety_sections(header: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in header.lines() {
        if line.trim() == "* # Safety" {
            inside = true;
            kept.truncate(kept.trim_end_matches(['\n', ' ', '*']).len());
            kept.push('\n');
        }
        inside &= line.trim() != "*/";
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn the_committed_header_is_what_the_source_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/cloudsync.h");
    let header = generate();
    if std::env::var_os("CLOUDSYNC_UPDATE_HEADER").is_some() {
        std::fs::write(&path, &header).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == header, "include/cloudsync.h is stale; run ./dev header");
}
