//! What the console looks at of a request, and whether it comes from one of its own pages.

use url::Url;

/// A request to the console.
#[derive(Debug, Default)]
pub(crate) struct Request {
    /// Whether it is a `POST`; the others are `GET` or `HEAD`.
    pub(crate) is_post: bool,
    /// The path below `/console`, such as `/history`, as it was sent.
    pub(crate) path: String,
    /// The query, as it was sent.
    pub(crate) query: String,
    /// The host that the browser asked, with its port unless that is the usual one.
    pub(crate) host: String,
    /// `Origin` (RFC 6454, 7).
    pub(crate) origin: Option<String>,
    /// `Sec-Fetch-Site` (Fetch Metadata Request Headers, 2.3).
    pub(crate) fetch_site: Option<String>,
    /// Every `Cookie` field.
    pub(crate) cookies: Vec<String>,
    /// The fields of a form.
    pub(crate) form: Vec<(String, String)>,
}

impl Request {
    /// The first field of that name in a form.
    pub(crate) fn field(&self, name: &str) -> &str {
        let found = self.form.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Whether a page of this console sent it. A browser says so in `Sec-Fetch-Site`, but not over plain HTTP from
    /// another machine; then `Origin` must be this host. What says neither is no form of a page.
    pub(crate) fn is_from_here(&self) -> bool {
        let is_own = self.origin.as_ref().map(|origin| self.is_own(origin));
        match (self.fetch_site.as_deref(), is_own) {
            (Some("same-origin"), None | Some(true)) => true,
            (Some(_), _) => false,
            (None, is_own) => is_own == Some(true),
        }
    }

    fn is_own(&self, origin: &str) -> bool {
        let Ok(origin) = Url::parse(origin) else { return false };
        // TLS may end in front of the control port, so both schemes are its own; the port is left out if it is usual.
        let own = ["http", "https"].into_iter().find_map(|scheme| {
            (scheme == origin.scheme())
                .then(|| Url::parse(&format!("{scheme}://{}", self.host)).ok())?
        });
        own.is_some_and(|own| own.origin() == origin.origin())
    }

    /// Whether the browser speaks TLS to what stands in front of the control port.
    pub(crate) fn is_over_tls(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.starts_with("https://"))
    }

    /// The name of the cookie. Cookies know no ports, so that of a console on another port of the machine has another
    /// name.
    pub(crate) fn cookie_name(&self) -> String {
        let port = self.host.rsplit_once(':').map_or("", |(_, port)| port);
        let port = if port.bytes().all(|byte| byte.is_ascii_digit()) { port } else { "" };
        format!("banyan-console-{port}")
    }

    /// The value of the session's cookie.
    pub(crate) fn cookie(&self) -> Option<&str> {
        let name = self.cookie_name();
        let pairs = self.cookies.iter().flat_map(|field| field.split(';'));
        let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(found, value)| (found == name).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::Request;

    fn request(host: &str, origin: Option<&str>, site: Option<&str>) -> Request {
        let own = str::to_owned;
        Request {
            host: own(host),
            origin: origin.map(own),
            fetch_site: site.map(own),
            ..Request::default()
        }
    }

    #[test]
    fn only_a_page_of_the_same_origin_may_send_a_form() {
        for (host, origin, site) in [
            ("127.0.0.1:9080", Some("http://127.0.0.1:9080"), Some("same-origin")),
            ("127.0.0.1:9080", None, Some("same-origin")),
            ("control.example", Some("https://control.example"), None),
            ("control.example:9080", Some("http://control.example:9080"), None),
            ("[::1]:9080", Some("http://[::1]:9080"), None),
        ] {
            assert!(request(host, origin, site).is_from_here(), "{host} {origin:?} {site:?}");
        }
        for (host, origin, site) in [
            ("127.0.0.1:9080", None, None),
            ("127.0.0.1:9080", Some("null"), Some("same-origin")),
            ("127.0.0.1:9080", Some("http://127.0.0.1:3000"), Some("same-site")),
            ("127.0.0.1:9080", Some("http://127.0.0.1:3000"), None),
            ("127.0.0.1:9080", Some("http://evil.example"), Some("cross-site")),
            ("127.0.0.1:9080", Some("http://evil.example"), Some("same-origin")),
            ("127.0.0.1:9080", None, Some("none")),
            ("control.example", Some("http://control.example.evil.example"), None),
            ("control.example", Some(""), None),
        ] {
            assert!(!request(host, origin, site).is_from_here(), "{host} {origin:?} {site:?}");
        }
    }

    #[test]
    fn each_port_has_a_cookie_of_its_own() {
        let mut request = request("localhost:9080", None, None);
        request.cookies = vec!["a=1; banyan-console-9081=x".into(), "banyan-console-9080=y".into()];
        assert_eq!(request.cookie(), Some("y"));
        request.host = "console.example".into();
        assert_eq!((request.cookie_name().as_str(), request.cookie()), ("banyan-console-", None));
    }
}
