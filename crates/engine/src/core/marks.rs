//! The marks by which programs beside this one see files' states. A run takes back before it changes anything what is true
//! no more, marks what is sent once its record is written, and all the rest when all else is done.
//!
//! A mark gives its file a new change time, and with it a new name to what was sent of the file so far: one that
//! is large enough to be sent in parts is marked before that, and when it is in step.

use std::collections::{BTreeSet, VecDeque};
use std::io;

use super::left_out::left_out;
use super::missing::Missing;
use super::run::{Phase, Run, local_size};
use super::{Core, Task};
use crate::filter::Filters;
use crate::job::Work;
use crate::plan::Plan;
use crate::ports::{FileMark, Marking, SMUDGED, Stamp, same_file};
use crate::tree::{LocalContent, NodeId, NodeSet, Trees};

/// How many files one job marks: it holds them all open.
const AT_ONCE: usize = 128;
/// More new stamps than this are not left to the end of the run.
const MOST_UNSAVED: usize = 4096;
/// A file of fewer bytes is never sent in parts.
const SENT_WHOLE: u64 = 32 << 20;

/// Files and their marks.
#[derive(Debug)]
pub(super) struct Marks {
    /// Whether files are marked here: the host wants it, and the disk can do it.
    on: bool,
    pub(super) missing: Missing,
    /// Files that may not be marked, most of them because they have two names: that the one went from another folder
    /// is told of nowhere in the folder of the other.
    refused: NodeSet,
    /// How many new stamps are not in the index yet.
    unsaved: usize,
}

/// A file that is being marked, and how it was seen before.
#[derive(Debug)]
pub(super) struct MarkTask(Vec<(NodeId, Stamp)>);

impl Marks {
    /// As the index has it.
    pub(super) fn new(on: bool, text: &str, is_empty: bool) -> Self {
        let missing = if on { Missing::new(text, is_empty) } else { Missing::Unknown };
        Marks { on, missing, refused: NodeSet::default(), unsaved: 0 }
    }

    /// Tries those that may not be marked once more, where one of them is there no more.
    fn try_again(&mut self, trees: &Trees) {
        if self.refused.iter().any(|id| trees.mark(id).is_none()) {
            self.missing.want(&std::mem::take(&mut self.refused));
        }
    }

    /// The disk cannot do it.
    fn give_up(&mut self) {
        *self = Marks::new(false, "", false);
    }
}

/// What comes when files have their marks.
pub(super) enum AfterMarks {
    /// Disk and cloud are changed.
    Change(Box<Plan>),
    /// The next round of looking at both.
    Round,
    /// What a run ends with.
    Thumbnails,
    /// The end of a look at the disk.
    End,
}

fn marking(filters: &Filters, trees: &Trees, id: NodeId) -> Option<Marking> {
    let stamp = trees.local(id)?.content.stamp()?;
    let mut mark = trees.mark(id)?;
    if mark != FileMark::Uploaded && mark != FileMark::Downloaded && left_out(filters, trees, id).is_some() {
        mark = FileMark::Stopped;
    }
    Some(Marking { path: trees.local_path(id)?, stamp, mark })
}

impl Core {
    /// The files that a run marks in the end.
    pub(super) fn unmarked_files(&mut self) -> VecDeque<NodeId> {
        if !self.learn_unmarked() {
            return VecDeque::new();
        }
        let trees = self.states.trees.read();
        self.marks.try_again(&trees);
        let mut files = self.marks.missing.settle(&trees, |id| trees.mark(*id).is_some());
        files.retain(|id| !(trees.out_of_step().contains(*id) && local_size(&trees, *id) >= SENT_WHOLE));
        files
    }

    /// The files whose marks say that the cloud has them as they are here, which is so no more.
    pub(super) fn outdated_marks(&mut self) -> VecDeque<NodeId> {
        if !self.learn_unmarked() {
            return VecDeque::new();
        }
        let trees = self.states.trees.read();
        let was_marked = |id: NodeId| trees.get(id).is_some_and(|node| node.synced.is_some());
        let waits = |id: NodeId| trees.mark(id) == Some(FileMark::ToBeUploaded);
        self.marks.missing.known().filter(|id| waits(*id) && was_marked(*id)).collect()
    }

    /// Takes over which files may lack marks. Returns whether any is to have one.
    fn learn_unmarked(&mut self) -> bool {
        let unmarked = self.states.trees.write().take_unmarked();
        self.marks.missing.want(&unmarked);
        self.marks.on
    }

    /// Begins to mark those of these files that are in step now.
    pub(super) fn mark_sent(&mut self, run: &mut Run, written: &[NodeId]) {
        if !self.learn_unmarked() || run.ending.is_some() {
            return;
        }
        let busy: BTreeSet<NodeId> = self.in_other_hands().collect();
        let mut files: VecDeque<NodeId> = {
            let trees = self.states.trees.read();
            let in_step = |id: &&NodeId| !trees.out_of_step().contains(**id) && !busy.contains(*id);
            written.iter().filter(in_step).copied().collect()
        };
        while !files.is_empty() {
            self.mark_some(run, files.drain(..AT_ONCE.min(files.len())));
        }
    }

    fn mark_some(&mut self, run: &mut Run, files: impl Iterator<Item = NodeId>) {
        let items: Vec<(NodeId, Marking)> = {
            let trees = self.states.trees.read();
            let item = |id: NodeId| Some((id, marking(&self.config.filters, &trees, id)?));
            files.filter_map(item).collect()
        };
        if items.is_empty() {
            return;
        }
        let task = MarkTask(items.iter().map(|(id, marking)| (*id, marking.stamp)).collect());
        let markings = items.into_iter().map(|(_, marking)| marking).collect();
        self.enqueue_run(run, Task::Mark(task), Work::Mark(markings));
    }

    /// Returns whether there are no more.
    pub(super) fn drive_marks(&mut self, run: &mut Run, files: &mut VecDeque<NodeId>) -> bool {
        let busy: BTreeSet<NodeId> = self.in_other_hands().collect();
        while run.jobs < self.config.transfer_threads && !files.is_empty() {
            let some = files.drain(..AT_ONCE.min(files.len()));
            self.mark_some(run, some.filter(|id| !busy.contains(id)));
        }
        run.jobs == 0
    }

    /// What cannot be marked now is left to the next run.
    pub(super) fn marks_done(&mut self, run: &mut Run, task: MarkTask, outcomes: Vec<io::Result<Stamp>>) {
        let any_is = |kind| {
            outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).any(|error| error.kind() == kind)
        };
        if any_is(io::ErrorKind::Unsupported) {
            self.events.log(3, "this disk cannot hold files' states as attributes");
            self.marks.give_up();
            if let Phase::Marks(files, _) = &mut run.phase {
                files.clear();
            }
        }
        if any_is(io::ErrorKind::InvalidData) {
            // Not all that changes a file is told: that another name of it went from another folder is not.
            self.distrust_watcher();
        }
        let mut trees = self.states.trees.write();
        for ((node, before), outcome) in task.0.into_iter().zip(outcomes) {
            match outcome {
                Ok(stamp) => {
                    self.marks.missing.have(node);
                    let new = restamp(&mut trees, node, before, stamp);
                    self.marks.unsaved += usize::from(new);
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    self.marks.missing.have(node);
                    self.marks.refused.insert(node);
                }
                Err(_) => {}
            }
        }
        drop(trees);
        // A file whose new stamp is lost is read again.
        if self.marks.unsaved >= MOST_UNSAVED {
            self.marks.unsaved = 0;
            if let Err(error) = self.save() {
                self.index_trouble(run, &error);
            }
        }
    }
}

/// The file is the same under another stamp. What was not to be believed before is not now. Returns whether the
/// stamp is new.
fn restamp(trees: &mut Trees, node: NodeId, before: Stamp, after: Stamp) -> bool {
    let is_it = |stamp: Stamp| stamp == before && same_file(&stamp, &after);
    let known = trees.local(node).filter(|local| local.content.stamp().is_some_and(is_it));
    let Some(local) = known else { return false };
    let ctime_ns = if before.ctime_ns == SMUDGED { SMUDGED } else { after.ctime_ns };
    let after = Stamp { ctime_ns, ..after };
    if after == before {
        return false;
    }
    let content = match local.content {
        LocalContent::Here(content, _) => LocalContent::Here(content, after),
        LocalContent::Unread(_) => LocalContent::Unread(after),
        other => other,
    };
    trees.set_local_content(node, content);
    true
}
