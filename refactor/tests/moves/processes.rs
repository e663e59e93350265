//! The process that leads is killed in the middle of a change of primary, and another one ends it.

use harness::{Program, postgres, until};
use refactor::{Client, Keys, Move};
use serde_json::json;

use crate::fixture::{Fixture, setup};

fn client(program: &Program) -> Client {
    let keys = Keys::read(&program.setup().folder().join(".refactor")).unwrap();
    Client::new(runtime::http_client(false).unwrap(), program.url(), keys)
}

/// The move as a process tells it; none while no process leads.
async fn users(program: &Program) -> Option<Move> {
    let moves = client(program).moves().await.ok()?;
    moves.into_iter().find(|found| found.collection == "users")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_switch_whose_leader_is_killed_is_ended_by_the_next_one() {
    for (place, forward) in [
        ("moves.intent", false),
        ("moves.fenced", false),
        ("moves.handed-over", true),
        ("moves.promoted", true),
        ("moves.flipped", true),
    ] {
        let database = postgres().await;
        let process = |name: &str| {
            setup().env("CONTROL_DATABASE_URL", database.url()).env("CONTROL_NAME", name)
        };
        let mut fixture = Fixture::set_up(process("first")).await;
        fixture.verify().await;
        let second = process("second").start().await;
        until("the second one follows", async || users(&second).await.is_some()).await;
        fixture.arm(place);
        // Through the process that does not lead.
        let (asked, none) = (client(&second), json!({}));
        let told = asked.command("users", "switch", &none).await;
        assert!(told.is_err(), "{place}: {told:?}");
        fixture.program.ended().await;
        until("nothing is pending", async || {
            users(&second).await.is_some_and(|users| users.pending.is_none())
        })
        .await;
        assert_eq!(fixture.target.is_primary(), forward, "{place}");
        assert_eq!(fixture.source.is_primary(), !forward, "{place}");
        assert!(fixture.source.with(|copy| copy.fence.is_none()) || forward, "{place}");
        let verb = if forward { "reverse" } else { "switch" };
        let told = asked.command("users", verb, &none).await;
        told.unwrap_or_else(|error| panic!("{place}: {error}\n{}", second.log()));
        assert_eq!(fixture.target.is_primary(), !forward, "{place}");
    }
}
