//! `/-/moves`: the data of collections, moved from one program to another.

use serde_json::Value;

use super::answer::Answer;
use super::rest;
use super::signature::Received;
use crate::moves::{Moves, Refusal, Verb, Wishes};

const PATH: &str = "/-/moves";

/// `GET /-/moves`: every move. `POST /-/moves/{collection}/{verb}`: carries a command out, and answers with the move
/// when that is done; a `diff` only begins. `None` for another method or path.
///
/// # Errors
/// 400, 404 and 409 as an operation of the REST API has them.
pub(super) fn answer(moves: &Moves, received: &Received) -> Option<Answer> {
    let rest = received.path.strip_prefix(PATH)?;
    let answered = match (received.method.as_str(), rest.strip_prefix('/')) {
        ("GET", None) if rest.is_empty() => moves.list(),
        ("POST", Some(rest)) => {
            let (collection, word) = rest.split_once('/')?;
            let (_, verb) = Verb::ALL.into_iter().find(|(known, _)| *known == word)?;
            command(moves, collection, verb, &received.body)
        }
        _ => return None,
    };
    Some(match answered {
        Ok(value) => rest::done(&value),
        Err(refusal) => rest::plain(refusal.status(), refusal.code(), refusal.message()),
    })
}

fn command(moves: &Moves, collection: &str, verb: Verb, body: &[u8]) -> Result<Value, Refusal> {
    moves.command(collection, verb, &Wishes::read(body)?)
}
