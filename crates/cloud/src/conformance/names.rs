//! Checks of names and ids that look alike or unusual, and of databases that have nothing in common.

use super::{BUNDLE, Bench, Check, DATABASE, OTHER_BUNDLE, OTHER_DATABASE, ensure, one, skip, write};
use crate::{CloudAsset, CloudDb, CloudError, CloudType, Flag, Result, Row, RowWrite};

/// The longest id that the library takes, in bytes.
const LONGEST_ID: usize = 23;

/// What a file may be called, and what else may stand in a text.
const TEXTS: &[&str] = &[
    "",
    " a  b ",
    "\u{e9}.jpg",
    "e\u{301}.jpg",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f1e9}\u{1f1ea}",
    "it's \"so\" `or` not; --",
    "100% %s %n %00 %2F",
    "a/b\\c/../d",
    "line\nline\ttab\r\u{7f}\u{1}",
    "\u{202e}gpj.exe\u{feff}",
    "NULL",
];

/// Names that are not each other's, however alike they look.
const ALIKE: &[(&str, &str)] = &[
    ("photos", "Photos"),
    ("\u{e9}", "e\u{301}"),
    ("a b", "a  b"),
    ("a%20b", "a b"),
    ("it's", "it''s"),
    ("a/b", "b"),
    ("\u{1f4f7}", "\u{1f4f8}"),
    ("a_b", "axb"),
];

/// A cloud may refuse a name that it cannot keep, but not take it for another.
fn declined<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(CloudError::InvalidArgument(_) | CloudError::NotFound(_) | CloudError::NotSupported(_)) => {
            Ok(None)
        }
        answer => answer.map(Some),
    }
}

fn text(value: &str) -> CloudType {
    CloudType::String(value.to_owned())
}

pub(super) fn texts(bench: &Bench<'_>) -> Check {
    for value in TEXTS {
        let asset = CloudAsset { name: (*value).to_owned(), ..CloudAsset::default() };
        let asset = CloudType::Asset(Box::new(asset));
        let (id, values) = (bench.id()?, Row::from([("text".into(), text(value)), ("asset".into(), asset)]));
        let row = RowWrite { id: id.clone(), values: values.clone(), ..RowWrite::default() };
        one(bench.db.insert(&bench.table, vec![row])?).map_err(|error| format!("{value:?}: {error}"))?;
        let found = bench.all()?.into_iter().find(|record| record.extension.id == id);
        let found = found.map(|record| record.values);
        ensure(found.as_ref() == Some(&values), format!("{value:?} came back as {found:?}"))?;
    }
    Ok(())
}

/// The ids of a table's records, with the number in each.
fn numbers(db: &dyn CloudDb, table: &str) -> Result<Option<Vec<(String, CloudType)>>> {
    let Some(page) = declined(db.query(table, &[], 1000, ""))? else { return Ok(None) };
    let live = page.values.into_iter().filter(|record| record.extension.operation != Flag::Delete);
    let number = |values: Row| values.get("number").cloned().unwrap_or_default();
    Ok(Some(live.map(|record| (record.extension.id, number(record.values))).collect()))
}

pub(super) fn ids(bench: &Bench<'_>) -> Check {
    // What a cloud gives may be short; what the library holds and sends may be as long as this.
    let id = bench.id()?;
    let long = format!("{id:-<width$}", width = LONGEST_ID - 1);
    let ids = [format!("{long}a"), format!("{long}b"), format!("{long}A")];
    let mut wanted = Vec::new();
    for (id, number) in ids.iter().zip(1..) {
        let answer = declined(bench.insert(id, Some(0), number));
        let answer = answer.map_err(|error| format!("the id {id} beside one like it: {error}"))?;
        wanted.extend(answer.map(|_| (id.clone(), CloudType::Int64(number))));
    }
    if wanted.is_empty() {
        return Err(skip("the cloud takes no ids but its own"));
    }
    let found = numbers(&*bench.db, &bench.table)?.unwrap_or_default();
    ensure(found == wanted, format!("ids of {LONGEST_ID} bytes came back as {found:?}"))
}

pub(super) fn tables(bench: &Bench<'_>) -> Check {
    for ((name, alike), pair) in ALIKE.iter().zip(1..) {
        let called = |name: &str| format!("{}-{pair}-{name}", bench.table);
        let (table, other) = (called(name), called(alike));
        let (id, second) = (bench.id()?, bench.id()?);
        if declined(one(bench.db.insert(&table, vec![write(&id, Some(0), 1)])?))?.is_none() {
            continue;
        }
        let found = numbers(&*bench.db, &other)?.unwrap_or_default();
        ensure(found.is_empty(), format!("the table '{alike}' has the record of '{name}'"))?;
        let taken = bench.db.insert(&other, vec![write(&second, Some(0), 2)]).and_then(one);
        declined(taken)?;
        let found = numbers(&*bench.db, &table)?;
        let own = Some(vec![(id, CloudType::Int64(1))]);
        ensure(found == own, format!("the table '{name}' has {found:?} beside '{alike}'"))?;
    }
    Ok(())
}

pub(super) fn fields(bench: &Bench<'_>) -> Check {
    for (name, alike) in ALIKE {
        let values = Row::from([((*name).into(), text("one")), ((*alike).into(), text("other"))]);
        let id = bench.id()?;
        let row = RowWrite { id: id.clone(), values: values.clone(), ..RowWrite::default() };
        if declined(bench.db.insert(&bench.table, vec![row]).and_then(one))?.is_none() {
            continue;
        }
        let found = bench.all()?.into_iter().find(|record| record.extension.id == id);
        let found = found.map(|record| record.values);
        ensure(
            found.as_ref() == Some(&values),
            format!("the fields '{name}' and '{alike}' came back as {found:?}"),
        )?;
    }
    Ok(())
}

/// A record and the lock of one database are nothing to another one.
fn are_apart(bench: &Bench<'_>, other: &dyn CloudDb, what: &str) -> Check {
    let (id, lock) = (bench.id()?, bench.db.lock()?.lock_id);
    let taken = other.lock();
    bench.db.unlock(lock)?;
    let taken = taken.map_err(|error| format!("the lock of {what} cannot be taken: {error}"))?;
    other.unlock(taken.lock_id)?;
    bench.insert(&id, Some(0), 1)?;
    let found = numbers(other, &bench.table)?.unwrap_or_default();
    ensure(found.is_empty(), format!("a record is in {what} too"))?;
    one(other.insert(&bench.table, vec![write(&id, Some(0), 2)])?)
        .map_err(|error| format!("an id that {what} does not have: {error}"))?;
    let own = numbers(&*bench.db, &bench.table)?;
    ensure(own == Some(vec![(id, CloudType::Int64(1))]), format!("a record of {what} is here too: {own:?}"))
}

pub(super) fn bundles(bench: &Bench<'_>) -> Check {
    are_apart(bench, &*bench.another(OTHER_BUNDLE, DATABASE)?, "another bundle")
}

pub(super) fn databases(bench: &Bench<'_>) -> Check {
    are_apart(bench, &*bench.another(BUNDLE, OTHER_DATABASE)?, "another database")
}
