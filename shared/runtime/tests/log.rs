//! The log of a program that panics has all its lines.

use std::env::current_exe;
use std::panic;
use std::process::{Command, abort};

use runtime::{Logs, REQUEST};

/// Set in the program that panics.
const PANICS: &str = "TEST_LOG_PANICS";

#[test]
fn a_program_that_panics_has_written_every_line_before() {
    if std::env::var_os(PANICS).is_some() {
        // It ends before a line could have waited long enough.
        panic::set_hook(Box::new(|_| abort()));
        Logs::default().start().unwrap();
        for number in 0..100 {
            log::info!(target: REQUEST, number; "answered");
        }
        panic!("on purpose");
    }
    let test = "a_program_that_panics_has_written_every_line_before";
    let mut program = Command::new(current_exe().unwrap());
    let ended = program.args(["--exact", test, "--nocapture"]).env(PANICS, "1").output().unwrap();
    let written = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success(), "{written}");
    let lines = written.lines().filter(|line| line.contains(" INFO "));
    assert_eq!(lines.count(), 100, "{written}");
}
