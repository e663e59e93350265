//! `/-/moves`: the data of collections, moved from one program to another.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::answer::ControlAnswer;
use super::rest;
use super::signature::Received;
use crate::advice;
use moves::{CommandOptions, CommandRefusal, Moves, Verb};

const PATH: &str = "/-/moves";
const HISTORY_PATH: &str = "/-/history";
/// How many lines of the history are told.
pub(super) const HISTORY: u32 = 200;

/// `GET /-/moves`: every move. `POST /-/moves/{collection}/{verb}`: carries a command out, and answers with the move
/// when that is done; a `diff` only begins. `GET /-/history`: what was done, the newest first. `None` for a path that is not below the first.
///
/// # Errors
/// 400, 404 and 409 as an operation of the REST API has them; 405 for another method.
pub(super) fn answer(moves: &Moves, received: &Received, key_id: &str) -> Option<ControlAnswer> {
    if received.path == HISTORY_PATH && received.method == "GET" {
        let lines = moves.history(HISTORY).map(|lines| json!({ "history": lines }));
        return Some(answered("", lines));
    }
    let rest = received.path.strip_prefix(PATH)?;
    let method = received.method.as_str();
    if rest.is_empty() {
        return Some(match method {
            "GET" => answered("", listed(moves)),
            _ => rest::not_allowed(method, "GET", "every move is read with GET"),
        });
    }
    let (collection, word) = rest.strip_prefix('/')?.split_once('/').unwrap_or_default();
    let found = Verb::ALL.into_iter().find(|(known, _)| *known == word);
    Some(match (found, method) {
        (Some((_, verb)), "POST") => {
            let collection = percent_decode_str(collection).decode_utf8_lossy();
            // One of several segments may be written as the path that it is.
            let collection = collection.trim_start_matches('/');
            answered(collection, command(moves, collection, verb, &received.body, key_id))
        }
        (Some(_), _) => rest::not_allowed(method, "POST", "a command is sent with POST"),
        (None, _) => rest::plain(404, "UnknownOperationException", &no_command(&received.path)),
    })
}

fn answered(collection: &str, result: Result<Value, CommandRefusal>) -> ControlAnswer {
    match result {
        Ok(value) => rest::done(&value),
        Err(refusal) => {
            let message = advice::refusal(collection, &refusal);
            rest::plain(refusal.status(), refusal.exception(), &message)
        }
    }
}

fn no_command(path: &str) -> String {
    let verbs = Verb::ALL.map(|(word, _)| word).join(", ");
    format!(
        "{path} is no command: these are POST {PATH}/COLLECTION/VERB, and the verbs are {verbs}; GET {PATH} \
         reads every move"
    )
}

fn listed(moves: &Moves) -> Result<Value, CommandRefusal> {
    Ok(json!({ "moves": documents(moves)? }))
}

/// Every move.
///
/// # Errors
/// As [`Moves::list`].
pub(super) fn documents(moves: &Moves) -> Result<Vec<Value>, CommandRefusal> {
    let documents = moves.list()?.into_iter().map(|found| found.document(advice::finding));
    Ok(documents.collect())
}

fn command(
    moves: &Moves,
    collection: &str,
    verb: Verb,
    body: &[u8],
    key_id: &str,
) -> Result<Value, CommandRefusal> {
    let shown = moves.command(collection, verb, &CommandOptions::read(body)?.by(key_id))?;
    Ok(shown.document(advice::finding))
}
