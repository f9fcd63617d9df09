//! Checks that what is described of a table holds. A cloud whose schema does not tell of a database that was just
//! connected with its tables constrains nothing, and is left out.

use std::error::Error;
use std::sync::Arc;

use super::{BUNDLE, Bench, Check, Control, Source, ensure, one, skip};
use crate::{
    AssetUpload, CloudAsset, CloudDb, CloudError, CloudType, Database, Field, FieldType, Result, Row,
    RowWrite, Table,
};

const DATABASE: &str = "conformance-schema";
const TABLE: &str = "described";
const KEY: &str = "key";
/// The field that may not be null.
const NUMBER: &str = "number";
const UNKNOWN: &str = "undescribed";

/// Every kind of field, and what it takes.
fn fields() -> [(&'static str, FieldType, CloudType); 9] {
    let asset = CloudAsset { name: "a.jpg".to_owned(), ..CloudAsset::default() };
    [
        (KEY, FieldType::Text, CloudType::String("k".to_owned())),
        (NUMBER, FieldType::Number, CloudType::Int64(-7)),
        ("real", FieldType::Real, CloudType::Double(0.5)),
        ("text", FieldType::Text, CloudType::String(String::new())),
        ("flag", FieldType::Bool, CloudType::Bool(true)),
        ("bytes", FieldType::Blob, CloudType::Bytes(vec![0])),
        ("asset", FieldType::Asset, CloudType::Asset(Box::new(asset.clone()))),
        ("assets", FieldType::Assets, CloudType::Assets(vec![asset])),
        ("any", FieldType::Null, CloudType::Bool(false)),
    ]
}

fn database() -> Database {
    let field = |(name, field_type, _): (&str, FieldType, CloudType)| Field {
        alias: name.to_owned(),
        col_name: name.to_owned(),
        field_type,
        primary: name == KEY,
        nullable: name != KEY && name != NUMBER,
    };
    let fields = fields().into_iter().map(field).collect();
    let table = Table { alias: TABLE.to_owned(), name: TABLE.to_owned(), fields };
    Database { name: DATABASE.to_owned(), alias: DATABASE.to_owned(), tables: vec![table] }
}

/// A connection that described its table, and what the cloud tells of it.
struct Described {
    db: Arc<dyn CloudDb>,
    told: Database,
}

type Found = std::result::Result<Described, Box<dyn Error>>;

/// Connects; a cloud whose schema says nothing of it is left out.
fn described(bench: &Bench<'_>) -> Found {
    let db = bench.service.connect_db(BUNDLE, &database())?;
    let schema = match bench.service.get_app_schema(BUNDLE) {
        Err(CloudError::NotSupported(_)) => return Err(skip("get_app_schema: not supported")),
        schema => schema?,
    };
    let told = schema.databases.into_iter().find(|database| database.cloud_name() == DATABASE);
    let told = told.filter(|told| !told.tables.is_empty());
    told.map(|told| Described { db, told })
        .ok_or_else(|| skip("no schema: what was described is not told of"))
}

impl Described {
    /// A record that fits, but for what is changed.
    fn write(&self, change: impl FnOnce(&mut Row)) -> Result<RowWrite> {
        let mut values: Row = fields().into_iter().map(|(name, _, value)| (name.into(), value)).collect();
        change(&mut values);
        Ok(RowWrite { id: self.db.generate_id(1)?.concat(), base_version: Some(0), lock_id: None, values })
    }

    /// Tries records that do not fit, as new ones and in place of another.
    fn are_refused(&self, unfit: &[Unfit]) -> Check {
        let row = |unfit: &Unfit| self.write(|row| (unfit.change)(row));
        let rows: Vec<RowWrite> = unfit.iter().map(row).collect::<Result<_>>()?;
        let good = self.write(|_| ())?;
        let instead = |row: &RowWrite| RowWrite { id: good.id.clone(), base_version: None, ..row.clone() };
        let updates = rows.iter().map(instead).collect();
        check_all(unfit, self.db.insert(TABLE, rows)?)?;
        one(self.db.insert(TABLE, vec![good])?)?;
        check_all(unfit, self.db.update(TABLE, updates)?)
    }

    /// The ids of all records written since a cursor, and where that ends.
    fn since(&self, cursor: &str) -> Result<(Vec<String>, String)> {
        let (mut ids, mut cursor) = (Vec::new(), cursor.to_owned());
        loop {
            let page = self.db.query(TABLE, &[], 1000, &cursor)?;
            ids.extend(page.values.into_iter().map(|record| record.extension.id));
            if !page.has_more {
                return Ok((ids, page.next_cursor));
            }
            if page.next_cursor == cursor {
                return Err(CloudError::Unknown("the cursor stands still".to_owned()));
            }
            cursor = page.next_cursor;
        }
    }
}

/// What makes a record one that does not fit.
struct Unfit {
    /// The field that the refusal must name.
    named: &'static str,
    what: String,
    change: Box<dyn Fn(&mut Row)>,
}

/// A record without a field.
fn without(named: &'static str, what: &str) -> Unfit {
    Unfit { named, what: what.to_owned(), change: Box::new(move |row| drop(row.remove(named))) }
}

/// A record with another value in a field.
fn with(named: &'static str, what: &str, value: CloudType) -> Unfit {
    let change = move |row: &mut Row| drop(row.insert(named.into(), value.clone()));
    Unfit { named, what: what.to_owned(), change: Box::new(change) }
}

fn check_all<T: std::fmt::Debug>(unfit: &[Unfit], answers: Vec<Result<T>>) -> Check {
    ensure(answers.len() == unfit.len(), format!("{} answers for {} rows", answers.len(), unfit.len()))?;
    unfit.iter().zip(answers).try_for_each(|(unfit, answer)| refused(answer, unfit.named, &unfit.what))
}

/// What does not fit is refused, and the text names it.
fn refused<T: std::fmt::Debug>(answer: Result<T>, named: &str, what: &str) -> Check {
    match answer {
        Err(CloudError::InvalidArgument(text)) if text.contains(named) => Ok(()),
        Err(CloudError::InvalidArgument(text)) => {
            Err(format!("{what}: the text does not name '{named}': {text}").into())
        }
        other => Err(format!("{what} was not refused: {other:?}").into()),
    }
}

pub(super) fn given(bench: &Bench<'_>) -> Check {
    let Described { told, .. } = described(bench)?;
    for table in database().tables {
        let found = told.tables.iter().find(|found| found.cloud_name() == table.cloud_name());
        let Some(found) = found else {
            return Err(format!("the table {} is not told of", table.alias).into());
        };
        for field in &table.fields {
            let name = field.cloud_name();
            let other = found.fields.iter().find(|found| found.cloud_name() == name);
            ensure(other == Some(field), format!("the field {name} is told as {other:?}"))?;
        }
    }
    Ok(())
}

pub(super) fn fits(bench: &Bench<'_>) -> Check {
    let own = described(bench)?;
    let (_, cursor) = own.since("")?;
    let rows = [own.write(|_| ())?, own.write(|row| row.retain(|name, _| name == KEY || name == NUMBER))?];
    let values: Vec<Row> = rows.iter().map(|row| row.values.clone()).collect();
    for answer in own.db.insert(TABLE, rows.to_vec())? {
        answer.map_err(|error| format!("a record that fits was refused: {error}"))?;
    }
    let page = own.db.query(TABLE, &[], 10, &cursor)?;
    let found: Vec<Row> = page.values.into_iter().map(|record| record.values).collect();
    ensure(found == values, format!("it came back as {found:?}"))
}

pub(super) fn table(bench: &Bench<'_>) -> Check {
    let own = described(bench)?;
    let row = || own.write(|_| ()).map(|row| vec![row]);
    refused(own.db.insert(UNKNOWN, row()?), UNKNOWN, "an insert into an unknown table")?;
    refused(own.db.update(UNKNOWN, row()?), UNKNOWN, "an update in an unknown table")?;
    refused(own.db.delete(UNKNOWN, row()?), UNKNOWN, "a deletion in an unknown table")?;
    refused(own.db.query(UNKNOWN, &[], 10, ""), UNKNOWN, "a query of an unknown table")?;
    let loader = bench.service.connect_asset_loader(BUNDLE, &database())?;
    let item = AssetUpload {
        gid: bench.id()?,
        asset: CloudAsset::default(),
        transfer_id: bench.id()?,
        digest: None,
        source: Box::new(Source { bytes: b"x", size: 1 }),
    };
    let answer = one(loader.upload(UNKNOWN, vec![item], &Control::default()));
    refused(answer, UNKNOWN, "an asset of an unknown table")
}

pub(super) fn types(bench: &Bench<'_>) -> Check {
    let own = described(bench)?;
    let mut unfit = Vec::new();
    for (name, field_type, value) in fields().into_iter().filter(|field| field.1 != FieldType::Null) {
        for (_, _, other) in fields() {
            if std::mem::discriminant(&other) != std::mem::discriminant(&value) {
                let what = format!("{other:?} for a field of the type {field_type:?}");
                unfit.push(with(name, &what, other));
            }
        }
    }
    own.are_refused(&unfit)
}

pub(super) fn key(bench: &Bench<'_>) -> Check {
    let own = described(bench)?;
    let null = with(KEY, "a primary key that is null", CloudType::Null);
    own.are_refused(&[without(KEY, "a record without its primary key"), null])
}

pub(super) fn null(bench: &Bench<'_>) -> Check {
    let own = described(bench)?;
    let missing = without(NUMBER, "a record without a field that may not be null");
    own.are_refused(&[with(NUMBER, "null where it may not be", CloudType::Null), missing])
}

pub(super) fn field(bench: &Bench<'_>) -> Check {
    let own = described(bench)?;
    own.are_refused(&[with(UNKNOWN, "a field that the table does not have", CloudType::Null)])?;
    let asked = own.db.query(TABLE, &[NUMBER, UNKNOWN], 10, "");
    refused(asked, UNKNOWN, "a query of a field that the table does not have")
}

pub(super) fn row_alone(bench: &Bench<'_>) -> Check {
    let own = described(bench)?;
    let (_, cursor) = own.since("")?;
    let bad = || own.write(|row| drop(row.remove(NUMBER)));
    let rows = vec![bad()?, own.write(|_| ())?, bad()?, own.write(|_| ())?];
    let wanted: Vec<String> = rows.iter().skip(1).step_by(2).map(|row| row.id.clone()).collect();
    let answers = own.db.insert(TABLE, rows);
    let answers = answers.map_err(|error| format!("one row that does not fit refuses all: {error}"))?;
    let went: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    ensure(went == [false, true, false, true], format!("not each in its place: {answers:?}"))?;
    ensure(own.since(&cursor)?.0 == wanted, "not just those rows were written that fit")
}
