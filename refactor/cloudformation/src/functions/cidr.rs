//! `Fn::Cidr`: parts of a block of addresses.

use ipnet::IpNet;

/// The most parts that can be asked for, as on AWS.
const COUNT_LIMIT: usize = 256;

/// The first `count` parts of `block`, each with `bits` bits for its hosts: of `10.0.0.0/16`, 2 and 8,
/// `10.0.0.0/24` and `10.0.1.0/24`.
///
/// # Errors
/// What each of the three has to be and is not.
pub(super) fn cidr(block: &str, count: &str, bits: &str) -> Result<Vec<String>, String> {
    let net: IpNet = block
        .parse()
        .map_err(|_invalid| format!("Fn::Cidr takes a block of addresses, not {block}"))?;
    let count =
        count.parse().ok().filter(|count| (1..=COUNT_LIMIT).contains(count)).ok_or_else(|| {
            format!("Fn::Cidr gives 1 to {COUNT_LIMIT} parts of a block, not {count}")
        })?;
    let room = net.max_prefix_len() - net.prefix_len();
    let bits: u8 = bits.parse().ok().filter(|bits| (1..=room).contains(bits)).ok_or_else(|| {
        format!("Fn::Cidr takes 1 to {room} bits for the hosts of {block}, not {bits}")
    })?;
    let parts = net.subnets(net.max_prefix_len() - bits).map_err(|error| error.to_string())?;
    let parts: Vec<_> = parts.take(count).map(|part| part.to_string()).collect();
    if parts.len() < count {
        return Err(format!("Fn::Cidr: {block} has no {count} parts with {bits} bits for hosts"));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::cidr;

    #[test]
    fn a_block_is_cut_into_parts_from_its_start() {
        let cases = [
            (("10.0.0.0/16", "3", "8"), "10.0.0.0/24 10.0.1.0/24 10.0.2.0/24"),
            (("10.0.7.9/16", "1", "5"), "10.0.0.0/27"),
            (("192.168.0.0/24", "2", "7"), "192.168.0.0/25 192.168.0.128/25"),
            (("0.0.0.0/0", "2", "31"), "0.0.0.0/1 128.0.0.0/1"),
            (("2001:db8::/56", "2", "64"), "2001:db8::/64 2001:db8:0:1::/64"),
            (("::/0", "2", "127"), "::/1 8000::/1"),
            (("::/0", "1", "128"), "::/0"),
        ];
        for ((block, count, bits), expected) in cases {
            assert_eq!(cidr(block, count, bits).unwrap().join(" "), expected, "{block}");
        }
    }

    #[test]
    fn what_a_block_does_not_hold_is_refused() {
        let cases = [
            (("10.0.0.0", "1", "8"), "takes a block of addresses, not 10.0.0.0"),
            (("10.0.0.0/33", "1", "8"), "takes a block of addresses"),
            (("10.0.0.0/16", "0", "8"), "gives 1 to 256 parts of a block, not 0"),
            (("10.0.0.0/16", "257", "1"), "gives 1 to 256 parts"),
            (("10.0.0.0/16", "1", "17"), "takes 1 to 16 bits for the hosts of 10.0.0.0/16, not 17"),
            (("10.0.0.0/32", "1", "1"), "takes 1 to 0 bits"),
            (("10.0.0.0/23", "3", "8"), "10.0.0.0/23 has no 3 parts with 8 bits for hosts"),
        ];
        for ((block, count, bits), expected) in cases {
            let said = cidr(block, count, bits).unwrap_err();
            assert!(said.contains(expected), "{said}");
        }
    }
}
