//! Which client calls, and whether it may write now.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use auth::{Caller, KeyCache, Rate, Refusal, Settings, TooMany, Verifier};
use runtime::{Clients, TrustedProxies, client_network};

use crate::config::Config;
use crate::problem::Problem;

/// The time of the limits.
const MINUTE: Duration = Duration::from_secs(60);

/// What a write passes before its body is read.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    verifier: Option<Verifier>,
    trusted: TrustedProxies,
    of_caller: Option<Rate<String>>,
    of_address: Option<Rate<IpAddr>>,
}

/// What admits callers, and the keys that it checks tokens with: they must be refreshed.
type CallersAndKeys = (Callers, Option<Arc<KeyCache>>);

impl Callers {
    /// With the keys that the configuration names, if it names any.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub(crate) fn new(config: &Config) -> Result<CallersAndKeys, Box<dyn Error>> {
        let keys = match &config.auth {
            Some(settings) => Some(Arc::new(KeyCache::new(settings, Clients::new()?))),
            None => None,
        };
        let verifier =
            |settings: &Settings| Some(Verifier::new(settings, Arc::clone(keys.as_ref()?)));
        let callers = Self {
            verifier: config.auth.as_ref().and_then(verifier),
            trusted: config.trusted_proxies.clone(),
            of_caller: config.caller_writes.map(|most| Rate::new(most, MINUTE)),
            of_address: config.address_writes.map(|most| Rate::new(most, MINUTE)),
        };
        Ok((callers, keys))
    }

    /// The caller of a write; `None` if any client may write.
    ///
    /// # Errors
    /// 401 without a good token, 400 with two; 429 if it writes too often, or sends too many wrong tokens; 503 if
    /// tokens cannot be checked.
    pub(crate) async fn admit(&self, request: &HttpRequest) -> Result<Option<Caller>, Problem> {
        let address = self.address(request);
        let caller = match &self.verifier {
            Some(verifier) => {
                let values = request.headers().get_all(header::AUTHORIZATION);
                let values = values.map(|value| value.as_bytes());
                let caller = verifier.caller(values, address, SystemTime::now()).await;
                Some(caller.map_err(refused)?)
            }
            None => None,
        };
        let now = Instant::now();
        if let Some(rate) = &self.of_address {
            let taken = rate.take(client_network(address), now);
            taken.map_err(|TooMany { wait }| too_many("address", rate.most(), wait))?;
        }
        if let (Some(rate), Some(caller)) = (&self.of_caller, &caller) {
            let taken = rate.take(caller.id().to_owned(), now);
            taken.map_err(|TooMany { wait }| too_many("caller", rate.most(), wait))?;
        }
        Ok(caller)
    }

    /// The claim that names the user.
    pub(crate) fn user_claim(&self) -> &str {
        self.verifier.as_ref().map_or("", Verifier::user_claim)
    }

    /// The client's address: of its connection, or what trusted proxies say in `X-Forwarded-For`. That is the last one
    /// that is not trusted itself.
    fn address(&self, request: &HttpRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let mut client = peer.to_canonical();
        let values = request.headers().get_all("x-forwarded-for");
        let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        for entry in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            match entry.trim().parse::<IpAddr>() {
                Ok(entry) if self.trusted.contain(client) => client = entry.to_canonical(),
                _ => break,
            }
        }
        client
    }
}

/// The answer to a request without a caller (RFC 6750, 3).
fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Absent => {
            let detail =
                "a write needs an access token: Authorization: Bearer TOKEN; nothing was stored";
            Problem::new(StatusCode::UNAUTHORIZED, detail).challenge("Bearer".to_owned())
        }
        Refusal::Malformed(why) => {
            Problem::new(StatusCode::BAD_REQUEST, why).challenge(challenge("invalid_request", why))
        }
        Refusal::Invalid(why) => {
            Problem::new(StatusCode::UNAUTHORIZED, format!("{why}; nothing was stored"))
                .challenge(challenge("invalid_token", why))
        }
        Refusal::NoKeys => Problem::unavailable(
            "the keys of the issuer cannot be read, so no token can be checked; nothing was stored; ask again",
        ),
        Refusal::Flood(wait) => {
            let detail = "too many wrong tokens came from this address, so no new one is checked now; nothing was stored";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(wait)
        }
    }
}

/// A challenge with an error (RFC 6750, 3). The texts have no quotation marks.
pub(crate) fn challenge(error: &str, why: &str) -> String {
    format!("Bearer error=\"{error}\", error_description=\"{why}\"")
}

/// The answer to a client that writes too often, with the fields of draft-ietf-httpapi-ratelimit-headers.
fn too_many(of: &str, most: u32, wait: Duration) -> Problem {
    let detail = format!(
        "more than {most} writes a minute from this {of}; nothing was stored; write again later"
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
        .retry_after(wait)
        .limited(of, most, MINUTE, wait)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::Callers;

    #[test]
    fn the_client_is_what_trusted_proxies_say() {
        let callers = Callers { trusted: "10.0.0.0/8".parse().unwrap(), ..Callers::default() };
        for (peer, forwarded, client) in [
            ("192.0.2.1:1", "6.6.6.6", "192.0.2.1"),
            ("10.0.0.1:1", "6.6.6.6, 192.0.2.9", "192.0.2.9"),
            ("10.0.0.1:1", "6.6.6.6, 192.0.2.9, 10.0.0.2", "192.0.2.9"),
            ("10.0.0.1:1", "192.0.2.9, ?", "10.0.0.1"),
            ("10.0.0.1:1", "", "10.0.0.1"),
            ("[::ffff:10.0.0.1]:1", "2001:db8::1", "2001:db8::1"),
        ] {
            let request = TestRequest::default().peer_addr(peer.parse().unwrap());
            let request = request.insert_header(("x-forwarded-for", forwarded)).to_http_request();
            assert_eq!(callers.address(&request).to_string(), client, "{peer} {forwarded}");
        }
    }
}
