//! The users service keeps each rule of the protocol, and each check sees a program that breaks its rule.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod relay;

use conformance::{Finding, Options, Report, Rule};
use futures_util::StreamExt;
use futures_util::stream::iter;
use harness::{MOVE_TOKEN, Program, Setup, on_both_stores};

use self::faults::FAULTS;
use self::relay::{Fault, Relay};

const BINARY: &str = env!("CARGO_BIN_EXE_users");
/// How many programs are checked at the same time.
const TOGETHER: usize = 8;

fn options(empty: Option<String>) -> Options {
    Options {
        row: r#"{"username":"check{n}","name":"Check {n}"}"#.into(),
        change: r#"{"name":"Changed {n}"}"#.into(),
        change_with: "PATCH".into(),
        empty,
        listen: "127.0.0.1:0".parse().unwrap(),
        first: true,
    }
}

async fn report(url: &str, empty: Option<String>) -> Report {
    conformance::run(url, MOVE_TOKEN.parse().unwrap(), &options(empty)).await.unwrap()
}

on_both_stores!(
    crate::BINARY;
    the_service_keeps_every_rule,
);

async fn the_service_keeps_every_rule(setup: Setup) {
    let source = setup.movable().start().await;
    let empty = Setup::new(BINARY).movable().start().await;
    let report = report(&source.collection("users"), Some(empty.collection("users"))).await;
    assert!(report.is_well(), "{report}\n{}", source.log());
    for rule in Rule::ALL {
        assert_eq!(report.of(*rule), Some(&Finding::Held), "{rule}: {report}");
    }
    let digest = source.ask("users", "digest").await.json();
    assert_eq!(digest["rows"], 0, "what the checks made is deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_checked_is_said() {
    let source = Setup::new(BINARY).movable().start().await;
    let report = report(&source.collection("users"), None).await;
    assert!(report.is_well(), "{report}");
    assert!(
        matches!(report.of(Rule::T9), Some(Finding::Unchecked(why)) if why.contains("--empty")),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_cannot_be_checked_is_left_alone() {
    let (source, copy) = (start().await, start().await);
    copy.follow("users", &source).await;
    let token = || MOVE_TOKEN.parse().unwrap();
    let refused = conformance::run(&copy.collection("users"), token(), &options(None)).await;
    assert!(refused.unwrap_err().contains("follower"));
    copy.follows("users").await;
    let refused = conformance::run(&source.collection("users"), token(), &options(None)).await;
    assert!(refused.unwrap_err().contains("followed"));
    let wrong = "another-token-than-that".parse().unwrap();
    let refused = conformance::run(&source.collection("users"), wrong, &options(None)).await;
    assert!(refused.unwrap_err().contains("404"));
}

#[test]
fn there_is_a_fault_for_each_rule() {
    let broken: Vec<_> = FAULTS.iter().map(|fault| fault.rule).collect();
    assert_eq!(broken, Rule::ALL);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_check_sees_a_program_that_breaks_its_rule() {
    let found = iter(FAULTS).map(|fault| async move { (fault.rule, broken(fault).await) });
    let found: Vec<_> = found.buffer_unordered(TOGETHER).collect().await;
    let wrong: Vec<_> = found
        .into_iter()
        .filter(|(rule, report)| !report.broken().into_iter().eq([*rule]))
        .map(|(rule, report)| format!("{rule} was broken:\n{}", seen(&report)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is found of a program that breaks one rule.
async fn broken(fault: &'static Fault) -> Report {
    let (source, empty) = (start().await, start().await);
    let relay = Relay::start(&source.url(), fault);
    let empty_relay = Relay::start(&empty.url(), fault);
    report(&relay.collection("users"), Some(empty_relay.collection("users"))).await
}

async fn start() -> Program {
    Setup::new(BINARY).movable().start().await
}

/// The lines of a report without the rules that were not reached.
fn seen(report: &Report) -> String {
    let text = report.to_string();
    let lines = text.lines().filter(|line| !line.contains("not checked"));
    lines.collect::<Vec<_>>().join("\n")
}
