//! A scheme, a host and a port.

use std::fmt;

use url::{Host, Url};

/// A scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether the scheme is https.
    pub https: bool,
    /// The host.
    pub host: Host<String>,
    /// The port, even if it is the scheme's own.
    pub port: u16,
}

impl Origin {
    /// The origin of an http or https URL; nothing for any other.
    pub fn of(url: &Url) -> Option<Self> {
        let https = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        Some(Self { https, host: url.host()?.to_owned(), port: url.port_or_known_default()? })
    }

    /// Whether a URL with this scheme and authority leads here, or would if the service were asked by its scheme too.
    pub fn has(&self, authority: &str, https: bool) -> bool {
        let scheme = if https { "https" } else { "http" };
        let default = |https: bool| if https { 443 } else { 80 };
        let other =
            Url::parse(&format!("{scheme}://{authority}/")).ok().and_then(|url| Self::of(&url));
        other.is_some_and(|other| {
            let both_default = other.port == default(https) && self.port == default(self.https);
            other.host == self.host && (other.port == self.port || both_default)
        }) && !authority.contains('@')
    }

    /// Whether this is its host.
    pub fn is_named(&self, name: &str) -> bool {
        self.host.to_string().eq_ignore_ascii_case(name)
    }

    /// What `Host` says: the port only if it is not the scheme's own.
    pub fn authority(&self) -> String {
        match (self.https, self.port) {
            (false, 80) | (true, 443) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { https, host, port } = self;
        write!(f, "{}://{host}:{port}", if *https { "https" } else { "http" })
    }
}
