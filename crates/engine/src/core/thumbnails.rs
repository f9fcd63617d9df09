//! The thumbnails of files that are in the cloud alone: fetched by a run when all else is done. And previews
//! that are of no use any more.

use std::collections::VecDeque;

use cloudsync_cloud::CloudError;

use super::missing::Missing;
use super::run::Run;
use super::{Core, Task};
use crate::job::{Moved, PreviewItem, PreviewOutcome, StopFlag, Work};
use crate::ports::{PreviewKind, PreviewName};
use crate::tree::{LocalContent, NodeId, Trees};

/// How many thumbnails one job fetches.
const AT_ONCE: usize = 128;

/// The files whose thumbnails may be missing here.
#[derive(Debug)]
pub(super) struct Thumbnails {
    pub(super) missing: Missing,
    /// Previews that a process before this one left may be of no use any more.
    untidy: bool,
}

impl Thumbnails {
    /// As the index has it.
    pub(super) fn new(text: &str, is_empty: bool) -> Self {
        Thumbnails { missing: Missing::new(text, is_empty), untidy: true }
    }

    /// The cloud was listed anew, and may be another one by now: what it lacked when it was asked it may have.
    pub(super) fn doubt(&mut self) {
        self.missing = Missing::Unknown;
    }
}

/// A preview of a file, as the cloud has it of the bytes that the file has here, or has in the cloud alone.
pub(super) fn preview_item(trees: &Trees, id: NodeId, kind: PreviewKind) -> Option<PreviewItem> {
    let node = trees.get(id)?;
    let remote = node.live_remote()?;
    let content = remote.content?;
    if node.local.is_some_and(|local| local.content.bytes() != Some(content)) {
        return None;
    }
    Some(PreviewItem {
        record: node.record?.into(),
        name: PreviewName { content: content.digest, kind },
        preview: remote.previews.of(kind)?.to_preview(),
    })
}

fn is_cloud_only(trees: &Trees, id: NodeId) -> bool {
    trees.local(id).is_some_and(|local| matches!(local.content, LocalContent::CloudOnly(_)))
}

impl Core {
    /// The files that a run fetches thumbnails for.
    pub(super) fn missing_thumbnails(&mut self) -> VecDeque<NodeId> {
        let unshown = self.states.trees.write().take_unshown();
        self.thumbnails.missing.want(&unshown);
        let trees = self.states.trees.read();
        self.thumbnails.missing.settle(&trees, |id| {
            is_cloud_only(&trees, *id) && preview_item(&trees, *id, PreviewKind::Thumbnail).is_some()
        })
    }

    /// Returns whether there are no more.
    pub(super) fn drive_thumbnails(&mut self, run: &mut Run, files: &mut VecDeque<NodeId>) -> bool {
        while run.jobs < self.config.transfer_threads && !files.is_empty() {
            let nodes: Vec<NodeId> = files.drain(..AT_ONCE.min(files.len())).collect();
            let trees = self.states.trees.read();
            let item = |id: &NodeId| Some((*id, preview_item(&trees, *id, PreviewKind::Thumbnail)?));
            let (nodes, items): (Vec<NodeId>, Vec<PreviewItem>) = nodes.iter().filter_map(item).unzip();
            drop(trees);
            if !items.is_empty() {
                run.jobs += 1;
                // A run's counters are of files, not of pictures of them.
                let moved = Moved::default();
                self.enqueue(Task::Previews(nodes), Work::FetchPreviews(items), run.stop.clone(), moved);
            }
        }
        run.jobs == 0
    }

    /// Whatever does not come is left to the next run: a run without some thumbnails is as good.
    pub(super) fn thumbnails_done(
        &mut self,
        run: &mut Run,
        nodes: Vec<NodeId>,
        outcomes: Vec<PreviewOutcome>,
    ) {
        for (node, outcome) in nodes.into_iter().zip(outcomes) {
            let (text, hopeless) = match outcome {
                // Or it has gone with its record: the next look at the cloud tells.
                PreviewOutcome::Here | PreviewOutcome::Refused(CloudError::NotFound(_)) => {
                    self.thumbnails.missing.have(node);
                    continue;
                }
                PreviewOutcome::Stopped => continue,
                PreviewOutcome::Refused(error) => {
                    let hopeless = matches!(error, CloudError::Network(_) | CloudError::TooManyRequests(_));
                    (error.to_string(), hopeless)
                }
                PreviewOutcome::Failed(error) => (error.text, true),
            };
            self.events.log(3, &format!("a thumbnail waits for the next run: {text}"));
            if let (super::run::Phase::Thumbnails(files), true) = (&mut run.phase, hopeless) {
                files.clear();
            }
        }
    }

    /// Removes previews that show nothing any more: after photos went, and what a process before this one left.
    pub(super) fn tidy_previews(&mut self) {
        let gone = self.states.trees.write().take_previews_gone();
        if std::mem::take(&mut self.thumbnails.untidy) || gone {
            self.enqueue(Task::Tidy, Work::TidyPreviews, StopFlag::default(), Moved::default());
        }
    }
}
