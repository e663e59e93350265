use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{LogFile, append, make_database, make_folder, open, read_secret, replace};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn widen(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_is_for_its_owner_alone_and_one_that_was_wider_is_narrowed() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("a/b");
    make_folder(&folder).unwrap();
    assert_eq!((mode(&folder), mode(&place.path().join("a"))), (0o700, 0o700));
    widen(&folder, 0o775);
    make_folder(&folder).unwrap();
    assert_eq!(mode(&folder), 0o700);
}

#[test]
fn a_folder_that_is_a_link_or_a_file_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let (elsewhere, folder) = (place.path().join("elsewhere"), place.path().join("data"));
    fs::create_dir(&elsewhere).unwrap();
    widen(&elsewhere, 0o755);
    symlink(&elsewhere, &folder).unwrap();
    assert!(make_folder(&folder).unwrap_err().to_string().contains("symbolic link"));
    assert_eq!(mode(&elsewhere), 0o755);
    fs::remove_file(&folder).unwrap();
    symlink("nowhere", &folder).unwrap();
    assert!(make_folder(&folder).unwrap_err().to_string().contains("symbolic link"));
    fs::remove_file(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    assert!(make_folder(&folder).is_err());
}

#[test]
fn a_file_is_for_its_owner_alone_and_one_that_was_wider_is_narrowed() {
    let place = tempfile::tempdir().unwrap();
    for (name, open) in [("a", open as fn(&Path) -> _), ("b", append)] {
        let path = place.path().join(name);
        open(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::write(&path, "kept").unwrap();
        widen(&path, 0o666);
        open(&path).unwrap();
        assert_eq!((mode(&path), fs::read_to_string(&path).unwrap()), (0o600, "kept".into()));
    }
}

#[test]
fn a_link_is_not_followed_and_what_it_leads_to_stays_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let (target, link) = (place.path().join("target"), place.path().join("link"));
    fs::write(&target, "mine").unwrap();
    widen(&target, 0o644);
    symlink(&target, &link).unwrap();
    let refusals = [
        open(&link).unwrap_err(),
        append(&link).unwrap_err(),
        read_secret(&link).unwrap_err(),
        make_database(&link).unwrap_err(),
        LogFile::open(&link).unwrap_err(),
        LogFile::begin_anew(&link).unwrap_err(),
    ];
    for refusal in refusals {
        assert!(refusal.to_string().contains("symbolic link"), "{refusal}");
    }
    assert_eq!((mode(&target), fs::read_to_string(&target).unwrap()), (0o644, "mine".into()));
    replace(&link, b"new").unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine", "the link itself was replaced");
    symlink(&target, place.path().join("file.new")).unwrap();
    assert!(replace(&place.path().join("file"), b"new").is_err());
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
}

#[test]
fn a_pipe_or_a_folder_in_place_of_a_file_is_refused_at_once() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    for refused in [open(&path).map(drop), append(&path).map(drop), read_secret(&path).map(drop)] {
        assert!(refused.is_err());
    }
    assert!(open(place.path()).is_err());
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("secret");
    replace(&path, b"words").unwrap();
    assert_eq!((mode(&path), read_secret(&path).unwrap()), (0o600, "words".into()));
    widen(&path, 0o640);
    let refusal = read_secret(&path).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::PermissionDenied);
    assert!(refusal.to_string().contains("chmod 600"), "{refusal}");
    widen(&path, 0o400);
    assert_eq!(read_secret(&path).unwrap(), "words");
    assert_eq!(read_secret(&place.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_database_and_what_lies_beside_it_are_narrowed() {
    let place = tempfile::tempdir().unwrap();
    let (path, log) = (place.path().join("a.db"), place.path().join("a.db-wal"));
    make_database(&path).unwrap();
    assert_eq!((mode(&path), log.exists()), (0o600, false));
    fs::write(&log, "").unwrap();
    widen(&log, 0o644);
    make_database(&path).unwrap();
    assert_eq!(mode(&log), 0o600);
}

#[test]
fn a_full_log_becomes_the_one_before_and_no_line_is_lost() {
    let place = tempfile::tempdir().unwrap();
    let (path, before) = (place.path().join("a.log"), place.path().join("a.log.1"));
    let mut beside = append(&path).unwrap();
    let mut log = LogFile::with_largest(&path, 40).unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    for number in 0..8 {
        log.write_all(format!("line {number:04}\n").as_bytes()).unwrap();
    }
    assert_eq!(read(&before), "line 0000\nline 0001\nline 0002\nline 0003\n");
    assert_eq!(read(&path), "line 0004\nline 0005\nline 0006\nline 0007\n");
    log.write_all(b"line 0008\n").unwrap();
    beside.write_all(b"of another writer\n").unwrap();
    assert_eq!(read(&before), "line 0004\nline 0005\nline 0006\nline 0007\n");
    assert_eq!(read(&path), "line 0008\nof another writer\n");
    assert_eq!((mode(&path), mode(&before)), (0o600, 0o600));
    LogFile::begin_anew(&path).unwrap();
    assert!(read(&path).is_empty() && !before.exists());
}

#[test]
fn a_log_that_cannot_be_kept_is_dropped_and_says_so() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.log");
    symlink("elsewhere", place.path().join("a.log.1")).unwrap();
    let mut log = LogFile::with_largest(&path, 20).unwrap();
    log.write_all(b"0123456789012345\n").unwrap();
    log.write_all(b"the next line\n").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("the earlier lines of this log could not be kept"), "{text}");
    assert!(text.ends_with("the next line\n"), "{text}");
    assert!(!place.path().join("elsewhere").exists());
}
