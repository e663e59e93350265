//! What was answered is there after any crash, and nothing is there by half.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use harness::{Manner, Neighbour, Program, until};
use serde_json::{Value, json};

use crate::client::{Request, application, fallback, get, post, service, setup};

const CRASHES: usize = 5;
const CLIENTS: usize = 4;
const CALLS_BETWEEN_CRASHES: usize = 60;

/// What clients were answered: the service by the id of its route, `None` once the route is deleted.
type Ledger = Mutex<BTreeMap<String, Option<String>>>;

/// Makes a service and a route to it, deletes each third route, until the program is gone.
async fn client(
    program: Arc<Program>,
    application: String,
    upstream: String,
    name: String,
    ledger: Arc<Ledger>,
    calls: Arc<AtomicUsize>,
) {
    for number in 0.. {
        let call = async |method: &str, path: String, body: Value| -> Option<Value> {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let answer =
                Request::new(&program, method, &path, body).try_send(&program).await.ok()?;
            assert_eq!(answer.status, 200, "{}", answer.body);
            calls.fetch_add(1, Ordering::Relaxed);
            Some(answer.json())
        };
        let new =
            json!({ "Name": "svc", "EndpointType": "URL", "UrlEndpoint": { "Url": upstream } });
        let services = format!("{application}/services");
        let Some(service) = call("POST", services, new).await else { return };
        let new = json!({
            "RouteType": "URI_PATH",
            "ServiceIdentifier": service["ServiceId"],
            "UriPathRoute": { "SourcePath": format!("/{name}.{number}"), "ActivationState": "ACTIVE" },
        });
        let routes = format!("{application}/routes");
        let Some(route) = call("POST", routes.clone(), new).await else { return };
        assert_eq!(route["State"], "ACTIVE");
        let id = route["RouteId"].as_str().unwrap().to_owned();
        let service = service["ServiceId"].as_str().unwrap().to_owned();
        ledger.lock().unwrap().insert(id.clone(), Some(service));
        if number % 3 == 0 {
            // Either side of a delete that was not answered may be there.
            ledger.lock().unwrap().remove(&id);
            let path = format!("{routes}/{id}");
            let Some(_) = call("DELETE", path, Value::Null).await else { return };
            ledger.lock().unwrap().insert(id, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answered_call_is_there_after_kills_in_a_stream_of_calls() {
    let upstream = Neighbour::start(Manner::Has(vec![]));
    let mut program = setup().env("RUST_LOG", "info,request=off").start().await;
    let application = application(&program).await;
    let id = service(&program, &application, upstream.url()).await;
    post(&program, &format!("{application}/routes"), &fallback(&id)).await;
    let ledger = Arc::new(Ledger::default());
    for crash in 0..CRASHES {
        let (pid, setup) = (program.pid(), program.setup().clone());
        let running = Arc::new(program);
        let calls = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                tokio::spawn(client(
                    Arc::clone(&running),
                    application.clone(),
                    upstream.url().to_owned(),
                    format!("{crash}.{number}"),
                    Arc::clone(&ledger),
                    Arc::clone(&calls),
                ))
            })
            .collect();
        until("enough was called", async || calls.load(Ordering::Relaxed) >= CALLS_BETWEEN_CRASHES)
            .await;
        harness::signal("KILL", pid);
        for client in clients {
            client.await.unwrap();
        }
        program = setup.start().await;
    }
    let ledger = ledger.lock().unwrap().clone();
    assert!(ledger.len() > CRASHES * 10, "only {} routes were made", ledger.len());

    let mut found = BTreeMap::new();
    let mut next = String::new();
    loop {
        let page = get(&program, &format!("{application}/routes?{next}")).await;
        for route in page["RouteSummaryList"].as_array().unwrap() {
            found.insert(route["RouteId"].as_str().unwrap().to_owned(), route.clone());
        }
        let Some(token) = page["NextToken"].as_str() else { break };
        next = format!("nextToken={token}");
    }
    for (id, service) in &ledger {
        let found = found.get(id).map(|route| route["ServiceId"].as_str().unwrap());
        assert_eq!(found, service.as_deref(), "route {id}");
    }
    for (id, route) in &found {
        // A route whose creation was never answered is whole all the same: its service exists, and it becomes ACTIVE.
        let service = route["ServiceId"].as_str().unwrap();
        get(&program, &format!("{application}/services/{service}")).await;
        let path = format!("{application}/routes/{id}");
        until("the route is settled", async || get(&program, &path).await["State"] == "ACTIVE")
            .await;
    }
}
