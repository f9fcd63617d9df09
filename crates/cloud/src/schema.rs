//! A bundle's databases, as `getAppSchema` describes them.

use serde::{Deserialize, Serialize};

/// The documented `FieldType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(i32)]
pub enum FieldType {
    /// No type.
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
    /// Whether it is part of the primary key.
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
    /// Its columns.
    pub fields: Vec<Field>,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Its name on the device.
    pub name: String,
    /// Its name in the cloud.
    pub alias: String,
    /// Its tables.
    pub tables: Vec<Table>,
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
