//! Users move from one program to another, and back.

mod canned;
mod crashes;
mod following;
mod given_up;
mod handing_over;
mod pace;
mod refusals;
mod relay;
mod sources;
mod together;
mod token;

use harness::{Answer, Program, Setup};
use serde_json::{Value, json};

/// The collection that moves.
const USERS: &str = "users";

/// Stores a user of this name.
async fn create(program: &Program, name: &str) -> Answer {
    program.json("POST", "/api/users", &json!({"username": name, "name": name})).await
}

/// A program that has so many users.
async fn source_with(users: u32) -> Program {
    let program = Setup::new(crate::BINARY).movable().start().await;
    for number in 0..users {
        assert_eq!(create(&program, &format!("u{number}")).await.status, 201);
    }
    program
}

/// The position that an answer says.
fn position(answer: &Answer) -> (u64, u64) {
    let position = answer.header("banyan-position");
    let (epoch, at) = position.split_once('.').unwrap_or_else(|| panic!("no position {position}"));
    (epoch.parse().unwrap(), at.parse().unwrap())
}

/// The fingerprint of all rows.
async fn digest(program: &Program) -> Value {
    let answer = program.ask(USERS, "digest?limit=1000000").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let digest = answer.json();
    json!([digest["rows"], digest["hash"]])
}
