//! Threads: the collection behind `/api/threads`.
//!
//! The `threads` binary serves this collection alone; `monolith` serves it beside the others. Routes and
//! handlers come from `server`, which makes them for any collection.
//!
//! ```
//! let threads = threads::threads();
//! let draft = threads.draft(serde_json::json!({"title": "Party", "createdBy": 1}))?;
//! assert!(threads.whole(draft).is_ok());
//! # Ok::<(), serde_json::Error>(())
//! ```

use models::{Alphabet, Collection, Field, USERS};

/// The threads of the board.
pub fn threads() -> Collection {
    let fields = [
        Field::text("title", 1..=200, Alphabet::Line).about("What it is about."),
        Field::reference("createdBy", USERS).about("The id of the user who started it."),
    ];
    Collection::new("threads", "thread", fields)
        .authored_by("createdBy")
        .demo(include_str!("demo.json"))
}
