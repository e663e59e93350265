//! The addresses of issuers.

use url::Url;

/// The address of an issuer's discovery document (OpenID Connect Discovery 1.0, 4).
pub(crate) fn discovery_url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// An address that can be asked.
pub(crate) fn web_url(value: &str) -> Option<Url> {
    let url = Url::parse(value).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    let plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    (web && plain).then_some(url)
}
