//! Tells the clients of requests apart.

use std::net::IpAddr;

use http1::{HeaderField, RequestHead};

use crate::ownership::{ClientKeys, Writes};

/// The client, as far as the request identifies it: by its `address` and user agent, and by each credential that it
/// shows; for one port of the proxy and one first segment of the path.
pub(super) fn client(
    writes: &Writes,
    address: IpAddr,
    port: u16,
    segment: &str,
    head: &RequestHead<'_>,
) -> ClientKeys {
    let address = match address.to_canonical() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    };
    let port = port.to_be_bytes();
    let fields = &head.fields;
    let named = |name: &'static str| {
        let named = move |field: &&HeaderField<'_>| field.name.eq_ignore_ascii_case(name);
        // The empty part keeps the values of one name from those of the next.
        fields.iter().filter(named).map(|field| field.value).chain([&b""[..]])
    };
    let about = [&port[..], segment.as_bytes()];
    let place = about.into_iter().chain([&address[..]]).chain(named("user-agent"));
    let place = writes.key(place);
    let shown = |name: &'static str| {
        let is_shown = fields.iter().any(|field| field.name.eq_ignore_ascii_case(name));
        let parts = || about.into_iter().chain([name.as_bytes()]).chain(named(name));
        is_shown.then(|| writes.key(parts()))
    };
    [Some(place), shown("authorization"), shown("cookie")]
}
