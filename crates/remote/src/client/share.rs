//! A bundle's share centre in a remote cloud.

use std::sync::Arc;

use cloudsync_cloud as cloud;
use cloudsync_cloud::{RecordPlace, Result as CloudResult, ShareCenter, ShareResult, State};

use super::core::Core;
use super::place::Place;
use crate::convert;
use crate::frame::Kind;
use crate::message::{
    AllocResource, ChangeConfirmation, ConfirmInvitation, Nothing, OfInvitation, OfParticipants, OfShare,
    Participant, ParticipantResults, Participants, SharingResource, UserBundle,
};

/// A share centre.
pub(super) struct RemoteShare(Place<UserBundle>);

impl RemoteShare {
    pub(super) fn connect(core: Arc<Core>, user: i32, bundle_name: &str) -> CloudResult<Self> {
        let what = UserBundle { bundle_name: bundle_name.to_owned(), user };
        Ok(RemoteShare(Place::connect(core, Kind::ConnectShareCenter, what)?))
    }

    fn with_participants(
        &self,
        kind: Kind,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        participants: &[cloud::Participant],
    ) -> ShareResult<Vec<ShareResult<cloud::Participant>>> {
        let (connection, handle) = self.0.here()?;
        let request = OfParticipants {
            handle,
            user,
            bundle_name: bundle_name.to_owned(),
            sharing_resource: sharing_resource.to_owned(),
            participants: participants.iter().map(Participant::from).collect(),
        };
        let results: ParticipantResults = connection.ask_center(kind, &request)?;
        Ok(connection.kept(convert::participant_results(results))?)
    }
}

impl ShareCenter for RemoteShare {
    fn alloc_resource(&self, user: i32, bundle_name: &str, record: RecordPlace<'_>) -> ShareResult<String> {
        let (connection, handle) = self.0.here()?;
        let request = AllocResource {
            handle,
            user,
            bundle_name: bundle_name.to_owned(),
            database_alias: record.database.to_owned(),
            table: record.table.to_owned(),
            id: record.id.to_owned(),
        };
        let answer: SharingResource = connection.ask_center(Kind::AllocResource, &request)?;
        Ok(answer.sharing_resource)
    }

    fn share(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        participants: &[cloud::Participant],
    ) -> ShareResult<Vec<ShareResult<cloud::Participant>>> {
        self.with_participants(Kind::Share, user, bundle_name, sharing_resource, participants)
    }

    fn unshare(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        participants: &[cloud::Participant],
    ) -> ShareResult<Vec<ShareResult<cloud::Participant>>> {
        self.with_participants(Kind::Unshare, user, bundle_name, sharing_resource, participants)
    }

    fn exit(&self, user: i32, bundle_name: &str, sharing_resource: &str) -> ShareResult<()> {
        let (connection, handle) = self.0.here()?;
        let (bundle_name, sharing_resource) = (bundle_name.to_owned(), sharing_resource.to_owned());
        let request = OfShare { handle, user, bundle_name, sharing_resource };
        let _: Nothing = connection.ask_center(Kind::Exit, &request)?;
        Ok(())
    }

    fn change_privilege(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        participants: &[cloud::Participant],
    ) -> ShareResult<Vec<ShareResult<cloud::Participant>>> {
        self.with_participants(Kind::ChangePrivilege, user, bundle_name, sharing_resource, participants)
    }

    fn query_participants(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
    ) -> ShareResult<Vec<cloud::Participant>> {
        let (connection, handle) = self.0.here()?;
        let (bundle_name, sharing_resource) = (bundle_name.to_owned(), sharing_resource.to_owned());
        let request = OfShare { handle, user, bundle_name, sharing_resource };
        let list: Participants = connection.ask_center(Kind::QueryParticipants, &request)?;
        Ok(connection.kept(convert::participants(list.participants))?)
    }

    fn query_participants_by_invitation(
        &self,
        user: i32,
        bundle_name: &str,
        invitation_code: &str,
    ) -> ShareResult<Vec<cloud::Participant>> {
        let (connection, handle) = self.0.here()?;
        let (bundle_name, invitation_code) = (bundle_name.to_owned(), invitation_code.to_owned());
        let request = OfInvitation { handle, user, bundle_name, invitation_code };
        let list: Participants = connection.ask_center(Kind::QueryParticipantsByInvitation, &request)?;
        Ok(connection.kept(convert::participants(list.participants))?)
    }

    fn confirm_invitation(
        &self,
        user: i32,
        bundle_name: &str,
        invitation_code: &str,
        state: State,
    ) -> ShareResult<String> {
        let (connection, handle) = self.0.here()?;
        let (bundle_name, invitation_code) = (bundle_name.to_owned(), invitation_code.to_owned());
        let request = ConfirmInvitation { handle, user, bundle_name, invitation_code, state: state as u32 };
        let answer: SharingResource = connection.ask_center(Kind::ConfirmInvitation, &request)?;
        Ok(answer.sharing_resource)
    }

    fn change_confirmation(
        &self,
        user: i32,
        bundle_name: &str,
        sharing_resource: &str,
        state: State,
    ) -> ShareResult<()> {
        let (connection, handle) = self.0.here()?;
        let (bundle_name, sharing_resource) = (bundle_name.to_owned(), sharing_resource.to_owned());
        let request = ChangeConfirmation { handle, user, bundle_name, sharing_resource, state: state as u32 };
        let _: Nothing = connection.ask_center(Kind::ChangeConfirmation, &request)?;
        Ok(())
    }
}
