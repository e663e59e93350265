//! The URLs of a service as its clients know them.
//!
//! A client asks for `/stage/login` and the service gets `/login`, at an address that no client needs to know. If the
//! service then names one of its own URLs, as in a redirect, its client has to get the URL by which it can ask the proxy.
//! What does not name the service stays as it is:
//!
//! - A URL names the service if it has the host and port of the service's URL, or those that the client asked for: many
//!   programs take them from `Host` or `X-Forwarded-Host`. A path names it if it is below the path of the service's URL.
//! - If the service's URL has no path, a path that is below the client's own already stays: the service knows it.
//! - Relative paths stay: they lead to the same place on both sides. One exception is a request for nothing but the
//!   stage, which has no slash at its end.

mod fields;

use std::borrow::Cow;

use crate::downstream::{Downstream, host_of};
use crate::origin::Origin;

pub use fields::public_fields;

/// How URLs of a service and of a client belong together in one exchange.
#[derive(Debug)]
pub struct PublicUrls<'a> {
    upstream: &'a Origin,
    /// The path of the service, without a slash at its end.
    base: &'a str,
    /// What the client asks for in its place, without a slash at its end.
    prefix: String,
    /// Whether the client asked for no more than that.
    bare: bool,
    downstream: &'a Downstream<'a>,
}

impl<'a> PublicUrls<'a> {
    /// Those of a request below this stage for `path`, which is empty or begins with a slash. `matched` bytes of it are taken
    /// away on the way to the service. `base` is the path of the service's URL, without a slash at its end.
    pub fn new(
        stage: &str,
        path: &str,
        matched: usize,
        (upstream, base): (&'a Origin, &'a str),
        downstream: &'a Downstream<'a>,
    ) -> Self {
        let (taken, rest) = path.split_at_checked(matched).unwrap_or_default();
        let slash = if stage.is_empty() { "" } else { "/" };
        Self {
            upstream,
            base,
            prefix: [slash, stage, taken].concat(),
            bare: rest.is_empty(),
            downstream,
        }
    }

    /// A reference (RFC 3986, 4.1) as the client can follow it; nothing if it stays as it is.
    fn reference(&self, text: &str) -> Option<String> {
        if let Some(rest) = text.strip_prefix("//") {
            return self.absolute(None, rest);
        }
        let end = text.find([':', '/', '?', '#']).unwrap_or(text.len());
        match text.split_at(end) {
            ("", rest) if rest.starts_with('/') => self.path(text),
            (scheme, rest) if rest.starts_with(':') => {
                let https = scheme.eq_ignore_ascii_case("https");
                let known = https || scheme.eq_ignore_ascii_case("http");
                self.absolute(known.then_some(https), rest.strip_prefix("://").filter(|_| known)?)
            }
            // The service was asked for its root, and so a path is relative to that.
            (name, _) if !name.is_empty() && self.bare && self.base.is_empty() => {
                self.path(&format!("/{text}"))
            }
            _ => None,
        }
    }

    /// A URL whose authority begins here; without a scheme it has that of the page.
    fn absolute(&self, https: Option<bool>, rest: &str) -> Option<String> {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let path =
            if tail.starts_with('/') { Cow::Borrowed(tail) } else { format!("/{tail}").into() };
        let is_said = |https: bool| if https { "https:" } else { "http:" };
        if self.upstream.has(authority, https.unwrap_or(self.upstream.https)) {
            let path = self.path(&path).unwrap_or(path.into_owned());
            let own = self.downstream.https;
            // A service that asks for another scheme than its own means the client's.
            let wanted = https.map(|https| if https == self.upstream.https { own } else { https });
            let authority = match wanted {
                Some(wanted) if wanted != own => host_of(&self.downstream.host).into(),
                _ => self.downstream.authority(),
            };
            return Some(match wanted.map(is_said) {
                _ if authority.is_empty() => one_slash(path),
                scheme => format!("{}//{authority}{path}", scheme.unwrap_or_default()),
            });
        }
        let path = self.path(&path).filter(|_| self.is_public(authority))?;
        Some(format!("{}//{authority}{path}", https.map(is_said).unwrap_or_default()))
    }

    /// Whether the client asked for this authority.
    fn is_public(&self, authority: &str) -> bool {
        let host = &*self.downstream.host;
        let own = [host, &*self.downstream.authority(), host_of(host)];
        !host.is_empty() && own.iter().any(|own| own.eq_ignore_ascii_case(authority))
    }

    /// A path from a slash on, perhaps with a query and a fragment, as the client asks for it; nothing if it is not below
    /// the service's.
    fn path(&self, text: &str) -> Option<String> {
        if self.base.is_empty() && is_below(text, &self.prefix) {
            return None;
        }
        let rest = text.strip_prefix(self.base).filter(|_| is_below(text, self.base))?;
        let slash = if self.prefix.is_empty() && !rest.starts_with('/') { "/" } else { "" };
        Some(one_slash([&*self.prefix, slash, rest].concat()))
    }

    /// The path of a cookie. That of the whole service becomes that of all that the client can ask it for.
    fn cookie_path(&self, text: &str) -> Option<String> {
        match text {
            "/" if self.base.is_empty() && !self.prefix.is_empty() => Some(self.prefix.clone()),
            "/" => None,
            path if path.starts_with('/') => self.path(path),
            _ => None,
        }
    }

    /// The domain of a cookie.
    fn cookie_domain(&self, text: &str) -> Option<&str> {
        let name = text.strip_prefix('.').unwrap_or(text);
        let host = host_of(&self.downstream.host);
        (self.upstream.is_named(name) && !host.is_empty()).then_some(host)
    }
}

/// The same path with one slash at its beginning: two would begin the name of another host.
fn one_slash(path: String) -> String {
    if path.starts_with("//") { format!("/{}", path.trim_start_matches('/')) } else { path }
}

/// Whether a path, perhaps with a query and a fragment, is another one or below it.
fn is_below(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

#[cfg(test)]
mod tests;
