//! A board that runs, asked over HTTP.

use std::path::Path;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::Value;

use crate::banyan::Banyan;
use crate::names::{collections, programs};

/// Everything that `banyan up` runs, in the order in which it is named.
pub(crate) fn names() -> Vec<&'static str> {
    programs().chain(["refactor", "web"]).collect()
}

/// The collections of a program.
pub(crate) fn collections_of(program: &'static str) -> Vec<&'static str> {
    if program == "monolith" { collections().collect() } else { vec![program] }
}

/// Longer than any request may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A board whose programs are all ready.
pub(crate) struct Board {
    pub(crate) banyan: Banyan,
    /// The address of each program, such as `127.0.0.1:41234`, in the order printed.
    pub(crate) addresses: Vec<(String, String)>,
    client: Client,
}

/// What a program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Board {
    /// Waits until everything is ready, and reads the addresses from the table that is printed.
    pub(crate) async fn of(mut banyan: Banyan) -> Self {
        banyan.says("Ctrl-C stops everything.").await;
        let addresses = addresses(&banyan.stdout());
        // The process has one provider of cryptography; the first caller installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        Self { banyan, addresses, client }
    }

    /// The address of a program.
    pub(crate) fn address(&self, program: &str) -> &str {
        let row = self.addresses.iter().find(|(name, _)| name == program);
        &row.unwrap_or_else(|| panic!("{program} is not in the table")).1
    }

    /// The URL of a program.
    pub(crate) fn url(&self, program: &str) -> String {
        format!("http://{}", self.address(program))
    }

    /// The control port of the proxy, signed for with the keys in this data folder.
    pub(crate) fn control(&self, data: &Path) -> refactor::Client {
        let keys = refactor::Keys::read(&data.join("refactor")).expect("the proxy has keys");
        refactor::Client::new(self.client.clone(), self.url("refactor"), keys)
    }

    pub(crate) async fn get(&self, program: &str, path: &str) -> Answer {
        self.send("GET", &format!("{}{path}", self.url(program)), "").await
    }

    pub(crate) async fn post(&self, program: &str, path: &str, body: &Value) -> Answer {
        self.send("POST", &format!("{}{path}", self.url(program)), &body.to_string()).await
    }

    /// Sends a request, with JSON where there is a body.
    pub(crate) async fn send(&self, method: &str, url: &str, body: &str) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, url);
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{url}: {error:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.text().await.expect("a whole body of text") }
    }

    /// Checks that a program gives the golden reads that belong to these collections, or to none, to
    /// the byte.
    pub(crate) async fn golden_reads(&self, program: &str, collections: &[&str]) {
        self.golden_reads_at(&self.url(program), collections).await;
    }

    /// The same for a program, or the proxy, at this URL.
    pub(crate) async fn golden_reads_at(&self, url: &str, collections: &[&str]) {
        #[derive(Deserialize)]
        struct Read {
            method: String,
            path: String,
            status: u16,
            content_type: String,
            body: String,
        }
        let reads = include_str!("../../../shared/harness/golden/reads.json");
        let mut reads: Vec<Read> = serde_json::from_str(reads).expect("the golden reads are valid");
        reads.retain(|read| {
            let collection = read.path.split('/').nth(2).unwrap_or_default();
            collection.is_empty() || collections.contains(&collection)
        });
        assert!(reads.len() > 2 * collections.len(), "only {} golden reads", reads.len());
        for read in reads {
            let url = format!("{url}{}", read.path);
            let answer = self.send(&read.method, &url, "").await;
            assert_eq!(answer.status, read.status, "{url}");
            assert_eq!(answer.header("content-type"), read.content_type, "{url}");
            assert_eq!(answer.body, read.body, "{url}");
        }
    }
}

impl Answer {
    /// A header's value; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or("not text"))
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The id of the member that was created.
    #[track_caller]
    pub(crate) fn created(&self) -> u64 {
        assert_eq!(self.status, 201, "{}", self.body);
        let (_, id) = self.header("location").rsplit_once('/').expect("a location");
        id.parse().expect("an id")
    }
}

/// The rows of the table of programs that are ready: the name and the address of each.
fn addresses(printed: &str) -> Vec<(String, String)> {
    let rows = printed.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (name, url, state) = (words.next()?, words.next()?, words.next()?);
        let address = url.strip_prefix("http://").filter(|_| state == "ready")?;
        Some((name.to_owned(), address.to_owned()))
    });
    rows.collect()
}
