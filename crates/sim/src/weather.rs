//! What goes wrong, how often, on one device.

use crate::rng::Rng;

/// Chances of failure per thousand calls, and what fails until it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// Any call of the disk fails with an I/O error.
    pub disk_error: u64,
    /// One file of a folder cannot be looked at.
    pub unreadable_entry: u64,
    /// A file cannot be opened.
    pub no_access: u64,
    /// A read brings less than was asked for.
    pub short_read: u64,
    /// Nothing more can be written.
    pub disk_full: bool,
    /// The watcher loses events.
    pub watch_overflow: u64,
    /// A commit of the index fails.
    pub index_error: u64,
    /// A call does not reach the cloud.
    pub lost_call: u64,
    /// The cloud's answer is lost.
    pub lost_reply: u64,
    /// The lock is held by somebody else.
    pub locked: u64,
    /// The lease ends before its time.
    pub lease_lost: u64,
    /// The cloud forgets deleted records, and with them all cursors.
    pub cursor_expires: u64,
    /// One row of a batch is refused.
    pub row_refused: u64,
    /// A transfer is cut in the middle.
    pub transfer_cut: u64,
    /// A byte changes on the way down.
    pub byte_flipped: u64,
    /// The account has no space for assets.
    pub cloud_full: bool,
    /// Whoever provides the cloud has gone.
    pub gone: bool,
    /// The cloud was asked too often.
    pub throttled: bool,
    /// The account is switched off.
    pub disabled: bool,
    /// The assets are out of reach, the records are not.
    pub no_assets: bool,
    /// What an asset's bytes are when the cloud reads them for a proof is not what it was given.
    pub proof_refused: u64,
    /// The cloud leaves answers out.
    pub proof_cut: u64,
}

impl Weather {
    /// Bad weather of some kind.
    pub fn bad(rng: &mut Rng) -> Self {
        let mut weather = Weather::default();
        match rng.below(10) {
            0 => weather.disk_error = 20,
            1 => weather = Weather { unreadable_entry: 60, no_access: 60, short_read: 200, ..weather },
            2 => weather.disk_full = true,
            3 => weather.index_error = 60,
            4 => weather = Weather { lost_call: 80, lost_reply: 80, ..weather },
            5 => weather = Weather { locked: 300, lease_lost: 100, ..weather },
            6 => weather = Weather { cursor_expires: 120, row_refused: 80, ..weather },
            7 => weather = Weather { transfer_cut: 150, byte_flipped: 30, ..weather },
            8 => weather = Weather { cloud_full: rng.per_mille(500), watch_overflow: 300, ..weather },
            _ => weather = Weather { disabled: rng.per_mille(300), lost_reply: 150, ..weather },
        }
        weather
    }

    /// The cloud's assets alone are in trouble.
    pub fn of_assets(rng: &mut Rng) -> Self {
        let weather = Weather::default();
        match rng.below(4) {
            0 | 1 => Weather { no_assets: true, ..weather },
            2 => Weather { proof_refused: 500, ..weather },
            _ => Weather { proof_cut: 700, ..weather },
        }
    }

    /// The cloud alone is in trouble, and does not get out of it by itself.
    pub fn cloudy(rng: &mut Rng) -> Self {
        let weather = Weather::default();
        match rng.below(6) {
            0 | 1 => Weather { lost_call: 1000, ..weather },
            2 => Weather { lost_reply: 1000, ..weather },
            3 => Weather { disabled: true, ..weather },
            4 => Weather { locked: 1000, ..weather },
            _ => Weather { cloud_full: true, ..weather },
        }
    }
}
