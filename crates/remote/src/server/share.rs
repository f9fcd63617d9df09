//! Carries the share centre's calls out.

use cloudsync_cloud as cloud;
use cloudsync_cloud::{RecordPlace, ShareCenter, ShareError, ShareResult, SharingCode};

use super::calls::{Asked, Done, Refusal};
use crate::convert;
use crate::frame::{Frame, Kind, Violation};
use crate::message::*;
use crate::outbox::SendError;

/// A method that is told of participants and answers one by one.
type Each = fn(
    &(dyn ShareCenter + 'static),
    i32,
    &str,
    &str,
    &[cloud::Participant],
) -> ShareResult<Vec<ShareResult<cloud::Participant>>>;

impl Asked<'_> {
    /// Carries out a call of a share centre's.
    pub(super) fn share(&self, kind: Kind, frame: &Frame) -> Done {
        let center = |handle| self.connection.handles.center(handle);
        match kind {
            Kind::AllocResource => {
                let asked: AllocResource = frame.message()?;
                let AllocResource { handle, user, bundle_name, database_alias, table, id } = &asked;
                let record = RecordPlace { database: database_alias, table, id };
                self.resource(center(*handle)?.alloc_resource(*user, bundle_name, record)?)
            }
            Kind::Share => self.each(frame.message()?, <dyn ShareCenter>::share),
            Kind::Unshare => self.each(frame.message()?, <dyn ShareCenter>::unshare),
            Kind::ChangePrivilege => self.each(frame.message()?, <dyn ShareCenter>::change_privilege),
            Kind::Exit => {
                let OfShare { handle, user, bundle_name, sharing_resource } = frame.message()?;
                center(handle)?.exit(user, &bundle_name, &sharing_resource)?;
                self.answer(&Nothing {})
            }
            Kind::QueryParticipants => {
                let OfShare { handle, user, bundle_name, sharing_resource } = frame.message()?;
                self.list(&center(handle)?.query_participants(user, &bundle_name, &sharing_resource)?)
            }
            Kind::QueryParticipantsByInvitation => {
                let OfInvitation { handle, user, bundle_name, invitation_code } = frame.message()?;
                let center = center(handle)?;
                self.list(&center.query_participants_by_invitation(user, &bundle_name, &invitation_code)?)
            }
            Kind::ConfirmInvitation => {
                let ConfirmInvitation { handle, user, bundle_name, invitation_code, state } =
                    frame.message()?;
                let (state, center) = (convert::state(state)?, center(handle)?);
                self.resource(center.confirm_invitation(user, &bundle_name, &invitation_code, state)?)
            }
            Kind::ChangeConfirmation => {
                let ChangeConfirmation { handle, user, bundle_name, sharing_resource, state } =
                    frame.message()?;
                let (state, center) = (convert::state(state)?, center(handle)?);
                center.change_confirmation(user, &bundle_name, &sharing_resource, state)?;
                self.answer(&Nothing {})
            }
            other => Err(Violation(format!("{other:?} is no request")).into()),
        }
    }

    fn each(&self, asked: OfParticipants, method: Each) -> Done {
        let participants = convert::participants(asked.participants)?;
        let center = self.connection.handles.center(asked.handle)?;
        let results =
            method(&*center, asked.user, &asked.bundle_name, &asked.sharing_resource, &participants)?;
        let results = results.into_iter().map(ParticipantResult::from).collect();
        match self.answer(&ParticipantResults { results }) {
            // What was done is done: to refuse it as asked wrongly would say that it was not.
            Err(Refusal::Unsent(error @ SendError::TooLong(_))) => {
                let text = format!("it was done, but its answer cannot come: {error}");
                Err(ShareError::new(SharingCode::IpcError, text).into())
            }
            other => other,
        }
    }

    fn resource(&self, sharing_resource: String) -> Done {
        self.answer(&SharingResource { sharing_resource })
    }

    fn list(&self, participants: &[cloud::Participant]) -> Done {
        self.answer(&Participants { participants: participants.iter().map(Participant::from).collect() })
    }
}
