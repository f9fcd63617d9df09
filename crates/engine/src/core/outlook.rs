//! What a start would do, without doing it: a run that looks at disk and cloud, reads what has to be read, and
//! ends where another would begin to change anything. What it finds out is kept, so that the start need not
//! find it out again.

use std::collections::{BTreeSet, HashMap};

use super::Core;
use super::run::{Ending, Run};
use crate::config::DownloadPolicy;
use crate::error::{Code, Error, Result};
use crate::event::ErrorType;
use crate::plan::{CloudAction, DiskAction, Plan};
use crate::tree::{NodeId, Place, PlaceRef, Trees};

/// What a start would do with one file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum PlannedKind {
    /// Send a file's bytes to the cloud.
    Upload = 0,
    /// Bring a file's bytes from the cloud.
    Download = 1,
    /// Show a file whose bytes stay in the cloud.
    Show = 2,
    /// Make a folder here.
    MakeFolderHere = 3,
    /// Make a folder in the cloud.
    MakeFolderInCloud = 4,
    /// Move or rename here.
    MoveHere = 5,
    /// Move or rename in the cloud.
    MoveInCloud = 6,
    /// Move to the trash here; a folder is removed once it is empty.
    DeleteHere = 7,
    /// Move to the cloud's trash.
    DeleteInCloud = 8,
    /// Keep both of two different versions: this device's under another name.
    KeepBoth = 9,
    /// Nothing, for a reason.
    Leave = 10,
}

/// One thing that a start would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What.
    pub kind: PlannedKind,
    /// With which file or folder; one that moves as it is called before.
    pub uri: String,
    /// What it is called after.
    pub to: Option<String>,
    /// How many bytes go over the network.
    pub bytes: u64,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Why a start would not do it now; `None` where it would.
    pub reason: Option<Code>,
}

/// Who is told what a start would do.
pub type PlanAnswer = Box<dyn FnOnce(Result<Vec<Planned>>) + Send>;

/// The part of a run that is none.
pub(super) struct Outlook {
    /// Who is told; nobody where it is a look at the disk alone.
    answer: Option<PlanAnswer>,
    planned: Vec<Planned>,
    /// Files whose two versions would both be kept, and this device's other names for them.
    aside: Vec<(NodeId, Box<str>)>,
}

impl Outlook {
    /// Of all that a start would do.
    pub(super) fn new(answer: PlanAnswer) -> Self {
        Outlook { answer: Some(answer), ..Outlook::of_disk() }
    }

    /// Of the disk alone, for nobody.
    pub(super) fn of_disk() -> Self {
        Outlook { answer: None, planned: Vec::new(), aside: Vec::new() }
    }

    /// Whether it is a look at the disk alone.
    pub(super) fn is_of_disk(&self) -> bool {
        self.answer.is_none()
    }

    /// A file's two versions would both be kept.
    pub(super) fn set_aside(&mut self, node: NodeId, name: Box<str>) {
        self.aside.push((node, name));
    }
}

impl Core {
    /// Finds out what a start would do now. Whoever calls has asked the gate. Fails with `TaskRunning` while a run,
    /// or another look like this one, is under way.
    pub fn look_ahead(&mut self, answer: PlanAnswer) {
        if let Err(error) = self.settled() {
            return answer(Err(error));
        }
        let Some(answer) = self.widen_look(answer) else { return };
        if self.run.is_some() {
            let text = "a sync is going on, and its progress says what is left: wait for its end, or stop it";
            return answer(Err(Error::new(Code::TaskRunning, text)));
        }
        let watched = self.take_watched();
        let outlook = Outlook::new(answer);
        self.run = Some(Run::looking_ahead(self.clock.monotonic_ns(), watched, outlook));
        self.advance();
    }

    /// Ends a look at what a start would do, if one is under way.
    pub fn stop_outlook(&mut self) {
        if let Some(run) = self.run.as_mut().filter(|run| run.outlook.is_some()) {
            run.stop.set();
            run.end(Ending::Stopped);
        }
        self.advance();
    }

    /// Puts a plan in words instead of beginning it.
    pub(super) fn describe(&self, run: &mut Run, plan: &Plan) {
        let Some(mut outlook) = run.outlook.take() else { return };
        let held = self.too_many(plan);
        let trees = self.states.trees.read();
        let describe = Describe {
            core: self,
            trees: &trees,
            places: places(plan),
            held: &held,
            may_upload: self.gate.may_upload(),
        };
        for (node, name) in std::mem::take(&mut outlook.aside) {
            describe.keep_both(node, &name, &mut outlook.planned);
        }
        for action in plan.disk.actions() {
            outlook.planned.extend(describe.disk(action));
        }
        for action in plan.cloud.actions() {
            outlook.planned.extend(describe.cloud(action));
        }
        outlook.planned.extend(run.frozen().filter_map(|id| describe.left(id)));
        run.outlook = Some(outlook);
    }

    /// The look is over: whoever asked is told, and a start that came meanwhile begins.
    pub(super) fn finish_outlook(&mut self, run: &mut Run, outlook: Outlook) {
        if run.has_not_looked() {
            self.distrust_watcher();
        }
        if let Err(error) = self.save() {
            // The next look finds the same again.
            self.events.log(2, &error.text);
        }
        let Outlook { answer, planned, .. } = outlook;
        let result = match run.ending {
            None => Ok(planned),
            Some(Ending::Stopped) => {
                Err(Error::new(Code::Ipc, "the library was closed meanwhile: open it and try again"))
            }
            Some(Ending::Failed(_, error)) => Err(run.why.take().unwrap_or_else(|| failure(error))),
        };
        match answer {
            Some(answer) => {
                answer(result);
                self.note_left_over();
            }
            None => self.note_found(),
        }
        if std::mem::take(&mut self.run_again) {
            self.begin_sync();
        }
    }

    /// Stops a start that waits for the end of a look: it ends without having begun.
    pub(super) fn stop_waiting_start(&mut self) {
        if std::mem::take(&mut self.run_again) {
            self.tell_never_begun();
        }
    }
}

fn failure(error: ErrorType) -> Error {
    let (code, text) = match error {
        ErrorType::NetworkUnavailable => {
            (Code::NetworkUnavailable, "the cloud could not be reached: check the connection and try again")
        }
        ErrorType::BatteryLevelLow | ErrorType::BatteryLevelWarning => {
            (Code::BatteryLow, "the battery is too low: charge the device and try again")
        }
        ErrorType::RemoteServerAbnormal => {
            (Code::Io, "the cloud did not answer as it should: try again later")
        }
        _ => (Code::Io, "the files could not be looked at: the log says why"),
    };
    Error::new(code, text)
}

/// Where a plan puts nodes.
fn places(plan: &Plan) -> HashMap<NodeId, PlaceRef<'_>> {
    let mut places = HashMap::new();
    for action in plan.cloud.actions() {
        if let CloudAction::Insert { node, place, .. } | CloudAction::Update { node, place, .. } = action {
            places.insert(*node, place.as_ref());
        }
    }
    for action in plan.disk.actions() {
        if let DiskAction::MakeDir(node, place)
        | DiskAction::Move(node, place)
        | DiskAction::Fetch(node, place)
        | DiskAction::Place(node, place) = action
        {
            places.insert(*node, place.as_ref());
        }
    }
    places
}

/// What a plan's steps are to a person.
struct Describe<'a> {
    core: &'a Core,
    trees: &'a Trees,
    places: HashMap<NodeId, PlaceRef<'a>>,
    held: &'a BTreeSet<NodeId>,
    may_upload: bool,
}

impl Describe<'_> {
    fn planned(&self, id: NodeId, kind: PlannedKind, path: &str) -> Planned {
        let uri = self.core.config.uris.uri(path);
        Planned { kind, uri, to: None, bytes: 0, is_dir: self.trees.is_dir(id), reason: None }
    }

    /// The path that a place has once everything is where the plan puts it.
    fn path_in(&self, place: PlaceRef<'_>) -> String {
        let mut names = vec![place.name];
        let mut at = place.parent;
        while at != NodeId::ROOT && names.len() <= self.trees.len() {
            let Some(place) = self.places.get(&at).copied().or_else(|| self.place_now(at)) else { break };
            names.push(place.name);
            at = place.parent;
        }
        names.reverse();
        names.join("/")
    }

    fn place_now(&self, id: NodeId) -> Option<PlaceRef<'_>> {
        let node = self.trees.get(id)?;
        node.shown_place().or(node.synced.map(|synced| synced.place))
    }

    /// The path that a person sees a node at now.
    fn path_now(&self, id: NodeId) -> String {
        let local = self.trees.local_path(id);
        local.unwrap_or_else(|| self.place_now(id).map(|place| self.path_in(place)).unwrap_or_default())
    }

    fn disk(&self, action: &DiskAction) -> Option<Planned> {
        let id = action.node();
        let new = |kind, place: &Place| self.planned(id, kind, &self.path_in(place.as_ref()));
        Some(match action {
            // Only on the way to its place.
            DiskAction::Park(..) => return None,
            DiskAction::MakeDir(_, place) => new(PlannedKind::MakeFolderHere, place),
            DiskAction::Fetch(_, place) => {
                Planned { bytes: remote_size(self.trees, id), ..new(PlannedKind::Download, place) }
            }
            DiskAction::Place(_, place) => new(PlannedKind::Show, place),
            DiskAction::Move(_, place) => {
                let to = Some(self.core.config.uris.uri(&self.path_in(place.as_ref())));
                Planned { to, ..self.planned(id, PlannedKind::MoveHere, &self.path_now(id)) }
            }
            DiskAction::Trash(_) | DiskAction::RemoveDir(_) => self.deletion(id, PlannedKind::DeleteHere),
        })
    }

    fn cloud(&self, action: &CloudAction) -> Option<Planned> {
        let (id, place, bytes) = match action {
            CloudAction::Delete(id) => return Some(self.deletion(*id, PlannedKind::DeleteInCloud)),
            CloudAction::Insert { node, place, bytes } | CloudAction::Update { node, place, bytes } => {
                (*node, place, *bytes)
            }
        };
        let path = self.path_in(place.as_ref());
        if bytes || matches!(action, CloudAction::Insert { .. }) && !self.trees.is_dir(id) {
            return Some(self.upload(id, &path, bytes));
        }
        if let CloudAction::Insert { .. } = action {
            return Some(self.planned(id, PlannedKind::MakeFolderInCloud, &path));
        }
        let before = self.trees.remote(id).map(|remote| self.cloud_path(remote.place)).unwrap_or_default();
        let to = Some(self.core.config.uris.uri(&path));
        Some(Planned { to, ..self.planned(id, PlannedKind::MoveInCloud, &before) })
    }

    /// The path that a place has in the cloud now.
    fn cloud_path(&self, place: PlaceRef<'_>) -> String {
        let mut names = vec![place.name];
        let mut at = place.parent;
        while at != NodeId::ROOT && names.len() <= self.trees.len() {
            let Some(folder) = self.trees.remote(at) else { break };
            names.push(folder.place.name);
            at = folder.place.parent;
        }
        names.reverse();
        names.join("/")
    }

    fn upload(&self, id: NodeId, path: &str, bytes: bool) -> Planned {
        let sent = self.core.sent.get(&id).is_some_and(|sent| sent.is_of(self.trees, id));
        let bytes = if bytes && !sent { super::run::local_size(self.trees, id) } else { 0 };
        let reason = (bytes > 0 && !self.may_upload).then_some(Code::NetworkUnavailable);
        Planned { bytes, reason, ..self.planned(id, PlannedKind::Upload, path) }
    }

    fn deletion(&self, id: NodeId, kind: PlannedKind) -> Planned {
        let reason = (!self.held.is_empty()).then_some(Code::LimitExceeded);
        Planned { reason, ..self.planned(id, kind, &self.path_now(id)) }
    }

    /// This device's version takes another name and is sent; the cloud's comes under the old one.
    fn keep_both(&self, id: NodeId, name: &str, planned: &mut Vec<Planned>) {
        let path = self.path_now(id);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let other = crate::job::join(folder, name);
        let to = Some(self.core.config.uris.uri(&other));
        planned.push(Planned { to, ..self.planned(id, PlannedKind::KeepBoth, &path) });
        planned.push(self.upload(id, &other, true));
        if self.core.config.download_policy == DownloadPolicy::Originals {
            let bytes = remote_size(self.trees, id);
            planned.push(Planned { bytes, ..self.planned(id, PlannedKind::Download, &path) });
        } else {
            planned.push(self.planned(id, PlannedKind::Show, &path));
        }
    }

    /// What could not be looked at.
    fn left(&self, id: NodeId) -> Option<Planned> {
        let reason = Some(self.trees.get(id)?.trouble?.code);
        Some(Planned { reason, ..self.planned(id, PlannedKind::Leave, &self.path_now(id)) })
    }
}

fn remote_size(trees: &Trees, id: NodeId) -> u64 {
    trees.remote(id).and_then(|remote| remote.content).map_or(0, |content| content.size)
}
