//! The configuration: read from the environment once, everything wrong with it said at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use auth::Settings;
use models::Name;
use runtime::{
    ConfigErrors, ListenAddress, Logs, Serving, StopTimes, Token, TrustedProxies, Variable,
    Variables,
};
use store::Database;
use url::Url;

/// Every variable that a service reads.
pub const VARIABLES: &[Variable] = &[
    Serving::HOST,
    Serving::PORT,
    Variable {
        name: "METRICS_PORT",
        about: "the port that /metrics is moved to, 0 for any free one, if PORT is public; PORT",
    },
    Variable {
        name: "DATABASE_URL",
        about: "sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=MODE; sqlite:NAME.db, \
                NAME being the program's",
    },
    Variable {
        name: "DATABASE_SECRET",
        about: "instead of DATABASE_URL, the JSON of an Aurora secret: username, password, host, \
                port, dbname",
    },
    Variable {
        name: "SEED",
        about: "demo stores the demo data if the store never held any; nothing",
    },
    Variable {
        name: "<NAME>_URL",
        about: "the URL of the collection NAME, such as USERS_URL=http://users:3000. Collections that \
                refer to it ask there whether a member exists. A collection that follows another \
                looks for it there, too",
    },
    Variable {
        name: "MOVE_TOKEN",
        about: "what both sides of a move show each other, at least 16 characters; without it no \
                collection moves",
    },
    Variable {
        name: "FOLLOW",
        about: "the collection that a new store copies and follows, such as \
                http://monolith:3000/api/users",
    },
    Variable {
        name: "CA_FILE",
        about: "a file of authorities in PEM form: they alone vouch for the programs that this one asks by https; those \
                of the system",
    },
    Variable { name: "READ_ONLY", about: "true refuses every write with 403; false" },
    auth::VARIABLES[0],
    auth::VARIABLES[1],
    auth::VARIABLES[2],
    auth::VARIABLES[3],
    auth::VARIABLES[4],
    Variable {
        name: "CALLER_WRITES_PER_MINUTE",
        about: "the most writes of one caller in a minute, in each process, 1 to 1000000; no limit",
    },
    Variable {
        name: "ADDRESS_WRITES_PER_MINUTE",
        about: "the most writes from one address in a minute, in each process, 1 to 1000000; no limit",
    },
    Variable {
        name: "TRUSTED_PROXIES",
        about: "networks and addresses, with commas between, whose X-Forwarded-For names the address of a client; none",
    },
    StopTimes::DELAY,
    StopTimes::DRAIN,
    Logs::FORMAT,
    Logs::FILE,
    Logs::FILTER,
    Serving::WORKERS,
    Variable {
        name: "BANYAN_CONNECTIONS",
        about: "the most connections to PostgreSQL, 1 to 1000; 16",
    },
];

/// What a service is told from outside.
#[derive(Debug)]
pub struct Config {
    pub(crate) serving: Serving,
    /// The address that serves metrics, if it is not that of all else.
    pub(crate) metrics: Option<ListenAddress>,
    pub(crate) database: Database,
    pub(crate) seed_demo: bool,
    /// The URL of each collection, by its name; those of its own too, if they are known.
    pub(crate) elsewhere: BTreeMap<Name, Url>,
    /// What both sides of a move show each other.
    pub(crate) move_token: Option<Token>,
    /// What a store that was never used follows.
    pub(crate) follow: Option<Url>,
    /// The authorities, in PEM form, that alone vouch for other programs; none: the system's do.
    pub(crate) authorities: Option<Arc<[u8]>>,
    /// Which tokens a write needs; none if it needs none.
    pub(crate) auth: Option<Settings>,
    /// How many writes a caller has in a minute.
    pub(crate) caller_writes: Option<u32>,
    /// How many writes an address has in a minute.
    pub(crate) address_writes: Option<u32>,
    /// What these say of the address of a client is believed.
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) connections: usize,
}

impl Config {
    /// Reads the configuration of the program `name`, which serves `collections` and asks elsewhere for
    /// `neighbours`.
    ///
    /// # Errors
    /// Names each variable that is wrong, or begins with `BANYAN_` and is unknown, and what it takes.
    pub(crate) fn read(
        name: &str,
        collections: &[Name],
        neighbours: &[Name],
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let mut variables = Variables::new(VARIABLES, environment);
        let serving = Serving::read(&mut variables);
        let config = Self {
            metrics: serving.listen.with_port(&mut variables, "METRICS_PORT"),
            serving,
            database: database(&mut variables)
                .unwrap_or(Database::Sqlite(format!("{name}.db").into())),
            seed_demo: variables.one_of("SEED", &[("demo", true)]).unwrap_or(false),
            elsewhere: collections
                .iter()
                .chain(neighbours)
                .filter_map(|name| {
                    Some((name.clone(), read_url(&mut variables, &url_variable(name), name)?))
                })
                .collect(),
            move_token: variables.token("MOVE_TOKEN"),
            follow: follow(&mut variables, collections),
            authorities: authorities(&mut variables),
            auth: auth(&mut variables),
            caller_writes: writes(&mut variables, "CALLER_WRITES_PER_MINUTE"),
            address_writes: writes(&mut variables, "ADDRESS_WRITES_PER_MINUTE"),
            trusted_proxies: variables
                .take("TRUSTED_PROXIES", "networks and addresses such as 10.0.0.0/8,::1")
                .unwrap_or_default(),
            connections: variables.number("BANYAN_CONNECTIONS", 1, 1_000).unwrap_or(16),
        };
        variables.finish(config)
    }
}

/// Which tokens a write needs. Without them, a caller has no limit that could be counted.
fn auth(variables: &mut Variables) -> Option<Settings> {
    let settings = Settings::read(variables);
    if settings.is_none() && variables.is_set("CALLER_WRITES_PER_MINUTE") {
        let error = "CALLER_WRITES_PER_MINUTE: needs AUTH_ISSUER or AUTH_JWKS_URL; ADDRESS_WRITES_PER_MINUTE does not";
        variables.wrong(error.to_owned());
    }
    settings
}

fn writes(variables: &mut Variables, name: &str) -> Option<u32> {
    variables.number(name, 1, 1_000_000).and_then(|number| number.try_into().ok())
}

/// The variable that has the URL of a collection: `USERS_URL`.
pub(crate) fn url_variable(collection: &str) -> String {
    format!("{}_URL", collection.to_uppercase())
}

/// The database. Either variable may hold a password, so neither's value is shown.
fn database(variables: &mut Variables) -> Option<Database> {
    let read = match (variables.secret("DATABASE_URL"), variables.secret("DATABASE_SECRET")) {
        (None, None) => return None,
        (Some(_), Some(_)) => {
            Err("DATABASE_URL, DATABASE_SECRET: take the one or the other, not both".to_owned())
        }
        (Some(url), None) => url.parse().map_err(|error| format!("DATABASE_URL: {error}")),
        (None, Some(secret)) => {
            Database::from_secret(secret).map_err(|error| format!("DATABASE_SECRET: {error}"))
        }
    };
    read.map_err(|error| variables.wrong(error)).ok()
}

/// The URL of a collection, out of one that may stop at its host or at `/api`.
fn read_url(variables: &mut Variables, variable: &str, collection: &str) -> Option<Url> {
    let takes = format!(
        "http://HOST:PORT or https://HOST:PORT, with nothing, /api or /api/{collection} behind it"
    );
    variables.read(variable, &takes, |value| collection_url(value, collection))
}

/// What the program's one collection follows.
fn follow(variables: &mut Variables, collections: &[Name]) -> Option<Url> {
    variables.secret("FOLLOW")?;
    let [collection] = collections else {
        let error = "FOLLOW: is for a program with one collection; this one has more, which follow \
                     by POST /api/COLLECTION/-/follow";
        variables.wrong(error.into());
        return None;
    };
    if variables.secret("MOVE_TOKEN").is_none() {
        variables.wrong("FOLLOW: needs MOVE_TOKEN, with the value that the other side has".into());
    }
    read_url(variables, "FOLLOW", collection)
}

/// The authorities of other programs, read once.
fn authorities(variables: &mut Variables) -> Option<Arc<[u8]>> {
    let file: PathBuf = variables.take("CA_FILE", "a file")?;
    let read = fs::read(&file).map_err(|error| error.to_string());
    let pem = read.and_then(|pem| {
        runtime::check_authorities(&pem)?;
        Ok(pem.into())
    });
    let wrong = |error| {
        format!("CA_FILE={}: takes a file of certificates in PEM form: {error}", file.display())
    };
    pem.map_err(|error| variables.wrong(wrong(error))).ok()
}

/// The URL of a collection, out of one that may stop at its host or at `/api`.
pub(crate) fn collection_url(value: &str, collection: &str) -> Option<Url> {
    let path = format!("/api/{collection}");
    let mut url = Url::parse(value).ok()?;
    let known = ["", "/api", path.as_str()].contains(&url.path().trim_end_matches('/'));
    let plain = url.query().is_none() && url.fragment().is_none();
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    if !(known && plain && web && url.username().is_empty() && url.password().is_none()) {
        return None;
    }
    url.set_path(&path);
    Some(url)
}

#[cfg(test)]
mod tests;
