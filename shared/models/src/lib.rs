//! What a collection of the board is, as data, and `User`, `Thread` and `Post`, its wire format for Rust callers.
//!
//! A [`Collection`] describes its fields and their rules. From that it reads what a client sent, merges it with what is
//! stored, and writes rows as JSON. Nothing here does I/O.
//!
//! ```
//! use models::{Alphabet, Cell, Collection, Field};
//!
//! let text = Field::text("title", 1..=200, Alphabet::Line).about("What it is about.");
//! let notes = Collection::new("notes", "note", [text]);
//! let sent = serde_json::json!({"title": "Party"});
//! let draft = notes.draft(sent).unwrap();
//! assert_eq!(notes.whole(draft).unwrap(), [Cell::Text("Party".into())]);
//! ```

mod board;
mod collection;
mod field;

mod alphabet;
mod cell;
mod content;
mod draft;
mod errors;
mod json;
mod number;
mod reference;
mod rule;
mod timestamp;
mod view;

pub use alphabet::Alphabet;
pub use board::{Post, THREADS, Thread, USERS, User};
pub use cell::{Cell, CellRef, Kind};
pub use collection::Collection;
pub use content::Content;
pub use draft::Draft;
pub use errors::{FieldError, FieldErrors};
pub use field::Field;
pub use json::MemberHead;
pub use reference::{Name, Reference, Target};
pub use rule::{MAX_ID, Rule};
pub use timestamp::Timestamp;
pub use view::{Basic, Full, View};
