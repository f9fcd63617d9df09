//! How long plans of a large gallery take. Run it alone and optimised:
//! `cargo test --release -p cloudsync-engine --test planner measure -- --ignored --nocapture`.

use std::collections::BTreeSet;
use std::time::Duration;

use cloudsync_engine::plan::{Request, plan};
use cloudsync_engine::ports::Stamp;
use cloudsync_engine::tree::{
    Kind, Local, LocalContent, NodeId, NodeRef, Place, Previews, Remote, Row, Synced, Trees,
};

use super::model::{LABEL, content};

/// What this thread has had of the processor: others' work does not count.
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

const FILES: u32 = 100_000;
const PER_FOLDER: u32 = 1000;

/// A gallery of folders of a thousand files each.
fn gallery(here: bool, synced: bool, there: bool) -> Vec<(NodeId, Row)> {
    let folders = FILES / PER_FOLDER;
    let mut nodes = Vec::new();
    for number in 0..folders + FILES {
        let file = number.checked_sub(folders);
        let parent = file.map_or(NodeId::ROOT, |file| NodeId(1 + file / PER_FOLDER));
        let (name, record) = (format!("IMG_{number:08}.jpg"), format!("{number:032x}"));
        let place = Place { parent, name: &*name };
        let content = file.map(content);
        let mut node = NodeRef::new(if file.is_some() { Kind::File } else { Kind::Dir });
        let bytes = content.map_or(LocalContent::Dir(0), |c| LocalContent::Here(c, Stamp::default()));
        node.local = here.then_some(Local { place, content: bytes });
        node.synced = synced.then_some(Synced { place, content });
        node.record = there.then_some(&record);
        node.remote = there.then_some(Remote {
            place,
            content,
            asset: None,
            previews: Previews::NONE,
            version: 1,
            deleted: false,
        });
        nodes.push((NodeId(number + 1), Row::of(&node)));
    }
    nodes
}

fn plan_time(name: &str, trees: &Trees, steps: usize) {
    let frozen = BTreeSet::new();
    let new_files_at_once = usize::MAX;
    let request = Request { trees, frozen: &frozen, label: LABEL, fetch_bytes: true, new_files_at_once };
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begin = processor_time();
        let plan = plan(&request);
        best = best.min(processor_time() - begin);
        assert_eq!(plan.disk.len() + plan.cloud.len(), steps);
    }
    println!("{name}: {best:?}, {} ns a step", best.as_nanos() / steps as u128);
}

#[test]
#[ignore = "measures"]
fn large_galleries() {
    let all = (FILES + FILES / PER_FOLDER) as usize;
    plan_time("all new here", &Trees::from_index(gallery(true, false, false), 1, false), all);
    plan_time("all new there", &Trees::from_index(gallery(false, false, true), 1, false), all);
    let nodes = gallery(true, true, true);
    let begin = processor_time();
    let mut trees = Trees::from_index(nodes, 1, false);
    println!("from the index: {} ns a node", (processor_time() - begin).as_nanos() / all as u128);
    for number in 0..1000 {
        let id = NodeId(1 + FILES / PER_FOLDER + number * 97);
        let Some((parent, content)) = trees.local(id).map(|local| (local.place.parent, local.content)) else {
            continue;
        };
        let name = &*format!("renamed {number}.jpg");
        trees.set_local(id, Some(Local { place: Place { parent, name }, content }));
    }
    plan_time("1000 renames", &trees, 1000);
    let one_name = |trees: &mut Trees| {
        for number in 0..2000 {
            let id = trees.add(Kind::File);
            let name = &*format!("{}.jpg", number / 2);
            let place = Place { parent: NodeId::ROOT, name };
            let content = Some(content(number));
            trees.set_remote(
                id,
                Some(Remote {
                    place,
                    content,
                    asset: None,
                    previews: Previews::NONE,
                    version: 1,
                    deleted: false,
                }),
            );
        }
    };
    let mut trees = Trees::new(false);
    one_name(&mut trees);
    plan_time("1000 pairs of one name", &trees, 3000);
}
