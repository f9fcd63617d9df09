//! Carries calls out.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cloudsync_cloud as cloud;
use cloudsync_cloud::{AssetDownload, AssetUpload, CloudDb, CloudError, Result as CloudResult, ShareError};
use prost::Message;

use super::GOODBYE_VIOLATION;
use super::connection::Connection;
use super::handles::Target;
use super::sink::{Downloading, RemoteSink};
use super::source::{Bytes, PassedFile, RemoteSource, Uploading};
use super::transfer::{Control, Stop, Transfer};
use crate::convert;
use crate::frame::{Frame, Kind, LISTED, Violation, violation};
use crate::message::*;
use crate::outbox::SendError;

/// Why a call was not answered.
pub(super) enum Refusal {
    /// It failed.
    Failed(CloudError),
    /// The share centre refused it, or failed.
    Unshared(ShareError),
    /// The other side does not keep to the protocol.
    Violation(Violation),
    /// The answer cannot be sent.
    Unsent(SendError),
}

impl From<CloudError> for Refusal {
    fn from(error: CloudError) -> Self {
        Refusal::Failed(error)
    }
}

impl From<ShareError> for Refusal {
    fn from(error: ShareError) -> Self {
        Refusal::Unshared(error)
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Refusal::Violation(violation)
    }
}

impl From<SendError> for Refusal {
    fn from(error: SendError) -> Self {
        Refusal::Unsent(error)
    }
}

impl Failure {
    pub(super) fn unsupported() -> Self {
        Failure::from(&CloudError::NotSupported(""))
    }

    pub(super) fn unknown() -> Self {
        Failure::from(&CloudError::Unknown(String::new()))
    }
}

/// Carries a call out and answers it.
pub(super) fn carry_out(connection: &Arc<Connection>, kind: Kind, frame: Frame) {
    let call = frame.call;
    connection.unwait(frame.body.len());
    let asked = Asked { connection, call };
    // What the cloud leaves behind when it panics is its own; here nothing is half done.
    let done = catch_unwind(AssertUnwindSafe(|| asked.perform(kind, frame)));
    match done {
        Ok(Ok(())) => {}
        Ok(Err(Refusal::Failed(error))) => connection.fail(call, Failure::from(&error)),
        Ok(Err(Refusal::Unshared(error))) => connection.fail(call, Failure::from(&error)),
        Ok(Err(Refusal::Violation(violation))) => {
            connection.say_goodbye(GOODBYE_VIOLATION, &violation.to_string());
        }
        Ok(Err(Refusal::Unsent(error @ SendError::TooLong(_)))) => {
            let text = format!("the answer is too long: {error}");
            connection.fail(call, Failure::from(&CloudError::InvalidArgument(text)));
        }
        // There is nobody to answer.
        Ok(Err(Refusal::Unsent(SendError::Closed(_)))) => {}
        Err(_) => {
            let text = format!("the cloud failed inside {kind:?}; look at the log of its process");
            connection.fail(call, Failure { text, ..Failure::unknown() });
        }
    }
}

/// A call that is carried out.
pub(super) struct Asked<'a> {
    pub(super) connection: &'a Arc<Connection>,
    call: u64,
}

pub(super) type Done = Result<(), Refusal>;

impl Asked<'_> {
    pub(super) fn answer(&self, answer: &impl Message) -> Done {
        Ok(self.connection.answer(self.call, answer)?)
    }

    fn db(&self, handle: u64) -> CloudResult<Arc<dyn CloudDb>> {
        self.connection.handles.db(handle)
    }

    fn perform(&self, kind: Kind, frame: Frame) -> Done {
        let service = &*self.connection.shared.service;
        match kind {
            Kind::GetServiceInfo => self.answer(&ServiceInfo::from(service.get_service_info()?)),
            Kind::GetAppBriefInfo => {
                let apps = service.get_app_brief_info()?.into_values().map(AppBriefInfo::from);
                self.answer(&Apps { apps: apps.collect() })
            }
            Kind::GetAppSchema => {
                let asked: Bundle = frame.message()?;
                self.answer(&AppSchema::from(service.get_app_schema(&asked.bundle_name)?))
            }
            Kind::Subscribe => self.subscribe(frame.message()?),
            Kind::Unsubscribe => self.unsubscribe(frame.message()?),
            Kind::ConnectDb => {
                let (bundle, database) = convert::bundle_database(frame.message()?)?;
                let db = service.connect_db(&bundle, &database)?;
                let capabilities = convert::capability_bits(db.capabilities());
                self.connected(Target::Db(db), capabilities)
            }
            Kind::ConnectAssetLoader => {
                let (bundle, database) = convert::bundle_database(frame.message()?)?;
                self.connected(Target::Loader(service.connect_asset_loader(&bundle, &database)?), 0)
            }
            Kind::ConnectShareCenter => {
                let UserBundle { bundle_name, user } = frame.message()?;
                self.connected(Target::Center(service.connect_share_center(user, &bundle_name)?), 0)
            }
            Kind::GenerateId => {
                let GenerateId { handle, count } = frame.message()?;
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                if count > LISTED {
                    let text = format!("{count} ids at a time, {LISTED} are the most");
                    return Err(CloudError::InvalidArgument(text).into());
                }
                self.answer(&Ids { ids: self.db(handle)?.generate_id(count)? })
            }
            Kind::Insert => self.write(frame.message()?, |db, table, rows| db.insert(table, rows)),
            Kind::Update => self.write(frame.message()?, |db, table, rows| db.update(table, rows)),
            Kind::Delete => self.write(frame.message()?, |db, table, rows| db.delete(table, rows)),
            Kind::Query => self.query(&frame.message()?),
            Kind::Lock => {
                let OfHandle { handle } = frame.message()?;
                self.answer(&LockInfo::from(self.db(handle)?.lock()?))
            }
            Kind::Heartbeat => {
                let OfLock { handle, lock_id } = frame.message()?;
                self.answer(&LockInfo::from(self.db(handle)?.heartbeat(lock_id)?))
            }
            Kind::Unlock => {
                let OfLock { handle, lock_id } = frame.message()?;
                self.answer(&Unlocked { held: self.db(handle)?.unlock(lock_id)? })
            }
            Kind::Upload => self.upload(frame),
            Kind::Download => self.download(frame.message()?),
            Kind::Prove => self.prove(frame.message()?),
            other => self.share(other, &frame),
        }
    }

    fn connected(&self, target: Target, capabilities: u64) -> Done {
        let handle = self.connection.handles.add(target)?;
        self.answer(&Connected { handle, capabilities })
    }

    fn subscribe(&self, asked: Subscribe) -> Done {
        let mut databases: BTreeMap<String, Vec<cloud::Database>> = BTreeMap::new();
        for one in asked.databases {
            let (bundle, database) = convert::bundle_database(one)?;
            databases.entry(bundle).or_default().push(database);
        }
        let service = &*self.connection.shared.service;
        let notices = &self.connection.notices;
        let listener = notices.listener(self.connection, self.call)?;
        let made = service.subscribe(&databases, asked.expiration_time, listener);
        let info = made.inspect_err(|_| notices.failed(self.call))?;
        if !notices.made(self.call, &info) {
            let ids = info.subscribe.into_iter();
            let ids = ids.map(|(bundle, ids)| (bundle, ids.into_iter().map(|id| id.id).collect())).collect();
            // Nobody is there to be told any more.
            let _ = service.unsubscribe(&ids);
            return Ok(());
        }
        self.answer(&SubscribeInfo::from(info))
    }

    fn unsubscribe(&self, asked: Unsubscribe) -> Done {
        let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for id in asked.ids {
            ids.entry(id.bundle_name).or_default().push(id.id);
        }
        self.connection.shared.service.unsubscribe(&ids)?;
        self.connection.notices.ended(&ids);
        self.answer(&Nothing {})
    }

    fn write(
        &self,
        asked: Write,
        write: impl FnOnce(
            &dyn CloudDb,
            &str,
            Vec<cloud::RowWrite>,
        ) -> CloudResult<Vec<CloudResult<cloud::WriteReceipt>>>,
    ) -> Done {
        let rows = asked.rows.into_iter().map(convert::row_write).collect::<Result<_, _>>()?;
        let receipts = write(&*self.db(asked.handle)?, &asked.table, rows)?;
        self.answer(&Receipts { receipts: receipts.into_iter().map(Receipt::from).collect() })
    }

    /// A page that is too long for a message is asked for anew, half as long.
    fn query(&self, asked: &Query) -> Done {
        let db = self.db(asked.handle)?;
        let fields: Vec<&str> = asked.fields.iter().map(String::as_str).collect();
        let mut count = usize::try_from(asked.count).unwrap_or(usize::MAX).min(LISTED);
        loop {
            let page = db.query(&asked.table, &fields, count, &asked.cursor)?;
            let length = page.values.len();
            match self.connection.answer(self.call, &Page::from(page)) {
                Err(SendError::TooLong(_)) if length > 1 => count = length / 2,
                other => return Ok(other?),
            }
        }
    }

    fn upload(&self, frame: Frame) -> Done {
        let asked: Upload = frame.message()?;
        let loader = self.connection.handles.loader(asked.handle)?;
        let coming = asked.items.iter().map(|item| (item.size, !item.file));
        let transfer = Arc::new(Transfer::Up(Uploading::new(coming)));
        let mut descriptors = frame.descriptors.into_iter();
        let mut items = Vec::with_capacity(asked.items.len());
        for (index, item) in asked.items.into_iter().enumerate() {
            let bytes = match (item.file, item.file.then(|| descriptors.next()).flatten()) {
                (false, _) => Bytes::Connection(transfer.clone()),
                (true, Some(descriptor)) => Bytes::File(PassedFile::new(descriptor)?),
                (true, None) => return Err(Violation("a file without a descriptor".into()).into()),
            };
            let source = RemoteSource {
                connection: self.connection.clone(),
                call: self.call,
                item: index,
                size: item.size,
                bytes,
            };
            items.push(AssetUpload {
                gid: item.gid,
                asset: present(item.asset)?,
                transfer_id: item.transfer_id,
                digest: convert::digest(&item.digest)?,
                source: Box::new(source),
            });
        }
        if descriptors.next().is_some() {
            return Err(Violation("a descriptor for no file".into()).into());
        }
        self.connection.transfers(self.call, &transfer);
        let answers = loader.upload(&asked.table, items, &self.control(&transfer));
        self.items(answers)
    }

    fn download(&self, asked: Download) -> Done {
        let loader = self.connection.handles.loader(asked.handle)?;
        let transfer = Arc::new(Transfer::Down(Downloading::default()));
        let mut items = Vec::with_capacity(asked.items.len());
        for (index, item) in asked.items.into_iter().enumerate() {
            let sink = RemoteSink {
                connection: self.connection.clone(),
                transfer: transfer.clone(),
                call: self.call,
                item: index,
                offset: item.offset,
            };
            let asset = present(item.asset)?;
            items.push(AssetDownload { gid: item.gid, asset, sink: Box::new(sink) });
        }
        self.connection.transfers(self.call, &transfer);
        let answers = loader.download(&asked.table, &asked.prefix, items, &self.control(&transfer));
        self.items(answers)
    }

    fn prove(&self, asked: Prove) -> Done {
        let loader = self.connection.handles.loader(asked.handle)?;
        let claims = asked.claims.into_iter().map(convert::claim).collect::<Result<Vec<_>, _>>()?;
        let transfer = Arc::new(Transfer::Proof(Stop::default()));
        self.connection.transfers(self.call, &transfer);
        let answers = loader.prove(&asked.table, &claims, &self.control(&transfer));
        let item = |answer: CloudResult<()>| Item {
            failure: answer.err().map(|error| Failure::from(&error)),
            asset: None,
        };
        self.answer(&Items { items: answers.into_iter().map(item).collect() })
    }

    fn control<'a>(&'a self, transfer: &'a Transfer) -> Control<'a> {
        Control { connection: self.connection, call: self.call, transfer }
    }

    fn items(&self, answers: Vec<CloudResult<cloud::CloudAsset>>) -> Done {
        self.answer(&Items { items: answers.into_iter().map(Item::from).collect() })
    }
}

/// The asset that an item must have.
fn present(asset: Option<Asset>) -> Result<cloud::CloudAsset, Violation> {
    asset.map_or_else(|| violation("an item without an asset"), convert::asset)
}
