//! What an application's tables are described as holds, in the embedded cloud and in front of a foreign one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

use cloudsync_cloud::*;
use common::*;

const BUNDLE: &str = "com.example.gallery";

fn field(name: &str, field_type: FieldType, nullable: bool) -> Field {
    Field { alias: name.into(), col_name: name.into(), field_type, primary: false, nullable }
}

/// Takes one `number`.
fn notes(more: Vec<Field>) -> Table {
    let fields = [vec![field("number", FieldType::Number, false)], more].concat();
    Table { alias: "t".into(), name: "t".into(), fields }
}

fn described(tables: Vec<Table>) -> Database {
    Database { tables, ..database() }
}

fn open(dir: &tempfile::TempDir) -> EmbeddedCloud {
    EmbeddedCloud::open(dir.path(), EmbeddedOptions::new("a person")).unwrap()
}

fn connect(cloud: &dyn CloudService, tables: Vec<Table>) -> Result<Arc<dyn CloudDb>> {
    cloud.connect_db(BUNDLE, &described(tables))
}

fn text<T>(answer: Result<T>) -> String {
    match answer.err().unwrap() {
        CloudError::InvalidArgument(text) => text,
        other => panic!("{other:?}"),
    }
}

fn text_row(name: &str) -> Row {
    Row::from([("number".into(), CloudType::Int64(1)), (name.into(), CloudType::String("x".into()))])
}

#[test]
fn the_schema_is_what_was_described_together() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = open(&dir);
    let schema = || cloud.get_app_schema(BUNDLE).unwrap();
    connect(&cloud, vec![]).unwrap();
    let first = schema();
    assert_eq!(first.databases, [database()]);
    connect(&cloud, vec![notes(vec![])]).unwrap();
    let second = schema();
    assert_eq!(second.databases, [described(vec![notes(vec![])])]);
    assert_eq!(second.version, first.version + 1);
    let title = field("title", FieldType::Text, true);
    let other = Table { alias: "u".into(), name: "u".into(), fields: vec![] };
    connect(&cloud, vec![other.clone(), notes(vec![title.clone()])]).unwrap();
    let third = schema();
    let all = described(vec![notes(vec![title]), other]);
    assert_eq!((third.version, third.databases.as_slice()), (second.version + 1, &[all.clone()][..]));
    // The first version of the application is still about, and neither takes the other's fields away.
    connect(&cloud, vec![notes(vec![])]).unwrap();
    connect(&cloud, vec![]).unwrap();
    cloud.connect_asset_loader(BUNDLE, &database()).unwrap();
    assert_eq!(schema(), third);
    drop(cloud);
    assert_eq!(open(&dir).get_app_schema(BUNDLE).unwrap(), third, "it is kept");
}

#[test]
fn what_contradicts_is_refused_at_the_connection_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = open(&dir);
    connect(&cloud, vec![notes(vec![])]).unwrap();
    let before = cloud.get_app_schema(BUNDLE).unwrap();
    let retyped = Table { fields: vec![field("number", FieldType::Text, false)], ..notes(vec![]) };
    let refused = [
        (vec![retyped], "'number'"),
        (vec![notes(vec![field("new", FieldType::Text, false)])], "'new'"),
        (vec![Table { fields: vec![field("title", FieldType::Text, true)], ..notes(vec![]) }], "'number'"),
        (vec![notes(vec![]), notes(vec![])], "'t' twice"),
    ];
    for (tables, named) in refused {
        for said in [
            text(connect(&cloud, tables.clone())),
            text(cloud.connect_asset_loader(BUNDLE, &described(tables.clone()))),
            text(cloud.subscribe(
                &BTreeMap::from([(BUNDLE.into(), vec![described(tables.clone())])]),
                1000,
                Arc::new(|_| ()),
            )),
        ] {
            assert!(said.contains(named) && said.contains("'photos'") && said.contains("'t'"), "{said}");
        }
    }
    assert_eq!(cloud.get_app_schema(BUNDLE).unwrap(), before);
}

#[test]
fn rows_are_held_to_it_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let cloud = open(&dir);
    let db = connect(&cloud, vec![notes(vec![])]).unwrap();
    let other = connect(&cloud, vec![]).unwrap();
    for db in [db, other] {
        let id = db.generate_id(1).unwrap().concat();
        let rows = vec![
            row("", None, text_row("title")),
            row(&id, Some(0), values(1)),
            row("a", None, Row::from([("number".into(), CloudType::Bool(true))])),
        ];
        let mut answers = db.insert("t", rows).unwrap();
        assert!(
            text(answers.remove(2)).contains("takes a whole number, never null, and was given true or false")
        );
        assert!(text(answers.remove(0)).contains("has no field 'title', it has 'number'"));
        let version = answers.remove(0).unwrap().version;
        let bad = db.update("t", vec![row(&id, None, Row::new())]).unwrap().remove(0);
        assert!(text(bad).contains("'number'"));
        let listed = db.query("t", &["number"], 10, "").unwrap().values;
        assert_eq!(listed.last().unwrap().version, version);
        assert!(text(db.query("t", &["title"], 10, "")).contains("'title'"));
        assert!(text(db.insert("u", vec![])).contains("no table 'u', it has 't'"));
        assert!(text(db.delete("u", vec![])).contains("'u'"));
        assert!(db.delete("t", vec![row(&id, None, text_row("title"))]).unwrap().remove(0).is_ok());
    }
    let loader = cloud.connect_asset_loader(BUNDLE, &database()).unwrap();
    let answers = loader.upload("u", vec![item("a", Source::new(b"x"), None)], &Go);
    assert!(text(answers.into_iter().next().unwrap()).contains("no table 'u'"));
    upload(&cloud, b"x").unwrap();
}

/// A connection is held to what is described now, not to what was when it was made.
#[test]
fn a_connection_hears_of_what_others_describe() {
    let dir = tempfile::tempdir().unwrap();
    let (here, there) = (open(&dir), open(&dir));
    let db = connect(&here, vec![]).unwrap();
    insert(&db, "a", None, text_row("title")).unwrap();
    connect(&there, vec![notes(vec![])]).unwrap();
    assert!(text(insert(&db, "b", None, text_row("title"))).contains("'title'"));
    assert!(text(db.query("u", &[], 10, "")).contains("'u'"));
    connect(&there, vec![notes(vec![field("title", FieldType::Text, true)])]).unwrap();
    insert(&db, "b", None, text_row("title")).unwrap();
}

#[test]
fn many_describe_at_once_and_nothing_is_lost() {
    const SIDES: usize = 8;
    const EACH: usize = 12;
    let dir = tempfile::tempdir().unwrap();
    connect(&open(&dir), vec![notes(vec![])]).unwrap();
    let barrier = Barrier::new(SIDES);
    std::thread::scope(|scope| {
        for side in 0..SIDES {
            let (dir, barrier) = (&dir, &barrier);
            scope.spawn(move || {
                let cloud = open(dir);
                barrier.wait();
                for at in 0..EACH {
                    let name = format!("{side}-{at}");
                    let db = connect(&cloud, vec![notes(vec![field(&name, FieldType::Text, true)])]).unwrap();
                    insert(&db, &name, None, text_row(&name)).unwrap();
                }
            });
        }
    });
    let schema = open(&dir).get_app_schema(BUNDLE).unwrap();
    assert_eq!(schema.databases[0].tables[0].fields.len(), 1 + SIDES * EACH);
    assert_eq!(schema.version as usize, 1 + SIDES * EACH, "it rises once for each");
}

/// A foreign cloud that keeps no rules itself, and has this schema.
struct Foreign {
    cloud: EmbeddedCloud,
    schema: Result<Vec<Database>>,
}

impl CloudService for Foreign {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        self.cloud.get_service_info()
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        self.cloud.get_app_brief_info()
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        Ok(AppSchema { bundle_name: bundle_name.into(), version: 1, databases: self.schema.clone()? })
    }

    fn connect_db(&self, bundle_name: &str, _: &Database) -> Result<Arc<dyn CloudDb>> {
        self.cloud.connect_db(bundle_name, &database())
    }

    fn connect_asset_loader(&self, bundle_name: &str, _: &Database) -> Result<Arc<dyn AssetLoader>> {
        self.cloud.connect_asset_loader(bundle_name, &database())
    }
}

fn foreign(schema: Result<Vec<Database>>) -> (tempfile::TempDir, CheckedService) {
    let dir = tempfile::tempdir().unwrap();
    let cloud = open(&dir);
    (dir, CheckedService::new(Arc::new(Foreign { cloud, schema })))
}

#[test]
fn a_foreign_clouds_schema_holds_before_anything_goes_out() {
    let nullable = vec![field("title", FieldType::Text, true)];
    let (_dir, cloud) = foreign(Ok(vec![described(vec![notes(nullable)])]));
    let db = connect(&cloud, vec![notes(vec![])]).unwrap();
    insert(&db, "a", None, text_row("title")).unwrap();
    assert!(
        text(insert(&db, "b", None, text_row("other")))
            .contains("no field 'other', it has 'number', 'title'")
    );
    assert!(text(db.query("u", &[], 10, "")).contains("no table 'u'"));
    assert_eq!(db.query("t", &[], 10, "").unwrap().values.len(), 1, "what was refused did not get there");
    let loader = cloud.connect_asset_loader(BUNDLE, &described(vec![notes(vec![])])).unwrap();
    let answer = loader.upload("u", vec![item("a", Source::new(b"x"), None)], &Go).remove(0);
    assert!(text(answer).contains("no table 'u'"));
}

#[test]
fn a_foreign_cloud_that_does_not_fit_is_not_connected_to() {
    let has = |fields| Ok(vec![described(vec![Table { fields, ..notes(vec![]) }])]);
    let number = |field_type, nullable| field("number", field_type, nullable);
    let other = Database { alias: "other".into(), name: "other".into(), ..described(vec![notes(vec![])]) };
    let cases = [
        (has(vec![field("title", FieldType::Text, true)]), "no field 'number', it has 'title'"),
        (
            has(vec![number(FieldType::Text, false)]),
            "'number' of the table 't' of the database 'photos' takes a text",
        ),
        (
            has(vec![number(FieldType::Number, false), field("must", FieldType::Blob, false)]),
            "'must' of the table 't'",
        ),
        (Ok(vec![described(vec![Table { alias: "u".into(), ..notes(vec![]) }])]), "no table 't', it has 'u'"),
        (Ok(vec![other]), "no database 'photos', it has [\"other\"]"),
    ];
    for (schema, named) in cases {
        let (_dir, cloud) = foreign(schema);
        for said in [
            text(connect(&cloud, vec![notes(vec![])])),
            text(cloud.connect_asset_loader(BUNDLE, &described(vec![notes(vec![])]))),
        ] {
            assert!(
                said.contains(named) && said.contains("the cloud's schema of com.example.gallery"),
                "{said}"
            );
        }
    }
    let (_dir, cloud) = foreign(has(vec![number(FieldType::Number, false)]));
    let may_be_null = Table { fields: vec![number(FieldType::Number, true)], ..notes(vec![]) };
    assert!(text(connect(&cloud, vec![may_be_null])).contains("describe it as not nullable"));
}

#[test]
fn a_foreign_cloud_that_says_nothing_constrains_nothing() {
    let nothing = [
        Ok(vec![]),
        Ok(vec![described(vec![])]),
        Ok(vec![Database { alias: "other".into(), ..described(vec![]) }]),
        Err(CloudError::NotSupported("get_app_schema")),
    ];
    for schema in nothing {
        let (_dir, cloud) = foreign(schema);
        let db = connect(&cloud, vec![notes(vec![])]).unwrap();
        insert(&db, "a", None, text_row("anything")).unwrap();
        cloud.connect_asset_loader(BUNDLE, &described(vec![notes(vec![])])).unwrap();
    }
    let (_dir, cloud) = foreign(Err(CloudError::Network("away".into())));
    assert_eq!(connect(&cloud, vec![]).err(), Some(CloudError::Network("away".into())));
    let (_dir, cloud) = foreign(Err(CloudError::Stopped));
    assert!(connect(&cloud, vec![]).err().unwrap().to_string().contains("stopped by itself"));
}

#[test]
fn a_schema_that_cannot_be_true_is_a_lie() {
    let nameless = Field { col_name: String::new(), ..field("", FieldType::Text, true) };
    let lies = [
        (vec![described(vec![notes(vec![]), notes(vec![])])], "a table 't' twice"),
        (
            vec![described(vec![notes(vec![field("number", FieldType::Number, false)])])],
            "a field 'number' twice",
        ),
        (vec![described(vec![notes(vec![nameless])])], "a field without a name"),
        (vec![described(vec![]), described(vec![])], "the database 'photos' twice"),
        (vec![Database { alias: String::new(), name: String::new(), ..described(vec![]) }], "without a name"),
    ];
    for (schema, named) in lies {
        let (_dir, cloud) = foreign(Ok(schema));
        for error in [cloud.get_app_schema(BUNDLE).err(), connect(&cloud, vec![]).err()] {
            assert!(matches!(&error, Some(CloudError::Unknown(text)) if text.contains(named)), "{error:?}");
        }
    }
}
