//! What a cloud is: the documented cloudExtension interfaces as Rust traits and types, and the
//! embedded cloud, a directory on disk that implements them.
//!
//! The engine sees a cloud only through [`CloudService`], [`CloudDb`] and [`AssetLoader`]; other accounts
//! get at it through [`ShareCenter`]. Every
//! method may block and is called from worker threads, several at a time.
#![forbid(unsafe_code)]

mod asset;
mod checked;
pub mod conformance;
mod db;
mod embedded;
mod error;
mod schema;
mod service;
mod share;
mod value;

pub use asset::{
    AssetDownload, AssetLoader, AssetSink, AssetSource, AssetUpload, Claim, Flow, TransferControl,
};
pub use checked::{CheckedDb, CheckedLoader, CheckedService, CheckedShare};
pub use db::{
    Capabilities, CloudData, CloudDb, ExtensionValue, Flag, LockInfo, Record, RowWrite, WriteReceipt,
};
pub use embedded::{Clock, Collected, EmbeddedCloud, EmbeddedOptions, Random, SharingLimits};
pub use error::{CloudError, LocalError, Result};
pub use schema::{
    AppSchema, Database, Described, Field, FieldType, Rules, SchemaDb, SchemaLoader, Table, TableRules,
};
pub use service::{AppBriefInfo, ChangeListener, CloudService, ServiceInfo, SubscribeId, SubscribeInfo};
pub use share::{
    NAME_FIELD, OWNER_FIELD, PARENT_FIELD, PRIVILEGE_FIELD, Participant, Privilege, RESOURCE_FIELD,
    RecordPlace, Role, ShareCenter, ShareError, ShareResult, SharingCode, State,
};
pub use value::{AssetStatus, CloudAsset, CloudType, FieldName, Row};
