#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use parking_lot::Mutex;

use super::*;
use crate::{CloudType, Database, Field, FieldType, Flow, Row, Table};

/// Remembers what came, and refuses ids that begin with an x; may forget an answer.
#[derive(Default)]
struct Behind {
    came: Mutex<Vec<String>>,
    forgetful: bool,
}

impl Behind {
    fn write(&self, method: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        self.came.lock().push(format!("{method} {}", ids.join(",")));
        let answer = |row: &RowWrite| match row.id.starts_with('x') {
            true => Err(CloudError::StaleLock),
            false => Ok(WriteReceipt { id: row.id.clone(), version: 1, modify_time: 0 }),
        };
        Ok(rows.iter().skip(usize::from(self.forgetful)).map(answer).collect())
    }
}

impl CloudDb for Behind {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
    fn generate_id(&self, _: usize) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
    fn insert(&self, _: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("insert", rows)
    }
    fn update(&self, _: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("update", rows)
    }
    fn delete(&self, _: &str, rows: Vec<RowWrite>) -> Result<Vec<Result<WriteReceipt>>> {
        self.write("delete", rows)
    }
    fn query(&self, _: &str, fields: &[&str], _: usize, _: &str) -> Result<CloudData> {
        self.came.lock().push(format!("query {}", fields.join(",")));
        Ok(CloudData::default())
    }
    fn lock(&self) -> Result<LockInfo> {
        Err(CloudError::LockedByOthers)
    }
    fn heartbeat(&self, _: i64) -> Result<LockInfo> {
        Err(CloudError::StaleLock)
    }
    fn unlock(&self, _: i64) -> Result<bool> {
        Ok(true)
    }
}

struct Go;

impl TransferControl for Go {
    fn advanced(&self, _: usize, _: u64) -> Flow {
        Flow::Continue
    }
}

impl AssetLoader for Behind {
    fn upload(
        &self,
        table: &str,
        _: Vec<AssetUpload<'_>>,
        _: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        self.came.lock().push(format!("upload {table}"));
        Vec::new()
    }
    fn download(
        &self,
        table: &str,
        _: &str,
        _: Vec<AssetDownload<'_>>,
        _: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        self.came.lock().push(format!("download {table}"));
        Vec::new()
    }
}

fn rules() -> Arc<Rules> {
    let number = Field {
        alias: "number".into(),
        col_name: "number".into(),
        field_type: FieldType::Number,
        primary: true,
        nullable: false,
    };
    let table = Table { alias: "t".into(), name: "t".into(), fields: vec![number] };
    let database = Database { alias: "d".into(), name: "d".into(), tables: vec![table] };
    Arc::new(Rules::new(&database).unwrap())
}

fn row(id: &str, value: CloudType) -> RowWrite {
    RowWrite { id: id.into(), values: Row::from([("number".into(), value)]), ..RowWrite::default() }
}

fn good(id: &str) -> RowWrite {
    row(id, CloudType::Int64(1))
}

fn bad(id: &str) -> RowWrite {
    row(id, CloudType::Bool(true))
}

fn behind(forgetful: bool) -> (Arc<Behind>, SchemaDb<Arc<Rules>>) {
    let behind = Arc::new(Behind { forgetful, ..Behind::default() });
    (behind.clone(), SchemaDb::new(behind, rules()))
}

/// Each answer: a record's id, or how the row failed.
fn told(answers: Vec<Result<WriteReceipt>>) -> Vec<String> {
    let word = |answer: Result<WriteReceipt>| match answer {
        Ok(receipt) => receipt.id,
        Err(CloudError::InvalidArgument(text)) if text.contains("'number'") => "unfit".into(),
        Err(error) => error.to_string(),
    };
    answers.into_iter().map(word).collect()
}

#[test]
fn a_row_that_does_not_fit_fails_alone_in_its_place() {
    let (behind, db) = behind(false);
    let lost = CloudError::StaleLock.to_string();
    let rows = || vec![bad("a"), good("b"), good("x"), bad("c"), bad("d"), good("e"), bad("f")];
    let wanted = ["unfit", "b", &lost, "unfit", "unfit", "e", "unfit"];
    assert_eq!(told(db.insert("t", rows()).unwrap()), wanted);
    assert_eq!(told(db.update("t", rows()).unwrap()), wanted);
    assert_eq!(std::mem::take(&mut *behind.came.lock()), ["insert b,x,e", "update b,x,e"]);
    assert_eq!(told(db.insert("t", vec![good("a"), good("b")]).unwrap()), ["a", "b"]);
    assert_eq!(std::mem::take(&mut *behind.came.lock()), ["insert a,b"]);
    assert_eq!(told(db.insert("t", vec![bad("a"), bad("b")]).unwrap()), ["unfit", "unfit"]);
    assert_eq!(*behind.came.lock(), Vec::<String>::new(), "nothing of it goes on");
    assert_eq!(told(db.delete("t", vec![bad("a")]).unwrap()), ["a"], "a deletion has no fields");
}

#[test]
fn a_database_that_forgets_an_answer_is_told() {
    let (_behind, db) = behind(true);
    let answer = db.insert("t", vec![bad("a"), good("b")]);
    assert!(answer.unwrap_err().to_string().contains("0 answers for 1 rows"));
}

#[test]
fn what_is_not_there_is_asked_of_nobody() {
    let (behind, db) = behind(false);
    let loader = SchemaLoader::new(behind.clone(), rules());
    for answer in [db.insert("u", vec![good("a")]), db.update("u", vec![]), db.delete("u", vec![])] {
        assert!(answer.unwrap_err().to_string().contains("no table 'u'"));
    }
    assert!(db.query("u", &[], 1, "").unwrap_err().to_string().contains("no table 'u'"));
    assert!(db.query("t", &["x"], 1, "").unwrap_err().to_string().contains("no field 'x'"));
    let claim = Claim { gid: "a".into(), version: 1, asset_id: "a".into(), size: 1, digest: [0; 32] };
    let answer = loader.prove("u", &[claim.clone(), claim], &Go);
    assert_eq!(answer.len(), 2);
    assert!(answer.iter().all(|answer| answer.as_ref().unwrap_err().to_string().contains("no table 'u'")));
    assert_eq!(loader.upload("u", Vec::new(), &Go).len(), 0);
    assert_eq!(loader.download("u", "", Vec::new(), &Go).len(), 0);
    assert_eq!(*behind.came.lock(), Vec::<String>::new());
    db.query("t", &["number"], 1, "").unwrap();
    loader.upload("t", Vec::new(), &Go);
    loader.download("t", "", Vec::new(), &Go);
    assert_eq!(*behind.came.lock(), ["query number", "upload t", "download t"]);
}
