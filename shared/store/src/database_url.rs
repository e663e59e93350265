//! `DATABASE_URL` and `DATABASE_SECRET`: which database to open.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// A database to open.
#[derive(Clone, Debug, PartialEq)]
pub enum Database {
    /// A SQLite file. It is made if it does not exist.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(Box<PostgresUrl>),
}

/// How to reach a PostgreSQL database. Shown without its password.
#[derive(Clone, PartialEq)]
pub struct PostgresUrl {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) trust: Trust,
    pub(crate) shown: String,
}

/// Which certificates to accept from a PostgreSQL server (libpq, "SSL Support", 34.19.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// `disable`, `prefer`, `require`: any.
    Any,
    /// `verify-ca`: those that a known authority signed.
    Authority(Option<PathBuf>),
    /// `verify-full`: those that a known authority signed for the host's name.
    Host(Option<PathBuf>),
}

/// Why a text names no database. Never shows the text, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlError(String);

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for UrlError {}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresUrl").field(&self.shown).finish()
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&url.shown),
        }
    }
}

impl FromStr for Database {
    type Err = UrlError;

    /// Reads `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=MODE`.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") || path.contains(['?', '\0']) {
                return Err(UrlError(
                    "takes the path of a file after `sqlite:`, without parameters".into(),
                ));
            }
            Ok(Self::Sqlite(path.into()))
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            PostgresUrl::parse(text).map(|url| Self::Postgres(Box::new(url)))
        } else {
            Err(UrlError("takes sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME".into()))
        }
    }
}

impl Database {
    /// Reads the JSON of an Aurora secret: `username`, `password`, `host`, `port`, `dbname`.
    /// The connection is encrypted (`sslmode=require`).
    ///
    /// # Errors
    /// Names the key that is missing or of another type.
    pub fn from_secret(json: &str) -> Result<Self, UrlError> {
        let secret: Value = serde_json::from_str(json).map_err(|error| {
            UrlError(format!("is no JSON (line {}, column {})", error.line(), error.column()))
        })?;
        let text = |key: &str| match secret.get(key) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
            Some(_) => Err(UrlError(format!("takes a text under the key `{key}`"))),
            None => Err(UrlError(format!("lacks the key `{key}`"))),
        };
        let port = match secret.get("port") {
            None => Some(5432),
            Some(Value::String(text)) => text.parse().ok(),
            Some(port) => port.as_u64().and_then(|port| u16::try_from(port).ok()),
        };
        let port = port.ok_or_else(|| UrlError("takes a port under the key `port`".into()))?;
        let (host, name) = (text("host")?, text("dbname")?);
        let mut config = tokio_postgres::Config::new();
        config
            .user(text("username")?)
            .password(text("password")?)
            .host(host)
            .port(port)
            .dbname(name)
            .ssl_mode(SslMode::Require)
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        let shown = shown(&config);
        Ok(Self::Postgres(Box::new(PostgresUrl { config, trust: Trust::Any, shown })))
    }
}

impl PostgresUrl {
    /// Reads a connection URI (libpq, 34.1.1.2) as the driver does. What it does not know, the verifying modes
    /// of `sslmode` and `sslrootcert` among it, is taken out before it sees the rest.
    fn parse(text: &str) -> Result<Self, UrlError> {
        check_encoding(text)?;
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut mode = "prefer".to_owned();
        let mut authorities = None;
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match &*percent_decode_str(name).decode_utf8_lossy() {
                "sslmode" => mode = decode("sslmode", value)?,
                // libpq takes JDBC's word for it.
                "ssl" if value == "true" => mode = "require".to_owned(),
                "sslrootcert" => authorities = Some(PathBuf::from(decode("sslrootcert", value)?)),
                "keepalives_count" => others.push(format!("keepalives_retries={value}")),
                _ => others.push(pair.to_owned()),
            }
        }
        let (driver_mode, trust) = trust(&mode, authorities)?;
        let text = format!("{base}?{}", others.join("&"));
        let mut config: Config = text
            .trim_end_matches('?')
            .parse()
            .map_err(|error: tokio_postgres::Error| UrlError(describe(&error)))?;
        config.ssl_mode(driver_mode);
        if !others.iter().any(|pair| pair.starts_with("target_session_attrs=")) {
            // After a failover the old name may lead to what is now a read-only standby.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        check_hosts(&config)?;
        let shown = shown(&config);
        Ok(Self { config, trust, shown })
    }
}

/// Refuses what would be read as something else than it was meant as: the first `@` ends user and password.
fn check_encoding(text: &str) -> Result<(), UrlError> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (authority, behind) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if behind.contains('@') || authority.matches('@').count() > 1 {
        return Err(UrlError(
            "has an `@` that does not stand between the password and the host; in a user, a password or a \
             value, write `@` as %40, `/` as %2F, `?` as %3F, `#` as %23 and `%` as %25"
                .into(),
        ));
    }
    Ok(())
}

/// Refuses what the driver would take for another host, or none.
fn check_hosts(config: &Config) -> Result<(), UrlError> {
    let hosts = config.get_hosts();
    if hosts.is_empty() && config.get_hostaddrs().is_empty() {
        return Err(UrlError(
            "names no host; for a socket, write ?host=/var/run/postgresql behind the name".into(),
        ));
    }
    let unclear =
        |host: &Host| matches!(host, Host::Tcp(name) if name.is_empty() || name.contains(','));
    if hosts.iter().any(unclear) {
        return Err(UrlError(
            "has a host without a name, or several in one `host=`; write hosts once, before the name of the \
             database: host:port,host:port"
                .into(),
        ));
    }
    let ports = config.get_ports().len();
    if ports > 1 && ports != hosts.len().max(config.get_hostaddrs().len()) {
        return Err(UrlError(
            "names its host or port twice; write both before the name, or both behind the `?`"
                .into(),
        ));
    }
    Ok(())
}

/// A value of the query as it was meant.
fn decode(name: &str, value: &str) -> Result<String, UrlError> {
    let value = percent_decode_str(value).decode_utf8();
    value
        .map(std::borrow::Cow::into_owned)
        .map_err(|_no_text| UrlError(format!("takes a text in UTF-8 as {name}")))
}

/// What a mode asks of the driver and of certificates.
fn trust(mode: &str, authorities: Option<PathBuf>) -> Result<(SslMode, Trust), UrlError> {
    Ok(match mode {
        "disable" => (SslMode::Disable, Trust::Any),
        "prefer" => (SslMode::Prefer, Trust::Any),
        // With authorities named, libpq lets `require` mean `verify-ca`.
        "require" if authorities.is_some() => (SslMode::Require, Trust::Authority(authorities)),
        "require" => (SslMode::Require, Trust::Any),
        // A public authority signs a certificate for every attacker that has a name.
        "verify-ca" if authorities.is_none() => {
            return Err(UrlError("takes sslmode=verify-ca only together with sslrootcert".into()));
        }
        "verify-ca" => (SslMode::Require, Trust::Authority(authorities)),
        "verify-full" => (SslMode::Require, Trust::Host(authorities)),
        _ => {
            return Err(UrlError(
                "takes sslmode=disable, prefer, require, verify-ca or verify-full".into(),
            ));
        }
    })
}

/// The database as the driver reads it, without user and password.
fn shown(config: &Config) -> String {
    let (ports, addresses) = (config.get_ports(), config.get_hostaddrs());
    let port = |place: usize| ports.get(place).or(ports.first()).copied().unwrap_or(5432);
    let mut hosts = Vec::new();
    for (place, host) in config.get_hosts().iter().enumerate() {
        hosts.push(match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{}", port(place)),
            Host::Tcp(name) => format!("{name}:{}", port(place)),
            Host::Unix(folder) => format!("{}:{}", folder.display(), port(place)),
        });
    }
    if hosts.is_empty() {
        let addresses = addresses.iter().enumerate();
        hosts.extend(addresses.map(|(place, address)| format!("{address}:{}", port(place))));
    }
    let name = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
    format!("postgres://{}/{name}", hosts.join(","))
}

/// The driver's own words, which name an option and no value, stand in the source of its error.
fn describe(error: &tokio_postgres::Error) -> String {
    let words = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    format!(
        "cannot be read: {words}; in a user or password, write `/` as %2F, `?` as %3F and `:` as %3A"
    )
}

#[cfg(test)]
mod tests {
    use super::{Database, Trust};

    fn parse(text: &str) -> Result<Database, String> {
        text.parse().map_err(|error: super::UrlError| error.to_string())
    }

    #[test]
    fn both_schemes_are_read_and_shown_without_a_password() {
        assert_eq!(parse("sqlite:a/b.db").unwrap().to_string(), "sqlite:a/b.db");
        assert_eq!(parse("sqlite:///a/b.db").unwrap().to_string(), "sqlite:/a/b.db");
        let url = parse("postgres://me:hunter2@db.example:5433/board?sslmode=require").unwrap();
        assert_eq!(url.to_string(), "postgres://db.example:5433/board");
        let secret =
            r#"{"username":"me","password":"hunter2","host":"db.example","dbname":"board"}"#;
        for url in [url, Database::from_secret(secret).unwrap()] {
            assert!(!format!("{url:?} {url}").contains("hunter2"), "{url:?}");
        }
    }

    #[test]
    fn another_scheme_is_an_error_that_lists_the_two() {
        for text in ["mysql://host/db", "users.db", ""] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("sqlite:PATH or postgres://"), "{error}");
        }
        assert!(parse("sqlite:").is_err());
        assert!(parse("sqlite::memory:").is_err());
    }

    #[test]
    fn sslmode_decides_whom_to_trust() {
        let trust = |mode: &str| match parse(&format!("postgres://u@h/d?{mode}")) {
            Ok(Database::Postgres(url)) => Ok(url.trust),
            Ok(Database::Sqlite(_)) => Err("sqlite".to_owned()),
            Err(error) => Err(error),
        };
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
        for password in ["pa#ss", "a/b", "a?b", "12#ss", "4711/x", "12?ss", "4711#geheim/x", "a@b"]
        {
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
            let Ok(Database::Postgres(url)) = parse(&url) else { panic!("{encoded}") };
            assert_eq!(url.config.get_password(), Some(password.as_bytes()));
            assert_eq!(url.shown, "postgres://127.0.0.1:5432/board");
        }
    }

    #[test]
    fn what_is_shown_is_where_the_driver_goes() {
        let shown = |url: &str| parse(url).map(|database| database.to_string());
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
        let ssl = parse("postgres://u@h/d?ssl=true&keepalives_count=4&connect_timeout=3").unwrap();
        let Database::Postgres(url) = ssl else { panic!("no PostgreSQL") };
        assert_eq!(url.config.get_ssl_mode(), tokio_postgres::config::SslMode::Require);
        assert_eq!(url.config.get_keepalives_retries(), Some(4));
    }

    #[test]
    fn other_parameters_reach_the_driver_as_they_were_written() {
        let url = "postgres://u@h/d?application_name=my%20app&sslmode=require&options=-c%20x%3D1";
        let Ok(Database::Postgres(url)) = parse(url) else { panic!("no PostgreSQL") };
        assert_eq!(url.config.get_application_name(), Some("my app"));
        assert_eq!(url.config.get_options(), Some("-c x=1"));
    }

    #[test]
    fn a_secret_is_read_and_an_incomplete_one_names_the_key() {
        let secret = r#"{"username":"u","password":"p","host":"h","port":5433,"dbname":"d","engine":"postgres"}"#;
        let shown = Database::from_secret(secret).unwrap().to_string();
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
            assert_eq!(Database::from_secret(secret).unwrap_err().to_string(), problem);
        }
    }
}
