//! Says of any name why it is not in step, and what to do about it, without waiting for a run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::left_out::left_out;
use super::state::{Activity, Look, States, find_remote};
use crate::error::{Code, Error, Result};
use crate::event::{ErrorType, FileSyncState};
use crate::ports::FileKind;
use crate::tree::{Keep, LocalContent, NodeId, NodeRef};

/// Why something is as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is the matter, as a number; `None` where it is in step.
    pub code: Option<Code>,
    /// How far the file is; `None` for a folder, and for what is never synced.
    pub state: Option<FileSyncState>,
    /// What is the matter, and what to do about it.
    pub text: String,
    /// When it is due to be tried again, in milliseconds since 1970 by this device's clock; 0 where no time is
    /// set: the next start tries it, if anything does.
    pub next_try_ms: i64,
    /// Why its own copy stayed when its space was last to be freed.
    pub kept: Option<Error>,
}

/// What a device knows beside the trees about why files are as they are.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Why files stayed, when their space was last to be freed.
    pub(super) kept: BTreeMap<NodeId, Error>,
    /// Deletions that wait for the host's word.
    pub(super) held: BTreeSet<NodeId>,
    /// What could not be read of the disk when a run last looked at it: nothing counts as deleted there until it can.
    pub(super) unread: Vec<String>,
    /// The first file of each folder whose name cannot be kept in the cloud: what is the matter.
    pub(super) unnamed: BTreeMap<String, String>,
    /// Files that were given such names, by what they were.
    pub(super) renamed: BTreeMap<NodeId, String>,
    /// Whether a run is going on.
    pub(super) running: bool,
    /// Why the last start, or the last run, did not do everything: for what goes this way, or for all.
    pub(super) unfinished: Option<(Option<Way>, Error)>,
}

/// Which way something is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Bytes go to the cloud.
    Sent,
    /// Bytes come from the cloud.
    Fetched,
    /// No bytes go anywhere.
    Noted,
}

impl Notes {
    /// A run has ended like this.
    pub(super) fn note_end(&mut self, error: ErrorType, stopped: bool, why: Option<Error>) {
        self.running = false;
        self.unfinished = why.map(|why| (None, why)).or_else(|| left_undone(error, stopped));
    }
}

/// Battery, heat and Wi-Fi are looked at whenever somebody asks.
fn left_undone(error: ErrorType, stopped: bool) -> Option<(Option<Way>, Error)> {
    let (way, code, text) = match error {
        _ if stopped => (None, Code::TryAgain, "the last sync was stopped: start one again"),
        ErrorType::NetworkUnavailable => (
            None,
            Code::NetworkUnavailable,
            "the cloud could not be reached during the last sync: check the connection and start again",
        ),
        ErrorType::CloudStorageFull => {
            (Some(Way::Sent), Code::NoSpace, "the cloud is full: free some space there and start again")
        }
        ErrorType::LocalStorageFull => {
            (Some(Way::Fetched), Code::NoSpace, "the disk is full: free some space and start again")
        }
        ErrorType::RemoteServerAbnormal => {
            (None, Code::Ipc, "the cloud did not answer as it should during the last sync: start again later")
        }
        ErrorType::UnknownError => {
            (None, Code::TryAgain, "the last sync could not do everything: the log says why; start again")
        }
        _ => return None,
    };
    Some((way, Error::new(code, text)))
}

/// What the trees say of a node.
struct Standing {
    id: NodeId,
    state: Option<FileSyncState>,
    what: What,
    pinned: bool,
}

/// How a node is.
enum What {
    /// It waits for this reason, until this time.
    Troubled(Error, Option<i64>),
    /// Its bytes are on their way.
    Moving(&'static str),
    /// A run has to do this.
    Waits(Way, &'static str),
    /// All is well.
    InStep(&'static str),
}

impl States {
    /// Why a file or folder is not in step. Never waits for a running sync. Fails with `InvalidUri`, or with
    /// `NoSuchFile` for what is neither here nor in the cloud.
    pub fn explain(&self, uri: &str) -> Result<Explanation> {
        let path = self.entry_path(uri)?;
        if path.is_empty() {
            return Ok(self.explain_whole());
        }
        if path.split('/').any(crate::names::left_alone) {
            return self.explain_left_alone(&path, uri);
        }
        let standing = standing(&self.look(), &path);
        match standing {
            Some(standing) if self.has_gone(&standing, &path) => Ok(self.explain_gone(&standing)),
            Some(standing) => Ok(self.put_in_words(standing)),
            None => self.explain_unknown(&path, uri),
        }
    }

    /// The synced directory itself.
    fn explain_whole(&self) -> Explanation {
        if let Some(why) = self.why_none_is_deleted() {
            let text = format!("what is deleted here stays in the cloud until all can be read: {}", why.text);
            return in_words(Some(why.code), None, text);
        }
        if let Some(text) = self.notes.read().unnamed.values().next() {
            return in_words(
                Some(Code::AccessDenied),
                None,
                format!("not everything here is synced: {text}"),
            );
        }
        if let Some(why) = self.why_it_failed() {
            return in_words(Some(why.code), None, why.text);
        }
        let waiting = {
            let trees = self.trees.read();
            let waits = |id: &NodeId| left_out(&self.filters, &trees, *id).is_none();
            trees.out_of_step().iter().filter(waits).count()
        };
        if waiting == 0 {
            return in_words(None, None, "everything that is known is in step with the cloud".into());
        }
        let why = self.why_waiting(Way::Noted);
        in_words(Some(why.code), None, format!("{waiting} files and folders are not in step: {}", why.text))
    }

    /// Why nothing that is missing here may count as deleted.
    fn why_none_is_deleted(&self) -> Option<Error> {
        let notes = self.notes.read();
        notes.unread.first().map(|text| Error::new(Code::AccessDenied, text.clone()))
    }

    /// Why the last run did not come to its end, where it said more than that it was stopped.
    fn why_it_failed(&self) -> Option<Error> {
        let notes = self.notes.read();
        let unfinished = notes.unfinished.as_ref().filter(|_| !notes.running);
        unfinished
            .filter(|(way, why)| way.is_none() && why.code != Code::TryAgain)
            .map(|(_, why)| why.clone())
    }

    /// Whether what should be on this disk is not, and no run has noticed.
    fn has_gone(&self, standing: &Standing, path: &str) -> bool {
        let should_be_here = matches!(standing.what, What::InStep(_))
            && !self.notes.read().running
            && self.trees.read().is_here(standing.id);
        should_be_here && self.fs.stat(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    fn explain_gone(&self, standing: &Standing) -> Explanation {
        let renamed = self.notes.read().renamed.get(&standing.id).cloned();
        let (code, text) = match (renamed, self.why_none_is_deleted()) {
            (Some(why), _) => {
                (Code::AccessDenied, format!("it was given a name that cannot be synced: {why}"))
            }
            (None, Some(why)) => {
                let text = format!(
                    "it was deleted here, and stays in the cloud until all of this directory can be read: {}",
                    why.text
                );
                (why.code, text)
            }
            (None, None) => {
                let why = self.why_waiting(Way::Noted);
                (why.code, format!("it is not there any more: {}", why.text))
            }
        };
        in_words(Some(code), standing.state, text)
    }

    fn put_in_words(&self, Standing { id, state, what, pinned }: Standing) -> Explanation {
        let mut next_try_ms = 0;
        let (code, text) = match what {
            What::Troubled(error, due_ns) => {
                next_try_ms = due_ns.map_or(0, |due| due.div_euclid(1_000_000));
                (Some(error.code), error.text)
            }
            What::Moving(text) => (Some(Code::TaskRunning), text.to_owned()),
            What::Waits(..) if self.notes.read().held.contains(&id) => {
                let text = "it is one of many that were deleted at once: say whether the held deletions are \
                            carried out or the files brought back";
                (Some(Code::LimitExceeded), text.to_owned())
            }
            What::Waits(way, text) => {
                let why = self.why_waiting(way);
                (Some(why.code), format!("{text}: {}", why.text))
            }
            What::InStep(text) => (None, text.to_owned()),
        };
        let kept = self.notes.read().kept.get(&id).cloned();
        let mut text = text;
        if pinned {
            text.push_str("; it is pinned to this device, and its space is not freed");
        } else if let Some(kept) = &kept {
            text.push_str(&format!("; its space was not freed: {}", kept.text));
        }
        Explanation { code, state, text, next_try_ms, kept }
    }

    /// Why what is to go this way has not gone yet.
    fn why_waiting(&self, way: Way) -> Error {
        if way == Way::Sent && !self.gate.may_upload() {
            let text = "it is sent over Wi-Fi or a wired network only: connect to one and start a sync";
            return Error::new(Code::NetworkUnavailable, text);
        }
        let notes = self.notes.read();
        if notes.running {
            return Error::new(Code::TryAgain, "a sync is going on, and its turn comes");
        }
        if let Some(error) = self.gate.refusal() {
            return error;
        }
        let unfinished = notes.unfinished.as_ref();
        match unfinished.filter(|(concerned, _)| concerned.is_none_or(|concerned| concerned == way)) {
            Some((_, why)) => why.clone(),
            None => Error::new(Code::TryAgain, "the next sync takes it along: start one"),
        }
    }

    /// What the library never syncs, because of its name.
    fn explain_left_alone(&self, path: &str, uri: &str) -> Result<Explanation> {
        self.fs.stat(path).map_err(|error| self.not_found(path, uri, &error))?;
        let text = "hidden files, files that some program is still writing (.tmp, .part, ~) and what file \
                    managers leave behind are never synced: give it another name";
        Ok(in_words(Some(Code::NotPermitted), None, text.into()))
    }

    /// What no tree knows.
    fn explain_unknown(&self, path: &str, uri: &str) -> Result<Explanation> {
        let stat = match self.fs.stat(path) {
            Ok(stat) => stat,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let text = "its folder cannot be read by this user: change the folder's permissions";
                return Ok(in_words(Some(Code::AccessDenied), None, text.into()));
            }
            Err(error) => return Err(self.not_found(path, uri, &error)),
        };
        let (state, what, way) = match stat.kind {
            FileKind::Other => {
                let text = "links, pipes and devices are never synced: put a file in its place";
                return Ok(in_words(Some(Code::NotPermitted), None, text.into()));
            }
            FileKind::Dir => (None, "no sync has seen this folder yet", Way::Noted),
            FileKind::File => (Some(FileSyncState::ToBeUploaded), "no sync has seen it yet", Way::Sent),
        };
        let why = self.why_waiting(way);
        Ok(in_words(Some(why.code), state, format!("{what}: {}", why.text)))
    }
}

fn in_words(code: Option<Code>, state: Option<FileSyncState>, text: String) -> Explanation {
    Explanation { code, state, text, next_try_ms: 0, kept: None }
}

/// How what has this path, here or in the cloud, is.
fn standing(look: &Look<'_>, path: &str) -> Option<Standing> {
    let trees = &look.trees;
    let id = trees.find_local(path).or_else(|| find_remote(trees, path))?;
    let node = trees.get(id)?;
    let state = match &node.local {
        Some(local) => look.state_of(id, local.content.hold()),
        None => look.state_of_remote(id),
    };
    let activity = look.activity.get(&id);
    let what = match (activity, &node.trouble) {
        (Some(Activity::Uploading), _) => What::Moving("its bytes are on their way to the cloud"),
        (Some(Activity::Downloading), _) => What::Moving("its bytes are on their way to this device"),
        _ if trees.out_of_step().contains(id)
            && let Some(why) = left_out(look.filters, trees, id) =>
        {
            What::Troubled(Error::new(Code::NotPermitted, why.to_string()), None)
        }
        (_, Some(trouble)) => What::Troubled(Error::new(trouble.code, trouble.text), trouble.due_ns),
        _ if trees.out_of_step().contains(id) => waits(&node),
        _ => What::InStep(in_step(&node)),
    };
    let pinned =
        trees.local_ancestry(id).any(|id| trees.get(id).is_some_and(|node| node.keep == Keep::Pinned));
    Some(Standing { id, state: (!trees.is_dir(id)).then_some(state), what, pinned })
}

/// What a run has to do with a node that is not in step.
fn waits(node: &NodeRef<'_>) -> What {
    let remote = node.live_remote();
    let (way, text) = match (&node.local, &node.synced, remote) {
        (None, Some(_), Some(_)) => (Way::Noted, "it was deleted here, and is to go to the cloud's trash"),
        (None, _, _) => (Way::Fetched, "it is new in the cloud, and is to come to this device"),
        (Some(_), Some(_), None) => (Way::Noted, "it was deleted in the cloud, and is to go here too"),
        (Some(local), synced, remote) => match local.content {
            LocalContent::CloudOnly(_) => (Way::Fetched, "its bytes are to come from the cloud"),
            LocalContent::Dir(_) => (Way::Noted, "this folder is new or was moved"),
            LocalContent::Here(content, _)
                if remote.is_some_and(|remote| remote.content != Some(content))
                    && synced.is_some_and(|synced| synced.content == Some(content)) =>
            {
                (Way::Fetched, "it was changed in the cloud, and its new bytes are to come")
            }
            LocalContent::Here(content, _)
                if remote.is_some_and(|remote| remote.content == Some(content)) =>
            {
                (Way::Noted, "it was moved or renamed")
            }
            _ => (Way::Sent, "it is new or was changed here, and is to be sent"),
        },
    };
    What::Waits(way, text)
}

fn in_step(node: &NodeRef<'_>) -> &'static str {
    match (node.local.map(|local| local.content), node.keep) {
        (Some(LocalContent::CloudOnly(_)), Keep::Away) => {
            "it is in the cloud; its space here was freed, and a download brings its bytes back"
        }
        (Some(LocalContent::CloudOnly(_)), _) => {
            "it is in the cloud, and its bytes come to this device when somebody asks for them"
        }
        _ => "it is in step with the cloud",
    }
}
