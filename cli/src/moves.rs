//! `banyan follow`, `diff`, `switch`, `reverse`, `complete` and `cancel`: the data of one collection.
//!
//! The control plane does the work; this asks it and shows the progress. If this command ends early, the work goes on.

mod args;
mod ask;
mod diff;
mod end;
mod follow;
mod shown;
mod switch;

pub(crate) use args::{CancelArgs, CompleteArgs, FollowArgs, MoveArgs, SwitchArgs};
pub(crate) use diff::run as diff;
pub(crate) use end::{cancel, complete};
pub(crate) use follow::run as follow;
pub(crate) use shown::table;
pub(crate) use switch::run as switch;
