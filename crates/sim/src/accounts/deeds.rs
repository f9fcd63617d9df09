//! What people do with their shares.

use cloudsync_cloud::{
    CloudError, Participant, Privilege, RecordPlace, ShareError, ShareResult, SharingCode, State,
};
use cloudsync_engine::job::TABLE;

use super::book::Lent;
use super::listing::{digest_in, is_copy};
use super::{Accounts, Gallery};
use crate::rng::Rng;
use crate::shared::Shared;

#[derive(Debug, Clone, Copy)]
enum Deed {
    Share,
    Confirm,
    Reconsider,
    Allow,
    TakeBack,
    Leave,
}

const DEEDS: [(u64, Deed); 6] = [
    (10, Deed::Share),
    (12, Deed::Confirm),
    (2, Deed::Reconsider),
    (4, Deed::Allow),
    (3, Deed::TakeBack),
    (3, Deed::Leave),
];

impl Shared {
    /// Somebody does something with what is shared. What turns out to be impossible is not done.
    pub(crate) fn deal(&mut self) {
        self.tell_accounts_the_time();
        let Some(accounts) = &mut self.accounts else { return };
        let done = match self.rng.weighted(&DEEDS, Deed::Share) {
            Deed::Share => accounts.share(&mut self.rng),
            Deed::Confirm => accounts.confirm(&mut self.rng),
            Deed::Reconsider => accounts.reconsider(&mut self.rng),
            Deed::Allow => accounts.allow(&mut self.rng),
            Deed::TakeBack => accounts.take_back(&mut self.rng),
            Deed::Leave => accounts.leave(&mut self.rng),
        };
        match done {
            Some((told, Ok(()))) => self.note(&format!("SHARING {told}")),
            Some((told, Err(error))) => self.broken(0, format!("{told}: {error}")),
            None => {}
        }
    }
}

/// What was tried, and what came of it; nothing where there was nothing to do it to.
type Done = Option<(String, ShareResult<()>)>;

fn privilege(rng: &mut Rng) -> Privilege {
    let everything = rng.per_mille(300);
    let mut bit = |per_mille| everything || rng.per_mille(per_mille);
    Privilege {
        writable: bit(450),
        readable: bit(930),
        creatable: bit(450),
        deletable: bit(400),
        shareable: bit(250),
    }
}

fn answer(rng: &mut Rng) -> State {
    rng.weighted(&[(7, State::Accepted), (1, State::Rejected), (2, State::Suspended)], State::Accepted)
}

impl Accounts {
    /// One account shares a record of its gallery with another, which accepts.
    ///
    /// # Errors
    /// As the cloud answers.
    pub fn lend(
        &mut self,
        owner: usize,
        record: &str,
        invitee: usize,
        privilege: Privilege,
    ) -> ShareResult<()> {
        let unknown =
            || ShareError::from(CloudError::NotFound("an account whose gallery was synced".to_owned()));
        let (from, to) =
            (self.gallery(owner).ok_or_else(unknown)?, self.gallery(invitee).ok_or_else(unknown)?);
        let place = RecordPlace { database: &from.database, table: TABLE, id: record };
        let resource = from.center.alloc_resource(0, &from.bundle, place)?;
        let asked = self.asked(invitee, privilege);
        let code = only(from.center.share(0, &from.bundle, &resource, &asked))?.invitation_code;
        to.center.confirm_invitation(0, &to.bundle, &code, State::Accepted)?;
        let (record, state) = (record.to_owned(), State::Accepted);
        self.note(Lent { resource, owner, record, invitee, code, state, privilege });
        Ok(())
    }

    fn gallery(&self, account: usize) -> Option<Gallery> {
        self.all.get(account)?.gallery.clone()
    }

    fn lent(&self, rng: &mut Rng, wanted: impl Fn(&Lent) -> bool) -> Option<Lent> {
        let found: Vec<&Lent> = self.book.iter().filter(|lent| wanted(lent)).collect();
        rng.pick(&found).map(|lent| (*lent).clone())
    }

    fn asked(&self, invitee: usize, privilege: Privilege) -> [Participant; 1] {
        let identity = self.all.get(invitee).map_or("", |one| one.name).to_owned();
        [Participant { identity, privilege, ..Participant::default() }]
    }

    /// Somebody invites somebody to something of their own, or to what they were invited to themselves.
    fn share(&mut self, rng: &mut Rng) -> Done {
        let by = rng.index(self.all.len());
        let invitee = (by + 1 + rng.index(self.all.len() - 1)) % self.all.len();
        let gallery = self.gallery(by)?;
        let records = self.records(by).ok()?;
        let folders = rng.per_mille(800);
        let own = records.iter().filter(|(_, rec)| !is_copy(&rec.values));
        let ids: Vec<&String> =
            own.filter(|(_, rec)| digest_in(&rec.values).is_none() == folders).map(|(id, _)| id).collect();
        let handed_on = rng.per_mille(200);
        let lent = self.lent(rng, |lent| {
            lent.invitee == by && lent.owner != invitee && lent.stands() && lent.privilege.shareable
        });
        let mut privilege = privilege(rng);
        let (owner, record, resource) = match lent.filter(|_| handed_on) {
            Some(lent) => {
                let may = lent.privilege;
                privilege = Privilege {
                    writable: privilege.writable && may.writable,
                    readable: true,
                    creatable: privilege.creatable && may.creatable,
                    deletable: privilege.deletable && may.deletable,
                    shareable: privilege.shareable,
                };
                (lent.owner, lent.record, lent.resource)
            }
            None => {
                let id = (*rng.pick(&ids)?).clone();
                let place = RecordPlace { database: &gallery.database, table: TABLE, id: &id };
                match gallery.center.alloc_resource(0, &gallery.bundle, place) {
                    Ok(resource) => (by, id, resource),
                    Err(error) => return Some((format!("{by} allocates {id}"), Err(error))),
                }
            }
        };
        let told = format!("{by} shares {record} with {invitee}: {privilege:?}");
        let asked = self.asked(invitee, privilege);
        let invited = gallery.center.share(0, &gallery.bundle, &resource, &asked);
        match only(invited) {
            Ok(one) => {
                let code = match self
                    .book
                    .iter()
                    .find(|lent| lent.resource == resource && lent.invitee == invitee)
                {
                    Some(known) if one.invitation_code.is_empty() => known.code.clone(),
                    _ => one.invitation_code,
                };
                let (state, privilege) = (one.state, one.privilege);
                self.note(Lent { resource, owner, record, invitee, code, state, privilege });
                Some((told, Ok(())))
            }
            // Invited otherwise before, or deleted by its owner since.
            Err(error) => Some((format!("{told}: {error}"), Ok(()))),
        }
    }

    fn confirm(&mut self, rng: &mut Rng) -> Done {
        let lent = self.lent(rng, |lent| matches!(lent.state, State::Unknown | State::Suspended))?;
        let gallery = self.gallery(lent.invitee)?;
        let state = answer(rng);
        let told = format!("{} answers {state:?} to {}", lent.invitee, lent.record);
        match gallery.center.confirm_invitation(0, &gallery.bundle, &lent.code, state) {
            // It has not been answered for too long.
            Err(error) if error.code == SharingCode::InvalidInvitation => {
                Some((format!("{told}: {error}"), Ok(())))
            }
            done => Some((told, done.map(|_| self.note(Lent { state, ..lent })))),
        }
    }

    fn reconsider(&mut self, rng: &mut Rng) -> Done {
        let answered = |lent: &Lent| !matches!(lent.state, State::Unknown | State::Unavailable);
        let lent = self.lent(rng, answered)?;
        let gallery = self.gallery(lent.invitee)?;
        let state = answer(rng);
        let told = format!("{} now answers {state:?} to {}", lent.invitee, lent.record);
        let done = gallery.center.change_confirmation(0, &gallery.bundle, &lent.resource, state);
        Some((told, done.map(|()| self.note(Lent { state, ..lent }))))
    }

    fn allow(&mut self, rng: &mut Rng) -> Done {
        let taking_part = |lent: &Lent| !matches!(lent.state, State::Rejected | State::Unavailable);
        let lent = self.lent(rng, taking_part)?;
        let gallery = self.gallery(lent.owner)?;
        let privilege = privilege(rng);
        let told = format!("{} allows {} {privilege:?} of {}", lent.owner, lent.invitee, lent.record);
        let asked = self.asked(lent.invitee, privilege);
        let done = gallery.center.change_privilege(0, &gallery.bundle, &lent.resource, &asked);
        Some((told, only(done).map(|_| self.note(Lent { privilege, ..lent }))))
    }

    fn take_back(&mut self, rng: &mut Rng) -> Done {
        let lent = self.lent(rng, |lent| lent.state != State::Unavailable)?;
        let gallery = self.gallery(lent.owner)?;
        let told = format!("{} takes {} back from {}", lent.owner, lent.record, lent.invitee);
        let asked = self.asked(lent.invitee, lent.privilege);
        let done = gallery.center.unshare(0, &gallery.bundle, &lent.resource, &asked);
        Some((told, only(done).map(|_| self.note(Lent { state: State::Unavailable, ..lent }))))
    }

    fn leave(&mut self, rng: &mut Rng) -> Done {
        let lent = self.lent(rng, |lent| lent.state == State::Accepted)?;
        let gallery = self.gallery(lent.invitee)?;
        let told = format!("{} leaves {}", lent.invitee, lent.record);
        let done = gallery.center.exit(0, &gallery.bundle, &lent.resource);
        Some((told, done.map(|()| self.note(Lent { state: State::Unavailable, ..lent }))))
    }
}

/// The answer about the one participant who was named.
fn only(answers: ShareResult<Vec<ShareResult<Participant>>>) -> ShareResult<Participant> {
    let missing = || ShareError::from(CloudError::Corrupt("no answer about a participant".to_owned()));
    answers?.pop().unwrap_or_else(|| Err(missing()))
}
