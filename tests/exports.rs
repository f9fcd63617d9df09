//! The reviewed list of exports, the header's functions and the source's exported items are one set.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn name_before(text: &str, end: usize) -> &str {
    let start = text[..end].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[start.map_or(0, |at| at + 1)..end]
}

fn reviewed() -> BTreeSet<String> {
    fs::read_to_string(root().join("abi/exports.txt")).unwrap().lines().map(str::to_owned).collect()
}

/// A function's declaration begins in the first column and ends in `;`.
fn declared() -> BTreeSet<String> {
    let header = fs::read_to_string(root().join("include/cloudsync.h")).unwrap();
    let first_column = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
    let functions = header.lines().filter(first_column).filter(|line| !line.starts_with("typedef"));
    functions.filter_map(|line| line.find('(').map(|end| name_before(line, end).to_owned())).collect()
}

fn exported() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let files = |folder: &str| fs::read_dir(root().join(folder)).unwrap().map(|file| file.unwrap().path());
    for file in files("src").chain(files("src/extension")).filter(|path| path.is_file()) {
        let source = fs::read_to_string(file).unwrap();
        for item in source.split("#[unsafe(no_mangle)]").skip(1) {
            names.insert(name_before(item, item.find('(').unwrap()).to_owned());
        }
    }
    names
}

#[test]
fn the_header_declares_the_reviewed_list() {
    assert_eq!(declared(), reviewed());
}

#[test]
fn the_source_exports_the_reviewed_list() {
    assert_eq!(exported(), reviewed());
}

/// Cargo puts the shared library of this build beside this test.
#[test]
fn the_library_exports_the_reviewed_list() {
    let library = std::env::current_exe().unwrap().with_file_name("libcloudsync.so");
    let nm = Command::new("nm").args(["-D", "--defined-only", "-P"]).arg(library).output().unwrap();
    assert!(nm.status.success(), "{}", String::from_utf8_lossy(&nm.stderr));
    let symbols = String::from_utf8(nm.stdout).unwrap();
    let names = symbols.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned);
    assert_eq!(names.collect::<BTreeSet<_>>(), reviewed());
}

#[test]
fn the_list_is_sorted() {
    let text = fs::read_to_string(root().join("abi/exports.txt")).unwrap();
    assert!(text.lines().is_sorted());
}
