use std::net::Ipv4Addr;

use super::{Config, VARIABLES};

fn read(environment: &[(&str, &str)]) -> Result<Config, String> {
    let owned = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read(owned).map_err(|errors| errors.to_string())
}

#[test]
fn the_page_for_applications_has_a_row_for_each_variable() {
    let page = include_str!("../../../docs/your-application.md");
    let rows = |name: &str| {
        let row = format!("| `{name}` |");
        page.lines().filter(|line| line.starts_with(&row)).count()
    };
    let wrong = VARIABLES.iter().map(|variable| variable.name).filter(|name| rows(name) != 1);
    assert_eq!(wrong.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_empty_environment_is_enough() {
    let config = read(&[]).unwrap();
    assert_eq!(config.applications.to_string(), "127.0.0.1:8080");
    assert_eq!((config.control.host, config.control.port), (Ipv4Addr::LOCALHOST.into(), 9080));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let error = read(&[
        ("HOST", "localhost"),
        ("CONTROL_PORT", "x"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("PUBLIC_HOSTS", "http://www.example.com"),
        ("METRICS_HOST", "::1"),
        ("MONOLITH_URL", "http://127.0.0.1:3000/v1"),
        ("MOVE_TOKEN", "too short"),
        ("MOVE_TARGETS", "users"),
        ("CONTROL_KEYS", "{\"accessKeyId\": \"A\", \"secretAccessKey\": \"hunter2\"}"),
        ("CONTROL_DATABASE_SECRET", "{}"),
        ("FIRST_BYTE_MS", "29s"),
        ("IDLE_MS", "0"),
        ("REQUEST_HEADER_BYTES", "64k"),
        ("ANSWER_HEADER_BYTES", "1023"),
        ("BANYAN_MAX_ROUTES", "0"),
        ("BANYAN_MAX_ROUTE", "1"),
    ]);
    let error = error.unwrap_err();
    let names = [
        "BANYAN_MAX_ROUTE: is unknown",
        "HOST=",
        "CONTROL_PORT=",
        "METRICS_HOST:",
        "BANYAN_MAX_ROUTES=",
        "FIRST_BYTE_MS=",
        "IDLE_MS=",
        "REQUEST_HEADER_BYTES=\"64k\": takes a number from 1024 to 1048576",
        "ANSWER_HEADER_BYTES=",
        "PUBLIC_HOSTS=",
        "TRUSTED_PROXIES=\"10.0.0.0/33\": takes networks and IP addresses",
        "MONOLITH_URL=",
        "MOVE_TOKEN:",
        "MOVE_TARGETS=",
        "CONTROL_KEYS: takes",
        "CONTROL_DATABASE_SECRET: lacks the key `host`",
    ];
    assert_eq!(error.lines().count(), names.len(), "{error}");
    for name in names {
        assert!(error.contains(name), "{error}");
    }
    for secret in ["too short", "hunter2"] {
        assert!(!error.contains(secret), "a token is a secret: {error}");
    }
}
