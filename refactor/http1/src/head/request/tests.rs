use super::{FieldKind, Framing, RequestHead};

fn parse(fields: &str) -> Result<RequestHead<'static>, u16> {
    let head = format!("POST /x HTTP/1.1\r\nHost: x\r\n{fields}\r\n").leak();
    RequestHead::parse(head.as_bytes()).map_err(|refusal| refusal.status.as_u16())
}

#[test]
fn the_framing_has_one_reading_or_none() {
    let framing = |fields| parse(fields).map(|head| head.body);
    assert_eq!(framing(""), Ok(Framing::NONE));
    assert_eq!(framing("Content-Length: 5\r\n"), Ok(Framing::Length(5)));
    assert_eq!(framing("Transfer-Encoding: Chunked\r\n"), Ok(Framing::CHUNKED));
    for (fields, status) in [
        ("Content-Length: 5\r\nContent-Length: 5\r\n", 400),
        ("Content-Length: 5\r\ncontent-length: 6\r\n", 400),
        ("Content-Length: 5, 5\r\n", 400),
        ("Content-Length: +5\r\n", 400),
        ("Content-Length: -5\r\n", 400),
        ("Content-Length: 0x5\r\n", 400),
        ("Content-Length: 5 5\r\n", 400),
        ("Content-Length: 99999999999999999999\r\n", 400),
        ("Content-Length:\r\n", 400),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked, chunked\r\n", 501),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
        ("Transfer-Encoding: identity\r\n", 501),
        ("Transfer-Encoding: xchunked\r\n", 501),
        ("Transfer-Encoding: \u{b}chunked\r\n", 400),
        ("Transfer-Encoding : chunked\r\n", 400),
        ("Transfer-Encoding\r\n : chunked\r\n", 400),
        ("X: a\r\n b\r\n", 400),
        (" X: a\r\n", 400),
        ("X: a\rb\r\n", 400),
        ("X: a\0b\r\n", 400),
        ("X\0: a\r\n", 400),
        (": a\r\n", 400),
        ("X\r\n", 400),
        ("Host: y\r\n", 400),
        ("Expect: 200-ok\r\n", 417),
    ] {
        assert_eq!(framing(fields), Err(status), "{fields:?}");
    }
}

#[test]
fn an_upgrade_leads_to_no_requests_that_are_not_seen() {
    let upgrade = |fields: &str| parse(fields).unwrap().upgrade;
    for (fields, expected) in [
        ("Connection: Upgrade\r\nUpgrade: websocket\r\n", Some(&b"websocket"[..])),
        ("Connection: keep-alive, upgrade\r\nUpgrade: a/1, b\r\n", Some(b"a/1, b")),
        ("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n", None),
        ("Connection: upgrade\r\nUpgrade: a\r\nTransfer-Encoding: chunked\r\n", None),
        ("Connection: upgrade\r\nUpgrade: a\r\nUpgrade: b\r\n", None),
        ("Connection: upgrade\r\nUpgrade: websocket, h2c\r\n", None),
        ("Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n", None),
        ("Connection: upgrade\r\nUpgrade: tls/1.2\r\n", None),
        ("Connection: upgrade\r\nUpgrade: ,\r\n", None),
        ("Connection: keep-alive\r\nUpgrade: websocket\r\n", None),
        ("Connection: upgrade\r\n", None),
    ] {
        assert_eq!(upgrade(fields), expected, "{fields:?}");
    }
}

#[test]
fn the_first_line_has_one_reading_or_none() {
    let parse = |line: &str| {
        let head = format!("{line}\r\nHost: x\r\n\r\n").leak();
        RequestHead::parse(head.as_bytes()).map_err(|refusal| refusal.status.as_u16())
    };
    for (line, target) in [
        ("GET / HTTP/1.1", "/"),
        ("GET /a?b=/c HTTP/1.0", "/a?b=/c"),
        ("GET http://y:1/a HTTP/1.1", "/a"),
        ("GET HTTP://y HTTP/1.1", "/"),
    ] {
        assert_eq!(parse(line).unwrap().target, target);
    }
    assert_eq!(parse("GET http://y:1/a HTTP/1.1").unwrap().host, "y:1");
    for (line, status) in [
        ("GET  / HTTP/1.1", 400),
        ("GET\t/ HTTP/1.1", 400),
        ("GET / HTTP/1.1 ", 400),
        ("GET / HTTP/2.0", 505),
        ("GET / HTTP/0.9", 505),
        ("GET /", 400),
        ("GET /a b HTTP/1.1", 505),
        ("GET /ä HTTP/1.1", 400),
        ("GET a HTTP/1.1", 400),
        ("OPTIONS * HTTP/1.1", 400),
        ("GET http://y@z/ HTTP/1.1", 400),
        ("GET http://y?a HTTP/1.1", 400),
        ("G(T / HTTP/1.1", 400),
    ] {
        assert_eq!(parse(line).map(|head| head.target), Err(status), "{line:?}");
    }
    for (line, host, status) in [
        ("GET http://y/ HTTP/1.1", "", Some(400)),
        ("GET http://y/ HTTP/1.1", "Host: a b\r\n", Some(400)),
        ("GET http://y/ HTTP/1.1", "Host: z\r\n", None),
        ("GET http://y/ HTTP/1.0", "", None),
        ("GET http:/// HTTP/1.1", "Host: x\r\n", Some(400)),
        ("GET http://:80/ HTTP/1.1", "Host: x\r\n", Some(400)),
        ("GET http://m:s@y/ HTTP/1.1", "Host: x\r\n", Some(400)),
        ("GET http://y:z/ HTTP/1.1", "Host: x\r\n", Some(400)),
        ("GET / HTTP/1.1", "Host: y:z\r\n", Some(400)),
        ("GET / HTTP/1.1", "Host: :80\r\n", Some(400)),
        ("GET / HTTP/1.1", "Host: m:s@y\r\n", Some(400)),
        ("GET / HTTP/1.1", "Host:\r\n", None),
        ("GET / HTTP/1.1", "Host: [::1]:80\r\n", None),
    ] {
        let head = format!("{line}\r\n{host}\r\n").leak();
        let read = RequestHead::parse(head.as_bytes()).map_err(|refusal| refusal.status.as_u16());
        assert_eq!(read.err(), status, "{line} {host}");
    }
    let long = format!("GET /{} HTTP/1.1", "x".repeat(10_240));
    assert_eq!(parse(&long).map(|head| head.target), Err(414));
}

#[test]
fn what_connection_names_ends_here() {
    let head = parse("Connection: close, X-Token,\r\nX-Token: 1\r\nX-Other: 2\r\nTE: trailers\r\n");
    let head = head.unwrap();
    let kind = |name| head.fields.iter().find(|field| field.name == name).unwrap().kind;
    assert_eq!(kind("X-Token"), FieldKind::HopByHop);
    assert_eq!(kind("TE"), FieldKind::HopByHop);
    assert_eq!(kind("X-Other"), FieldKind::EndToEnd);
    assert!(!head.keep_alive);
}

#[test]
fn what_is_for_the_service_does_not_end_here_even_if_connection_names_it() {
    for name in [
        "Authorization",
        "authorization",
        "Cookie",
        "Host",
        "Content-Length",
        "Content-Type",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Prefix",
        "Forwarded",
        "Via",
        "Banyan-Position",
        "Banyan-Read",
        "X-Banyan-Shadow",
        "If-Match",
        "Range",
        "Origin",
        "Sec-Fetch-Site",
        "Idempotency-Key",
        "Set-Cookie",
        "Location",
    ] {
        let value = if name == "Content-Length" { "5" } else { "x" };
        // `parse` writes a Host of its own.
        let field = if name == "Host" { String::new() } else { format!("{name}: {value}\r\n") };
        let head = parse(&format!("Connection: close, {name}\r\n{field}")).unwrap();
        let field = head.fields.iter().find(|field| field.name == name).unwrap();
        assert_ne!(field.kind, FieldKind::HopByHop, "{name}");
        assert_ne!(field.kind, FieldKind::Connection, "{name}");
    }
}
