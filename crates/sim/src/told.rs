//! Somebody who has listed a device's files once, and since then looks at what they are told of alone.

use std::collections::BTreeMap;

use cloudsync_engine::core::{Core, Entry};
use cloudsync_engine::{Change, NotifyType};

/// What they believe to be there, by path. What is listed and has not come to this device yet is left out: it is told when
/// it has.
#[derive(Debug)]
pub(crate) struct Told(BTreeMap<String, Looks>);

/// What a person sees of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Looks {
    Dir,
    File { size: u64, mtime_ms: i64, is_here: bool },
}

/// The whole gallery.
const ALL: &str = "file://media/Photo";

impl Told {
    /// They list everything.
    pub(crate) fn all_of(core: &Core) -> Self {
        let listed = core.states().list(ALL, true, None, usize::MAX).unwrap_or_default();
        let trees = core.trees();
        let trees = trees.read();
        let looks = |Entry { size, mtime_ms, is_here, is_dir, .. }| match is_dir {
            true => Looks::Dir,
            false => Looks::File { size, mtime_ms, is_here },
        };
        let all = listed.entries.into_iter().map(|entry| (path_of(&entry.uri), looks(entry)));
        Told(all.filter(|(path, _)| trees.find_local(path).is_some()).collect())
    }

    /// They are told of changes, and look once more at those.
    pub(crate) fn look_again(&mut self, kind: NotifyType, changes: &[Change], core: &Core) {
        let now = Told::all_of(core).0;
        for change in changes {
            let uris = [Some(&change.uri), change.old_uri.as_ref()];
            for path in uris.into_iter().flatten().map(|uri| path_of(uri)) {
                // What is in a folder that was renamed is not told on its own; and who finds a new folder lists it.
                let is_dir = |all: &BTreeMap<_, _>| all.get(&path) == Some(&Looks::Dir);
                let all = kind == NotifyType::Renamed && change.is_dir || is_dir(&now) && !is_dir(&self.0);
                let below = format!("{path}/");
                let is_meant = |at: &String| *at == path || all && at.starts_with(&below);
                self.0.retain(|at, _| !is_meant(at));
                let again = now.iter().filter(|(at, _)| is_meant(at));
                self.0.extend(again.map(|(at, looks)| (at.clone(), looks.clone())));
            }
        }
    }

    /// What is otherwise than they believe. That what they saw on its way has not come is told to nobody.
    pub(crate) fn wrong(&self, core: &Core) -> Option<String> {
        let now = Told::all_of(core).0;
        let missed = |path: &&String| {
            let (now, before) = (now.get(*path), self.0.get(*path));
            let did_not_come = now.is_none() && matches!(before, Some(Looks::File { is_here: false, .. }));
            now != before && !did_not_come
        };
        let path = now.keys().chain(self.0.keys()).find(missed)?;
        Some(format!("{path} is {:?}, and was last told as {:?}", now.get(path), self.0.get(path)))
    }
}

/// The path in the gallery that a URI names.
fn path_of(uri: &str) -> String {
    let rest = uri.strip_prefix(ALL).unwrap_or(uri).trim_start_matches('/');
    let mut bytes = Vec::new();
    let mut all = rest.bytes();
    while let Some(byte) = all.next() {
        let mut digit = || all.next().and_then(|digit| char::from(digit).to_digit(16)).unwrap_or(0);
        let coded = byte == b'%';
        bytes.push(if coded { u8::try_from(digit() * 16 + digit()).unwrap_or(byte) } else { byte });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
