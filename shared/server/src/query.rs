//! The parameters of a request: the id in its path, and what stands behind the question mark.

use std::collections::BTreeSet;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest};
use models::{MAX_ID, View};
use runtime::RequestFault;
use serde_json::{Value, json};
use store::Order;

use crate::limits::{PAGE_ROWS, PAGE_ROWS_DEFAULT};
use crate::problem::Problem;

/// A parameter in a query, as the API's description shows it.
pub(crate) struct QueryParameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) schema: fn() -> Value,
}

const VIEW: QueryParameter = QueryParameter {
    name: "view",
    about: "`basic` gives what clients write; `full` adds the id, if it is missing, and the times.",
    schema: || json!({"type": "string", "enum": ["basic", "full"], "default": "basic"}),
};
const LIMIT: QueryParameter = QueryParameter {
    name: "limit",
    about: "The most members of the page. A page of very large members ends earlier; `Link` tells \
            whether there is more.",
    schema: || json!({"type": "integer", "minimum": 1, "maximum": PAGE_ROWS, "default": PAGE_ROWS_DEFAULT}),
};
const AFTER: QueryParameter = QueryParameter {
    name: "after",
    about: "The page starts after the member with this id.",
    schema: || json!({"type": "integer", "minimum": 0, "maximum": MAX_ID}),
};
const BEFORE: QueryParameter = QueryParameter {
    name: "before",
    about: "The page ends before the member with this id: the nearest ones before it, or, together \
            with `after`, those between the two.",
    schema: || json!({"type": "integer", "minimum": 0, "maximum": MAX_ID}),
};
const ORDER: QueryParameter = QueryParameter {
    name: "order",
    about: "By id: `asc` gives the oldest first, `desc` the newest.",
    schema: || json!({"type": "string", "enum": ["asc", "desc"], "default": "asc"}),
};

/// What a member is read with.
pub(crate) const MEMBER_PARAMETERS: &[QueryParameter] = &[VIEW];
/// What a list is read with.
pub(crate) const LIST_PARAMETERS: &[QueryParameter] = &[VIEW, LIMIT, AFTER, BEFORE, ORDER];

/// The query of a member.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MemberQuery {
    pub(crate) view: View,
}

/// The query of a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ListQuery {
    pub(crate) view: View,
    pub(crate) limit: usize,
    pub(crate) after: Option<u64>,
    pub(crate) before: Option<u64>,
    pub(crate) order: Order,
}

/// A query that takes no parameter.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoQuery;

/// The id in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberId(pub(crate) u64);

/// The name of the parameter with the name in a path.
pub(crate) const MEMBER_NAME: &str = "name";

/// The name in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MemberName(pub(crate) String);

/// The parameters of a query, taken out one by one; what is wrong with them is said at once.
struct Reader<'a> {
    query: &'a str,
    known: &'static [QueryParameter],
    faults: Vec<RequestFault>,
}

impl<'a> Reader<'a> {
    fn new(query: &'a str, known: &'static [QueryParameter]) -> Self {
        let mut reader = Self { query, known, faults: Vec::new() };
        let names = reader.pairs().map(|(name, _)| name);
        // An answer does not grow with the number of mistakes.
        let unknown: BTreeSet<_> = names.filter(|name| reader.is_unknown(name)).take(16).collect();
        let names: Vec<_> = known.iter().map(|parameter| parameter.name).collect();
        let takes = match names.as_slice() {
            [] => "is unknown; this request takes no parameters".to_owned(),
            names => format!("is unknown; this request takes {}", names.join(", ")),
        };
        let faults = unknown.iter().map(|name| RequestFault::parameter(name, takes.clone()));
        reader.faults = faults.collect();
        reader
    }

    fn is_unknown(&self, name: &str) -> bool {
        !self.known.iter().any(|parameter| parameter.name == name)
    }

    fn pairs(&self) -> impl Iterator<Item = (String, String)> + use<'a> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned()
    }

    /// The parameter's value, read by `read`; `None` if it is missing or wrong.
    fn take<T>(
        &mut self,
        parameter: &QueryParameter,
        takes: impl FnOnce() -> String,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let name = parameter.name;
        let mut values = self.pairs().filter(|(found, _)| found == name).map(|(_, value)| value);
        let value = values.next()?;
        if values.next().is_some() {
            self.faults.push(RequestFault::parameter(name, "was given more than once"));
            return None;
        }
        let read = read(&value);
        if read.is_none() {
            self.faults.push(RequestFault::parameter(name, takes()));
        }
        read
    }

    fn view(&mut self) -> View {
        let view = self.take(
            &VIEW,
            || "takes basic or full".into(),
            |value| match value {
                "basic" => Some(View::Basic),
                "full" => Some(View::Full),
                _ => None,
            },
        );
        view.unwrap_or_default()
    }

    fn edge(&mut self, parameter: &QueryParameter) -> Option<u64> {
        self.take(parameter, || format!("takes an id from 0 to {MAX_ID}"), number::<0>)
    }

    fn finish<T>(self, query: T) -> Result<T, Problem> {
        if self.faults.is_empty() {
            Ok(query)
        } else {
            Err(Problem::malformed("the query cannot be read", self.faults))
        }
    }
}

/// A whole number from `MIN` to [`MAX_ID`] in its one canonical form.
fn number<const MIN: u64>(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    let number = text.parse().ok().filter(|_| canonical)?;
    (MIN..=MAX_ID).contains(&number).then_some(number)
}

/// Reads itself out of a query.
pub(crate) trait ReadQuery: Sized {
    fn read(query: &str) -> Result<Self, Problem>;
}

impl ReadQuery for MemberQuery {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut reader = Reader::new(query, MEMBER_PARAMETERS);
        let query = Self { view: reader.view() };
        reader.finish(query)
    }
}

impl ReadQuery for ListQuery {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut reader = Reader::new(query, LIST_PARAMETERS);
        let query = Self {
            view: reader.view(),
            limit: reader
                .take(
                    &LIMIT,
                    || format!("takes a number from 1 to {PAGE_ROWS}"),
                    |value| {
                        let limit = usize::try_from(number::<1>(value)?).ok()?;
                        (limit <= PAGE_ROWS).then_some(limit)
                    },
                )
                .unwrap_or(PAGE_ROWS_DEFAULT),
            after: reader.edge(&AFTER),
            before: reader.edge(&BEFORE),
            order: reader
                .take(
                    &ORDER,
                    || "takes asc or desc".into(),
                    |value| match value {
                        "asc" => Some(Order::Ascending),
                        "desc" => Some(Order::Descending),
                        _ => None,
                    },
                )
                .unwrap_or(Order::Ascending),
        };
        reader.finish(query)
    }
}

impl ReadQuery for NoQuery {
    fn read(query: &str) -> Result<Self, Problem> {
        Reader::new(query, &[]).finish(Self)
    }
}

impl FromRequest for MemberId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        ready(member_id(text).map(Self).ok_or_else(|| {
            let takes = format!("takes a whole number from 1 to {MAX_ID}");
            Problem::malformed("the path holds no id", vec![RequestFault::parameter("id", takes)])
        }))
    }
}

impl FromRequest for MemberName {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let name = Path::<String>::from_request(request, payload).into_inner();
        ready(name.map(|name| Self(name.into_inner())).map_err(|_error| {
            let fault = RequestFault::parameter(MEMBER_NAME, "takes UTF-8");
            Problem::malformed("the path holds no name", vec![fault])
        }))
    }
}

/// The id in a path.
pub(crate) fn member_id(text: &str) -> Option<u64> {
    number::<1>(text)
}

macro_rules! from_request {
    ($($name:ty),*) => {$(
        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(Self::read(request.query_string()))
            }
        }
    )*};
}

from_request!(MemberQuery, ListQuery, NoQuery);

#[cfg(test)]
mod tests;
