//! The client of a request, and how it asked: the one place that decides it.
//!
//! A proxy in front adds to `X-Forwarded-For` the address from which it was asked, and says in `X-Forwarded-Proto`,
//! `-Host` and `-Port` what was asked for; or it says all that in `Forwarded` (RFC 7239). This is believed from trusted
//! peers only. The client is then the last address of the list that is not trusted itself: what stands before it, the
//! client may have written. The other lists are read at the same place, counted from the end, since a proxy may add to
//! them too.
//!
//! If a trusted peer sends `X-Forwarded-For`, `Forwarded` is not believed: many proxies write the first and pass the
//! other on from the client.

mod rfc7239;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http1::{FieldKind, RequestHead};
use runtime::{TrustedProxies, is_authority};

use rfc7239::Element;

/// The client of a request, and how it asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Downstream<'a> {
    /// The address of the client.
    pub client: IpAddr,
    /// The address from which the connection comes: that of the client, or of a proxy in front.
    pub peer: IpAddr,
    /// Whether the client asked by https.
    pub https: bool,
    /// The host that it asked for, perhaps with a port. Empty if it named none (HTTP/1.0).
    pub host: Cow<'a, str>,
    /// The port that it asked.
    pub port: u16,
    /// Whether `X-Forwarded-Port` says so.
    port_is_said: bool,
    /// The fields that say all this, from the peer.
    pub said: ForwardedFields,
}

/// In which fields a peer says how a request came, as far as it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardedFields {
    /// In none.
    Nothing,
    /// In `X-Forwarded-*`.
    Extended,
    /// In `Forwarded`.
    Standard,
}

impl<'a> Downstream<'a> {
    /// The client of a request that came from `peer` to `port`, perhaps by `https`.
    pub fn of(
        trusted: &TrustedProxies,
        peer: IpAddr,
        (https, port): (bool, u16),
        head: &RequestHead<'a>,
    ) -> Self {
        let peer = peer.to_canonical();
        let direct = Self {
            client: peer,
            peer,
            https,
            host: Cow::Borrowed(head.host),
            port,
            port_is_said: false,
            said: ForwardedFields::Nothing,
        };
        if !trusted.contain(peer) {
            return direct;
        }
        let has = |kind| head.first(kind).is_some();
        if has(FieldKind::Forwarded) && !has(FieldKind::ForwardedFor) {
            direct.standard(trusted, head)
        } else {
            direct.extended(trusted, head)
        }
    }

    /// The host with the port with which the client can ask again. A client leaves the port out if it is the scheme's own.
    pub fn authority(&self) -> Cow<'_, str> {
        let bare = self.port_is_said && port_of(&self.host).is_none();
        if bare && self.port != default_port(self.https) {
            Cow::Owned(format!("{}:{}", self.host, self.port))
        } else {
            Cow::Borrowed(&self.host)
        }
    }

    /// The member of `Forwarded` that says to the service what this says.
    pub fn element(&self) -> String {
        match self.said {
            // What stands before it says the rest.
            ForwardedFields::Standard => rfc7239::node(self.peer),
            ForwardedFields::Nothing | ForwardedFields::Extended => {
                rfc7239::element(self.client, &self.host, self.https)
            }
        }
    }

    /// What `X-Forwarded-*` says.
    fn extended(self, trusted: &TrustedProxies, head: &RequestHead<'a>) -> Self {
        let hops: Vec<_> = members(head, FieldKind::ForwardedFor).collect();
        let addresses = hops.iter().rev().map_while(|hop| address(hop));
        let (client, depth) = last_untrusted(trusted, addresses).unwrap_or((self.client, 0));
        let said = |kind| {
            let all: Vec<_> = members(head, kind).collect();
            all.len().checked_sub(1).and_then(|last| all.get(last.saturating_sub(depth)).copied())
        };
        let https = said(FieldKind::ForwardedProto).and_then(is_https);
        let host = said(FieldKind::ForwardedHost).filter(|host| is_authority(host));
        let port = said(FieldKind::ForwardedPort).and_then(|port| port.parse().ok());
        let port = port.filter(|port| *port != 0);
        self.with(client, https, host.map(Cow::Borrowed), port, ForwardedFields::Extended)
    }

    /// What `Forwarded` says.
    fn standard(self, trusted: &TrustedProxies, head: &RequestHead<'_>) -> Self {
        let fields = head.fields.iter().filter(|field| field.kind == FieldKind::Forwarded);
        // A field that cannot be read hides those before it: which proxy wrote what is not known any more.
        let mut elements = Vec::new();
        for field in fields {
            match std::str::from_utf8(field.value).ok().and_then(rfc7239::elements) {
                Some(read) => elements.extend(read),
                None => elements.clear(),
            }
        }
        let addresses =
            elements.iter().rev().map_while(|element| address(element.node.as_deref()?));
        let found = last_untrusted(trusted, addresses);
        let (client, depth) = found.unwrap_or((self.client, 0));
        let place = elements.len().checked_sub(depth + 1);
        let element = place.map(|place| elements.swap_remove(place)).unwrap_or_default();
        let Element { host, proto, .. } = element;
        let host = host.filter(|host| is_authority(host));
        let https = proto.as_deref().and_then(is_https);
        self.with(client, https, host.map(Cow::Owned), None, ForwardedFields::Standard)
    }

    fn with(
        self,
        client: IpAddr,
        https: Option<bool>,
        host: Option<Cow<'a, str>>,
        port: Option<u16>,
        said: ForwardedFields,
    ) -> Self {
        let (host, port_is_said) = (host.unwrap_or(self.host), port.is_some());
        // A proxy that says the scheme, and no port, was asked at the scheme's own.
        let port = port.or_else(|| port_of(&host)).or_else(|| https.map(default_port));
        Self {
            client,
            https: https.unwrap_or(self.https),
            port: port.unwrap_or(self.port),
            port_is_said,
            host,
            said,
            ..self
        }
    }
}

/// The address of the client, and its place from the end: the first that is not trusted, or else the last one.
fn last_untrusted(
    trusted: &TrustedProxies,
    from_the_end: impl Iterator<Item = IpAddr>,
) -> Option<(IpAddr, usize)> {
    let mut last = None;
    for (depth, ip) in from_the_end.enumerate() {
        last = Some((ip, depth));
        if !trusted.contain(ip) {
            break;
        }
    }
    last
}

/// The members of all fields of a kind, in their order. One that is not UTF-8 is empty, which nothing reads.
fn members<'a>(head: &RequestHead<'a>, kind: FieldKind) -> impl Iterator<Item = &'a str> {
    let fields = head.fields.iter().filter(move |field| field.kind == kind);
    fields
        .flat_map(|field| field.value.split(|byte| *byte == b','))
        .map(|member| std::str::from_utf8(member).unwrap_or_default().trim())
}

/// The address of a hop. Some proxies add its port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let ip = bare.parse().ok().or_else(|| hop.parse().ok().map(|hop: SocketAddr| hop.ip()));
    ip.map(|ip| ip.to_canonical())
}

fn is_https(scheme: &str) -> Option<bool> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => Some(true),
        _ if scheme.eq_ignore_ascii_case("http") => Some(false),
        _ => None,
    }
}

fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

/// The port that an authority names.
fn port_of(authority: &str) -> Option<u16> {
    let host = authority.rfind(']').unwrap_or_default();
    let (_, port) = authority.get(host..)?.rsplit_once(':')?;
    port.parse().ok()
}

/// The host of an authority.
pub(crate) fn host_of(authority: &str) -> &str {
    match port_of(authority) {
        Some(_) => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
        None => authority,
    }
}

#[cfg(test)]
mod tests;
