//! The advisory locks that processes hold for as long as their sessions last (PostgreSQL, 13.3.5).

/// The first number of each: `bany`. The second one is that of a process, 0 for the one that leads, or -1 while tables are
/// made.
pub(crate) const LOCKS: i64 = 0x6261_6e79;

/// The condition on `pg_locks AS l` that a session holds an advisory lock of ours in this database.
pub(crate) fn held(id: &str) -> String {
    format!(
        "l.locktype = 'advisory' AND l.granted AND l.classid = {LOCKS} AND l.objid = {id} AND l.objsubid = 2
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
}
