//! Network, battery and heat, as the kernel shows them under `/sys`.
//!
//! **Network.** Only interfaces that lead out of the device count: hardware (Ethernet, Wi-Fi, mobile),
//! or, where there is none, the far end that a container or a virtual machine was given. Bridges,
//! VPNs and dummies say nothing about the network beneath them. An interface counts as up when the
//! kernel says `up`, or `unknown` with a carrier. A device with no interface at all but the loopback is
//! taken for wired: it can only use a cloud on its own disk, and that needs no network. Interfaces
//! that are all down are no network.
//!
//! **Battery.** Batteries of the device itself; those of mice and phones beside it (`scope` is
//! `Device`) do not count. Several are added up by energy, or, where one does not tell its energy,
//! the emptiest counts.
//!
//! **Heat.** Hot at a trip point of type `hot`, overheated at one of type `critical`, where the system
//! itself is about to switch off. Points for throttling and fans (`passive`, `active`) are reached
//! in ordinary use and mean nothing here. A device that wants to stop earlier hands in
//! [`Conditions`] of its own.

use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::time::monotonic_ns;
use crate::ports::{Battery, Conditions, DeviceState, Heat, Network};

/// How long a reading is good for, in nanoseconds.
const FRESH_NS: u64 = 1_000_000_000;

/// Interfaces of modems, some of which the kernel does not mark as such.
const MOBILE_NAMES: [&str; 4] = ["wwan", "rmnet", "ccmni", "ppp"];

/// Link types that carry a network as a cable does: Ethernet (Wi-Fi too) and InfiniBand.
const CABLE_TYPES: [u32; 2] = [1, 32];

/// The device's conditions from sysfs, read at most once a second.
#[derive(Debug)]
pub struct SystemConditions {
    root: PathBuf,
    last: Mutex<Option<(u64, DeviceState)>>,
}

impl Default for SystemConditions {
    fn default() -> Self {
        SystemConditions::new()
    }
}

impl SystemConditions {
    /// Reads `/sys`.
    pub fn new() -> Self {
        SystemConditions::with_root(PathBuf::from("/sys"))
    }

    /// Reads a tree that looks like `/sys`.
    pub fn with_root(sysfs_root: PathBuf) -> Self {
        SystemConditions { root: sysfs_root, last: Mutex::new(None) }
    }

    fn read_now(&self) -> DeviceState {
        let class = self.root.join("class");
        DeviceState {
            network: network(&class.join("net")),
            battery: battery(&class.join("power_supply")),
            heat: heat(&class.join("thermal")),
        }
    }
}

impl Conditions for SystemConditions {
    fn read(&self) -> DeviceState {
        let now = monotonic_ns();
        let mut last = self.last.lock();
        match *last {
            Some((at, state)) if now.saturating_sub(at) < FRESH_NS => state,
            _ => {
                let state = self.read_now();
                *last = Some((now, state));
                state
            }
        }
    }
}

/// The folders in `dir`, none where it is missing or unreadable.
fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// An attribute's text; `None` where it is missing or cannot be read now.
fn text(dir: &Path, name: &str) -> Option<String> {
    read_to_string(dir.join(name)).ok().map(|text| text.trim().to_owned())
}

fn number(dir: &Path, name: &str) -> Option<i64> {
    text(dir, name)?.parse().ok()
}

/// A way out of the device.
struct Link {
    mobile: bool,
    hardware: bool,
    up: bool,
}

fn network(dir: &Path) -> Network {
    let mut links: Vec<Link> = entries(dir).filter_map(|dir| link(&dir)).collect();
    if links.iter().any(|link| link.hardware) {
        links.retain(|link| link.hardware);
    }
    let up = |mobile| links.iter().any(|link| link.up && link.mobile == mobile);
    Network { wifi: links.is_empty() || up(false), mobile: up(true) }
}

/// What an interface is, or `None` where it leads nowhere by itself.
fn link(dir: &Path) -> Option<Link> {
    let name = dir.file_name()?.to_str()?;
    let modem = text(dir, "uevent").is_some_and(|event| event.lines().any(|line| line == "DEVTYPE=wwan"));
    let mobile = modem || MOBILE_NAMES.iter().any(|prefix| name.starts_with(prefix));
    let hardware = mobile || dir.join("device").exists();
    let cable = number(dir, "type").is_some_and(|t| CABLE_TYPES.iter().any(|cable| i64::from(*cable) == t));
    let leads_out = mobile || if hardware { cable } else { has_far_end(dir) };
    let up = match text(dir, "operstate").as_deref() {
        Some("up") => true,
        Some("unknown") => number(dir, "carrier") == Some(1),
        _ => false,
    };
    leads_out.then_some(Link { mobile, hardware, up })
}

/// Whether an interface without hardware ends somewhere outside: its peer is another interface (a
/// container's), or a program moves its packets (a sandbox's).
fn has_far_end(dir: &Path) -> bool {
    let peer = number(dir, "iflink").zip(number(dir, "ifindex")).is_some_and(|(link, own)| link != own);
    peer || dir.join("tun_flags").exists()
}

/// One battery.
struct Cell {
    percent: i64,
    /// Energy now and when full, in one unit.
    energy: Option<(i64, i64)>,
    status: String,
}

fn battery(dir: &Path) -> Option<Battery> {
    let supplies: Vec<PathBuf> = entries(dir).collect();
    let cells: Vec<Cell> = supplies.iter().filter_map(|dir| cell(dir)).collect();
    let emptiest = cells.iter().map(|cell| cell.percent).min()?;
    let energies: Option<Vec<(i64, i64)>> = cells.iter().map(|cell| cell.energy).collect();
    let percent = match energies {
        Some(energies) if cells.len() > 1 => {
            let (now, full) = energies.iter().fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
            now.saturating_mul(100) / full.max(1)
        }
        _ => emptiest,
    };
    let percent = u8::try_from(percent.clamp(0, 100)).unwrap_or(0);
    Some(Battery { percent, charging: charging(&cells, &supplies) })
}

fn cell(dir: &Path) -> Option<Cell> {
    let of_another_device = text(dir, "scope").as_deref() == Some("Device");
    if text(dir, "type").as_deref() != Some("Battery")
        || of_another_device
        || number(dir, "present") == Some(0)
    {
        return None;
    }
    let energy = number(dir, "energy_now").zip(number(dir, "energy_full")).filter(|(_, full)| *full > 0);
    let percent =
        number(dir, "capacity").or_else(|| energy.map(|(now, full)| now.saturating_mul(100) / full))?;
    Some(Cell { percent, energy, status: text(dir, "status").unwrap_or_default() })
}

/// Whether the device runs from the wall. Of two batteries only one is charged at a time, so that one
/// that charges is enough; where neither charges nor discharges, the wall plug decides.
fn charging(cells: &[Cell], supplies: &[PathBuf]) -> bool {
    let any = |status: &str| cells.iter().any(|cell| cell.status == status);
    if any("Charging") {
        return true;
    }
    if any("Discharging") {
        return false;
    }
    let mut plugs = supplies
        .iter()
        .filter(|dir| {
            text(dir, "type").is_some_and(|t| t == "Mains" || t == "Wireless" || t.starts_with("USB"))
        })
        .filter_map(|dir| number(dir, "online"))
        .peekable();
    match plugs.peek() {
        Some(_) => plugs.any(|online| online > 0),
        None => any("Full") || any("Not charging"),
    }
}

fn heat(dir: &Path) -> Heat {
    let zone = |dir: &PathBuf| {
        dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with("thermal_zone"))
    };
    entries(dir).filter(zone).map(|dir| zone_heat(&dir)).max().unwrap_or(Heat::Normal)
}

fn zone_heat(dir: &Path) -> Heat {
    let Some(now) = number(dir, "temp") else { return Heat::Normal };
    (0..)
        .map_while(|trip| text(dir, &format!("trip_point_{trip}_type")).map(|kind| (trip, kind)))
        .filter_map(|(trip, kind)| {
            let heat = match kind.as_str() {
                "hot" => Heat::Hot,
                "critical" => Heat::Overheated,
                _ => return None,
            };
            let at = number(dir, &format!("trip_point_{trip}_temp"))?;
            // Drivers without such a point give it at or below zero.
            (at > 0 && now >= at).then_some(heat)
        })
        .max()
        .unwrap_or(Heat::Normal)
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
