//! Asks before a command is carried out.

use maud::{Markup, html};
use moves::{Move, Preflight};

use super::Main;
use super::text::foreign;
use crate::facts::primary;
use crate::sessions::Session;
use crate::source::Refused;
use crate::verbs::Verb;
use crate::view::link;

/// What is asked.
pub(crate) struct Asked<'a> {
    pub(crate) found: &'a Move,
    pub(crate) verb: Verb,
    /// Whether checks are to be passed over.
    pub(crate) force: bool,
    /// What the control plane says without changing anything; none for a command that has no dry run.
    pub(crate) looked: Option<Result<Vec<Preflight>, Refused>>,
    /// Names what the form begins.
    pub(crate) key: &'a str,
}

/// The page that asks.
pub(crate) fn confirm(asked: &Asked<'_>, session: &Session) -> Main {
    let Asked { found, verb, force, .. } = asked;
    let (application, collection) = (found.application.as_str(), found.collection.as_str());
    let back = link(&["moves", application, collection]);
    let title = format!("{} {collection}?", verb.label);
    let refused = asked.looked.as_ref().and_then(|looked| looked.as_ref().err());
    let failed = asked.looked.as_ref().is_some_and(|looked| {
        looked.as_ref().map_or(true, |checks| checks.iter().any(|check| !check.ok))
    });
    let undone = asked
        .looked
        .as_ref()
        .and_then(|looked| looked.as_ref().ok())
        .is_some_and(|checks| checks.iter().any(|check| !check.ok && check.what == "diff"));
    let obstacle = verb.obstacle(found).filter(|_| !force);
    Main::new(
        title.clone(),
        html! {
            p class="trail" { a href=(back) { (foreign(collection)) } }
            h1 { (verb.label) " " (foreign(collection)) "?" }
            p class="lead" { (what(asked)) }
            @if let Some(Ok(checks)) = &asked.looked { (checked(checks)) }
            @if let Some(refused) = refused {
                div class="note bad" role="alert" { p { (foreign(&refused.message)) } }
            }
            @if session.read_only {
                p { "This session is read-only, so it cannot do this." }
            } @else if let Some(obstacle) = obstacle {
                div class="note bad" { p { "Not now: " (obstacle) "." } }
            } @else if failed && !force {
                p { "It cannot be done as things stand, so there is no button. Nothing was changed." }
                @if verb.word == "switch" && refused.is_none() {
                    @if undone { p { a class="button main" href=(link(&["moves", application, collection, "diff"])) { "Compare " (foreign(collection)) " …" } } }
                    p class="quiet" { a href={ (link(&["moves", application, collection, verb.word])) "?force=1" } { "Go on without the comparison" }
                        ": rows that differ are then as the service has them." }
                }
            } @else {
                (form(asked, session))
            }
            p { a href=(back) { "Back, and change nothing" } }
        },
    )
}

fn what(asked: &Asked<'_>) -> Markup {
    let collection = foreign(&asked.found.collection);
    let (source, target) = (foreign(&asked.found.source.url), foreign(&asked.found.target.url));
    match asked.verb.word {
        "follow" => {
            html! { (target) " copies " (collection) " from " (source) " and then follows it. Nothing changes for clients." }
        }
        "diff" => {
            html! { "Every row of " (collection) " is compared, while both sides go on. Nothing changes for clients." }
        }
        "switch" => {
            html! { (target) " becomes the primary of " (collection) ". Writes wait for a few milliseconds, and no request fails. You can reverse it." }
        }
        "reverse" => {
            html! { (source) " becomes the primary of " (collection) " again, with all that was written since. Writes wait for a few milliseconds. You can switch again." }
        }
        "complete" => {
            html! { (source) " gives up " (collection) " for good, and its rows are deleted. " strong { "No way leads back." } }
        }
        _ if asked.found.phase == "superseded" => {
            html! { "The move of " (collection) " is forgotten, and the route that was made for it goes. What " (target) " has stays as it is." }
        }
        _ => {
            html! { (target) " forgets " (collection) ", and the route that was made for it goes. " (source) " stays the primary. Following again copies every row again." }
        }
    }
}

fn checked(checks: &[Preflight]) -> Markup {
    html! {
        @if !checks.is_empty() {
            h2 { "Checks" }
            ul class="checks" {
                @for check in checks {
                    li class=(if check.ok { "good" } else { "bad" }) {
                        b { (if check.ok { "Passed: " } else { "Failed: " }) (foreign(&check.what)) }
                        " " (foreign(&check.detail))
                    }
                }
            }
        }
    }
}

fn form(asked: &Asked<'_>, session: &Session) -> Markup {
    let Asked { found, verb, force, key, .. } = asked;
    let typed = verb.is_final || *force;
    html! {
        form method="post" class="confirm" action=(link(&["moves", &found.application, &found.collection, verb.word])) {
            input type="hidden" name="token" value=(session.form_token());
            input type="hidden" name="key" value=(key);
            input type="hidden" name="phase" value=(found.phase);
            input type="hidden" name="epoch" value=(epoch(found));
            @if *force { input type="hidden" name="force" value="1"; }
            @if verb.word == "complete" {
                label class="check" {
                    input type="checkbox" name="keep" value="1";
                    " Keep the rows in the monolith's database"
                }
            }
            @if typed {
                label for="typed" { "Type " b { (foreign(&found.collection)) } " to confirm" }
                input id="typed" name="typed" autocomplete="off" autocapitalize="off" spellcheck="false" required;
            }
            button class=(if typed { "final" } else { "main" }) {
                (verb.label) " " (foreign(&found.collection))
                @if *force { ", without the comparison" }
            }
        }
    }
}

/// The epoch of the primary, as a form carries it: another one means that the state has changed.
pub(crate) fn epoch(found: &Move) -> String {
    primary(found).1.map_or_else(String::new, |epoch| epoch.to_string())
}
