//! The bytes of uploads and downloads, as a vendor's loader reads and writes them.

use std::ffi::c_char;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cloudsync_cloud::{
    AssetDownload, AssetSink, AssetSource, AssetUpload, CloudAsset, CloudError, Flow, Result as CloudResult,
    TransferControl,
};
use cloudsync_engine::Code;
use parking_lot::Mutex;

use super::forms::Arena;
use super::types::CloudSyncCloudAsset;
use crate::failure::{Answer, Failure, bad, null};
use crate::object::{Handle, Lent, Shared, keep, with, writable};

/// The assets of one upload or download, as a vendor's method is given them. They live until the method has returned and its
/// reply is answered or dropped. Several threads may move different assets at once.
pub struct CloudSyncTransfers {
    _opaque: [u8; 0],
}

impl Handle for CloudSyncTransfers {
    type Object = Transfers;
}

/// One asset to upload or to download.
///
/// Fields may be added at the end: read only what struct_size covers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CloudSyncTransfer {
    /// Size of this structure in bytes, as the library that runs knows it.
    pub struct_size: usize,
    /// The id of the record that the asset belongs to.
    pub gid: *const c_char,
    /// The asset: for an upload with name, time and size; for a download with the id that says which.
    pub asset: *const CloudSyncCloudAsset,
    /// For an upload: the same across every try to upload these bytes, and no other bytes of the account have it. NULL for a
    /// download.
    pub transfer_id: *const c_char,
    /// For an upload: the 32 bytes of the content's BLAKE3 digest where it is known, else NULL. NULL for a download.
    pub digest: *const u8,
    /// For an upload: how many bytes there are. 0 for a download.
    pub size: u64,
    /// For a download: how many bytes an earlier try left; the vendor goes on from there, or begins at 0.
    pub offset: u64,
}

/// Where an asset's bytes come from or go to.
enum Bytes {
    Source { source: Box<dyn AssetSource>, at: u64 },
    Sink { sink: Box<dyn AssetSink>, at: Option<u64> },
}

/// An asset while its call lasts.
struct Moving {
    bytes: Bytes,
    control: &'static dyn TransferControl,
}

struct Transfer {
    form: CloudSyncTransfer,
    /// Nothing once the call has ended.
    moving: Mutex<Option<Moving>>,
    /// Why it did not go on, where it was not the vendor.
    trouble: Mutex<Option<CloudError>>,
}

/// What a handle of transfers stands for.
pub struct Transfers {
    transfers: Vec<Transfer>,
    stopped: AtomicBool,
    activity: AtomicU64,
    _forms: Arena,
}

// SAFETY: the forms' pointers lead into the arena beside them, which nobody changes.
unsafe impl Send for Transfers {}
// SAFETY: as above; all else is behind locks.
unsafe impl Sync for Transfers {}

impl Transfers {
    /// Rises with every read and write.
    pub(super) fn activity(&self) -> u64 {
        self.activity.load(Ordering::Relaxed)
    }

    fn at(&self, index: usize) -> Answer<&Transfer> {
        let count = self.transfers.len();
        self.transfers.get(index).ok_or_else(|| bad(format!("there is no asset {index}, there are {count}")))
    }

    /// Moves some bytes of an asset with `step`, unless that must end, and tells whoever asked for them how many.
    fn advance(&self, index: usize, step: impl FnOnce(&mut Bytes) -> Step) -> Answer<usize> {
        let transfer = self.at(index)?;
        let mut moving = transfer.moving.lock();
        let moving =
            moving.as_mut().ok_or_else(|| Failure::new(Code::Ipc, "the call has ended meanwhile"))?;
        let stopped = || {
            *transfer.trouble.lock() = Some(CloudError::Stopped);
            Failure::new(
                Code::Interrupted,
                "the transfer is to stop; answer with CLOUDSYNC_ERROR_CODE_STOPPED",
            )
        };
        if self.stopped.load(Ordering::Relaxed) {
            return Err(stopped());
        }
        let moved = match step(&mut moving.bytes) {
            Step::Moved(moved) => moved,
            Step::Refused(failure) => return Err(failure),
            Step::Failed(error) => {
                *transfer.trouble.lock() = Some(CloudError::local(&error));
                return Err(Failure::io("this device's file", &error));
            }
        };
        self.activity.fetch_add(1, Ordering::Relaxed);
        if moved > 0 && moving.control.advanced(index, moved as u64) == Flow::Stop {
            self.stopped.store(true, Ordering::Relaxed);
            return Err(stopped());
        }
        Ok(moved)
    }
}

/// What moving bytes came to.
enum Step {
    Moved(usize),
    Refused(Failure),
    Failed(std::io::Error),
}

impl Bytes {
    /// How much of a buffer the next bytes can fill, and one byte more at the end, where that shows: most files are
    /// smaller than the buffers that they are read into.
    fn left(&self, room: usize) -> usize {
        match self {
            Bytes::Source { source, at } => {
                usize::try_from(source.size().saturating_sub(*at)).unwrap_or(room).clamp(1, room)
            }
            Bytes::Sink { .. } => room,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Step {
        let Bytes::Source { source, at } = self else {
            return Step::Refused(bad("this is a download; write it with cloudsync_transfers_write"));
        };
        match source.read_at(buffer, *at) {
            Ok(read) => {
                *at += read as u64;
                Step::Moved(read)
            }
            Err(error) => Step::Failed(error),
        }
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> Step {
        let Bytes::Sink { sink, at } = self else {
            return Step::Refused(bad("this is an upload; read it with cloudsync_transfers_read"));
        };
        let fits = at.map_or(offset == 0 || offset == sink.offset(), |at| offset == at);
        if !fits {
            return Step::Refused(bad(format!("offset {offset} does not follow what was written before")));
        }
        match sink.write_at(bytes, offset) {
            Ok(()) => {
                *at = Some(offset + bytes.len() as u64);
                Step::Moved(bytes.len())
            }
            Err(error) => Step::Failed(error),
        }
    }
}

/// Transfers that a vendor is lent for one call. Their bytes are out of its reach when this is dropped, whatever it keeps.
pub(super) struct Lending<'a> {
    transfers: Arc<Shared<Transfers>>,
    _bytes: PhantomData<&'a ()>,
}

impl<'a> Lending<'a> {
    /// Lends uploads.
    pub(super) fn uploads(
        items: Vec<AssetUpload<'a>>,
        control: &'a dyn TransferControl,
    ) -> CloudResult<(Self, Lent<CloudSyncTransfers>)> {
        let mut forms = Arena::default();
        let mut lend = |item: AssetUpload<'a>| {
            let form = CloudSyncTransfer {
                transfer_id: forms.text(&item.transfer_id),
                digest: item.digest.map_or(std::ptr::null(), |digest| forms.one(digest).cast()),
                size: item.source.size(),
                ..form(&mut forms, &item.gid, &item.asset)
            };
            // SAFETY: only the lifetime changes, and `Lending` takes the source back before it ends.
            let source = unsafe {
                std::mem::transmute::<Box<dyn AssetSource + 'a>, Box<dyn AssetSource>>(item.source)
            };
            (form, Bytes::Source { source, at: 0 })
        };
        let lent = items.into_iter().map(&mut lend).collect();
        Self::lend(forms, lent, control)
    }

    /// Lends downloads.
    pub(super) fn downloads(
        items: Vec<AssetDownload<'a>>,
        control: &'a dyn TransferControl,
    ) -> CloudResult<(Self, Lent<CloudSyncTransfers>)> {
        let mut forms = Arena::default();
        let mut lend = |item: AssetDownload<'a>| {
            let form =
                CloudSyncTransfer { offset: item.sink.offset(), ..form(&mut forms, &item.gid, &item.asset) };
            // SAFETY: only the lifetime changes, and `Lending` takes the sink back before it ends.
            let sink =
                unsafe { std::mem::transmute::<Box<dyn AssetSink + 'a>, Box<dyn AssetSink>>(item.sink) };
            (form, Bytes::Sink { sink, at: None })
        };
        let lent = items.into_iter().map(&mut lend).collect();
        Self::lend(forms, lent, control)
    }

    fn lend(
        forms: Arena,
        lent: Vec<(CloudSyncTransfer, Bytes)>,
        control: &'a dyn TransferControl,
    ) -> CloudResult<(Self, Lent<CloudSyncTransfers>)> {
        // SAFETY: only the lifetime changes, and `Lending` takes it back before it ends.
        let control =
            unsafe { std::mem::transmute::<&'a dyn TransferControl, &'static dyn TransferControl>(control) };
        let transfer = |(form, bytes)| Transfer {
            form,
            moving: Mutex::new(Some(Moving { bytes, control })),
            trouble: Mutex::new(None),
        };
        let transfers = Transfers {
            transfers: lent.into_iter().map(transfer).collect(),
            stopped: AtomicBool::new(false),
            activity: AtomicU64::new(0),
            _forms: forms,
        };
        match keep::<CloudSyncTransfers>(transfers) {
            Ok((transfers, handle)) => Ok((Lending { transfers, _bytes: PhantomData }, Lent::new(handle))),
            Err(failure) => Err(CloudError::Unknown(failure.text)),
        }
    }

    /// The transfers themselves.
    pub(super) fn transfers(&self) -> Arc<Shared<Transfers>> {
        Arc::clone(&self.transfers)
    }

    /// Takes the bytes back, and puts what the vendor could not know into its answers: what this device failed at, and that
    /// somebody stopped it.
    pub(super) fn settle(self, answers: Vec<CloudResult<CloudAsset>>) -> Vec<CloudResult<CloudAsset>> {
        let stopped = self.transfers.stopped.load(Ordering::Relaxed);
        let settle =
            |(answer, transfer): (CloudResult<CloudAsset>, &Transfer)| match transfer.trouble.lock().take() {
                Some(error) => Err(error),
                None if stopped => answer.map_err(|_| CloudError::Stopped),
                None => answer,
            };
        if answers.len() != self.transfers.transfers.len() {
            return answers;
        }
        answers.into_iter().zip(&self.transfers.transfers).map(settle).collect()
    }
}

impl Drop for Lending<'_> {
    fn drop(&mut self) {
        for transfer in &self.transfers.transfers {
            // Waits for a read or write that is under way on a thread of the vendor's.
            transfer.moving.lock().take();
        }
    }
}

fn form(forms: &mut Arena, gid: &str, asset: &CloudAsset) -> CloudSyncTransfer {
    CloudSyncTransfer {
        struct_size: size_of::<CloudSyncTransfer>(),
        gid: forms.text(gid),
        asset: forms.asset(asset),
        transfer_id: std::ptr::null(),
        digest: std::ptr::null(),
        size: 0,
        offset: 0,
    }
}

/// How many assets there are.
///
/// @param transfers The assets.
/// @param out       Where the number goes.
/// @return 0; 401 for a bad handle or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_transfers_count(
    transfers: *const CloudSyncTransfers,
    out: *mut usize,
) -> i32 {
    with(transfers, "transfers", |transfers| {
        writable(out, "out")?;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(transfers.transfers.len()) };
        Ok(())
    })
}

/// Reads what one asset is.
///
/// @param transfers The assets.
/// @param index     Which one, from 0.
/// @param out       Where a pointer to it goes; it lives as long as the transfers.
/// @return 0; 401 for a bad handle, an asset that there is not, or where out is NULL.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `out` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_transfers_get(
    transfers: *const CloudSyncTransfers,
    index: usize,
    out: *mut *const CloudSyncTransfer,
) -> i32 {
    with(transfers, "transfers", |transfers| {
        writable(out, "out")?;
        let form = &raw const transfers.at(index)?.form;
        // SAFETY: `out` may be written by the caller's promise.
        unsafe { out.write(form) };
        Ok(())
    })
}

/// Reads the next bytes of an asset that is to be uploaded.
///
/// @param transfers The assets.
/// @param index     Which one, from 0.
/// @param buffer    Where the bytes go.
/// @param length    The buffer's size in bytes.
/// @param read      Where their number goes: 0 at the end, and only there.
/// @return 0; 401 for a bad handle, an asset that there is not or that is a download, or where buffer or read is NULL or length
///         is 0; 13900004 where the transfer is to stop; 13600001 where the call has ended meanwhile; 13900005 or another code of
///         its I/O error where the file on this device cannot be read. After one of these, answer: the library knows why.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `buffer` is NULL or may be written for `length` bytes; `read` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_transfers_read(
    transfers: *const CloudSyncTransfers,
    index: usize,
    buffer: *mut u8,
    length: usize,
    read: *mut usize,
) -> i32 {
    with(transfers, "transfers", |transfers| {
        writable(buffer, "buffer")?;
        writable(read, "read")?;
        if length == 0 || length > isize::MAX as usize {
            return Err(bad(format!("a buffer of {length} bytes")));
        }
        let moved = transfers.advance(index, |bytes| {
            let length = bytes.left(length);
            // SAFETY: writable by the caller's promise. Whoever reads a file writes into it before anybody reads it.
            let buffer = unsafe {
                buffer.write_bytes(0, length);
                std::slice::from_raw_parts_mut(buffer, length)
            };
            bytes.read(buffer)
        })?;
        // SAFETY: `read` may be written by the caller's promise.
        unsafe { read.write(moved) };
        Ok(())
    })
}

/// Writes bytes of an asset that is being downloaded.
///
/// @param transfers The assets.
/// @param index     Which one, from 0.
/// @param offset    Where they belong: first 0 or the transfer's offset, then always what follows the bytes before.
/// @param bytes     The bytes; copied. Not looked at where length is 0.
/// @param length    Their number.
/// @return 0; 401 for a bad handle, an asset that there is not or that is an upload, an offset that leaves a gap, or where bytes
///         is NULL; 13900004 where the transfer is to stop; 13600001 where the call has ended meanwhile; 13900025 or another code
///         of its I/O error where the file on this device cannot be written. After one of these, answer: the library knows why.
///
/// Thread safety: any thread. Callback safe: yes.
///
/// # Safety
/// `bytes` is NULL or may be read for `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cloudsync_transfers_write(
    transfers: *const CloudSyncTransfers,
    index: usize,
    offset: u64,
    bytes: *const u8,
    length: usize,
) -> i32 {
    with(transfers, "transfers", |transfers| {
        let bytes: &[u8] = match length {
            0 => &[],
            _ if bytes.is_null() || length > isize::MAX as usize => return Err(null("bytes")),
            // SAFETY: readable by the caller's promise.
            _ => unsafe { std::slice::from_raw_parts(bytes, length) },
        };
        transfers.advance(index, |sink| sink.write(bytes, offset)).map(drop)
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::*;

    struct Stop;

    impl TransferControl for Stop {
        fn advanced(&self, _: usize, _: u64) -> Flow {
            Flow::Stop
        }
    }

    struct Endless;

    impl AssetSource for Endless {
        fn read_at(&mut self, buffer: &mut [u8], _: u64) -> io::Result<usize> {
            Ok(buffer.len())
        }

        fn size(&self) -> u64 {
            u64::MAX
        }

        fn path(&self) -> Option<&Path> {
            None
        }
    }

    impl AssetSink for Endless {
        fn offset(&self) -> u64 {
            5
        }

        fn write_at(&mut self, _: &[u8], _: u64) -> io::Result<()> {
            Ok(())
        }

        fn path(&self) -> Option<&Path> {
            None
        }
    }

    fn download() -> AssetDownload<'static> {
        AssetDownload { gid: "g".into(), asset: CloudAsset::default(), sink: Box::new(Endless) }
    }

    #[test]
    fn a_transfer_that_is_to_stop_says_so_and_answers_so() {
        let upload = AssetUpload {
            gid: "g".into(),
            asset: CloudAsset::default(),
            transfer_id: "t".into(),
            digest: None,
            source: Box::new(Endless),
        };
        let (lending, lent) = Lending::uploads(vec![upload], &Stop).unwrap();
        let (mut buffer, mut read) = ([0; 4], 0);
        // SAFETY: locals may be written.
        let code =
            unsafe { cloudsync_transfers_read(lent.handle(), 0, buffer.as_mut_ptr(), 4, &raw mut read) };
        assert_eq!((code, read), (13_900_004, 0));
        assert_eq!(lending.settle(vec![Ok(CloudAsset::default())]), [Err(CloudError::Stopped)]);

        let (lending, lent) = Lending::downloads(vec![download(), download()], &Stop).unwrap();
        // SAFETY: a readable literal.
        let write = |index| unsafe { cloudsync_transfers_write(lent.handle(), index, 5, b"abc".as_ptr(), 3) };
        assert_eq!((write(0), write(1)), (13_900_004, 13_900_004));
        let answers = lending.settle(vec![Ok(CloudAsset::default()), Ok(CloudAsset::default())]);
        assert_eq!(answers, [Err(CloudError::Stopped), Err(CloudError::Stopped)]);
        assert_eq!(write(0), 13_600_001, "the bytes are out of reach once the call is over");
    }
}
