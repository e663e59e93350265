//! A canary that rises by itself, and falls to 0 % with a reason that a restart keeps.

use harness::{Manner, Neighbour, Program, until};
use serde_json::{Value, json};

use crate::client::{call, get, post, setup, tags_of};
use crate::users::Users;

const CANARIES: &str = "/-/canaries";

async fn canary(program: &Program) -> Value {
    get(program, CANARIES).await["canaries"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_rises_by_itself_and_falls_when_its_limit_is_passed() {
    let old = Neighbour::start(Manner::Has(vec![1]));
    let new = Neighbour::start(Manner::Has(vec![1]));
    let program = setup().start().await;
    let tags = json!({
        "banyan:canary-steps": "50 100",
        "banyan:canary-interval-seconds": "1",
        "banyan:canary-min-requests": "5",
    });
    let Users { url, route, .. } = Users::make(&program, old.url(), new.url(), &tags).await;
    let client = reqwest::Client::new();
    let ask = async || client.get(&url).send().await.unwrap().status().as_u16();
    let begun = canary(&program).await;
    assert_eq!((&begun["percent"], &begun["steps"]), (&json!(50), &json!([50, 100])));
    assert_eq!(begun["route"], route["RouteId"]);

    until("the share has risen", async || {
        assert_eq!(ask().await, 200);
        canary(&program).await["percent"] == 100
    })
    .await;
    new.behave(Manner::Fails);
    until("the share has fallen", async || {
        ask().await;
        canary(&program).await["percent"] == 0
    })
    .await;
    let fallen = canary(&program).await["rolledBack"].clone();
    let reason = fallen["reason"].as_str().unwrap();
    assert!(reason.ends_with("reads failed; the limit is 1 %"), "{reason}");
    assert_eq!(fallen["percent"], 100);
    program.logged(reason).await;
    let expected = [format!("back from 100 % to 0 %: {reason}"), "rose to 100 %".to_owned()];
    until("the history has both", async || {
        let history = get(&program, "/-/history").await;
        let lines = history["history"].as_array().unwrap().iter();
        lines.map(|line| &line["outcome"]).eq(&expected)
    })
    .await;
    let metrics = program.send("GET", "/metrics", &[], "").await.body;
    assert!(metrics.contains("banyan_canary_rolled_back{"), "{metrics}");
    assert_eq!(get(&program, &tags_of(&route)).await["Tags"], tags, "the tags stay as they are");

    let program = program.restart().await;
    assert_eq!(canary(&program).await["rolledBack"], fallen);
    assert_eq!(ask().await, 200, "the old service answers");
    new.behave(Manner::Has(vec![1]));
    post(&program, &tags_of(&route), &json!({ "Tags": tags })).await;
    let again = canary(&program).await;
    assert_eq!((&again["percent"], &again["rolledBack"]), (&json!(50), &Value::Null));
    assert_eq!(call(&program, "POST", CANARIES, &Value::Null).await.status, 404);
}
