//! A checked [`ShareCenter`].

use std::collections::HashSet;
use std::sync::Arc;

use crate::{
    Participant, Privilege, RecordPlace, Role, ShareCenter, ShareError, ShareResult, SharingCode, State,
};

/// A [`ShareCenter`] whose answers are checked.
pub struct CheckedShare(Arc<dyn ShareCenter>);

type Answers = Vec<ShareResult<Participant>>;

impl CheckedShare {
    /// Checks a share centre's answers from now on.
    pub fn new(center: Arc<dyn ShareCenter>) -> Self {
        CheckedShare(center)
    }
}

fn lie(text: impl Into<String>) -> ShareError {
    ShareError::new(SharingCode::InnerError, text)
}

/// One answer for each participant, about that one, and of one who may do what `fits`.
fn each(
    asked: &[Participant],
    answers: Answers,
    fits: impl Fn(Privilege, Privilege) -> bool,
) -> ShareResult<Answers> {
    if answers.len() != asked.len() {
        return Err(lie(format!("it gave {} answers for {} participants", answers.len(), asked.len())));
    }
    let check = |(asked, answer): (&Participant, ShareResult<Participant>)| {
        let given = answer?;
        if given.identity != asked.identity {
            return Err(lie(format!(
                "it answered for {:?} where {:?} was asked",
                given.identity, asked.identity
            )));
        }
        if given.role != Role::Invitee {
            return Err(lie(format!("it says that {:?}, who was invited, is the inviter", given.identity)));
        }
        if !fits(given.privilege, asked.privilege) {
            return Err(lie(format!("it gave {:?} another privilege than was asked", given.identity)));
        }
        Ok(given)
    };
    Ok(asked.iter().zip(answers).map(check).collect())
}

/// A list in which each is once, and at most one has invited.
fn list(participants: Vec<Participant>) -> ShareResult<Vec<Participant>> {
    let mut seen = HashSet::with_capacity(participants.len());
    if let Some(one) = participants.iter().find(|one| one.identity.is_empty() || !seen.insert(&one.identity))
    {
        return Err(lie(format!("the participant {:?} is there twice, or has no name", one.identity)));
    }
    let inviters = participants.iter().filter(|one| one.role == Role::Inviter).count();
    if inviters > 1 {
        return Err(lie(format!("it names {inviters} inviters of one share")));
    }
    Ok(participants)
}

fn named(resource: String) -> ShareResult<String> {
    if resource.is_empty() { Err(lie("it gave a sharing resource without a name")) } else { Ok(resource) }
}

impl ShareCenter for CheckedShare {
    fn alloc_resource(&self, user: i32, bundle_name: &str, record: RecordPlace<'_>) -> ShareResult<String> {
        self.0.alloc_resource(user, bundle_name, record).and_then(named)
    }

    fn share(&self, user: i32, bundle: &str, resource: &str, asked: &[Participant]) -> ShareResult<Answers> {
        each(asked, self.0.share(user, bundle, resource, asked)?, Privilege::is_within)
    }

    fn unshare(
        &self,
        user: i32,
        bundle: &str,
        resource: &str,
        asked: &[Participant],
    ) -> ShareResult<Answers> {
        each(asked, self.0.unshare(user, bundle, resource, asked)?, |_, _| true)
    }

    fn exit(&self, user: i32, bundle_name: &str, sharing_resource: &str) -> ShareResult<()> {
        self.0.exit(user, bundle_name, sharing_resource)
    }

    fn change_privilege(
        &self,
        user: i32,
        bundle: &str,
        resource: &str,
        asked: &[Participant],
    ) -> ShareResult<Answers> {
        each(asked, self.0.change_privilege(user, bundle, resource, asked)?, |given, asked| given == asked)
    }

    fn query_participants(&self, user: i32, bundle: &str, resource: &str) -> ShareResult<Vec<Participant>> {
        list(self.0.query_participants(user, bundle, resource)?)
    }

    fn query_participants_by_invitation(
        &self,
        user: i32,
        bundle_name: &str,
        invitation_code: &str,
    ) -> ShareResult<Vec<Participant>> {
        list(self.0.query_participants_by_invitation(user, bundle_name, invitation_code)?)
    }

    fn confirm_invitation(
        &self,
        user: i32,
        bundle_name: &str,
        invitation_code: &str,
        state: State,
    ) -> ShareResult<String> {
        self.0.confirm_invitation(user, bundle_name, invitation_code, state).and_then(named)
    }

    fn change_confirmation(&self, user: i32, bundle: &str, resource: &str, state: State) -> ShareResult<()> {
        self.0.change_confirmation(user, bundle, resource, state)
    }
}
