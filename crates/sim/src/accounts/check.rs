//! What must hold between accounts: nobody sees or changes what is not shared with them, and nobody loses what they made.

use std::collections::BTreeSet;

use cloudsync_cloud::{
    CloudData, CloudType, Flag, NAME_FIELD, OWNER_FIELD, PARENT_FIELD, Privilege, Result, Row, RowWrite,
    WriteReceipt,
};
use cloudsync_engine::ports::FileSystem;
use cloudsync_engine::tree::Digest;

use super::listing::{Records, digest_in, is_copy, lies_in, parent_of};
use super::{Accounts, Lent};
use crate::people::digest_of;
use crate::shared::Shared;

/// Everybody's own records, before something is written.
pub(super) type Before = Option<Vec<Records>>;

impl Shared {
    pub(crate) fn tell_accounts_the_time(&self) {
        if let Some(accounts) = &self.accounts {
            accounts.set_time(self.cloud_ms());
        }
    }

    /// What will be looked at after a write.
    pub(super) fn before_write(&self) -> Result<Before> {
        let watched = self.accounts.as_ref().filter(|accounts| accounts.watchful);
        watched.map(Accounts::everybodys).transpose()
    }

    /// An account has written; what it changed of others' it must have been allowed to.
    pub(super) fn after_write(
        &mut self,
        account: usize,
        rows: &[RowWrite],
        written: &Result<Vec<Result<WriteReceipt>>>,
        before: Before,
    ) -> Result<()> {
        let Some(accounts) = &mut self.accounts else { return Ok(()) };
        for (row, answer) in rows.iter().zip(written.iter().flatten()) {
            if answer.is_ok() {
                accounts.wrote(account, row);
            }
        }
        let Some(before) = before else { return Ok(()) };
        let after = accounts.everybodys()?;
        let mut wrong = Vec::new();
        for owner in (0..after.len()).filter(|owner| *owner != account) {
            let kept = kept(&before[account], &before[owner], &after[owner]);
            let others = accounts.not_allowed(account, owner, &before[owner], &after[owner], &kept);
            wrong.extend(others);
        }
        for text in wrong {
            self.broken(0, text);
        }
        Ok(())
    }

    /// An account was shown a page of its table.
    pub(super) fn shown(&mut self, account: usize, page: &CloudData) -> Result<()> {
        let Some(accounts) = &mut self.accounts else { return Ok(()) };
        let everybodys = accounts.everybodys()?;
        let mut wrong = Vec::new();
        for record in page.values.iter().filter(|record| record.extension.operation != Flag::Delete) {
            let id = &record.extension.id;
            if !is_copy(&record.values) {
                accounts.all[account].shown.remove(id);
                continue;
            }
            let owner = accounts.owner_of(&record.values);
            let seen = owner.filter(|owner| {
                accounts.may(account, *owner, &everybodys[*owner], id, |privilege| privilege.readable)
            });
            match seen {
                Some(owner) => {
                    accounts.all[account].known.extend(digest_in(&record.values));
                    accounts.all[account].shown.insert(id.clone(), owner);
                }
                None => wrong.push(format!("account {account} is shown {id}, which is not shared with it")),
            }
        }
        for text in wrong {
            self.broken(0, text);
        }
        Ok(())
    }

    /// Holds everything against what must be so between accounts, in a world at rest.
    pub(crate) fn check_accounts(&mut self) {
        self.tell_accounts_the_time();
        let Some(accounts) = &self.accounts else { return };
        let wrong = match accounts.copies_are_what_is_shared() {
            Ok(wrong) => wrong,
            Err(error) => vec![format!("the accounts cannot be listed: {error}")],
        };
        for text in wrong {
            self.broken(0, text);
        }
        self.nobody_has_what_was_not_shown();
        self.nobody_loses_what_they_made();
    }

    /// Whatever lies on a device, its people wrote, or were shown.
    fn nobody_has_what_was_not_shown(&mut self) {
        let Some(accounts) = &self.accounts else { return };
        let mut wrong = Vec::new();
        for device in 0..self.devices.len() {
            let account = accounts.account_of(device);
            let written = self.written_in(accounts, account);
            for (digest, path) in self.contents_on(device) {
                let known = accounts.all[account].known.contains(&digest) || written.contains(&digest);
                // Nothing is nobody's: so begins every download.
                if !known && digest != digest_of(&[]) && self.people.stories.contains_key(&digest) {
                    let label = self.people.label(&digest);
                    wrong.push(format!("device {device} has {label} at {path}, which nobody showed it"));
                }
            }
        }
        for text in wrong {
            self.broken(0, text);
        }
    }

    fn written_in(&self, accounts: &Accounts, account: usize) -> BTreeSet<Digest> {
        let devices: BTreeSet<usize> = accounts.devices_of(account).collect();
        let stories = self.people.stories.iter();
        let written =
            stories.filter(|(_, story)| story.written.keys().any(|device| devices.contains(device)));
        written.map(|(digest, _)| *digest).collect()
    }

    /// What an account's people wrote, and nobody who might has overwritten or deleted, they can still get at: in their
    /// gallery, on a disk of theirs, or in a trash.
    fn nobody_loses_what_they_made(&mut self) {
        let Some(accounts) = &self.accounts else { return };
        let mut lost = Vec::new();
        for account in 0..accounts.all.len() {
            let Ok(records) = accounts.records(account) else { continue };
            let mut there: BTreeSet<Digest> =
                records.values().filter_map(|rec| digest_in(&rec.values)).collect();
            for device in accounts.devices_of(account) {
                let kept = self.contents_on(device).into_iter();
                let kept = kept.filter(|(_, path)| !path.starts_with(<dyn FileSystem>::TEMP));
                there.extend(kept.map(|(digest, _)| digest));
            }
            for digest in self.written_in(accounts, account).difference(&there) {
                let Some(story) = self.people.stories.get(digest) else { continue };
                let of = |device: &usize| accounts.account_of(*device);
                let own = story.dropped_by.iter().any(|device| of(device) == account);
                // What others delete is in the trash of whoever had it, unless it was in the cloud alone by then.
                let gone = if self.space.is_some() { &story.dropped_by } else { &story.overwritten_by };
                let mut others = gone.iter().map(of);
                let dropped = own || others.any(|who| accounts.could_ever_drop(who, account));
                let lost_power = story.excused_on.iter().any(|device| of(device) == account);
                if !story.excused && !lost_power && !dropped {
                    lost.push(format!("account {account} has lost {}", story.label));
                }
            }
        }
        for text in lost {
            self.broken(1, text);
        }
    }
}

impl Accounts {
    /// A record was written: whoever's it is has been shown its bytes.
    fn wrote(&mut self, account: usize, row: &RowWrite) {
        let shown = &self.all[account].shown;
        let parent = parent_of(&row.values).and_then(|parent| shown.get(parent));
        let Some(owner) = shown.get(&row.id).or(parent).copied() else { return };
        self.all[account].shown.insert(row.id.clone(), owner);
        self.all[owner].known.extend(digest_in(&row.values));
    }

    /// Whose copy a record says it is.
    fn owner_of(&self, values: &Row) -> Option<usize> {
        let Some(CloudType::String(owner)) = values.get(OWNER_FIELD) else { return None };
        self.all.iter().position(|account| account.name == owner)
    }

    /// What an account has changed of another's records and may not. `kept`: what became the other's by itself.
    fn not_allowed(
        &self,
        account: usize,
        owner: usize,
        before: &Records,
        after: &Records,
        kept: &BTreeSet<&String>,
    ) -> Vec<String> {
        let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut wrong = Vec::new();
        for id in ids {
            let may = |records, id: &str, what| self.may(account, owner, records, id, what);
            let (what, allowed) = match (before.get(id), after.get(id)) {
                (None, Some(_)) if kept.contains(id) => continue,
                (None, Some(_)) => ("adds", may(after, id, |privilege: Privilege| privilege.creatable)),
                (Some(_), None) => ("deletes", may(before, id, |privilege| privilege.deletable)),
                (Some(old), Some(new)) if old.values != new.values => {
                    let moved = place_of(&old.values) != place_of(&new.values);
                    ("changes", self.may_write(account, owner, [before, after], id, moved))
                }
                _ => continue,
            };
            if !allowed {
                wrong.push(format!("account {account} {what} {id} of account {owner}, and may not"));
            }
        }
        wrong
    }

    /// Whether an account may write a record of another's, and move it: within what is shared, and not that itself.
    fn may_write(
        &self,
        account: usize,
        owner: usize,
        [before, after]: [&Records; 2],
        id: &str,
        moved: bool,
    ) -> bool {
        let granted = |lent: &&Lent| lent.owner == owner && lent.invitee == account && lent.stands();
        let mut grants = self.book.iter().filter(granted).filter(|lent| lent.privilege.writable);
        grants.any(|lent| {
            let stays = [before, after].iter().all(|records| lies_in(records, id, &lent.record));
            stays && !(moved && lent.record == id)
        })
    }

    /// Every account has copies of all that is shared with it, and of nothing else.
    fn copies_are_what_is_shared(&self) -> Result<Vec<String>> {
        let everybodys = self.everybodys()?;
        let mut wrong = Vec::new();
        for account in 0..self.all.len() {
            let records = self.records(account)?;
            let copies: BTreeSet<&String> =
                records.iter().filter(|(_, rec)| is_copy(&rec.values)).map(|(id, _)| id).collect();
            let mut shared = BTreeSet::new();
            for lent in self.book.iter().filter(|lent| lent.invitee == account && lent.stands()) {
                let own = &everybodys[lent.owner];
                shared.extend(own.keys().filter(|id| lies_in(own, id, &lent.record)));
            }
            for id in copies.difference(&shared) {
                wrong.push(format!("account {account} still has {id}, which is not shared with it"));
            }
            // A record of the account's own is never replaced by a copy of the same id.
            for id in shared.difference(&copies).filter(|id| !records.contains_key(**id)) {
                wrong.push(format!("account {account} has no {id}, which is shared with it"));
            }
        }
        Ok(wrong)
    }
}

/// What somebody had made in something of another's, and has as its own now that the other has put that where it is not shared;
/// with the folders that lead to it.
fn kept<'r>(others: &Records, before: &Records, after: &'r Records) -> BTreeSet<&'r String> {
    let new = || after.keys().filter(|id| !before.contains_key(*id));
    let made: Vec<&String> = new().filter(|id| others.contains_key(*id)).collect();
    new().filter(|id| made.iter().any(|one| lies_in(after, one, id))).collect()
}

fn place_of(values: &Row) -> [Option<&CloudType>; 2] {
    [values.get(PARENT_FIELD), values.get(NAME_FIELD)]
}
