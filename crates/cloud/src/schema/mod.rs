//! A bundle's databases, as `getAppSchema` describes them.
//!
//! [`Rules`] judges tables, columns and rows by a description, and [`SchemaDb`] and [`SchemaLoader`] let nothing by that it
//! does not allow; [`Database::grown`] is what two versions of an application describe together.

mod grow;
mod held;
mod rules;

use serde::{Deserialize, Serialize};

pub use held::{Described, SchemaDb, SchemaLoader};
pub use rules::{Rules, TableRules};

/// The documented `FieldType`. Each takes one kind of [`crate::CloudType`] and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(i32)]
pub enum FieldType {
    /// No type: any value.
    Null = 0,
    /// A whole number.
    Number = 1,
    /// A real number.
    Real = 2,
    /// Text.
    Text = 3,
    /// True or false.
    Bool = 4,
    /// Bytes.
    Blob = 5,
    /// One asset.
    Asset = 6,
    /// Several assets.
    Assets = 7,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The column's name in the cloud.
    pub alias: String,
    /// The column's name on the device.
    pub col_name: String,
    /// What it holds.
    pub field_type: FieldType,
    /// Whether it is part of the primary key: it is never missing or [`crate::CloudType::Null`] then, nullable or not.
    pub primary: bool,
    /// Whether it may be [`crate::CloudType::Null`] or missing.
    pub nullable: bool,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name in the cloud.
    pub alias: String,
    /// Its name on the device.
    pub name: String,
    /// Its columns. Where there are none, none is described: it takes any.
    pub fields: Vec<Field>,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its name on the device.
    pub name: String,
    /// Its name in the cloud.
    pub alias: String,
    /// Its tables. Where there are none, none is described: it takes any.
    pub tables: Vec<Table>,
}

impl Field {
    /// Its name in the cloud, which is the device's where it has no other.
    pub fn cloud_name(&self) -> &str {
        if self.alias.is_empty() { &self.col_name } else { &self.alias }
    }

    /// Whether every row must have it.
    pub fn required(&self) -> bool {
        self.primary || !self.nullable
    }
}

impl Table {
    /// Its name in the cloud, which is the device's where it has no other.
    pub fn cloud_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

impl Database {
    /// Its name in the cloud, which is the device's where it has no other.
    pub fn cloud_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

/// All databases of one bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSchema {
    /// The bundle.
    pub bundle_name: String,
    /// Raised with every change of the schema.
    pub version: i32,
    /// The databases.
    pub databases: Vec<Database>,
}
