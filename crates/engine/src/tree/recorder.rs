//! What a person sees change in the local tree, while somebody wants to be told.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Local, LocalContent, NodeId, NodeRef, PlaceRef, Row, Trees};

/// What somebody wants to be told of: a file, or a folder with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The path, relative to the synced directory, which is the empty one.
    pub path: String,
    /// Whether a folder stands for all below it too, not for its own entries alone.
    pub recursive: bool,
}

impl Scope {
    /// Whether a path is the scope's own, or in it.
    pub fn covers(&self, path: &str) -> bool {
        let below = match self.path.is_empty() {
            true => Some(path),
            false => path.strip_prefix(&*self.path).and_then(|rest| rest.strip_prefix('/')),
        };
        path == self.path || below.is_some_and(|rest| self.recursive || !rest.contains('/'))
    }

    fn is_everything(&self) -> bool {
        self.path.is_empty() && self.recursive
    }
}

/// Which nodes changed, and what was last told of them.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    scopes: Vec<Scope>,
    /// What was last told of each node that has changed since; `None` where it was not in the local tree.
    told: BTreeMap<NodeId, Option<Row>>,
    /// Those of them that have changed since they were last looked at.
    touched: BTreeSet<NodeId>,
}

/// A node as it was last told, and as it is, each with its path where it has one.
#[derive(Debug)]
pub struct Difference {
    /// The node.
    pub node: NodeId,
    /// As it was last told.
    pub before: Option<(String, Local)>,
    /// As it is.
    pub after: Option<(String, Local)>,
}

impl Recorder {
    fn covers(&self, path: Option<String>) -> bool {
        path.is_some_and(|path| self.scopes.iter().any(|scope| scope.covers(&path)))
    }

    /// A folder's path says where all in it is: folders are always of interest.
    fn is_of_interest(&self, trees: &Trees, id: NodeId, before: &NodeRef<'_>) -> bool {
        before.kind == Kind::Dir
            || self.scopes.iter().any(Scope::is_everything)
            || self.covers(before.local.and_then(|local| self.told_path_of(trees, local.place)))
            || self.covers(trees.local_path(id))
    }

    fn told<'a>(&'a self, trees: &'a Trees, id: NodeId) -> Option<Local<PlaceRef<'a>>> {
        match self.told.get(&id) {
            Some(row) => row.as_ref()?.local(),
            None => trees.local(id),
        }
    }

    /// The path of a place in the local tree as it was last told.
    fn told_path_of(&self, trees: &Trees, place: PlaceRef<'_>) -> Option<String> {
        let mut names = vec![place.name];
        let mut at = place.parent;
        while at != NodeId::ROOT {
            let place = self.told(trees, at)?.place;
            names.push(place.name);
            if names.len() > trees.rows() {
                return None;
            }
            at = place.parent;
        }
        names.reverse();
        Some(names.join("/"))
    }

    /// Notes a change that the trees have just made.
    pub(super) fn record(&mut self, trees: &Trees, id: NodeId, before: &NodeRef<'_>) {
        let (local, arriving) = trees.get(id).map_or((None, None), |node| (node.local, node.arriving));
        if before.local == local && before.arriving == arriving {
            return;
        }
        if !self.told.contains_key(&id) {
            if !self.is_of_interest(trees, id, before) {
                return;
            }
            self.told.insert(id, before.local.is_some().then(|| Row::of(before)));
        }
        self.touched.insert(id);
        if before.local.is_some() != local.is_some() {
            self.touch_inside(trees, id, before.local.is_some());
        }
    }

    /// What is noted in a folder comes and goes with it.
    fn touch_inside(&mut self, trees: &Trees, folder: NodeId, was_there: bool) {
        for id in trees.local_below(folder) {
            let Some(node) = trees.get(id) else { continue };
            self.told.entry(id).or_insert_with(|| was_there.then(|| Row::of(&node)));
            self.touched.insert(id);
        }
    }

    fn take(&mut self, trees: &Trees, waits: impl Fn(&Trees, NodeId) -> bool) -> Vec<Difference> {
        let (mut found, mut undecided) = (Vec::new(), Vec::new());
        for id in std::mem::take(&mut self.touched) {
            let Some(before) = self.told.get(&id) else { continue };
            if trees.get(id).is_some_and(|node| node.arriving.is_some()) {
                // It is touched again when its bytes are there, or will not come.
                continue;
            }
            if waits(trees, id) {
                self.touched.insert(id);
                continue;
            }
            let before = before.as_ref().and_then(Row::local);
            // What is in a folder that is not there is nowhere.
            let path = trees.local_path(id);
            let mut after = trees.local(id).filter(|_| path.is_some());
            if let (Some(before), Some(now)) = (&before, &mut after)
                && is_undecided(&before.content, &now.content)
            {
                if before.place == now.place {
                    // It is touched again when it has been read.
                    continue;
                }
                // That it has moved is known already.
                now.content = before.content;
                undecided
                    .extend(trees.get(id).map(|node| (id, Row::of(&NodeRef { local: Some(*now), ..node }))));
            }
            let before =
                before.and_then(|local| Some((self.told_path_of(trees, local.place)?, local.to_local())));
            let after = path.zip(after.map(Local::to_local));
            found.push(Difference { node: id, before, after });
        }
        for difference in &found {
            self.told.remove(&difference.node);
        }
        self.told.extend(undecided.into_iter().map(|(id, row)| (id, Some(row))));
        found
    }
}

/// Whether only reading the file will show if its bytes are still those that were told.
fn is_undecided(before: &LocalContent, after: &LocalContent) -> bool {
    match (before, after) {
        (LocalContent::Here(_, old), LocalContent::Unread(new)) => {
            (old.size, old.mtime_ns) == (new.size, new.mtime_ns)
        }
        _ => false,
    }
}

impl Trees {
    /// From now on, notes which nodes of these scopes change in the local tree; with none, nothing any more.
    pub fn watch(&mut self, scopes: Vec<Scope>) {
        match scopes.is_empty() {
            true => self.recorder = None,
            false => self.recorder.get_or_insert_default().scopes = scopes,
        }
    }

    /// What has changed in the local tree and was not told yet. A node that `waits` is told of by a later call,
    /// and so is one whose bytes are being put on the disk: what it is then is one change. Of one that has to be read first no
    /// more than a move is told.
    pub fn take_differences(&mut self, waits: impl Fn(&Trees, NodeId) -> bool) -> Vec<Difference> {
        let Some(mut recorder) = self.recorder.take() else { return Vec::new() };
        let found = recorder.take(self, waits);
        self.recorder = Some(recorder);
        found
    }

    /// Notes a change that was just made.
    pub(super) fn record(&mut self, id: NodeId, before: &NodeRef<'_>) {
        if let Some(mut recorder) = self.recorder.take() {
            recorder.record(self, id, before);
            self.recorder = Some(recorder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Content, Place};

    #[test]
    fn a_scope_covers_its_own_path_and_what_is_in_it() {
        let scope = |path: &str, recursive| Scope { path: path.into(), recursive };
        for (path, flat, deep) in [
            ("a", true, true),
            ("a/b", true, true),
            ("a/b/c", false, true),
            ("ab", false, false),
            ("b/a", false, false),
        ] {
            assert_eq!(scope("a", false).covers(path), flat, "{path}");
            assert_eq!(scope("a", true).covers(path), deep, "{path}");
        }
        assert!(scope("", false).covers("a") && !scope("", false).covers("a/b"));
        assert!(scope("", true).covers("a/b"));
    }

    const CLOUD_ONLY: LocalContent =
        LocalContent::CloudOnly(Content { digest: [7; 32], size: 9, mtime_ns: 0, identifier: None });

    fn put(trees: &mut Trees, id: NodeId, parent: NodeId, name: &str, content: LocalContent) {
        trees.set_local(id, Some(Local { place: Place { parent, name }, content }));
    }

    fn watch(trees: &mut Trees) {
        trees.watch(vec![Scope { path: String::new(), recursive: true }]);
    }

    /// The paths where nodes were and are.
    fn told(trees: &mut Trees) -> Vec<(Option<String>, Option<String>)> {
        let path = |at: Option<(String, Local)>| at.map(|(path, _)| path);
        let differences = trees.take_differences(|_, _| false).into_iter();
        differences.map(|Difference { before, after, .. }| (path(before), path(after))).collect()
    }

    fn some(path: &str) -> Option<String> {
        Some(path.to_owned())
    }

    #[test]
    fn what_is_noted_in_a_folder_that_goes_is_told_with_it() {
        let mut trees = Trees::new(false);
        let (dir, inner, file) = (trees.add(Kind::Dir), trees.add(Kind::Dir), trees.add(Kind::File));
        put(&mut trees, dir, NodeId::ROOT, "d", LocalContent::Dir(1));
        put(&mut trees, inner, dir, "e", LocalContent::Dir(2));
        put(&mut trees, file, inner, "x", CLOUD_ONLY);
        watch(&mut trees);
        trees.set_local(dir, None);
        assert_eq!(told(&mut trees), [(some("d"), None), (some("d/e"), None), (some("d/e/x"), None)]);
        trees.set_local(inner, None);
        trees.set_local(file, None);
        assert!(told(&mut trees).iter().all(|(before, after)| before.is_none() && after.is_none()));
    }

    #[test]
    fn a_folder_that_goes_and_comes_back_at_once_is_nothing_new() {
        let mut trees = Trees::new(false);
        let (dir, file) = (trees.add(Kind::Dir), trees.add(Kind::File));
        put(&mut trees, dir, NodeId::ROOT, "d", LocalContent::Dir(1));
        put(&mut trees, file, dir, "x", CLOUD_ONLY);
        watch(&mut trees);
        trees.set_local(dir, None);
        put(&mut trees, dir, NodeId::ROOT, "d", LocalContent::Dir(1));
        assert!(told(&mut trees).iter().all(|(before, after)| before == after));
    }

    #[test]
    fn what_is_noted_before_its_folder_is_told_with_it() {
        for late in [false, true] {
            let mut trees = Trees::new(false);
            let (dir, file) = (trees.add(Kind::Dir), trees.add(Kind::File));
            if !late {
                watch(&mut trees);
            }
            put(&mut trees, file, dir, "x", CLOUD_ONLY);
            if late {
                watch(&mut trees);
            }
            assert!(told(&mut trees).iter().all(|one| *one == (None, None)), "registered later: {late}");
            put(&mut trees, dir, NodeId::ROOT, "d", LocalContent::Dir(1));
            assert_eq!(
                told(&mut trees),
                [(None, some("d")), (None, some("d/x"))],
                "registered later: {late}"
            );
        }
    }
}
