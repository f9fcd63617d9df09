//! cloudExtension, both ways: a vendor's cloud plugs in through tables of functions, and a program calls any cloud.
//!
//! - [`types`] are the documented types and numbers as C sees them, [`rows`] records, [`forms`] what turns ours into C's;
//! - [`reply`] is how a vendor answers, [`owner`] how it is asked and how long it is waited for;
//! - [`service`], [`db`], [`loader`] and [`share`] are a vendor's tables and what the engine sees of them, [`transfer`] and
//!   [`listener`] what they are handed;
//! - [`call_service`], [`call_db`], [`call_loader`] and [`call_share`] are the caller's side, [`result`] what it gets;
//! - [`remote`] serves a cloud to other processes, and connects to one that another process serves.

mod call_db;
mod call_loader;
mod call_service;
mod call_share;
mod conformance;
mod db;
mod fields;
mod files;
mod forms;
mod listener;
mod loader;
mod owner;
mod remote;
mod reply;
mod result;
mod rows;
mod service;
mod share;
mod share_types;
mod transfer;
mod types;

pub use call_db::*;
pub use call_loader::*;
pub use call_service::*;
pub use call_share::*;
pub use conformance::*;
pub use db::*;
pub use listener::*;
pub use loader::*;
pub use remote::*;
pub use reply::*;
pub use result::*;
pub use rows::*;
pub use service::*;
pub use share::*;
pub use share_types::*;
pub use transfer::*;
pub use types::*;
