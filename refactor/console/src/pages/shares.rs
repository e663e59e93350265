//! Sets the canary and the shadow of a route.

use maud::html;

use super::Main;
use super::text::foreign;
use crate::facts::Route;
use crate::sessions::Session;
use crate::view::link;

/// The form. `problem` says what was wrong with the one before.
pub(crate) fn shares(route: &Route, session: &Session, problem: Option<&str>) -> Main {
    let rises = route.tags.contains_key("banyan:canary-steps");
    let value = |tag: &str| route.percent(tag).unwrap_or_default();
    let back = link(&["routes", &route.route_id]);
    Main::new(
        "Canary and shadow",
        html! {
            p class="trail" { a href=(back) { (foreign(&route.label())) } }
            h1 { "Canary and shadow of " (foreign(&route.label())) }
            @if let Some(problem) = problem {
                div class="note bad" role="alert" { p { (foreign(problem)) } }
            }
            @if session.read_only {
                p { "This session is read-only, so it cannot do this." }
            } @else {
                form method="post" class="confirm" action=(link(&["routes", &route.route_id, "shares"])) {
                    input type="hidden" name="token" value=(session.form_token());
                    @if rises {
                        p { "This canary rises by itself, in steps of " code { (foreign(value("banyan:canary-steps"))) } ". Its share is not set by hand." }
                    } @else {
                        label for="canary" { "Canary: percent of the reads that the route's own service answers" }
                        input id="canary" name="canary" inputmode="numeric" pattern="[0-9]*" maxlength="3" value=(value("banyan:canary")) aria-describedby="canary-help";
                        p class="quiet" id="canary-help" { "0 to 100. Empty: the route's own service answers everything, writes too." }
                    }
                    label for="shadow" { "Shadow: percent of the reads that are copied to the other side and compared" }
                    input id="shadow" name="shadow" inputmode="numeric" pattern="[0-9]*" maxlength="3" value=(value("banyan:shadow")) aria-describedby="shadow-help";
                    p class="quiet" id="shadow-help" { "0 to 100. Empty: none. Clients never get the copy's answer." }
                    button class="main" { "Set for " (foreign(&route.label())) }
                }
            }
            p { a href=(back) { "Back, and change nothing" } }
        },
    )
}
