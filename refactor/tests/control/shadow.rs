//! Reads divided and mirrored by the tags of a route, as an operator does it.

use harness::{Manner, Neighbour, until};
use serde_json::{Value, json};

use crate::client::{Request, call, get, ok, post, refused, setup, tags_of};
use crate::users::Users;

const SHADOWS: &str = "/-/shadows";

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_live_when_the_answer_leaves_and_what_a_shadow_found_is_shown() {
    let old = Neighbour::start(Manner::Has(vec![1]));
    let new = Neighbour::start(Manner::Has(vec![2]));
    let program = setup().start().await;
    let tags = json!({ "banyan:canary": "0" });
    let users = Users::make(&program, old.url(), new.url(), &tags).await;
    let Users { application, url, route, .. } = &users;
    let tags = tags_of(route);
    let client = reqwest::Client::new();
    let ask = async || {
        let request = client.get(url).header("authorization", "Bearer secret");
        request.send().await.unwrap().status().as_u16()
    };
    let (olds, news) = (old.heads().len(), new.heads().len());
    let asked = || (old.heads().len() - olds, new.heads().len() - news);
    assert_eq!((ask().await, asked()), (200, (1, 0)));
    post(&program, &tags, &json!({ "Tags": { "banyan:canary": "100" } })).await;
    assert_eq!((ask().await, asked()), (404, (1, 1)));
    post(&program, &tags, &json!({ "Tags": { "banyan:canary": "0" } })).await;
    assert_eq!((ask().await, asked()), (200, (2, 1)));
    ok(&call(&program, "DELETE", &format!("{tags}?tagKeys=banyan%3Acanary"), &Value::Null).await);
    assert_eq!((ask().await, asked()), (404, (2, 2)));

    assert_eq!(get(&program, SHADOWS).await, json!({ "shadows": [] }));
    let id = route["RouteId"].as_str().unwrap();
    let shadow = format!("{SHADOWS}/{id}");
    let none = call(&program, "GET", &shadow, &Value::Null).await;
    refused(&none, 404, "ResourceNotFoundException");
    let both =
        json!({ "Tags": { "banyan:canary": "0", "banyan:shadow": "100", "banyan:ignore": "/at" } });
    post(&program, &tags, &both).await;
    assert_eq!(ask().await, 200);
    until("the read is compared", async || get(&program, &shadow).await["counts"]["compared"] != 0)
        .await;
    let answer = call(&program, "GET", &shadow, &Value::Null).await;
    assert!(!answer.body.contains("secret"));
    let mut found = ok(&answer);
    let differences = found["differences"].take();
    let [difference] = differences.as_array().unwrap().as_slice() else { panic!("{differences}") };
    assert_eq!(difference["differs"], json!(["status"]));
    assert_eq!(difference["answer"]["status"], json!(200));
    assert_eq!(difference["copy"]["status"], json!(404));
    assert_eq!(difference["request"]["headers"]["authorization"], "(redacted)");
    // The list has the same without the differences.
    found.as_object_mut().unwrap().remove("differences");
    assert_eq!(get(&program, SHADOWS).await, json!({ "shadows": [found] }));
    let at = |time: &Value| time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(at(&found["since"]) <= at(&difference["time"]));
    found.as_object_mut().unwrap().remove("since");
    let not_compared = ["matchedInPart", "notDecoded", "repeated", "unanswered", "abandoned"];
    let not_compared: Value =
        not_compared.into_iter().chain(["dropped"]).map(|why| (why.to_owned(), json!(0))).collect();
    let expected = json!({
        "application": application.rsplit('/').next(),
        "route": id,
        "path": "/users",
        "service": "svc",
        "percent": 100,
        "ignored": ["/at"],
        "noise": [],
        "counts": {
            "sampled": 1, "compared": 1, "equal": 0, "different": 1, "matchPercent": 0.0, "notCompared": not_compared,
        },
    });
    assert_eq!(found, expected);
    // Other tags begin anew.
    post(&program, &tags, &json!({ "Tags": { "banyan:ignore": "/b" } })).await;
    let anew = get(&program, &shadow).await;
    assert_eq!((&anew["differences"], &anew["counts"]["sampled"]), (&json!([]), &json!(0)));
    assert_eq!(anew["counts"]["matchPercent"], Value::Null);
}

#[tokio::test]
async fn shadows_are_for_operators_and_only_read() {
    let program = setup().start().await;
    let answer = program.try_send("GET", SHADOWS, &[], "").await.unwrap();
    refused(&answer, 403, "MissingAuthenticationTokenException");
    let mut request = Request::new(&program, "GET", SHADOWS, String::new());
    request.keys.1 = "another".to_owned();
    refused(&request.send(&program).await, 403, "InvalidSignatureException");
    for path in [SHADOWS, "/-/shadows/rte-0123456789"] {
        let posted = call(&program, "POST", path, &Value::Null).await;
        refused(&posted, 405, "MethodNotAllowedException");
        let asked = call(&program, "GET", &format!("{path}?last=1"), &Value::Null).await;
        refused(&asked, 400, "ValidationException");
    }
    let longer = call(&program, "GET", "/-/shadowsx", &Value::Null).await;
    refused(&longer, 404, "UnknownOperationException");
}
