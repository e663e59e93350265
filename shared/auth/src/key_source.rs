//! Reading the keys of an issuer: as its discovery document says (OpenID Connect Discovery 1.0, 4), from an address, or from
//! a file.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use runtime::{Clients, chain};
use serde::Deserialize;
use tokio::time::timeout;

use crate::address::{discovery_url, web_url};

/// How long an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const MOST_BYTES: usize = 256 * 1024;

/// A place of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// The one that the discovery document of this issuer names.
    Issuer(String),
    /// At this address.
    Url(String),
    /// In this file.
    File(PathBuf),
}

impl KeySource {
    /// The JWK set.
    ///
    /// # Errors
    /// Says what cannot be read, and why.
    pub(crate) async fn read(&self, clients: &Clients) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => {
                fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
            }
            Self::Url(url) => ask(clients, url).await,
            Self::Issuer(issuer) => ask(clients, &keys_of(clients, issuer).await?).await,
        }
    }

    /// Whether it costs nothing to look often.
    pub(crate) fn is_near(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// The address of the keys in the discovery document, which must be this issuer's own.
async fn keys_of(clients: &Clients, issuer: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Document {
        issuer: String,
        jwks_uri: String,
    }
    let url = discovery_url(issuer);
    let wrong = |why: &str| format!("{url}: {why}");
    let document: Document = serde_json::from_slice(&ask(clients, &url).await?)
        .map_err(|error| wrong(&format!("is no discovery document: {error}")))?;
    if document.issuer != issuer {
        return Err(wrong(&format!(
            "is the document of the issuer {:?}; AUTH_ISSUER must be that, to the letter",
            document.issuer
        )));
    }
    let keys = web_url(&document.jwks_uri).ok_or_else(|| wrong("names no address for its keys"))?;
    if issuer.starts_with("https:") && keys.scheme() != "https" {
        return Err(wrong("names an address for its keys that is not https"));
    }
    Ok(keys.into())
}

async fn ask(clients: &Clients, url: &str) -> Result<Vec<u8>, String> {
    let answer = timeout(ANSWER_TIME, get(clients, url)).await;
    let answer = answer.map_err(|_elapsed| "there was no answer in time".to_owned()).flatten();
    answer.map_err(|why| format!("{url}: {why}"))
}

async fn get(clients: &Clients, url: &str) -> Result<Vec<u8>, String> {
    let request = clients.of(url)?.get(url).header("accept", "application/json");
    let mut answer = request.send().await.map_err(|error| chain(&error.without_url()))?;
    if answer.status().as_u16() != 200 {
        return Err(format!("answered {}", answer.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| chain(&error.without_url()))? {
        if body.len() + part.len() > MOST_BYTES {
            return Err(format!("answered with more than {MOST_BYTES} bytes"));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
