//! Writing HTTP/1.1 (RFC 9112).

use std::io::Write;
use std::net::IpAddr;

/// Writes one line of a head.
#[inline]
pub fn write_field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Writes one line of a head with all of these values, if there are any.
pub fn write_joined<'a>(
    out: &mut Vec<u8>,
    name: &str,
    separator: &str,
    values: impl IntoIterator<Item = &'a [u8]>,
) {
    let mut before: &[&str] = &[name, ": "];
    for value in values {
        before.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        out.extend_from_slice(value);
        before = std::slice::from_ref(&separator);
    }
    if before.len() == 1 {
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes one chunk (RFC 9112, 7.1); an empty one would end the body.
pub fn write_chunk(out: &mut Vec<u8>, content: &[u8]) {
    // Nothing that is written to a vector fails.
    let _ = write!(out, "{:x}\r\n", content.len());
    out.extend_from_slice(content);
    out.extend_from_slice(b"\r\n");
}

/// Writes an IP address as the standard library does.
pub fn write_address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            write_number(out, first.into());
            for part in rest {
                out.push(b'.');
                write_number(out, part.into());
            }
        }
        // Nothing that is written to a vector fails.
        IpAddr::V6(address) => drop(write!(out, "{address}")),
    }
}

/// Writes a number in decimal digits.
pub fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{write_address, write_chunk, write_number};

    #[test]
    fn numbers_and_chunks_are_written_as_everybody_reads_them() {
        for number in [0, 7, 10, 200, 65_536, u64::MAX] {
            let mut out = Vec::new();
            write_number(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
        for address in ["0.0.0.0", "10.255.1.20", "::1", "2001:db8::7", "::ffff:10.0.0.1"] {
            let mut out = Vec::new();
            write_address(&mut out, address.parse().unwrap());
            assert_eq!(out, address.as_bytes());
        }
        let mut out = Vec::new();
        write_chunk(&mut out, &[b'x'; 26]);
        assert_eq!(out, b"1a\r\nxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
    }
}
