//! A cloud in another process: [`Server`] serves any [`cloudsync_cloud::CloudService`], [`RemoteCloud`] is one that a
//! server serves. Between them runs the protocol of `docs/protocol.md`.
//!
//! - [`address`] says where, [`socket`] is all that is particular to Unix sockets;
//! - [`frame`] is how messages are told apart, [`message`] what is in them, [`convert`] what they stand for;
//! - [`payload`] is what is in a frame, before it is read;
//! - [`outbox`] and [`inbox`] are the two directions of a connection, on either side;
//! - [`client`] asks, [`server`] answers.
#![forbid(unsafe_code)]

mod address;
mod client;
mod convert;
mod error;
mod frame;
mod inbox;
mod message;
mod options;
mod outbox;
mod payload;
mod server;
mod socket;

pub use address::Address;
pub use client::RemoteCloud;
pub use error::{ConnectError, ServeError};
pub use options::{Options, Spawn};
pub use server::Server;
