//! The C interface of the sync engine.
