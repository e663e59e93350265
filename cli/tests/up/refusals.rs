//! When `banyan up` does not start, and what it says then.

use std::fs;
use std::net::TcpListener;

use crate::banyan::{Banyan, Ended};
use crate::folder::{Folder, alone};
use crate::names::programs;

/// Checks that it failed, and gives what it says, which is nothing on standard output.
#[track_caller]
fn failure(ended: &Ended) -> &str {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    ended.stderr.strip_prefix("banyan: ").unwrap_or_else(|| panic!("{ended:?}"))
}

#[tokio::test]
async fn a_second_up_on_the_same_data_names_the_first_and_leaves_it_alone() {
    let folder = Folder::new();
    let board = folder.up().await;
    let before = folder.programs();
    let pid = board.banyan.pid().to_string();
    for arguments in [&["up", "--port-base", "0"][..], &["--port-base", "0"]] {
        let second = folder.run(arguments).await;
        let said = failure(&second);
        assert_eq!(said.lines().count(), 1, "{said}");
        let of_the_first = [&pid, &board.url("monolith"), &folder.data().display().to_string()];
        for named in of_the_first {
            assert!(said.contains(named), "{named} in {said}");
        }
        assert_eq!(folder.programs(), before);
        board.golden_reads("monolith", &["users", "threads", "posts"]).await;
        let status = folder.run(&["status"]).await;
        assert_eq!(status.code, Some(0), "{}", status.stdout);
        assert!(status.stdout.contains(&pid), "{}", status.stdout);
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_the_flag_that_chooses_others() {
    let folder = Folder::new();
    let _alone = alone().await;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    for (base, program) in (0..=port).rev().zip(programs()) {
        let ended = folder.run(&["--port-base", &base.to_string()]).await;
        let said = failure(&ended);
        assert!(said.contains(&format!("port {port} (for {program})")), "{said}");
        assert!(said.contains("--port-base PORT"), "{said}");
    }
    assert_eq!(folder.programs(), [].into());
    assert!(!folder.data().join("monolith.db").exists(), "nothing was started");
}

#[tokio::test]
async fn a_port_base_so_high_that_ports_are_missing_is_named() {
    let folder = Folder::new();
    let ended = folder.run(&["up", "--port-base", "65533"]).await;
    // One for each program, two for the proxy, one for the pages.
    let ports = programs().count() + 3;
    let expected = format!("--port-base 65533 leaves no room for {ports} ports\n");
    assert_eq!(failure(&ended), expected);
}

#[tokio::test]
async fn a_program_that_cannot_start_is_named_with_its_reason_and_nothing_stays_running() {
    let folder = Folder::new();
    let database = folder.data().join("users.db");
    let precious = "This is no database, and it is wanted back.\n".repeat(100);
    fs::create_dir(folder.data()).expect("the data folder can be made");
    fs::write(&database, &precious).expect("it can be written");
    let alone = alone().await;
    let ended = folder.run(&["up", "--port-base", "0"]).await;
    drop(alone);
    assert_eq!(folder.programs(), [].into());
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let log = fs::read_to_string(folder.data().join("logs/users.log")).expect("it has a log");
    let reason = log.lines().find(|line| line.contains(" ERROR ")).expect("it says why");
    assert!(reason.contains("users.db"), "{reason}");
    assert_eq!(ended.stderr, format!("banyan: users ended with exit code 1: {reason}\n"));
    for untrue in ["The board is up", "starting it again"] {
        assert!(!ended.stdout.contains(untrue), "{}", ended.stdout);
    }
    assert_eq!(fs::read(&database).expect("it is there"), precious.as_bytes());
    // It holds nothing: once the file is moved away, all is well.
    fs::rename(&database, folder.data().join("precious")).expect("it can be moved");
    folder.up().await.golden_reads("users", &["users"]).await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_made_is_said_in_one_line() {
    let folder = Folder::new();
    fs::write(folder.data(), "a file").expect("it can be written");
    let below_a_file = folder.data().join("data").display().to_string();
    for data in ["/proc/banyan/data", &below_a_file] {
        let command = folder.command(&["up", "--port-base", "0", "--data-dir", data]);
        let ended = Banyan::start(command).ended().await;
        let said = failure(&ended);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(&format!("data folder {data}: ")), "{said}");
        assert!(said.contains("--data-dir"), "{said}");
    }
}

#[tokio::test]
async fn flags_before_a_subcommand_are_refused_and_not_ignored() {
    let folder = Folder::new();
    for subcommand in ["up", "status"] {
        let command = folder.command(&["--data-dir", "data", "--port-base", "0", subcommand]);
        let ended = Banyan::start(command).ended().await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
        assert!(ended.stderr.contains(subcommand), "{}", ended.stderr);
        assert!(ended.stderr.contains("--data-dir"), "{}", ended.stderr);
    }
    assert!(!folder.data().exists());
}

#[tokio::test]
async fn the_help_of_serve_lists_what_the_program_reads() {
    let folder = Folder::new();
    let help = async |arguments: &[&str]| {
        let ended = Banyan::start(folder.command(arguments)).ended().await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(ended.stdout.contains("Usage: banyan serve [OPTIONS]"), "{}", ended.stdout);
        ended.stdout
    };
    let all = help(&["serve", "--help"]).await;
    let names = programs().chain(["refactor", "web"]).collect::<Vec<_>>().join(", ");
    assert!(all.contains(&names), "{all}");
    assert!(!all.contains("DATABASE_URL"), "{all}");
    for arguments in [["serve", "users", "--help"], ["serve", "-h", "users"]] {
        let users = help(&arguments).await;
        assert!(users.contains("users reads these variables"), "{users}");
        for variable in server::VARIABLES {
            assert!(
                users.contains(&format!("\n  {}", variable.name)),
                "{} in {users}",
                variable.name
            );
        }
    }
    let web = help(&["serve", "web", "--help"]).await;
    assert!(web.contains("API_URL") && !web.contains("DATABASE_URL"), "{web}");
    let refactor = help(&["serve", "refactor", "--help"]).await;
    for variable in refactor::VARIABLES {
        assert!(refactor.contains(&format!("\n  {}", variable.name)), "{}", variable.name);
    }
    assert!(!refactor.contains("\n  DATABASE_URL"), "{refactor}");
    let ended = Banyan::start(folder.command(&["serve"])).ended().await;
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}
