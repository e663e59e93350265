//! How posts are kept.

use models::Post;
use store::{Cells, Column, Filter, Record, StoreError, Table, Value};

/// The collection of posts.
pub struct Posts;

impl Record for Posts {
    type Content = Post;

    const TABLE: Table = Table {
        name: "posts",
        columns: &[Column::id("thread"), Column::text("text"), Column::id("author")],
        unique: None,
        filters: &[
            Filter { path: "in-thread", column: "thread" },
            Filter { path: "by-user", column: "author" },
        ],
    };

    fn values(post: &Post) -> Vec<Value<'_>> {
        vec![Value::Id(post.thread), Value::Text(&post.text), Value::Id(post.user)]
    }

    fn content(cells: &mut dyn Cells) -> Result<Post, StoreError> {
        Ok(Post { thread: cells.id()?, text: cells.text()?, user: cells.id()? })
    }
}
