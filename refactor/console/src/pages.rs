//! The pages, as functions that make HTML from a look at the control plane. They escape every text.

mod application;
mod confirm;
mod content;
mod differences;
mod flow;
mod history;
mod home;
mod listing;
mod moves;
mod operation;
mod parts;
mod picture;
pub(crate) mod problem;
mod problems;
mod route;
mod rows;
mod shares;
pub(crate) mod shell;
mod stacks;
mod table;
pub(crate) mod text;

pub(crate) use confirm::{Asked, confirm, epoch};
pub(crate) use content::Main;
pub(crate) use shares::{Entered, shares, shown_as};
pub(crate) use stacks::inside;

use crate::live::Live;
use crate::sessions::Session;
use crate::snapshot::Snapshot;
use crate::view::View;

/// The content of a page that shows the control plane as it is.
pub(crate) fn main(view: &View, look: &Snapshot, session: &Session, live: &Live) -> Main {
    match view {
        View::Home { filter, page } => home::home(look, filter, *page, live),
        View::Application { id, filter, page } => {
            application::application(look, id, (filter, *page), live)
        }
        View::Route(id) => route::route(look, id, session, live),
        View::Move { application, collection } => {
            moves::show(look, (application, collection), session, live)
        }
        View::Operation(id) => operation::operation(look, id, live),
        View::History => history::history(look),
        View::Stacks => stacks::stacks(look),
        View::Shares(_) | View::Command { .. } | View::Stack(_) => {
            Main::missing("This page does not change by itself.")
        }
    }
}
