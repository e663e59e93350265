//! The configuration: read from the environment once, everything wrong with it said at once.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::num::NonZero;
use std::thread::available_parallelism;

use models::Name;
use runtime::{ConfigErrors, ListenAddress, Logs, Token, Variable, Variables};
use store::Database;
use url::Url;

/// Every variable that a service reads.
pub const VARIABLES: &[Variable] = &[
    Variable { name: "HOST", about: "the IP address to listen on; 0.0.0.0" },
    Variable { name: "PORT", about: "the port to listen on, 0 for any free one; 3000" },
    Variable {
        name: "METRICS_PORT",
        about: "the port that /metrics is moved to, 0 for any free one, where PORT is public; PORT",
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
        name: "USERS_URL",
        about: "where threads and posts ask whether a user exists, such as http://users:3000",
    },
    Variable { name: "THREADS_URL", about: "where posts asks whether a thread exists" },
    Variable {
        name: "POSTS_URL",
        about: "where posts are, as USERS_URL and THREADS_URL say it of theirs: a collection that \
                follows another finds it there too",
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
    Variable { name: "READ_ONLY", about: "true refuses every write with 403; false" },
    Logs::FORMAT,
    Logs::FILE,
    Logs::FILTER,
    Variable {
        name: "BANYAN_WORKERS",
        about: "threads that answer requests, 1 to 512; one a core",
    },
    Variable {
        name: "BANYAN_CONNECTIONS",
        about: "the most connections to PostgreSQL, 1 to 1000; 16",
    },
];

/// What a service is told from outside.
#[derive(Debug)]
pub struct Config {
    pub(crate) listen: ListenAddress,
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
    pub(crate) read_only: bool,
    pub(crate) logs: Logs,
    pub(crate) workers: usize,
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
        let cores = available_parallelism().map_or(1, NonZero::get);
        let everywhere = (Ipv4Addr::UNSPECIFIED, 3000);
        let listen = ListenAddress::read(&mut variables, ["HOST", "PORT"], everywhere);
        let config = Self {
            metrics: listen.with_port(&mut variables, "METRICS_PORT"),
            listen,
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
            read_only: variables
                .one_of("READ_ONLY", &[("true", true), ("false", false)])
                .unwrap_or(false),
            logs: Logs::read(&mut variables),
            workers: variables.number("BANYAN_WORKERS", 1, 512).unwrap_or(cores.min(512)),
            connections: variables.number("BANYAN_CONNECTIONS", 1, 1_000).unwrap_or(16),
        };
        variables.finish(config)
    }
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
                     by `banyan follow`";
        variables.wrong(error.into());
        return None;
    };
    if variables.secret("MOVE_TOKEN").is_none() {
        variables.wrong("FOLLOW: needs MOVE_TOKEN, with the value that the other side has".into());
    }
    read_url(variables, "FOLLOW", collection)
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
mod tests {
    use runtime::ConfigErrors;

    use super::Config;

    fn read(environment: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        let owned =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read("posts", &["posts".into()], &["users".into(), "threads".into()], owned)
    }

    #[test]
    fn the_readme_names_every_variable() {
        let readme = include_str!("../../../README.md");
        for variable in super::VARIABLES {
            assert!(readme.contains(&format!("`{}`", variable.name)), "{}", variable.name);
        }
    }

    #[test]
    fn an_empty_environment_is_enough() {
        let config = read(&[("SEED", ""), ("PATH", "/bin")]).unwrap();
        assert_eq!(
            (config.listen.host.to_string().as_str(), config.listen.port),
            ("0.0.0.0", 3000)
        );
        assert_eq!(config.database.to_string(), "sqlite:posts.db");
        assert!(!config.seed_demo && !config.read_only && config.elsewhere.is_empty());
        assert!(config.move_token.is_none() && config.follow.is_none());
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_what_is_allowed() {
        let error = read(&[
            ("PORT", "http"),
            ("HOST", "localhost"),
            ("READ_ONLY", "yes"),
            ("SEED", "prod"),
            ("LOG_FORMAT", "xml"),
            ("BANYAN_WORKERS", "0"),
            ("BANYAN_WORKRES", "2"),
            ("USERS_URL", "users:3000"),
            ("THREADS_URL", "http://threads/v2"),
            ("DATABASE_URL", "mysql://root:hunter2@db/x"),
        ]);
        let error = error.unwrap_err().to_string();
        let expected = [
            "BANYAN_WORKRES: is unknown; there are BANYAN_WORKERS, BANYAN_CONNECTIONS",
            "HOST=\"localhost\": takes an IP address",
            "PORT=\"http\": takes a port from 0 to 65535",
            "DATABASE_URL: takes sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME",
            "SEED=\"prod\": takes demo",
            "USERS_URL=\"users:3000\": takes http://HOST:PORT or https://HOST:PORT, with nothing, /api or /api/users behind it",
            "THREADS_URL=\"http://threads/v2\": takes http://HOST:PORT or https://HOST:PORT, with nothing, /api or /api/threads behind it",
            "READ_ONLY=\"yes\": takes true or false",
            "LOG_FORMAT=\"xml\": takes text or json",
            "BANYAN_WORKERS=\"0\": takes a number from 1 to 512",
        ];
        assert_eq!(error.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_neighbour_is_named_by_its_host_its_api_or_its_collection() {
        for url in ["http://u:1", "http://u:1/", "http://u:1/api", "http://u:1/api/users/"] {
            let config = read(&[("USERS_URL", url)]).unwrap();
            assert_eq!(config.elsewhere["users"].as_str(), "http://u:1/api/users");
        }
    }

    #[test]
    fn what_to_follow_is_a_collection_of_its_own_kind_and_needs_a_token() {
        let token = ("MOVE_TOKEN", "0123456789abcdef");
        let config = read(&[token, ("FOLLOW", "http://m:3000")]).unwrap();
        assert_eq!(config.follow.unwrap().as_str(), "http://m:3000/api/posts");
        let error = read(&[("FOLLOW", "http://m:3000/api/users")]).unwrap_err().to_string();
        let lines: Vec<_> = error.lines().collect();
        assert!(lines[0].starts_with("FOLLOW: needs MOVE_TOKEN"), "{error}");
        assert!(lines[1].starts_with("FOLLOW=\"http://m:3000/api/users\": takes"), "{error}");
        let both = ["users".into(), "posts".into()];
        let environment = [token, ("FOLLOW", "http://m:3000")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let error = Config::read("monolith", &both, &[], environment).unwrap_err().to_string();
        assert!(error.starts_with("FOLLOW: is for a program with one collection"), "{error}");
    }

    #[test]
    fn a_token_that_is_wrong_is_not_shown() {
        for token in ["hunter2", "hunter2 hunter2 hunter2"] {
            let error = read(&[("MOVE_TOKEN", token)]).unwrap_err().to_string();
            assert!(
                error.starts_with("MOVE_TOKEN: takes") && !error.contains("hunter2"),
                "{error}"
            );
        }
        let config = read(&[("MOVE_TOKEN", "hunter2hunter2hunter2")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_secret_is_never_shown_and_excludes_a_url() {
        let error = read(&[("DATABASE_SECRET", "{\"password\":\"hunter2\"}")]).unwrap_err();
        assert_eq!(error.to_string(), "DATABASE_SECRET: lacks the key `host`");
        let error = read(&[("DATABASE_SECRET", "{}"), ("DATABASE_URL", "sqlite:x")]).unwrap_err();
        assert!(error.to_string().contains("not both"));
    }
}
