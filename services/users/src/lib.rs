//! Users: the collection behind `/api/users`.
//!
//! The `users` binary serves this collection alone; `monolith` serves it beside the others. Routes and
//! handlers come from `server`, which makes them for any collection.
//!
//! ```
//! let users = users::users();
//! let draft = users.draft(serde_json::json!({"username": "ada lovelace", "name": "Ada"}))?;
//! assert!(users.whole(draft).is_err(), "a username has no space");
//! # Ok::<(), serde_json::Error>(())
//! ```

use models::{Alphabet, Collection, Field};

/// The users of the board. Usernames are unique without regard to case.
pub fn users() -> Collection {
    let fields = [
        Field::text("username", 1..=32, Alphabet::Handle)
            .about("The name they go by; no two users share one.")
            .unique(),
        Field::text("name", 1..=100, Alphabet::Line).about("The name to show."),
        Field::text("bio", 0..=1_000, Alphabet::Lines)
            .about("What they say about themselves.")
            .optional(),
    ];
    Collection::new("users", "user", fields).authored_by("username").demo(include_str!("demo.json"))
}
