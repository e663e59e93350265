//! The overview: what stands out, the picture, the routes.

use maud::{Markup, html};

use super::Main;
use super::listing::listing;
use super::parts::{empty, state};
use super::picture::picture;
use super::problems::problems;
use super::rows::{Row, rows};
use super::text::foreign;
use crate::facts::Application;
use crate::live::Live;
use crate::snapshot::Snapshot;
use crate::view::link;

/// The overview of all applications.
pub(crate) fn home(look: &Snapshot, filter: &str, page: usize, live: &Live) -> Main {
    let applications = &look.overview.applications;
    Main::new(
        "Overview",
        html! {
            h1 class="unseen" { "Overview" }
            (problems(look))
            @if applications.is_empty() && look.failure.is_none() {
                (empty("There is no application yet. This makes one, with a route to your monolith:",
                    Some("aws cloudformation deploy --template-file rs.yaml --stack-name banyan --parameter-overrides MonolithUrl=URL/api")))
            }
            @for application in applications {
                (section(look, application, filter, page, live))
            }
        },
    )
}

fn section(
    look: &Snapshot,
    application: &Application,
    filter: &str,
    page: usize,
    live: &Live,
) -> Markup {
    let id = &application.application_id;
    let all = rows(look, application);
    html! {
        section aria-labelledby=(id) {
            div class="title" {
                h2 id=(id) { a href=(link(&["applications", id])) { (foreign(&application.name)) } }
                (state(&application.state))
                code { (foreign(&application.api_gateway_proxy.proxy_url)) }
            }
            (drawing(look, application, &all, live))
            (listing(&all, "/console/", (filter, page), id, live))
        }
    }
}

/// The picture of an application, or what comes first.
pub(crate) fn drawing(
    look: &Snapshot,
    application: &Application,
    rows: &[Row<'_>],
    live: &Live,
) -> Markup {
    let monolith = look.overview.monolith(&application.application_id);
    let Some(monolith) = monolith else {
        let text = "This application has no DEFAULT route yet: it leads to your monolith, and answers everything else.";
        return empty(text, None);
    };
    html! {
        @if rows.len() == 1 {
            (empty("No routes yet: the monolith answers everything. A route, or this, begins to break it up:",
                Some("banyan follow COLLECTION --target http://HOST:PORT")))
        }
        figure class="drawing" { (picture(rows, &monolith.name, live)) }
    }
}
