//! A file that is written once more while the cloud reads it, in the same tick of its disk's clock.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use cloudsync_cloud::{
    AppBriefInfo, AppSchema, AssetDownload, AssetLoader, AssetSource, AssetUpload, CloudAsset, CloudDb,
    CloudService, Database, Result, ServiceInfo, TransferControl,
};
use cloudsync_sim::{Body, digest_of};

use crate::hand::{Hand, World, world};

const OLD: [u8; 100] = [1; 100];
const NEW: [u8; 100] = [2; 100];

/// A cloud in the midst of whose first read `OLD` becomes `NEW`.
struct Halfway {
    cloud: Arc<dyn CloudService>,
    world: World,
}

impl CloudService for Halfway {
    fn get_service_info(&self) -> Result<ServiceInfo> {
        self.cloud.get_service_info()
    }

    fn get_app_brief_info(&self) -> Result<BTreeMap<String, AppBriefInfo>> {
        self.cloud.get_app_brief_info()
    }

    fn get_app_schema(&self, bundle_name: &str) -> Result<AppSchema> {
        self.cloud.get_app_schema(bundle_name)
    }

    fn connect_db(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn CloudDb>> {
        self.cloud.connect_db(bundle_name, database)
    }

    fn connect_asset_loader(&self, bundle_name: &str, database: &Database) -> Result<Arc<dyn AssetLoader>> {
        let loader = self.cloud.connect_asset_loader(bundle_name, database)?;
        Ok(Arc::new(HalfwayLoader { loader, world: self.world.clone() }))
    }
}

struct HalfwayLoader {
    loader: Arc<dyn AssetLoader>,
    world: World,
}

impl AssetLoader for HalfwayLoader {
    fn upload(
        &self,
        table: &str,
        items: Vec<AssetUpload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        let halfway = |item| {
            let AssetUpload { source, .. } = item;
            AssetUpload { source: Box::new(HalfwaySource { source, world: self.world.clone() }), ..item }
        };
        self.loader.upload(table, items.into_iter().map(halfway).collect(), control)
    }

    fn download(
        &self,
        table: &str,
        prefix: &str,
        items: Vec<AssetDownload<'_>>,
        control: &dyn TransferControl,
    ) -> Vec<Result<CloudAsset>> {
        self.loader.download(table, prefix, items, control)
    }
}

struct HalfwaySource<'a> {
    source: Box<dyn AssetSource + 'a>,
    world: World,
}

impl AssetSource for HalfwaySource<'_> {
    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let most = buffer.len().min(OLD.len() / 2);
        let count = self.source.read_at(&mut buffer[..most], offset)?;
        let mut shared = self.world.lock();
        let tree = &mut shared.devices[0].disk.live;
        let file = tree.lookup("photo")?;
        tree.nodes.get_mut(&file).unwrap().body = Body::File(Arc::new(NEW.to_vec()));
        Ok(count)
    }

    fn size(&self) -> u64 {
        self.source.size()
    }

    fn path(&self) -> Option<&Path> {
        self.source.path()
    }
}

/// Found by seed 1007232304: the cloud had bytes that nobody ever wrote, until the next sync at least.
#[test]
fn no_mixture_of_two_versions_gets_to_the_cloud() {
    for named in [true, false] {
        let world = world(named);
        let between = |cloud| Arc::new(Halfway { cloud, world: world.clone() }) as Arc<dyn CloudService>;
        let mut hand = Hand::behind(&world, 0, |_| {}, false, between);
        hand.put("photo", &OLD);
        for _ in 0..2 {
            hand.sync(|_, _| {});
            let live: Vec<_> = world.lock().cloud.live_contents().collect();
            assert!(live.is_empty() || live == [digest_of(&NEW)], "named: {named}");
            world.lock().pass(1_000_000_000);
        }
        assert!(world.lock().cloud.holds_live(&digest_of(&NEW)), "named: {named}");
    }
}
