//! A record's fields, as the library holds them and as C reads them.

use std::ffi::c_char;
use std::sync::OnceLock;

use cloudsync_cloud::{CloudAsset, CloudError, CloudType, Result as CloudResult, Row};

use super::forms::TextBlock;
use super::types::*;

/// A record's fields, and their forms for C once it has looked.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) values: Row,
    view: OnceLock<View>,
}

/// Fields in C's form, in the order of their names.
struct View {
    fields: Vec<(*const c_char, CloudSyncCloudValue)>,
    /// What they point at, beside the values that they were made of.
    _pointed_at: PointedAt,
}

/// Room for what fields point at: nothing in it moves.
struct PointedAt {
    texts: TextBlock,
    assets: Vec<CloudSyncCloudAsset>,
    lists: Vec<*const CloudSyncCloudAsset>,
}

// SAFETY: it points into what is beside it and the values that it is kept with, which nobody changes before it is dropped.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl Clone for Fields {
    fn clone(&self) -> Self {
        Fields { values: self.values.clone(), view: OnceLock::new() }
    }
}

impl Fields {
    /// Fails where C would read another text.
    pub(super) fn new(values: Row) -> CloudResult<Fields> {
        let texts = values.iter().flat_map(|(name, value)| match value {
            CloudType::String(text) => [name.as_str(), text],
            _ => [name.as_str(), ""],
        });
        for text in texts {
            check(text)?;
        }
        Ok(Fields { values, view: OnceLock::new() })
    }

    /// Gives a field a value. What C has read of the others is over.
    pub(super) fn set(&mut self, name: &str, value: CloudType) {
        self.view.take();
        self.values.insert(name.into(), value);
    }

    /// All of them, as C reads them until one is set.
    pub(super) fn view(&self) -> &[(*const c_char, CloudSyncCloudValue)] {
        &self.view.get_or_init(|| View::new(&self.values)).fields
    }

    /// One of them.
    pub(super) fn named(&self, name: &str) -> Option<&CloudSyncCloudValue> {
        let at = self.values.keys().position(|known| known == name)?;
        self.view().get(at).map(|(_, value)| value)
    }
}

impl View {
    fn new(values: &Row) -> View {
        let mut pointed_at = PointedAt::room_for(values);
        let fields =
            values.iter().map(|(name, value)| (pointed_at.texts.add(name), view(value, &mut pointed_at)));
        View { fields: fields.collect(), _pointed_at: pointed_at }
    }
}

impl PointedAt {
    fn room_for(values: &Row) -> Self {
        let (mut bytes, mut count) = (0, 0);
        for (name, value) in values {
            bytes += name.len() + 1;
            if let CloudType::String(text) = value {
                bytes += text.len() + 1;
            }
            count += assets_of(value).len();
            bytes += assets_of(value).iter().map(TextBlock::room_of).sum::<usize>();
        }
        PointedAt {
            texts: TextBlock::of(bytes),
            assets: Vec::with_capacity(count),
            lists: Vec::with_capacity(count),
        }
    }

    fn assets(&mut self, assets: &[CloudAsset]) -> *const *const CloudSyncCloudAsset {
        let begin = self.lists.len();
        for asset in assets {
            let form = self.texts.asset(asset);
            self.assets.push(form);
            self.lists.extend(self.assets.last().map(std::ptr::from_ref));
        }
        self.lists[begin..].as_ptr()
    }
}

fn assets_of(value: &CloudType) -> &[CloudAsset] {
    match value {
        CloudType::Asset(asset) => std::slice::from_ref(&**asset),
        CloudType::Assets(assets) => assets,
        _ => &[],
    }
}

/// A value as C reads it, as long as the value lives.
fn view(value: &CloudType, pointed_at: &mut PointedAt) -> CloudSyncCloudValue {
    let mut view = CloudSyncCloudValue {
        struct_size: size_of::<CloudSyncCloudValue>(),
        number: 0,
        real: 0.0,
        text: std::ptr::null(),
        bytes: std::ptr::null(),
        length: 0,
        assets: std::ptr::null(),
        asset_count: 0,
        r#type: CLOUDSYNC_FIELD_TYPE_NULL,
    };
    match value {
        CloudType::Null => {}
        CloudType::Int64(number) => (view.r#type, view.number) = (CLOUDSYNC_FIELD_TYPE_NUMBER, *number),
        CloudType::Double(real) => (view.r#type, view.real) = (CLOUDSYNC_FIELD_TYPE_REAL, *real),
        CloudType::String(text) => {
            (view.r#type, view.length) = (CLOUDSYNC_FIELD_TYPE_TEXT, text.len());
            view.text = pointed_at.texts.add(text);
        }
        CloudType::Bool(truth) => (view.r#type, view.number) = (CLOUDSYNC_FIELD_TYPE_BOOL, (*truth).into()),
        CloudType::Bytes(bytes) => {
            (view.r#type, view.bytes, view.length) = (CLOUDSYNC_FIELD_TYPE_BLOB, bytes.as_ptr(), bytes.len());
        }
        CloudType::Asset(_) | CloudType::Assets(_) => {
            let assets = assets_of(value);
            view.r#type = match value {
                CloudType::Asset(_) => CLOUDSYNC_FIELD_TYPE_ASSET,
                _ => CLOUDSYNC_FIELD_TYPE_ASSETS,
            };
            (view.assets, view.asset_count) = (pointed_at.assets(assets), assets.len());
        }
    }
    view
}

/// Fails where C would read another text.
pub(super) fn check(text: &str) -> CloudResult<()> {
    if text.as_bytes().contains(&0) {
        let why = "a text with a NUL inside cannot be handed to a cloud that is written in C";
        return Err(CloudError::InvalidArgument(why.into()));
    }
    Ok(())
}
