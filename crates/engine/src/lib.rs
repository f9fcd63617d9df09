//! The sync engine.
#![forbid(unsafe_code)]
