//! Rows and the values in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A column's name. Every row has those of its table: names of up to 23 bytes are kept in place.
pub type FieldName = smol_str::SmolStr;

/// One record's fields by column name.
pub type Row = BTreeMap<FieldName, CloudType>;

/// A field's value, in the eight documented kinds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum CloudType {
    /// No value.
    #[default]
    Null,
    /// A whole number.
    Int64(i64),
    /// A real number.
    Double(f64),
    /// UTF-8 text.
    String(String),
    /// True or false.
    Bool(bool),
    /// Bytes.
    Bytes(Vec<u8>),
    /// One asset. Boxed: most values are none, and would all take up its room.
    Asset(Box<CloudAsset>),
    /// Several assets.
    Assets(Vec<CloudAsset>),
}

/// An asset's documented status, with the native numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[repr(i32)]
pub enum AssetStatus {
    /// No status.
    #[default]
    Null = 0,
    /// In step.
    Normal = 1,
    /// To be inserted.
    Insert = 2,
    /// To be updated.
    Update = 3,
    /// To be deleted.
    Delete = 4,
    /// Failed.
    Abnormal = 5,
    /// Being downloaded.
    Downloading = 6,
}

/// The documented `CloudAsset`: a file that belongs to a record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CloudAsset {
    /// The cloud's id of the asset, empty until it has been uploaded.
    pub asset_id: String,
    /// A hash of modification time and size, as documented. It says nothing of the content.
    pub hash: String,
    /// File name.
    pub name: String,
    /// URI on the device, where there is one.
    pub uri: String,
    /// Path on the device, where there is one.
    pub path: String,
    /// Creation time in milliseconds since 1970.
    pub create_time: i64,
    /// Modification time in milliseconds since 1970.
    pub modify_time: i64,
    /// Size in bytes.
    pub size: u64,
    /// Status.
    pub status: AssetStatus,
}
