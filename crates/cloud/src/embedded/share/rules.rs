//! What may become of a share: who may do what to it, and which answers an invitation takes.

use crate::{Participant, Privilege, RecordPlace, Role, ShareError, ShareResult, SharingCode, State};

use super::{refused, stranger};

/// A share as the book has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) id: i64,
    pub(super) resource: String,
    /// The inviter's account, and its name.
    pub(super) owner: String,
    pub(super) inviter: String,
    pub(super) bundle: String,
    pub(super) database: String,
    pub(super) table: String,
    pub(super) record: String,
    pub(super) invitees: Vec<Invitee>,
}

/// One who was invited, once, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invitee {
    pub(super) account: String,
    pub(super) identity: String,
    pub(super) state: State,
    pub(super) privilege: Privilege,
    pub(super) attach_info: String,
    /// The invitation's code, and when it ends unless it was accepted or rejected.
    pub(super) code: String,
    pub(super) ends_ms: i64,
    /// To be written.
    pub(super) changed: bool,
}

/// An account's part in a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Inviter,
    /// By the place in [`Share::invitees`].
    Invitee(usize),
}

impl Invitee {
    fn takes_part(&self) -> bool {
        self.state != State::Unavailable
    }

    /// Whether the invitation can be answered by its code.
    fn waits(&self) -> bool {
        matches!(self.state, State::Unknown | State::Suspended)
    }

    fn set(&mut self, state: State) {
        self.changed |= self.state != state;
        self.state = state;
    }

    fn participant(&self, seen_by: Part) -> Participant {
        let code = if seen_by == Part::Inviter && self.waits() { self.code.clone() } else { String::new() };
        Participant {
            identity: self.identity.clone(),
            role: Role::Invitee,
            state: self.state,
            privilege: self.privilege,
            attach_info: self.attach_info.clone(),
            invitation_code: code,
        }
    }
}

fn not_invited<T>(identity: &str) -> ShareResult<T> {
    let text = format!("{identity:?} was not invited to this share; share it first");
    refused(SharingCode::InvalidArgs, text)
}

/// Fails for what is no answer to an invitation.
fn check_answer(state: State) -> ShareResult<()> {
    match state {
        State::Accepted | State::Rejected | State::Suspended => Ok(()),
        State::Unknown | State::Unavailable => {
            let text = "an invitation is accepted, rejected or suspended; there is no other answer";
            refused(SharingCode::InvalidArgs, text)
        }
    }
}

impl Share {
    /// An account's part, unless it has none, or none any more.
    pub(super) fn part_of(&self, account: &str) -> Option<Part> {
        if self.owner == account {
            return Some(Part::Inviter);
        }
        self.position(|one| one.account == account && one.takes_part()).map(Part::Invitee)
    }

    /// The part of whoever a code is for.
    pub(super) fn part_by_code(&self, account: &str, code: &str) -> Option<Part> {
        self.position(|one| one.account == account && one.code == code && one.takes_part()).map(Part::Invitee)
    }

    fn position(&self, wanted: impl Fn(&Invitee) -> bool) -> Option<usize> {
        self.invitees.iter().position(wanted)
    }

    fn invitee(&mut self, part: Part) -> Option<&mut Invitee> {
        match part {
            Part::Inviter => None,
            Part::Invitee(index) => self.invitees.get_mut(index),
        }
    }

    fn named(&mut self, identity: &str) -> Option<&mut Invitee> {
        self.invitees.iter_mut().find(|one| one.identity == identity)
    }

    /// How many were invited and are neither gone nor sent away.
    pub(super) fn taking_part(&self) -> usize {
        self.invitees.iter().filter(|one| one.takes_part()).count()
    }

    /// Whether an account is one of them.
    pub(super) fn is_taking_part(&self, account: &str) -> bool {
        self.invitees.iter().any(|one| one.takes_part() && one.account == account)
    }

    /// What is shared.
    pub(super) fn place(&self) -> RecordPlace<'_> {
        RecordPlace { database: &self.database, table: &self.table, id: &self.record }
    }

    /// Everybody who takes part, as one of them may see it.
    pub(super) fn participants(&self, seen_by: Part) -> Vec<Participant> {
        let inviter = Participant {
            identity: self.inviter.clone(),
            role: Role::Inviter,
            state: State::Accepted,
            privilege: Privilege::ALL,
            ..Participant::default()
        };
        let invitees =
            self.invitees.iter().filter(|one| one.takes_part()).map(|one| one.participant(seen_by));
        std::iter::once(inviter).chain(invitees).collect()
    }

    /// What one may give to others: the inviter everything, an invitee who may share what it has itself.
    pub(super) fn may_invite(&self, part: Part) -> Option<Privilege> {
        match part {
            Part::Inviter => Some(Privilege::ALL),
            Part::Invitee(index) => {
                let invitee = self.invitees.get(index)?;
                (invitee.state == State::Accepted && invitee.privilege.shareable).then_some(invitee.privilege)
            }
        }
    }

    /// Invites an account. One that was invited already, to the same, is answered again.
    pub(super) fn invite(
        &mut self,
        may: Privilege,
        account: &str,
        asked: &Participant,
        now: i64,
        ends_ms: i64,
        code: &str,
    ) -> ShareResult<Participant> {
        if account == self.owner {
            return refused(SharingCode::InvalidArgs, "what is shared is that account's own already");
        }
        if !asked.privilege.is_within(may) {
            let text = "nobody can give others more than they may do themselves; ask the inviter";
            return refused(SharingCode::InvalidArgs, text);
        }
        let new = Invitee {
            account: account.to_owned(),
            identity: asked.identity.clone(),
            state: State::Unknown,
            privilege: asked.privilege,
            attach_info: asked.attach_info.clone(),
            code: code.to_owned(),
            ends_ms,
            changed: true,
        };
        let Some(known) = self.invitees.iter_mut().find(|one| one.account == account) else {
            let participant = new.participant(Part::Inviter);
            self.invitees.push(new);
            return Ok(participant);
        };
        match known.state {
            State::Rejected | State::Unavailable => *known = new,
            _ if known.privilege != asked.privilege => {
                let text = format!("{:?} was invited already; use changePrivilege", asked.identity);
                return refused(SharingCode::RepeatedRequest, text);
            }
            State::Unknown | State::Suspended if known.ends_ms <= now => *known = new,
            State::Unknown | State::Suspended | State::Accepted => {}
        }
        Ok(known.participant(Part::Inviter))
    }

    /// Takes the share back from somebody; from one who has it no more, again.
    pub(super) fn take_back(&mut self, identity: &str) -> ShareResult<Participant> {
        let Some(invitee) = self.named(identity) else { return not_invited(identity) };
        invitee.set(State::Unavailable);
        Ok(invitee.participant(Part::Inviter))
    }

    /// Changes what somebody may do.
    pub(super) fn change_privilege(&mut self, identity: &str, to: Privilege) -> ShareResult<Participant> {
        let Some(invitee) = self.named(identity).filter(|one| one.takes_part()) else {
            return not_invited(identity);
        };
        invitee.changed |= invitee.privilege != to;
        invitee.privilege = to;
        Ok(invitee.participant(Part::Inviter))
    }

    /// Leaves the share; who has left already leaves again.
    pub(super) fn leave(&mut self, account: &str) -> ShareResult<()> {
        if account == self.owner {
            return refused(SharingCode::InvalidArgs, "an inviter cannot leave its own share; unshare it");
        }
        let invitee = self.invitees.iter_mut().find(|one| one.account == account).ok_or_else(stranger)?;
        invitee.set(State::Unavailable);
        Ok(())
    }

    /// Answers an invitation by its code. The same answer again is no other one.
    pub(super) fn confirm(&mut self, part: Part, state: State, now: i64) -> ShareResult<String> {
        check_answer(state)?;
        let resource = self.resource.clone();
        let invitee = self.invitee(part).ok_or_else(stranger)?;
        if invitee.state == state {
            return Ok(resource);
        }
        if !invitee.waits() {
            let text = "this invitation was answered already; use changeConfirmation";
            return refused(SharingCode::RepeatedRequest, text);
        }
        if invitee.ends_ms <= now {
            let text = "this invitation has ended; ask the inviter for another one";
            return refused(SharingCode::InvalidInvitation, text);
        }
        invitee.set(state);
        Ok(resource)
    }

    /// Changes the answer that was given to an invitation.
    pub(super) fn change_confirmation(&mut self, part: Part, state: State) -> ShareResult<()> {
        check_answer(state)?;
        let own =
            || ShareError::new(SharingCode::InvalidArgs, "an inviter was not invited; unshare it instead");
        let invitee = self.invitee(part).ok_or_else(own)?;
        if invitee.state == State::Unknown {
            let text = "this invitation was not answered yet; confirm it by its code";
            return refused(SharingCode::InvalidInvitation, text);
        }
        invitee.set(state);
        Ok(())
    }
}
