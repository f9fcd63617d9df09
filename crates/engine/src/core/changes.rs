//! Tells those who asked for it what changed in the local tree: as a person sees it, each change once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Core, Task};
use crate::event::{Change, Event, NotifyType, WatchId};
use crate::plan;
use crate::tree::{Difference, Local, LocalContent, NodeId, Scope, Trees};

/// Who wants to be told of what.
#[derive(Debug, Default)]
pub(super) struct Watches {
    scopes: BTreeMap<WatchId, Scope>,
    /// Files that gave way to the cloud's in a conflict. The cloud's bytes come to their places in the
    /// same run, which is one change: nobody has deleted anything.
    set_aside: BTreeSet<NodeId>,
}

/// The most changes in one event, as documented.
const MOST: usize = 1024;

impl Core {
    /// Tells of changes in a scope from now on, as those of `watch`.
    pub fn watch(&mut self, watch: WatchId, scope: Scope) {
        self.watches.scopes.insert(watch, scope);
        self.record_watched();
        self.want_looks(true);
    }

    /// Tells `watch` nothing any more.
    pub fn unwatch(&mut self, watch: WatchId) {
        self.watches.scopes.remove(&watch);
        self.record_watched();
        self.want_looks(!self.watches.scopes.is_empty());
    }

    fn record_watched(&self) {
        self.states.trees.write().watch(self.watches.scopes.values().cloned().collect());
    }

    /// A file gave way to the cloud's, which has not come yet.
    pub(super) fn note_set_aside(&mut self, node: NodeId) {
        if !self.watches.scopes.is_empty() {
            self.watches.set_aside.insert(node);
        }
    }

    /// The run ends: what has not come by now is not there.
    pub(super) fn tell_last_changes(&mut self) {
        self.watches.set_aside.clear();
        self.tell_changes();
    }

    /// Tells what has changed. While the disk's folders and names are being changed, the local tree says what
    /// will be, so that later paths are right: it is told once it is so.
    pub(super) fn tell_changes(&mut self) {
        if self.watches.scopes.is_empty() || self.tasks.values().any(|task| matches!(task, Task::Disk(_))) {
            return;
        }
        let mut told = Vec::new();
        {
            let mut trees = self.states.trees.write();
            let set_aside = &self.watches.set_aside;
            let differences = trees.take_differences(|trees, id| match trees.local(id) {
                Some(_) => is_parked(trees, id),
                None => set_aside.contains(&id),
            });
            let changes = changes_of(&trees, differences);
            for (&watch, scope) in &self.watches.scopes {
                told.extend(changes.seen_from(&trees, scope).into_iter().map(|change| (watch, change)));
            }
        }
        self.emit_changes(told);
    }

    fn emit_changes(&self, told: Vec<(WatchId, Seen)>) {
        let alike = |a: &(WatchId, Seen), b: &(WatchId, Seen)| (a.0, a.1.kind) == (b.0, b.1.kind);
        for group in told.chunk_by(alike) {
            for part in group.chunks(MOST) {
                let Some((watch, first)) = part.first() else { continue };
                let entry = |seen: &Seen| Change {
                    uri: self.config.uris.uri(&seen.path),
                    old_uri: seen.old.as_deref().map(|old| self.config.uris.uri(old)),
                    is_dir: seen.is_dir,
                };
                let changes = part.iter().map(|(_, seen)| entry(seen)).collect();
                self.events.emit(Event::Changed { watch: *watch, kind: first.kind, changes });
            }
        }
    }
}

/// Whether the node, or a folder that it is in, is out of others' way on its way to its place.
fn is_parked(trees: &Trees, id: NodeId) -> bool {
    let mut chain = trees.local_ancestry(id);
    chain.any(|id| trees.local(id).is_some_and(|local| plan::is_parked(id, local.place)))
}

/// One change, by paths.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    kind: NotifyType,
    is_dir: bool,
    /// After all that was renamed with it.
    path: String,
    /// Of what was renamed or deleted, the path before.
    old: Option<String>,
}

/// What is told together.
#[derive(Debug, Default)]
struct Changes {
    seen: Vec<Seen>,
    /// What came or was renamed by itself: a folder that it is in did not bring or take it.
    own: BTreeSet<NodeId>,
}

impl Seen {
    fn new(kind: NotifyType, path: String, local: &Local) -> Self {
        Seen { kind, is_dir: is_dir(local), path, old: None }
    }

    /// The order in which changes found together are told: the last deletion is that of the outermost folder,
    /// and what was in it is elsewhere by then.
    fn rank(&self) -> (u8, std::cmp::Reverse<&str>, &str) {
        let path = &*self.path;
        match self.kind {
            NotifyType::Renamed => (0, std::cmp::Reverse(""), path),
            NotifyType::Deleted => (1, std::cmp::Reverse(path), ""),
            NotifyType::Added => (2, std::cmp::Reverse(""), path),
            NotifyType::Modified => (3, std::cmp::Reverse(""), path),
        }
    }

    fn gone(path: &str, is_dir: bool) -> Self {
        Seen { kind: NotifyType::Deleted, is_dir, path: path.into(), old: None }
    }

    fn come(path: &str, is_dir: bool) -> Self {
        Seen { kind: NotifyType::Added, is_dir, path: path.into(), old: None }
    }
}

impl Changes {
    /// The changes as somebody sees them who looks at the scope alone, in the order in which they are told.
    fn seen_from(&self, trees: &Trees, scope: &Scope) -> Vec<Seen> {
        let each = self.seen.iter().flat_map(|change| self.one_seen_from(change, trees, scope));
        let mut seen: Vec<Seen> = each.collect();
        seen.sort_by(|a, b| a.rank().cmp(&b.rank()));
        // What a folder brought may have changed as well: it is told once.
        seen.dedup_by(|a, b| (a.kind, &a.path) == (b.kind, &b.path));
        let added = seen.iter().filter(|seen| seen.kind == NotifyType::Added);
        let added: BTreeSet<String> = added.map(|seen| seen.path.clone()).collect();
        seen.retain(|seen| seen.kind != NotifyType::Modified || !added.contains(&seen.path));
        seen
    }

    /// What leaves the scope is deleted there, and what enters it is added, with all in it. What the scope itself was is told
    /// where it went.
    fn one_seen_from(&self, change: &Seen, trees: &Trees, scope: &Scope) -> Vec<Seen> {
        let Seen { kind, is_dir, path, old } = change;
        let Some(old) = old else {
            return if scope.covers(path) { vec![change.clone()] } else { Vec::new() };
        };
        match (scope.covers(old), scope.covers(path)) {
            (known, inside) if *kind == NotifyType::Deleted => {
                let gone = Seen::gone(if inside { path } else { old }, *is_dir);
                if known { vec![gone] } else { Vec::new() }
            }
            (true, true) => vec![change.clone()],
            (true, false) if *old == scope.path => vec![change.clone()],
            (true, false) => self.left(trees, scope, path, old),
            (false, true) => entered(trees, scope, path),
            // A folder above the scope: it takes along what is there.
            (false, false) => match (below(old, &scope.path), below(path, &scope.path)) {
                (Some(rest), _) => self.left(trees, scope, &format!("{path}/{rest}"), &scope.path),
                (None, Some(_)) => entered(trees, scope, &scope.path),
                (None, None) => Vec::new(),
            },
        }
    }

    /// What is at `path` now, with all in it, was at `old`, which the scope covers.
    fn left(&self, trees: &Trees, scope: &Scope, path: &str, old: &str) -> Vec<Seen> {
        let Some(id) = trees.find_local(path) else { return Vec::new() };
        let taken = trees.local_below(id).into_iter().filter(|below| !self.own.contains(below));
        let gone = taken.chain([id]).filter_map(|id| {
            let now = trees.local_path(id)?;
            Some(Seen::gone(&format!("{old}{}", now.strip_prefix(path)?), trees.is_dir(id)))
        });
        gone.filter(|gone| scope.covers(&gone.path)).collect()
    }
}

/// What is at `path` now, with all in it, is new in the scope.
fn entered(trees: &Trees, scope: &Scope, path: &str) -> Vec<Seen> {
    let Some(id) = trees.find_local(path) else { return Vec::new() };
    let brought = trees.local_below(id).into_iter().chain([id]);
    let come = brought.filter_map(|id| Some(Seen::come(&trees.local_path(id)?, trees.is_dir(id))));
    come.filter(|come| scope.covers(&come.path)).collect()
}

fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn is_dir(local: &Local) -> bool {
    matches!(local.content, LocalContent::Dir(_))
}

/// What a person sees of differences between nodes: at each path, what is there now beside what was.
fn changes_of(trees: &Trees, differences: Vec<Difference>) -> Changes {
    let Changes { seen: mut changes, mut own } = Changes::default();
    let went: HashMap<NodeId, &(String, Local)> = differences
        .iter()
        .filter(|difference| difference.after.is_none())
        .filter_map(|difference| Some((difference.node, difference.before.as_ref()?)))
        .collect();
    let mut gone: HashMap<String, (String, Local)> = went
        .iter()
        .map(|(_, (old, local))| (path_now(trees, &went, old, local), (old.clone(), local.clone())))
        .collect();
    let mut come = BTreeMap::new();
    let differs: BTreeSet<NodeId> = differences.iter().map(|difference| difference.node).collect();
    for Difference { node, before, after } in differences {
        match (before, after) {
            (Some((old, before)), Some((new, after))) => {
                let changed = !looks_the_same(&before.content, &after.content);
                // What a moved folder takes along has not moved itself.
                if old != new && before.place != after.place {
                    own.insert(node);
                    let renamed = Seen::new(NotifyType::Renamed, new.clone(), &after);
                    changes.push(Seen { old: Some(old), ..renamed });
                }
                if changed {
                    changes.push(Seen::new(NotifyType::Modified, new, &after));
                }
            }
            (None, Some(after)) => {
                own.insert(node);
                come.insert(node, after);
            }
            (_, None) => {}
        }
    }
    for (&node, (path, local)) in &come {
        let replaced =
            gone.get(path).map(|(_, before)| before).filter(|before| is_dir(before) == is_dir(local));
        let kind = match replaced {
            Some(before) if looks_the_same(&before.content, &local.content) => None,
            Some(_) => Some(NotifyType::Modified),
            // A new file where a cloud-only one is.
            None if shares_its_place(trees, node, local, &come) => Some(NotifyType::Modified),
            None => Some(NotifyType::Added),
        };
        if replaced.is_some() {
            gone.remove(path);
        }
        changes.extend(kind.map(|kind| Seen::new(kind, path.clone(), local)));
    }
    for (path, (old, local)) in gone {
        let taker = trees.find_local(&path).filter(|id| trees.is_dir(*id) == is_dir(&local));
        match taker.and_then(|id| Some((id, trees.local(id)?.to_local()))) {
            None => changes.push(Seen { old: Some(old), ..Seen::new(NotifyType::Deleted, path, &local) }),
            // It was there before, behind this one.
            Some((id, other))
                if !differs.contains(&id) && !looks_the_same(&local.content, &other.content) =>
            {
                changes.push(Seen::new(NotifyType::Modified, path, &other));
            }
            Some(_) => {}
        }
    }
    Changes { seen: changes, own }
}

/// The path that something would have by now, had it not gone: of what is told together the renames come first.
fn path_now(trees: &Trees, went: &HashMap<NodeId, &(String, Local)>, old: &str, local: &Local) -> String {
    let (mut names, mut at) = (vec![&*local.place.name], local.place.parent);
    while let Some((_, folder)) = went.get(&at).filter(|_| names.len() <= went.len()) {
        names.push(&folder.place.name);
        at = folder.place.parent;
    }
    // One that is just being moved out of the way has not been told of.
    let folder = trees.local_path(at).filter(|_| !is_parked(trees, at));
    names.extend(folder.as_deref().filter(|folder| !folder.is_empty()));
    names.reverse();
    if folder.is_some() { names.join("/") } else { old.to_owned() }
}

fn shares_its_place<T>(trees: &Trees, node: NodeId, local: &Local, come: &BTreeMap<NodeId, T>) -> bool {
    let mut others = trees.locals_at(local.place.parent, &local.place.name);
    others.any(|other| other != node && !come.contains_key(&other) && trees.is_dir(other) == is_dir(local))
}

/// Whether a person who looks at an entry sees the same as before. When its state was changed last says
/// nothing of that, and bytes that were never read are told by size and time.
fn looks_the_same(before: &LocalContent, after: &LocalContent) -> bool {
    match (before, after) {
        (LocalContent::Dir(_), LocalContent::Dir(_)) => true,
        (LocalContent::CloudOnly(before), LocalContent::CloudOnly(after)) => {
            before == after && before.mtime_ns == after.mtime_ns
        }
        _ => match (before.stamp(), after.stamp()) {
            (Some(old), Some(new)) => {
                let other_bytes = before.bytes().zip(after.bytes()).is_some_and(|(old, new)| old != new);
                (old.size, old.mtime_ns) == (new.size, new.mtime_ns) && !other_bytes
            }
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Stamp;
    use crate::tree::{Content, Kind, Place};

    /// A file lay in a cloud-only one's place, and goes: what a person sees there from now on is the other.
    #[test]
    fn what_is_seen_again_because_another_has_gone_is_told_as_modified() {
        let mut trees = Trees::new(false);
        let (here, there) = (trees.add(Kind::File), trees.add(Kind::File));
        let stamp = Stamp { ino: 1, size: 5, mtime_ns: 7, ctime_ns: 7 };
        let content = Content { digest: [7; 32], size: 9, mtime_ns: 0, identifier: None };
        for (id, content) in [(here, LocalContent::Unread(stamp)), (there, LocalContent::CloudOnly(content))]
        {
            let place = Place { parent: NodeId::ROOT, name: "a" };
            trees.set_local(id, Some(Local { place, content }));
        }
        trees.watch(vec![Scope { path: String::new(), recursive: true }]);
        trees.set_local(here, None);
        let differences = trees.take_differences(|_, _| false);
        let seen: Vec<_> =
            changes_of(&trees, differences).seen.into_iter().map(|seen| (seen.kind, seen.path)).collect();
        assert_eq!(seen, [(NotifyType::Modified, "a".to_owned())]);
    }

    /// Found by seed 5000149617: of the same bytes with another time it is told as well.
    #[test]
    fn another_time_of_what_is_in_the_cloud_alone_is_told_as_modified() {
        for (later, kinds) in [(0, vec![]), (1, vec![NotifyType::Modified])] {
            let mut trees = Trees::new(false);
            let mut put = |mtime_ns| {
                let content = Content { digest: [7; 32], size: 9, mtime_ns, identifier: None };
                let (place, id) = (Place { parent: NodeId::ROOT, name: "a" }, trees.add(Kind::File));
                trees.set_local(id, Some(Local { place, content: LocalContent::CloudOnly(content) }));
                trees.watch(vec![Scope { path: String::new(), recursive: true }]);
                id
            };
            let before = put(0);
            put(later);
            trees.set_local(before, None);
            let differences = trees.take_differences(|_, _| false);
            let seen = changes_of(&trees, differences).seen.into_iter();
            assert_eq!(seen.map(|seen| seen.kind).collect::<Vec<_>>(), kinds, "{later}");
        }
    }
}
