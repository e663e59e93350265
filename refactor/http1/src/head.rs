//! Heads of requests and answers (RFC 9112, 2 to 6), read so strictly that no two programs can take
//! them for different ones.

mod answer;
mod request;
mod scan;

pub use answer::{ResponseHead, Status, interim};
pub use request::{RequestHead, Version};
pub use scan::{Ending, Scan};

/// One field of a head, and what it means to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderField<'a> {
    /// What it means.
    pub kind: FieldKind,
    /// Its name, as it was sent.
    pub name: &'a str,
    /// Its value, without the blanks around it.
    pub value: &'a [u8],
}

/// What a proxy does with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Goes on as it is.
    EndToEnd,
    /// Ends here (RFC 9110, 7.6.1).
    HopByHop,
    /// Names what ends here (RFC 9110, 7.6.1).
    Connection,
    /// The length of the body (RFC 9110, 8.6).
    ContentLength,
    /// Several are joined to one (RFC 9113, 8.2.3).
    Cookie,
    /// When the message was made (RFC 9110, 6.6.1).
    Date,
    /// What the client waits for (RFC 9110, 10.1.1).
    Expect,
    /// `Forwarded`: how the request came (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For`: the addresses that the request came from.
    ForwardedFor,
    /// `X-Forwarded-Host`: the host that the client asked for.
    ForwardedHost,
    /// `X-Forwarded-Port`: the port that it asked.
    ForwardedPort,
    /// `X-Forwarded-Proto`: the scheme that it asked by.
    ForwardedProto,
    /// The host that the client asked for (RFC 9110, 7.2).
    Host,
    /// How long an idle connection stays (RFC 2068, 19.7.1.1).
    KeepAlive,
    /// Names the primary of the collection. Only services and the proxy exchange it.
    Primary,
    /// Says how far a service has come, or how far it must have come for the client.
    Position,
    /// Names URLs of the program that sends an answer: `Location`, `Content-Location`, `Link`, `Refresh`, `Set-Cookie`.
    Reference,
    /// `X-Request-Id`: the name of the request in logs.
    RequestId,
    /// The place of the request in a trace (W3C Trace Context, 3.2).
    TraceParent,
    /// How the body is framed (RFC 9112, 6.1).
    TransferEncoding,
    /// The protocols that the client would like, or the one that the service goes on with (RFC 9110, 7.8).
    Upgrade,
    /// The proxies on the way (RFC 9110, 7.6.3).
    Via,
}

impl FieldKind {
    fn of(name: &str) -> Self {
        const NAMES: [&[(&str, FieldKind)]; 20] = [
            &[],
            &[],
            &[("te", FieldKind::HopByHop)],
            &[("via", FieldKind::Via)],
            &[("host", FieldKind::Host), ("date", FieldKind::Date), ("link", FieldKind::Reference)],
            &[],
            &[("cookie", FieldKind::Cookie), ("expect", FieldKind::Expect)],
            &[
                ("upgrade", FieldKind::Upgrade),
                ("trailer", FieldKind::HopByHop),
                ("refresh", FieldKind::Reference),
            ],
            &[("location", FieldKind::Reference)],
            &[("forwarded", FieldKind::Forwarded)],
            &[
                ("connection", FieldKind::Connection),
                ("keep-alive", FieldKind::KeepAlive),
                ("set-cookie", FieldKind::Reference),
            ],
            &[("traceparent", FieldKind::TraceParent)],
            &[("x-request-id", FieldKind::RequestId)],
            &[],
            &[
                ("content-length", FieldKind::ContentLength),
                ("http2-settings", FieldKind::HopByHop),
                // The names of `replication::headers`, which the proxy does not depend on.
                ("banyan-primary", FieldKind::Primary),
            ],
            &[
                ("x-forwarded-for", FieldKind::ForwardedFor),
                ("banyan-position", FieldKind::Position),
            ],
            &[
                ("x-forwarded-host", FieldKind::ForwardedHost),
                ("x-forwarded-port", FieldKind::ForwardedPort),
                ("proxy-connection", FieldKind::HopByHop),
                ("content-location", FieldKind::Reference),
            ],
            &[
                ("transfer-encoding", FieldKind::TransferEncoding),
                ("x-forwarded-proto", FieldKind::ForwardedProto),
            ],
            &[("proxy-authenticate", FieldKind::HopByHop)],
            &[("proxy-authorization", FieldKind::HopByHop)],
        ];
        let same_length = NAMES.get(name.len()).copied().unwrap_or_default();
        let known = same_length.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or(Self::EndToEnd, |(_, kind)| *kind)
    }

    /// Whether a field of an answer is sent on.
    #[inline]
    pub fn goes_to_clients(self) -> bool {
        use FieldKind::{Cookie, Date, EndToEnd, Position, Reference, RequestId, Via};
        matches!(self, EndToEnd | Cookie | Date | Position | Reference | RequestId | Via)
    }
}

/// Fields that are for the last recipient, whatever `Connection` says: a sender must not name them there (RFC 9110,
/// 7.6.1), and a proxy that dropped them would change what a request means. One that ends in `-` stands for all that begin
/// so.
const NEVER_NAMED: [&str; 42] = [
    "accept",
    "accept-",
    "access-control-",
    "age",
    "allow",
    "authentication-info",
    "authorization",
    "baggage",
    "banyan-",
    "cache-control",
    "clear-site-data",
    "content-",
    "digest",
    "etag",
    "expires",
    "from",
    "idempotency-key",
    "if-",
    "last-modified",
    "max-forwards",
    "origin",
    "pragma",
    "prefer",
    "priority",
    "range",
    "referer",
    "retry-after",
    "sec-",
    "server",
    "strict-transport-security",
    "tracestate",
    "user-agent",
    "vary",
    "www-authenticate",
    "x-api-key",
    "x-banyan-",
    "x-content-type-options",
    "x-csrf-token",
    "x-forwarded-",
    "x-frame-options",
    "x-http-method-override",
    "x-real-ip",
];

/// Whether `Connection` may name a field.
fn may_be_named(option: &[u8]) -> bool {
    let option = option.to_ascii_lowercase();
    !NEVER_NAMED.iter().any(|name| match name.strip_suffix('-') {
        Some(_) => option.starts_with(name.as_bytes()),
        None => option == name.as_bytes(),
    })
}

/// The fields of a head, classified; what `Connection` names ends here too.
fn classify<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<HeaderField<'a>> {
    let mut fields: Vec<_> = fields
        .map(|(name, value)| HeaderField { kind: FieldKind::of(name), name, value })
        .collect();
    for index in 0..fields.len() {
        let Some(HeaderField { kind: FieldKind::Connection, value, .. }) =
            fields.get(index).copied()
        else {
            continue;
        };
        let options = list(value).filter(|option| !is_persistence(option));
        for option in options.filter(|option| may_be_named(option)) {
            for field in &mut fields {
                if field.kind == FieldKind::EndToEnd
                    && option.eq_ignore_ascii_case(field.name.as_bytes())
                {
                    field.kind = FieldKind::HopByHop;
                }
            }
        }
    }
    fields
}

fn is_persistence(option: &[u8]) -> bool {
    option.eq_ignore_ascii_case(b"close") || option.eq_ignore_ascii_case(b"keep-alive")
}

/// The members of a comma-separated list (RFC 9110, 5.6.1).
fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// Whether `Connection` holds an option.
fn connection_has(fields: &[HeaderField<'_>], option: &[u8]) -> bool {
    let options = fields.iter().filter(|field| field.kind == FieldKind::Connection);
    options.flat_map(|field| list(field.value)).any(|given| given.eq_ignore_ascii_case(option))
}

/// A length in bytes: decimal digits and nothing else (RFC 9110, 8.6).
fn decimal(value: &[u8]) -> Option<u64> {
    if !(1..=18).contains(&value.len()) {
        return None;
    }
    value.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
    })
}
