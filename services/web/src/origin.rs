//! The place that a request comes from.
//!
//! A form of another site must change nothing here. Three things are looked at:
//! - `Sec-Fetch-Site`, which a browser sends over HTTPS and to its own machine, and which no page can change
//!   (W3C Fetch Metadata);
//! - if that is missing, `Origin` (RFC 6454), which must be the host that was asked;
//! - always the token of the form, which must be that of the cookie (`form`).

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};
use url::{Host, Url};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a form may come from there, as far as the browser says that.
pub(crate) fn is_own(request: &HttpRequest) -> bool {
    let header = |name: &HeaderName| {
        request.headers().get(name).map(|value| value.to_str().unwrap_or_default())
    };
    match (header(&SEC_FETCH_SITE), header(&header::ORIGIN)) {
        // `none`: the user did it, not a page.
        (Some(site), _) => ["same-origin", "none"].contains(&site),
        (None, Some(origin)) => {
            let host = header(&header::HOST).unwrap_or_default();
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
        }
        // A program, or a very old browser. The token decides.
        (None, None) => true,
    }
}

/// Whether a program that only this machine can reach was asked by a name of this machine. If not, another site has made its
/// own name lead here (DNS rebinding).
pub(crate) fn is_local_name(request: &HttpRequest) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(url) = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok()) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{is_local_name, is_own};

    #[test]
    fn a_form_of_another_site_is_not_taken_whatever_the_browser_says_of_it() {
        let own = |headers: &[(&'static str, &'static str)]| {
            let request = TestRequest::post().insert_header(("host", "board.example:8081"));
            let request =
                headers.iter().fold(request, |request, header| request.insert_header(*header));
            is_own(&request.to_http_request())
        };
        assert!(own(&[]));
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("sec-fetch-site", "none")]));
        assert!(own(&[("origin", "http://board.example:8081")]));
        assert!(own(&[("origin", "https://BOARD.example:8081")]), "a proxy with TLS is in front");
        for site in ["same-site", "cross-site", "", "Same-Origin"] {
            assert!(
                !own(&[("sec-fetch-site", site), ("origin", "http://board.example:8081")]),
                "{site}"
            );
        }
        for origin in [
            "null",
            "",
            "http://board.example",
            "http://board.example:8082",
            "http://x/board.example:8081",
        ] {
            assert!(!own(&[("origin", origin)]), "{origin}");
        }
    }

    #[test]
    fn only_a_name_of_this_machine_is_local() {
        let local = |host: &'static str| {
            is_local_name(&TestRequest::get().insert_header(("host", host)).to_http_request())
        };
        for host in [
            "localhost:8081",
            "LOCALHOST",
            "board.localhost",
            "127.0.0.1:1",
            "127.1.2.3",
            "[::1]:80",
        ] {
            assert!(local(host), "{host}");
        }
        for host in [
            "evil.example:8081",
            "localhost.evil.example",
            "10.0.0.1",
            "[::2]",
            "127.0.0.1.evil.example",
            "",
        ] {
            assert!(!local(host), "{host}");
        }
    }
}
