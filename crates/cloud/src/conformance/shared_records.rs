//! Checks of the records behind a share. A cloud may leave them with whoever shares them: one whose invitee does not find what
//! it was given, right after it accepted, is left out, which is told.

use std::error::Error;
use std::sync::Arc;

use super::sharing::{Pair, READ, WRITE};
use super::{BUNDLE, Check, DATABASE, database, ensure, one, refused, skip, values};
use crate::{
    CloudDb, CloudError, CloudService, CloudType, Flag, Record, Result, Row, RowWrite, WriteReceipt,
};

/// Both accounts' records, once the invitation was accepted.
struct Shared<'a> {
    pair: &'a Pair<'a>,
    inviter: Arc<dyn CloudDb>,
    invitee: Arc<dyn CloudDb>,
}

fn connect(service: &dyn CloudService) -> Result<Arc<dyn CloudDb>> {
    service.connect_db(BUNDLE, &database(DATABASE))
}

impl<'a> Shared<'a> {
    fn new(pair: &'a Pair<'a>, privilege: crate::Privilege) -> std::result::Result<Self, Box<dyn Error>> {
        let inviter = connect(pair.inviter.service)?;
        let shared = Shared { pair, inviter, invitee: connect(pair.invitee.service)? };
        ensure(shared.found(&*shared.invitee)?.is_none(), "who was not invited finds the record")?;
        pair.accepted(privilege)?;
        match shared.found(&*shared.invitee)? {
            Some(_) => Ok(shared),
            None => Err(skip("shared records: an invitee does not find what it accepted")),
        }
    }

    /// The record in an account's listing, where it is and was not deleted.
    fn found(&self, db: &dyn CloudDb) -> std::result::Result<Option<Record>, Box<dyn Error>> {
        let page = db.query(&self.pair.table, &[], 1000, "")?;
        ensure(!page.has_more, "a table of one record has more than 1000")?;
        let mut live = page.values.into_iter().filter(|record| record.extension.operation != Flag::Delete);
        Ok(live.find(|record| record.extension.id == self.pair.record))
    }

    /// The number in the record, as an account finds it.
    fn number(&self, db: &dyn CloudDb) -> std::result::Result<Option<CloudType>, Box<dyn Error>> {
        Ok(self.found(db)?.and_then(|mut record| record.values.remove("number")))
    }

    fn row(&self, values: Row) -> RowWrite {
        RowWrite { id: self.pair.record.clone(), values, ..RowWrite::default() }
    }

    fn update(&self, db: &dyn CloudDb, number: i64) -> Result<WriteReceipt> {
        one(db.update(&self.pair.table, vec![self.row(values(number))])?)
    }
}

fn number(value: i64) -> Option<CloudType> {
    Some(CloudType::Int64(value))
}

pub(super) fn found(pair: &Pair<'_>) -> Check {
    let shared = Shared::new(pair, READ)?;
    let seen = shared.number(&*shared.invitee)?;
    ensure(seen == number(1), format!("the invitee finds {seen:?} in the shared record"))?;
    shared.update(&*shared.inviter, 2)?;
    let seen = shared.number(&*shared.invitee)?;
    ensure(seen == number(2), format!("the invitee finds {seen:?} after the inviter's change"))
}

pub(super) fn privilege(pair: &Pair<'_>) -> Check {
    let shared = Shared::new(pair, READ)?;
    let not_allowed = |error: &CloudError| matches!(error, CloudError::NotAllowed(_));
    let write = shared.update(&*shared.invitee, 3);
    refused(write, not_allowed, "an invitee who may only read writes")?;
    let delete = one(shared.invitee.delete(&pair.table, vec![shared.row(Row::new())])?);
    refused(delete, not_allowed, "an invitee who may only read deletes")?;
    let kept = shared.number(&*shared.inviter)?;
    ensure(kept == number(1), format!("after what was refused the inviter finds {kept:?}"))
}

pub(super) fn written(pair: &Pair<'_>) -> Check {
    let shared = Shared::new(pair, WRITE)?;
    let write = shared.update(&*shared.invitee, 4);
    write.map_err(|error| format!("an invitee who may write is refused: {error}"))?;
    let seen = shared.number(&*shared.inviter)?;
    ensure(seen == number(4), format!("the inviter finds {seen:?} after the invitee's change"))
}

pub(super) fn gone(pair: &Pair<'_>) -> Check {
    let shared = Shared::new(pair, READ)?;
    pair.take_back()?;
    ensure(shared.found(&*shared.invitee)?.is_none(), "the invitee finds what was taken back")?;
    let kept = shared.number(&*shared.inviter)?;
    ensure(kept == number(1), format!("after taking it back the inviter finds {kept:?}"))
}
