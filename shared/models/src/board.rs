//! The board's wire format, for Rust callers. The rules of the fields are with each collection.

use serde::{Deserialize, Serialize};

use crate::Target;

/// Users, for collections that refer to them.
pub const USERS: Target = Target::new("users", "user");
/// Threads, for collections that refer to them.
pub const THREADS: Target = Target::new("threads", "thread");

/// A person who starts threads and writes posts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name they go by; no two users share one.
    pub username: String,
    /// The name to show.
    pub name: String,
    /// What they say about themselves; may be empty.
    pub bio: String,
}

/// A conversation that posts belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// What it is about.
    pub title: String,
    /// The id of the user who started it.
    pub created_by: u64,
}

/// Something a user wrote in a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The id of the thread it belongs to.
    pub thread: u64,
    /// What was written.
    pub text: String,
    /// The id of the user who wrote it.
    pub user: u64,
}
