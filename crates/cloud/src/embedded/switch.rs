//! The account's switch and those of its apps, as a person sets them in the settings of a cloud.

use std::collections::BTreeSet;

use super::{Core, EmbeddedCloud};
use crate::{CloudError, Result};

/// Stands for the account itself among the names of bundles, of which none is empty.
const ACCOUNT: &str = "";

impl EmbeddedCloud {
    /// Switches the cloud on or off: for one bundle, or for the whole account where `bundle` is
    /// `None`. What the cloud holds stays. Everybody who has the directory open sees it at once.
    ///
    /// # Errors
    /// [`CloudError::InvalidArgument`] for a bundle without a name; as the records' otherwise.
    pub fn switch(&self, bundle: Option<&str>, on: bool) -> Result<()> {
        if bundle == Some(ACCOUNT) {
            return Err(CloudError::InvalidArgument("a bundle without a name".to_owned()));
        }
        let sql = match on {
            true => "DELETE FROM switched_off WHERE bundle = ?1",
            false => "INSERT OR IGNORE INTO switched_off VALUES (?1)",
        };
        self.core.pool.write(|tx| Ok(tx.execute(sql, [bundle.unwrap_or(ACCOUNT)]).map(drop)?))
    }
}

/// Who is switched off.
pub(super) struct SwitchedOff(BTreeSet<String>);

impl SwitchedOff {
    pub(super) fn read(core: &Core) -> Result<Self> {
        core.pool.read(|tx| {
            let mut statement = tx.prepare_cached("SELECT bundle FROM switched_off")?;
            let bundles = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok(SwitchedOff(bundles))
        })
    }

    pub(super) fn account(&self) -> bool {
        self.0.contains(ACCOUNT)
    }

    /// Whether the cloud is off for a bundle, or for the whole account.
    pub(super) fn is_off_for(&self, bundle: &str) -> bool {
        self.account() || self.0.contains(bundle)
    }

    /// The bundles, without the account.
    pub(super) fn bundles(self) -> impl Iterator<Item = String> {
        self.0.into_iter().filter(|bundle| bundle != ACCOUNT)
    }
}
