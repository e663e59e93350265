//! The pages, as functions of what they show. Only these, `layout` and `failure` have words for people.

mod answer;
mod byline;
mod fields;
mod forms;
mod lists;
mod pager;
mod paths;
mod refused;
mod thread;
mod user;

pub(crate) use answer::{answer, answer_with, see_other};
pub(crate) use fields::Filled;
pub(crate) use forms::{Writer, delete, edit, new_thread, new_user, reply};
pub(crate) use lists::{threads, users};
pub(crate) use paths::{path_in, path_of, path_without};
pub(crate) use refused::status_of;
pub(crate) use thread::{ThreadShown, thread};
pub(crate) use user::{UserShown, user};
