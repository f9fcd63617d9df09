//! Checks of what a record holds beside its ids: times, large fields, and what a listing tells of it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Bench, Check, ensure, one};
use crate::{CloudAsset, CloudError, CloudType, ExtensionValue, Flag, Row, RowWrite};

/// How large a field is that must come back whole.
const LARGE: usize = 64 << 10;
/// The longest file name that a device has, in bytes.
const LONGEST_NAME: usize = 255;
/// How far a cloud's clock may be from this device's, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// How much there is of a value.
fn length(value: Option<&CloudType>) -> usize {
    match value {
        Some(CloudType::String(text)) => text.len(),
        Some(CloudType::Bytes(bytes)) => bytes.len(),
        Some(CloudType::Asset(asset)) => asset.name.len(),
        Some(CloudType::Assets(assets)) => assets.len(),
        _ => 0,
    }
}

pub(super) fn large(bench: &Bench<'_>) -> Check {
    let name = format!("{}.jpg", "n".repeat(LONGEST_NAME - 4));
    let asset = CloudAsset { name, uri: "u".repeat(4096), ..CloudAsset::default() };
    let text: String = "\u{e9}\u{4e00}\u{1f4f7}a\n".chars().cycle().take(LARGE / 2).collect();
    let values = Row::from([
        ("text".into(), CloudType::String(text)),
        ("bytes".into(), CloudType::Bytes(super::bytes(8, LARGE))),
        ("asset".into(), CloudType::Asset(Box::new(asset.clone()))),
        ("assets".into(), CloudType::Assets(vec![asset; 100])),
    ]);
    let row = RowWrite { id: bench.id()?, values: values.clone(), ..RowWrite::default() };
    one(bench.db.insert(&bench.table, vec![row])?)?;
    let found = bench.all()?.pop().map(|record| record.values).unwrap_or_default();
    for (name, value) in &values {
        let (was, is) = (length(Some(value)), length(found.get(name)));
        ensure(found.get(name) == Some(value), format!("a large field, {name}: of {was} came back {is}"))?;
    }
    Ok(())
}

/// The only record, as it is now.
fn extension(bench: &Bench<'_>) -> std::result::Result<ExtensionValue, Box<dyn std::error::Error>> {
    Ok(bench.all()?.pop().ok_or("the record is not listed")?.extension)
}

fn is_near_now(name: &str, time: i64) -> Check {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    ensure(time.abs_diff(now) < DAY_MS.unsigned_abs(), format!("{name} is {time}, and now is {now} ms"))
}

pub(super) fn times(bench: &Bench<'_>) -> Check {
    let id = bench.id()?;
    let receipt = bench.insert(&id, Some(0), 1)?;
    let inserted = extension(bench)?;
    is_near_now("modify_time", inserted.modify_time)?;
    is_near_now("create_time", inserted.create_time)?;
    is_near_now("the receipt's modify_time", receipt.modify_time)?;
    bench.update(&id, None, 2)?;
    let updated = extension(bench)?;
    is_near_now("modify_time after an update", updated.modify_time)?;
    let (before, after) = (inserted.create_time, updated.create_time);
    ensure(before == after, format!("an update changed create_time from {before} to {after}"))
}

/// Whoever has not looked for a while still hears what was deleted, or that everything must be listed anew.
pub(super) fn deletions_told(bench: &Bench<'_>) -> Check {
    let (id, kept) = (bench.id()?, bench.id()?);
    bench.insert(&id, Some(0), 1)?;
    bench.insert(&kept, Some(0), 1)?;
    let cursor = bench.db.query(&bench.table, &[], 100, "")?.next_cursor;
    bench.delete(&id, None)?;
    for number in 0..20 {
        bench.update(&kept, None, number)?;
    }
    let page = match bench.db.query(&bench.table, &[], 100, &cursor) {
        Err(CloudError::CursorExpired) => return Ok(()),
        page => page?,
    };
    let told = page.values.iter().map(|record| (record.extension.id.as_str(), record.extension.operation));
    let told: Vec<_> = told.collect();
    let wanted = [(id.as_str(), Flag::Delete), (kept.as_str(), Flag::Update)];
    ensure(told == wanted, format!("after a deletion the cursor tells of {told:?}"))
}
