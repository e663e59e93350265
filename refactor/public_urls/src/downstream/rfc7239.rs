//! The field `Forwarded` (RFC 7239, 4).

use std::net::IpAddr;

/// What one proxy says of the request that it got.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// `for`: the address from which it was asked, perhaps with a port; or a word that hides it.
    pub(crate) node: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) proto: Option<String>,
}

/// The elements of a field; nothing if it does not follow the grammar.
pub(crate) fn elements(value: &str) -> Option<Vec<Element>> {
    let mut elements = vec![Element::default()];
    let mut rest = value.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value_of(after)?;
        let element = elements.last_mut()?;
        let place = match name.trim().to_ascii_lowercase().as_str() {
            "for" => Some(&mut element.node),
            "host" => Some(&mut element.host),
            "proto" => Some(&mut element.proto),
            name if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => None,
            _ => return None,
        };
        if place.is_some_and(|place| place.replace(value).is_some()) {
            return None;
        }
        let after = after.trim_start();
        rest = match after.as_bytes().first() {
            None => "",
            Some(b';') => after.get(1..)?.trim_start(),
            Some(b',') => {
                elements.push(Element::default());
                after.get(1..)?.trim_start()
            }
            Some(_) => return None,
        };
    }
    Some(elements)
}

/// The value that begins here, a token or a quoted string, and what follows it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',', ' ', '\t']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        // Many write addresses with colons and brackets without the quotes that they need.
        return (!token.is_empty() && !token.contains('"')).then(|| (token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    loop {
        match characters.next()? {
            (end, '"') => return Some((value, quoted.get(end + 1..)?)),
            (_, '\\') => value.push(characters.next()?.1),
            (_, character) => value.push(character),
        }
    }
}

/// An element that names the address from which a request came.
pub(crate) fn node(client: IpAddr) -> String {
    match client {
        IpAddr::V4(ip) => format!("for={ip}"),
        IpAddr::V6(ip) => format!("for=\"[{ip}]\""),
    }
}

/// An element that says how a request came.
pub(crate) fn element(client: IpAddr, host: &str, https: bool) -> String {
    let node = node(client);
    let proto = if https { "https" } else { "http" };
    if host.is_empty() {
        format!("{node};proto={proto}")
    } else {
        format!("{node};host=\"{host}\";proto={proto}")
    }
}

#[cfg(test)]
mod tests {
    use super::{element, elements};

    #[test]
    fn elements_are_read_as_the_standard_writes_them() {
        // RFC 7239, 4 and 6.
        for (value, expected) in [
            ("for=\"_gazonk\"", vec![(Some("_gazonk"), None, None)]),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                vec![(Some("[2001:db8:cafe::17]:4711"), None, None)],
            ),
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                vec![(Some("192.0.2.60"), None, Some("http"))],
            ),
            (
                "for=192.0.2.43, for=198.51.100.17",
                vec![(Some("192.0.2.43"), None, None), (Some("198.51.100.17"), None, None)],
            ),
            (
                "host=\"a,b;\\\"c\" ; proto=https ,for=x",
                vec![(None, Some("a,b;\"c"), Some("https")), (Some("x"), None, None)],
            ),
        ] {
            let read = elements(value).unwrap_or_else(|| panic!("{value}"));
            let read: Vec<_> = read
                .iter()
                .map(|one| (one.node.as_deref(), one.host.as_deref(), one.proto.as_deref()))
                .collect();
            assert_eq!(read, expected, "{value}");
        }
        for value in ["for", "for=\"a", "for=a for=b", "for=a;for=b", "f(r=a", "for=a\"b", "for="] {
            assert_eq!(elements(value), None, "{value}");
        }
    }

    #[test]
    fn an_element_is_written_as_it_is_read() {
        let written = element("2001:db8::1".parse().unwrap(), "www.example.com:8443", true);
        assert_eq!(written, "for=\"[2001:db8::1]\";host=\"www.example.com:8443\";proto=https");
        let read = elements(&written).unwrap();
        assert_eq!(read[0].node.as_deref(), Some("[2001:db8::1]"));
        assert_eq!(element("10.0.0.1".parse().unwrap(), "", false), "for=10.0.0.1;proto=http");
    }
}
