//! A node as one blob, and back.
//!
//! Of a file in step all three trees hold the same place and the same bytes. The blob therefore keeps
//! each place and each content once, in up to three slots, and says in its flags which tree means which
//! slot. It is: flags; the places; the contents; what the disk holds (a folder's inode, a file's
//! stamp); what the flags say of record, remote state, previews, arrival, view and trouble, in this order.

use super::{
    Arrival, Content, Hold, Keep, Kind, Local, LocalContent, NodeId, NodeRef, Place, PlaceRef, Preview,
    PreviewAsset, Previews, Remote, Synced, Trouble,
};
use crate::Code;
use crate::bytes::{Bytes, Impossible, put_number, put_text, put_time, text};
use crate::ports::Stamp;

/// A node as the bytes that the index keeps of it, which is how the trees hold it too: the whole node
/// is one allocation, and nothing is made of a row before it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Box<[u8]>);

impl Row {
    /// The row of a node.
    pub fn of(node: &NodeRef<'_>) -> Row {
        Row::with_scratch(node, &mut Vec::new())
    }

    /// The same, written in `scratch` first, so that its allocation is as long as it is.
    pub(super) fn with_scratch(node: &NodeRef<'_>, scratch: &mut Vec<u8>) -> Row {
        scratch.clear();
        write(node, scratch);
        Row(scratch.as_slice().into())
    }

    /// The row that an index kept; an error where no version has written it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Row, Impossible> {
        read(bytes)?;
        Ok(Row(bytes.into()))
    }

    /// What an index keeps.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is a folder's.
    pub(super) fn is_dir(&self) -> bool {
        Bytes(&self.0).number().is_ok_and(|flags| flags & flag::DIR != 0)
    }

    /// Whether the bytes in step were sent from this device.
    pub(super) fn is_sent_from_here(&self) -> bool {
        Bytes(&self.0).number().is_ok_and(|flags| flags & flag::SENT_FROM_HERE != 0)
    }

    /// What the disk holds of the node: cheaper than the whole node.
    pub(super) fn local(&self) -> Option<Local<PlaceRef<'_>>> {
        Reader::new(&self.0).and_then(|mut reader| reader.local()).ok()?
    }

    /// What the disk holds of the node, if it is at this place: cheaper again.
    pub(super) fn local_at(&self, place: PlaceRef<'_>) -> Option<LocalContent> {
        let mut reader = Reader::new(&self.0).ok()?;
        let raw = (place.parent, place.name.as_bytes());
        let here = reader.raw_place(flag::LOCAL_PLACE) == Some(raw);
        if here { reader.local_content().ok() } else { None }
    }

    /// How the disk holds the node, if it is at this place: cheapest, as nothing behind the places is read.
    pub(super) fn hold_at(&self, place: PlaceRef<'_>) -> Option<Hold> {
        let mut bytes = Bytes(&self.0);
        let flags = bytes.number().ok()?;
        let slot = (flags >> flag::LOCAL_PLACE & 3).checked_sub(1)?;
        for _ in 0..slot {
            bytes.number().ok()?;
            bytes.raw_text().ok()?;
        }
        let here =
            bytes.number() == Ok(place.parent.0.into()) && bytes.raw_text() == Ok(place.name.as_bytes());
        here.then_some(match flags >> flag::LOCAL_STATE & 3 {
            flag::HERE_DIR => Hold::Dir,
            flag::CLOUD_ONLY => Hold::CloudOnly,
            flag::HERE => Hold::Here,
            _ => Hold::Unread,
        })
    }

    /// The node.
    pub fn node(&self) -> NodeRef<'_> {
        // Both ways of making a row make sure that it can be read.
        read(&self.0).unwrap_or_else(|_| NodeRef::new(Kind::File))
    }
}

/// The bits of the flags. A tree's slots are numbers of two bits: 0 for none, else the slot plus 1.
mod flag {
    pub(super) const DIR: u64 = 1;
    pub(super) const SENT_FROM_HERE: u64 = 1 << 1;
    pub(super) const DELETED: u64 = 1 << 2;
    /// Where the slots of each tree begin.
    pub(super) const SYNCED_PLACE: u64 = 3;
    pub(super) const SYNCED_CONTENT: u64 = 5;
    pub(super) const LOCAL_PLACE: u64 = 7;
    pub(super) const LOCAL_CONTENT: u64 = 9;
    pub(super) const REMOTE_PLACE: u64 = 11;
    pub(super) const REMOTE_CONTENT: u64 = 13;
    /// What the disk holds: one of the four numbers below.
    pub(super) const LOCAL_STATE: u64 = 15;
    pub(super) const HERE_DIR: u64 = 0;
    pub(super) const CLOUD_ONLY: u64 = 1;
    pub(super) const HERE: u64 = 2;
    pub(super) const UNREAD: u64 = 3;
    /// What there is.
    pub(super) const RECORD: u64 = 1 << 17;
    pub(super) const ASSET: u64 = 1 << 18;
    pub(super) const TROUBLE: u64 = 1 << 19;
    pub(super) const DUE: u64 = 1 << 20;
    /// The stamp has a size or a time other than its content's.
    pub(super) const STAMP_SIZE: u64 = 1 << 21;
    pub(super) const STAMP_MTIME: u64 = 1 << 22;
    pub(super) const ARRIVING: u64 = 1 << 23;
    /// What becomes of its own copy: one of the four numbers of [`super::KEEPS`].
    pub(super) const KEEP: u64 = 24;
    pub(super) const REMOVED: u64 = 1 << 26;
    pub(super) const VIEWED: u64 = 1 << 27;
    /// Small pictures in the cloud, and whether their ids are texts.
    pub(super) const THUMBNAIL: u64 = 1 << 28;
    pub(super) const THUMBNAIL_NAMED: u64 = 1 << 29;
    pub(super) const LCD: u64 = 1 << 30;
    pub(super) const LCD_NAMED: u64 = 1 << 31;
    /// The contents that have an identifier: each slot's bit, and after them the arrival's.
    pub(super) const IDENTIFIED: u64 = 1 << 32;
    pub(super) const ARRIVAL_IDENTIFIED: u64 = IDENTIFIED << 3;
    /// One more than all bits that mean something.
    pub(super) const END: u64 = 1 << 36;
}

/// What becomes of a file's own copy, in the order of the flags' numbers.
const KEEPS: [Keep; 4] = [Keep::AsConfigured, Keep::Pinned, Keep::Away, Keep::Leaving];

/// The places or contents of a row, each once.
struct Slots<T>([Option<T>; 3]);

impl<T: Copy> Slots<T> {
    /// The number of `value`'s slot, a free one for a value that is in none.
    fn number(&mut self, value: T, same: impl Fn(&T, &T) -> bool) -> u64 {
        for (number, slot) in (1..).zip(&mut self.0) {
            match slot {
                Some(held) if same(held, &value) => return number,
                Some(_) => {}
                None => {
                    *slot = Some(value);
                    return number;
                }
            }
        }
        // Not reached: three trees name at most three.
        0
    }
}

/// A row while it is written.
struct Writer<'n> {
    flags: u64,
    places: Slots<PlaceRef<'n>>,
    contents: Slots<Content>,
}

impl<'n> Writer<'n> {
    fn new(node: &NodeRef<'n>) -> Self {
        let mut writer = Writer { flags: 0, places: Slots([None; 3]), contents: Slots([None; 3]) };
        writer.trees(node);
        let keep = KEEPS.iter().position(|keep| *keep == node.keep).unwrap_or(0);
        writer.flags |= (keep as u64) << flag::KEEP;
        let local = node.local.as_ref().map(|local| &local.content);
        let stamp =
            local.and_then(LocalContent::stamp).map(|stamp| (stamp, local.and_then(LocalContent::bytes)));
        let previews = node.remote.map_or(Previews::NONE, |remote| remote.previews);
        let (thumbnail, lcd) = (previews.thumbnail, previews.lcd);
        let is_named = |preview: Preview<&str>| matches!(preview.asset, PreviewAsset::Named(_));
        for (bit, set) in [
            (flag::DIR, node.kind == Kind::Dir),
            (flag::SENT_FROM_HERE, node.sent_from_here),
            (flag::DELETED, node.remote.as_ref().is_some_and(|remote| remote.deleted)),
            (flag::RECORD, node.record.is_some()),
            (flag::ASSET, node.remote.as_ref().is_some_and(|remote| remote.asset.is_some())),
            (flag::THUMBNAIL, thumbnail.is_some()),
            (flag::THUMBNAIL_NAMED, thumbnail.is_some_and(is_named)),
            (flag::LCD, lcd.is_some()),
            (flag::LCD_NAMED, lcd.is_some_and(is_named)),
            (flag::ARRIVING, node.arriving.is_some()),
            (
                flag::ARRIVAL_IDENTIFIED,
                node.arriving.is_some_and(|arrival| arrival.content.identifier.is_some()),
            ),
            (flag::REMOVED, node.removed),
            (flag::VIEWED, node.viewed_ms.is_some()),
            (flag::TROUBLE, node.trouble.is_some()),
            (flag::DUE, node.trouble.as_ref().is_some_and(|trouble| trouble.due_ns.is_some())),
            (flag::STAMP_SIZE, stamp.is_some_and(|(stamp, of)| of.is_none_or(|c| c.size != stamp.size))),
            (
                flag::STAMP_MTIME,
                stamp.is_some_and(|(stamp, of)| of.is_none_or(|c| c.mtime_ns != stamp.mtime_ns)),
            ),
        ] {
            writer.flags |= if set { bit } else { 0 };
        }
        for (slot, content) in writer.contents.0.iter().enumerate() {
            let identified = content.is_some_and(|content| content.identifier.is_some());
            writer.flags |= if identified { flag::IDENTIFIED << slot } else { 0 };
        }
        writer
    }

    fn trees(&mut self, node: &NodeRef<'n>) {
        if let Some(synced) = &node.synced {
            self.place(flag::SYNCED_PLACE, synced.place);
            self.content(flag::SYNCED_CONTENT, synced.content);
        }
        if let Some(local) = &node.local {
            self.place(flag::LOCAL_PLACE, local.place);
            let state = match local.content {
                LocalContent::Dir(_) => flag::HERE_DIR,
                LocalContent::CloudOnly(_) => flag::CLOUD_ONLY,
                LocalContent::Here(..) => flag::HERE,
                LocalContent::Unread(_) => flag::UNREAD,
            };
            self.flags |= state << flag::LOCAL_STATE;
            self.content(flag::LOCAL_CONTENT, local.content.bytes());
        }
        if let Some(remote) = &node.remote {
            self.place(flag::REMOTE_PLACE, remote.place);
            self.content(flag::REMOTE_CONTENT, remote.content);
        }
    }

    fn place(&mut self, shift: u64, place: PlaceRef<'n>) {
        self.flags |= self.places.number(place, |a, b| a == b) << shift;
    }

    fn content(&mut self, shift: u64, content: Option<Content>) {
        let Some(content) = content else { return };
        // Their own equality leaves out what is not the bytes.
        let more = |content: &Content| (content.mtime_ns, content.identifier);
        let same = |a: &Content, b: &Content| a == b && more(a) == more(b);
        self.flags |= self.contents.number(content, same) << shift;
    }
}

/// Appends a node's blob.
fn write(node: &NodeRef<'_>, out: &mut Vec<u8>) {
    let Writer { flags, places, contents } = Writer::new(node);
    put_number(out, flags);
    for place in places.0.into_iter().flatten() {
        put_number(out, place.parent.0.into());
        put_text(out, place.name);
    }
    for content in contents.0.into_iter().flatten() {
        put_content(out, &content);
    }
    match node.local.as_ref().map(|local| local.content) {
        Some(LocalContent::Dir(ino)) => put_number(out, ino),
        Some(LocalContent::Here(_, stamp) | LocalContent::Unread(stamp)) => write_stamp(&stamp, flags, out),
        Some(LocalContent::CloudOnly(_)) | None => {}
    }
    if let Some(record) = &node.record {
        put_text(out, record);
    }
    if let Some(remote) = &node.remote {
        put_number(out, remote.version);
        remote.asset.iter().for_each(|asset| put_text(out, asset));
        let previews = [remote.previews.thumbnail, remote.previews.lcd];
        previews.iter().flatten().for_each(|preview| put_preview(out, preview));
    }
    if let Some(arrival) = &node.arriving {
        put_content(out, &arrival.content);
        put_number(out, arrival.ino);
    }
    node.viewed_ms.iter().for_each(|viewed| put_time(out, *viewed));
    if let Some(trouble) = &node.trouble {
        put_number(out, (trouble.code as u32).into());
        put_text(out, trouble.text);
        put_number(out, trouble.attempts.into());
        trouble.due_ns.iter().for_each(|due| put_time(out, *due));
    }
}

fn put_content(out: &mut Vec<u8>, content: &Content) {
    out.extend_from_slice(&content.digest);
    put_number(out, content.size);
    put_time(out, content.mtime_ns);
    content.identifier.iter().for_each(|identifier| out.extend_from_slice(identifier));
}

fn put_preview(out: &mut Vec<u8>, preview: &Preview<&str>) {
    match &preview.asset {
        PreviewAsset::Digest(digest) => out.extend_from_slice(digest),
        PreviewAsset::Named(name) => put_text(out, name),
    }
    put_number(out, preview.size.into());
}

fn write_stamp(stamp: &Stamp, flags: u64, out: &mut Vec<u8>) {
    put_number(out, stamp.ino);
    put_time(out, stamp.ctime_ns);
    if flags & flag::STAMP_SIZE != 0 {
        put_number(out, stamp.size);
    }
    if flags & flag::STAMP_MTIME != 0 {
        put_time(out, stamp.mtime_ns);
    }
}

/// A place that was read, and where in the flags it is meant.
type Read<'b> = Option<(u64, PlaceRef<'b>)>;

/// A row while it is read.
struct Reader<'b> {
    bytes: Bytes<'b>,
    flags: u64,
    places: [(NodeId, &'b [u8]); 3],
    contents: [Option<Content>; 3],
}

impl<'b> Reader<'b> {
    /// Reads the flags, and the places and contents that they mean.
    fn new(body: &'b [u8]) -> Result<Self, Impossible> {
        let mut bytes = Bytes(body);
        let flags = bytes.number()?;
        if flags >= flag::END {
            return Err(Impossible("flags are set that no version has"));
        }
        let mut reader = Reader { bytes, flags, places: [(NodeId::ROOT, &[]); 3], contents: [None; 3] };
        let most = |shifts: [u64; 3]| shifts.into_iter().map(|shift| (flags >> shift & 3) as usize).max();
        let places = most([flag::SYNCED_PLACE, flag::LOCAL_PLACE, flag::REMOTE_PLACE]).unwrap_or(0);
        let contents = most([flag::SYNCED_CONTENT, flag::LOCAL_CONTENT, flag::REMOTE_CONTENT]).unwrap_or(0);
        for slot in reader.places.iter_mut().take(places) {
            *slot = (NodeId(reader.bytes.number32()?), reader.bytes.raw_text()?);
        }
        for (number, slot) in reader.contents.iter_mut().take(contents).enumerate() {
            let identified = flags & flag::IDENTIFIED << number != 0;
            *slot = Some(read_content(&mut reader.bytes, identified)?);
        }
        Ok(reader)
    }

    fn has(&self, bit: u64) -> bool {
        self.flags & bit != 0
    }

    /// The place that the tree at `shift` means, its name not looked at.
    fn raw_place(&self, shift: u64) -> Option<(NodeId, &'b [u8])> {
        let slot = ((self.flags >> shift & 3) as usize).checked_sub(1)?;
        self.places.get(slot).copied()
    }

    /// The place that the tree at `shift` means.
    fn place(&self, shift: u64) -> Result<Option<PlaceRef<'b>>, Impossible> {
        let Some((parent, name)) = self.raw_place(shift) else { return Ok(None) };
        Ok(Some(Place { parent, name: text(name)? }))
    }

    /// The place that the tree at `shift` means, not read again where it is the one that was read.
    fn place_or(&self, shift: u64, read: Read<'b>) -> Result<Option<PlaceRef<'b>>, Impossible> {
        match read {
            Some((other, place)) if (self.flags >> other & 3) == (self.flags >> shift & 3) => Ok(Some(place)),
            _ => self.place(shift),
        }
    }

    /// The content that the tree at `shift` means, likewise.
    fn content(&self, shift: u64) -> Option<Content> {
        let slot = ((self.flags >> shift & 3) as usize).checked_sub(1)?;
        *self.contents.get(slot)?
    }

    fn stamp(&mut self, content: Option<&Content>) -> Result<Stamp, Impossible> {
        let (ino, ctime_ns) = (self.bytes.number()?, self.bytes.time()?);
        let incomplete = Impossible("a stamp is incomplete");
        let size = match content {
            _ if self.has(flag::STAMP_SIZE) => self.bytes.number()?,
            Some(content) => content.size,
            None => return Err(incomplete),
        };
        let mtime_ns = match content {
            _ if self.has(flag::STAMP_MTIME) => self.bytes.time()?,
            Some(content) => content.mtime_ns,
            None => return Err(incomplete),
        };
        Ok(Stamp { ino, size, mtime_ns, ctime_ns })
    }

    fn local(&mut self) -> Result<Option<Local<PlaceRef<'b>>>, Impossible> {
        let Some(place) = self.place(flag::LOCAL_PLACE)? else { return Ok(None) };
        Ok(Some(Local { place, content: self.local_content()? }))
    }

    fn local_content(&mut self) -> Result<LocalContent, Impossible> {
        match (self.flags >> flag::LOCAL_STATE & 3, self.content(flag::LOCAL_CONTENT)) {
            (flag::HERE_DIR, None) => Ok(LocalContent::Dir(self.bytes.number()?)),
            (flag::CLOUD_ONLY, Some(content)) => Ok(LocalContent::CloudOnly(content)),
            (flag::HERE, Some(content)) => Ok(LocalContent::Here(content, self.stamp(Some(&content))?)),
            (flag::UNREAD, None) => Ok(LocalContent::Unread(self.stamp(None)?)),
            _ => Err(Impossible("the local state contradicts itself")),
        }
    }

    fn synced(&self, read: Read<'b>) -> Result<Option<Synced<PlaceRef<'b>>>, Impossible> {
        let Some(place) = self.place_or(flag::SYNCED_PLACE, read)? else { return Ok(None) };
        Ok(Some(Synced { place, content: self.content(flag::SYNCED_CONTENT) }))
    }

    fn remote(&mut self, read: Read<'b>) -> Result<Option<Remote<PlaceRef<'b>, &'b str>>, Impossible> {
        let Some(place) = self.place_or(flag::REMOTE_PLACE, read)? else { return Ok(None) };
        Ok(Some(Remote {
            place,
            content: self.content(flag::REMOTE_CONTENT),
            version: self.bytes.number()?,
            asset: self.text_if(flag::ASSET)?,
            previews: Previews {
                thumbnail: self.preview(flag::THUMBNAIL, flag::THUMBNAIL_NAMED)?,
                lcd: self.preview(flag::LCD, flag::LCD_NAMED)?,
            },
            deleted: self.has(flag::DELETED),
        }))
    }

    fn preview(&mut self, there: u64, named: u64) -> Result<Option<Preview<&'b str>>, Impossible> {
        if !self.has(there) {
            return Ok(None);
        }
        let asset = match self.has(named) {
            true => PreviewAsset::Named(self.bytes.text()?),
            false => PreviewAsset::Digest(self.bytes.array()?),
        };
        Ok(Some(Preview { asset, size: self.bytes.number32()? }))
    }

    fn text_if(&mut self, bit: u64) -> Result<Option<&'b str>, Impossible> {
        if self.has(bit) { Ok(Some(self.bytes.text()?)) } else { Ok(None) }
    }

    fn arriving(&mut self) -> Result<Option<Arrival>, Impossible> {
        if !self.has(flag::ARRIVING) {
            return Ok(None);
        }
        let identified = self.has(flag::ARRIVAL_IDENTIFIED);
        Ok(Some(Arrival { content: read_content(&mut self.bytes, identified)?, ino: self.bytes.number()? }))
    }

    fn trouble(&mut self) -> Result<Option<Trouble<&'b str>>, Impossible> {
        if !self.has(flag::TROUBLE) {
            return Ok(None);
        }
        let code = i32::try_from(self.bytes.number()?).ok().and_then(Code::from_number);
        Ok(Some(Trouble {
            code: code.ok_or(Impossible("an error number is unknown"))?,
            text: self.bytes.text()?,
            attempts: self.bytes.number32()?,
            due_ns: if self.has(flag::DUE) { Some(self.bytes.time()?) } else { None },
        }))
    }
}

fn read_content(bytes: &mut Bytes<'_>, identified: bool) -> Result<Content, Impossible> {
    Ok(Content {
        digest: bytes.array()?,
        size: bytes.number()?,
        mtime_ns: bytes.time()?,
        identifier: if identified { Some(bytes.array()?) } else { None },
    })
}

/// Reads what [`write`] wrote.
fn read(body: &[u8]) -> Result<NodeRef<'_>, Impossible> {
    let mut reader = Reader::new(body)?;
    let local = reader.local()?;
    let known = local.map(|local| (flag::LOCAL_PLACE, local.place));
    let node = NodeRef {
        kind: if reader.has(flag::DIR) { Kind::Dir } else { Kind::File },
        sent_from_here: reader.has(flag::SENT_FROM_HERE),
        local,
        synced: reader.synced(known)?,
        record: reader.text_if(flag::RECORD)?,
        remote: reader.remote(known)?,
        arriving: reader.arriving()?,
        keep: KEEPS[(reader.flags >> flag::KEEP & 3) as usize],
        removed: reader.has(flag::REMOVED),
        viewed_ms: if reader.has(flag::VIEWED) { Some(reader.bytes.time()?) } else { None },
        trouble: reader.trouble()?,
    };
    if reader.bytes.0.is_empty() { Ok(node) } else { Err(Impossible("a row does not end where it should")) }
}
