//! An answer, whole.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// What a program answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Ok(Self { status, headers, body: response.text().await? })
    }

    /// A header's value; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or("not text"))
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?} ({})", self.body, self.status))
    }

    /// The path and query of the link with this relation.
    pub fn link(&self, relation: &str) -> Option<String> {
        let relation = format!("rel=\"{relation}\"");
        let link = self.header("link").split(", ").find(|link| link.ends_with(&relation))?;
        Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned())
    }

    /// Checks that this is a problem of the status, and gives what is wrong: the pointer, parameter
    /// or header of each entry in `errors`.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Vec<String> {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let document = self.json();
        assert_eq!(document["status"], status);
        assert_eq!(document["type"], "about:blank");
        for member in ["title", "detail"] {
            assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "{document}");
        }
        let errors = document["errors"].as_array().cloned().unwrap_or_default();
        let place = |error: &Value| {
            let places = ["pointer", "parameter", "header"];
            let place = places.iter().find_map(|place| error[place].as_str());
            place.unwrap_or_else(|| panic!("no place in {error}")).to_owned()
        };
        errors.iter().map(place).collect()
    }
}
