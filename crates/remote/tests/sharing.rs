//! Accounts share with one another through sockets as they do at hand: every argument, every answer, every code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cloudsync_cloud::conformance::{Outcome, Party, run_sharing};
use cloudsync_cloud::*;
use common::*;

#[test]
fn two_accounts_of_a_cloud_conform_each_through_a_socket_of_its_own() {
    let (place, other) = (Place::new(), Place::new());
    let _servers = [place.serve(place.account("ann")), other.serve(place.account("ben"))];
    let (ann, ben) = (place.connect(), other.connect());
    let (inviter, invitee) =
        (Party { service: &ann, identity: "ann" }, Party { service: &ben, identity: "ben" });
    let mut checks = 0;
    for _ in 0..2 {
        run_sharing(inviter, invitee, |name, outcome| {
            checks += 1;
            assert_eq!(outcome, Outcome::Passed, "{name}");
        });
    }
    assert_eq!(checks, 42);
}

type Each = Vec<ShareResult<Participant>>;

/// A share centre that notes what it is asked, and refuses or answers as it is told.
struct Scripted {
    asked: Mutex<Vec<String>>,
    answer: Mutex<ShareResult<()>>,
    each: Mutex<Option<Each>>,
    list: Mutex<Vec<Participant>>,
}

impl Scripted {
    fn note(&self, asked: impl std::fmt::Debug) -> ShareResult<()> {
        self.asked.lock().unwrap().push(format!("{asked:?}"));
        self.answer.lock().unwrap().clone()
    }

    fn each(&self, asked: impl std::fmt::Debug, participants: &[Participant]) -> ShareResult<Each> {
        self.note((asked, participants))?;
        let given = self.each.lock().unwrap().clone();
        Ok(given.unwrap_or_else(|| participants.iter().cloned().map(Ok).collect()))
    }

    fn list(&self, asked: impl std::fmt::Debug) -> ShareResult<Vec<Participant>> {
        self.note(asked)?;
        Ok(self.list.lock().unwrap().clone())
    }
}

impl ShareCenter for Scripted {
    fn alloc_resource(&self, user: i32, bundle: &str, record: RecordPlace<'_>) -> ShareResult<String> {
        self.note(("alloc", user, bundle, record)).map(|()| "a resource".to_owned())
    }
    fn share(&self, user: i32, bundle: &str, resource: &str, with: &[Participant]) -> ShareResult<Each> {
        self.each(("share", user, bundle, resource), with)
    }
    fn unshare(&self, user: i32, bundle: &str, resource: &str, with: &[Participant]) -> ShareResult<Each> {
        self.each(("unshare", user, bundle, resource), with)
    }
    fn exit(&self, user: i32, bundle: &str, resource: &str) -> ShareResult<()> {
        self.note(("exit", user, bundle, resource))
    }
    fn change_privilege(
        &self,
        user: i32,
        bundle: &str,
        resource: &str,
        with: &[Participant],
    ) -> ShareResult<Each> {
        self.each(("change", user, bundle, resource), with)
    }
    fn query_participants(&self, user: i32, bundle: &str, resource: &str) -> ShareResult<Vec<Participant>> {
        self.list(("participants", user, bundle, resource))
    }
    fn query_participants_by_invitation(
        &self,
        user: i32,
        bundle: &str,
        code: &str,
    ) -> ShareResult<Vec<Participant>> {
        self.list(("invited", user, bundle, code))
    }
    fn confirm_invitation(&self, user: i32, bundle: &str, code: &str, state: State) -> ShareResult<String> {
        self.note(("confirm", user, bundle, code, state)).map(|()| "its resource".to_owned())
    }
    fn change_confirmation(&self, user: i32, bundle: &str, resource: &str, state: State) -> ShareResult<()> {
        self.note(("answer", user, bundle, resource, state))
    }
}

/// A cloud with such a share centre, for one user and bundle.
struct Sharing(Arc<Scripted>);

impl CloudService for Sharing {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        Ok(ServiceInfo::default())
    }
    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        Err(CloudError::Disabled)
    }
    fn get_app_schema(&self, _: &str) -> Result<AppSchema> {
        Err(CloudError::Disabled)
    }
    fn connect_db(&self, _: &str, _: &Database) -> Result<Arc<dyn CloudDb>> {
        Err(CloudError::Disabled)
    }
    fn connect_asset_loader(&self, _: &str, _: &Database) -> Result<Arc<dyn AssetLoader>> {
        Err(CloudError::Disabled)
    }
    fn connect_share_center(&self, user: i32, bundle_name: &str) -> Result<Arc<dyn ShareCenter>> {
        match (user, bundle_name) {
            (-7, BUNDLE) => Ok(self.0.clone()),
            (0, _) => Err(CloudError::NotSupported("connect_share_center")),
            other => Err(CloudError::NotAllowed(format!("{other:?}"))),
        }
    }
}

/// The scripted share centre, and the way to it through a socket.
struct Bench {
    _server: cloudsync_remote::Server,
    cloud: cloudsync_remote::RemoteCloud,
    script: Arc<Scripted>,
    center: Arc<dyn ShareCenter>,
    _place: Place,
}

fn bench() -> Bench {
    let script = Arc::new(Scripted {
        asked: Mutex::default(),
        answer: Mutex::new(Ok(())),
        each: Mutex::default(),
        list: Mutex::default(),
    });
    let place = Place::new();
    let server = place.serve(Arc::new(Sharing(script.clone())));
    let cloud = place.connect();
    let center = cloud.connect_share_center(-7, BUNDLE).unwrap();
    Bench { _server: server, cloud, script, center, _place: place }
}

/// Participants that differ in everything: each of the privileges alone, and every state.
fn participants() -> Vec<Participant> {
    let none = Privilege::default();
    let privileges = [
        Privilege { writable: true, ..none },
        Privilege { readable: true, ..none },
        Privilege { creatable: true, ..none },
        Privilege { deletable: true, ..none },
        Privilege { shareable: true, ..none },
    ];
    let states = [State::Unknown, State::Accepted, State::Rejected, State::Suspended, State::Unavailable];
    let one = |(index, (privilege, state))| Participant {
        identity: format!("somebody-{index}"),
        role: Role::Invitee,
        state,
        privilege,
        attach_info: format!("info-{index}"),
        invitation_code: format!("code-{index}"),
    };
    privileges.into_iter().zip(states).enumerate().map(one).collect()
}

/// Makes every call there is; what each of them came to.
fn every_call(center: &dyn ShareCenter) -> Vec<ShareResult<()>> {
    let some = participants();
    let record = RecordPlace { database: "photos", table: "t", id: "1" };
    vec![
        center.alloc_resource(1, "b", record).map(drop),
        center.share(2, "b", "r", &some).map(drop),
        center.unshare(3, "b", "r", &some).map(drop),
        center.exit(4, "b", "r"),
        center.change_privilege(5, "b", "r", &some).map(drop),
        center.query_participants(6, "b", "r").map(drop),
        center.query_participants_by_invitation(7, "b", "c").map(drop),
        center.confirm_invitation(8, "b", "c", State::Rejected).map(drop),
        center.change_confirmation(i32::MIN, "b", "r", State::Suspended),
    ]
}

#[test]
fn what_a_call_carries_comes_out_as_it_went_in() {
    let Bench { script, center, .. } = &bench();
    assert!(every_call(&**center).iter().all(ShareResult::is_ok));
    let through = std::mem::take(&mut *script.asked.lock().unwrap());
    assert!(every_call(&**script).iter().all(ShareResult::is_ok));
    assert_eq!(through, *script.asked.lock().unwrap());
    assert_eq!(through.len(), 9);

    let record = RecordPlace { database: "photos", table: "t", id: "1" };
    assert_eq!(center.alloc_resource(0, "b", record).unwrap(), "a resource");
    assert_eq!(center.confirm_invitation(0, "b", "c", State::Accepted).unwrap(), "its resource");
    let some = participants();
    let each: Each = some.iter().cloned().map(Ok).collect();
    assert_eq!(center.share(0, "b", "r", &some).unwrap(), each);
    let inviter = Participant { role: Role::Inviter, identity: "ann".to_owned(), ..some[0].clone() };
    let list = [vec![inviter], some].concat();
    *script.list.lock().unwrap() = list.clone();
    assert_eq!(center.query_participants(0, "b", "r").unwrap(), list);
    assert_eq!(center.query_participants_by_invitation(0, "b", "c").unwrap(), list);
}

#[test]
fn codes_come_through_of_calls_and_of_participants() {
    let Bench { script, center, .. } = &bench();
    for code in (1..=14).chain([1000, i32::MAX]).map(SharingCode::of) {
        let refused = ShareError::new(code, format!("{code:?}: ask the owner"));
        *script.answer.lock().unwrap() = Err(refused.clone());
        assert_eq!(every_call(&**center), vec![Err(refused.clone()); 9]);
        *script.answer.lock().unwrap() = Ok(());
        let mut each: Each = participants().into_iter().map(Ok).collect();
        each[1] = Err(refused.clone());
        each[4] = Err(refused);
        *script.each.lock().unwrap() = Some(each.clone());
        assert_eq!(center.share(0, "b", "r", &participants()).unwrap(), each);
        assert_eq!(center.unshare(0, "b", "r", &participants()).unwrap(), each);
        assert_eq!(center.change_privilege(0, "b", "r", &participants()).unwrap(), each);
    }
}

#[test]
fn who_does_not_share_says_so_and_who_is_not_served_is_told_why() {
    let Bench { cloud, center, .. } = &bench();
    let refusal = |user, bundle| cloud.connect_share_center(user, bundle).err();
    assert_eq!(refusal(0, BUNDLE), Some(CloudError::NotSupported("connect_share_center")));
    let why = CloudError::NotAllowed("(9, \"other\")".to_owned());
    assert_eq!(refusal(9, "other"), Some(why));
    assert!(center.exit(0, "b", "r").is_ok(), "the connection is as it was");
}

#[test]
fn what_cannot_be_true_is_an_error() {
    let Bench { script, center, .. } = &bench();
    let lie = |answer: ShareResult<()>, words: &str| {
        let error = answer.unwrap_err();
        assert!(error.code == SharingCode::InnerError && error.text.contains(words), "{error:?}");
    };
    *script.each.lock().unwrap() = Some(Vec::new());
    lie(center.share(0, "b", "r", &participants()).map(drop), "0 answers for 5 participants");
    *script.list.lock().unwrap() = vec![participants().remove(0); 2];
    lie(center.query_participants(0, "b", "r").map(drop), "there twice");
}

#[test]
fn an_answer_that_is_too_long_says_that_it_was_done() {
    let Bench { script, center, .. } = &bench();
    let mut long = participants().remove(1);
    long.attach_info = "x".repeat(17 << 20);
    let asked = Participant { attach_info: String::new(), ..long.clone() };
    *script.each.lock().unwrap() = Some(vec![Ok(long.clone())]);
    let error = center.share(0, "b", "r", &[asked]).unwrap_err();
    assert!(error.code == SharingCode::IpcError && error.text.contains("it was done"), "{error:?}");
    *script.list.lock().unwrap() = vec![long.clone()];
    let error = center.query_participants(0, "b", "r").unwrap_err();
    assert_eq!(error.code, SharingCode::InvalidArgs);
    script.asked.lock().unwrap().clear();
    let error = center.share(0, "b", "r", &[long]).unwrap_err();
    assert_eq!(
        (error.code, script.asked.lock().unwrap().len()),
        (SharingCode::InvalidArgs, 0),
        "nothing was sent"
    );
    assert!(center.exit(0, "b", "r").is_ok(), "the connection is as it was");
}
