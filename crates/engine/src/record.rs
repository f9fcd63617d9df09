//! A file or folder as a record of the cloud.

use cloudsync_cloud::{AssetStatus, CloudAsset, CloudType, Field, FieldType, Flag, Record, Row, Table};

use crate::names::left_alone;
use crate::tree::{Content, Digest, Kind, Preview, Previews};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) record: Box<str>,
    /// The folder's record, or `None` for the gallery's top folder.
    pub(crate) parent: Option<Box<str>>,
    pub(crate) name: Box<str>,
    pub(crate) kind: Kind,
    pub(crate) content: Option<Content>,
    pub(crate) asset: Option<Box<str>>,
    pub(crate) previews: Previews,
    pub(crate) version: u64,
    pub(crate) deleted: bool,
}

impl Entry {
    /// Whether it says nothing but that there is no such record any more, not even of which kind that was.
    pub(crate) fn lost_its_fields(&self) -> bool {
        self.deleted && self.name.is_empty()
    }
}

const PARENT: &str = cloudsync_cloud::PARENT_FIELD;
const NAME: &str = cloudsync_cloud::NAME_FIELD;
const KIND: &str = "kind";
const SIZE: &str = "size";
const MODIFIED: &str = "modified_ns";
const DIGEST: &str = "digest";
const ASSET: &str = "asset";
const THUMBNAIL: &str = "thumbnail";
const LCD: &str = "lcd";
/// What the bytes say of the photo that they are a part of.
const IDENTIFIER: &str = "identifier";

/// The largest previews that are taken for such, in bytes: whoever wrote the record, a gallery of them has room.
const MOST_THUMBNAIL: u64 = 1 << 20;
const MOST_LCD: u64 = 16 << 20;

/// The longest name that common file systems take, in bytes.
const LONGEST_NAME: usize = 255;

const KIND_FILE: i64 = 0;
const KIND_DIR: i64 = 1;

/// The table that these records live in.
pub(crate) fn table() -> Table {
    let field = |name: &str, field_type, nullable| Field {
        alias: name.into(),
        col_name: name.into(),
        field_type,
        primary: false,
        nullable,
    };
    Table {
        name: crate::job::TABLE.into(),
        alias: crate::job::TABLE.into(),
        fields: vec![
            field(PARENT, FieldType::Text, true),
            field(NAME, FieldType::Text, false),
            field(KIND, FieldType::Number, false),
            field(SIZE, FieldType::Number, true),
            field(MODIFIED, FieldType::Number, true),
            field(DIGEST, FieldType::Blob, true),
            field(ASSET, FieldType::Asset, true),
            field(THUMBNAIL, FieldType::Asset, true),
            field(LCD, FieldType::Asset, true),
            field(IDENTIFIER, FieldType::Blob, true),
        ],
    }
}

/// What a file's record says of its bytes.
pub(crate) struct File {
    pub(crate) content: Content,
    /// The cloud's id of them.
    pub(crate) asset: String,
    pub(crate) previews: Previews,
}

/// Says that a record lies in another folder.
pub(crate) fn set_parent(row: &mut Row, parent: &str) {
    row.insert(PARENT.into(), CloudType::String(parent.into()));
}

/// The fields of a record.
pub(crate) fn row(parent: Option<&str>, name: &str, file: Option<&File>) -> Row {
    let mut row = Row::new();
    if let Some(parent) = parent {
        row.insert(PARENT.into(), CloudType::String(parent.into()));
    }
    row.insert(NAME.into(), CloudType::String(name.into()));
    let Some(File { content, asset: asset_id, previews }) = file else {
        row.insert(KIND.into(), CloudType::Int64(KIND_DIR));
        return row;
    };
    row.insert(KIND.into(), CloudType::Int64(KIND_FILE));
    row.insert(SIZE.into(), CloudType::Int64(content.size as i64));
    row.insert(MODIFIED.into(), CloudType::Int64(content.mtime_ns));
    row.insert(DIGEST.into(), CloudType::Bytes(content.digest.to_vec()));
    if let Some(identifier) = content.identifier {
        row.insert(IDENTIFIER.into(), CloudType::Bytes(identifier.to_vec()));
    }
    let asset = |asset_id: String, size: u64| {
        CloudType::Asset(Box::new(CloudAsset {
            asset_id,
            name: name.into(),
            size,
            modify_time: content.mtime_ns.div_euclid(1_000_000),
            hash: format!("{:x}-{size:x}", content.mtime_ns),
            status: AssetStatus::Normal,
            ..CloudAsset::default()
        }))
    };
    row.insert(ASSET.into(), asset(asset_id.clone(), content.size));
    for (field, preview) in [(THUMBNAIL, &previews.thumbnail), (LCD, &previews.lcd)] {
        if let Some(preview) = preview {
            row.insert(field.into(), asset(preview.asset_id(), preview.size.into()));
        }
    }
    row
}

/// The cloud's id of an asset, or `None` where it is the hex of the digest anyway.
pub(crate) fn asset_of(asset: &str, digest: &Digest) -> Option<Box<str>> {
    (blake3::Hash::from_bytes(*digest).to_hex().as_str() != asset).then(|| asset.into())
}

/// The cloud's id of a content: what it gave, else the hex of the digest.
pub(crate) fn asset_id(asset: Option<&str>, digest: &Digest) -> String {
    asset.map_or_else(|| blake3::Hash::from_bytes(*digest).to_hex().to_string(), ToOwned::to_owned)
}

/// Reads a record. The text says what is wrong with one that cannot be.
pub(crate) fn read(record: Record) -> Result<Entry, String> {
    let id = record.extension.id;
    let deleted = record.extension.operation == Flag::Delete;
    let mut values = record.values;
    let name = match values.remove(NAME) {
        Some(CloudType::String(name)) => name,
        None if deleted => String::new(),
        _ => return Err(format!("record {id} has no name")),
    };
    if !deleted {
        check_name(&name).map_err(|why| format!("record {id} is named {name:?}: {why}"))?;
    }
    let parent = match values.remove(PARENT) {
        Some(CloudType::String(parent)) if *parent == *id => {
            return Err(format!("record {id} lies in itself"));
        }
        Some(CloudType::String(parent)) => Some(parent.into_boxed_str()),
        None | Some(CloudType::Null) => None,
        Some(_) => return Err(format!("record {id} has a folder that is no text")),
    };
    let dir = matches!(values.get(KIND), Some(CloudType::Int64(KIND_DIR)));
    let (content, asset) = match contents(&values) {
        _ if dir => (None, None),
        Some((content, asset)) => (Some(content), asset),
        None if deleted => (None, None),
        None => return Err(format!("record {id} is a file without size, digest or asset")),
    };
    let preview = |field, most| content.and_then(|_| preview(&values, field, most));
    let previews = Previews { thumbnail: preview(THUMBNAIL, MOST_THUMBNAIL), lcd: preview(LCD, MOST_LCD) };
    Ok(Entry {
        record: id.into(),
        parent,
        name: name.into(),
        kind: if dir { Kind::Dir } else { Kind::File },
        content,
        asset,
        previews,
        version: record.version,
        deleted,
    })
}

fn contents(values: &Row) -> Option<(Content, Option<Box<str>>)> {
    let (Some(CloudType::Int64(size)), Some(CloudType::Int64(mtime_ns))) =
        (values.get(SIZE), values.get(MODIFIED))
    else {
        return None;
    };
    let (Some(CloudType::Bytes(digest)), Some(CloudType::Asset(asset))) =
        (values.get(DIGEST), values.get(ASSET))
    else {
        return None;
    };
    let digest: Digest = digest.as_slice().try_into().ok()?;
    let size = u64::try_from(*size).ok()?;
    let identifier = match values.get(IDENTIFIER) {
        Some(CloudType::Bytes(identifier)) => identifier.as_slice().try_into().ok(),
        _ => None,
    };
    Some((Content { digest, size, mtime_ns: *mtime_ns, identifier }, asset_of(&asset.asset_id, &digest)))
}

/// A preview that a record names; one that is too large to be one is none.
fn preview(values: &Row, field: &str, most: u64) -> Option<Preview> {
    let Some(CloudType::Asset(asset)) = values.get(field) else { return None };
    let size = u32::try_from(asset.size).ok().filter(|size| u64::from(*size) <= most && *size > 0)?;
    (!asset.asset_id.is_empty()).then(|| Preview::new(&asset.asset_id, size))
}

/// Whether a name from the cloud may become a name on this disk.
fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err("that is no name for a file");
    }
    if name.len() > LONGEST_NAME {
        return Err("that is longer than a disk takes");
    }
    if left_alone(name) {
        return Err("such names are left alone");
    }
    Ok(())
}
