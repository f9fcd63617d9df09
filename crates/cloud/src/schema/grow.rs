//! How a description grows: two versions of an application live beside one another.

use super::rules::{refused, words};
use super::{Database, Field, Rules, Table};
use crate::{CloudError, Result};

impl Database {
    /// This description with what another one of the same database adds: tables, fields, and null where it may be there.
    /// Nothing is ever taken away, so that rows which fitted before still do; and rows that fit `described` fit the
    /// outcome. Names on the device stay as they are.
    ///
    /// # Errors
    /// [`CloudError::InvalidArgument`] where that cannot be, which names the first table or field for which: a field
    /// of another type, or that is part of the primary key for one and not for the other; a new field that may not be
    /// null in a table that others write already; one that may not be null and is not in `described`.
    pub fn grown(&self, described: &Database) -> Result<Database> {
        Rules::new(described)?;
        let mut grown = self.clone();
        for table in &described.tables {
            match grown.tables.iter_mut().find(|known| known.cloud_name() == table.cloud_name()) {
                Some(known) => known.grow(table, self.cloud_name())?,
                None => grown.tables.push(table.clone()),
            }
        }
        Rules::new(&grown)?.fit(described)?;
        Ok(grown)
    }
}

impl Table {
    fn grow(&mut self, described: &Table, database: &str) -> Result<()> {
        if self.fields.is_empty() {
            self.fields.clone_from(&described.fields);
            return Ok(());
        }
        for field in &described.fields {
            match self.fields.iter_mut().find(|known| known.cloud_name() == field.cloud_name()) {
                Some(known) => known.grow(field).map_err(|text| unfit(field, described, database, &text))?,
                None if field.required() => {
                    let text = "is new and may never be null, but others write this table without it: make it nullable";
                    return Err(unfit(field, described, database, text));
                }
                None => self.fields.push(field.clone()),
            }
        }
        Ok(())
    }
}

impl Field {
    fn grow(&mut self, described: &Field) -> std::result::Result<(), String> {
        if self.field_type != described.field_type {
            let (is, other) = (words(self.field_type), words(described.field_type));
            return Err(format!("takes {is} and was described with {other}: give one of them another name"));
        }
        if self.primary != described.primary {
            let not = if self.primary { "" } else { "no " };
            return Err(format!(
                "is {not}part of the primary key and was described otherwise: describe it as it is"
            ));
        }
        self.nullable |= described.nullable;
        Ok(())
    }
}

fn unfit(field: &Field, table: &Table, database: &str, text: &str) -> CloudError {
    let (field, table) = (field.cloud_name(), table.cloud_name());
    refused(format!("the field '{field}' of the table '{table}' of the database '{database}' {text}"))
}
