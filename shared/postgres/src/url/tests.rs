//! Which URLs and secrets are read, and how.

use super::{PostgresUrl, Trust};

fn parse(text: &str) -> Result<PostgresUrl, String> {
    text.parse().map_err(|error: super::UrlError| error.to_string())
}

#[test]
fn a_url_is_read_and_shown_without_a_password() {
    let url = parse("postgres://me:hunter2@db.example:5433/board?sslmode=require").unwrap();
    assert_eq!(url.to_string(), "postgres://db.example:5433/board");
    let secret = r#"{"username":"me","password":"hunter2","host":"db.example","dbname":"board"}"#;
    for url in [url, PostgresUrl::from_secret(secret).unwrap()] {
        assert!(!format!("{url:?} {url}").contains("hunter2"), "{url:?}");
    }
}

#[test]
fn another_scheme_is_an_error_that_names_this_one() {
    for text in ["mysql://host/db", "sqlite:a", ""] {
        let error = parse(text).unwrap_err();
        assert!(error.contains("takes postgres://"), "{error}");
    }
}

#[test]
fn sslmode_decides_whom_to_trust() {
    let trust = |mode: &str| parse(&format!("postgres://u@h/d?{mode}")).map(|url| url.trust);
    assert_eq!(trust("sslmode=require"), Ok(Trust::Any));
    let authority = Ok(Trust::Authority(Some("/ca.pem".into())));
    assert_eq!(trust("sslmode=verify-ca&sslrootcert=/ca.pem"), authority);
    assert_eq!(trust("sslmode=require&sslrootcert=/ca.pem"), authority);
    assert!(trust("sslmode=verify-ca").unwrap_err().contains("sslrootcert"));
    assert_eq!(trust("sslmode=verify-full"), Ok(Trust::Host(None)));
    let full = trust("sslrootcert=/ca.pem&sslmode=verify-full&application_name=x");
    assert_eq!(full, Ok(Trust::Host(Some("/ca.pem".into()))));
    assert!(trust("sslmode=yes").unwrap_err().contains("verify-full"));
}

#[test]
fn a_password_that_is_not_encoded_is_refused_with_a_hint_and_never_shown() {
    for password in ["pa#ss", "a/b", "a?b", "12#ss", "4711/x", "12?ss", "4711#geheim/x", "a@b"] {
        let error =
            parse(&format!("postgres://board:{password}@127.0.0.1:5432/board")).unwrap_err();
        assert!(error.contains("%23") && error.contains("%2F"), "{password}: {error}");
        for part in password.split(['#', '/', '?', '@']).filter(|part| part.len() > 2) {
            assert!(!error.contains(part), "{password}: {error}");
        }
    }
    let error = parse("postgres://board:geheim/board").unwrap_err();
    assert!(error.contains("port") && !error.contains("geheim"), "{error}");
    for (encoded, password) in [
        ("pa%23ss", "pa#ss"),
        ("a%2Fb", "a/b"),
        ("a%40b", "a@b"),
        ("50%25off", "50%off"),
        ("50%off", "50%off"),
        ("a b", "a b"),
        ("p\u{e4}", "p\u{e4}"),
    ] {
        let url = format!("postgres://board:{encoded}@127.0.0.1:5432/board");
        let url = parse(&url).unwrap();
        assert_eq!(url.config.get_password(), Some(password.as_bytes()));
        assert_eq!(url.shown, "postgres://127.0.0.1:5432/board");
    }
}

#[test]
fn what_is_shown_is_where_the_driver_goes() {
    let shown = |url: &str| parse(url).map(|url| url.to_string());
    for (url, where_to) in [
        ("postgres:///board?host=pg", "postgres://pg:5432/board"),
        ("postgres:///board?host=pg&port=5433", "postgres://pg:5433/board"),
        ("postgres:///board?host=/run/pg", "postgres:///run/pg:5432/board"),
        ("postgres://u@%2Frun%2Fpg/board", "postgres:///run/pg:5432/board"),
        ("postgres://u@a:1,b:2/board", "postgres://a:1,b:2/board"),
        ("postgres://u@[::1]:5433/board", "postgres://[::1]:5433/board"),
        ("postgresql://u@h", "postgres://h:5432/u"),
        ("postgres:///b?hostaddr=127.0.0.1&user=u", "postgres://127.0.0.1:5432/b"),
    ] {
        assert_eq!(shown(url).as_deref(), Ok(where_to), "{url}");
    }
}

#[test]
fn what_the_driver_cannot_do_is_refused_by_name() {
    for (url, name) in [
        ("postgres:///board", "names no host"),
        ("postgres://:5433/board?host=pg", "without a name"),
        ("postgres:///board?host=a,b", "several in one"),
        ("postgres://u@a:1/board?host=b&port=2&port=3", "twice"),
        ("postgres://u@h/d?sslcert=a.pem", "sslcert"),
        ("postgres://u@h/d?service=x", "service"),
        ("postgres://u@h/d?sslmode=allow", "sslmode"),
        ("postgres://u@h/d?target_session_attrs=standby", "target_session_attrs"),
        ("postgres://u@h/d?connect_timeout=soon", "connect_timeout"),
    ] {
        let error = parse(url).unwrap_err();
        assert!(error.contains(name), "{url}: {error}");
    }
    let url = parse("postgres://u@h/d?ssl=true&keepalives_count=4&connect_timeout=3").unwrap();
    assert_eq!(url.config.get_ssl_mode(), tokio_postgres::config::SslMode::Require);
    assert_eq!(url.config.get_keepalives_retries(), Some(4));
}

#[test]
fn other_parameters_reach_the_driver_as_they_were_written() {
    let url = "postgres://u@h/d?application_name=my%20app&sslmode=require&options=-c%20x%3D1";
    let url = parse(url).unwrap();
    assert_eq!(url.config.get_application_name(), Some("my app"));
    assert_eq!(url.config.get_options(), Some("-c x=1"));
}

#[test]
fn a_secret_is_read_and_an_incomplete_one_names_the_key() {
    let secret = r#"{"username":"u","password":"p","host":"h","port":5433,"dbname":"d","engine":"postgres"}"#;
    let shown = PostgresUrl::from_secret(secret).unwrap().to_string();
    assert_eq!(shown, "postgres://h:5433/d");
    for (secret, problem) in [
        (r#"{"username":"u","host":"h","dbname":"d"}"#, "lacks the key `password`"),
        (
            r#"{"username":"u","password":"p","host":7,"dbname":"d"}"#,
            "takes a text under the key `host`",
        ),
        (
            r#"{"username":"u","password":"p","host":"h","port":"x","dbname":"d"}"#,
            "takes a port under the key `port`",
        ),
        ("hunter2", "is no JSON (line 1, column 1)"),
    ] {
        assert_eq!(PostgresUrl::from_secret(secret).unwrap_err().to_string(), problem);
    }
}
