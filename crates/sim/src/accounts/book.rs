//! What was shared, as the answers had it: a second opinion on who may do what.

use cloudsync_cloud::{Privilege, State};

use super::Accounts;
use super::listing::{Records, lies_in};

/// Something that one account shares with another, or has shared.
#[derive(Debug, Clone)]
pub struct Lent {
    /// Its name.
    pub resource: String,
    /// Whose it is.
    pub owner: usize,
    /// The record.
    pub record: String,
    /// Who was invited.
    pub invitee: usize,
    /// By which code.
    pub code: String,
    /// What became of it.
    pub state: State,
    /// What is allowed.
    pub privilege: Privilege,
}

impl Lent {
    /// Whether it stands, and can be read.
    pub(super) fn stands(&self) -> bool {
        self.state == State::Accepted && self.privilege.readable
    }
}

impl Accounts {
    /// Notes that a share is otherwise than it was.
    pub(super) fn note(&mut self, lent: Lent) {
        let same = |known: &&mut Lent| known.resource == lent.resource && known.invitee == lent.invitee;
        if lent.stands() {
            let pair = (lent.owner, lent.invitee);
            self.readers.insert(pair);
            if lent.privilege.writable || lent.privilege.deletable {
                self.writers.insert(pair);
            }
        }
        match self.book.iter_mut().find(same) {
            Some(known) => *known = lent,
            None => self.book.push(lent),
        }
    }

    /// Whether an account may do something with what lies at a record of another's.
    pub(super) fn may(
        &self,
        account: usize,
        owner: usize,
        records: &Records,
        id: &str,
        what: fn(Privilege) -> bool,
    ) -> bool {
        let granted = |lent: &&Lent| lent.owner == owner && lent.invitee == account && lent.stands();
        let mut grants = self.book.iter().filter(granted);
        grants.any(|lent| what(lent.privilege) && lies_in(records, id, &lent.record))
    }

    /// Whether one account ever had the means, by anything shared, to overwrite or delete what another had made.
    pub(super) fn could_ever_drop(&self, who: usize, whose: usize) -> bool {
        let reaches = |owner: usize| owner == whose || self.readers.contains(&(owner, whose));
        let writes = |owner: usize| owner == who || self.writers.contains(&(owner, who));
        (0..self.all.len()).any(|owner| reaches(owner) && writes(owner))
    }
}
