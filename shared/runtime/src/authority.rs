//! The host and port that a request is for.

use std::net::Ipv6Addr;

/// Whether this is the authority of an http URL (RFC 9110, 4.2; RFC 3986, 3.2): a host that is not empty, a port or
/// none, and no user information.
pub fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if is_address(address) => (address, port),
            _ => return false,
        },
        None => {
            let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            if !is_name(host) {
                return false;
            }
            (host, port)
        }
    };
    !host.is_empty() && is_port(port)
}

/// Nothing, or a colon and a number; RFC 3986 lets the number be absent.
fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        None => text.is_empty(),
        Some("") => true,
        Some(digits) => {
            digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        }
    }
}

/// What stands between brackets; the grammar's addresses of the future have none.
fn is_address(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// A registered name, or an address of IPv4. The grammar allows a comma (RFC 3986, 3.2.2), which some programs take for the
/// end of a list's first member.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let hexadecimal = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
        let taken = match byte {
            b'%' => hexadecimal(bytes.next()) && hexadecimal(bytes.next()),
            byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(&byte),
        };
        if !taken {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_authority;

    #[test]
    fn a_host_has_one_form() {
        for text in ["a", "a:80", "a:", "a.b-c_d.", "1.2.3.4:65535", "[::1]", "[::1]:80", "a%20b"] {
            assert!(is_authority(text), "{text}");
        }
        for text in [
            "", ":80", "a:x", "a:65536", "a:+80", "a:8 0", "a b", "m:s@a", "m@a", "::1", "[::1",
            "[]", "a,b", "[a]", "[::1]x", "a/b", "a%2", "a%zz", "a:80:90", "ä",
        ] {
            assert!(!is_authority(text), "{text}");
        }
    }
}
