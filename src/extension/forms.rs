//! The library's types as C's structures, and back.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::c_char;
use std::mem::MaybeUninit;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetStatus, CloudAsset, Database, Field, FieldType, Flag, ServiceInfo,
    SubscribeId, SubscribeInfo, Table,
};

use super::types::{
    CloudSyncAppBriefInfo, CloudSyncAppSchema, CloudSyncCloudAsset, CloudSyncCloudInfo, CloudSyncDatabase,
    CloudSyncField, CloudSyncServiceInfo, CloudSyncSubscribeId, CloudSyncSubscribeInfo, CloudSyncTable,
};
use crate::failure::{Answer, bad, null};
use crate::text;

/// Keeps what C's structures point at. Nothing in it moves or changes.
#[derive(Default)]
pub(crate) struct Arena {
    texts: Vec<TextBlock>,
    others: Vec<Box<dyn Any>>,
}

// SAFETY: what is kept is texts and structures that point to others in the same arena; nobody changes them.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    /// A text for C; a NUL inside ends it.
    pub(crate) fn text(&mut self, text: &str) -> *const c_char {
        let mut block = TextBlock::of(text.len() + 1);
        let pointer = block.add(text);
        self.texts.push(block);
        pointer
    }

    /// A structure.
    pub(crate) fn one<T: 'static>(&mut self, value: T) -> *const T {
        let value = Box::new(value);
        let pointer = std::ptr::from_ref(&*value);
        self.others.push(value);
        pointer
    }

    /// An array of pointers to structures.
    pub(crate) fn list<T: 'static>(&mut self, values: Vec<T>) -> *const *const T {
        let pointers: Box<[*const T]> = values.iter().map(std::ptr::from_ref).collect();
        let list = pointers.as_ptr();
        self.others.push(Box::new(pointers));
        self.others.push(Box::new(values));
        list
    }

    /// An array of pointers to what the arena has already.
    pub(crate) fn array<T: 'static>(&mut self, pointers: Vec<*const T>) -> *const *const T {
        let list = pointers.as_ptr();
        self.others.push(Box::new(pointers));
        list
    }

    /// An array of texts.
    pub(crate) fn texts<'a>(
        &mut self,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> (*const *const c_char, usize) {
        let pointers: Vec<*const c_char> = texts.into_iter().map(|text| self.text(text)).collect();
        let count = pointers.len();
        (self.array(pointers), count)
    }

    /// An asset.
    pub(crate) fn asset(&mut self, asset: &CloudAsset) -> *const CloudSyncCloudAsset {
        let mut block = TextBlock::of(TextBlock::room_of(asset));
        let form = block.asset(asset);
        self.texts.push(block);
        self.one(form)
    }

    /// The account.
    pub(crate) fn service_info(&mut self, info: &ServiceInfo) -> *const CloudSyncServiceInfo {
        let form = CloudSyncServiceInfo {
            struct_size: size_of::<CloudSyncServiceInfo>(),
            id: self.text(&info.id),
            total_space: info.total_space,
            remaining_space: info.remaining_space,
            user: info.user,
            enable_cloud: info.enable_cloud.into(),
        };
        self.one(form)
    }

    /// Applications' switches.
    pub(crate) fn apps<'a>(
        &mut self,
        apps: impl IntoIterator<Item = &'a AppBriefInfo>,
    ) -> *const *const CloudSyncAppBriefInfo {
        let form = |app: &AppBriefInfo| CloudSyncAppBriefInfo {
            struct_size: size_of::<CloudSyncAppBriefInfo>(),
            app_id: self.text(&app.app_id),
            bundle_name: self.text(&app.bundle_name),
            instance_id: app.instance_id,
            cloud_switch: app.cloud_switch.into(),
        };
        let forms = apps.into_iter().map(form).collect();
        self.list(forms)
    }

    /// The account with its applications' switches.
    pub(crate) fn cloud_info<'a>(
        &mut self,
        info: &ServiceInfo,
        apps: impl ExactSizeIterator<Item = &'a AppBriefInfo>,
    ) -> *const CloudSyncCloudInfo {
        let form = CloudSyncCloudInfo {
            struct_size: size_of::<CloudSyncCloudInfo>(),
            app_count: apps.len(),
            cloud_info: self.service_info(info),
            apps: self.apps(apps),
        };
        self.one(form)
    }

    fn table(&mut self, table: &Table) -> CloudSyncTable {
        let field = |field: &Field| CloudSyncField {
            struct_size: size_of::<CloudSyncField>(),
            alias: self.text(&field.alias),
            col_name: self.text(&field.col_name),
            r#type: field.field_type as i32,
            primary: field.primary.into(),
            nullable: field.nullable.into(),
        };
        let fields = table.fields.iter().map(field).collect();
        CloudSyncTable {
            struct_size: size_of::<CloudSyncTable>(),
            alias: self.text(&table.alias),
            name: self.text(&table.name),
            fields: self.list(fields),
            field_count: table.fields.len(),
        }
    }

    fn database_form(&mut self, database: &Database) -> CloudSyncDatabase {
        let tables = database.tables.iter().map(|table| self.table(table)).collect();
        CloudSyncDatabase {
            struct_size: size_of::<CloudSyncDatabase>(),
            name: self.text(&database.name),
            alias: self.text(&database.alias),
            tables: self.list(tables),
            table_count: database.tables.len(),
        }
    }

    /// A database.
    pub(crate) fn database(&mut self, database: &Database) -> *const CloudSyncDatabase {
        let form = self.database_form(database);
        self.one(form)
    }

    /// Several databases.
    pub(crate) fn databases<'a>(
        &mut self,
        databases: impl IntoIterator<Item = &'a Database>,
    ) -> *const *const CloudSyncDatabase {
        let forms = databases.into_iter().map(|database| self.database_form(database)).collect();
        self.list(forms)
    }

    /// A bundle's schema.
    pub(crate) fn schema(&mut self, schema: &AppSchema) -> *const CloudSyncAppSchema {
        let form = CloudSyncAppSchema {
            struct_size: size_of::<CloudSyncAppSchema>(),
            bundle_name: self.text(&schema.bundle_name),
            databases: self.databases(&schema.databases),
            database_count: schema.databases.len(),
            version: schema.version,
        };
        self.one(form)
    }

    /// A subscription's id.
    pub(crate) fn subscribe_id(&mut self, bundle: &str, alias: &str, id: &str) -> CloudSyncSubscribeId {
        CloudSyncSubscribeId {
            struct_size: size_of::<CloudSyncSubscribeId>(),
            bundle_name: self.text(bundle),
            database_alias: self.text(alias),
            id: self.text(id),
        }
    }

    /// What a subscription came to.
    pub(crate) fn subscribe_info(&mut self, info: &SubscribeInfo) -> *const CloudSyncSubscribeInfo {
        let pairs = info.subscribe.iter().flat_map(|(bundle, ids)| ids.iter().map(move |id| (bundle, id)));
        let ids: Vec<_> =
            pairs.map(|(bundle, id)| self.subscribe_id(bundle, &id.database_alias, &id.id)).collect();
        let count = ids.len();
        let form = CloudSyncSubscribeInfo {
            struct_size: size_of::<CloudSyncSubscribeInfo>(),
            expiration_time: info.expiration_time,
            ids: self.list(ids),
            count,
        };
        self.one(form)
    }
}

/// Texts for C, in one piece of memory.
pub(crate) struct TextBlock(Vec<u8>);

impl TextBlock {
    /// Room for so many bytes, each text's NUL among them.
    pub(crate) fn of(bytes: usize) -> Self {
        TextBlock(Vec::with_capacity(bytes))
    }

    /// The room that an asset's texts take.
    pub(crate) fn room_of(asset: &CloudAsset) -> usize {
        [&asset.asset_id, &asset.hash, &asset.name, &asset.uri, &asset.path]
            .map(|text| text.len() + 1)
            .iter()
            .sum()
    }

    /// A text that there is room for; a NUL inside ends it. What was added before stays where it is.
    pub(crate) fn add(&mut self, text: &str) -> *const c_char {
        let begin = self.0.len();
        let text = text::before_nul(text).as_bytes();
        debug_assert!(begin + text.len() < self.0.capacity(), "more text than there is room for");
        self.0.extend_from_slice(text);
        self.0.push(0);
        self.0[begin..].as_ptr().cast()
    }

    /// An asset, whose texts there is room for.
    pub(crate) fn asset(&mut self, asset: &CloudAsset) -> CloudSyncCloudAsset {
        CloudSyncCloudAsset {
            struct_size: size_of::<CloudSyncCloudAsset>(),
            asset_id: self.add(&asset.asset_id),
            hash: self.add(&asset.hash),
            name: self.add(&asset.name),
            uri: self.add(&asset.uri),
            path: self.add(&asset.path),
            create_time: asset.create_time,
            modify_time: asset.modify_time,
            size: asset.size,
            status: asset.status as i32,
        }
    }
}

/// A structure from C, whose first field is its size.
///
/// # Safety
/// `value` is NULL or points to as many bytes as its first field says.
pub(crate) unsafe fn read<'a, T>(value: *const T, what: &str) -> Answer<&'a T> {
    if value.is_null() {
        return Err(null(what));
    }
    // SAFETY: at least the size is there, by the caller's promise.
    let size = unsafe { value.cast::<usize>().read_unaligned() };
    if size != size_of::<T>() || !value.is_aligned() {
        let ours = size_of::<T>();
        return Err(bad(format!(
            "struct_size of {what} is {size}, this library reads {ours}; set it to the sizeof"
        )));
    }
    // SAFETY: all of it is there, by the caller's promise.
    Ok(unsafe { &*value })
}

/// A table of functions from C, copied, which may be as long as `first` says, as it once was: what came since is NULL then.
///
/// # Safety
/// `table` is NULL or points to as many bytes as its first field says; `T` is functions that may be NULL, and numbers.
pub(crate) unsafe fn read_vtable<T: Copy>(table: *const T, what: &str, first: usize) -> Answer<T> {
    // SAFETY: at least the size is there, by the caller's promise.
    let size = if table.is_null() { 0 } else { unsafe { table.cast::<usize>().read_unaligned() } };
    if size != first {
        // SAFETY: the caller's promise.
        return unsafe { read(table, what) }.copied();
    }
    let mut whole = MaybeUninit::<T>::zeroed();
    // SAFETY: `first` bytes are there by the caller's promise, and fit: it is a field's place in `T`. Zeros are no functions and
    // numbers, by the caller's promise.
    unsafe {
        whole.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(table.cast(), first.min(size_of::<T>()));
        Ok(whole.assume_init())
    }
}

/// Fails where a structure cannot be written.
///
/// # Safety
/// As [`read`].
pub(crate) unsafe fn check_out<T>(out: *mut T, what: &str) -> Answer {
    // SAFETY: the caller's promise is the same.
    unsafe { read(out.cast_const(), what) }.map(|_| ())
}

/// An array of pointers from C. `list` is not looked at where `n` is 0.
///
/// # Safety
/// `list` is NULL or points to `n` pointers that live as long as the result is used.
pub(crate) unsafe fn pointers<'a, T>(list: *const *const T, n: usize, what: &str) -> Answer<&'a [*const T]> {
    if n == 0 {
        return Ok(&[]);
    }
    if list.is_null() {
        return Err(null(what));
    }
    if n > isize::MAX as usize / size_of::<*const T>() {
        return Err(bad(format!("{n} is no possible number of {what}")));
    }
    // SAFETY: not NULL, and `n` long by the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(list, n) })
}

/// A text from C; NULL is an empty one.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string.
pub(crate) unsafe fn text_or_empty(text: *const c_char, what: &str) -> Answer<String> {
    if text.is_null() {
        return Ok(String::new());
    }
    // SAFETY: the caller's promise.
    unsafe { text::read(text, what) }.map(str::to_owned)
}

/// An asset from C.
///
/// # Safety
/// As [`read`]; its texts are NULL or NUL-terminated strings.
pub(crate) unsafe fn read_asset(asset: *const CloudSyncCloudAsset) -> Answer<CloudAsset> {
    // SAFETY: the caller's promise.
    let form = unsafe { read(asset, "asset") }?;
    // SAFETY: texts by the caller's promise.
    unsafe {
        Ok(CloudAsset {
            asset_id: text_or_empty(form.asset_id, "asset_id")?,
            hash: text_or_empty(form.hash, "hash")?,
            name: text_or_empty(form.name, "name")?,
            uri: text_or_empty(form.uri, "uri")?,
            path: text_or_empty(form.path, "path")?,
            create_time: form.create_time,
            modify_time: form.modify_time,
            size: form.size,
            status: asset_status(form.status)?,
        })
    }
}

/// The account from C.
///
/// # Safety
/// As [`read_asset`].
pub(crate) unsafe fn read_service_info(info: *const CloudSyncServiceInfo) -> Answer<ServiceInfo> {
    // SAFETY: the caller's promise.
    let form = unsafe { read(info, "info") }?;
    Ok(ServiceInfo {
        enable_cloud: form.enable_cloud != 0,
        // SAFETY: a text by the caller's promise.
        id: unsafe { text::read(form.id, "id") }?.to_owned(),
        total_space: form.total_space,
        remaining_space: form.remaining_space,
        user: form.user,
    })
}

/// Applications' switches from C.
///
/// # Safety
/// As [`pointers`] and [`read_asset`].
pub(crate) unsafe fn read_apps(
    apps: *const *const CloudSyncAppBriefInfo,
    n: usize,
) -> Answer<BTreeMap<String, AppBriefInfo>> {
    let mut found = BTreeMap::new();
    // SAFETY: the caller's promise, here and in the loop.
    for app in unsafe { pointers(apps, n, "apps") }? {
        // SAFETY: as above.
        let form = unsafe { read(*app, "app") }?;
        // SAFETY: as above.
        let (app_id, bundle_name) = unsafe {
            (text_or_empty(form.app_id, "app_id")?, text::read_filled(form.bundle_name, "bundle_name")?)
        };
        let app = AppBriefInfo {
            app_id,
            bundle_name: bundle_name.to_owned(),
            cloud_switch: form.cloud_switch != 0,
            instance_id: form.instance_id,
        };
        found.insert(bundle_name.to_owned(), app);
    }
    Ok(found)
}

/// A database from C.
///
/// # Safety
/// As [`read_asset`], for all that it points at.
pub(crate) unsafe fn read_database(database: *const CloudSyncDatabase) -> Answer<Database> {
    // SAFETY: the caller's promise, here and below.
    let form = unsafe { read(database, "database") }?;
    // SAFETY: as above.
    let tables = unsafe { pointers(form.tables, form.table_count, "tables") }?;
    Ok(Database {
        // SAFETY: as above.
        name: unsafe { text::read_filled(form.name, "the database's name") }?.to_owned(),
        // SAFETY: as above.
        alias: unsafe { text::read_filled(form.alias, "the database's alias") }?.to_owned(),
        // SAFETY: as above.
        tables: tables.iter().map(|table| unsafe { read_table(*table) }).collect::<Answer<_>>()?,
    })
}

/// # Safety
/// As [`read_database`].
unsafe fn read_table(table: *const CloudSyncTable) -> Answer<Table> {
    // SAFETY: the caller's promise, here and below.
    let form = unsafe { read(table, "table") }?;
    // SAFETY: as above.
    let fields = unsafe { pointers(form.fields, form.field_count, "fields") }?;
    Ok(Table {
        // SAFETY: as above.
        alias: unsafe { text::read_filled(form.alias, "the table's alias") }?.to_owned(),
        // SAFETY: as above.
        name: unsafe { text::read_filled(form.name, "the table's name") }?.to_owned(),
        // SAFETY: as above.
        fields: fields.iter().map(|field| unsafe { read_field(*field) }).collect::<Answer<_>>()?,
    })
}

/// # Safety
/// As [`read_database`].
unsafe fn read_field(field: *const CloudSyncField) -> Answer<Field> {
    // SAFETY: the caller's promise, here and below.
    let form = unsafe { read(field, "field") }?;
    Ok(Field {
        // SAFETY: as above.
        alias: unsafe { text::read_filled(form.alias, "the field's alias") }?.to_owned(),
        // SAFETY: as above.
        col_name: unsafe { text::read_filled(form.col_name, "col_name") }?.to_owned(),
        field_type: field_type(form.r#type)?,
        primary: form.primary != 0,
        nullable: form.nullable != 0,
    })
}

/// A bundle's schema from C.
///
/// # Safety
/// As [`read_database`].
pub(crate) unsafe fn read_schema(schema: *const CloudSyncAppSchema) -> Answer<AppSchema> {
    // SAFETY: the caller's promise, here and below.
    let form = unsafe { read(schema, "schema") }?;
    // SAFETY: as above.
    let databases = unsafe { pointers(form.databases, form.database_count, "databases") }?;
    Ok(AppSchema {
        // SAFETY: as above.
        bundle_name: unsafe { text::read_filled(form.bundle_name, "bundle_name") }?.to_owned(),
        version: form.version,
        // SAFETY: as above.
        databases: databases.iter().map(|one| unsafe { read_database(*one) }).collect::<Answer<_>>()?,
    })
}

/// Subscriptions' ids from C, by bundle.
///
/// # Safety
/// As [`pointers`] and [`read_asset`].
pub(crate) unsafe fn read_subscribe_ids(
    ids: *const *const CloudSyncSubscribeId,
    n: usize,
) -> Answer<BTreeMap<String, Vec<SubscribeId>>> {
    let mut found: BTreeMap<String, Vec<SubscribeId>> = BTreeMap::new();
    // SAFETY: the caller's promise, here and in the loop.
    for id in unsafe { pointers(ids, n, "ids") }? {
        // SAFETY: as above.
        let form = unsafe { read(*id, "subscribe id") }?;
        // SAFETY: as above.
        let bundle = unsafe { text::read_filled(form.bundle_name, "bundle_name") }?;
        // SAFETY: as above.
        let (database_alias, id) = unsafe {
            (
                text_or_empty(form.database_alias, "database_alias")?,
                text::read_filled(form.id, "id")?.to_owned(),
            )
        };
        found.entry(bundle.to_owned()).or_default().push(SubscribeId { database_alias, id });
    }
    Ok(found)
}

/// The flag of a number.
pub(crate) fn flag(number: i32) -> Answer<Flag> {
    [Flag::Insert, Flag::Update, Flag::Delete]
        .into_iter()
        .find(|flag| *flag as i32 == number)
        .ok_or_else(|| bad(format!("{number} is no operation; use a CLOUDSYNC_FLAG_... number")))
}

fn field_type(number: i32) -> Answer<FieldType> {
    use FieldType as F;
    [F::Null, F::Number, F::Real, F::Text, F::Bool, F::Blob, F::Asset, F::Assets]
        .into_iter()
        .find(|kind| *kind as i32 == number)
        .ok_or_else(|| bad(format!("{number} is no field type; use a CLOUDSYNC_FIELD_TYPE_... number")))
}

fn asset_status(number: i32) -> Answer<AssetStatus> {
    use AssetStatus as S;
    [S::Null, S::Normal, S::Insert, S::Update, S::Delete, S::Abnormal, S::Downloading]
        .into_iter()
        .find(|status| *status as i32 == number)
        .ok_or_else(|| bad(format!("{number} is no asset status; use a CLOUDSYNC_ASSET_STATUS_... number")))
}
