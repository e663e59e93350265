//! What stands around every page.

use maud::{DOCTYPE, Markup, html};

use super::Main;
use super::text::{clipped, time};
use crate::files::{ICON_URL, SCRIPT_URL, STYLE_URL};
use crate::sessions::Session;

/// The most characters of a title.
const TITLE: usize = 80;

/// A page of a session. `stream` is the URL of its events, if it changes by itself.
pub(crate) fn page(main: &Main, session: &Session, stream: Option<&str>) -> Markup {
    let header = html! {
        nav aria-label="Console" {
            a href="/console/" { "Overview" }
            a href="/console/history" { "History" }
            a href="/console/stacks" { "Stacks" }
        }
        div class="session" {
            @if session.read_only { span class="badge" { "read-only" } }
            span class="key" title="The key that signed for this session" { (session.key_id) }
            form method="post" action="/console/sign-out" {
                input type="hidden" name="token" value=(session.form_token());
                button class="plain" { "Sign out" }
            }
        }
    };
    let footer = html! {
        footer { "Signed in until " (time(session.expires_ms)) ". Figures are of this process since it started." }
    };
    document(&main.title, &header, &main.body, &footer, stream)
}

/// A page that needs no session.
pub(crate) fn alone(title: &str, body: &Markup) -> Markup {
    let body = html! { div class="alone" { h1 { (title) } (body) } };
    document(title, &html! {}, &body, &html! {}, None)
}

fn document(
    title: &str,
    header: &Markup,
    main: &Markup,
    footer: &Markup,
    stream: Option<&str>,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (clipped(title, TITLE)) " · Banyan" }
                link rel="icon" href=(*ICON_URL);
                link rel="stylesheet" href=(*STYLE_URL);
                script type="module" src=(*SCRIPT_URL) {}
            }
            body {
                a class="skip" href="#main" { "Skip to the content" }
                header { a class="mark" href="/console/" { "Banyan" } (header) }
                div id="lost" class="lost" role="status" hidden {}
                main id="main" tabindex="-1" data-stream=[stream] { (main) }
                div id="said" class="unseen" aria-live="polite" {}
                (footer)
            }
        }
    }
}
