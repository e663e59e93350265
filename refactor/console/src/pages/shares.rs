//! Sets the canary and the shadow of a route.

use maud::html;

use super::Main;
use super::text::foreign;
use crate::facts::Route;
use crate::request::Request;
use crate::sessions::Session;
use crate::view::link;

/// The form before this one.
#[derive(Clone, Copy, Default)]
pub(crate) struct Entered<'a> {
    /// What was wrong with it.
    pub(crate) problem: Option<&'a str>,
    /// It, if what was typed in it is to stay.
    pub(crate) typed: Option<&'a Request>,
}

/// The hidden field that says which value of a tag a form shows.
pub(crate) fn shown_as(tag: &str) -> String {
    format!("shown-{tag}")
}

/// The form, after the one before.
pub(crate) fn shares(route: &Route, session: &Session, before: &Entered<'_>) -> Main {
    let rises = route.rises();
    let value = |tag: &str| route.percent(tag).unwrap_or_default();
    let text = |tag, field| before.typed.map_or(value(tag), |typed| typed.field(field));
    let back = link(&["routes", &route.route_id]);
    Main::new(
        "Canary and shadow",
        html! {
            p class="trail" { a href=(back) { (foreign(&route.label())) } }
            h1 { "Canary and shadow of " (foreign(&route.label())) }
            @if let Some(problem) = before.problem {
                div class="note bad" role="alert" { p { (foreign(problem)) } }
            }
            @if session.read_only {
                p { "This session is read-only, so it cannot do this." }
            } @else {
                form method="post" class="confirm" action=(link(&["routes", &route.route_id, "shares"])) {
                    input type="hidden" name="token" value=(session.form_token());
                    @for tag in Route::SHARES {
                        input type="hidden" name=(shown_as(tag)) value=(value(tag));
                    }
                    @if rises {
                        p { "This canary rises by itself, in steps of " code { (foreign(value(Route::STEPS))) } ". Its share is not set by hand." }
                    } @else {
                        label for="canary" { "Canary: percent of the reads that the route's own service answers" }
                        input id="canary" name="canary" inputmode="numeric" pattern="[0-9]*" maxlength="3" value=(text("banyan:canary", "canary")) aria-describedby="canary-help";
                        p class="quiet" id="canary-help" { "0 to 100. Empty: the route's own service answers everything, writes too." }
                    }
                    label for="shadow" { "Shadow: percent of the reads that are copied to the other side and compared" }
                    input id="shadow" name="shadow" inputmode="numeric" pattern="[0-9]*" maxlength="3" value=(text("banyan:shadow", "shadow")) aria-describedby="shadow-help";
                    p class="quiet" id="shadow-help" { "0 to 100. Empty: none. Clients never get the copy's answer." }
                    button class="main" { "Set for " (foreign(&route.label())) }
                }
            }
            p { a href=(back) { "Back, and change nothing" } }
        },
    )
}
