//! What several processes saw of canaries, on its way to the one that leads.
//!
//! Each process adds its counts to those in the shared state, and the one that leads takes them away. So each read counts
//! once. All of them lock the rows in the order of the routes: else two could wait for each other. Counts that were taken by a process which then ended are lost, as its own are.

use std::collections::BTreeMap;

use journal::{Error, Journal, Row, values};
use proxy::CanaryTally;

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS spaces_canary_counts (
        route TEXT PRIMARY KEY,
        requests NUMBER NOT NULL,
        failed NUMBER NOT NULL,
        slow NUMBER NOT NULL,
        compared NUMBER NOT NULL,
        differed NUMBER NOT NULL
    );
";

/// Adds what this process saw, by route and in their order.
///
/// # Errors
/// If the state cannot be written; then it may have been added.
pub(crate) fn add(state: &Journal, seen: &[(String, CanaryTally)]) -> Result<(), Error> {
    let sql = "INSERT INTO spaces_canary_counts AS known (route, requests, failed, slow, compared, differed)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (route) DO UPDATE SET
            requests = known.requests + excluded.requests, failed = known.failed + excluded.failed,
            slow = known.slow + excluded.slow, compared = known.compared + excluded.compared,
            differed = known.differed + excluded.differed";
    // More than that no process sees between two looks.
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    state.write(|state| {
        seen.iter().try_for_each(|(route, seen)| {
            let CanaryTally { requests, failed, slow, compared, differed } = *seen;
            let [requests, failed, slow, compared, differed] =
                [requests, failed, slow, compared, differed].map(number);
            state.run(sql, values![route, requests, failed, slow, compared, differed])
        })
    })
}

/// Takes away what other processes saw, by route.
///
/// # Errors
/// If the state cannot be written.
pub(crate) fn take(state: &Journal) -> Result<BTreeMap<String, CanaryTally>, Error> {
    let sql = "DELETE FROM spaces_canary_counts WHERE route = ?1
        RETURNING requests, failed, slow, compared, differed";
    state.write(|state| {
        let mut routes =
            state.all("SELECT route FROM spaces_canary_counts", values![], |row| row.text(0))?;
        // The engine may sort text in another way.
        routes.sort();
        let mut taken = BTreeMap::new();
        for route in routes {
            let seen = state.one(sql, values![&route], counts)?;
            taken.extend(seen.map(|seen| (route, seen)));
        }
        Ok(taken)
    })
}

fn counts(row: &Row) -> Result<CanaryTally, Error> {
    let count = |column| Ok::<_, Error>(row.number(column)?.unsigned_abs());
    Ok(CanaryTally {
        requests: count(0)?,
        failed: count(1)?,
        slow: count(2)?,
        compared: count(3)?,
        differed: count(4)?,
    })
}

#[cfg(test)]
mod tests {
    use journal::Journal;
    use proxy::CanaryTally;

    use super::{SCHEMA, add, take};

    #[test]
    fn what_several_saw_is_added_up_and_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = Journal::open(folder.path()).unwrap();
        state.make_tables(SCHEMA).unwrap();
        let seen = |requests, failed| CanaryTally { requests, failed, ..CanaryTally::default() };
        add(&state, &[("one".to_owned(), seen(5, 1)), ("two".to_owned(), seen(7, 0))]).unwrap();
        add(&state, &[("one".to_owned(), seen(3, 2))]).unwrap();
        let taken = take(&state).unwrap();
        assert_eq!((taken["one"], taken["two"]), (seen(8, 3), seen(7, 0)));
        assert!(take(&state).unwrap().is_empty());
    }
}
