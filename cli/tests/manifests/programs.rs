//! What the manifests say, held against the programs that they deploy.

use std::collections::BTreeMap;

use crate::copilot::Service;
use harness::{Program, Setup, free_port, golden_reads};

use crate::manifest::{service, text};
use crate::names::{collections, programs};

/// The program as its container would start it: with the variables of its manifest, but for the ports, which
/// must be free here, and for the database, which an addon gives it there.
async fn deployed(manifest: &Service) -> Program {
    let setup = Setup::new(env!("CARGO_BIN_EXE_banyan")).arg("serve").arg(&manifest.name);
    let variables = manifest.variables.iter().filter(|(name, _)| *name != "PORT");
    let setup = variables.fold(setup, |setup, (name, value)| {
        setup.env(name, if name == "METRICS_PORT" { "0" } else { value })
    });
    setup.start().await
}

#[tokio::test]
async fn each_program_starts_with_its_variables_and_gives_the_golden_reads() {
    for name in programs() {
        let program = deployed(&service(name)).await;
        let own = |collection: &&str| name == "monolith" || name == *collection;
        let collections: Vec<_> = collections().filter(|name| own(name)).collect();
        golden_reads(&program, &collections).await;
    }
}

#[tokio::test]
async fn the_health_check_passes_while_writes_are_refused() {
    for name in programs() {
        let manifest = service(name);
        let program = deployed(&manifest).await;
        let check = &manifest.http.healthcheck;
        let answer = program.get(check.path.as_str()).await;
        assert!(check.success_codes.contain(answer.status), "{name}: {}", answer.body);
        let collection = if name == "monolith" { "users" } else { name };
        let body = serde_json::json!({"username": "bmo", "name": "BMO"});
        let write = program.json("POST", &format!("/api/{collection}"), &body).await;
        assert_eq!(write.status, 403, "the board has no accounts yet: {}", write.body);
    }
}

#[tokio::test]
async fn the_path_rule_covers_every_route_of_the_program_and_none_of_another() {
    let mut routes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in collections() {
        let program = deployed(&service(name)).await;
        let described = program.get(&format!("/api/{name}/openapi.json")).await.json();
        let paths = described["paths"].as_object().expect("paths").keys();
        // As a client asks for them: the description has names for what differs.
        let mut paths: Vec<_> = paths.map(|path| path.replace("{id}", "1")).collect();
        assert!(paths.iter().all(|path| !path.contains('{')), "{paths:?}");
        paths.extend(["openapi.json", "docs"].map(|page| format!("/api/{name}/{page}")));
        paths.extend(paths.clone().into_iter().map(|path| format!("{path}/")));
        // None of these is a 404 of a route that is not there.
        for path in &paths {
            let status = program.get(path).await.status;
            assert_eq!(status, 200, "{path} of {name}");
        }
        routes.insert(name, paths);
    }
    for (owner, paths) in &routes {
        for name in programs() {
            let rule = service(name).http.path;
            for path in paths {
                let expected = name == *owner || name == "monolith";
                assert_eq!(
                    rule.covers(path),
                    expected,
                    "copilot/{name}/manifest.yml: http.path: {path}"
                );
            }
        }
    }
    for name in collections() {
        // The checks of a task itself do not pass through the load balancer.
        let rule = service(name).http.path;
        for path in ["/", "/api", "/healthz", "/readyz", "/metrics", &format!("/api/{name}x")] {
            assert!(!rule.covers(path), "copilot/{name}/manifest.yml: http.path: {path}");
        }
    }
}

#[tokio::test]
async fn no_load_balancer_leads_to_what_is_for_operators() {
    for name in programs() {
        let manifest = service(name);
        let program = deployed(&manifest).await;
        for path in ["/metrics", "/metrics/", "//metrics", "/api/users/-/ownership"] {
            let reached = manifest.http.path.covers(path);
            let there = program.get(path).await.status != 404;
            assert!(!(reached && there), "copilot/{name}/manifest.yml: {path} is public");
        }
    }
}

#[tokio::test]
async fn the_port_is_the_one_that_the_program_listens_on() {
    for name in programs() {
        let manifest = service(name);
        let port = manifest.image.port.to_string();
        let file = format!("copilot/{name}/manifest.yml");
        assert_eq!(manifest.variables.get("PORT"), Some(&port), "{file}: variables.PORT");
        let exposed = format!("EXPOSE {port}");
        let dockerfile = text(&manifest.image.build.dockerfile);
        assert!(dockerfile.lines().any(|line| line == exposed), "{file}: image.port: no {exposed}");
        // The manifest's own port may be taken here; a program listens on whichever it is told.
        let free = free_port();
        let setup = Setup::new(env!("CARGO_BIN_EXE_banyan")).arg("serve").arg(name);
        let program = setup.env("PORT", &free.to_string()).start().await;
        assert!(program.address().ends_with(&format!(":{free}")), "{}", program.address());
    }
}

/// The variables that all programs read, and the neighbours that each asks.
#[test]
fn every_variable_is_one_that_the_program_reads() {
    let neighbours = BTreeMap::from([
        ("threads", ["USERS_URL"].as_slice()),
        ("posts", ["USERS_URL", "THREADS_URL"].as_slice()),
    ]);
    for name in programs() {
        let asked = neighbours.get(name).copied().unwrap_or_default();
        for variable in service(name).variables.keys() {
            let known = server::VARIABLES.iter().any(|known| known.name == variable);
            let file = format!("copilot/{name}/manifest.yml");
            let url = variable.ends_with("_URL");
            let read = if url { asked.contains(&variable.as_str()) } else { known };
            assert!(read, "{file}: variables.{variable}: the program does not read it");
        }
    }
}
