//! `User`, `Thread` and `Post`: the board's wire format and the rules a client's input must meet.
//!
//! A model is the content that a client may write. What the board adds to it (id and times) stands
//! around it in a [`view`]. Nothing here does I/O.

mod post;
mod thread;
mod user;

mod alphabet;
mod model;
mod rules;
mod timestamp;
pub mod view;

pub use alphabet::Alphabet;
pub use model::{Field, Model, Reference, Target};
pub use post::{Post, PostInput};
pub use rules::{FieldError, FieldErrors, MAX_ID, Rule};
pub use thread::{Thread, ThreadInput};
pub use timestamp::Timestamp;
pub use user::{User, UserInput};
