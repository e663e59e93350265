//! Reading members and lists.

use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ask::{READ_TIME, Repeatable, Reply, Unanswered};
use super::{Api, ApiError};
use crate::place::Place;

/// A member with its id and its times.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member<T> {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) value: T,
    /// In RFC 3339.
    pub(crate) created_at: String,
    /// In RFC 3339.
    pub(crate) updated_at: String,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) members: Vec<Member<T>>,
    /// The page that comes before this one in the order of the list.
    pub(crate) previous: Option<Place>,
    /// The page that comes after this one in the order of the list.
    pub(crate) next: Option<Place>,
}

impl Api {
    /// The member with this id, and its entity tag; `None` if it does not exist.
    ///
    /// # Errors
    /// If the API does not answer, or gives an unexpected response.
    pub(crate) async fn member<T: DeserializeOwned>(
        &self,
        collection: &str,
        id: u64,
    ) -> Result<Option<(Member<T>, String)>, ApiError> {
        self.lookup(collection, id, READ_TIME).await
    }

    /// The same, asked for during another time.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn lookup<T: DeserializeOwned>(
        &self,
        collection: &str,
        id: u64,
        time: Duration,
    ) -> Result<Option<(Member<T>, String)>, ApiError> {
        let reply = self.read(format!("/{collection}/{id}?view=full"), time).await?;
        match reply.status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => {
                let tag = reply.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
                let tag = tag.unwrap_or_default().to_owned();
                Ok(Some((reply.json()?, tag)))
            }
            _ => Err(reply.unexpected()),
        }
    }

    /// A page of the list at this path, such as `/threads`; `order` is `asc` or `desc`.
    ///
    /// # Errors
    /// If the API does not answer, or gives an unexpected response.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        order: &str,
        limit: usize,
        place: Place,
    ) -> Result<Page<T>, ApiError> {
        let separator = if place.is_first() { "" } else { "&" };
        let place = place.query();
        let path = format!("{path}?view=full&order={order}&limit={limit}{separator}{place}");
        let reply = self.read(path, READ_TIME).await?;
        if reply.status != StatusCode::OK {
            return Err(reply.unexpected());
        }
        let (previous, next) = (linked(&reply.headers, "prev"), linked(&reply.headers, "next"));
        Ok(Page { members: reply.json()?, previous, next })
    }

    async fn read(&self, path: String, time: Duration) -> Result<Reply, ApiError> {
        let method = Method::GET;
        let request = Repeatable { method, path, headers: &[], body: None, time };
        let reply = self.ask(request).await;
        reply.map_err(|Unanswered { cause, .. }| ApiError::Unavailable(cause))
    }
}

impl Reply {
    fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_str(&self.body).map_err(|error| ApiError::Unexpected(error.to_string()))
    }

    pub(super) fn unexpected(&self) -> ApiError {
        ApiError::Unexpected(self.to_string())
    }
}

/// The place of the page that has this relation in `Link` (RFC 8288).
fn linked(headers: &HeaderMap, relation: &str) -> Option<Place> {
    let relation = format!("rel=\"{relation}\"");
    let links = headers.get_all(header::LINK).iter().filter_map(|link| link.to_str().ok());
    let link = links.flat_map(|links| links.split(", ")).find(|link| link.ends_with(&relation))?;
    let target = link.strip_prefix('<')?.split_once('>')?.0;
    let base = Url::parse("http://api/").ok()?;
    let target = base.join(target).ok()?;
    let number = |name| {
        let mut pairs = target.query_pairs();
        pairs.find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok())
    };
    Some(Place { after: number("after"), before: number("before") })
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue, LINK};

    use super::linked;
    use crate::place::Place;

    #[test]
    fn a_link_is_the_place_of_a_page() {
        let mut headers = HeaderMap::new();
        assert!(linked(&headers, "next").is_none());
        let links = "</api/posts?limit=2&after=7>; rel=\"next\", <http://a/api/posts?before=6&limit=2>; rel=\"prev\"";
        headers.insert(LINK, HeaderValue::from_static(links));
        assert_eq!(linked(&headers, "next"), Some(Place { after: Some(7), before: None }));
        assert_eq!(linked(&headers, "prev"), Some(Place { after: None, before: Some(6) }));
    }
}
