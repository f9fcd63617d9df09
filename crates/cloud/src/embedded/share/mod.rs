//! `ShareCenter`: what accounts of one directory share with one another.
//!
//! [`book`] is the file in which all accounts' shares stand, [`rules`] what may become of a share. Every call is one
//! transaction of the book: it reads a share, lets the rules decide, and writes what has changed. [`mirror`] shows an account
//! what others share with it, [`through`] is what it may write there, and [`keep`] what of that stays with it in the end.

mod book;
pub(super) mod keep;
pub(super) mod mirror;
mod rules;
pub(super) mod through;

use std::sync::Arc;

use rusqlite::{OptionalExtension, Transaction, params};

pub(super) use book::Book;
use mirror::Place;
use rules::{Part, Share};

use super::description::find_database;
use super::{Core, ids, switch};
use crate::{
    CloudError, Flag, Participant, Privilege, RecordPlace, Result, ShareCenter, ShareError, ShareResult,
    SharingCode, State,
};

/// The longest text that an app can attach to a participant, in bytes.
const LONGEST_ATTACHED: usize = 4096;
/// Wrong invitation codes are counted within so many milliseconds.
const GUESSES_MS: i64 = 60_000;

/// An account's share centre for one bundle. Used from any thread.
pub(super) struct EmbeddedShare {
    core: Arc<Core>,
    bundle: String,
}

/// What a transaction comes to: a failure of the book, which undoes it, or an answer.
type Settled<T> = Result<ShareResult<T>>;
type Answers = Vec<ShareResult<Participant>>;

fn refused<T>(code: SharingCode, text: impl Into<String>) -> ShareResult<T> {
    Err(ShareError::new(code, text))
}

/// What is said to whoever is no part of a share, also where there is none: nobody can find out which there are.
fn stranger() -> ShareError {
    ShareError::new(
        SharingCode::NotInviterOrInvitee,
        "there is no share of that name that this account is a part of; ask the inviter for an invitation",
    )
}

fn not_inviter() -> ShareError {
    ShareError::new(SharingCode::NotInviter, "only the inviter may do this; ask the inviter to do it")
}

impl EmbeddedShare {
    pub(super) fn new(core: Arc<Core>, bundle: &str) -> Self {
        EmbeddedShare { core, bundle: bundle.to_owned() }
    }

    fn account(&self) -> &str {
        &self.core.account_id
    }

    /// Fails where this share centre is for another bundle, or the cloud is switched off.
    fn check(&self, bundle: &str) -> ShareResult<()> {
        if bundle != self.bundle {
            let text = format!("this is the share centre of {}, and not of {bundle}", self.bundle);
            return refused(SharingCode::InvalidArgs, text);
        }
        match switch::SwitchedOff::read(&self.core)?.is_off_for(bundle) {
            true => Err(CloudError::Disabled.into()),
            false => Ok(()),
        }
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Settled<T>) -> ShareResult<T> {
        self.core.book()?.pool.write(work)?
    }

    fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Settled<T>) -> ShareResult<T> {
        self.core.book()?.pool.read(work)?
    }

    /// Writes what has changed of a share, and remembers whom it concerns.
    fn save(&self, tx: &Transaction<'_>, share: &Share, concerned: &mut Vec<(String, String)>) -> Result<()> {
        let changed = share.invitees.iter().filter(|one| one.changed);
        concerned.extend(changed.map(|one| (one.account.clone(), share.database.clone())));
        book::save(tx, share)
    }

    /// Tells those for whom something has changed that they will find other records than before.
    fn tell(&self, concerned: Vec<(String, String)>) {
        for (account, database) in concerned {
            tell(&self.core, &account, &self.bundle, &database);
        }
    }

    /// The share of a resource, and this account's part in it.
    fn find(&self, tx: &Transaction<'_>, resource: &str) -> Settled<(Share, Part)> {
        let share = book::find(tx, resource)?.filter(|share| share.bundle == self.bundle);
        let found = share.and_then(|share| share.part_of(self.account()).map(|part| (share, part)));
        Ok(found.ok_or_else(stranger))
    }

    /// Does something to each of some participants, in a transaction that writes what has changed of the share.
    fn each(
        &self,
        resource: &str,
        participants: &[Participant],
        mut act: impl FnMut(&Transaction<'_>, &mut Share, Part) -> Settled<Answers>,
    ) -> ShareResult<Answers> {
        if participants.is_empty() {
            return refused(SharingCode::InvalidArgs, "no participants were named; name one at least");
        }
        let mut concerned = Vec::new();
        let answers = self.write(|tx| {
            let (mut share, part) = match self.find(tx, resource)? {
                Ok(found) => found,
                Err(error) => return Ok(Err(error)),
            };
            let answers = act(tx, &mut share, part)?;
            if answers.is_ok() {
                self.save(tx, &share, &mut concerned)?;
            }
            Ok(answers)
        })?;
        self.tell(concerned);
        Ok(answers)
    }

    /// The share that an invitation of this account's is for. A code that is none counts as a guess, of which there are only
    /// so many a minute.
    fn invited<T>(
        &self,
        code: &str,
        act: impl FnOnce(&Transaction<'_>, &mut Share, Part) -> Settled<T>,
    ) -> ShareResult<T> {
        let now = self.core.now();
        let mut concerned = Vec::new();
        let answer = self.write(|tx| {
            let guesses = book::guesses(tx, self.account(), now, GUESSES_MS)?;
            if guesses >= self.core.options.sharing.wrong_codes_a_minute {
                let text = "too many wrong invitation codes; try again in a minute";
                return Ok(refused(SharingCode::RateLimit, text));
            }
            let share = book::find_by_code(tx, code)?.filter(|share| share.bundle == self.bundle);
            let found =
                share.and_then(|share| share.part_by_code(self.account(), code).map(|part| (share, part)));
            let Some((mut share, part)) = found else {
                book::count_guess(tx, self.account(), now, guesses)?;
                let text = "there is no such invitation for this account; ask the inviter for its code";
                return Ok(refused(SharingCode::InvalidInvitation, text));
            };
            let answer = act(tx, &mut share, part)?;
            if answer.is_ok() {
                self.save(tx, &share, &mut concerned)?;
            }
            Ok(answer)
        })?;
        self.tell(concerned);
        Ok(answer)
    }

    /// The account of a participant that is to be invited.
    fn account_of(&self, asked: &Participant) -> ShareResult<String> {
        if asked.attach_info.len() > LONGEST_ATTACHED {
            let text = format!("attach_info is longer than {LONGEST_ATTACHED} bytes");
            return refused(SharingCode::InvalidArgs, text);
        }
        let account = ids::account_id(&asked.identity);
        if asked.identity.is_empty() || !self.core.dir.join(&account).join("records.db").exists() {
            let text =
                format!("this cloud has no account {:?}; it must have been opened once", asked.identity);
            return refused(SharingCode::InvalidArgs, text);
        }
        Ok(account)
    }

    /// A text that nobody can guess.
    fn secret(&self) -> Result<String> {
        let mut bytes = [0u8; 16];
        (self.core.options.random)(&mut bytes)
            .map_err(|error| CloudError::Unknown(format!("no randomness: {error}")))?;
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Fails where the account, or the share, would have more than it may.
    fn check_limits(&self, tx: &Transaction<'_>, share: &Share, asked: &[String]) -> Settled<()> {
        let limits = &self.core.options.sharing;
        let mut new: Vec<&String> = asked.iter().filter(|account| !share.is_taking_part(account)).collect();
        new.sort_unstable();
        new.dedup();
        let taking_part = share.taking_part();
        if taking_part + new.len() > limits.participants {
            let text =
                format!("a share has at most {} participants; take it back from some", limits.participants);
            return Ok(refused(SharingCode::TooManyParticipants, text));
        }
        if taking_part == 0 && !new.is_empty() && book::shares_of(tx, &share.owner)? >= limits.shares {
            let text =
                format!("the account shares {} things, as many as it may; unshare some", limits.shares);
            return Ok(refused(SharingCode::OverQuota, text));
        }
        Ok(Ok(()))
    }

    /// The resource of what somebody else shares with this account: of the very record that was shared. A record of the
    /// account's own may have the same id.
    fn lent(&self, record: RecordPlace<'_>) -> Result<Option<ShareResult<String>>> {
        let names = Place { table: 0, bundle: &self.bundle, database: record.database, name: record.table };
        let copy = self.core.pool.read(|tx| {
            let Some((_, table, _)) = mirror::find_table(tx, names)? else { return Ok(false) };
            Ok(mirror::is_copy(tx, table, record.id)?)
        })?;
        if !copy && self.holds(record)? {
            return Ok(None);
        }
        let grants = mirror::grants(&self.core, names)?;
        if let Some(grant) = grants.into_iter().find(|grant| grant.record == record.id) {
            return Ok(Some(Ok(grant.resource)));
        }
        Ok(copy.then(|| Err(not_inviter())))
    }

    /// Whether this account has such a record, and has not deleted it.
    fn holds(&self, record: RecordPlace<'_>) -> Result<bool> {
        self.core.pool.read(|tx| {
            let Some(db) = find_database(tx, &self.bundle, record.database)? else { return Ok(false) };
            let sql = "SELECT 1 FROM records JOIN tables ON tables.id = records.tbl
                       WHERE tables.db = ?1 AND tables.name = ?2 AND records.id = ?3 AND records.op <> ?4";
            let row = params![db, record.table, record.id, Flag::Delete as i32];
            Ok(tx.query_row(sql, row, |_| Ok(())).optional()?.is_some())
        })
    }
}

impl ShareCenter for EmbeddedShare {
    fn alloc_resource(&self, _user: i32, bundle: &str, record: RecordPlace<'_>) -> ShareResult<String> {
        self.check(bundle)?;
        if let Some(lent) = self.lent(record)? {
            return lent;
        }
        if !self.holds(record)? {
            let text = format!("this account has no record {} that it could share", record.id);
            return refused(SharingCode::InvalidArgs, text);
        }
        let resource = self.secret()?;
        let inviter = &self.core.options.account;
        self.write(|tx| book::allocate(tx, &resource, self.account(), inviter, bundle, record).map(Ok))
    }

    fn share(
        &self,
        _user: i32,
        bundle: &str,
        resource: &str,
        participants: &[Participant],
    ) -> ShareResult<Answers> {
        self.check(bundle)?;
        let accounts: Vec<ShareResult<String>> =
            participants.iter().map(|asked| self.account_of(asked)).collect();
        let ends = self.core.invitation_ends();
        self.each(resource, participants, |tx, share, part| {
            let Some(may) = share.may_invite(part) else { return Ok(Err(not_inviter())) };
            if part == Part::Inviter && !self.holds(share.place())? {
                return Ok(refused(SharingCode::InvalidArgs, "what was shared has been deleted"));
            }
            let known: Vec<String> = accounts.iter().flatten().cloned().collect();
            if let Err(error) = self.check_limits(tx, share, &known)? {
                return Ok(Err(error));
            }
            let mut answers = Vec::with_capacity(participants.len());
            for (asked, account) in participants.iter().zip(&accounts) {
                answers.push(match account {
                    Ok(account) => share.invite(may, account, asked, self.core.now(), ends, &self.secret()?),
                    Err(error) => Err(error.clone()),
                });
            }
            Ok(Ok(answers))
        })
    }

    fn unshare(
        &self,
        _user: i32,
        bundle: &str,
        resource: &str,
        participants: &[Participant],
    ) -> ShareResult<Answers> {
        self.check(bundle)?;
        self.each(resource, participants, |_, share, part| {
            if part != Part::Inviter {
                return Ok(Err(not_inviter()));
            }
            Ok(Ok(participants.iter().map(|asked| share.take_back(&asked.identity)).collect()))
        })
    }

    fn exit(&self, _user: i32, bundle: &str, resource: &str) -> ShareResult<()> {
        self.check(bundle)?;
        let mut concerned = Vec::new();
        self.write(|tx| {
            let found = book::find(tx, resource)?.filter(|share| share.bundle == self.bundle);
            let Some(mut share) = found else { return Ok(Err(stranger())) };
            let left = share.leave(self.account());
            if left.is_ok() {
                self.save(tx, &share, &mut concerned)?;
            }
            Ok(left)
        })?;
        self.tell(concerned);
        Ok(())
    }

    fn change_privilege(
        &self,
        _user: i32,
        bundle: &str,
        resource: &str,
        participants: &[Participant],
    ) -> ShareResult<Answers> {
        self.check(bundle)?;
        self.each(resource, participants, |_, share, part| {
            if part != Part::Inviter {
                return Ok(Err(not_inviter()));
            }
            let change = |asked: &Participant| share.change_privilege(&asked.identity, asked.privilege);
            Ok(Ok(participants.iter().map(change).collect()))
        })
    }

    fn query_participants(&self, _user: i32, bundle: &str, resource: &str) -> ShareResult<Vec<Participant>> {
        self.check(bundle)?;
        self.read(|tx| Ok(self.find(tx, resource)?.map(|(share, part)| share.participants(part))))
    }

    fn query_participants_by_invitation(
        &self,
        _user: i32,
        bundle: &str,
        invitation_code: &str,
    ) -> ShareResult<Vec<Participant>> {
        self.check(bundle)?;
        self.invited(invitation_code, |_, share, part| Ok(Ok(share.participants(part))))
    }

    fn confirm_invitation(
        &self,
        _user: i32,
        bundle: &str,
        invitation_code: &str,
        state: State,
    ) -> ShareResult<String> {
        self.check(bundle)?;
        let now = self.core.now();
        self.invited(invitation_code, |_, share, part| Ok(share.confirm(part, state, now)))
    }

    fn change_confirmation(&self, _user: i32, bundle: &str, resource: &str, state: State) -> ShareResult<()> {
        self.check(bundle)?;
        let mut concerned = Vec::new();
        self.write(|tx| {
            let (mut share, part) = match self.find(tx, resource)? {
                Ok(found) => found,
                Err(error) => return Ok(Err(error)),
            };
            let changed = share.change_confirmation(part, state);
            if changed.is_ok() {
                self.save(tx, &share, &mut concerned)?;
            }
            Ok(changed)
        })?;
        self.tell(concerned);
        Ok(())
    }
}

/// Tells those who see what this account shares in a database that its records were written. Who does not hear of it finds it
/// when it looks next.
pub(super) fn tell_watchers(core: &Core, bundle: &str, database: &str) {
    if core.book.get().is_none() && !core.dir.join(book::FILE).exists() {
        return;
    }
    let watchers = core
        .book()
        .and_then(|book| book.pool.read(|tx| book::watchers(tx, &core.account_id, bundle, database)));
    for account in watchers.unwrap_or_default() {
        tell(core, &account, bundle, database);
    }
}

/// Tells an account that there is news in one of its databases.
fn tell(core: &Core, account: &str, bundle: &str, database: &str) {
    let Ok(peer) = core.peer(account) else { return };
    if let Ok(Some(db)) = peer.pool.read(|tx| find_database(tx, bundle, database)) {
        peer.subscriptions.tell(db);
    }
}

/// A privilege as the book keeps it.
fn bits_of(privilege: Privilege) -> i64 {
    let Privilege { writable, readable, creatable, deletable, shareable } = privilege;
    let bits = [writable, readable, creatable, deletable, shareable];
    bits.iter().enumerate().map(|(index, bit)| i64::from(*bit) << index).sum()
}

fn privilege_of(bits: i64) -> Privilege {
    let bit = |index: u32| bits >> index & 1 == 1;
    Privilege { writable: bit(0), readable: bit(1), creatable: bit(2), deletable: bit(3), shareable: bit(4) }
}
