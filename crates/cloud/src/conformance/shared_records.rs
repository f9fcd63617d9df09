//! Checks of the records behind a share. A cloud may leave them with whoever shares them: one whose invitee does not find what
//! it was given, right after it accepted, is left out, which is told.

use std::error::Error;
use std::sync::Arc;

use super::sharing::{CREATE, Pair, READ, WRITE};
use super::{BUNDLE, Bench, Check, Control, DATABASE, bytes, database, ensure, one, refused, skip, values};
use crate::{
    CloudDb, CloudError, CloudService, CloudType, Flag, Record, Result, Row, RowWrite, WriteReceipt,
};

/// By this field one record lies in another: what is shared is a record, and all that lies in it.
const PARENT_FIELD: &str = "parent";

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
        ensure(shared.finds(&*shared.invitee)?.is_none(), "who was not invited finds the record")?;
        pair.accepted(privilege)?;
        match shared.finds(&*shared.invitee)? {
            Some(_) => Ok(shared),
            None => Err(skip("shared records: an invitee does not find what it accepted")),
        }
    }

    /// The shared record in an account's listing, where it is and was not deleted.
    fn finds(&self, db: &dyn CloudDb) -> std::result::Result<Option<Record>, Box<dyn Error>> {
        self.finds_one(db, &self.pair.record)
    }

    fn finds_one(&self, db: &dyn CloudDb, id: &str) -> std::result::Result<Option<Record>, Box<dyn Error>> {
        let page = db.query(&self.pair.table, &[], 1000, "")?;
        ensure(!page.has_more, "a table of a few records has more than 1000")?;
        let mut live = page.values.into_iter().filter(|record| record.extension.operation != Flag::Delete);
        Ok(live.find(|record| record.extension.id == id))
    }

    /// The number in the shared record, as an account finds it.
    fn number(&self, db: &dyn CloudDb) -> std::result::Result<Option<CloudType>, Box<dyn Error>> {
        Ok(self.finds(db)?.and_then(|mut record| record.values.remove("number")))
    }

    /// The invitee puts a record into what was shared.
    fn create(&self, values: Row) -> Result<String> {
        let mut values = values;
        values.insert(PARENT_FIELD.into(), CloudType::String(self.pair.record.clone()));
        let id = self.invitee.generate_id(1)?.concat();
        let row = RowWrite { id: id.clone(), values, ..RowWrite::default() };
        one(self.invitee.insert(&self.pair.table, vec![row])?)?;
        Ok(id)
    }

    /// The invitee's assets.
    fn bench(&self) -> Result<Bench<'a>> {
        let service = self.pair.invitee.service;
        let assets = service.connect_asset_loader(BUNDLE, &database(DATABASE))?;
        Ok(Bench { service, db: Arc::clone(&self.invitee), assets, table: self.pair.table.clone() })
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
    refused(shared.create(values(5)), not_allowed, "an invitee who may only read creates")?;
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
    ensure(shared.finds(&*shared.invitee)?.is_none(), "the invitee finds what was taken back")?;
    let kept = shared.number(&*shared.inviter)?;
    ensure(kept == number(1), format!("after taking it back the inviter finds {kept:?}"))
}

pub(super) fn created(pair: &Pair<'_>) -> Check {
    let shared = Shared::new(pair, CREATE)?;
    let id = shared.create(values(5));
    let id = id.map_err(|error| format!("an invitee who may create is refused: {error}"))?;
    let found = shared.finds_one(&*shared.inviter, &id)?;
    ensure(found.is_some(), "the inviter does not find what the invitee created in the share")?;
    ensure(shared.finds_one(&*shared.invitee, &id)?.is_some(), "the invitee does not find what it created")
}

/// The share's end takes from nobody what they have made.
pub(super) fn kept(pair: &Pair<'_>) -> Check {
    let shared = Shared::new(pair, CREATE)?;
    let (bench, content) = (shared.bench()?, bytes(23, 5000));
    let asset = bench.upload(&content, None, 5000, &Control::default())?;
    let mut fields = values(6);
    fields.insert("asset".into(), CloudType::Asset(Box::new(asset)));
    let id = shared.create(fields)?;
    pair.take_back()?;
    let Some(mine) = shared.finds_one(&*shared.invitee, &id)? else {
        return Err("with the share went what the invitee had created in it".into());
    };
    let seen = mine.values.get("number").cloned();
    ensure(seen == number(6), format!("the invitee finds {seen:?} in what it had created"))?;
    let Some(CloudType::Asset(asset)) = mine.values.get("asset") else {
        return Err("what the invitee had created has no asset after the share's end".into());
    };
    let got = bench.download_of(&id, asset, &[]);
    let got = got.map_err(|error| format!("what the invitee had created cannot be downloaded: {error}"))?;
    ensure(got == content, "what the invitee had created has other bytes after the share's end")?;
    ensure(shared.finds_one(&*shared.inviter, &id)?.is_some(), "the inviter has lost what was created")
}
