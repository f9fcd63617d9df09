//! What a cloud must do that shares: alone, and between two of its accounts.

use std::fmt::Debug;
use std::sync::Arc;

use super::{Bench, Check, Outcome, ensure, skip, tell};
use crate::{
    CloudError, CloudService, Participant, Privilege, RecordPlace, Role, RowWrite, ShareCenter, ShareResult,
    SharingCode, State,
};

use super::{BUNDLE, DATABASE, database, shared_records, values};

/// One account of a cloud, and who it is to the others.
#[derive(Clone, Copy)]
pub struct Party<'a> {
    /// The account.
    pub service: &'a dyn CloudService,
    /// Its identity as a participant.
    pub identity: &'a str,
}

type Named = (&'static str, fn(&Pair<'_>) -> Check);

/// Every check of two accounts with its name. Each one is about a record of its own.
const CHECKS: &[Named] = &[
    ("share-resource", resource),
    ("share-invite", invite),
    ("share-accept", accept),
    ("share-again", again),
    ("share-otherwise", otherwise),
    ("share-one-by-one", one_by_one),
    ("share-nobody", nobody),
    ("share-stranger", stranger),
    ("share-code-is-for-one", code_is_for_one),
    ("share-inviter-alone", inviter_alone),
    ("share-privilege", privilege),
    ("share-answers", answers),
    ("share-answer-changed", answer_changed),
    ("share-taken-back", taken_back),
    ("share-left", left),
    ("share-records-found", shared_records::found),
    ("share-records-privilege", shared_records::privilege),
    ("share-records-written", shared_records::written),
    ("share-records-gone", shared_records::gone),
    ("share-records-created", shared_records::created),
    ("share-records-kept", shared_records::kept),
];

/// Puts two accounts of one cloud through every check of sharing, and reports each as [`super::run`] does. `inviter` shares
/// records of the bundle `com.example.conformance` with `invitee`. Blocks.
pub fn run_sharing(
    inviter: Party<'_>,
    invitee: Party<'_>,
    mut report: impl FnMut(&'static str, Outcome<'_>),
) {
    for (name, check) in CHECKS {
        tell(name, Pair::new(name, inviter, invitee).and_then(|pair| check(&pair)), &mut report);
    }
}

pub(super) const READ: Privilege =
    Privilege { writable: false, readable: true, creatable: false, deletable: false, shareable: false };
pub(super) const WRITE: Privilege = Privilege { writable: true, ..READ };
pub(super) const CREATE: Privilege = Privilege { creatable: true, ..WRITE };
const NO_PART: SharingCode = SharingCode::NotInviterOrInvitee;

/// One side of a check.
pub(super) struct Side<'a> {
    pub(super) service: &'a dyn CloudService,
    identity: &'a str,
    user: i32,
    center: Arc<dyn ShareCenter>,
}

/// A record of the inviter's that nobody knows of yet, and the two accounts.
pub(super) struct Pair<'a> {
    pub(super) inviter: Side<'a>,
    pub(super) invitee: Side<'a>,
    pub(super) table: String,
    pub(super) record: String,
    resource: String,
}

impl<'a> Side<'a> {
    fn new(party: Party<'a>) -> crate::Result<Self> {
        let user = party.service.get_service_info()?.user;
        let center = party.service.connect_share_center(user, BUNDLE)?;
        Ok(Side { service: party.service, identity: party.identity, user, center })
    }

    fn alloc(&self, table: &str, id: &str) -> ShareResult<String> {
        self.center.alloc_resource(self.user, BUNDLE, RecordPlace { database: DATABASE, table, id })
    }

    fn share(&self, resource: &str, with: &[Participant]) -> ShareResult<Vec<ShareResult<Participant>>> {
        self.center.share(self.user, BUNDLE, resource, with)
    }

    fn unshare(&self, resource: &str, with: &[Participant]) -> ShareResult<Vec<ShareResult<Participant>>> {
        self.center.unshare(self.user, BUNDLE, resource, with)
    }

    fn change(&self, resource: &str, with: &[Participant]) -> ShareResult<Vec<ShareResult<Participant>>> {
        self.center.change_privilege(self.user, BUNDLE, resource, with)
    }

    fn participants(&self, resource: &str) -> ShareResult<Vec<Participant>> {
        self.center.query_participants(self.user, BUNDLE, resource)
    }

    fn confirm(&self, code: &str, state: State) -> ShareResult<String> {
        self.center.confirm_invitation(self.user, BUNDLE, code, state)
    }

    fn change_answer(&self, resource: &str, state: State) -> ShareResult<()> {
        self.center.change_confirmation(self.user, BUNDLE, resource, state)
    }

    fn exit(&self, resource: &str) -> ShareResult<()> {
        self.center.exit(self.user, BUNDLE, resource)
    }
}

impl<'a> Pair<'a> {
    fn new(
        name: &str,
        inviter: Party<'a>,
        invitee: Party<'a>,
    ) -> std::result::Result<Self, Box<dyn std::error::Error>> {
        let db = inviter.service.connect_db(BUNDLE, &database(DATABASE))?;
        let record = db.generate_id(1)?.concat();
        // Accounts may give the same ids.
        let table = format!("{name}-{}-{record}", inviter.identity);
        let row = RowWrite { id: record.clone(), values: values(1), ..RowWrite::default() };
        super::one(db.insert(&table, vec![row])?)?;
        let (inviter, invitee) = (Side::new(inviter)?, Side::new(invitee)?);
        let resource = inviter.alloc(&table, &record)?;
        Ok(Pair { inviter, invitee, table, record, resource })
    }

    fn asked(&self, privilege: Privilege) -> [Participant; 1] {
        [Participant { identity: self.invitee.identity.to_owned(), privilege, ..Participant::default() }]
    }

    /// Invites, and returns the participant.
    fn invited(&self, privilege: Privilege) -> ShareResult<Participant> {
        one(self.inviter.share(&self.resource, &self.asked(privilege))?)
    }

    /// Invites, and accepts.
    pub(super) fn accepted(&self, privilege: Privilege) -> ShareResult<()> {
        let code = self.invited(privilege)?.invitation_code;
        self.invitee.confirm(&code, State::Accepted).map(drop)
    }

    /// Sends the invitee away.
    pub(super) fn take_back(&self) -> ShareResult<()> {
        one(self.inviter.unshare(&self.resource, &self.asked(READ))?).map(drop)
    }

    /// What the inviter is told of the invitee; `None` where it takes no part.
    fn seen(&self) -> ShareResult<Option<Participant>> {
        let all = self.inviter.participants(&self.resource)?;
        Ok(all.into_iter().find(|one| one.identity == self.invitee.identity))
    }

    fn state(&self) -> ShareResult<Option<State>> {
        Ok(self.seen()?.map(|one| one.state))
    }
}

/// The answer to a call about one participant.
fn one(mut answers: Vec<ShareResult<Participant>>) -> ShareResult<Participant> {
    match (answers.pop(), answers.len()) {
        (Some(answer), 0) => answer,
        (_, others) => {
            let text = format!("one participant was named and {others} others were answered");
            Err(CloudError::Unknown(text).into())
        }
    }
}

fn refused<T: Debug>(answer: ShareResult<T>, code: SharingCode, what: &str) -> Check {
    match answer {
        Err(error) if error.code == code => Ok(()),
        other => Err(format!("{what}: {other:?}").into()),
    }
}

/// The share centre; a cloud without one is left out.
fn alone<'a>(bench: &Bench<'a>) -> std::result::Result<Side<'a>, Box<dyn std::error::Error>> {
    match Side::new(Party { service: bench.service, identity: "" }) {
        Err(CloudError::NotSupported(_)) => Err(skip("connect_share_center: not supported")),
        side => Ok(side?),
    }
}

/// Of a share that is not there nobody is a part.
pub(super) fn no_such_share(bench: &Bench<'_>) -> Check {
    let side = alone(bench)?;
    let made_up = bench.id()?;
    let somebody = [Participant { identity: "somebody".to_owned(), ..Participant::default() }];
    refused(side.participants(&made_up), NO_PART, "the participants of a share that never was")?;
    refused(side.share(&made_up, &somebody), NO_PART, "sharing what is nobody's")?;
    refused(side.unshare(&made_up, &somebody), NO_PART, "taking back what was not shared")?;
    refused(side.change(&made_up, &somebody), NO_PART, "a privilege of what was not shared")?;
    refused(side.exit(&made_up), NO_PART, "leaving what was not shared")?;
    refused(side.change_answer(&made_up, State::Accepted), NO_PART, "accepting what was not shared")
}

/// An invitation that was made up is none.
pub(super) fn no_such_invitation(bench: &Bench<'_>) -> Check {
    let side = alone(bench)?;
    let made_up = bench.id()?;
    let invalid = SharingCode::InvalidInvitation;
    refused(side.confirm(&made_up, State::Accepted), invalid, "a code that was made up")?;
    let asked = side.center.query_participants_by_invitation(side.user, BUNDLE, &made_up);
    refused(asked, invalid, "the participants behind a code that was made up")
}

fn resource(pair: &Pair<'_>) -> Check {
    ensure(!pair.resource.is_empty(), "a sharing resource without a name")?;
    let again = pair.inviter.alloc(&pair.table, &pair.record)?;
    ensure(again == pair.resource, "the same record has another sharing resource now")?;
    refused(
        pair.inviter.alloc(&pair.table, "no-such-record"),
        SharingCode::InvalidArgs,
        "a record that never was",
    )
}

fn invite(pair: &Pair<'_>) -> Check {
    let invited = pair.invited(READ)?;
    ensure(invited.identity == pair.invitee.identity, format!("another was invited: {invited:?}"))?;
    ensure(invited.role == Role::Invitee, "the invitee is the inviter")?;
    ensure(invited.state == State::Unknown, format!("the invitation is {:?} already", invited.state))?;
    ensure(invited.privilege == READ, format!("another privilege: {:?}", invited.privilege))?;
    ensure(!invited.invitation_code.is_empty(), "the invitation has no code")?;
    let seen = pair.inviter.participants(&pair.resource)?;
    let roles: Vec<(&str, Role)> = seen.iter().map(|one| (one.identity.as_str(), one.role)).collect();
    let both = [(pair.inviter.identity, Role::Inviter), (pair.invitee.identity, Role::Invitee)];
    ensure(roles == both, format!("the participants are {roles:?}"))
}

fn accept(pair: &Pair<'_>) -> Check {
    let code = pair.invited(READ)?.invitation_code;
    let behind = pair.invitee.center.query_participants_by_invitation(pair.invitee.user, BUNDLE, &code)?;
    ensure(behind.len() == 2, format!("{} participants behind the invitation", behind.len()))?;
    ensure(behind.iter().all(|one| one.invitation_code.is_empty()), "an invitee is told others' codes")?;
    let resource = pair.invitee.confirm(&code, State::Accepted)?;
    ensure(resource == pair.resource, "the invitation was for another sharing resource")?;
    ensure(pair.state()? == Some(State::Accepted), "it was not accepted")?;
    ensure(pair.invitee.participants(&resource)?.len() == 2, "the invitee does not see everybody")
}

fn again(pair: &Pair<'_>) -> Check {
    let lost = |what: &'static str| move |error| format!("{what} again, after a lost answer: {error}");
    let code = pair.invited(READ)?.invitation_code;
    let second = pair.invited(READ).map_err(lost("share"))?;
    ensure(second.invitation_code == code, "inviting again made the first code worthless")?;
    pair.invitee.confirm(&code, State::Accepted)?;
    pair.invitee.confirm(&code, State::Accepted).map_err(lost("confirmInvitation"))?;
    for _ in 0..2 {
        one(pair.inviter.change(&pair.resource, &pair.asked(WRITE))?).map_err(lost("changePrivilege"))?;
    }
    pair.invitee.exit(&pair.resource)?;
    pair.invitee.exit(&pair.resource).map_err(lost("exit"))?;
    one(pair.inviter.unshare(&pair.resource, &pair.asked(READ))?).map_err(lost("unshare"))?;
    Ok(())
}

fn otherwise(pair: &Pair<'_>) -> Check {
    let code = pair.invited(READ)?.invitation_code;
    refused(pair.invited(WRITE), SharingCode::RepeatedRequest, "a second invitation with another privilege")?;
    ensure(
        pair.seen()?.map(|one| one.privilege) == Some(READ),
        "a refused invitation changed the privilege",
    )?;
    pair.invitee.confirm(&code, State::Rejected)?;
    let changed = pair.invitee.confirm(&code, State::Accepted);
    refused(changed, SharingCode::RepeatedRequest, "another answer by the same code")
}

fn one_by_one(pair: &Pair<'_>) -> Check {
    let nameless = Participant { privilege: READ, ..Participant::default() };
    let own = Participant { identity: pair.inviter.identity.to_owned(), ..nameless.clone() };
    let [invitee] = pair.asked(READ);
    let answers = pair.inviter.share(&pair.resource, &[own, invitee])?;
    ensure(answers.len() == 2, format!("{} answers for 2 participants", answers.len()))?;
    let codes: Vec<Option<SharingCode>> =
        answers.iter().map(|answer| answer.as_ref().err().map(|error| error.code)).collect();
    let wanted = [Some(SharingCode::InvalidArgs), None];
    ensure(codes == wanted, format!("the inviter itself and the invitee: {codes:?}"))?;
    ensure(pair.state()? == Some(State::Unknown), "the second was kept out by the first")
}

fn nobody(pair: &Pair<'_>) -> Check {
    refused(pair.inviter.share(&pair.resource, &[]), SharingCode::InvalidArgs, "sharing with nobody")?;
    let never = one(pair.inviter.unshare(&pair.resource, &pair.asked(READ))?);
    refused(never, SharingCode::InvalidArgs, "taking back from one who was never invited")?;
    let never = one(pair.inviter.change(&pair.resource, &pair.asked(READ))?);
    refused(never, SharingCode::InvalidArgs, "a privilege of one who was never invited")
}

fn stranger(pair: &Pair<'_>) -> Check {
    let (other, resource) = (&pair.invitee, &pair.resource);
    refused(other.participants(resource), NO_PART, "a stranger asks who takes part")?;
    refused(other.share(resource, &pair.asked(READ)), NO_PART, "a stranger shares")?;
    refused(other.exit(resource), NO_PART, "a stranger leaves")?;
    refused(other.change_answer(resource, State::Accepted), NO_PART, "a stranger accepts")?;
    refused(
        other.alloc(&pair.table, &pair.record),
        SharingCode::InvalidArgs,
        "a resource of another's record",
    )
}

fn code_is_for_one(pair: &Pair<'_>) -> Check {
    let code = pair.invited(READ)?.invitation_code;
    let invalid = SharingCode::InvalidInvitation;
    refused(pair.inviter.confirm(&code, State::Accepted), invalid, "somebody else's invitation")?;
    ensure(pair.state()? == Some(State::Unknown), "somebody else accepted it")
}

fn inviter_alone(pair: &Pair<'_>) -> Check {
    pair.accepted(READ)?;
    let (other, asked, inviter) = (&pair.invitee, pair.asked(WRITE), SharingCode::NotInviter);
    refused(other.share(&pair.resource, &asked), inviter, "an invitee who may not share does")?;
    refused(other.unshare(&pair.resource, &asked), inviter, "an invitee takes the share back")?;
    refused(other.change(&pair.resource, &asked), inviter, "an invitee changes what it may do")?;
    ensure(pair.seen()?.map(|one| one.privilege) == Some(READ), "a refused change changed the privilege")
}

fn privilege(pair: &Pair<'_>) -> Check {
    pair.accepted(READ)?;
    let changed = one(pair.inviter.change(&pair.resource, &pair.asked(WRITE))?)?;
    ensure(changed.privilege == WRITE, format!("another privilege: {:?}", changed.privilege))?;
    let seen = pair.invitee.participants(&pair.resource)?;
    let own = seen.iter().find(|one| one.identity == pair.invitee.identity);
    ensure(own.map(|one| one.privilege) == Some(WRITE), "the invitee is told another privilege")
}

fn answers(pair: &Pair<'_>) -> Check {
    let code = pair.invited(READ)?.invitation_code;
    for none in [State::Unknown, State::Unavailable] {
        let what = format!("{none:?} as an answer");
        refused(pair.invitee.confirm(&code, none), SharingCode::InvalidArgs, &what)?;
    }
    pair.invitee.confirm(&code, State::Suspended)?;
    ensure(pair.state()? == Some(State::Suspended), "it was not suspended")?;
    pair.invitee.confirm(&code, State::Rejected)?;
    ensure(pair.state()? == Some(State::Rejected), "it was not rejected")
}

fn answer_changed(pair: &Pair<'_>) -> Check {
    let code = pair.invited(READ)?.invitation_code;
    let early = pair.invitee.change_answer(&pair.resource, State::Accepted);
    refused(early, SharingCode::InvalidInvitation, "an answer changed that was not given")?;
    pair.invitee.confirm(&code, State::Accepted)?;
    for state in [State::Suspended, State::Rejected, State::Accepted] {
        pair.invitee.change_answer(&pair.resource, state)?;
        ensure(pair.state()? == Some(state), format!("the answer is not {state:?} now"))?;
    }
    let own = pair.inviter.change_answer(&pair.resource, State::Rejected);
    refused(own, SharingCode::InvalidArgs, "the inviter answers an invitation")
}

fn taken_back(pair: &Pair<'_>) -> Check {
    pair.accepted(READ)?;
    pair.take_back()?;
    ensure(pair.state()?.is_none(), "the invitee takes part still")?;
    refused(pair.invitee.participants(&pair.resource), NO_PART, "who was sent away asks who takes part")?;
    let code = pair.invited(WRITE)?.invitation_code;
    pair.invitee.confirm(&code, State::Accepted)?;
    ensure(pair.state()? == Some(State::Accepted), "who was sent away cannot come again")
}

fn left(pair: &Pair<'_>) -> Check {
    pair.accepted(READ)?;
    refused(pair.inviter.exit(&pair.resource), SharingCode::InvalidArgs, "the inviter leaves its own share")?;
    pair.invitee.exit(&pair.resource)?;
    ensure(pair.state()?.is_none(), "the invitee takes part still")?;
    refused(pair.invitee.participants(&pair.resource), NO_PART, "who has left asks who takes part")
}
