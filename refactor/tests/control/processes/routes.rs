//! A change of routes is answered when every live process has it, and names those that do not.

use harness::{Manner, Neighbour, until};
use serde_json::{Value, json};

use super::fixture::{Several, leader, line, process, proxy, through, unready, without};
use crate::client::{call, fallback, get, ok, post, refused, service};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_answered_change_is_live_in_every_process() {
    let several = Several::start(3).await;
    let route = several.route().await;
    for (number, to_new) in [true, false].repeat(25).into_iter().enumerate() {
        let asked = &several.programs[number % 3];
        assert_eq!(without(&several.flip(asked, &route, to_new).await), "");
        for program in &several.programs {
            let expected = if to_new { "new" } else { "old" };
            assert_eq!(several.reached(program).await, expected, "flip {number}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn each_process_answers_the_control_port_in_the_same_way() {
    let several = Several::start(2).await;
    let mut shown = Vec::new();
    for program in &several.programs {
        shown.push(get(program, &format!("{}/routes", several.application)).await);
        let missing = call(program, "GET", "/environments/env-0000000000", &Value::Null).await;
        refused(&missing, 404, "ResourceNotFoundException");
        let wrong = call(program, "POST", "/environments", &json!({})).await;
        refused(&wrong, 400, "ValidationException");
    }
    assert_eq!(shown[0], shown[1]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_process_without_the_database_goes_on_and_is_named() {
    let database = harness::postgres().await;
    let line = line(&database).await;
    let mut programs = vec![process(database.url(), "whole").start().await];
    assert_eq!(leader(&programs).await, 0);
    programs.push(process(&through(&line), "cut").start().await);
    let several = Several::of(database, programs).await;
    let [whole, cut] = &several.programs[..] else { panic!("two processes") };
    let route = several.route().await;
    assert_eq!(without(&several.flip(whole, &route, true).await), "");
    line.set_whole(false);
    until("it is not ready", async || unready(cut).await.is_some()).await;
    let reason = unready(cut).await.unwrap();
    assert!(reason.contains("traffic goes on with the last routes"), "{reason}");
    assert_eq!(without(&several.flip(whole, &route, false).await), "cut");
    assert_eq!(several.reached(whole).await, "old");
    assert_eq!(several.reached(cut).await, "new", "its last routes");
    let refusal = several.flip(cut, &route, true).await;
    let message = refused(&refusal, 503, "ServiceUnavailable").to_string();
    assert!(message.contains("the control database") && message.contains("since"), "{message}");
    line.set_whole(true);
    until("it is ready", async || unready(cut).await.is_none()).await;
    assert_eq!(several.reached(cut).await, "old");
    assert_eq!(without(&several.flip(cut, &route, true).await), "");
    assert_eq!(several.reached(cut).await, "new");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_process_that_joins_has_the_routes_before_it_takes_traffic() {
    let mut several = Several::start(1).await;
    let route = several.route().await;
    several.flip(&several.programs[0], &route, true).await;
    for name in ["second", "third"] {
        let program = process(several.database.url(), name).start().await;
        assert_eq!(several.reached(&program).await, "new");
        several.programs.push(program);
    }
    let applications = several.application.rsplit_once('/').unwrap().0;
    for program in &several.programs {
        let shown = get(program, applications).await;
        assert_eq!(shown["ApplicationSummaryList"].as_array().unwrap().len(), 1);
    }
    ok(&call(&several.programs[1], "DELETE", &route, &Value::Null).await);
    for program in &several.programs {
        assert_eq!(several.reached(program).await, "old");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_process_that_stops_is_neither_waited_for_nor_named() {
    let mut several = Several::start(3).await;
    let route = several.route().await;
    let place = leader(&several.programs).await;
    let mut stopping = several.programs.remove(place);
    stopping.terminate();
    assert!(stopping.ended().await.success(), "{}", stopping.log());
    let next = &several.programs[0];
    until("another process leads", async || several.flip(next, &route, true).await.status == 200)
        .await;
    assert_eq!(without(&several.flip(next, &route, false).await), "");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn an_application_that_is_deleted_is_closed_in_every_process() {
    let several = Several::start(2).await;
    let urls = [proxy(&several.programs[0]).await, proxy(&several.programs[1]).await];
    let routes = format!("{}/routes", several.application);
    let services = format!("{}/services", several.application);
    for (list, key, id) in
        [(routes, "RouteSummaryList", "RouteId"), (services, "ServiceSummaryList", "ServiceId")]
    {
        for found in get(&several.programs[0], &list).await[key].as_array().unwrap() {
            let path = format!("{list}/{}", found[id].as_str().unwrap());
            ok(&call(&several.programs[0], "DELETE", &path, &Value::Null).await);
        }
    }
    ok(&call(&several.programs[1], "DELETE", &several.application, &Value::Null).await);
    for url in urls {
        until("its port is closed", async || reqwest::get(&url).await.is_err()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn each_process_serves_an_application_at_the_root() {
    let database = harness::postgres().await;
    let mut programs = Vec::new();
    for name in ["one", "two"] {
        programs.push(process(database.url(), name).start().await);
    }
    let upstream = Neighbour::start(Manner::Has(vec![1]));
    let first = &programs[leader(&programs).await];
    let environment = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    let environment = post(first, "/environments", &environment).await;
    let path =
        format!("/environments/{}/applications", environment["EnvironmentId"].as_str().unwrap());
    let application = json!({ "Name": "app", "ProxyType": "API_GATEWAY", "VpcId": "vpc-01234567",
                              "ApiGatewayProxy": { "StageName": "$default" } });
    let application = post(first, &path, &application).await;
    let path = format!("{path}/{}", application["ApplicationId"].as_str().unwrap());
    let id = service(first, &path, upstream.url()).await;
    post(first, &format!("{path}/routes"), &fallback(&id)).await;
    for program in &programs {
        let url = proxy(program).await;
        assert_eq!(url.matches('/').count(), 2, "{url} has no path");
        let answer = reqwest::get(format!("{url}/users/1")).await.unwrap();
        assert_eq!(answer.status(), 200, "{}", program.log());
    }
}
