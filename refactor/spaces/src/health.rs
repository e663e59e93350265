//! The health check at activation: does the service answer?

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use url::Url;

use super::endpoint;
use super::resource::ServiceDetails;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(2);
/// How long the answer may take, the connection included.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Asks a service once: its HealthUrl, if it has one, must answer 200 to 399; else its Url must answer,
/// whatever it says. Neither may lead to an address that is refused now: `own` are this proxy's. Its certificate must come
/// from `authority` (PEM), if there is one.
///
/// # Errors
/// Says which URL failed, and how.
pub(crate) async fn check(
    service: &ServiceDetails,
    authority: Result<Option<Arc<[u8]>>, String>,
    own: Vec<SocketAddr>,
) -> Result<(), String> {
    let url = service.health_url.as_ref().unwrap_or(&service.url).clone();
    let (asked, listeners) = (url.clone(), own.clone());
    let served = service.url.clone();
    let resolved = tokio::task::spawn_blocking(move || {
        // What takes the traffic is looked at too, if something else is asked.
        if asked != served {
            endpoint::resolve(&served, &listeners).map_err(|error| format!("{served} {error}"))?;
        }
        endpoint::resolve(&asked, &listeners).map_err(|error| format!("{asked} {error}"))
    });
    let addresses =
        resolved.await.map_err(|error| format!("{url} was not looked up: {error}"))??;
    if addresses.is_empty() {
        return Err(format!("{url} is not reached: its host name leads to no address"));
    }
    let authority = authority.map_err(|why| format!("{url} is not asked: {why}"))?;
    let only = authority.is_some();
    let status = ask(&url, &addresses, authority).await.map_err(|error| match error {
        error if error.is_timeout() && error.is_connect() => {
            format!("{url} took no connection within {} s", CONNECT_TIME.as_secs())
        }
        error if error.is_timeout() => {
            format!("{url} did not answer within {} s", ANSWER_TIME.as_secs())
        }
        error => {
            let why = runtime::chain(&error.without_url());
            // The API shows 255 characters of it.
            let which = if only { " with its only authority, that of banyan:ca" } else { "" };
            format!("{url} did not answer{which}: {why}")
        }
    })?;
    if service.health_url.is_some() && !(200..400).contains(&status) {
        return Err(format!("the HealthUrl {url} answered {status}, and 200 to 399 is healthy"));
    }
    Ok(())
}

/// The status that a URL answers with, asked at these addresses and no others.
async fn ask(
    url: &str,
    addresses: &[SocketAddr],
    authority: Option<Arc<[u8]>>,
) -> reqwest::Result<u16> {
    // The process has one provider of cryptography. The first call installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let parsed = Url::parse(url).ok();
    let host = parsed.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let mut builder = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIME)
        .timeout(ANSWER_TIME)
        .resolve_to_addrs(host, addresses);
    if url.starts_with("http://") {
        // Without HTTPS no authority is asked for, so a machine without any will do.
        builder = builder.tls_certs_only([]);
    } else if let Some(pem) = authority {
        builder = builder.tls_certs_only(Certificate::from_pem_bundle(&pem)?);
    }
    let answer = builder.build()?.get(url).send().await?;
    Ok(answer.status().as_u16())
}
