//! Downloads: the server sends bytes as fast as they are taken.

use cloudsync_cloud::{AssetDownload, CloudAsset, CloudError, Result as CloudResult, TransferControl};

use super::calls::Event;
use super::connection::Connection;
use super::transfer::Fates;
use crate::frame::{Data, Kind, Violation, violation};
use crate::message::{Download, DownloadItem, Moved, Nothing};

/// Downloads items from a table, with a prefix.
pub(super) fn run(
    connection: &Connection,
    handle: u64,
    (table, prefix): (&str, &str),
    items: Vec<AssetDownload<'_>>,
    control: &dyn TransferControl,
) -> CloudResult<Vec<CloudResult<CloudAsset>>> {
    let request = items.iter().map(|item| DownloadItem {
        gid: item.gid.clone(),
        asset: Some(item.asset.clone().into()),
        offset: item.sink.offset(),
    });
    let (table, prefix) = (table.to_owned(), prefix.to_owned());
    let request = Download { handle, table, prefix, items: request.collect() };
    let mut call = connection.begin()?;
    call.send(Kind::Download, &request)?;
    let mut fates = Fates::new(items.len(), control);
    let mut arriving: Vec<Arriving<'_>> =
        items.into_iter().map(|item| Arriving { item, next: None }).collect();
    loop {
        match call.next()? {
            Event::Data(data) => {
                let (index, length) = (data.item, data.bytes().len());
                let taken = match arriving.get_mut(index) {
                    Some(arriving) => arriving.take(&data, &mut fates),
                    None => violation(format!("bytes of the item {index}")),
                };
                connection.kept(taken)?;
                if fates.stopped() {
                    connection.tell(Kind::Stop, call.number, &Nothing {});
                }
                let failed = fates.failed(index);
                let taken = Moved { item: index as u32, bytes: length as u64, failed, ..Moved::default() };
                connection.tell(Kind::Taken, call.number, &taken);
            }
            Event::Working => {}
            Event::Answer(body) => return fates.settle(connection, &body),
            other => return connection.unexpected(&other, Kind::Download),
        }
    }
}

/// An item, and where its next bytes begin once some have come.
struct Arriving<'a> {
    item: AssetDownload<'a>,
    next: Option<u64>,
}

impl Arriving<'_> {
    fn take(&mut self, data: &Data, fates: &mut Fates<'_>) -> Result<(), Violation> {
        let (offset, bytes) = (data.offset, data.bytes());
        let follows = |next| offset == next;
        if !self.next.map_or(offset == 0 || offset == self.item.sink.offset(), follows) {
            return violation(format!("bytes at {offset}, which leave a gap"));
        }
        self.next = Some(offset + bytes.len() as u64);
        if fates.stopped() {
            fates.stop(data.item);
        } else if !fates.failed(data.item) {
            match self.item.sink.write_at(bytes, offset) {
                Ok(()) => drop(fates.moved(data.item, bytes.len() as u64)),
                Err(error) => fates.fail(data.item, CloudError::local(&error)),
            }
        }
        Ok(())
    }
}
