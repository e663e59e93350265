//! The data folder: for its owner alone, never through a link, and with logs that end.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::banyan::signal;
use crate::folder::Folder;

/// Everything below a folder, and the folder itself.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(all(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mode = |path: &PathBuf| fs::metadata(path).map_or(0, |found| found.permissions().mode());
    all(folder).into_iter().filter(|path| mode(path) & 0o077 != 0).collect()
}

#[tokio::test]
async fn everything_in_the_data_folder_is_for_its_owner_alone() {
    let folder = Folder::new();
    let data = folder.data();
    let board = folder.up().await;
    assert_eq!(folder.run(&["stop", "users"]).await.code, Some(0));
    assert!(data.join("users.stopped").exists() && data.join("logs/users.log").exists());
    assert_eq!(open_to_others(&data), Vec::<PathBuf>::new());
    signal("TERM", board.banyan.pid());
    assert_eq!(board.banyan.ended().await.code, Some(0));
    // As an earlier version left them.
    for path in all(&data) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        let secret = path.ends_with("move-token") || path.ends_with("credentials.json");
        fs::set_permissions(&path, Permissions::from_mode(if secret { 0o600 } else { mode }))
            .unwrap();
    }
    let _board = folder.up().await;
    assert_eq!(open_to_others(&data), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_link_in_a_folder_that_was_prepared_is_refused_and_its_target_stays_as_it_is() {
    for planted in ["logs/users.log", "monolith.db", "move-token", "up.json", "refactor/state.db"] {
        let folder = Folder::new();
        let (link, victim) = (folder.data().join(planted), folder.parent().join("victim"));
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, &link).unwrap();
        let ended = folder.run(&["up", "--port-base", "0"]).await;
        assert_eq!(ended.code, Some(1), "{planted}: {}", ended.stderr);
        assert!(ended.stderr.contains("symbolic link"), "{planted}: {}", ended.stderr);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{planted}");
    }
}

#[tokio::test]
async fn a_log_that_is_full_begins_anew_and_the_one_before_is_kept() {
    let folder = Folder::new();
    let board = folder.up().await;
    let logs = folder.data().join("logs");
    let (log, before) = (logs.join("monolith.log"), logs.join("monolith.log.1"));
    let long = format!("/{}", "x".repeat(6_000));
    // Twice the size at which a log is full.
    for _ in 0..2 * 8 * 1024 / 6 {
        assert_eq!(board.get("monolith", &long).await.status, 404);
    }
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    let largest = 8 * 1024 * 1024;
    assert!(size(&log) <= largest && size(&before) <= largest);
    assert!(size(&before) > largest - 10_000, "{}", size(&before));
}
