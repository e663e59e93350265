//! A fault for each rule.

use conformance::Rule;
use serde_json::{Value, json};

use crate::relay::{Answer, Fault, Request};

/// The request as it is.
fn same(_: &mut Request) {}

/// The answer as it is.
fn told(_: &Request, _: &mut Answer) {}

/// A fault in what the program is asked.
const fn hears(rule: Rule, request: fn(&mut Request)) -> Fault {
    Fault { rule, request, answer: told }
}

/// A fault in what is answered.
const fn says(rule: Rule, answer: fn(&Request, &mut Answer)) -> Fault {
    Fault { rule, request: same, answer }
}

/// One for each rule, in the order of the rules.
pub(crate) const FAULTS: &[Fault] = &[
    hears(Rule::A1, |request| {
        request.headers.retain(|(name, _)| name != "authorization");
        let bearer = format!("Bearer {}", harness::MOVE_TOKEN);
        request.headers.push(("authorization".into(), bearer));
    }),
    hears(Rule::A2, |request| request.headers.retain(|(name, _)| name != "via")),
    hears(Rule::A3, |request| request.drop_parameter("another")),
    says(Rule::A4, |_, answer| {
        if let Some(body) = answer.body.as_object_mut() {
            body.remove("code");
        }
    }),
    says(Rule::O1, |_, answer| {
        if let Some(body) = answer.body.as_object_mut() {
            body.remove("since");
        }
    }),
    says(Rule::O2, |request, answer| {
        if request.is("GET", "ownership") {
            answer.body["run"] = json!(format!("run-{}", request.before.len()));
        }
    }),
    says(Rule::O3, |request, answer| {
        if request.parameter("covers").is_some_and(|covers| covers.starts_with("1001.")) {
            answer.status = 503;
        }
    }),
    says(Rule::C1, |request, answer| {
        if request.is_of_client("PATCH") && answer.status == 421 {
            answer.status = 200;
        }
    }),
    says(Rule::C2, |request, answer| {
        if request.is_of_client("GET") {
            answer.header("banyan-position", Some("1.1"));
        }
    }),
    says(Rule::C3, |request, answer| {
        if request.is_of_client("POST") {
            answer.header("banyan-position", Some("1.1"));
        }
    }),
    says(Rule::C4, |request, answer| {
        if request.is_of_client("GET") && answer.status == 200 {
            answer.header("banyan-primary", None);
        }
    }),
    hears(Rule::C5, |request| request.headers.retain(|(name, _)| name != "banyan-read")),
    says(Rule::C6, |request, answer| {
        if request.inner {
            let handovers = answer.entries().into_iter().flatten();
            for entry in handovers.filter(|entry| entry.get("handover").is_some()) {
                entry["handover"]["lastId"] = json!(0);
            }
        }
    }),
    says(Rule::F1, |request, answer| {
        let starts = request.parameter("after").is_some_and(|after| after.starts_with('0'));
        let first = !request.before.iter().any(|before| before.contains("limit=1000&"));
        if starts && !first && request.parameter("limit") == Some("1000") {
            let rows = answer.entries().into_iter().flatten();
            let key = rows.filter_map(|entry| entry.pointer("/row/key").cloned()).next();
            answer.keep(|entry| entry.pointer("/row/key") != key.as_ref());
        }
    }),
    says(Rule::F2, |_, answer| {
        answer.keep(|entry| entry.pointer("/row/content") != Some(&Value::Null))
    }),
    says(Rule::F3, |request, answer| {
        if request.parameter("limit") == Some("3")
            && request.parameter("after").is_some_and(|after| !after.starts_with('0'))
        {
            answer.keep(|entry| entry.get("row").is_none() || entry["row"]["rev"] != 2);
            if answer.entries().is_some_and(|entries| entries.is_empty()) {
                answer.body["more"] = json!(false);
            }
        }
    }),
    says(Rule::F4, |request, answer| {
        if request.parameter("limit") == Some("1") {
            answer.keep(|_| false);
        }
    }),
    says(Rule::F5, |_, answer| {
        if answer.body["more"] == true {
            answer.body["covered"] = answer.body["latest"].clone();
        }
    }),
    says(Rule::F7, |request, answer| {
        // Never a page without an entry.
        if request.parameter("limit") == Some("10000")
            && let Some(entries) = answer.entries().filter(|entries| entries.is_empty())
        {
            entries.push(json!({"heartbeat": {"atMs": 1}}));
        }
    }),
    says(Rule::F8, |_, answer| answer.keep(|entry| entry.get("heartbeat").is_none())),
    hears(Rule::F9, |request| {
        if request.is("GET", "changes") {
            request.drop_parameter("run");
        }
    }),
    says(Rule::F11, |request, answer| {
        let ends = |entries: &Vec<Value>| {
            entries.last().is_some_and(|entry| entry.get("handover").is_some())
        };
        if !request.inner
            && let Some(entries) = answer.entries().filter(|entries| ends(entries))
        {
            entries.push(json!({"heartbeat": {"atMs": 1}}));
        }
    }),
    says(Rule::F12, |request, answer| {
        if !request.inner && answer.body["role"] == "follower" && answer.body["epoch"] == 2 {
            answer.keep(|entry| entry.get("row").is_none());
        }
    }),
    says(Rule::T1, |_, answer| answer.done_despite("in_use")),
    says(Rule::T2, |request, answer| {
        if request.is("POST", "follow") && answer.status == 200 {
            answer.body["lineage"] = json!("another");
        }
    }),
    says(Rule::T5, |_, answer| {
        if answer.body["followed"]["cursor"] == "0:" {
            answer.body["followed"]["copied"] = json!(true);
        }
        if answer.body["role"] == "follower"
            && answer.body["epoch"] == 1
            && answer.body["followed"].is_object()
        {
            answer.body["followed"]["cursor"] = json!("0:");
            answer.body["followed"]["copied"] = json!(true);
        }
    }),
    hears(Rule::T6, |request| {
        if request.inner {
            request.drop_parameter("follower");
            request.drop_parameter("passed");
        }
    }),
    says(Rule::T7, |request, answer| {
        if request.inner
            && let Some(entries) = answer.entries()
        {
            // The handover is the last one then, so the program applies what was behind it.
            entries.sort_by_key(|entry| entry.get("handover").is_some());
        }
    }),
    hears(Rule::T9, |request| {
        if request.is("POST", "cancel") {
            request.only_ask();
        }
    }),
    says(Rule::S1, |request, answer| {
        if request.is("POST", "fence") && answer.status == 200 {
            answer.body["position"] = json!(1);
        }
    }),
    says(Rule::S2, |_, answer| answer.done_despite("fence_too_long")),
    says(Rule::S3, |_, answer| answer.done_despite("fenced")),
    hears(Rule::S4, |request| {
        if request.is("POST", "release") && request.body["id"] == "check-one" {
            request.only_ask();
        }
    }),
    says(Rule::S5, |_, answer| answer.done_despite("other_epoch")),
    says(Rule::S6, |_, answer| answer.done_despite("not_fenced")),
    hears(Rule::S7, |request| {
        if request.inner
            && request.is("GET", "changes")
            && request.parameter("after").is_some_and(|after| after != "0:")
        {
            request.query = request.query.replacen("after=", "after=7", 1);
        }
    }),
    says(Rule::S8, |_, answer| {
        if answer.body["code"] == "handover_open" {
            answer.body["code"] = json!("not_follower");
        }
    }),
    hears(Rule::S11, |request| {
        if request.is("POST", "forget") && request.body["follower"] != "not a store" {
            request.only_ask();
        }
    }),
    says(Rule::S12, |request, answer| {
        if request.is("POST", "probe") && answer.status == 200 {
            answer.body["store"] = json!("another");
        }
    }),
    says(Rule::D1, |request, answer| {
        if request.is("GET", "digest") {
            answer.body["hash"] = json!(format!("{:032x}", request.before.len()));
        }
    }),
    says(Rule::D2, |request, answer| {
        if request.is("GET", "digest") && request.parameter("limit") == Some("2") {
            answer.body["rows"] = json!(1);
        }
    }),
    says(Rule::D3, |request, answer| {
        if request.is("GET", "digest") {
            answer.body["position"] = json!("1.0");
        }
    }),
    says(Rule::D4, |request, answer| {
        let compares = request.before.iter().any(|before| before.contains("digest?limit=2"));
        if compares && request.is_of_client("POST") {
            answer.status = 503;
        }
    }),
];
