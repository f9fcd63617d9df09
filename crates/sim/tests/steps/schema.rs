//! A cloud whose schema has no room for what the engine writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetLoader, CheckedService, CloudDb, CloudService, Database, FieldType, Result,
    ServiceInfo, Table,
};
use cloudsync_engine::{Code, ErrorType, SyncState};

use crate::elsewhere;
use crate::hand::{Hand, world};

/// A cloud whose schema is another one than what was connected.
struct Otherwise {
    cloud: Arc<dyn CloudService>,
    change: Change,
}

impl CloudService for Otherwise {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        self.cloud.get_service_info()
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        self.cloud.get_app_brief_info()
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        let mut schema = self.cloud.get_app_schema(bundle_name)?;
        schema.databases.iter_mut().flat_map(|database| &mut database.tables).for_each(self.change);
        Ok(schema)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        self.cloud.connect_db(bundle_name, database)
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        self.cloud.connect_asset_loader(bundle_name, database)
    }
}

/// What is otherwise in a table.
type Change = fn(&mut Table);

/// The run ends, everything stays here, and whoever asks is told which field it is.
#[test]
fn a_cloud_without_room_for_a_field_is_told_of_by_name() {
    let changes: [(Change, &str); 3] = [
        (|table| table.fields.retain(|field| field.alias != "lcd"), "has no field 'lcd'"),
        (|table| table.fields.iter_mut().for_each(|field| field.nullable = false), "the field 'parent'"),
        (
            |table| {
                let size = table.fields.iter_mut().filter(|field| field.alias == "size");
                size.for_each(|field| field.field_type = FieldType::Text);
            },
            "the field 'size' of the table 'file' of the database 'cloudsync' takes a text",
        ),
    ];
    for (change, named) in changes {
        let world = world(true);
        let between = |cloud| {
            Arc::new(CheckedService::new(Arc::new(Otherwise { cloud, change }))) as Arc<dyn CloudService>
        };
        let mut hand = Hand::behind(&world, 0, |_| {}, false, between);
        hand.put("a.jpg", b"a person's");
        let last = hand.sync(|_, _| {});
        assert_eq!((last.state, last.error), (SyncState::DownloadFailed, ErrorType::RemoteServerAbnormal));
        let (code, text) = hand.trouble("a.jpg").unwrap();
        assert!(code == Code::Ipc && text.contains(named), "{code:?} {text}");
        assert_eq!(elsewhere(&world).query("file", &[], 10, "").unwrap().values, []);
    }
}
