//! What a database's description allows.

use super::{Database, Field, FieldType, Table};
use crate::{CloudError, CloudType, OWNER_FIELD, PRIVILEGE_FIELD, RESOURCE_FIELD, Result, Row};

/// How many names a text lists of those that there are.
const NAMES: usize = 8;

/// Fields that a cloud gives records which other accounts share. They may come back to it with any record, described or not.
const CLOUDS_OWN: [(&str, FieldType); 3] =
    [(OWNER_FIELD, FieldType::Text), (PRIVILEGE_FIELD, FieldType::Number), (RESOURCE_FIELD, FieldType::Text)];

/// Judges what is asked of one database by its description. Each refusal is a [`CloudError::InvalidArgument`] that names
/// database, table and field, what was found and what was expected, and says what to do.
///
/// A database that describes no tables constrains nothing, and a table that describes no fields takes any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    database: String,
    /// By name.
    tables: Vec<TableRules>,
}

/// Judges what is asked of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRules {
    /// The table, as texts name it.
    place: String,
    name: String,
    /// By name.
    fields: Vec<FieldRules>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldRules {
    name: String,
    field_type: FieldType,
    primary: bool,
    required: bool,
}

impl Rules {
    /// The rules of a description.
    ///
    /// # Errors
    /// [`CloudError::InvalidArgument`] where a table or field is there twice, or has no name.
    pub fn new(database: &Database) -> Result<Rules> {
        let name = database.cloud_name();
        let mut tables: Vec<TableRules> =
            database.tables.iter().map(|table| TableRules::new(name, table)).collect::<Result<_>>()?;
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        let what = format!("the database '{name}' has a table");
        sound(&what, tables.iter().map(|table| table.name.as_str()))?;
        Ok(Rules { database: name.to_owned(), tables })
    }

    /// Whether anything at all goes.
    pub fn constrain_nothing(&self) -> bool {
        self.tables.is_empty()
    }

    /// The rules of a table; `None` where anything goes.
    ///
    /// # Errors
    /// [`CloudError::InvalidArgument`] where there is no such table.
    pub fn table(&self, table: &str) -> Result<Option<&TableRules>> {
        if self.tables.is_empty() {
            return Ok(None);
        }
        match self.tables.binary_search_by(|known| known.name.as_str().cmp(table)) {
            Ok(index) => Ok(self.tables.get(index)),
            Err(_) => Err(refused(format!(
                "the database '{}' has no table '{table}', it has {}: use one of them, or add it to the schema",
                self.database,
                names(self.tables.iter().map(|table| table.name.as_str()))
            ))),
        }
    }

    /// Fails where rows that fit another description would be refused by this one, for what it leaves open or says otherwise.
    ///
    /// # Errors
    /// [`CloudError::InvalidArgument`] for the first table or field that does not fit.
    pub fn fit(&self, described: &Database) -> Result<()> {
        for table in &described.tables {
            match self.table(table.cloud_name())? {
                Some(rules) if !table.fields.is_empty() => rules.fit(table)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl TableRules {
    fn new(database: &str, table: &Table) -> Result<TableRules> {
        let name = table.cloud_name();
        let place = format!("the table '{name}' of the database '{database}'");
        let mut fields: Vec<FieldRules> = table.fields.iter().map(FieldRules::new).collect();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        sound(&format!("{place} has a field"), fields.iter().map(|field| field.name.as_str()))?;
        Ok(TableRules { place, name: name.to_owned(), fields })
    }

    /// Judges the columns that a query names.
    ///
    /// # Errors
    /// [`CloudError::InvalidArgument`] where the table has no such field.
    pub fn columns(&self, columns: &[&str]) -> Result<()> {
        if self.fields.is_empty() {
            return Ok(());
        }
        match columns.iter().find(|column| self.field(column).is_none() && clouds_own(column).is_none()) {
            Some(column) => Err(self.no_field(column, "ask for one of them")),
            None => Ok(()),
        }
    }

    /// Judges all fields of a record that is to be inserted, or to replace another one.
    ///
    /// # Errors
    /// [`CloudError::InvalidArgument`] for the first field that does not fit.
    pub fn row(&self, row: &Row) -> Result<()> {
        if self.fields.is_empty() {
            return Ok(());
        }
        // Both come by name: each is looked at once, and nothing is looked up.
        let mut rules = self.fields.iter().peekable();
        for (name, value) in row {
            while let Some(before) = rules.next_if(|rule| rule.name < *name) {
                self.missing(before)?;
            }
            match rules.next_if(|rule| rule.name == *name) {
                Some(rule) => self.value(rule, value)?,
                None => self.undescribed(name, value)?,
            }
        }
        rules.try_for_each(|rule| self.missing(rule))
    }

    fn value(&self, rule: &FieldRules, value: &CloudType) -> Result<()> {
        match value {
            CloudType::Null if rule.required => Err(self.wrong_value(rule, "was given null")),
            value if takes(rule.field_type, value) => Ok(()),
            value => Err(self.wrong_value(rule, &format!("was given {}", kind_of(value)))),
        }
    }

    fn missing(&self, rule: &FieldRules) -> Result<()> {
        if rule.required { Err(self.wrong_value(rule, "is missing")) } else { Ok(()) }
    }

    fn undescribed(&self, name: &str, value: &CloudType) -> Result<()> {
        match clouds_own(name) {
            Some(field_type) if takes(field_type, value) => Ok(()),
            _ => Err(self.no_field(name, "leave it out, or add it to the schema")),
        }
    }

    fn fit(&self, described: &Table) -> Result<()> {
        if self.fields.is_empty() {
            return Ok(());
        }
        for field in &described.fields {
            let name = field.cloud_name();
            let rule = self
                .field(name)
                .ok_or_else(|| self.no_field(name, "leave it out, or add it to the schema"))?;
            self.fit_field(rule, field)?;
        }
        let known = |rule: &FieldRules| described.fields.iter().any(|field| field.cloud_name() == rule.name);
        match self.fields.iter().find(|rule| rule.required && !known(rule)) {
            Some(rule) => {
                let text = "was left out of the description that came with the connection: describe it";
                Err(self.wrong(rule, text))
            }
            None => Ok(()),
        }
    }

    fn fit_field(&self, rule: &FieldRules, field: &Field) -> Result<()> {
        let typed = [rule.field_type, field.field_type].iter().all(|kind| *kind != FieldType::Null);
        if typed && rule.field_type != field.field_type {
            let text = format!("was described with {}: describe it so", words(field.field_type));
            return Err(self.wrong(rule, &text));
        }
        if rule.required && !field.required() {
            return Err(
                self.wrong(rule, "was described as one that may be null: describe it as not nullable")
            );
        }
        Ok(())
    }

    fn field(&self, name: &str) -> Option<&FieldRules> {
        let found = self.fields.binary_search_by(|rule| rule.name.as_str().cmp(name)).ok()?;
        self.fields.get(found)
    }

    fn no_field(&self, name: &str, advice: &str) -> CloudError {
        let known = names(self.fields.iter().map(|rule| rule.name.as_str()));
        refused(format!("{} has no field '{name}', it has {known}: {advice}", self.place))
    }

    fn wrong_value(&self, rule: &FieldRules, found: &str) -> CloudError {
        self.wrong(rule, &format!("{found}: write {} there", words(rule.field_type)))
    }

    fn wrong(&self, rule: &FieldRules, found: &str) -> CloudError {
        let FieldRules { name, field_type, primary, required } = rule;
        let key = if *primary { "is part of the primary key, " } else { "" };
        let never = if *required { ", never null" } else { "" };
        let wanted = words(*field_type);
        refused(format!("the field '{name}' of {} {key}takes {wanted}{never}, and {found}", self.place))
    }
}

impl FieldRules {
    fn new(field: &Field) -> FieldRules {
        FieldRules {
            name: field.cloud_name().to_owned(),
            field_type: field.field_type,
            primary: field.primary,
            required: field.required(),
        }
    }
}

/// Fails where one of the names, which come in order, is empty or there twice.
fn sound<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut last = "";
    for name in names {
        if name.is_empty() {
            return Err(refused(format!("{what} without a name: name it")));
        }
        if name == last {
            return Err(refused(format!("{what} '{name}' twice: describe it once")));
        }
        last = name;
    }
    Ok(())
}

/// Whether a field of a type takes a value. What is null fits any type.
fn takes(field_type: FieldType, value: &CloudType) -> bool {
    match value {
        CloudType::Null => true,
        _ if field_type == FieldType::Null => true,
        CloudType::Int64(_) => field_type == FieldType::Number,
        CloudType::Double(_) => field_type == FieldType::Real,
        CloudType::String(_) => field_type == FieldType::Text,
        CloudType::Bool(_) => field_type == FieldType::Bool,
        CloudType::Bytes(_) => field_type == FieldType::Blob,
        CloudType::Asset(_) => field_type == FieldType::Asset,
        CloudType::Assets(_) => field_type == FieldType::Assets,
    }
}

fn clouds_own(name: &str) -> Option<FieldType> {
    CLOUDS_OWN.iter().find(|(own, _)| *own == name).map(|(_, field_type)| *field_type)
}

fn kind_of(value: &CloudType) -> &'static str {
    words(match value {
        CloudType::Null => return "null",
        CloudType::Int64(_) => FieldType::Number,
        CloudType::Double(_) => FieldType::Real,
        CloudType::String(_) => FieldType::Text,
        CloudType::Bool(_) => FieldType::Bool,
        CloudType::Bytes(_) => FieldType::Blob,
        CloudType::Asset(_) => FieldType::Asset,
        CloudType::Assets(_) => FieldType::Assets,
    })
}

/// What a field of a type takes, for a person.
pub(super) fn words(field_type: FieldType) -> &'static str {
    match field_type {
        FieldType::Null => "any value",
        FieldType::Number => "a whole number",
        FieldType::Real => "a real number",
        FieldType::Text => "a text",
        FieldType::Bool => "true or false",
        FieldType::Blob => "bytes",
        FieldType::Asset => "an asset",
        FieldType::Assets => "a list of assets",
    }
}

/// The first names of those that there are, for a person.
fn names<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let first: Vec<String> = names.by_ref().take(NAMES).map(|name| format!("'{name}'")).collect();
    let more = names.count();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", first.join(", "))
}

pub(super) fn refused(text: String) -> CloudError {
    CloudError::InvalidArgument(text)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
