//! Which server, which database, and which certificates to accept.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// How to reach a PostgreSQL database. Shown without its password.
#[derive(Clone, PartialEq)]
pub struct PostgresUrl {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    shown: String,
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UrlError(pub String);

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresUrl").field(&self.shown).finish()
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl FromStr for PostgresUrl {
    type Err = UrlError;

    /// Reads a connection URI (libpq, 34.1.1.2) as the driver does. What it does not know, the verifying modes
    /// of `sslmode` and `sslrootcert` among it, is taken out before it sees the rest.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(UrlError("takes postgres://USER:PASSWORD@HOST:PORT/NAME".into()));
        }
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

impl PostgresUrl {
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
        Ok(Self { config, trust: Trust::Any, shown })
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
mod tests;
