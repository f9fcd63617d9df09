//! Deterministic simulation of several devices and a cloud.
#![forbid(unsafe_code)]
