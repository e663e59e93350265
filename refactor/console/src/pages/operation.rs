//! A command that a page has begun: its steps as they happen, and what became of it.

use maud::{Markup, html};
use moves::Move;

use super::Main;
use super::text::{duration, foreign, time};
use crate::live::Live;
use crate::operations::Operation;
use crate::snapshot::Snapshot;
use crate::verbs::Verb;
use crate::view::link;

/// The operation of this id.
pub(crate) fn operation(look: &Snapshot, id: &str, live: &Live) -> Main {
    let Some(operation) = look.operations.iter().find(|found| found.id == id) else {
        return Main::missing(
            "This process does not know this command. If the control plane was restarted meanwhile, the page of the \
             move and the history say what became of it.",
        );
    };
    let label = Verb::of(&operation.verb).map_or("Command", |verb| verb.label);
    let collection = &operation.collection;
    let now = look.overview.find_move(&operation.application, collection);
    Main::new(
        format!("{label} {collection}"),
        html! {
            p class="trail" { a href=(link(&["moves", &operation.application, collection])) { (foreign(collection)) } }
            h1 { (label) " " (foreign(collection)) " " (badge(operation)) }
            p class="quiet" {
                "Begun by " (foreign(&operation.by)) ", " (time(operation.began_ms))
                @if operation.forced { ", without a check" }
            }
            @match &operation.outcome {
                None => (live.block("running", running(operation, now, look.at_ms))),
                Some(Ok(done)) => (ended(operation, done)),
                Some(Err(refused)) => div class="note bad" role="alert" {
                    @if refused.is_unknown() {
                        p { b { "It is not known whether this was done." } " " (foreign(&refused.message)) }
                        p { "The page of the move says what both programs say now." }
                    } @else {
                        p { b { "Not done." } " " (foreign(&refused.message)) }
                    }
                }
            }
            p { a class="button" href=(link(&["moves", &operation.application, collection])) { "To the move" } }
        },
    )
}

fn badge(operation: &Operation) -> Markup {
    html! {
        @match &operation.outcome {
            None => span class="badge busy" { "under way" },
            Some(Ok(_)) => span class="badge good" { "done" },
            Some(Err(refused)) if refused.is_unknown() => span class="badge bad" { "not known" },
            Some(Err(_)) => span class="badge bad" { "not done" },
        }
    }
}

fn running(operation: &Operation, now: Option<&Move>, now_ms: i64) -> Markup {
    let pending = now.and_then(|found| found.pending.as_ref());
    html! {
        p {
            @match pending {
                Some(pending) => { "Last step: " b { (pending.step.replace('-', " ")) } }
                None => "The control plane looks at both sides first.",
            }
            " (" (duration((now_ms - operation.began_ms).max(0) as f64)) ")"
        }
    }
}

fn ended(operation: &Operation, done: &Move) -> Markup {
    let last = done.last.as_ref().filter(|last| last.verb == operation.verb);
    html! {
        @match last {
            Some(last) => {
                p class="lead" { (foreign(&last.outcome)) }
                @if let Some(pause) = last.pause_ms {
                    p { "Writes waited " b { (duration(pause as f64)) } "." }
                }
                @if !last.steps.is_empty() {
                    ol class="steps" {
                        @for step in &last.steps {
                            li { span class="at" { (duration(step.ms as f64)) } " " (foreign(&step.text)) }
                        }
                    }
                }
            }
            None if operation.verb == "diff" => p { "The comparison has begun. The page of the move shows how far it is." },
            None => p { "Done." },
        }
    }
}
