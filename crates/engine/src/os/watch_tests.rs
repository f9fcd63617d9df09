use super::*;
use crate::ports::FileSystem;
use std::fs;
use std::path::PathBuf;

struct Gallery {
    scratch: tempfile::TempDir,
    disk: Arc<Disk>,
    watcher: InotifyWatcher,
}

impl Gallery {
    /// A gallery with folders `a/b/c` and `d`, all watched.
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("gallery");
        fs::create_dir_all(dir.join("a/b/c")).unwrap();
        fs::create_dir_all(dir.join("ab")).unwrap();
        let disk = Arc::new(Disk::open(&dir).unwrap());
        let watcher = InotifyWatcher::new(Arc::clone(&disk)).unwrap();
        let gallery = Gallery { scratch, disk, watcher };
        gallery.watch_all();
        gallery
    }

    fn watch_all(&self) {
        for folder in ["", "a", "a/b", "a/b/c", "ab"] {
            self.watcher.watch(folder);
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.scratch.path().join("gallery").join(path)
    }

    fn write(&self, path: &str) {
        fs::write(self.path(path), "x").unwrap();
    }

    fn taken(&self) -> (Vec<String>, bool) {
        let changes = self.watcher.take();
        (changes.folders, changes.overflow)
    }

    #[track_caller]
    fn expect(&self, folders: &[&str], overflow: bool) {
        assert_eq!(self.taken(), (folders.iter().map(|f| (*f).to_owned()).collect(), overflow));
    }

    fn mapped(&self) -> Vec<String> {
        let state = self.watcher.inner.state.lock();
        assert_eq!(state.paths.len(), state.numbers.len());
        state.numbers.keys().map(|path| path.to_string()).collect()
    }
}

#[test]
fn nothing_is_reported_when_nothing_happens() {
    let g = Gallery::new();
    g.watch_all();
    g.expect(&[], false);
}

#[test]
fn every_kind_of_change_names_its_folder_once() {
    let g = Gallery::new();
    g.write("a/file");
    g.write("top");
    g.write("a/other");
    g.expect(&["", "a"], false);
    g.expect(&[], false);
    fs::write(g.path("a/file"), "longer").unwrap();
    g.expect(&["a"], false);
    fs::rename(g.path("a/file"), g.path("ab/file")).unwrap();
    g.expect(&["a", "ab"], false);
    fs::remove_file(g.path("ab/file")).unwrap();
    g.expect(&["ab"], false);
    fs::File::open(g.path("a/other")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    g.expect(&["a"], false);
    fs::create_dir(g.path("a/new")).unwrap();
    g.expect(&["a"], false);
    fs::remove_dir(g.path("a/new")).unwrap();
    g.expect(&["a"], false);
}

#[test]
fn a_file_is_reported_while_it_is_still_being_written() {
    let g = Gallery::new();
    g.write("a/file");
    g.expect(&["a"], false);
    let file = fs::File::options().append(true).open(g.path("a/file")).unwrap();
    std::io::Write::write_all(&mut &file, b"more").unwrap();
    g.expect(&["a"], false);
    drop(file);
    g.expect(&["a"], false);
}

#[test]
fn names_left_alone_are_not_reported() {
    let g = Gallery::new();
    g.disk.attach("").unwrap();
    g.write(".hidden");
    g.write("a/x.tmp");
    g.write("a/Thumbs.db");
    drop(g.disk.open_temp("t").unwrap());
    g.expect(&[], false);
    fs::rename(g.path("a/x.tmp"), g.path("a/x")).unwrap();
    g.expect(&["a"], false);
    g.disk.rename(".cloudsync/tmp/t", "a/b/photo").unwrap();
    g.expect(&["a/b"], false);
    g.disk.rename("a/b/photo", ".cloudsync/trash/1-photo").unwrap();
    g.expect(&["a/b"], false);
}

#[test]
fn a_moved_folder_is_never_reported_under_a_wrong_path() {
    let g = Gallery::new();
    fs::rename(g.path("a/b"), g.path("moved")).unwrap();
    g.write("moved/c/file");
    g.expect(&["", "a"], true);
    assert_eq!(g.mapped(), ["", "a", "ab"]);
    g.write("moved/c/file2");
    g.expect(&[], false);
    // The full scan that the overflow asked for watches it where it is now.
    g.watcher.watch("moved");
    g.watcher.watch("moved/c");
    g.write("moved/c/file3");
    g.expect(&["moved/c"], false);
}

#[test]
fn a_folder_watched_in_its_new_place_before_its_move_is_told() {
    let g = Gallery::new();
    fs::rename(g.path("a"), g.path("z")).unwrap();
    g.watcher.watch("z");
    g.watcher.watch("z/b");
    g.write("z/b/file");
    let (folders, overflow) = g.taken();
    assert!(overflow && folders.iter().all(|folder| g.path(folder).is_dir()), "{folders:?}");
    for folder in ["z", "z/b", "z/b/c"] {
        g.watcher.watch(folder);
    }
    g.taken();
    g.write("z/b/c/file");
    g.expect(&["z/b/c"], false);
}

#[test]
fn a_folder_moved_out_of_the_gallery_is_forgotten() {
    let g = Gallery::new();
    fs::rename(g.path("a"), g.scratch.path().join("outside")).unwrap();
    g.expect(&[""], true);
    fs::write(g.scratch.path().join("outside/b/file"), "x").unwrap();
    g.expect(&[], false);
    assert_eq!(g.mapped(), ["", "ab"], "a name that only begins alike stays");
}

#[test]
fn a_removed_folder_is_forgotten_and_its_successor_watched() {
    let g = Gallery::new();
    fs::remove_dir_all(g.path("a")).unwrap();
    let (folders, overflow) = g.taken();
    assert_eq!((folders.first().map(String::as_str), overflow), (Some(""), false));
    assert_eq!(g.mapped(), ["", "ab"]);
    fs::create_dir(g.path("a")).unwrap();
    g.watcher.watch("a");
    g.expect(&[""], false);
    g.write("a/file");
    g.expect(&["a"], false);
}

#[test]
fn a_successor_watched_before_the_removal_is_told_stays_watched() {
    let g = Gallery::new();
    for _ in 0..2 {
        fs::remove_dir(g.path("ab")).unwrap();
        fs::create_dir(g.path("ab")).unwrap();
        g.watcher.watch("ab");
    }
    g.expect(&[""], true);
    g.write("ab/file");
    g.expect(&["ab"], false);
}

#[test]
fn a_folder_that_is_gone_is_no_failure() {
    let g = Gallery::new();
    g.watcher.watch("none");
    g.write("file");
    g.watcher.watch("file");
    g.expect(&[""], false);
}

#[test]
fn no_symlink_is_watched() {
    let g = Gallery::new();
    std::os::unix::fs::symlink(g.scratch.path(), g.path("link")).unwrap();
    g.watcher.watch("link");
    g.watcher.watch("link/gallery");
    g.taken();
    fs::write(g.scratch.path().join("file"), "x").unwrap();
    assert_eq!(g.taken().0, Vec::<String>::new());
    assert_eq!(g.mapped(), ["", "a", "a/b", "a/b/c", "ab"]);
}

#[test]
fn a_folder_without_a_watch_makes_every_answer_an_overflow_until_it_has_one() {
    let g = Gallery::new();
    g.watcher.inner.state.lock().uncovered.insert("ab".into());
    g.expect(&[], true);
    g.expect(&[], true);
    g.watcher.watch("ab");
    g.expect(&[], false);
    fs::create_dir(g.path("new")).unwrap();
    g.watcher.inner.state.lock().uncovered.insert("new".into());
    fs::remove_dir(g.path("new")).unwrap();
    g.expect(&[""], true);
    g.expect(&[], false);
}

#[test]
fn lost_events_ask_for_a_full_scan() {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    if limit > 100_000 {
        eprintln!("skipped: this machine's queue of {limit} events takes too long to fill");
        return;
    }
    let g = Gallery::new();
    g.write("a/one");
    g.write("a/two");
    for _ in 0..limit {
        fs::rename(g.path("a/one"), g.path("a/three")).unwrap();
        fs::rename(g.path("a/three"), g.path("a/one")).unwrap();
    }
    g.expect(&["a"], true);
    g.expect(&[], false);
    g.write("ab/x");
    g.expect(&["ab"], false);
}

#[test]
fn a_gallery_that_went_away_asks_for_full_scans_until_it_is_watched_again() {
    let g = Gallery::new();
    let away = g.scratch.path().join("away");
    fs::rename(g.path(""), &away).unwrap();
    assert!(g.taken().1);
    assert!(g.taken().1);
    assert_eq!(g.mapped(), Vec::<String>::new());
    fs::rename(&away, g.path("")).unwrap();
    g.watch_all();
    g.taken();
    g.write("a/b/file");
    g.expect(&["a/b"], false);
}

#[test]
fn another_gallery_in_the_same_place_is_watched_anew() {
    let g = Gallery::new();
    let id = g.disk.attach("").unwrap();
    let away = g.scratch.path().join("away");
    fs::rename(g.path(""), &away).unwrap();
    fs::create_dir_all(g.path(".cloudsync")).unwrap();
    fs::copy(away.join(".cloudsync/id"), g.path(".cloudsync/id")).unwrap();
    g.disk.attach(&id).unwrap();
    g.watcher.watch("");
    assert_eq!(g.mapped(), [""]);
    g.taken();
    g.watcher.watch("");
    g.taken();
    fs::write(away.join("a/file"), "x").unwrap();
    g.write("file");
    g.expect(&[""], false);
}

/// A folder that is held open tells nothing of its removal: runs went on with it, and were said to be complete.
#[test]
fn a_gallery_that_another_took_the_place_of_asks_for_full_scans() {
    let g = Gallery::new();
    let id = g.disk.attach("").unwrap();
    fs::copy(g.path(".cloudsync/id"), g.scratch.path().join("id")).unwrap();
    fs::remove_dir_all(g.path("")).unwrap();
    g.taken();
    fs::create_dir_all(g.path(".cloudsync")).unwrap();
    fs::copy(g.scratch.path().join("id"), g.path(".cloudsync/id")).unwrap();
    assert!(g.taken().1);
    g.disk.attach(&id).unwrap();
    g.watcher.watch("");
    g.taken();
    g.write("file");
    g.expect(&[""], false);
}

#[test]
fn an_unmounted_gallery_asks_for_full_scans() {
    let g = Gallery::new();
    let dir = g.path("ab");
    let tool = |tool: &str, args: &[&str]| {
        std::process::Command::new(tool).args(args).arg(&dir).status().is_ok_and(|status| status.success())
    };
    if !tool("mount", &["-t", "tmpfs", "none"]) {
        eprintln!("skipped: mounting is not permitted here");
        return;
    }
    g.watcher.watch("ab");
    g.taken();
    fs::write(dir.join("file"), "x").unwrap();
    let seen = g.taken();
    assert!(tool("umount", &[]), "a watch holds no file system busy");
    assert_eq!(seen, (vec!["ab".to_owned()], false));
    assert!(g.taken().1);
}

#[test]
fn who_wants_to_be_woken_is_told_of_the_first_change_alone() {
    let g = Gallery::new();
    let (told, hears) = std::sync::mpsc::channel();
    let wake = move || {
        let _ = told.send(());
    };
    g.watcher.wake(Some(Arc::new(wake))).unwrap();
    assert_eq!(g.watcher.stirred(), Stirred::Nothing);
    let patience = std::time::Duration::from_secs(60);
    g.write("a/one");
    hears.recv_timeout(patience).unwrap();
    g.write("a/two");
    g.write(".hidden");
    assert!(hears.try_recv().is_err(), "told twice of what nobody has asked for");
    assert_eq!(g.watcher.stirred(), Stirred::Lately);
    assert_eq!(g.watcher.stirred(), Stirred::Settled);
    g.write("a/b/three");
    hears.recv_timeout(patience).unwrap();
    g.expect(&["a", "a/b"], false);
    assert_eq!(g.watcher.stirred(), Stirred::Nothing);
    g.write("ab/four");
    hears.recv_timeout(patience).unwrap();
    g.watcher.wake(None).unwrap();
    assert!(hears.recv_timeout(patience).is_err(), "the thread is there still");
}

fn set_attribute(g: &Gallery, path: &str) -> Stamp {
    rustix::fs::setxattr(g.path(path), "user.test", b"1", rustix::fs::XattrFlags::empty()).unwrap();
    g.disk.stat(path).unwrap().stamp
}

#[test]
fn what_the_engine_does_quietly_is_not_told() {
    let g = Gallery::new();
    g.write("a/one");
    g.write("two");
    g.watcher.take();
    g.watcher.quietly(&["a/one", "two"], &mut || {
        vec![Some(set_attribute(&g, "a/one")), Some(set_attribute(&g, "two"))]
    });
    assert_eq!(g.watcher.stirred(), Stirred::Nothing);
    g.expect(&[], false);
}

/// Otherwise a file that cannot be marked while a program has it open would be news for ever.
#[test]
fn what_the_engine_could_not_do_is_not_told() {
    let g = Gallery::new();
    g.write("a/one");
    g.watcher.take();
    g.watcher.quietly(&["a/one"], &mut || vec![None]);
    assert_eq!(g.watcher.stirred(), Stirred::Nothing);
    g.expect(&[], false);
}

#[test]
fn what_somebody_else_does_meanwhile_is_told() {
    let g = Gallery::new();
    g.write("a/one");
    g.write("ab/two");
    g.watcher.take();
    g.watcher.quietly(&["a/one", "ab/two"], &mut || {
        let stamp = set_attribute(&g, "a/one");
        fs::File::open(g.path("a/one")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        g.write("new");
        set_attribute(&g, "ab/two");
        vec![Some(stamp), None]
    });
    assert_eq!(g.watcher.stirred(), Stirred::Lately);
    g.expect(&["", "a", "ab"], false);
    set_attribute(&g, "a/one");
    g.expect(&["a"], false);
}
