//! The programs of the board, and how each is run on this machine.

use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use auth::LocalIssuer;
use runtime::Variable;
use serde::{Deserialize, Serialize};
use server::Program;

/// A program of the board, and the path that is its own, as in `copilot/<name>/manifest.yml`.
struct Member {
    program: Program,
    path: String,
}

/// Every program, in the order of their ports: the monolith, then one for each of its collections.
fn members() -> Vec<Member> {
    let alone = monolith::collections().into_iter().map(|collection| {
        let path = format!("/api/{}", collection.name);
        Member { program: Program::alone(collection), path }
    });
    let monolith = Member { program: monolith::program(), path: "/".to_owned() };
    iter::once(monolith).chain(alone).collect()
}

/// The port of each program in its container.
const CONTAINER_PORT: u16 = 3000;

/// The program of that name.
pub(crate) fn program(name: &str) -> Option<Program> {
    members().into_iter().map(|member| member.program).find(|program| program.name() == name)
}

/// The variables that the program of that name reads.
pub(crate) fn variables(name: &str) -> &'static [Variable] {
    match name {
        web::NAME => web::VARIABLES,
        REFACTOR => refactor::VARIABLES,
        _ => server::VARIABLES,
    }
}

/// The refactor proxy's name among the programs.
pub(crate) const REFACTOR: &str = "refactor";
/// The default ports of the proxy: for traffic, and for its control.
const REFACTOR_PORTS: [u16; 2] = [8080, 9080];
/// The default port of the pages.
const WEB_PORT: u16 = 8081;

/// The name of every program, the proxy and the pages last.
pub(crate) fn names() -> Vec<String> {
    let programs = members().into_iter().map(|member| member.program.name().to_owned());
    programs.chain([REFACTOR, web::NAME].map(str::to_owned)).collect()
}

/// A program with its address, and what it serves there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    /// The path of the API that is the program's own, such as `/api/users`; empty for the proxy's control port and the pages.
    pub(crate) path: String,
}

impl Endpoint {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The path of its collection, where it has one of its own.
    fn collection(&self) -> Option<&str> {
        Some(self.path.as_str()).filter(|path| !["", "/"].contains(path))
    }
}

/// The endpoint of the program of that name.
pub(crate) fn find<'a>(endpoints: &'a [Endpoint], name: &str) -> Option<&'a Endpoint> {
    endpoints.iter().find(|endpoint| endpoint.name == name)
}

/// The endpoint of the refactor proxy's control port.
pub(crate) fn refactor(endpoints: &[Endpoint]) -> Option<&Endpoint> {
    find(endpoints, REFACTOR)
}

/// The keys of the refactor proxy of a board.
///
/// # Errors
/// If they cannot be read.
pub(crate) fn keys(data_dir: &Path) -> Result<refactor::Keys, String> {
    refactor::Keys::read(&refactor_folder(data_dir)).map_err(|error| runtime::chain(&error))
}

/// The folder in which the refactor proxy keeps its state and its keys.
fn refactor_folder(data_dir: &Path) -> PathBuf {
    data_dir.join(REFACTOR)
}

/// Gives each program a port that is free now: `base` and the following ones, or any where that is 0. Without a
/// base each takes the port of its container, or the next one where another program has that: containers
/// can share a port, processes cannot. Gives the endpoints, and the address at which the proxy takes traffic.
///
/// # Errors
/// Names every port that is taken, and the flag that chooses others.
pub(crate) fn endpoints(base: Option<u16>) -> Result<(Vec<Endpoint>, SocketAddr), String> {
    let members = members();
    let wanted = members.iter().map(|member| (member.program.name(), CONTAINER_PORT));
    let [traffic, control] = REFACTOR_PORTS;
    let wanted = wanted.chain([("the proxy", traffic), (REFACTOR, control), (web::NAME, WEB_PORT)]);
    let wanted: Vec<_> = wanted.collect();
    let mut listeners = Vec::new();
    let mut addresses = Vec::new();
    let mut taken = Vec::new();
    for ((name, _), port) in wanted.iter().zip(ports(&wanted, base)?) {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        match bound.and_then(|listener| Ok((listener.local_addr()?, listener))) {
            Ok((address, listener)) => {
                // Held until all are found, so that none is found twice.
                listeners.push(listener);
                addresses.push(address);
            }
            Err(error) => taken.push(format!("port {port} (for {name}): {error}")),
        }
    }
    if let (true, [programs @ .., proxy, control, pages]) = (taken.is_empty(), addresses.as_slice())
    {
        let endpoints = members.iter().zip(programs).map(|(member, address)| Endpoint {
            name: member.program.name().to_owned(),
            address: *address,
            path: member.path.clone(),
        });
        let others = [(REFACTOR, control), (web::NAME, pages)].map(|(name, address)| Endpoint {
            name: name.to_owned(),
            address: *address,
            path: String::new(),
        });
        return Ok((endpoints.chain(others).collect(), *proxy));
    }
    Err(format!(
        "cannot listen on {}\nstop what listens there, or choose other ports with --port-base PORT",
        taken.join(", ")
    ))
}

fn ports(wanted: &[(&str, u16)], base: Option<u16>) -> Result<Vec<u16>, String> {
    let mut ports = Vec::new();
    for (_, port) in wanted {
        let first = base.unwrap_or(*port);
        let free = (first..=u16::MAX).find(|port| first == 0 || !ports.contains(port));
        ports.push(free.ok_or_else(|| {
            let from = if base.is_some() { "--port-base" } else { "the programs' port" };
            format!("{from} {first} leaves no room for {} ports", wanted.len())
        })?);
    }
    Ok(ports)
}

/// The URL of the program that has every collection.
fn monolith(endpoints: &[Endpoint]) -> String {
    endpoints.iter().find(|endpoint| endpoint.path == "/").map(Endpoint::url).unwrap_or_default()
}

/// The environment of the refactor proxy, whose first stack leads to the monolith.
pub(crate) fn refactor_environment(
    endpoints: &[Endpoint],
    control: &Endpoint,
    proxy: SocketAddr,
    data_dir: &Path,
    move_token: &str,
) -> Vec<(String, String)> {
    let monolith = monolith(endpoints);
    let services = endpoints.iter().filter(|endpoint| endpoint.collection().is_some());
    let targets: Vec<_> =
        services.map(|endpoint| format!("{}={}", endpoint.name, endpoint.url())).collect();
    let variables = [
        ("HOST", proxy.ip().to_string()),
        ("PORT", proxy.port().to_string()),
        ("CONTROL_HOST", control.address.ip().to_string()),
        ("CONTROL_PORT", control.address.port().to_string()),
        ("DATA_DIR", refactor_folder(data_dir).display().to_string()),
        ("TAKE_OVER", "true".to_owned()),
        ("MONOLITH_URL", format!("{monolith}/api")),
        // The commands find those of the data folder.
        ("CONTROL_KEYS", String::new()),
        ("MOVE_TOKEN", move_token.to_owned()),
        ("MOVE_TARGETS", targets.join(",")),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The environment of the pages: all that they know of the board is the proxy.
pub(crate) fn web_environment(endpoint: &Endpoint, proxy: SocketAddr) -> Vec<(String, String)> {
    let variables = [
        ("HOST", endpoint.address.ip().to_string()),
        ("PORT", endpoint.address.port().to_string()),
        ("API_URL", format!("http://{proxy}/api")),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The environment of one program. A service with a collection of its own follows the monolith from its first start; the
/// demo data is the monolith's.
pub(crate) fn environment(
    endpoint: &Endpoint,
    endpoints: &[Endpoint],
    data_dir: &Path,
    move_token: &str,
) -> Vec<(String, String)> {
    let database = data_dir.join(format!("{}.db", endpoint.name));
    let follow = endpoint.collection().map(|path| format!("{}{path}", monolith(endpoints)));
    let seed = if follow.is_some() { "" } else { "demo" };
    let own = [
        ("HOST", endpoint.address.ip().to_string()),
        ("PORT", endpoint.address.port().to_string()),
        ("DATABASE_URL", format!("sqlite:{}", database.display())),
        ("DATABASE_SECRET", String::new()),
        ("SEED", seed.to_owned()),
        ("FOLLOW", follow.unwrap_or_default()),
        ("MOVE_TOKEN", move_token.to_owned()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    let others = endpoints
        .iter()
        .map(|endpoint| (format!("{}_URL", endpoint.name.to_uppercase()), endpoint.url()));
    own.chain(others).collect()
}

/// What a program is told so that only users write, with tokens of this issuer. The pages have no tokens, so they only show;
/// the proxy passes tokens on and needs none.
pub(crate) fn auth_environment(
    program: &str,
    issuer: Option<&LocalIssuer>,
) -> Vec<(String, String)> {
    let Some(issuer) = issuer else { return Vec::new() };
    let keys = issuer.jwks_file().display().to_string();
    let variables = match program {
        REFACTOR => Vec::new(),
        web::NAME => vec![("READ_ONLY", "true".to_owned())],
        _ => vec![
            ("AUTH_ISSUER", LocalIssuer::ISSUER.to_owned()),
            ("AUTH_JWKS_URL", keys),
            ("AUTH_AUDIENCE", LocalIssuer::AUDIENCE.to_owned()),
            ("AUTH_CLIENT_ID", String::new()),
            ("AUTH_USER_CLAIM", LocalIssuer::USER_CLAIM.to_owned()),
            ("TRUSTED_PROXIES", Ipv4Addr::LOCALHOST.to_string()),
        ],
    };
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::{CONTAINER_PORT, members, ports};
    use crate::process::{GRACE_PERIOD, HEALTH_PATH, HEALTH_TIME};

    #[test]
    fn programs_take_the_port_of_their_container_or_the_next() {
        let wanted = [("monolith", 3000), ("users", 3000), ("threads", 3000), ("posts", 3001)];
        assert_eq!(ports(&wanted, None), Ok(vec![3000, 3001, 3002, 3003]));
        assert_eq!(ports(&wanted, Some(4000)), Ok(vec![4000, 4001, 4002, 4003]));
        assert_eq!(ports(&wanted, Some(0)), Ok(vec![0; 4]));
        assert!(ports(&wanted, Some(65533)).is_err());
    }

    #[test]
    fn what_up_knows_of_the_programs_is_what_their_manifests_say() {
        for member in members() {
            let name = member.program.name();
            let file = format!("{}/../copilot/{name}/manifest.yml", env!("CARGO_MANIFEST_DIR"));
            let manifest: Value =
                serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            assert_eq!(manifest["name"], name);
            assert_eq!(manifest["image"]["port"], CONTAINER_PORT);
            let path = manifest["http"]["path"].as_str().unwrap();
            assert_eq!(format!("/{}", path.trim_start_matches('/')), member.path);
            let check = &manifest["http"]["healthcheck"];
            assert_eq!(check["path"], HEALTH_PATH);
            assert_eq!(check["success_codes"], json!("200"));
            assert_eq!(check["timeout"], format!("{}s", HEALTH_TIME.as_secs()));
            assert_eq!(check["grace_period"], format!("{}s", GRACE_PERIOD.as_secs()));
        }
    }
}
