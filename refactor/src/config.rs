//! The configuration: read from the environment once, everything wrong with it said at once.

mod operators;
mod traffic;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use http::uri::Authority;
use postgres::PostgresUrl;
use runtime::{ConfigErrors, ListenAddress, Logs, StopTimes, Token, Variable, Variables};
use url::Url;

use crate::keyring::Keyring;
use moves::{Targets, is_name, program};
use spaces::Quotas;

/// Every variable that `refactor` reads, for its `--help`.
pub const VARIABLES: &[Variable] = &[
    Variable { name: "HOST", about: "the IP address where applications take traffic; 127.0.0.1" },
    Variable {
        name: "PORT",
        about: "the port of the first application; each further one takes the next free port and \
                keeps it; 0 for any free ones; 8080",
    },
    Variable { name: "CONTROL_HOST", about: "the IP address of the control port; 127.0.0.1" },
    Variable { name: "CONTROL_PORT", about: "the control port, 0 for any free one; 9080" },
    Variable { name: "METRICS_HOST", about: "the IP address of METRICS_PORT; CONTROL_HOST" },
    Variable {
        name: "METRICS_PORT",
        about: "the port that /metrics is moved to, 0 for any free one; CONTROL_PORT",
    },
    Variable {
        name: "PUBLIC_HOSTS",
        about: "the names that clients use, such as www.example.com; other names are refused, but not IP \
                addresses and localhost; on a loopback address none, elsewhere any",
    },
    Variable {
        name: "TRUSTED_PROXIES",
        about: "the networks of the load balancers in front, such as 10.0.0.0/8,::1: what they say in \
                X-Forwarded-* or Forwarded is believed; none",
    },
    Variable {
        name: "DATA_DIR",
        about: "the folder for state and keys, made if need be; .refactor",
    },
    Variable {
        name: "TAKE_OVER",
        about: "true takes over from the refactor that runs on the same DATA_DIR, if there is one, and no \
                request fails; false",
    },
    Variable {
        name: "CONTROL_DATABASE_URL",
        about: "the PostgreSQL database with the state of several processes, \
                postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=MODE; without it the state is in DATA_DIR, for one \
                process",
    },
    Variable {
        name: "CONTROL_NAME",
        about: "the name of this process among those of one control database; the host's name and the control port",
    },
    Variable {
        name: "CONTROL_ADDRESS",
        about: "where those reach the control port of this process, HOST:PORT; CONTROL_HOST, or the address that the \
                database server sees",
    },
    Variable {
        name: "CONTROL_DATABASE_SECRET",
        about: "in place of CONTROL_DATABASE_URL: the JSON of an Aurora secret; the connection is encrypted",
    },
    Variable {
        name: "CONTROL_KEYS",
        about: "the keys that operators sign with, as JSON: {\"accessKeyId\": …, \"secretAccessKey\": …}, or several in an array, \
                each of which is taken; without it they are made, and are in credentials.json of DATA_DIR",
    },
    Variable {
        name: "MONOLITH_URL",
        about: "the monolith, such as http://127.0.0.1:3000/api: once it answers, the stack banyan is made \
                and leads to it. Without a path, the proxy serves it at the root; nothing",
    },
    Variable {
        name: "MOVE_TOKEN",
        about: "the token of the programs whose data is to be moved, at least 16 characters; without it \
                none is",
    },
    Variable {
        name: "MOVE_TARGETS",
        about: "where collections are to go unless a route or a command says it, such as \
                users=http://127.0.0.1:3001,threads=http://127.0.0.1:3002; nothing",
    },
    Variable {
        name: "CONNECT_MS",
        about: "the time for making a connection to a service, 1 to 86400000 milliseconds; 2000",
    },
    Variable {
        name: "FIRST_BYTE_MS",
        about: "the time from the end of a request to the head of its answer, in milliseconds; 60000",
    },
    Variable {
        name: "IDLE_MS",
        about: "the wait for the next part of an answer, in milliseconds; 60000",
    },
    Variable {
        name: "EVENT_IDLE_MS",
        about: "the same in a stream of events (text/event-stream); 600000",
    },
    Variable {
        name: "TLS_CERT_FILE",
        about: "the certificate of applications in PEM form, with those that vouch for it after it: their ports \
                then speak TLS alone. It is read again when it changes; nothing",
    },
    Variable { name: "TLS_KEY_FILE", about: "its private key in PEM form; nothing" },
    Variable {
        name: "UPSTREAM_CA_DIR",
        about: "a folder of authorities in PEM form: a service with the tag banyan:ca=NAME must have a certificate of \
                NAME.pem; they are read again when they change; nothing",
    },
    Variable {
        name: "WEBSOCKET_IDLE_SECONDS",
        about: "how long both sides of a WebSocket or another upgrade may be silent, 1 to 86400; 600",
    },
    Variable {
        name: "WEBSOCKET_CONNECTIONS",
        about: "the most WebSockets and other upgrades at once, 0 to 1000000; 12000",
    },
    StopTimes::DELAY,
    StopTimes::DRAIN,
    Variable { name: "UPLOAD_BYTES", about: "the largest body of a request, in bytes; any" },
    Variable {
        name: "REQUEST_HEADER_BYTES",
        about: "the most bytes of header fields that a request may have, 1024 to 1048576; 65536",
    },
    Variable {
        name: "ANSWER_HEADER_BYTES",
        about: "the most bytes of header fields that an answer may have, 1024 to 1048576; 65536",
    },
    Variable {
        name: "UPSTREAM_CONNECTIONS",
        about: "the most requests that may be under way at one service's host and port, and so the most connections \
                there, 1 to 100000; 1024",
    },
    Logs::FORMAT,
    Logs::FILE,
    Logs::FILTER,
    Variable {
        name: "BANYAN_MAX_ENVIRONMENTS",
        about: "the most environments in a region, 1 to 10000; 100",
    },
    Variable {
        name: "BANYAN_MAX_APPLICATIONS",
        about: "the most applications in a region, 1 to 1000; 100",
    },
    Variable {
        name: "BANYAN_MAX_SERVICES",
        about: "the most services in a region, 1 to 100000; 20000",
    },
    Variable {
        name: "BANYAN_MAX_ROUTES",
        about: "the most routes in a region, 1 to 100000; 20000",
    },
];

/// What `refactor` is told from outside.
#[derive(Debug)]
pub struct Config {
    /// The address of the first application.
    pub(crate) applications: SocketAddr,
    pub(crate) control: ListenAddress,
    /// The address that serves metrics, if it is not the control port.
    pub(crate) metrics: Option<ListenAddress>,
    pub(crate) data_dir: PathBuf,
    /// Whether to take over from the process that runs on the same folder.
    pub(crate) take_over: bool,
    /// The database of several processes; without it there is one process, and the state is in the data folder.
    pub(crate) database: Option<PostgresUrl>,
    /// The keys of operators; without them they are made.
    pub(crate) keys: Option<Keyring>,
    pub(crate) name: Option<String>,
    /// The address at which other processes reach the control port.
    pub(crate) address: Option<String>,
    /// The URL of the monolith, for the first stack; without it there is no first stack.
    pub(crate) monolith: Option<Url>,
    /// What signs in to the programs whose data is moved.
    pub(crate) move_token: Option<Token>,
    pub(crate) move_targets: Targets,
    pub(crate) traffic: proxy::Settings,
    pub(crate) stop: StopTimes,
    pub(crate) logs: Logs,
    pub(crate) quotas: Quotas,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Names each variable that is wrong, or begins with `BANYAN_` and is unknown, and what it takes.
    pub(crate) fn read(
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let mut variables = Variables::new(VARIABLES, environment);
        let mut listen =
            |names, port| ListenAddress::read(&mut variables, names, (Ipv4Addr::LOCALHOST, port));
        let applications = listen(["HOST", "PORT"], 8080);
        let control = listen(["CONTROL_HOST", "CONTROL_PORT"], 9080);
        let metrics = metrics(&mut variables, &control);
        let mut quota = |name, most, default| variables.number(name, 1, most).unwrap_or(default);
        let quotas = Quotas {
            environments: quota("BANYAN_MAX_ENVIRONMENTS", 10_000, 100),
            applications: quota("BANYAN_MAX_APPLICATIONS", 1_000, 100),
            services: quota("BANYAN_MAX_SERVICES", 100_000, 20_000),
            routes: quota("BANYAN_MAX_ROUTES", 100_000, 20_000),
        };
        let database = operators::database(&mut variables);
        let take_over = variables.one_of("TAKE_OVER", &[("true", true), ("false", false)]);
        if take_over == Some(true) && database.is_some() {
            let why = "TAKE_OVER: is for the one process of a data folder; with CONTROL_DATABASE_URL stop one process, and \
                       then start the new one, while the others take the traffic";
            variables.wrong(why.into());
        }
        let config = Self {
            applications: (applications.host, applications.port).into(),
            control,
            metrics,
            data_dir: variables.take("DATA_DIR", "a folder").unwrap_or_else(|| ".refactor".into()),
            database,
            keys: operators::keys(&mut variables),
            name: variables.read(
                "CONTROL_NAME",
                "1 to 255 letters, digits, dots, colons, - and _",
                name,
            ),
            address: variables.read("CONTROL_ADDRESS", "HOST:PORT", address),
            monolith: variables.read(
                "MONOLITH_URL",
                "http:// or https://, a host, and /api or no path",
                monolith,
            ),
            take_over: take_over.unwrap_or(false),
            move_token: variables.token("MOVE_TOKEN"),
            move_targets: variables
                .read("MOVE_TARGETS", "NAME=http://HOST:PORT, more of them after a comma", targets)
                .unwrap_or_default(),
            traffic: traffic::settings(&mut variables),
            stop: StopTimes::read(&mut variables),
            logs: Logs::read(&mut variables),
            quotas,
        };
        variables.finish(config)
    }
}

/// The address that serves metrics, if they are moved from the control port.
fn metrics(variables: &mut Variables, control: &ListenAddress) -> Option<ListenAddress> {
    let names = ["METRICS_HOST", "METRICS_PORT"];
    let moved = names.map(|name| variables.is_set(name));
    let address = ListenAddress::read(variables, names, (control.host, 0));
    if moved == [true, false] {
        variables.wrong("METRICS_HOST: takes effect with METRICS_PORT only, set both".to_owned());
    }
    (moved[1]).then_some(address)
}

/// A URL whose path is `/api`, or that has none.
fn monolith(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && matches!(url.path(), "/api" | "/") && url.query().is_none() && url.fragment().is_none())
        .then_some(url)
}

/// A name of a process: it stands in headers and logs.
fn name(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte);
    ((1..=255).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

/// A host and a port.
fn address(text: &str) -> Option<String> {
    let authority = Authority::try_from(text).ok()?;
    (authority.port_u16().is_some() && !text.contains('@')).then(|| text.to_owned())
}

/// Collections, each with the URL of a program.
fn targets(text: &str) -> Option<Targets> {
    let pairs = text.split(',').map(|pair| {
        let (name, url) = pair.split_once('=')?;
        let name = Some(name.trim()).filter(|name| is_name(name))?;
        Some((name.to_owned(), program(url.trim())?))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests;
