//! Numbers that a lost successor may have given.

/// So many ids, and revs of each row, are left out if the ownership is taken by force.
const LOST: u64 = 1_000_000;

/// A store that has taken the ownership by force gives numbers above this one. `last` is the last one that it knows
/// of, but the lost successor may have given more. An id must not lead a client to another member, and a rev, which
/// is its `ETag`, not to another state of the member.
pub fn past_lost(last: u64) -> u64 {
    last.saturating_add(LOST).min(i64::MAX as u64)
}
