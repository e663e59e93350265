//! A process that is killed at any call of an operation: the next one ends what was begun, and nothing is left half.

use std::sync::mpsc;

use crate::failures::busy_update;
use crate::fake::Crash;
use crate::fixture::{Fixture, MONOLITH, SPACE};

pub(crate) const BOTH: [Crash; 2] = [Crash::Before, Crash::After];

/// Runs `work` in a process that is killed at a call, if it comes to that call, and gives the next process.
pub(crate) fn killed(
    fixture: &Fixture,
    call: usize,
    crash: Crash,
    work: impl FnOnce(&Fixture) + Send + 'static,
) -> Option<Fixture> {
    fixture.world.forget_calls();
    fixture.world.crash_at(call, crash);
    let (done, ended) = mpsc::channel();
    let other = Fixture::clone(fixture);
    // This thread is lost when the engine's is, as it would be in a killed process.
    std::thread::spawn(move || {
        work(&other);
        done.send(()).ok();
    });
    fixture.world.crashed(|| ended.try_recv().is_ok()).then(|| fixture.restarted())
}

#[test]
fn a_create_is_finished_after_a_crash_at_any_call() {
    let whole = Fixture::new();
    whole.deploy("space", "CREATE", SPACE, &[MONOLITH]);
    for crash in BOTH {
        for call in 0..4 {
            let fixture = Fixture::new();
            let next = killed(&fixture, call, crash, |fixture| {
                fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
            });
            let next = next.expect("a create makes four calls");
            assert_eq!(next.status("space"), "CREATE_COMPLETE", "{crash:?} call {call}");
            assert_eq!(next.world.picture(), whole.world.picture(), "{crash:?} call {call}");
        }
    }
}

#[test]
fn a_rollback_is_finished_after_a_crash_at_any_call() {
    for crash in BOTH {
        for call in 4..7 {
            let fixture = Fixture::new();
            fixture.world.refuse(Some("create DefaultRoute"));
            let next = killed(&fixture, call, crash, |fixture| {
                fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
            });
            let next = next.expect("three deletes follow four creates");
            assert_eq!(next.status("space"), "ROLLBACK_COMPLETE", "{crash:?} call {call}");
            assert_eq!(next.world.picture(), Vec::<String>::new(), "{crash:?} call {call}");
        }
    }
}

#[test]
fn an_update_is_finished_after_a_crash_at_any_call() {
    let whole = Fixture::new();
    let (_, update) = busy_update(&whole);
    whole.world.forget_calls();
    assert_eq!(update(&whole), "UPDATE_COMPLETE");
    let calls = whole.world.calls().len();
    assert_eq!(calls, 7, "{:?}", whole.world.calls());
    for crash in BOTH {
        for call in 0..calls {
            let fixture = Fixture::new();
            let (_, update) = busy_update(&fixture);
            let next = killed(&fixture, call, crash, move |fixture| {
                update(fixture);
            });
            let next = next.expect("it comes to this call");
            assert_eq!(next.status("services"), "UPDATE_COMPLETE", "{crash:?} call {call}");
            assert_eq!(next.world.picture(), whole.world.picture(), "{crash:?} call {call}");
        }
    }
}

#[test]
fn the_rollback_of_an_update_is_finished_after_a_crash_at_any_call() {
    for crash in BOTH {
        for call in 0..20 {
            let fixture = Fixture::new();
            let (before, update) = busy_update(&fixture);
            fixture.world.refuse(Some("create UsersRoute"));
            let next = killed(&fixture, call, crash, move |fixture| {
                update(fixture);
            });
            let Some(next) = next else {
                assert!(call > 6, "an update with its rollback makes more than {call} calls");
                break;
            };
            assert_eq!(
                next.status("services"),
                "UPDATE_ROLLBACK_COMPLETE",
                "{crash:?} call {call}"
            );
            assert_eq!(next.world.picture(), before, "{crash:?} call {call}");
        }
    }
}

#[test]
fn a_deletion_is_finished_after_a_crash_at_any_call() {
    for crash in BOTH {
        for call in 0..4 {
            let fixture = Fixture::new();
            fixture.deploy("space", "CREATE", SPACE, &[MONOLITH]);
            let next = killed(&fixture, call, crash, |fixture| {
                fixture.ask("DeleteStack", &[("StackName", "space")]);
                fixture.ask("DescribeStacks", &[("StackName", "space")]);
            });
            let next = next.expect("a deletion makes four calls");
            let described = next.ask("DescribeStacks", &[("StackName", "space")]);
            assert!(
                described.body.contains("does not exist"),
                "{crash:?} call {call}: {}",
                described.body
            );
            assert_eq!(next.world.picture(), Vec::<String>::new(), "{crash:?} call {call}");
        }
    }
}
