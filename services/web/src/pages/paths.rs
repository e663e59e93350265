//! The addresses of members.

use serde_json::Value;

use crate::kind::{Kind, POSTS, THREADS};

/// The page of a thread that ends with this post.
pub(super) fn post_path(thread: u64, post: u64) -> String {
    format!("/threads/{thread}?before={}#post-{post}", post.saturating_add(1))
}

/// The page that shows a member. A post is shown in its thread.
pub(crate) fn path_of(kind: &Kind, id: u64, member: &Value) -> String {
    path_in(kind, id, member["thread"].as_u64())
}

/// The same, if only the thread of a post is known.
pub(crate) fn path_in(kind: &Kind, id: u64, thread: Option<u64>) -> String {
    match thread.filter(|_| *kind == POSTS) {
        Some(thread) => post_path(thread, id),
        None if *kind == POSTS => "/".to_owned(),
        None => format!("/{}/{id}", kind.collection),
    }
}

/// The page to show once a member is deleted.
pub(crate) fn path_without(kind: &Kind, thread: Option<u64>) -> String {
    match thread.filter(|_| *kind == POSTS) {
        Some(thread) => format!("/threads/{thread}"),
        None if [&POSTS, &THREADS].contains(&kind) => "/".to_owned(),
        None => format!("/{}", kind.collection),
    }
}
