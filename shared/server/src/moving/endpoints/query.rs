//! The queries of these paths.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Query;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::{FeedCursor, Position};

use crate::problem::Problem;

/// The most entries of a page of the feed.
const PAGE_ENTRIES: usize = 10_000;
/// The entries of a page where nobody says how many.
const PAGE_ENTRIES_DEFAULT: usize = 1_000;
/// For how long an answer may wait for a change, in milliseconds.
const WAIT_MS: u64 = 10_000;
/// The most rows that are named one by one.
const NAMED_ROWS: usize = 10_000;

/// Reads the query.
///
/// # Errors
/// 400 where it cannot be read.
pub(super) fn read<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    let query = Query::from_query(request.query_string());
    query.map(Query::into_inner).map_err(|error| wrong(error.to_string()))
}

/// 400 for a query that cannot be read.
fn wrong(what: impl std::fmt::Display) -> Problem {
    let detail = format!("the query cannot be read: {what}");
    Problem::new(actix_web::http::StatusCode::BAD_REQUEST, detail)
}

/// What is asked of the document of ownership.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnershipQuery {
    pub(super) covers: Option<Position>,
    #[serde(default)]
    wait: u64,
}

impl OwnershipQuery {
    pub(super) fn wait(&self) -> Duration {
        Duration::from_millis(self.wait.min(WAIT_MS))
    }
}

/// What is asked of a feed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangesQuery {
    #[serde(default)]
    after: FeedCursor,
    passed: Option<FeedCursor>,
    limit: Option<usize>,
    #[serde(default)]
    wait: u64,
    pub(super) run: Option<String>,
    follower: Option<String>,
}

impl ChangesQuery {
    pub(super) fn after(&self) -> FeedCursor {
        self.after
    }

    pub(super) fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE_ENTRIES_DEFAULT).clamp(1, PAGE_ENTRIES)
    }

    pub(super) fn wait(&self) -> Duration {
        Duration::from_millis(self.wait.min(WAIT_MS))
    }

    /// Who follows, and up to which place it has everything on its disk.
    ///
    /// # Errors
    /// 400 for what is no store id.
    pub(super) fn follower(&self) -> Result<Option<(&str, u64)>, Problem> {
        let Some(follower) = &self.follower else { return Ok(None) };
        store_id(follower).map_err(wrong)?;
        let passed = self.passed.unwrap_or(self.after);
        // Of the place itself there may be rows that it does not know yet.
        Ok(Some((follower, passed.position.saturating_sub(1))))
    }
}

/// Checks that a text can be the id of a store.
pub(super) fn store_id(text: &str) -> Result<(), &'static str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let short = (1..=64).contains(&text.len());
    if plain && short {
        Ok(())
    } else {
        Err("a follower has a store id of 1 to 64 letters and digits")
    }
}

/// Which rows to make one fingerprint of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DigestQuery {
    #[serde(default)]
    pub(super) after: u64,
    pub(super) to: Option<u64>,
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// Which rows to make a fingerprint each of: a range, those that changed last, or these.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HashesQuery {
    after: Option<u64>,
    to: Option<u64>,
    recent: Option<usize>,
    ids: Option<String>,
}

/// The rows that a [`HashesQuery`] names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rows {
    Range { after: u64, to: u64 },
    Recent(usize),
    Ids(Vec<u64>),
}

impl HashesQuery {
    /// # Errors
    /// 400 where it names rows in none of the three ways, or too many.
    pub(super) fn rows(self) -> Result<Rows, Problem> {
        let rows = match (self.after, self.to, self.recent, self.ids) {
            (after, Some(to), None, None) => Rows::Range { after: after.unwrap_or(0), to },
            (None, None, Some(recent), None) => Rows::Recent(recent.min(NAMED_ROWS)),
            (None, None, None, Some(ids)) => {
                let ids: Result<Vec<u64>, _> = ids.split(',').map(str::parse).collect();
                Rows::Ids(ids.map_err(wrong)?)
            }
            _ => return Err(wrong("takes after and to, or recent, or ids")),
        };
        match &rows {
            Rows::Ids(ids) if ids.len() > NAMED_ROWS => {
                Err(wrong(format_args!("takes at most {NAMED_ROWS} ids")))
            }
            _ => Ok(rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use store::FeedCursor;

    use super::{ChangesQuery, HashesQuery, Rows, read};

    fn changes(query: &str) -> Option<ChangesQuery> {
        read(&TestRequest::with_uri(&format!("/x?{query}")).to_http_request()).ok()
    }

    fn rows(query: &str) -> Option<Rows> {
        let query: HashesQuery =
            read(&TestRequest::with_uri(&format!("/x?{query}")).to_http_request()).ok()?;
        query.rows().ok()
    }

    #[test]
    fn a_feed_is_asked_for_within_limits() {
        let query = changes("").unwrap();
        assert_eq!((query.after(), query.limit()), (FeedCursor::START, 1_000));
        let query = changes("after=7.3&limit=0&wait=99999999&follower=ab12&passed=5.0").unwrap();
        assert_eq!(query.after(), FeedCursor { position: 7, id: 3 });
        assert_eq!((query.limit(), query.wait().as_secs()), (1, 10));
        assert_eq!(query.follower().unwrap(), Some(("ab12", 4)));
        for wrong in ["after=7", "limit=x", "wait=-1", "afer=1.1"] {
            assert!(changes(wrong).is_none(), "{wrong}");
        }
        for wrong in ["follower=", "follower=a%0Ab"] {
            assert!(changes(wrong).unwrap().follower().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rows_are_named_in_one_of_three_ways() {
        assert_eq!(rows("after=5&to=9"), Some(Rows::Range { after: 5, to: 9 }));
        assert_eq!(rows("recent=1000"), Some(Rows::Recent(1_000)));
        assert_eq!(rows("ids=1,2,3"), Some(Rows::Ids(vec![1, 2, 3])));
        for wrong in ["", "after=5", "ids=", "ids=1,x", "recent=5&ids=1", "to=5&recent=1"] {
            assert_eq!(rows(wrong), None, "{wrong}");
        }
    }
}
