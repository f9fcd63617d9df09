//! Marks files for programs beside this one.

use std::io;

use super::{JobContext, StopFlag};
use crate::ports::{Marking, Stamp};

pub(super) fn run(context: &JobContext, files: &[Marking], stop: &StopFlag) -> Vec<io::Result<Stamp>> {
    if stop.is_set() {
        return files.iter().map(|_| Err(io::ErrorKind::Interrupted.into())).collect();
    }
    let Some(watcher) = &context.watcher else { return context.fs.mark(files) };
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut marked = Vec::new();
    watcher.quietly(&paths, &mut || {
        marked = context.fs.mark(files);
        marked.iter().map(|stamp| stamp.as_ref().ok().copied()).collect()
    });
    marked
}
