//! Before new files are sent: which of them are parts of one photo though their names do not say so. What they say
//! themselves is read first only where it may matter: a video and a still, new in one folder, each without the other
//! by its name. All else is read as it is sent.

use std::collections::{BTreeMap, BTreeSet};

use super::push::Push;
use super::run::{Phase, Run};
use super::{Core, Task};
use crate::job::{IdentifyItem, Unjoined, Work};
use crate::media::{is_video, may_be_identified, photo_of};
use crate::plan::{CloudAction, Steps};
use crate::ports::ContentId;
use crate::tree::{NodeId, Trees};

/// What is to be written to the cloud, while it is found out what of it belongs together.
pub(super) struct Identify {
    steps: Steps<CloudAction>,
    /// What no job has yet.
    unjoined: Vec<Unjoined>,
    found: BTreeMap<NodeId, ContentId>,
}

/// How many files one job looks at, those of one folder being looked at by one.
const AT_ONCE: usize = 512;

/// A new file: its node and its name.
type NewFile<'s> = (NodeId, &'s str);

impl Identify {
    pub(super) fn new(trees: &Trees, steps: Steps<CloudAction>) -> Self {
        let unjoined = unjoined(trees, steps.actions());
        Identify { steps, unjoined, found: BTreeMap::new() }
    }
}

impl Core {
    /// Returns what follows once everything is known.
    pub(super) fn drive_identify(&mut self, run: &mut Run, identify: &mut Identify) -> Option<Box<Push>> {
        let mut folders = std::mem::take(&mut identify.unjoined).into_iter().peekable();
        while folders.peek().is_some() {
            let mut count = 0;
            let batch = std::iter::from_fn(|| {
                let folder = folders.next_if(|_| count < AT_ONCE)?;
                count += folder.videos.len() + folder.stills.len();
                Some(folder)
            });
            let batch = batch.collect();
            self.enqueue_run(run, Task::Identify, Work::Identify(batch));
        }
        if run.jobs > 0 {
            return None;
        }
        let steps = std::mem::take(&mut identify.steps);
        Some(Box::new(Push::new(&self.states.trees.read(), steps, &identify.found, run.stop.part())))
    }

    pub(super) fn identified(run: &mut Run, found: Vec<(NodeId, ContentId)>) {
        if let Phase::Identify(identify) = &mut run.phase {
            identify.found.extend(found);
        }
    }
}

/// The new files of each folder that no name joins, where there are both videos and stills among them.
fn unjoined(trees: &Trees, actions: &[CloudAction]) -> Vec<Unjoined> {
    let new_files = || {
        actions.iter().filter_map(|action| match action {
            CloudAction::Insert { node, place, bytes: true } => Some((place.parent, (*node, &*place.name))),
            _ => None,
        })
    };
    let videos = new_files().filter(|(_, (_, name))| is_video(name));
    // Folders without videos are most of them.
    let mut folders: BTreeMap<NodeId, Vec<NewFile<'_>>> =
        videos.map(|(folder, _)| (folder, Vec::new())).collect();
    if folders.is_empty() {
        return Vec::new();
    }
    for (folder, file) in new_files() {
        if let Some(files) = folders.get_mut(&folder)
            && may_be_identified(file.1)
        {
            files.push(file);
        }
    }
    folders.into_values().filter_map(|files| of_folder(trees, files)).collect()
}

fn of_folder(trees: &Trees, files: Vec<NewFile<'_>>) -> Option<Unjoined> {
    let (videos, stills): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, name)| is_video(name));
    let alone = |files: &[NewFile<'_>], others: &[NewFile<'_>]| -> Vec<IdentifyItem> {
        let names: BTreeSet<String> = others.iter().filter_map(|(_, name)| photo_of(name)).collect();
        let alone =
            files.iter().filter(|(_, name)| photo_of(name).is_none_or(|photo| !names.contains(&photo)));
        alone.filter_map(|(node, _)| item(trees, *node)).collect()
    };
    let unjoined = Unjoined { videos: alone(&videos, &stills), stills: alone(&stills, &videos) };
    (!unjoined.videos.is_empty() && !unjoined.stills.is_empty()).then_some(unjoined)
}

fn item(trees: &Trees, node: NodeId) -> Option<IdentifyItem> {
    let stamp = trees.local(node)?.content.stamp()?;
    Some(IdentifyItem { node, path: trees.local_path(node)?, stamp })
}
