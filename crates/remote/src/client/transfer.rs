//! What uploads and downloads have in common on the side that asks for them.

use cloudsync_cloud::{CloudAsset, CloudError, Flow, Result as CloudResult, TransferControl};

use super::connection::Connection;
use crate::convert;
use crate::frame;
use crate::message::Items;

/// The same error for each.
pub(super) fn same<T>(error: &CloudError, count: usize) -> Vec<CloudResult<T>> {
    (0..count).map(|_| Err(error.clone())).collect()
}

/// Runs a transfer of items; an error of the call is one of each.
pub(super) fn transfers<T>(
    items: Vec<T>,
    run: impl FnOnce(Vec<T>) -> CloudResult<Vec<CloudResult<CloudAsset>>>,
) -> Vec<CloudResult<CloudAsset>> {
    let count = items.len();
    if count == 0 {
        return Vec::new();
    }
    run(items).unwrap_or_else(|error| same(&error, count))
}

/// How a transfer's items fare on this side.
pub(super) struct Fates<'a> {
    control: &'a dyn TransferControl,
    /// Why an item did not go on, where it was not the cloud.
    troubles: Vec<Option<CloudError>>,
    stopped: bool,
}

impl<'a> Fates<'a> {
    pub(super) fn new(count: usize, control: &'a dyn TransferControl) -> Self {
        Fates { control, troubles: vec![None; count], stopped: false }
    }

    /// So many bytes of an item have been moved; whether it goes on.
    pub(super) fn moved(&mut self, item: usize, bytes: u64) -> Flow {
        if self.stopped || self.control.advanced(item, bytes) == Flow::Stop {
            self.stop(item);
            return Flow::Stop;
        }
        Flow::Continue
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }

    /// Somebody stopped the transfer, and this item is one that it stops.
    pub(super) fn stop(&mut self, item: usize) {
        self.stopped = true;
        self.fail(item, CloudError::Stopped);
    }

    /// This device failed at an item.
    pub(super) fn fail(&mut self, item: usize, error: CloudError) {
        if let Some(trouble) = self.troubles.get_mut(item) {
            trouble.get_or_insert(error);
        }
    }

    pub(super) fn failed(&self, item: usize) -> bool {
        self.troubles.get(item).is_some_and(Option::is_some)
    }

    /// The items' answers, with what the cloud could not know: what this device failed at, and that somebody stopped it.
    pub(super) fn settle(
        self,
        connection: &Connection,
        answer: &[u8],
    ) -> CloudResult<Vec<CloudResult<CloudAsset>>> {
        let items: Items = connection.kept(frame::message(answer))?;
        let answers: Result<Vec<_>, _> = items.items.into_iter().map(convert::item).collect();
        let answers = connection.kept(answers)?;
        if answers.len() != self.troubles.len() {
            return Ok(answers);
        }
        let stopped = self.stopped;
        let settle = |(answer, trouble): (CloudResult<CloudAsset>, Option<CloudError>)| match trouble {
            Some(error) => Err(error),
            None if stopped => answer.map_err(|_| CloudError::Stopped),
            None => answer,
        };
        Ok(answers.into_iter().zip(self.troubles).map(settle).collect())
    }
}
