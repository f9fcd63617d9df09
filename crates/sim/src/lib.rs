//! Deterministic simulation: several devices and a cloud in one thread, from one seed.
//!
//! Everything that an engine sees is simulated: its disk, its index, its clock, its network and the
//! cloud. People act on the disks, processes are killed, power is cut, calls fail, all by one seeded
//! generator; in the end the promises of the architecture are checked.
#![forbid(unsafe_code)]

mod accounts;
mod check;
mod cloud;
mod disk;
mod eviction;
mod index;
mod ledger;
mod lied_to;
mod people;
mod plan;
mod previews;
mod process;
mod refused;
mod removal;
mod rng;
mod settle;
mod shared;
mod space;
mod time;
mod told;
mod trace;
mod watcher;
mod weather;
mod world;

pub use accounts::{AccountCloud, Accounts, Lent};
pub use cloud::{Chance, CloudEntry, CloudState, Rec, SimCloud, Stored};
pub use disk::{Body, Disk, DiskKind, Inode, ROOT, SimDisk, Spot, Tree, Uid};
pub use index::{IndexState, SimIndex};
pub use ledger::{Ledger, Sink};
pub use lied_to::lied_to;
pub use people::{People, Story, act, digest_of};
pub use plan::{DevicePlan, LIVELY, PHOTOS, ROOTED, SHARED, SPACIOUS, SharingPlan, SpacePlan, WorldPlan};
pub use previews::{SimIdentifiers, SimPictures, SimPreviews, picture_of};
pub use process::{Process, ports};
pub use rng::Rng;
pub use shared::{Device, Doom, Shared, Violation, Wire, fine_conditions};
pub use time::{SimClock, SimConditions, SimRandom};
pub use trace::Trace;
pub use watcher::SimWatcher;
pub use weather::Weather;
pub use world::{Outcome, World, run, run_plan};
