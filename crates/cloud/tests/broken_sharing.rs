//! Share centres that are broken in one way each: the conformance suite names the fault, and answers that cannot be true are
//! refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudsync_cloud::conformance::{self, Outcome, Party, run_sharing};
use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetLoader, CheckedShare, CloudDb, CloudError, CloudService, Database,
    EmbeddedCloud, EmbeddedOptions, Participant, Privilege, RecordPlace, Result, Role, ServiceInfo,
    ShareCenter, ShareError, ShareResult, SharingCode, State,
};
use common::faults::{Planted, assert_named};

/// What is wrong with a share centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NewResourceEachTime,
    AnyRecordIsShared,
    MorePrivilege,
    AcceptedAtOnce,
    NoCode,
    TwoInviters,
    EverybodySeesCodes,
    AnotherResource,
    InvitingAgainIsAnError,
    PrivilegeByInvitingAgain,
    FirstRefusalEndsAll,
    FewerAnswers,
    NobodyIsFine,
    StrangersMayLook,
    CodesAreForAnybody,
    InviteesTakeBack,
    PrivilegesStay,
    SuspendedIsAccepted,
    AnyStateIsAnAnswer,
    AnswersCannotChange,
    TakingBackDoesNothing,
    LeavingDoesNothing,
    MadeUpSharesAreEmpty,
    MadeUpCodesAreTaken,
}

use Fault as F;

/// Each fault, the check that finds it, and what the check says of it.
const FAULTS: &[Planted<Fault>] = &[
    (F::NewResourceEachTime, "share-resource", "the same record has another sharing resource now"),
    (F::AnyRecordIsShared, "share-resource", "a record that never was"),
    (F::MorePrivilege, "share-invite", "another privilege"),
    (F::AcceptedAtOnce, "share-invite", "the invitation is Accepted already"),
    (F::NoCode, "share-invite", "the invitation has no code"),
    (F::TwoInviters, "share-invite", "the participants are"),
    (F::EverybodySeesCodes, "share-accept", "an invitee is told others' codes"),
    (F::AnotherResource, "share-accept", "the invitation was for another sharing resource"),
    (F::InvitingAgainIsAnError, "share-again", "share again, after a lost answer"),
    (F::PrivilegeByInvitingAgain, "share-otherwise", "a second invitation with another privilege"),
    (F::FirstRefusalEndsAll, "share-one-by-one", "the inviter itself and the invitee"),
    (F::FewerAnswers, "share-one-by-one", "1 answers for 2 participants"),
    (F::NobodyIsFine, "share-nobody", "sharing with nobody"),
    (F::StrangersMayLook, "share-stranger", "a stranger asks who takes part"),
    (F::CodesAreForAnybody, "share-code-is-for-one", "somebody else's invitation"),
    (F::InviteesTakeBack, "share-inviter-alone", "an invitee takes the share back"),
    (F::PrivilegesStay, "share-privilege", "the invitee is told another privilege"),
    (F::SuspendedIsAccepted, "share-answers", "it was not suspended"),
    (F::AnyStateIsAnAnswer, "share-answers", "Unknown as an answer"),
    (F::AnswersCannotChange, "share-answer-changed", "this invitation was answered already"),
    (F::TakingBackDoesNothing, "share-taken-back", "the invitee takes part still"),
    (F::LeavingDoesNothing, "share-left", "the invitee takes part still"),
    (F::MadeUpSharesAreEmpty, "share-none", "the participants of a share that never was"),
    (F::MadeUpCodesAreTaken, "share-no-invitation", "a code that was made up"),
];

/// One account of the embedded cloud, with a fault in its share centre.
struct Broken {
    cloud: EmbeddedCloud,
    fault: Fault,
}

struct BrokenCenter {
    center: Arc<dyn ShareCenter>,
    fault: Fault,
    asked: AtomicU64,
}

impl CloudService for Broken {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        self.cloud.get_service_info()
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        self.cloud.get_app_brief_info()
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        self.cloud.get_app_schema(bundle_name)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        self.cloud.connect_db(bundle_name, database)
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        self.cloud.connect_asset_loader(bundle_name, database)
    }

    fn connect_share_center(&self, user: i32, bundle_name: &str) -> Result<Arc<dyn ShareCenter>> {
        let center = self.cloud.connect_share_center(user, bundle_name)?;
        Ok(Arc::new(BrokenCenter { center, fault: self.fault, asked: AtomicU64::new(0) }))
    }
}

type Answers = Vec<ShareResult<Participant>>;

fn refused<T>(code: SharingCode) -> ShareResult<T> {
    Err(ShareError::new(code, "broken"))
}

impl BrokenCenter {
    fn answers(&self, mut answers: Answers) -> Answers {
        match self.fault {
            F::FewerAnswers if answers.len() > 1 => drop(answers.pop()),
            F::FirstRefusalEndsAll if answers.iter().any(ShareResult::is_err) => {
                answers.iter_mut().for_each(|answer| *answer = refused(SharingCode::InvalidArgs));
            }
            _ => {}
        }
        for one in answers.iter_mut().flatten() {
            match self.fault {
                F::MorePrivilege => one.privilege = Privilege::ALL,
                F::AcceptedAtOnce => one.state = State::Accepted,
                F::NoCode => one.invitation_code.clear(),
                _ => {}
            }
        }
        answers
    }
}

impl ShareCenter for BrokenCenter {
    fn alloc_resource(&self, user: i32, bundle: &str, record: RecordPlace<'_>) -> ShareResult<String> {
        match self.center.alloc_resource(user, bundle, record) {
            Ok(resource) if self.fault == F::NewResourceEachTime => {
                Ok(format!("{resource} {}", self.asked.fetch_add(1, Ordering::Relaxed)))
            }
            Err(_) if self.fault == F::AnyRecordIsShared => Ok("any".into()),
            answer => answer,
        }
    }

    fn share(&self, user: i32, bundle: &str, resource: &str, asked: &[Participant]) -> ShareResult<Answers> {
        if self.fault == F::NobodyIsFine && asked.is_empty() {
            return Ok(Vec::new());
        }
        let before = self.center.query_participants(user, bundle, resource).unwrap_or_default();
        let known = asked.iter().any(|one| before.iter().any(|other| other.identity == one.identity));
        if self.fault == F::InvitingAgainIsAnError && known {
            return refused(SharingCode::RepeatedRequest);
        }
        if self.fault == F::PrivilegeByInvitingAgain && known {
            return self.center.change_privilege(user, bundle, resource, asked);
        }
        Ok(self.answers(self.center.share(user, bundle, resource, asked)?))
    }

    fn unshare(
        &self,
        user: i32,
        bundle: &str,
        resource: &str,
        asked: &[Participant],
    ) -> ShareResult<Answers> {
        match self.center.unshare(user, bundle, resource, asked) {
            Err(error) if self.fault == F::InviteesTakeBack && error.code == SharingCode::NotInviter => {
                Ok(asked.iter().cloned().map(Ok).collect())
            }
            Ok(_) if self.fault == F::TakingBackDoesNothing => {
                let anew = self.center.share(user, bundle, resource, asked)?;
                Ok(anew)
            }
            answers => answers,
        }
    }

    fn exit(&self, user: i32, bundle: &str, resource: &str) -> ShareResult<()> {
        if self.fault == F::LeavingDoesNothing {
            // Says that it went well, to whoever could leave.
            return self.center.change_confirmation(user, bundle, resource, State::Accepted);
        }
        self.center.exit(user, bundle, resource)
    }

    fn change_privilege(
        &self,
        user: i32,
        bundle: &str,
        resource: &str,
        asked: &[Participant],
    ) -> ShareResult<Answers> {
        if self.fault == F::PrivilegesStay {
            return Ok(asked
                .iter()
                .map(|one| Ok(Participant { role: Role::Invitee, ..one.clone() }))
                .collect());
        }
        self.center.change_privilege(user, bundle, resource, asked)
    }

    fn query_participants(&self, user: i32, bundle: &str, resource: &str) -> ShareResult<Vec<Participant>> {
        let mut all = match self.center.query_participants(user, bundle, resource) {
            Err(_) if [F::StrangersMayLook, F::MadeUpSharesAreEmpty].contains(&self.fault) => {
                return Ok(vec![]);
            }
            all => all?,
        };
        if self.fault == F::TwoInviters {
            all.iter_mut().for_each(|one| one.role = Role::Inviter);
        }
        Ok(all)
    }

    fn query_participants_by_invitation(
        &self,
        user: i32,
        bundle: &str,
        code: &str,
    ) -> ShareResult<Vec<Participant>> {
        let mut all = self.center.query_participants_by_invitation(user, bundle, code)?;
        if self.fault == F::EverybodySeesCodes {
            all.iter_mut().for_each(|one| one.invitation_code = code.into());
        }
        Ok(all)
    }

    fn confirm_invitation(&self, user: i32, bundle: &str, code: &str, state: State) -> ShareResult<String> {
        let state = match self.fault {
            F::SuspendedIsAccepted if state == State::Suspended => State::Accepted,
            F::AnyStateIsAnAnswer if [State::Unknown, State::Unavailable].contains(&state) => {
                State::Suspended
            }
            _ => state,
        };
        let answer = self.center.confirm_invitation(user, bundle, code, state);
        match self.fault {
            F::AnotherResource => answer.map(|_| "another".into()),
            F::CodesAreForAnybody | F::MadeUpCodesAreTaken => Ok(answer.unwrap_or_else(|_| "taken".into())),
            _ => answer,
        }
    }

    fn change_confirmation(&self, user: i32, bundle: &str, resource: &str, state: State) -> ShareResult<()> {
        if self.fault == F::AnswersCannotChange {
            let part = self.center.query_participants(user, bundle, resource)?;
            if part.iter().any(|one| one.state == State::Accepted && one.role == Role::Invitee) {
                return Err(ShareError::new(
                    SharingCode::RepeatedRequest,
                    "this invitation was answered already",
                ));
            }
        }
        self.center.change_confirmation(user, bundle, resource, state)
    }
}

fn pair(fault: Fault) -> (tempfile::TempDir, Broken, Broken) {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let cloud = EmbeddedCloud::open(dir.path(), EmbeddedOptions::new(name)).unwrap();
        Broken { cloud, fault }
    };
    let (ann, ben) = (open("ann"), open("ben"));
    (dir, ann, ben)
}

#[test]
fn each_broken_share_centre_fails_the_check_that_names_its_fault() {
    assert_named(FAULTS, unnamed);
}

/// What is said of a fault, where that is not what should be.
fn unnamed((fault, name, text): &Planted<Fault>) -> Option<String> {
    let (_dir, ann, ben) = pair(*fault);
    let mut said = BTreeMap::new();
    let mut hear = |name: &'static str, outcome: Outcome<'_>| {
        if let Outcome::Failed(text) = outcome {
            said.insert(name, text.to_owned());
        }
    };
    let (inviter, invitee) =
        (Party { service: &ann, identity: "ann" }, Party { service: &ben, identity: "ben" });
    match *name {
        "share-none" | "share-no-invitation" => conformance::run_some(&ann, |one| one == *name, &mut hear),
        _ => run_sharing(inviter, invitee, &mut hear),
    }
    let named = said.get(name).is_some_and(|said| said.contains(text));
    (!named).then(|| format!("{fault:?}: {name} says {:?} of {said:?}", said.get(name)))
}

/// A cloud without a share centre passes what one account is checked for, with the checks of sharing left out, and no pair of
/// accounts.
#[test]
fn who_does_not_share_is_asked_nothing() {
    struct Alone(EmbeddedCloud);
    impl CloudService for Alone {
        fn get_service_info(&self) -> Result<ServiceInfo> {
            self.0.get_service_info()
        }
        fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
            self.0.get_app_brief_info()
        }
        fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
            self.0.get_app_schema(bundle_name)
        }
        fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
            self.0.connect_db(bundle_name, database)
        }
        fn connect_asset_loader(&self, bundle: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
            self.0.connect_asset_loader(bundle, database)
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let cloud = Alone(EmbeddedCloud::open(dir.path(), EmbeddedOptions::new("ann")).unwrap());
    let refusal = cloud.connect_share_center(0, "b").err();
    assert!(matches!(refusal, Some(CloudError::NotSupported(_))));
    assert_eq!(conformance::check(&cloud), []);
    let mut left_out = Vec::new();
    conformance::run_some(
        &cloud,
        |name| name.starts_with("share-"),
        |name, outcome| {
            left_out.push((name, outcome == Outcome::Skipped("connect_share_center: not supported")))
        },
    );
    assert_eq!(left_out, [("share-none", true), ("share-no-invitation", true)]);
    let party = Party { service: &cloud, identity: "ann" };
    run_sharing(party, party, |name, outcome| {
        let Outcome::Failed(text) = outcome else { panic!("{name}: {outcome:?}") };
        assert!(text.contains("connect_share_center"), "{name}: {text}");
    });
}

/// Answers every call in one way, whatever it was asked.
struct Liar(Vec<Participant>);

impl ShareCenter for Liar {
    fn alloc_resource(&self, _: i32, _: &str, _: RecordPlace<'_>) -> ShareResult<String> {
        Ok(String::new())
    }
    fn share(&self, _: i32, _: &str, _: &str, _: &[Participant]) -> ShareResult<Answers> {
        Ok(self.0.iter().cloned().map(Ok).collect())
    }
    fn unshare(&self, _: i32, _: &str, _: &str, _: &[Participant]) -> ShareResult<Answers> {
        Ok(self.0.iter().cloned().map(Ok).collect())
    }
    fn exit(&self, _: i32, _: &str, _: &str) -> ShareResult<()> {
        Ok(())
    }
    fn change_privilege(&self, _: i32, _: &str, _: &str, _: &[Participant]) -> ShareResult<Answers> {
        Ok(self.0.iter().cloned().map(Ok).collect())
    }
    fn query_participants(&self, _: i32, _: &str, _: &str) -> ShareResult<Vec<Participant>> {
        Ok(self.0.clone())
    }
    fn query_participants_by_invitation(&self, _: i32, _: &str, _: &str) -> ShareResult<Vec<Participant>> {
        Ok(self.0.clone())
    }
    fn confirm_invitation(&self, _: i32, _: &str, _: &str, _: State) -> ShareResult<String> {
        Ok(String::new())
    }
    fn change_confirmation(&self, _: i32, _: &str, _: &str, _: State) -> ShareResult<()> {
        Ok(())
    }
}

#[test]
fn what_cannot_be_true_is_refused_with_what_is_wrong_with_it() {
    let invitee = |name: &str| Participant { identity: name.into(), ..Participant::default() };
    let inviter = |name: &str| Participant { role: Role::Inviter, ..invitee(name) };
    let all = Participant { privilege: Privilege::ALL, ..invitee("ben") };
    let asked = [invitee("ben")];
    let lie = |answers: Vec<Participant>| CheckedShare::new(Arc::new(Liar(answers)));
    let text = |error: ShareError| (error.code == SharingCode::InnerError).then_some(error.text).unwrap();
    let said = |center: &CheckedShare, wanted: &str| {
        let calls = [
            center.share(0, "b", "r", &asked),
            center.unshare(0, "b", "r", &asked),
            center.change_privilege(0, "b", "r", &asked),
        ];
        for call in calls {
            let text = text(call.and_then(|mut answers| answers.remove(0)).unwrap_err());
            assert!(text.contains(wanted), "{text}");
        }
    };
    said(&lie(vec![]), "0 answers for 1 participants");
    said(&lie(vec![invitee("ben"), invitee("cleo")]), "2 answers for 1 participants");
    said(&lie(vec![invitee("cleo")]), "it answered for \"cleo\" where \"ben\" was asked");
    said(&lie(vec![inviter("ben")]), "is the inviter");
    let more = lie(vec![all]);
    assert!(
        text(more.share(0, "b", "r", &asked).unwrap().remove(0).unwrap_err()).contains("another privilege")
    );
    assert!(more.unshare(0, "b", "r", &asked).unwrap()[0].is_ok(), "what was taken back is told as it was");

    for (list, wanted) in [
        (vec![invitee("ben"), invitee("ben")], "there twice"),
        (vec![invitee("")], "has no name"),
        (vec![inviter("ann"), inviter("ben")], "2 inviters"),
    ] {
        let center = lie(list);
        assert!(text(center.query_participants(0, "b", "r").unwrap_err()).contains(wanted));
        assert!(text(center.query_participants_by_invitation(0, "b", "c").unwrap_err()).contains(wanted));
    }
    let center = lie(vec![inviter("ann"), invitee("ben")]);
    assert_eq!(center.query_participants(0, "b", "r").unwrap().len(), 2);
    assert!(
        text(center.confirm_invitation(0, "b", "c", State::Accepted).unwrap_err()).contains("without a name")
    );
    let place = RecordPlace { database: "d", table: "t", id: "i" };
    assert!(text(center.alloc_resource(0, "b", place).unwrap_err()).contains("without a name"));
}
