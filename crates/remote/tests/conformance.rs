//! A cloud passes every check of the conformance suite through a socket, as it does at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use cloudsync_cloud::conformance::Outcome;
use cloudsync_cloud::*;
use common::*;

#[test]
fn an_embedded_cloud_that_is_served_conforms() {
    let place = Place::new();
    let _server = place.serve(place.embedded());
    let cloud = CheckedService::new(std::sync::Arc::new(place.connect()));
    let mut left_out = Vec::new();
    conformance::run(&cloud, |name, outcome| match outcome {
        Outcome::Passed => {}
        Outcome::Skipped(_) => left_out.push(name),
        Outcome::Failed(text) => panic!("{name}: {text}"),
    });
    let far = ["quota", "lock-lease-ends", "lock-heartbeat-extends"];
    assert_eq!(left_out, far, "much space and long leases");
    assert_eq!(conformance::check(&cloud), [], "once more, on what the first run left");
}

#[test]
fn a_cloud_conforms_through_two_servers() {
    let (first, second) = (Place::new(), Place::new());
    let _first = first.serve(first.embedded());
    let _second = second.serve(std::sync::Arc::new(first.connect()));
    assert_eq!(conformance::check(&second.connect()), []);
}

#[test]
fn what_a_call_carries_comes_out_as_it_went_in() {
    let place = Place::new();
    let embedded = place.embedded();
    let _server = place.serve(embedded.clone());
    let cloud = place.connect();
    let field = |name: &str, field_type| Field {
        alias: format!("{name}-alias"),
        col_name: name.to_owned(),
        field_type,
        primary: name == "id",
        nullable: name != "id",
    };
    let fields = vec![field("id", FieldType::Text), field("files", FieldType::Assets)];
    let table = Table { alias: "in the cloud".to_owned(), name: "here".to_owned(), fields };
    let database = Database { tables: vec![table], ..database() };
    cloud.connect_db(BUNDLE, &database).unwrap();
    assert_eq!(cloud.get_app_schema(BUNDLE), embedded.get_app_schema(BUNDLE));
    assert_eq!(cloud.get_app_schema(BUNDLE).unwrap().databases, [database]);
    assert_eq!(cloud.get_app_brief_info(), embedded.get_app_brief_info());
    assert!(cloud.get_app_brief_info().unwrap().contains_key(BUNDLE));
    assert_eq!(cloud.get_service_info().unwrap().id, embedded.get_service_info().unwrap().id);
    assert_eq!(db(&cloud).capabilities(), db(&*embedded).capabilities());
    embedded.switch(None, false).unwrap();
    assert!(!cloud.get_service_info().unwrap().enable_cloud);
}

#[test]
fn proofs_go_over_with_their_progress_and_can_be_stopped() {
    let place = Place::new();
    let _server = place.serve(place.embedded());
    let cloud = place.connect();
    let content = bytes(1, 3 << 20);
    let digest = *blake3::hash(&content).as_bytes();
    let asset = upload(&cloud, content).unwrap();
    let db = db(&cloud);
    let id = db.generate_id(1).unwrap().remove(0);
    let file = CloudType::Asset(Box::new(asset.clone()));
    let write = RowWrite { values: Row::from([("file".into(), file)]), ..row(&id, 0) };
    let version = db.insert("t", vec![write]).unwrap().remove(0).unwrap().version;
    let right = Claim { gid: id, version, asset_id: asset.asset_id.clone(), size: 3 << 20, digest };
    let wrong = Claim { version: version + 1, ..right.clone() };
    let control = Control::default();
    let answers = loader(&cloud).prove("t", &[right.clone(), wrong], &control);
    assert_eq!(answers[0], Ok(()));
    assert_eq!(answers[1], Err(CloudError::VersionConflict { current: version }));
    assert!(control.moved.into_inner() >= 3 << 20);
}

#[test]
fn pages_that_are_too_long_for_a_message_come_in_pieces_and_rows_are_refused() {
    let place = Place::new();
    let _server = place.serve(place.embedded());
    let cloud = place.connect();
    let db = db(&cloud);
    let ids = db.generate_id(6).unwrap();
    let large = CloudType::Bytes(bytes(2, 5 << 20));
    for id in &ids {
        let write = RowWrite { values: Row::from([("large".into(), large.clone())]), ..row(id, 0) };
        db.insert("t", vec![write]).unwrap().remove(0).unwrap();
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = db.query("t", &[], 100, &cursor).unwrap();
        assert!(page.values.iter().all(|record| record.values["large"] == large));
        seen.extend(page.values.into_iter().map(|record| record.extension.id));
        cursor = page.next_cursor;
        if !page.has_more {
            break;
        }
    }
    assert_eq!(seen, ids);
    let rows =
        ids.iter().map(|id| RowWrite { values: Row::from([("large".into(), large.clone())]), ..row(id, 0) });
    assert!(
        matches!(db.update("t", rows.collect()), Err(CloudError::InvalidArgument(text)) if text.contains("ask for less"))
    );
    assert!(db.query("t", &[], 1, "").is_ok(), "the connection is as it was");
}
