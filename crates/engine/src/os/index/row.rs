//! A node as one row, and back.
//!
//! Of a file in step all three trees hold the same place and the same bytes. A row therefore keeps
//! each place and each content once, in up to three slots, and says in `flags` which tree means which
//! slot. Only a file that is not in step has anything in the second and third slots.

use std::sync::Arc;

use rusqlite::types::{ToSql, ValueRef};
use rusqlite::{Row, Statement};

use crate::Code;
use crate::ports::Stamp;
use crate::tree::{Content, Kind, Local, LocalContent, Node, NodeId, Place, Remote, Synced, Trouble};

/// The table of nodes. The columns that only few rows have come last.
pub(super) const CREATE: &str = "
CREATE TABLE node(
    id INTEGER PRIMARY KEY, flags INTEGER NOT NULL, record TEXT,
    parent INTEGER, name TEXT, digest BLOB, size INTEGER, mtime INTEGER,
    ino INTEGER, stamp_size INTEGER, stamp_mtime INTEGER, ctime INTEGER, version INTEGER,
    asset TEXT, parent2 INTEGER, name2 TEXT, parent3 INTEGER, name3 TEXT,
    digest2 BLOB, size2 INTEGER, mtime2 INTEGER, digest3 BLOB, size3 INTEGER, mtime3 INTEGER,
    code INTEGER, text TEXT, attempts INTEGER, due INTEGER
);";

/// Reads all rows, columns in the table's order.
pub(super) const SELECT: &str = "SELECT * FROM node";

/// Writes one row, columns in the table's order.
pub(super) const UPSERT: &str =
    "INSERT OR REPLACE INTO node VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

/// The columns' numbers.
mod column {
    pub(super) const ID: usize = 0;
    pub(super) const FLAGS: usize = 1;
    pub(super) const RECORD: usize = 2;
    /// Parent of each place's slot; the name follows.
    pub(super) const PLACES: [usize; 3] = [3, 14, 16];
    /// Digest of each content's slot; size and time follow.
    pub(super) const CONTENTS: [usize; 3] = [5, 18, 21];
    pub(super) const INO: usize = 8;
    pub(super) const STAMP_SIZE: usize = 9;
    pub(super) const STAMP_MTIME: usize = 10;
    pub(super) const CTIME: usize = 11;
    pub(super) const VERSION: usize = 12;
    pub(super) const ASSET: usize = 13;
    pub(super) const CODE: usize = 24;
    pub(super) const TEXT: usize = 25;
    pub(super) const ATTEMPTS: usize = 26;
    pub(super) const DUE: usize = 27;
}

/// The bits of `flags`. A tree's slots are numbers of two bits: 0 for none, else the slot plus 1.
mod flag {
    pub(super) const DIR: i64 = 1;
    pub(super) const SENT_FROM_HERE: i64 = 2;
    pub(super) const DELETED: i64 = 4;
    pub(super) const SYNCED_PLACE: u32 = 3;
    pub(super) const SYNCED_CONTENT: u32 = 5;
    pub(super) const LOCAL_PLACE: u32 = 7;
    pub(super) const LOCAL_CONTENT: u32 = 9;
    pub(super) const REMOTE_PLACE: u32 = 11;
    pub(super) const REMOTE_CONTENT: u32 = 13;
    /// What the disk holds: one of the four numbers below.
    pub(super) const LOCAL_STATE: u32 = 15;
    pub(super) const HERE_DIR: i64 = 0;
    pub(super) const CLOUD_ONLY: i64 = 1;
    pub(super) const HERE: i64 = 2;
    pub(super) const UNREAD: i64 = 3;
    /// All bits that mean something.
    pub(super) const ALL: i64 = (1 << 17) - 1;
}

/// A row that no version ever wrote: the index is damaged.
#[derive(Debug)]
pub(super) struct Impossible(pub(super) &'static str);

/// What a row's places and contents are while it is written.
#[derive(Default)]
struct Slots<'n> {
    flags: i64,
    places: [Option<&'n Place>; 3],
    contents: [Option<&'n Content>; 3],
}

impl<'n> Slots<'n> {
    fn place(&mut self, shift: u32, place: &'n Arc<Place>) {
        self.flags |= slot(&mut self.places, place, |a, b| a == b) << shift;
    }

    fn content(&mut self, shift: u32, content: &'n Arc<Content>) {
        // Their own equality leaves the time out.
        let same = |a: &Content, b: &Content| a == b && a.mtime_ns == b.mtime_ns;
        self.flags |= slot(&mut self.contents, content, same) << shift;
    }

    fn of(node: &'n Node) -> Self {
        let mut slots = Slots::default();
        if let Some(synced) = &node.synced {
            slots.place(flag::SYNCED_PLACE, &synced.place);
            synced.content.iter().for_each(|content| slots.content(flag::SYNCED_CONTENT, content));
        }
        if let Some(local) = &node.local {
            slots.place(flag::LOCAL_PLACE, &local.place);
            let (state, content) = match &local.content {
                LocalContent::Dir => (flag::HERE_DIR, None),
                LocalContent::CloudOnly(content) => (flag::CLOUD_ONLY, Some(content)),
                LocalContent::Here(content, _) => (flag::HERE, Some(content)),
                LocalContent::Unread(_) => (flag::UNREAD, None),
            };
            slots.flags |= state << flag::LOCAL_STATE;
            content.iter().for_each(|content| slots.content(flag::LOCAL_CONTENT, content));
        }
        if let Some(remote) = &node.remote {
            slots.place(flag::REMOTE_PLACE, &remote.place);
            remote.content.iter().for_each(|content| slots.content(flag::REMOTE_CONTENT, content));
            slots.flags |= if remote.deleted { flag::DELETED } else { 0 };
        }
        slots.flags |= if node.kind == Kind::Dir { flag::DIR } else { 0 };
        slots.flags |= if node.sent_from_here { flag::SENT_FROM_HERE } else { 0 };
        slots
    }
}

/// The number of `value`'s slot, taking a free one for a value that is in none.
fn slot<'n, T>(slots: &mut [Option<&'n T>; 3], value: &'n Arc<T>, same: impl Fn(&T, &T) -> bool) -> i64 {
    let value: &T = value;
    for (number, slot) in (1..).zip(slots.iter_mut()) {
        match slot {
            Some(held) if std::ptr::eq::<T>(*held, value) || same(held, value) => return number,
            Some(_) => {}
            None => {
                *slot = Some(value);
                return number;
            }
        }
    }
    // Three trees cannot name a fourth.
    0
}

/// Writes a node's row by the prepared [`UPSERT`].
pub(super) fn write(statement: &mut Statement<'_>, id: NodeId, node: &Node) -> rusqlite::Result<()> {
    // What is not bound below is NULL.
    statement.clear_bindings();
    let mut bind = |column: usize, value: &dyn ToSql| statement.raw_bind_parameter(column + 1, value);
    let slots = Slots::of(node);
    bind(column::ID, &id.0)?;
    bind(column::FLAGS, &slots.flags)?;
    if let Some(record) = &node.record {
        bind(column::RECORD, record)?;
    }
    for (at, place) in column::PLACES.into_iter().zip(slots.places) {
        let Some(place) = place else { break };
        bind(at, &place.parent.0)?;
        bind(at + 1, &place.name)?;
    }
    for (at, content) in column::CONTENTS.into_iter().zip(slots.contents) {
        let Some(content) = content else { break };
        bind(at, &content.digest.as_slice())?;
        bind(at + 1, &content.size.cast_signed())?;
        bind(at + 2, &content.mtime_ns)?;
    }
    write_stamp(&mut bind, node)?;
    if let Some(remote) = &node.remote {
        bind(column::VERSION, &remote.version.cast_signed())?;
        bind(column::ASSET, &remote.asset)?;
    }
    if let Some(trouble) = &node.trouble {
        bind(column::CODE, &(trouble.code as i32))?;
        bind(column::TEXT, &trouble.text)?;
        bind(column::ATTEMPTS, &trouble.attempts)?;
        bind(column::DUE, &trouble.due_ns)?;
    }
    statement.raw_execute()?;
    Ok(())
}

/// Writes the stamp of a file on the disk; its size and time only where its content does not tell them.
fn write_stamp(
    bind: &mut impl FnMut(usize, &dyn ToSql) -> rusqlite::Result<()>,
    node: &Node,
) -> rusqlite::Result<()> {
    let (content, stamp) = match node.local.as_ref().map(|local| &local.content) {
        Some(LocalContent::Here(content, stamp)) => (Some(content), stamp),
        Some(LocalContent::Unread(stamp)) => (None, stamp),
        _ => return Ok(()),
    };
    bind(column::INO, &stamp.ino.cast_signed())?;
    bind(column::CTIME, &stamp.ctime_ns)?;
    if content.is_none_or(|content| content.size != stamp.size) {
        bind(column::STAMP_SIZE, &stamp.size.cast_signed())?;
    }
    if content.is_none_or(|content| content.mtime_ns != stamp.mtime_ns) {
        bind(column::STAMP_MTIME, &stamp.mtime_ns)?;
    }
    Ok(())
}

/// One row while it is read.
struct Cells<'r>(&'r Row<'r>);

impl<'r> Cells<'r> {
    fn get(&self, column: usize) -> Result<ValueRef<'r>, Impossible> {
        self.0.get_ref(column).map_err(|_| Impossible("a column is missing"))
    }

    fn optional_int(&self, column: usize) -> Result<Option<i64>, Impossible> {
        match self.get(column)? {
            ValueRef::Integer(value) => Ok(Some(value)),
            ValueRef::Null => Ok(None),
            _ => Err(Impossible("no number where one must be")),
        }
    }

    fn int(&self, column: usize) -> Result<i64, Impossible> {
        self.optional_int(column)?.ok_or(Impossible("a number is missing"))
    }

    fn id(&self, column: usize) -> Result<NodeId, Impossible> {
        u32::try_from(self.int(column)?)
            .map(NodeId)
            .map_err(|_| Impossible("a node's number is out of range"))
    }

    fn optional_text(&self, column: usize) -> Result<Option<Box<str>>, Impossible> {
        match self.get(column)? {
            ValueRef::Text(bytes) => {
                let text = std::str::from_utf8(bytes).map_err(|_| Impossible("a text is not UTF-8"))?;
                Ok(Some(text.into()))
            }
            ValueRef::Null => Ok(None),
            _ => Err(Impossible("no text where one must be")),
        }
    }

    fn text(&self, column: usize) -> Result<Box<str>, Impossible> {
        self.optional_text(column)?.ok_or(Impossible("a text is missing"))
    }

    fn place(&self, column: usize) -> Result<Arc<Place>, Impossible> {
        Ok(Arc::new(Place { parent: self.id(column)?, name: self.text(column + 1)? }))
    }

    fn content(&self, column: usize) -> Result<Arc<Content>, Impossible> {
        let ValueRef::Blob(bytes) = self.get(column)? else { return Err(Impossible("a digest is missing")) };
        let digest = bytes.try_into().map_err(|_| Impossible("a digest is not 32 bytes long"))?;
        let size = self.int(column + 1)?.cast_unsigned();
        Ok(Arc::new(Content { digest, size, mtime_ns: self.int(column + 2)? }))
    }

    /// The stamp; its size and time are the content's where the row has none of its own.
    fn stamp(&self, content: Option<&Content>) -> Result<Stamp, Impossible> {
        let size = self.optional_int(column::STAMP_SIZE)?.map(i64::cast_unsigned);
        let mtime_ns = self.optional_int(column::STAMP_MTIME)?;
        let missing = Impossible("a stamp is incomplete");
        let (size, mtime_ns) = match content {
            Some(content) => (size.unwrap_or(content.size), mtime_ns.unwrap_or(content.mtime_ns)),
            None => size.zip(mtime_ns).ok_or(missing)?,
        };
        let ino = self.int(column::INO)?.cast_unsigned();
        Ok(Stamp { ino, size, mtime_ns, ctime_ns: self.int(column::CTIME)? })
    }

    fn trouble(&self) -> Result<Option<Box<Trouble>>, Impossible> {
        let Some(code) = self.optional_int(column::CODE)? else { return Ok(None) };
        let code = i32::try_from(code).ok().and_then(Code::from_number);
        let attempts = u32::try_from(self.int(column::ATTEMPTS)?);
        Ok(Some(Box::new(Trouble {
            code: code.ok_or(Impossible("an error number is unknown"))?,
            text: self.text(column::TEXT)?,
            attempts: attempts.map_err(|_| Impossible("a count is out of range"))?,
            due_ns: self.optional_int(column::DUE)?,
        })))
    }
}

/// A row's flags, and the places and contents that were read of it so far.
struct Shared<'r> {
    cells: Cells<'r>,
    flags: i64,
    places: [Option<Arc<Place>>; 3],
    contents: [Option<Arc<Content>>; 3],
}

impl Shared<'_> {
    /// The place that the tree at `shift` means, the same one for all trees that mean it.
    fn place(&mut self, shift: u32) -> Result<Option<Arc<Place>>, Impossible> {
        let Some(slot) = slot_at(self.flags, shift) else { return Ok(None) };
        if self.places[slot].is_none() {
            self.places[slot] = Some(self.cells.place(column::PLACES[slot])?);
        }
        Ok(self.places[slot].clone())
    }

    /// The content that the tree at `shift` means, likewise.
    fn content(&mut self, shift: u32) -> Result<Option<Arc<Content>>, Impossible> {
        let Some(slot) = slot_at(self.flags, shift) else { return Ok(None) };
        if self.contents[slot].is_none() {
            self.contents[slot] = Some(self.cells.content(column::CONTENTS[slot])?);
        }
        Ok(self.contents[slot].clone())
    }

    fn local(&mut self) -> Result<Option<Local>, Impossible> {
        let Some(place) = self.place(flag::LOCAL_PLACE)? else { return Ok(None) };
        let content = self.content(flag::LOCAL_CONTENT)?;
        let content = match (self.flags >> flag::LOCAL_STATE & 3, content) {
            (flag::HERE_DIR, None) => LocalContent::Dir,
            (flag::CLOUD_ONLY, Some(content)) => LocalContent::CloudOnly(content),
            (flag::HERE, Some(content)) => {
                let stamp = self.cells.stamp(Some(&content))?;
                LocalContent::Here(content, stamp)
            }
            (flag::UNREAD, None) => LocalContent::Unread(self.cells.stamp(None)?),
            _ => return Err(Impossible("the local state contradicts itself")),
        };
        Ok(Some(Local { place, content }))
    }

    fn remote(&mut self) -> Result<Option<Remote>, Impossible> {
        let Some(place) = self.place(flag::REMOTE_PLACE)? else { return Ok(None) };
        Ok(Some(Remote {
            place,
            content: self.content(flag::REMOTE_CONTENT)?,
            asset: self.cells.optional_text(column::ASSET)?,
            version: self.cells.int(column::VERSION)?.cast_unsigned(),
            deleted: self.flags & flag::DELETED != 0,
        }))
    }
}

fn slot_at(flags: i64, shift: u32) -> Option<usize> {
    usize::try_from(flags >> shift & 3).ok()?.checked_sub(1)
}

/// Reads a row of [`SELECT`].
pub(super) fn read(row: &Row<'_>) -> Result<(NodeId, Node), Impossible> {
    let cells = Cells(row);
    let id = cells.id(column::ID)?;
    let flags = cells.int(column::FLAGS)?;
    if id == NodeId::ROOT || flags & !flag::ALL != 0 {
        return Err(Impossible("a node's number or flags are none that were ever given"));
    }
    let mut shared = Shared { cells, flags, places: Default::default(), contents: Default::default() };
    let synced = match shared.place(flag::SYNCED_PLACE)? {
        Some(place) => Some(Synced { place, content: shared.content(flag::SYNCED_CONTENT)? }),
        None => None,
    };
    let node = Node {
        kind: if flags & flag::DIR != 0 { Kind::Dir } else { Kind::File },
        record: shared.cells.optional_text(column::RECORD)?,
        local: shared.local()?,
        synced,
        remote: shared.remote()?,
        sent_from_here: flags & flag::SENT_FROM_HERE != 0,
        trouble: shared.cells.trouble()?,
    };
    Ok((id, node))
}
