//! Which of several answers of a store counts.

use std::time::Instant;

use serde_json::{from_value, json};

use super::OwnershipCache;
use crate::{Ownership, Role};

fn ownership_cache() -> OwnershipCache {
    OwnershipCache::new("users")
}

fn document(role: &str, epoch: u64, position: u64) -> Ownership {
    let primary = json!({"store": "b", "url": "http://b/api/users"});
    from_value(json!({
        "collection": "users", "store": "a", "lineage": "l", "role": role, "epoch": epoch, "since": 0,
        "position": position, "run": "r", "rows": true, "successor": primary,
    }))
    .unwrap()
}

#[test]
fn of_two_answers_at_the_same_time_the_newer_one_counts_in_whatever_order_they_come() {
    let (ownership_cache, asked) = (ownership_cache(), Instant::now());
    let (before, after) = (document("primary", 1, 7), document("follower", 1, 8));
    ownership_cache.learn(&before, asked);
    ownership_cache.learn(&after, asked);
    ownership_cache.learn(&before, asked);
    assert_eq!(ownership_cache.known().role, Role::Follower);
    assert_eq!(ownership_cache.primary().as_deref(), Some("http://b/api/users"));
    ownership_cache.learn(&document("primary", 3, 9), asked);
    ownership_cache.learn(&document("follower", 2, 12), asked);
    assert_eq!((ownership_cache.known().role, ownership_cache.known().epoch), (Role::Primary, 3));
}

#[test]
fn an_answer_to_a_later_question_counts_whatever_it_says() {
    let ownership_cache = ownership_cache();
    ownership_cache.learn(&document("follower", 2, 8), Instant::now());
    // A store that was cancelled begins anew, and so does one whose database was put back.
    ownership_cache.learn(&document("primary", 1, 0), Instant::now());
    assert_eq!((ownership_cache.known().role, ownership_cache.known().epoch), (Role::Primary, 1));
}

#[test]
fn an_answer_is_as_old_as_its_question() {
    let (ownership_cache, asked) = (ownership_cache(), Instant::now());
    ownership_cache.learn(&document("primary", 1, 1), asked);
    assert_eq!(ownership_cache.known().asked_at, asked);
}
