//! A page of a list: the ids that it lies between, in the query of an address, as the API has them.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::Query;

/// The place at which a page of a list begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Only what comes after the member with this id, in the order of the list.
    pub(crate) after: Option<u64>,
    /// Only what comes before the member with this id, in the order of the list.
    pub(crate) before: Option<u64>,
}

impl Place {
    /// The place in the query of a request. What cannot be read is as if it were not there.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let query = Query::<HashMap<String, String>>::from_query(request.query_string());
        let query = query.map(Query::into_inner).unwrap_or_default();
        let number = |name| query.get(name).and_then(|value| value.parse().ok());
        Self { after: number("after"), before: number("before") }
    }

    /// Whether it is the first page.
    pub(crate) fn is_first(self) -> bool {
        self == Self::default()
    }

    /// As a query, without a question mark.
    pub(crate) fn query(self) -> String {
        let after = self.after.map(|id| format!("after={id}"));
        let before = self.before.map(|id| format!("before={id}"));
        after.into_iter().chain(before).collect::<Vec<_>>().join("&")
    }
}
