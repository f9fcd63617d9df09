use super::*;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::process::Command;

const RESERVED: &str = <dyn FileSystem>::RESERVED;

/// A gallery in a scratch directory, beside a folder that must not be reached.
struct Gallery {
    scratch: tempfile::TempDir,
    disk: Disk,
}

impl Gallery {
    fn path(&self, path: &str) -> PathBuf {
        self.scratch.path().join("gallery").join(path)
    }

    fn write(&self, path: &str, bytes: &str) {
        fs::write(self.path(path), bytes).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn list(&self, folder: &str) -> BTreeMap<String, FileKind> {
        let listing = self.disk.list(folder).unwrap();
        listing.entries.iter().map(|entry| (entry.name.into(), entry.kind)).collect()
    }
}

/// Runs a test as on an ordinary kernel, and as on one without `openat2`.
fn both_ways(test: impl Fn(&Gallery)) {
    for walking in [false, true] {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("gallery");
        fs::create_dir_all(dir.join("a/b")).unwrap();
        fs::create_dir(scratch.path().join("outside")).unwrap();
        fs::write(scratch.path().join("outside/secret"), "secret").unwrap();
        let root = Root::open(&dir).unwrap();
        let root = if walking { root.walking() } else { root };
        test(&Gallery {
            scratch,
            disk: Disk { dir, root: RwLock::new(Arc::new(root)), leases: Leases::default() },
        });
    }
}

/// Does everything that takes one path.
fn every_operation(disk: &Disk, path: &str) -> Vec<(&'static str, io::Result<()>)> {
    vec![
        ("list", disk.list(path).map(drop)),
        ("stat", disk.stat(path).map(drop)),
        ("open", disk.open(path).map(drop)),
        ("make_dir", disk.make_dir(path)),
        ("remove_dir", disk.remove_dir(path)),
        ("remove_file", disk.remove_file(path)),
        ("rename from", disk.rename(path, "a/new")),
        ("rename to", disk.rename("a/b", path)),
        ("exchange", disk.exchange(path, "a/b")),
        ("open_folder", disk.open_folder(path).map(drop)),
    ]
}

fn kind(result: io::Result<impl Sized>) -> ErrorKind {
    result.map(drop).unwrap_err().kind()
}

#[test]
fn no_path_leads_out() {
    both_ways(|g| {
        g.write("a/file", "x");
        for path in [
            "..",
            "../outside/secret",
            "a/../../outside",
            "/etc/passwd",
            "a//b",
            "a/",
            "/",
            ".",
            "a/./b",
            "a\0b",
        ] {
            for (what, result) in every_operation(&g.disk, path) {
                assert_eq!(kind(result), ErrorKind::InvalidInput, "{what} {path:?}");
            }
            assert_eq!(g.disk.absolute(path), None, "{path:?}");
        }
        assert_eq!(kind(g.disk.open_temp("../../a/file")), ErrorKind::InvalidInput);
        assert_eq!(kind(g.disk.open_temp("x/y")), ErrorKind::InvalidInput);
        assert_eq!(g.disk.absolute("a/b"), Some(g.path("a/b")));
    });
}

#[test]
fn no_symlink_is_followed() {
    both_ways(|g| {
        symlink(g.scratch.path().join("outside"), g.path("out")).unwrap();
        symlink("a", g.path("inside")).unwrap();
        symlink("loop", g.path("loop")).unwrap();
        symlink("/proc/self/root", g.path("magic")).unwrap();
        for path in ["out/secret", "inside/b", "loop/x", "magic/etc"] {
            for (what, result) in every_operation(&g.disk, path) {
                assert!(result.is_err(), "{what} {path}");
            }
        }
        for link in ["out", "inside", "loop", "magic"] {
            assert!(g.disk.open(link).is_err(), "{link}");
            assert!(g.disk.list(link).is_err(), "{link}");
            assert_eq!(g.disk.stat(link).unwrap().kind, FileKind::Other, "{link}");
            assert_eq!(g.list("")[link], FileKind::Other, "{link}");
        }
        assert_eq!(fs::read_to_string(g.scratch.path().join("outside/secret")).unwrap(), "secret");
    });
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    both_ways(|g| {
        rustix::fs::mkfifoat(rustix::fs::CWD, g.path("pipe"), Mode::RWXU).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(g.path("socket")).unwrap();
        assert_eq!(kind(g.disk.open("pipe")), ErrorKind::InvalidInput);
        assert!(g.disk.open("socket").is_err());
        assert_eq!(kind(g.disk.open("a")), ErrorKind::IsADirectory);
        assert_eq!(kind(g.disk.open("")), ErrorKind::IsADirectory);
        assert_eq!(kind(g.disk.open("none")), ErrorKind::NotFound);
        assert_eq!(g.list("")["pipe"], FileKind::Other);
        assert_eq!(g.list("")["socket"], FileKind::Other);
    });
}

#[test]
fn a_listing_leaves_out_what_the_engine_leaves_alone() {
    both_ways(|g| {
        g.disk.attach("").unwrap();
        for name in [".hidden", "a.tmp", "~$x", "Thumbs.db", "photo.jpg", "ünï.jpg"] {
            g.write(name, "12345");
        }
        let all = [("a", FileKind::Dir), ("photo.jpg", FileKind::File), ("ünï.jpg", FileKind::File)];
        assert_eq!(g.list(""), all.map(|(name, kind)| (name.to_owned(), kind)).into());
        let listing = g.disk.list("").unwrap();
        assert_eq!(listing.folder, g.disk.stat("").unwrap().stamp);
        assert!(listing.unreadable.is_empty());
        for entry in listing.entries.iter() {
            let stat = g.disk.stat(entry.name).unwrap();
            assert_eq!((entry.kind, entry.stamp), (stat.kind, stat.stamp));
            let meta = fs::metadata(g.path(entry.name)).unwrap();
            let mtime = meta.mtime() * 1_000_000_000 + meta.mtime_nsec();
            assert_eq!(
                (stat.stamp.ino, stat.stamp.size, stat.stamp.mtime_ns),
                (meta.ino(), meta.len(), mtime)
            );
        }
        assert_eq!(kind(g.disk.list("none")), ErrorKind::NotFound);
        assert_eq!(kind(g.disk.list("photo.jpg")), ErrorKind::NotADirectory);
    });
}

#[test]
fn a_folder_larger_than_the_buffer_is_listed_whole() {
    both_ways(|g| {
        let name = |n: usize| format!("{n:0255}");
        for n in 0..600 {
            g.write(&name(n), "");
        }
        assert_eq!(g.list("").len(), 601);
        assert!(g.disk.open(&name(7)).is_ok(), "names of 255 bytes");
        assert_eq!(kind(g.disk.stat(&"x".repeat(256))), ErrorKind::InvalidFilename);
    });
}

#[test]
fn a_folder_whose_name_is_not_utf8_makes_the_listing_incomplete() {
    both_ways(|g| {
        let path = |name: &[u8]| g.path("").join(OsStr::from_bytes(name));
        fs::write(path(b"img\xff.jpg"), "x").unwrap();
        fs::write(path(b".img\xff"), "x").unwrap();
        let listing = g.disk.list("").unwrap();
        assert_eq!((listing.entries.len(), listing.is_empty()), (1, false));
        let [file] = &listing.unnamed[..] else { panic!("{:?}", listing.unnamed) };
        assert!(file.text.contains("img\u{fffd}.jpg") && file.text.contains("rename it"), "{}", file.text);
        assert_eq!(file.ino, fs::metadata(path(b"img\xff.jpg")).unwrap().ino());
        assert!(listing.unreadable.is_empty());

        fs::create_dir(path(b"dir\xff")).unwrap();
        let listing = g.disk.list("").unwrap();
        let [text] = &listing.unreadable[..] else { panic!("{:?}", listing.unreadable) };
        assert!(text.contains("dir\u{fffd}") && text.contains("rename it"), "{text}");
        assert_eq!(listing.unnamed.len(), 1);
    });
}

#[test]
fn paths_longer_than_the_kernel_takes_still_work() {
    both_ways(|g| {
        let name = "n".repeat(250);
        let mut path = String::from("a");
        for _ in 0..20 {
            path = format!("{path}/{name}");
            g.disk.make_dir(&path).unwrap();
        }
        assert!(path.len() > 4096);
        assert_eq!(g.disk.stat(&path).unwrap().kind, FileKind::Dir);
        assert!(g.disk.list(&path).unwrap().entries.is_empty());
        while path != "a" {
            g.disk.remove_dir(&path).unwrap();
            path.truncate(path.len() - name.len() - 1);
        }
    });
}

#[test]
fn reading_gives_the_bytes_and_the_stamp() {
    both_ways(|g| {
        g.write("a/file", "hello");
        let mut file = g.disk.open("a/file").unwrap();
        let mut buffer = [0; 16];
        assert_eq!(file.read_at(&mut buffer, 1).unwrap(), 4);
        assert_eq!(&buffer[..4], b"ello");
        assert_eq!(file.read_at(&mut buffer, 5).unwrap(), 0);
        assert_eq!(file.stamp().unwrap(), g.disk.stat("a/file").unwrap().stamp);
        fs::OpenOptions::new().append(true).open(g.path("a/file")).unwrap().write_at(b"!!", 5).unwrap();
        assert_eq!(file.stamp().unwrap().size, 7, "the stamp now, not the one at the open");
    });
}

#[test]
fn reading_leaves_the_access_time_alone() {
    both_ways(|g| {
        g.write("a/file", "hello");
        let before = fs::metadata(g.path("a/file")).unwrap();
        g.disk.open("a/file").unwrap().read_at(&mut [0; 5], 0).unwrap();
        g.disk.list("a").unwrap();
        let after = fs::metadata(g.path("a/file")).unwrap();
        assert_eq!((before.atime(), before.atime_nsec()), (after.atime(), after.atime_nsec()));
    });
}

#[test]
fn a_rename_never_replaces() {
    both_ways(|g| {
        g.write("one", "1");
        g.write("two", "2");
        assert_eq!(kind(g.disk.rename("one", "two")), ErrorKind::AlreadyExists);
        assert_eq!(kind(g.disk.rename("one", "a")), ErrorKind::AlreadyExists);
        assert_eq!(kind(g.disk.rename("a", "one")), ErrorKind::AlreadyExists);
        assert_eq!(kind(g.disk.rename("none", "three")), ErrorKind::NotFound);
        assert_eq!(kind(g.disk.rename("", "three")), ErrorKind::InvalidInput);
        g.disk.rename("one", "a/b/three").unwrap();
        g.disk.rename("a", "c").unwrap();
        assert_eq!((g.read("c/b/three"), g.read("two")), ("1".into(), "2".into()));
    });
}

/// Folders are kept open from one path to the next: one that fails, and one elsewhere, spoil nothing for the others.
#[test]
fn many_are_moved_looked_at_and_removed_in_one_call() {
    both_ways(|g| {
        for name in ["a/one", "a/two", "a/b/three", "four", "taken"] {
            g.write(name, name);
        }
        symlink(g.scratch.path().join("outside"), g.path("link")).unwrap();
        let moves = [
            ("a/one", "a/b/1"),
            ("a/none", "a/b/0"),
            ("a/two", "taken"),
            ("link/secret", "secret"),
            ("../outside/secret", "secret"),
            ("a/b/three", "3"),
            ("four", "a/4"),
        ];
        let moved: Vec<Option<ErrorKind>> = g
            .disk
            .rename_all(&moves)
            .into_iter()
            .map(|result| result.err().map(|error| error.kind()))
            .collect();
        let symlinked = moved[3];
        assert!(symlinked.is_some(), "a link was followed");
        let (missing, taken, wrong) =
            (ErrorKind::NotFound, ErrorKind::AlreadyExists, ErrorKind::InvalidInput);
        assert_eq!(moved, [None, Some(missing), Some(taken), symlinked, Some(wrong), None, None]);

        let paths = ["a/b/1", "a/one", "a/4", "3", "a/two"];
        let sizes: Vec<Option<u64>> =
            g.disk.stat_all(&paths).into_iter().map(|stat| Some(stat.ok()?.stamp.size)).collect();
        assert_eq!(sizes, [Some(5), None, Some(4), Some(9), Some(5)]);
        let read = g.disk.last_read_ns(&paths);
        assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, true, true]);
        let removed = g.disk.remove_files(&["a/b/1", "a/b", "a/4", "link/secret", "a/one", "a/two"]);
        let removed: Vec<bool> = removed.into_iter().map(|result| result.is_ok()).collect();
        assert_eq!(removed, [true, false, true, false, false, true]);
        assert_eq!(fs::read_to_string(g.scratch.path().join("outside/secret")).unwrap(), "secret");
        assert_eq!((g.read("3"), g.read("taken")), ("a/b/three".into(), "taken".into()));
    });
}

#[test]
fn a_rename_in_steps_never_replaces_either() {
    both_ways(|g| {
        g.write("one", "1");
        g.write("two", "2");
        symlink("two", g.path("link")).unwrap();
        let steps = |from: &str, to: &str| {
            let root = g.disk.root();
            let ((from, name), (to, new_name)) = (root.parent(from)?, root.parent(to)?);
            rename_in_steps(&from, name, &to, new_name)
        };
        assert_eq!(kind(steps("one", "two")), ErrorKind::AlreadyExists);
        assert_eq!(kind(steps("one", "link")), ErrorKind::AlreadyExists);
        assert_eq!(kind(steps("a", "two")), ErrorKind::AlreadyExists);
        assert_eq!(kind(steps("a", "a/b/c")), ErrorKind::InvalidInput);
        assert_eq!(kind(steps("none", "x")), ErrorKind::NotFound);
        steps("one", "a/b/three").unwrap();
        steps("a", "c").unwrap();
        assert_eq!((g.read("c/b/three"), g.read("two")), ("1".into(), "2".into()));
        assert!(!g.path("one").exists() && !g.path("a").exists());
    });
}

#[test]
fn an_exchange_swaps() {
    both_ways(|g| {
        g.write("one", "1");
        g.write("a/two", "2");
        g.disk.exchange("one", "a/two").unwrap();
        assert_eq!((g.read("one"), g.read("a/two")), ("2".into(), "1".into()));
        assert_eq!(kind(g.disk.exchange("one", "none")), ErrorKind::NotFound);
    });
}

#[test]
fn folders_are_made_and_removed() {
    both_ways(|g| {
        g.disk.make_dir("new").unwrap();
        g.disk.make_dir("new/sub").unwrap();
        assert_eq!(kind(g.disk.make_dir("new")), ErrorKind::AlreadyExists);
        assert_eq!(kind(g.disk.make_dir("none/sub")), ErrorKind::NotFound);
        assert_eq!(kind(g.disk.remove_dir("new")), ErrorKind::DirectoryNotEmpty);
        assert!(g.disk.remove_file("new/sub").is_err());
        g.write("file", "x");
        assert_eq!(kind(g.disk.remove_dir("file")), ErrorKind::NotADirectory);
        g.disk.remove_dir("new/sub").unwrap();
        g.disk.remove_dir("new").unwrap();
        g.disk.remove_file("file").unwrap();
        assert_eq!(g.list("").len(), 1);
        g.disk.sync().unwrap();
        assert!(g.disk.space().is_ok_and(|space| space.free > 0 && space.total >= space.free));
    });
}

#[test]
fn a_temporary_file_is_written_resumed_and_moved_into_place() {
    both_ways(|g| {
        g.disk.attach("").unwrap();
        let mut file = g.disk.open_temp("x").unwrap();
        assert_eq!(file.size().unwrap(), 0);
        file.write_at(b"world", 6).unwrap();
        drop(file);
        let mut file = g.disk.open_temp("x").unwrap();
        assert_eq!(file.size().unwrap(), 11, "what an earlier try left");
        file.write_at(b"hello ", 0).unwrap();
        let mut buffer = [0; 32];
        assert_eq!(file.read_at(&mut buffer, 0).unwrap(), 11);
        file.set_len(5).unwrap();
        file.set_mtime(1_234_567_890_123_456_789).unwrap();
        drop(file);
        assert_eq!(g.disk.list_temp().unwrap(), [("x".to_owned(), 0)], "written now, whatever its time says");
        g.write("usual", "");
        g.disk.rename(".cloudsync/tmp/x", "a/photo").unwrap();
        assert_eq!(g.read("a/photo"), "hello");
        assert_eq!(g.disk.stat("a/photo").unwrap().stamp.mtime_ns, 1_234_567_890_123_456_789);
        let mode = |path: &str| fs::metadata(g.path(path)).unwrap().mode();
        assert_eq!(mode("a/photo"), mode("usual"), "as any new file");
        assert_eq!(mode(RESERVED) & 0o777, 0o700, "until then nobody else may look");
    });
}

#[test]
fn what_is_put_in_the_trash_can_be_found_there() {
    both_ways(|g| {
        assert_eq!(kind(g.disk.list_trash()), ErrorKind::NotFound, "not attached yet");
        g.disk.attach("").unwrap();
        assert_eq!(g.disk.list_trash().unwrap(), Vec::<String>::new());
        g.write("a/photo.tmp", "x");
        g.disk.rename("a/photo.tmp", ".cloudsync/trash/17-photo.tmp").unwrap();
        assert_eq!(g.disk.list_trash().unwrap(), ["17-photo.tmp"]);
        g.disk.rename(".cloudsync/trash/17-photo.tmp", "a/back").unwrap();
        assert_eq!(g.read("a/back"), "x");
    });
}

#[test]
fn what_is_in_the_trash_goes_for_good_with_all_that_is_in_it_and_no_link_is_followed() {
    both_ways(|g| {
        g.disk.attach("").unwrap();
        g.write("stays", "x");
        fs::create_dir_all(g.path("album/inner")).unwrap();
        g.write("album/inner/a", "x");
        g.write("album/.hidden", "x");
        std::os::unix::fs::symlink(g.path("stays"), g.path("album/link")).unwrap();
        std::os::unix::fs::symlink(g.path(""), g.path("album/up")).unwrap();
        g.disk.make_dir(".cloudsync/trash/17-0").unwrap();
        g.disk.rename("album", ".cloudsync/trash/17-0/album").unwrap();
        g.write("file", "x");
        g.disk.rename("file", ".cloudsync/trash/18-file").unwrap();
        for name in ["17-0", "18-file"] {
            g.disk.empty_trash(name).unwrap();
            assert_eq!(kind(g.disk.empty_trash(name)), ErrorKind::NotFound);
        }
        assert_eq!(g.disk.list_trash().unwrap(), Vec::<String>::new());
        assert_eq!(g.read("stays"), "x");
    });
}

#[test]
fn a_temporary_file_that_is_somebody_elses_is_refused() {
    both_ways(|g| {
        g.disk.attach("").unwrap();
        g.write("photo", "precious");
        symlink(g.path("photo"), g.path(".cloudsync/tmp/link")).unwrap();
        symlink(g.path("none"), g.path(".cloudsync/tmp/dangling")).unwrap();
        fs::hard_link(g.path("photo"), g.path(".cloudsync/tmp/hard")).unwrap();
        fs::create_dir(g.path(".cloudsync/tmp/dir")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, g.path(".cloudsync/tmp/pipe"), Mode::RWXU).unwrap();
        for name in ["link", "dangling", "hard", "dir", "pipe"] {
            assert!(g.disk.open_temp(name).is_err(), "{name}");
        }
        assert_eq!(g.read("photo"), "precious");
        assert!(!g.path("none").exists());
    });
}

#[test]
fn any_modification_time_is_taken() {
    both_ways(|g| {
        g.disk.attach("").unwrap();
        for ns in [0, -1, -86_400_000_000_001, 4_102_444_800_999_999_999, i64::MAX, i64::MIN] {
            let mut file = g.disk.open_temp("x").unwrap();
            file.set_mtime(ns).unwrap();
            let got = g.disk.stat(".cloudsync/tmp/x").unwrap().stamp.mtime_ns;
            // ext4 holds 1901 to 2446.
            assert!(got == ns || ns == i64::MIN, "{ns} became {got}");
        }
    });
}

#[test]
fn a_gallery_gets_an_identity_and_keeps_it() {
    both_ways(|g| {
        let id = g.disk.attach("").unwrap();
        assert_eq!(id.len(), 32);
        assert_eq!(g.disk.attach(&id).unwrap(), id);
        assert_eq!(g.disk.attach("").unwrap(), id, "the state directory was lost");
        for part in [<dyn FileSystem>::TEMP, <dyn FileSystem>::TRASH] {
            assert_eq!(g.disk.stat(part).unwrap().kind, FileKind::Dir);
            fs::remove_dir(g.path(part)).unwrap();
        }
        g.disk.attach(&id).unwrap();
        assert_eq!(g.disk.list_temp().unwrap(), []);
        fs::set_permissions(g.path(RESERVED), fs::Permissions::from_mode(0o755)).unwrap();
        g.disk.attach(&id).unwrap();
        assert_eq!(fs::metadata(g.path(RESERVED)).unwrap().mode() & 0o777, 0o700);
    });
}

#[test]
fn another_gallery_is_told_apart() {
    both_ways(|g| {
        let id = g.disk.attach("").unwrap();
        let error = g.disk.attach(&"0".repeat(32)).unwrap_err();
        assert!(error.to_string().contains("mount that"), "{error}");
        fs::write(g.path(".cloudsync/id"), "").unwrap();
        assert!(g.disk.attach(&id).is_err(), "an identity that is none");
        fs::remove_file(g.path(".cloudsync/id")).unwrap();
        assert_eq!(kind(g.disk.attach(&id)), ErrorKind::NotFound);
        fs::remove_dir_all(g.path(RESERVED)).unwrap();
        assert_eq!(kind(g.disk.attach(&id)), ErrorKind::NotFound);
        assert!(!g.path(RESERVED).exists(), "nothing is made in what is not ours");
        assert_ne!(g.disk.attach("").unwrap(), id);
    });
}

#[test]
fn a_gallery_that_was_replaced_is_noticed_and_one_that_came_back_is_taken() {
    both_ways(|g| {
        let id = g.disk.attach("").unwrap();
        let (dir, away) = (g.path(""), g.scratch.path().join("away"));
        fs::rename(&dir, &away).unwrap();
        let error = g.disk.attach(&id).unwrap_err();
        assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains("mount"), "{error}");
        fs::create_dir(&dir).unwrap();
        assert_eq!(kind(g.disk.attach(&id)), ErrorKind::NotFound);
        fs::remove_dir(&dir).unwrap();
        // Another folder with the same identity: the disk was copied, or mounted anew.
        assert!(Command::new("cp").arg("-a").arg(&away).arg(&dir).status().unwrap().success());
        g.write("only-here", "x");
        assert_eq!(g.disk.attach(&id).unwrap(), id);
        assert!(g.list("").contains_key("only-here"));
    });
}

#[test]
fn a_reserved_folder_that_is_none_is_refused() {
    both_ways(|g| {
        symlink(g.scratch.path().join("outside"), g.path(RESERVED)).unwrap();
        let error = g.disk.attach("").unwrap_err();
        assert!(error.to_string().contains("move it away"), "{error}");
        fs::remove_file(g.path(RESERVED)).unwrap();
        g.write(RESERVED, "");
        assert!(g.disk.attach("").unwrap_err().to_string().contains("move it away"));
        assert_eq!(fs::read_dir(g.scratch.path().join("outside")).unwrap().count(), 1);
    });
}

#[test]
fn a_read_only_gallery_is_told_of_at_once() {
    both_ways(|g| {
        let id = g.disk.attach("").unwrap();
        let dir = g.path("");
        let mount =
            |args: &[&str]| Command::new("mount").args(args).arg(&dir).status().is_ok_and(|s| s.success());
        if !mount(&["--bind", &dir.to_string_lossy()]) {
            eprintln!("skipped: mounting is not permitted here");
            return;
        }
        let read_only = mount(&["-o", "remount,ro,bind"]);
        let result = g.disk.attach(&id);
        assert!(Command::new("umount").arg("-l").arg(&dir).status().unwrap().success());
        assert!(read_only);
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadOnlyFilesystem);
        assert!(error.to_string().contains("mount it writable"), "{error}");
    });
}

#[test]
fn a_missing_gallery_is_never_made() {
    let scratch = tempfile::tempdir().unwrap();
    let error = Disk::open(&scratch.path().join("none")).unwrap_err();
    assert!(
        error.kind() == ErrorKind::NotFound && error.to_string().contains("create it, or mount"),
        "{error}"
    );
    fs::write(scratch.path().join("file"), "").unwrap();
    assert_eq!(kind(Disk::open(&scratch.path().join("file"))), ErrorKind::NotADirectory);
}

#[test]
fn nothing_is_taken_for_still_without_leases() {
    both_ways(|g| {
        g.write("photo.jpg", "bytes");
        assert_eq!(kind(g.disk.open_still("photo.jpg").map(drop)), ErrorKind::Unsupported);
    });
}
