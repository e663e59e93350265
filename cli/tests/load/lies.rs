//! Boards whose rows are changed behind their back.

use harness::Program;
use rusqlite::Connection;

use crate::run::{load, monolith};

/// Does this in the program's database.
fn execute(program: &Program, sql: &str) {
    let database = Connection::open(program.setup().folder().join("test.db"));
    let done = database.and_then(|database| database.execute_batch(sql));
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// From now on the row of that id is changed whenever the program has written it.
fn change_behind_its_back(program: &Program, table: &str, id: u64, change: &str) {
    for event in ["INSERT", "UPDATE"] {
        let trigger = format!(
            "CREATE TRIGGER {table}_{id}_{event} AFTER {event} ON {table} WHEN NEW.id = {id} \
             BEGIN UPDATE {table} SET {change} WHERE id = {id}; END"
        );
        execute(program, &trigger);
    }
}

#[tokio::test]
async fn rows_that_were_changed_behind_the_boards_back_are_found_and_no_others() {
    let program = monolith().demo().start().await;
    change_behind_its_back(&program, "users", 7, "bio = 'another'");
    change_behind_its_back(&program, "threads", 6, "deleted = TRUE");
    let text_of_the_one_before = "text = (SELECT text FROM posts WHERE id = 9)";
    change_behind_its_back(&program, "posts", 10, text_of_the_one_before);
    // One client and one seed: these rows are made, and none of them is deleted.
    let report = load(&program, &["--clients", "1", "--seed", "1", "--writes", "100"]).await;
    assert_eq!(report.code, Some(1), "{report:?}");
    assert_eq!(report.places(), ["/posts/10", "/threads/6", "/users/7"], "{report:#?}");
    assert_eq!(report.json["different"], 3);
}

#[tokio::test]
async fn what_no_list_shows_is_found_by_reading_each_member_in_the_end() {
    let program = monolith().demo().start().await;
    change_behind_its_back(&program, "users", 5, "rev = 7");
    let arguments = ["--clients", "1", "--seed", "1", "--writes", "1", "--collection", "users"];
    let report = load(&program, &arguments).await;
    assert_eq!((report.code, report.places()), (Some(1), vec!["/users/5"]), "{report:#?}");
    let differences = report.json["differences"].to_string();
    assert!(differences.contains("read in the end"), "{differences}");
}

#[tokio::test]
async fn a_board_that_forgets_a_change_is_found_by_a_read_at_once_after_it() {
    let program = monolith().demo().start().await;
    let trigger = "CREATE TRIGGER forgets AFTER UPDATE ON threads WHEN OLD.rev = 1 \
                   BEGIN UPDATE threads SET title = OLD.title WHERE id = OLD.id; END";
    execute(&program, trigger);
    let arguments = ["--clients", "1", "--seed", "1", "--writes", "50", "--collection", "threads"];
    let report = load(&program, &[&arguments[..], &["--read-after-write"]].concat()).await;
    assert_eq!(report.code, Some(1), "{report:?}");
    let differences = report.json["differences"].to_string();
    assert!(differences.contains("read after its write"), "{differences}");
}
