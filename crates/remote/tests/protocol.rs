//! `docs/protocol.md` has the messages, the kinds of frames and the failures that the code has, with the same numbers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../../docs/protocol.md");
const MESSAGES: &str = concat!(include_str!("../src/message.rs"), include_str!("../src/message/share.rs"));
const FRAMES: &str = include_str!("../src/frame.rs");
const CONVERT: &str = include_str!("../src/convert.rs");

/// A message's fields by number: name, type, and whether it comes several times or perhaps not at all.
type Fields = BTreeMap<u32, (String, String, String)>;

fn documented() -> BTreeMap<String, Fields> {
    let schema = PAGE.split("```proto").nth(1).unwrap().split("```").next().unwrap();
    let mut messages = BTreeMap::<String, Fields>::new();
    let mut name = "";
    for line in schema.lines().map(|line| line.split("//").next().unwrap().trim()) {
        if let Some(rest) = line.strip_prefix("message ") {
            name = rest.split(' ').next().unwrap();
            messages.entry(name.to_owned()).or_default();
        } else if let Some((left, number)) = line.strip_suffix(';').and_then(|line| line.split_once(" = "))
            && let Some((kind, field)) = left.rsplit_once(' ')
        {
            let (label, kind) =
                kind.split_once(' ').filter(|_| !kind.starts_with("map")).unwrap_or(("", kind));
            let field = (field.to_owned(), kind.to_owned(), label.to_owned());
            messages.get_mut(name).unwrap().insert(number.parse().unwrap(), field);
        }
    }
    messages
}

fn coded() -> BTreeMap<String, Fields> {
    let mut messages = BTreeMap::<String, Fields>::new();
    let (mut name, mut attribute) = ("", "");
    for line in MESSAGES.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("pub(crate) struct ") {
            name = rest.split(' ').next().unwrap();
            messages.entry(name.to_owned()).or_default();
        } else if line.starts_with("pub(crate) enum") {
            name = "Value";
        } else if let Some(rest) = line.strip_prefix("#[prost(") {
            attribute = rest;
        } else if !attribute.is_empty() {
            let number = attribute.split("tag = \"").nth(1).and_then(|rest| rest.split('"').next());
            if let Some(number) = number {
                let line = line.trim_start_matches("pub(crate) ").trim_end_matches(',');
                let (field, of) = line.split_once(": ").or_else(|| line.split_once('(')).unwrap();
                let of = of.trim_end_matches([')', '>']).rsplit(['<', ' ']).next().unwrap();
                let kind = attribute.split([',', ' ']).next().unwrap();
                let kind = match kind {
                    "message" => of,
                    "btree_map" => "map<string, Value>",
                    kind => kind,
                };
                let optional = attribute.contains("optional") && !attribute.starts_with("message");
                let label = match () {
                    () if attribute.contains("repeated") => "repeated",
                    () if optional => "optional",
                    () => "",
                };
                let field = (field.to_lowercase(), kind.to_owned(), label.to_owned());
                messages.get_mut(name).unwrap().insert(number.parse().unwrap(), field);
            }
            attribute = "";
        }
    }
    messages
}

#[test]
fn the_schema_is_the_codes() {
    let (documented, coded) = (documented(), coded());
    assert!(coded.len() > 50 && coded["Value"].len() == 7, "the code is not read as it is written");
    assert_eq!(documented, coded);
}

/// The numbers in the page's tables, by name in capitals without underscores.
fn numbered(cells: impl Fn(&[&str]) -> Vec<(String, u32)>) -> BTreeMap<String, u32> {
    let rows = PAGE.lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|row| cells(&row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>())).collect()
}

#[test]
fn the_kinds_of_frames_are_the_codes() {
    let documented = numbered(|cells| match cells {
        [names, numbers, _, _, _] => {
            let numbers = numbers.split(", ").map(str::parse);
            names
                .split(", ")
                .zip(numbers)
                .filter_map(|(name, number)| Some((name.to_owned(), number.ok()?)))
                .collect()
        }
        _ => Vec::new(),
    });
    let body = FRAMES.split("pub(crate) enum Kind {").nth(1).unwrap().split('}').next().unwrap();
    let coded: BTreeMap<String, u32> = body
        .split(',')
        .filter_map(|one| one.trim().split_once(" = "))
        .map(|(name, number)| (name.to_owned(), number.parse().unwrap()))
        .collect();
    assert_eq!(documented, coded);
}

#[test]
fn the_failures_are_the_codes() {
    let documented = numbered(|cells| match cells {
        [number, name, _] if name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') => {
            number.parse().map(|number| ((*name).to_owned(), number)).into_iter().collect()
        }
        _ => Vec::new(),
    });
    let constants = CONVERT.lines().filter_map(|line| line.strip_prefix("const ")?.split_once(": u32 = "));
    let coded: BTreeMap<String, u32> = constants
        .map(|(name, number)| (name.to_owned(), number.trim_end_matches(';').parse().unwrap()))
        .collect();
    assert!(coded.len() > 15, "the code is not read as it is written");
    assert_eq!(documented, coded);
}
