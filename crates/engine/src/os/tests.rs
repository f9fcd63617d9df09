use super::*;
use std::collections::BTreeMap;
use std::fs;

use cloudsync_cloud as cloud;

use crate::ports::IndexError;

fn code(state: &Path, gallery: &Path) -> Option<Code> {
    apart(state, gallery).err().map(|error| error.code)
}

#[test]
fn the_state_directory_and_the_gallery_stay_apart() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |path: &str| scratch.path().join(path);
    fs::create_dir_all(at("g/sub/.hidden")).unwrap();
    std::os::unix::fs::symlink(at("g/sub"), at("link")).unwrap();
    let invalid = Some(Code::InvalidArgument);
    assert_eq!(code(&at("s"), &at("g")), None);
    assert_eq!(code(&at("gs"), &at("g")), None, "a name that only begins alike");
    assert_eq!(code(&at("g"), &at("g")), invalid);
    assert_eq!(code(&at("g/state"), &at("g")), invalid);
    assert_eq!(code(&at("g/sub/../state"), &at("g")), invalid);
    assert_eq!(code(&at("link/state"), &at("g")), invalid, "by way of a symlink");
    assert_eq!(code(&at("g/.state"), &at("g")), None);
    assert_eq!(code(&at("g/sub/.hidden/state"), &at("g")), None);
    assert_eq!(code(scratch.path(), &at("g")), invalid, "who removes the state would lose the gallery");
    assert_eq!(code(&at("none/state"), &at("g")), Some(Code::NoSuchFile));
}

#[test]
fn index_errors_have_their_documented_numbers() {
    for (error, number) in [
        (IndexError::Busy, 13_900_014),
        (IndexError::Newer(7), 13_900_001),
        (IndexError::Full, 13_900_025),
        (IndexError::ReadOnly, 13_900_027),
        (IndexError::Other("x".into()), 22_400_005),
    ] {
        let text = error.to_string();
        let mapped = index_failure(&error);
        assert_eq!((mapped.code as i32, mapped.text), (number, text));
        assert_eq!(Code::from_number(number), Some(mapped.code));
    }
    assert_eq!(Code::from_number(0), None);
}

/// A cloud that nobody asks anything.
struct NoCloud;

impl CloudService for NoCloud {
    fn get_service_info(&self) -> cloud::Result<cloud::ServiceInfo> {
        Ok(cloud::ServiceInfo::default())
    }

    fn get_app_brief_info(&self) -> cloud::Result<BTreeMap<String, cloud::AppBriefInfo>> {
        Ok(BTreeMap::new())
    }

    fn get_app_schema(&self, _: &str) -> cloud::Result<cloud::AppSchema> {
        unreachable!("production only hands the cloud on")
    }

    fn connect_db(&self, _: &str, _: &cloud::Database) -> cloud::Result<Arc<dyn cloud::CloudDb>> {
        unreachable!("production only hands the cloud on")
    }

    fn connect_asset_loader(
        &self,
        _: &str,
        _: &cloud::Database,
    ) -> cloud::Result<Arc<dyn cloud::AssetLoader>> {
        unreachable!("production only hands the cloud on")
    }
}

fn wired(scratch: &Path) -> Result<Ports> {
    let config = Config::new(scratch.join("state"), scratch.join("gallery"));
    production(&config, Arc::new(NoCloud), None, Leases::default())
}

#[test]
fn a_missing_gallery_is_an_error_and_leaves_nothing_behind() {
    let scratch = tempfile::tempdir().unwrap();
    let error = wired(scratch.path()).err().unwrap();
    assert_eq!(error.code, Code::NoSuchFile);
    assert!(error.text.contains("create it, or mount"), "{error}");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn all_ports_work_together() {
    let scratch = tempfile::tempdir().unwrap();
    fs::create_dir(scratch.path().join("gallery")).unwrap();
    let mut ports = wired(scratch.path()).unwrap();
    assert_eq!(wired(scratch.path()).err().unwrap().code, Code::Busy);
    assert!(ports.index.load().unwrap().nodes.is_empty());
    ports.fs.attach("").unwrap();
    let watcher = ports.watcher.as_ref().unwrap();
    watcher.watch("");
    fs::write(scratch.path().join("gallery/photo"), "x").unwrap();
    assert_eq!(watcher.take().folders, [""]);
    assert_eq!(ports.fs.list("").unwrap().entries.len(), 1);
    assert_ne!(ports.random.next_u64(), ports.random.next_u64());
    ports.conditions.read();
    drop(ports);
    wired(scratch.path()).unwrap();
}
