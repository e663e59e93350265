//! The frame of every page: its head, the way to the other pages, and its main part.

use maud::{DOCTYPE, Markup, html};

use crate::assets::{ICON, STYLE};

/// The media type of a page.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// The parts of the board that each page leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Threads,
    Users,
    /// Neither.
    Other,
}

/// A whole page. `title` is plain text.
pub(crate) fn frame(title: &str, part: Part, main: &Markup) -> Markup {
    let link = |here, path: &str, text: &str| {
        let current = (part == here).then_some("page");
        html! { a href=(path) aria-current=[current] { (text) } }
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – Banyan board" }
                link rel="icon" href=(ICON.path) type="image/svg+xml";
                link rel="stylesheet" href=(STYLE.path);
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.site {
                    div.bar {
                        a.brand href="/" { img src=(ICON.path) alt="" width="24" height="24"; "Banyan board" }
                        nav aria-label="Board" {
                            (link(Part::Threads, "/", "Threads"))
                            (link(Part::Users, "/users", "Users"))
                        }
                    }
                }
                main #main tabindex="-1" { (main) }
            }
        }
    }
}

/// A page that says one thing. With `again`, it has a link to the same address.
pub(crate) fn message(title: &str, text: &str, again: bool) -> Markup {
    let main = html! {
        h1 { (title) }
        p { (text) }
        p.actions {
            @if again { a.button href="" { "Try again" } " " }
            a href="/" { "All threads" }
        }
    };
    frame(title, Part::Other, &main)
}
