//! Posts: the collection behind `/api/posts`.
//!
//! The `posts` binary serves this collection alone; `monolith` serves it beside the others. Routes and
//! handlers come from `server`, which makes them for any collection.
//!
//! ```
//! let posts = posts::posts();
//! let lists: Vec<_> = posts.filters().map(|(_, path)| path.as_ref()).collect();
//! assert_eq!(lists, ["in-thread", "by-user"]);
//! ```

use models::{Alphabet, Collection, Field, THREADS, USERS};

/// The posts of the board. A post has no id in the basic view.
pub fn posts() -> Collection {
    let fields = [
        Field::reference("thread", THREADS)
            .about("The id of the thread it belongs to.")
            .filter("in-thread"),
        Field::text("text", 1..=10_000, Alphabet::Lines).about("What was written."),
        Field::reference("user", USERS)
            .about("The id of the user who wrote it.")
            .column("author")
            .filter("by-user"),
    ];
    Collection::new("posts", "post", fields)
        .basic_without_id()
        .authored_by("user")
        .demo(include_str!("demo.json"))
}
