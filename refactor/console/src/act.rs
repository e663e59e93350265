//! Forms that change something. Each carries what its page showed: if that has changed meanwhile, nothing is done.

use std::sync::Arc;
use std::thread;

use maud::html;
use moves::Move;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock::now_ms;
use crate::hub::Hub;
use crate::operations::{Begun, Operation};
use crate::pages::{self, Asked, Main, text};
use crate::request::Request;
use crate::secret;
use crate::sessions::Session;
use crate::share;
use crate::shown::{shown, told};
use crate::source::{Ask, Refused};
use crate::verbs::Verb;
use crate::view::{View, link, path};

/// Carries a form out, or says why not.
pub(crate) fn act(
    hub: &Arc<Hub>,
    view: &View,
    request: &Request,
    session: &Session,
    now_ms: i64,
) -> Answer {
    if session.read_only {
        return told(
            session,
            403,
            "Read-only",
            "This session sees everything and changes nothing. Nothing was done.",
        );
    }
    match view {
        View::Command { application, collection, verb, .. } => {
            begin(hub, (application, collection), verb, request, session, now_ms)
        }
        View::Shares(id) => share::share(hub, id, request, session),
        _ => told(session, 405, "Not done", "Nothing is sent to this page."),
    }
}

/// The page that asks before a command is carried out.
pub(crate) fn ask(
    hub: &Hub,
    (application, collection): (&str, &str),
    word: &str,
    force: bool,
    session: &Session,
) -> Answer {
    let look = hub.look_now();
    let found = look.overview.find_move(application, collection);
    let (Some(verb), Some(found)) = (Verb::of(word), found) else {
        return shown(&Main::missing("There is no such move, or no such command."), session, None);
    };
    let key = match secret::new() {
        Ok(key) => key,
        Err(error) => {
            log::error!("the console: {error}");
            return told(session, 500, "Not done", "The page could not be made; the log says why.");
        }
    };
    let force = force && verb.word == "switch";
    // A read-only session has no use for it: its page has no button.
    let looks = verb.has_dry_run && !session.read_only && verb.obstacle(found).is_none();
    let looked = looks.then(|| {
        let options = json!({ "application": application, "dryRun": true, "force": force });
        let asked = command(hub, collection, verb, &options);
        asked.map(|found| found.preflight)
    });
    let asked = Asked { found, verb, force, looked, key: &key };
    shown(&pages::confirm(&asked, session), session, None)
}

fn begin(
    hub: &Arc<Hub>,
    (application, collection): (&str, &str),
    word: &str,
    request: &Request,
    session: &Session,
    now_ms: i64,
) -> Answer {
    let key = request.field("key");
    if Verb::of(word).is_none() || key.is_empty() {
        return told(session, 404, "Not done", "There is no such command.");
    }
    let watch = |id: &str| Answer::see(link(&["operations", id]));
    if hub.operations.all().iter().any(|found| found.id == key) {
        return watch(key);
    }
    let look = hub.look_now();
    let (Some(verb), Some(found)) =
        (Verb::of(word), look.overview.find_move(application, collection))
    else {
        return told(session, 404, "Not done", "There is no such move any more. Nothing was done.");
    };
    if let Some(refusal) = changed(found, request, session) {
        return refusal;
    }
    let force = !request.field("force").is_empty() && verb.word == "switch";
    if (verb.is_final || force) && request.field("typed").trim() != collection {
        let text = "The name that was typed is another one, so nothing was done.";
        return told(session, 400, "Not done", text);
    }
    let operation = Operation {
        id: key.to_owned(),
        application: application.to_owned(),
        collection: collection.to_owned(),
        verb: verb.word.to_owned(),
        forced: force,
        by: session.key_id.clone(),
        began_ms: now_ms,
        ended_ms: None,
        outcome: None,
    };
    match hub.operations.begin(operation) {
        Begun::Before => return watch(key),
        Begun::Other(other) => {
            let body = html! {
                h1 { "Not done" }
                p { "Another command is under way on " (text::foreign(collection)) ", so nothing was done." }
                p { a class="button" href=(link(&["operations", &other])) { "Watch it" } }
            };
            let main = Main { status: 409, title: "Not done".to_owned(), body };
            return shown(&main, session, None);
        }
        Begun::Now => {}
    }
    let mut options = json!({ "application": application });
    if force {
        options["force"] = true.into();
    }
    if verb.word == "complete" && !request.field("keep").is_empty() {
        options["keepData"] = true.into();
    }
    carry_out(hub, key, collection, verb, options);
    watch(key)
}

/// Goes on when the page is closed.
fn carry_out(hub: &Arc<Hub>, id: &str, collection: &str, verb: Verb, options: Value) {
    let (own, id, collection) = (Arc::clone(hub), id.to_owned(), collection.to_owned());
    hub.wake();
    let name = id.clone();
    let begun = thread::Builder::new().name("command".into()).spawn(move || {
        let outcome = command(&own, &collection, verb, &options);
        own.operations.end(&id, now_ms(), outcome.map(Arc::new));
        own.wake();
    });
    if let Err(error) = begun {
        let message = format!("the system gives no thread ({error}); nothing was done");
        hub.operations.end(&name, now_ms(), Err(Refused { status: 409, message }));
    }
}

/// Asks the control plane for a command.
fn command(hub: &Hub, collection: &str, verb: Verb, options: &Value) -> Result<Move, Refused> {
    let path = path(&["-", "moves", collection, verb.word]);
    let found = hub.source.ask(&Ask::of_operators("POST", &path, options))?;
    serde_json::from_value(found).map_err(|error| Refused {
        status: 502,
        message: format!("the answer of the control plane cannot be read: {error}"),
    })
}

/// What a page showed is not so any more.
fn changed(found: &Move, request: &Request, session: &Session) -> Option<Answer> {
    let (epoch, phase) = (request.field("epoch"), request.field("phase"));
    if epoch == pages::epoch(found) && phase == found.phase {
        return None;
    }
    let last = found.last.as_ref();
    let body = html! {
        h1 { "Not done" }
        div class="note bad" role="alert" {
            p { "Something has changed since your page was made, so nothing was done: " (text::foreign(&found.collection))
                " was " (text::foreign(phase)) ", and is " (found.phase) " now." }
            @if let Some(last) = last {
                p { "The last command was " (last.verb) ", " (text::time(last.at_ms)) ": " (text::foreign(&last.outcome)) }
            }
        }
        p { a class="button" href=(link(&["moves", &found.application, &found.collection])) { "To the move" } }
    };
    let main = Main { status: 409, title: "Not done".to_owned(), body };
    Some(shown(&main, session, None))
}
