//! `DATABASE_URL` and `DATABASE_SECRET`: which database to open.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde_json::Value;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use url::Url;

/// A database to open.
#[derive(Clone, Debug, PartialEq)]
pub enum Database {
    /// A SQLite file; made where it does not exist.
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
        let shown = format!("postgres://{host}:{port}/{name}");
        Ok(Self::Postgres(Box::new(PostgresUrl { config, trust: Trust::Any, shown })))
    }
}

impl PostgresUrl {
    /// Reads a connection URI (libpq, 34.1.1.2). The driver knows neither the verifying modes of
    /// `sslmode` nor `sslrootcert`, so these are taken out before it sees the rest.
    fn parse(text: &str) -> Result<Self, UrlError> {
        let mut url = Url::parse(text).map_err(|error| UrlError(format!("is no URL: {error}")))?;
        let mut mode = "prefer".to_owned();
        let mut authorities = None;
        for (name, value) in url.query_pairs() {
            match &*name {
                "sslmode" => mode = value.into_owned(),
                "sslrootcert" => authorities = Some(PathBuf::from(&*value)),
                _ => {}
            }
        }
        let query = url.query().unwrap_or_default().to_owned();
        let ours = |pair: &&str| pair.starts_with("sslmode=") || pair.starts_with("sslrootcert=");
        // As it was written: a URL's own encoding of a query is not libpq's.
        let others: Vec<_> = query.split('&').filter(|pair| !ours(pair)).collect();
        let others = others.join("&");
        url.set_query(Some(&others).filter(|others| !others.is_empty()).map(String::as_str));
        let (driver_mode, trust) = match mode.as_str() {
            "disable" => (SslMode::Disable, Trust::Any),
            "prefer" => (SslMode::Prefer, Trust::Any),
            // With authorities named, libpq lets `require` mean `verify-ca`.
            "require" if authorities.is_some() => (SslMode::Require, Trust::Authority(authorities)),
            "require" => (SslMode::Require, Trust::Any),
            // Anybody can get a certificate of a public authority for some name of their own.
            "verify-ca" if authorities.is_none() => {
                return Err(UrlError(
                    "takes sslmode=verify-ca only together with sslrootcert".into(),
                ));
            }
            "verify-ca" => (SslMode::Require, Trust::Authority(authorities)),
            "verify-full" => (SslMode::Require, Trust::Host(authorities)),
            _ => {
                return Err(UrlError(
                    "takes sslmode=disable, prefer, require, verify-ca or verify-full".into(),
                ));
            }
        };
        let mut config: tokio_postgres::Config = url
            .as_str()
            .parse()
            .map_err(|error: tokio_postgres::Error| UrlError(describe(&error)))?;
        config.ssl_mode(driver_mode);
        if !others.contains("target_session_attrs=") {
            // After a failover the old name may lead to what is now a read-only standby.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let name = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
        let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
        let port = url.port().unwrap_or(5432);
        let shown = format!("postgres://{host}:{port}/{name}");
        Ok(Self { config, trust, shown })
    }
}

/// The driver's own words stand in the source of its error.
fn describe(error: &tokio_postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
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
        assert!(!format!("{url:?}").contains("hunter2"));
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
