//! What `banyan up` starts, and what it tells its user.

use std::net::SocketAddr;

use harness::{free_ports, until};
use serde_json::json;

use crate::banyan::{Banyan, signal};
use crate::board::{Board, collections_of, names};
use crate::folder::{Folder, alone};
use crate::names::{collections, programs};

#[tokio::test]
async fn up_starts_programs_that_each_give_the_golden_reads_of_their_collections() {
    let folder = Folder::new();
    let board = folder.up().await;
    let shown: Vec<_> = board.addresses.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(shown, names());
    assert_eq!(folder.programs().len(), names().len());
    for program in programs() {
        let own = collections_of(program);
        board.golden_reads(program, &own).await;
        for other in collections() {
            let status = board.get(program, &format!("/api/{other}")).await.status;
            assert_eq!(status == 200, own.contains(&other), "{other} of {program}");
        }
    }
}

#[tokio::test]
async fn every_address_that_up_prints_answers_and_every_command_works() {
    let folder = Folder::new();
    let board = folder.up().await;
    let printed = board.banyan.stdout();
    let (table, commands) = printed.split_once("Try:").expect("there is something to try");
    let links: Vec<_> = table.split_whitespace().filter(|word| word.contains("://")).collect();
    // The pages of the board and of the console, each program with its documentation, the control port, the pages, both sides
    // of the proxy, and the primary and the follower of each collection.
    assert_eq!(
        links.len(),
        2 + 2 * programs().count() + 2 + 2 + 2 * collections().count(),
        "{table}"
    );
    assert_eq!(links[0], format!("{}/", board.url("web")), "what is for a browser comes first");
    for link in links {
        let answer = board.send("GET", link, "").await;
        if link == board.url("refactor") {
            assert_eq!(answer.status, 403, "{link}");
            assert!(answer.body.contains("banyan env"), "{}", answer.body);
        } else if link.ends_with("/console/") {
            assert_eq!(answer.status, 403, "{link}");
            assert!(answer.body.contains("banyan console"), "{}", answer.body);
        } else {
            assert_eq!(answer.status, 200, "{link}");
        }
    }
    let commands: Vec<_> = commands.lines().filter(|line| line.contains("curl ")).collect();
    assert_eq!(commands.len(), 3, "{printed}");
    for command in commands {
        let words = words(command);
        let after = |flag| words.iter().skip_while(|word| **word != flag).nth(1);
        let url = words.iter().find(|word| word.starts_with("http://")).expect("a URL");
        let (method, body) = after("-d").map_or(("GET", ""), |body| ("POST", body));
        if method == "POST" {
            assert_eq!(after("-H"), Some(&"Content-Type: application/json"), "{command}");
        }
        let answer = board.send(method, url, body).await;
        assert_eq!(answer.status, if method == "POST" { 201 } else { 200 }, "{command}");
        assert!(answer.body.len() > 10, "{command}: {}", answer.body);
    }
}

/// The words of a command line as a shell sees them.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    // Every other part stands between quotation marks.
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part);
        } else {
            words.extend(part.split_whitespace());
        }
    }
    words
}

#[tokio::test]
async fn without_a_subcommand_banyan_is_up_with_all_its_flags() {
    let folder = Folder::new();
    let _alone = alone().await;
    let board = Board::of(folder.banyan(&["--port-base", "0"])).await;
    assert_eq!(folder.programs().len(), names().len());
    for (program, address) in &board.addresses {
        let address: SocketAddr = address.parse().expect("an address");
        assert!(address.ip().is_loopback() && address.port() > 3003, "{program} is at {address}");
        assert_eq!(board.get(program, "/readyz").await.status, 200, "{program}");
    }
}

#[tokio::test]
async fn without_a_data_folder_it_is_dot_banyan_where_banyan_is_started() {
    let folder = Folder::new();
    let _alone = alone().await;
    let board = Board::of(Banyan::start(folder.command(&["--port-base", "0"]))).await;
    let data = folder.parent().join(".banyan");
    for program in programs() {
        assert!(data.join(format!("{program}.db")).is_file(), "{program}");
    }
    let shown = format!("Data and logs are in {}.", data.display());
    assert!(board.banyan.stdout().contains(&shown), "{}", board.banyan.stdout());
    let status = Banyan::start(folder.command(&["status"])).ended().await;
    assert_eq!(status.code, Some(0), "{}", status.stderr);
}

#[tokio::test]
async fn what_it_suggests_to_try_works_as_things_stand() {
    let folder = Folder::new();
    let _alone = alone().await;
    // Routes keep their URLs, so the ports have to be the same again.
    let base = free_ports(names().len() as u16 + 1).to_string();
    let up = async || Board::of(folder.banyan(&["up", "--port-base", &base])).await;
    let board = up().await;
    let users = |board: &Board, name: &str| {
        let line = format!("  curl {}/api/users\n", board.url(name));
        board.banyan.stdout().contains(&line)
    };
    assert!(users(&board, "monolith"), "{}", board.banyan.stdout());
    folder.switch(&["users"]).await;
    assert_eq!(folder.run(&["complete", "users"]).await.code, Some(0));
    signal("TERM", board.banyan.pid());
    board.banyan.ended().await;
    let board = up().await;
    let said = board.banyan.stdout();
    assert!(users(&board, "users") && !users(&board, "monolith"), "{said}");
    let tries = said.lines().filter_map(|line| line.strip_prefix("  curl "));
    let reads: Vec<_> = tries.filter(|request| !request.starts_with('-')).collect();
    assert_eq!(reads.len(), 2, "{said}");
    for url in reads {
        let url = url.trim_matches('\'');
        assert_eq!(board.send("GET", url, "").await.status, 200, "{url}");
    }
}

#[tokio::test]
async fn each_program_gets_the_variables_that_it_knows_and_a_port_of_its_own_for_metrics() {
    let folder = Folder::new();
    let _alone = alone().await;
    let base = free_ports(names().len() as u16);
    let mut up = folder.command(&["up", "--port-base", "0", "--data-dir", "data"]);
    up.env("METRICS_PORT", base.to_string());
    // The first one is known to the proxy alone, the other one to the others.
    up.env("BANYAN_MAX_ROUTES", "50").env("BANYAN_WORKERS", "1");
    let _board = Board::of(Banyan::start(up)).await;
    for (port, name) in (base..).zip(names().into_iter().filter(|name| *name != "web")) {
        let metrics = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await;
        let metrics = metrics.expect("it answers").text().await.expect("a text");
        assert_eq!(metrics.contains("banyan_proxy_"), name == "refactor", "{name}: {metrics}");
    }
}

#[tokio::test]
async fn a_service_with_data_of_its_own_keeps_it_and_that_is_said() {
    let folder = Folder::new();
    std::fs::create_dir(folder.data()).expect("the data folder can be made");
    let database = format!("sqlite:{}", folder.data().join("users.db").display());
    // As boards were before services followed.
    let mut alone = folder.command(&["serve", "users"]);
    alone
        .env("DATABASE_URL", database)
        .env("SEED", "demo")
        .env("HOST", "127.0.0.1")
        .env("PORT", "0");
    let old = Banyan::start(alone);
    until("it has its data", async || {
        let log = old.stderr();
        log.contains("listening on")
    })
    .await;
    drop(old);
    let board = folder.up().await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    assert_eq!(board.post("users", "/api/users", &bmo).await.created(), 5, "it takes writes");
    let said = format!("{}/api/users has data of its own", board.url("users"));
    assert!(board.banyan.stdout().contains(&said), "{}", board.banyan.stdout());
    let refused = folder.run(&["follow", "users"]).await;
    assert!(refused.stderr.contains("empty database"), "{}", refused.stderr);
    assert_eq!(board.get("users", "/api/users/5").await.status, 200, "nothing was overwritten");
}

#[tokio::test]
async fn the_services_ask_each_other_whether_what_a_write_names_exists() {
    let folder = Folder::new();
    let board = folder.up().await;
    folder.switch(&["users", "threads", "posts"]).await;
    let bmo = json!({"username": "bmo", "name": "BMO"});
    let user = board.post("users", "/api/users", &bmo).await.created();
    let thread = json!({"title": "Who wants to play video games?", "createdBy": user});
    let thread = board.post("threads", "/api/threads", &thread).await.created();
    let post = json!({"thread": thread, "text": "Me!", "user": user});
    board.post("posts", "/api/posts", &post).await.created();
    let read = board.get("posts", &format!("/api/posts/in-thread/{thread}")).await.json();
    assert_eq!(read, json!([{"thread": thread, "text": "Me!", "user": user}]));

    let refused = async |program, path, body, pointers: &[&str]| {
        let answer = board.post(program, path, &body).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let errors = answer.json()["errors"].as_array().expect("a list").clone();
        let named: Vec<_> = errors.iter().map(|error| error["pointer"].as_str()).collect();
        assert_eq!(named, pointers.iter().map(|pointer| Some(*pointer)).collect::<Vec<_>>());
    };
    let (nobody, nowhere) = (user + 1, thread + 1);
    let by_nobody = json!({"title": "t", "createdBy": nobody});
    refused("threads", "/api/threads", by_nobody, &["#/createdBy"]).await;
    let by_nobody = json!({"thread": thread, "text": "t", "user": nobody});
    refused("posts", "/api/posts", by_nobody, &["#/user"]).await;
    let nowhere = json!({"thread": nowhere, "text": "t", "user": user});
    refused("posts", "/api/posts", nowhere, &["#/thread"]).await;
}
