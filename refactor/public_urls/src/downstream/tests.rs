use std::net::IpAddr;

use http1::RequestHead;

use super::{Downstream, ForwardedFields};

/// A request from an address, with these fields.
fn asked(peer: &str, fields: &str) -> Downstream<'static> {
    let trusted = "10.0.0.0/8,::1".parse().unwrap();
    let head = format!("GET / HTTP/1.1\r\nHost: board:81\r\n{fields}\r\n").leak();
    let head = RequestHead::parse(head.as_bytes()).unwrap();
    Downstream::of(&trusted, peer.parse().unwrap(), (false, 8080), &head)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn what_an_unknown_peer_says_is_not_believed() {
    for fields in [
        "",
        "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n",
        "Forwarded: for=1.1.1.1;host=evil;proto=https\r\n",
    ] {
        let found = asked("192.0.2.1", fields);
        let said = (found.client, found.https, &*found.host, found.port, found.said);
        assert_eq!(
            said,
            (ip("192.0.2.1"), false, "board:81", 8080, ForwardedFields::Nothing),
            "{fields}"
        );
    }
}

#[test]
fn the_client_is_the_last_address_that_is_not_trusted() {
    for (list, client) in [
        ("192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
        ("6.6.6.6, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("6.6.6.6,192.0.2.1 ,10.0.0.2,::1", "192.0.2.1"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("192.0.2.1:5000", "192.0.2.1"),
        ("[2001:db8::1]:5000", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, unknown", "10.0.0.1"),
        ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("192.0.2.1,", "10.0.0.1"),
        ("", "10.0.0.1"),
    ] {
        let found = asked("10.0.0.1", &format!("X-Forwarded-For: {list}\r\n"));
        assert_eq!(found.client, ip(client), "{list}");
        assert_eq!((found.peer, &*found.host), (ip("10.0.0.1"), "board:81"));
    }
    let two = "X-Forwarded-For: 6.6.6.6, 192.0.2.1\r\nX-Forwarded-For: 10.0.0.2\r\n";
    assert_eq!(asked("::ffff:10.0.0.1", two).client, ip("192.0.2.1"));
    let forwarded =
        "Forwarded: for=6.6.6.6, for=\"[2001:db8::1]:7\"\r\nForwarded: for=10.0.0.2\r\n";
    let found = asked("::1", forwarded);
    assert_eq!((found.client, found.said), (ip("2001:db8::1"), ForwardedFields::Standard));
}

#[test]
fn scheme_host_and_port_stand_at_the_place_of_the_client() {
    let hops = "X-Forwarded-For: 192.0.2.1, 10.0.0.2\r\n";
    for (fields, expected) in [
        ("X-Forwarded-Proto: https\r\n", (true, "board:81", 81)),
        (
            "X-Forwarded-Proto: HTTPS\r\nX-Forwarded-Host: www.example.com\r\n",
            (true, "www.example.com", 443),
        ),
        (
            "X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: a, b\r\nX-Forwarded-Port: 443, 80\r\n",
            (true, "a", 443),
        ),
        (
            "X-Forwarded-Proto: gopher, https, http\r\nX-Forwarded-Host: evil, a, b\r\n",
            (true, "a", 443),
        ),
        ("X-Forwarded-Host: a\r\nX-Forwarded-Port: 8443\r\n", (false, "a", 8443)),
        ("X-Forwarded-Host: [::2]\r\nX-Forwarded-Port: 8443\r\n", (false, "[::2]", 8443)),
        ("X-Forwarded-Host: a:90\r\nX-Forwarded-Port: 8443\r\n", (false, "a:90", 8443)),
        ("X-Forwarded-Proto: gopher\r\nX-Forwarded-Port: 0\r\n", (false, "board:81", 81)),
        ("X-Forwarded-Host: a/b\r\nX-Forwarded-Port: 65536\r\n", (false, "board:81", 81)),
        ("X-Forwarded-Host: m@a\r\n", (false, "board:81", 81)),
    ] {
        let found = asked("10.0.0.1", &format!("{hops}{fields}"));
        assert_eq!((found.https, &*found.host, found.port), expected, "{fields}");
        assert_eq!(found.client, ip("192.0.2.1"));
    }
    let found = asked(
        "::1",
        "Forwarded: for=6.6.6.6;host=evil, for=192.0.2.1;host=\"a:444\";proto=https, for=10.0.0.2;proto=http\r\n",
    );
    assert_eq!(
        (found.client, found.https, &*found.host, found.port),
        (ip("192.0.2.1"), true, "a:444", 444)
    );
}

#[test]
fn a_standard_field_beside_the_common_one_is_the_clients_own() {
    let found = asked(
        "10.0.0.1",
        "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=6.6.6.6;proto=https;host=evil\r\n",
    );
    assert_eq!((found.client, found.https, &*found.host), (ip("192.0.2.1"), false, "board:81"));
    assert_eq!(found.element(), "for=192.0.2.1;host=\"board:81\";proto=http");
    let broken = asked("10.0.0.1", "Forwarded: for=6.6.6.6\r\nForwarded: for=\"1\r\n");
    assert_eq!((broken.client, broken.said), (ip("10.0.0.1"), ForwardedFields::Standard));
}

#[test]
fn a_client_asks_again_with_the_port_that_it_used() {
    for (fields, authority) in [
        ("", "board:81"),
        ("X-Forwarded-Host: a\r\nX-Forwarded-Port: 8443\r\n", "a:8443"),
        ("X-Forwarded-Host: a:90\r\nX-Forwarded-Port: 8443\r\n", "a:90"),
        ("X-Forwarded-Host: [::2]\r\nX-Forwarded-Port: 8443\r\n", "[::2]:8443"),
        ("X-Forwarded-Host: a\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Proto: https\r\n", "a"),
        ("X-Forwarded-Host: a\r\nX-Forwarded-Port: 80\r\n", "a"),
        ("X-Forwarded-Host: a\r\n", "a"),
    ] {
        assert_eq!(asked("10.0.0.1", fields).authority(), authority, "{fields}");
    }
}
