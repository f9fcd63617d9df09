//! Accounts of one embedded cloud share with one another: every answer, and every refusal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use cloudsync_cloud::*;
use common::*;

const BUNDLE: &str = "com.example.gallery";
const READ: Privilege =
    Privilege { writable: false, readable: true, creatable: false, deletable: false, shareable: false };

/// One account of a cloud.
struct Account {
    cloud: EmbeddedCloud,
    center: Arc<dyn ShareCenter>,
}

fn account(dir: &Path, options: EmbeddedOptions) -> Account {
    let cloud = EmbeddedCloud::open(dir, options).unwrap();
    let center = cloud.connect_share_center(0, BUNDLE).unwrap();
    Account { cloud, center }
}

fn named(dir: &Path, name: &str) -> Account {
    account(dir, EmbeddedOptions::new(name))
}

impl Account {
    /// A new record, and the sharing resource that stands for it.
    fn record(&self) -> String {
        let db = db(&self.cloud);
        let id = db.generate_id(1).unwrap().remove(0);
        insert(&db, &id, Some(0), values(1)).unwrap();
        self.alloc(&id).unwrap()
    }

    fn alloc(&self, id: &str) -> ShareResult<String> {
        self.center.alloc_resource(0, BUNDLE, RecordPlace { database: "photos", table: "t", id })
    }

    fn share(&self, resource: &str, with: &[Participant]) -> ShareResult<Vec<ShareResult<Participant>>> {
        self.center.share(0, BUNDLE, resource, with)
    }

    /// Invites one, who must be taken, and returns the invitation's code.
    fn invite(&self, resource: &str, name: &str, privilege: Privilege) -> String {
        let invited = self.share(resource, &[participant(name, privilege)]).unwrap().remove(0).unwrap();
        assert_eq!((invited.state, invited.role), (State::Unknown, Role::Invitee));
        assert_eq!(invited.invitation_code.len(), 32);
        invited.invitation_code
    }

    fn unshare(&self, resource: &str, name: &str) -> ShareResult<Participant> {
        self.center.unshare(0, BUNDLE, resource, &[participant(name, READ)])?.remove(0)
    }

    fn change(&self, resource: &str, name: &str, privilege: Privilege) -> ShareResult<Participant> {
        self.center.change_privilege(0, BUNDLE, resource, &[participant(name, privilege)])?.remove(0)
    }

    fn confirm(&self, code: &str, state: State) -> ShareResult<String> {
        self.center.confirm_invitation(0, BUNDLE, code, state)
    }

    fn change_answer(&self, resource: &str, state: State) -> ShareResult<()> {
        self.center.change_confirmation(0, BUNDLE, resource, state)
    }

    fn exit(&self, resource: &str) -> ShareResult<()> {
        self.center.exit(0, BUNDLE, resource)
    }

    fn participants(&self, resource: &str) -> ShareResult<Vec<Participant>> {
        self.center.query_participants(0, BUNDLE, resource)
    }

    /// Everybody's name and state.
    fn states(&self, resource: &str) -> Vec<(String, State)> {
        let all = self.participants(resource).unwrap();
        all.into_iter().map(|one| (one.identity, one.state)).collect()
    }
}

fn participant(name: &str, privilege: Privilege) -> Participant {
    Participant { identity: name.into(), privilege, ..Participant::default() }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: ShareResult<T>, code: SharingCode) {
    assert_eq!(answer.unwrap_err().code, code);
}

#[test]
fn an_invitation_is_made_and_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, ben) = (named(dir.path(), "ann"), named(dir.path(), "ben"));
    let resource = ann.record();
    let asked = Participant { attach_info: "my holidays".into(), ..participant("ben", READ) };
    let invited = ann.share(&resource, &[asked]).unwrap().remove(0).unwrap();
    assert_eq!((&*invited.identity, &*invited.attach_info), ("ben", "my holidays"));
    let code = invited.invitation_code;

    let seen = ben.center.query_participants_by_invitation(0, BUNDLE, &code).unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!((&*seen[0].identity, seen[0].role, seen[0].privilege), ("ann", Role::Inviter, Privilege::ALL));
    assert_eq!((&*seen[1].identity, seen[1].state, seen[1].privilege), ("ben", State::Unknown, READ));
    assert_eq!(seen[1].invitation_code, "", "an invitee has its own code already, and nobody else's");
    assert_eq!(ann.participants(&resource).unwrap()[1].invitation_code, code);

    assert_eq!(ben.confirm(&code, State::Accepted).unwrap(), resource);
    assert_eq!(ben.states(&resource), [("ann".into(), State::Accepted), ("ben".into(), State::Accepted)]);
    assert_eq!(ann.participants(&resource).unwrap()[1].invitation_code, "", "it waits no more");
}

#[test]
fn a_lost_answer_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, ben) = (named(dir.path(), "ann"), named(dir.path(), "ben"));
    let resource = ann.record();
    let code = ann.invite(&resource, "ben", READ);
    assert_eq!(ann.invite(&resource, "ben", READ), code, "the same invitation");
    for _ in 0..2 {
        assert_eq!(ben.confirm(&code, State::Suspended).unwrap(), resource);
    }
    for _ in 0..2 {
        assert_eq!(ben.confirm(&code, State::Accepted).unwrap(), resource);
    }
    for _ in 0..2 {
        assert_eq!(ann.change(&resource, "ben", Privilege::ALL).unwrap().privilege, Privilege::ALL);
    }
    for _ in 0..2 {
        ben.exit(&resource).unwrap();
    }
    for _ in 0..2 {
        assert_eq!(ann.unshare(&resource, "ben").unwrap().state, State::Unavailable);
    }
    assert_eq!(ann.states(&resource).len(), 1);
}

#[test]
fn a_record_has_one_resource_that_nobody_can_guess() {
    let dir = tempfile::tempdir().unwrap();
    let ann = named(dir.path(), "ann");
    let db = db(&ann.cloud);
    insert(&db, "one", Some(0), values(1)).unwrap();
    insert(&db, "two", Some(0), values(1)).unwrap();
    let one = ann.alloc("one").unwrap();
    assert_eq!(ann.alloc("one").unwrap(), one);
    assert_ne!(ann.alloc("two").unwrap(), one);
    assert_eq!(one.len(), 32);
    refused(ann.alloc("three"), SharingCode::InvalidArgs);
    let gone = ann.alloc("two").unwrap();
    delete(&db, "two", None).unwrap();
    refused(ann.alloc("two"), SharingCode::InvalidArgs);
    named(dir.path(), "ben");
    refused(ann.share(&gone, &[participant("ben", READ)]), SharingCode::InvalidArgs);
}

#[test]
fn who_is_no_part_of_a_share_learns_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, ben, cleo) = (named(dir.path(), "ann"), named(dir.path(), "ben"), named(dir.path(), "cleo"));
    let resource = ann.record();
    let code = ann.invite(&resource, "ben", READ);
    let texts: Vec<String> = [&*resource, "made up"]
        .map(|name| cleo.participants(name).unwrap_err())
        .map(|error| format!("{:?} {}", error.code, error.text))
        .into();
    assert_eq!(texts[0], texts[1]);
    let stranger = SharingCode::NotInviterOrInvitee;
    refused(cleo.share(&resource, &[participant("ben", READ)]), stranger);
    refused(cleo.unshare(&resource, "ben"), stranger);
    refused(cleo.change(&resource, "ben", READ), stranger);
    refused(cleo.exit(&resource), stranger);
    refused(cleo.change_answer(&resource, State::Accepted), stranger);
    refused(cleo.confirm(&code, State::Accepted), SharingCode::InvalidInvitation);
    refused(cleo.center.query_participants_by_invitation(0, BUNDLE, &code), SharingCode::InvalidInvitation);
    let elsewhere = ben.cloud.connect_share_center(0, "com.example.other").unwrap();
    refused(
        elsewhere.confirm_invitation(0, "com.example.other", &code, State::Accepted),
        SharingCode::InvalidInvitation,
    );
    refused(elsewhere.query_participants(0, "com.example.other", &resource), stranger);
    refused(elsewhere.query_participants(0, BUNDLE, &resource), SharingCode::InvalidArgs);
    assert_eq!(ben.states(&resource)[1], ("ben".into(), State::Unknown));
}

#[test]
fn an_answer_is_changed_and_a_share_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, ben) = (named(dir.path(), "ann"), named(dir.path(), "ben"));
    let resource = ann.record();
    let code = ann.invite(&resource, "ben", READ);
    refused(ben.change_answer(&resource, State::Accepted), SharingCode::InvalidInvitation);
    for none in [State::Unknown, State::Unavailable] {
        refused(ben.confirm(&code, none), SharingCode::InvalidArgs);
        refused(ben.change_answer(&resource, none), SharingCode::InvalidArgs);
    }
    ben.confirm(&code, State::Rejected).unwrap();
    refused(ben.confirm(&code, State::Accepted), SharingCode::RepeatedRequest);
    ben.change_answer(&resource, State::Accepted).unwrap();
    ben.change_answer(&resource, State::Suspended).unwrap();
    assert_eq!(ann.states(&resource)[1].1, State::Suspended);
    refused(ann.change_answer(&resource, State::Accepted), SharingCode::InvalidArgs);
    refused(ann.exit(&resource), SharingCode::InvalidArgs);
    ben.exit(&resource).unwrap();
    refused(ben.participants(&resource), SharingCode::NotInviterOrInvitee);
    refused(ben.confirm(&code, State::Accepted), SharingCode::InvalidInvitation);
    let again = ann.invite(&resource, "ben", READ);
    assert_ne!(again, code, "who has left is invited anew");
    refused(ben.confirm(&code, State::Accepted), SharingCode::InvalidInvitation);
    ben.confirm(&again, State::Accepted).unwrap();
}

#[test]
fn who_rejected_is_invited_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, ben) = (named(dir.path(), "ann"), named(dir.path(), "ben"));
    let resource = ann.record();
    ben.confirm(&ann.invite(&resource, "ben", READ), State::Rejected).unwrap();
    let again = ann.invite(&resource, "ben", Privilege::ALL);
    ben.confirm(&again, State::Accepted).unwrap();
    assert_eq!(ben.participants(&resource).unwrap()[1].privilege, Privilege::ALL);
    refused(
        ann.share(&resource, &[participant("ben", READ)]).unwrap().remove(0),
        SharingCode::RepeatedRequest,
    );
}

#[test]
fn the_inviter_alone_decides_and_who_may_share_invites() {
    let dir = tempfile::tempdir().unwrap();
    let all = ["ann", "ben", "cleo"].map(|name| named(dir.path(), name));
    let [ann, ben, cleo] = &all;
    let resource = ann.record();
    let may_share = Privilege { shareable: true, ..READ };
    let code = ann.invite(&resource, "ben", READ);
    refused(ben.share(&resource, &[participant("cleo", READ)]), SharingCode::NotInviter);
    ben.confirm(&code, State::Accepted).unwrap();
    refused(ben.share(&resource, &[participant("cleo", READ)]), SharingCode::NotInviter);
    refused(ben.unshare(&resource, "ben"), SharingCode::NotInviter);
    refused(ben.change(&resource, "ben", Privilege::ALL), SharingCode::NotInviter);
    ann.change(&resource, "ben", may_share).unwrap();
    let more =
        ben.share(&resource, &[participant("cleo", Privilege::ALL), participant("cleo", READ)]).unwrap();
    refused(more[0].clone(), SharingCode::InvalidArgs);
    cleo.confirm(&more[1].clone().unwrap().invitation_code, State::Accepted).unwrap();
    refused(ben.unshare(&resource, "cleo"), SharingCode::NotInviter);
    assert_eq!(cleo.states(&resource).len(), 3);
}

#[test]
fn one_refused_participant_keeps_no_other_out() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, _ben) = (named(dir.path(), "ann"), named(dir.path(), "ben"));
    let resource = ann.record();
    let long = Participant { attach_info: "x".repeat(4097), ..participant("ben", READ) };
    let asked = [
        participant("nobody", READ),
        participant("", READ),
        participant("ann", READ),
        long,
        participant("ben", READ),
    ];
    let answers = ann.share(&resource, &asked).unwrap();
    for answer in &answers[..4] {
        refused(answer.clone(), SharingCode::InvalidArgs);
    }
    assert_eq!(answers[4].as_ref().unwrap().identity, "ben");
    refused(ann.share(&resource, &[]), SharingCode::InvalidArgs);
    let gone = [participant("nobody", READ), participant("ben", READ)];
    let answers = ann.center.unshare(0, BUNDLE, &resource, &gone).unwrap();
    refused(answers[0].clone(), SharingCode::InvalidArgs);
    assert_eq!(answers[1].as_ref().unwrap().state, State::Unavailable);
    refused(ann.change(&resource, "ben", READ), SharingCode::InvalidArgs);
}

fn limited(name: &str, clock: &TestClock, sharing: SharingLimits) -> EmbeddedOptions {
    EmbeddedOptions { account: name.into(), sharing, ..clock.options() }
}

#[test]
fn there_are_limits() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let limits = SharingLimits { participants: 2, shares: 1, ..SharingLimits::default() };
    let ann = account(dir.path(), limited("ann", &clock, limits));
    let names = ["ben", "cleo", "dora"];
    let _all = names.map(|name| named(dir.path(), name));
    let (first, second) = (ann.record(), ann.record());
    let all = names.map(|name| participant(name, READ));
    refused(ann.share(&first, &all), SharingCode::TooManyParticipants);
    assert_eq!(ann.states(&first).len(), 1, "nothing was done");
    assert!(ann.share(&first, &all[..2]).unwrap().iter().all(ShareResult::is_ok));
    refused(ann.share(&first, &all[2..]), SharingCode::TooManyParticipants);
    assert!(ann.share(&first, &all[..2]).unwrap().iter().all(ShareResult::is_ok), "they are there already");
    refused(ann.share(&second, &all[..1]), SharingCode::OverQuota);
    ann.unshare(&first, "ben").unwrap();
    assert!(ann.share(&first, &all[2..]).unwrap()[0].is_ok(), "there is room again");
    ann.unshare(&first, "cleo").unwrap();
    ann.unshare(&first, "dora").unwrap();
    assert!(ann.share(&second, &all[..1]).unwrap()[0].is_ok(), "the first is shared no more");
}

#[test]
fn invitations_end_and_codes_are_not_to_be_guessed() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), TestClock::new());
    let limits = SharingLimits { wrong_codes_a_minute: 3, ..SharingLimits::default() };
    let ann = account(dir.path(), limited("ann", &clock, limits.clone()));
    let ben = account(dir.path(), limited("ben", &clock, limits));
    let resource = ann.record();
    let code = ann.invite(&resource, "ben", READ);
    clock.advance(30 * DAY);
    refused(ben.confirm(&code, State::Accepted), SharingCode::InvalidInvitation);
    let renewed = ann.invite(&resource, "ben", READ);
    assert_ne!(renewed, code);
    for _ in 0..3 {
        refused(ben.confirm("made up", State::Accepted), SharingCode::InvalidInvitation);
    }
    refused(ben.confirm("made up", State::Accepted), SharingCode::RateLimit);
    refused(ben.confirm(&renewed, State::Accepted), SharingCode::RateLimit);
    clock.advance(-1000 * DAY);
    ben.confirm(&renewed, State::Suspended).expect("a clock that was set back locks nobody out");
    clock.advance(1000 * DAY + 60_000);
    ben.confirm(&renewed, State::Accepted).unwrap();
}

#[test]
fn a_cloud_that_is_off_or_damaged_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (ann, _ben) = (named(dir.path(), "ann"), named(dir.path(), "ben"));
    let resource = ann.record();
    for bundle in [Some(BUNDLE), None] {
        ann.cloud.switch(bundle, false).unwrap();
        refused(ann.participants(&resource), SharingCode::CloudDisabled);
        refused(ann.exit(&resource), SharingCode::CloudDisabled);
        ann.cloud.switch(bundle, true).unwrap();
    }
    ann.cloud.switch(Some("com.example.other"), false).unwrap();
    ann.participants(&resource).unwrap();
    drop(ann);
    std::fs::write(dir.path().join("shares.db"), vec![7; 8192]).unwrap();
    refused(named(dir.path(), "ann").participants(&resource), SharingCode::ServerError);
}

#[test]
fn a_clouds_failures_are_sharing_codes() {
    let text = String::new;
    for (error, code) in [
        (CloudError::Network(text()), SharingCode::NetworkError),
        (CloudError::Gone(text()), SharingCode::IpcError),
        (CloudError::NotSupported("x"), SharingCode::NotSupport),
        (CloudError::Disabled, SharingCode::CloudDisabled),
        (CloudError::RecordLimitExceeded, SharingCode::OverQuota),
        (CloudError::InvalidArgument(text()), SharingCode::InvalidArgs),
        (CloudError::Corrupt(text()), SharingCode::ServerError),
        (CloudError::TooManyRequests(text()), SharingCode::ServerError),
        (CloudError::Unknown(text()), SharingCode::InnerError),
    ] {
        assert_eq!(ShareError::from(error).code, code);
    }
}

const TASK: &str = "SHARING_TEST_TASK";
const DIR: &str = "SHARING_TEST_DIR";

fn spawn(task: &str, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(TASK, task)
        .env(DIR, dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// A child is given a resource and whom to invite to it.
#[test]
#[ignore = "what child processes run"]
fn child() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (resource, names) = task.split_once(' ').unwrap();
    let dir = std::env::var(DIR).unwrap();
    let limits = SharingLimits { participants: 10, ..SharingLimits::default() };
    let ann = account(Path::new(&dir), EmbeddedOptions { sharing: limits, ..EmbeddedOptions::new("ann") });
    for name in names.split(' ') {
        match ann.share(resource, &[participant(name, READ)]) {
            Ok(answers) => assert!(answers[0].is_ok()),
            Err(error) => assert_eq!(error.code, SharingCode::TooManyParticipants),
        }
    }
}

#[test]
fn several_processes_invite_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..16).map(|number| format!("guest {number}").replace(' ', "-")).collect();
    for name in &names {
        named(dir.path(), name);
    }
    let ann = named(dir.path(), "ann");
    // The book is made by whichever process is first.
    let db = db(&ann.cloud);
    insert(&db, "one", Some(0), values(1)).unwrap();
    let mut children: Vec<Child> = Vec::new();
    let resource = ann.alloc("one").unwrap();
    for part in names.chunks(4) {
        children.push(spawn(&format!("{resource} {}", part.join(" ")), dir.path()));
    }
    for mut one in children {
        assert!(one.wait().unwrap().success());
    }
    let states = ann.states(&resource);
    assert_eq!(states.len(), 11, "ten and the inviter: {states:?}");
    let codes: std::collections::BTreeSet<String> =
        ann.participants(&resource).unwrap().into_iter().map(|one| one.invitation_code).collect();
    assert_eq!(codes.len(), 11, "each has a code of its own, but for the inviter");
}
