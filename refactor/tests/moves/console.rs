//! The console of a move: what its pages show, and what its forms do.

use harness::{Answer, until};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::fixture::Fixture;

/// The part of a path that names the application.
fn application(fixture: &Fixture) -> &str {
    fixture.application.rsplit('/').next().unwrap()
}

fn path(fixture: &Fixture, rest: &str) -> String {
    format!("/console/moves/{}/users{rest}", application(fixture))
}

/// The value of a hidden field.
fn field(page: &Answer, name: &str) -> String {
    let start = format!(r#"name="{name}" value=""#);
    let (_, rest) =
        page.body.rsplit_once(&start).unwrap_or_else(|| panic!("{name}: {}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

/// Opens the page that asks, and answers with its form.
async fn give(
    browser: &Browser<'_>,
    fixture: &Fixture,
    verb: &str,
    more: &[(&str, &str)],
) -> Answer {
    let asked = browser.get(&path(fixture, &format!("/{verb}"))).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    send(browser, fixture, verb, &asked, more).await
}

async fn send(
    browser: &Browser<'_>,
    fixture: &Fixture,
    verb: &str,
    asked: &Answer,
    more: &[(&str, &str)],
) -> Answer {
    let names = ["token", "key", "phase", "epoch"];
    let values = names.map(|name| (name, field(asked, name)));
    let mut fields: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend_from_slice(more);
    browser.post(&path(fixture, &format!("/{verb}")), &fields).await
}

/// Waits until the command that a form began has ended; gives its page.
async fn ended(browser: &Browser<'_>, begun: &Answer) -> Answer {
    assert_eq!(begun.status, 303, "{}", begun.body);
    let operation = begun.header("location").to_owned();
    until("the command has ended", async || {
        !browser.get(&operation).await.body.contains("under way")
    })
    .await;
    browser.get(&operation).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_move_from_the_pages() {
    let fixture = Fixture::new().await;
    fixture.make_route("users", &fixture.target.url).await;
    fixture.follow().await;
    fixture.compare().await;
    let browser = Browser::signed_in(&fixture.program, false).await;
    let page = browser.get(&path(&fixture, "")).await;
    assert!(page.body.contains("monolith is primary, epoch 1"), "{}", page.body);
    let asked = browser.get(&path(&fixture, "/switch")).await;
    assert!(asked.body.contains("<h2>Checks</h2>"), "it looks first: {}", asked.body);
    assert!(fixture.source.is_primary(), "and changes nothing");
    let done = ended(&browser, &give(&browser, &fixture, "switch", &[]).await).await;
    assert!(
        done.body.contains("Writes waited") && done.body.contains("is the primary"),
        "{}",
        done.body
    );
    assert!(fixture.target.is_primary());
    let page = browser.get(&path(&fixture, "")).await;
    assert!(page.body.contains("service is primary, epoch 2"), "{}", page.body);
    ended(&browser, &give(&browser, &fixture, "reverse", &[]).await).await;
    assert!(fixture.source.is_primary());
    ended(&browser, &give(&browser, &fixture, "diff", &[]).await).await;
    until("the comparison has ended", async || fixture.users().await.diff.state != "running").await;
    ended(&browser, &give(&browser, &fixture, "switch", &[]).await).await;
    for typed in ["", "posts", "Users"] {
        let refused = give(&browser, &fixture, "complete", &[("typed", typed)]).await;
        assert_eq!(refused.status, 400, "{typed:?}: {}", refused.body);
    }
    ended(&browser, &give(&browser, &fixture, "complete", &[("typed", "users")]).await).await;
    assert_eq!(fixture.users().await.phase, "completed");
    let history = browser.get("/console/history").await;
    let key = browser.key_id();
    for words in ["switch", "reverse", "complete", "follow", key.as_str()] {
        assert!(history.body.contains(words), "{words}: {}", history.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_does_nothing_if_the_state_has_changed_and_its_repeat_begins_nothing_new() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    let browser = Browser::signed_in(&fixture.program, false).await;
    let (asked, other) = (
        browser.get(&path(&fixture, "/switch")).await,
        browser.get(&path(&fixture, "/switch")).await,
    );
    let begun = send(&browser, &fixture, "switch", &asked, &[]).await;
    ended(&browser, &begun).await;
    assert_eq!(fixture.target.role().1, 2);
    let late = send(&browser, &fixture, "switch", &other, &[]).await;
    assert_eq!(late.status, 409, "{}", late.body);
    assert!(late.body.contains("nothing was done"), "{}", late.body);
    fixture.done("reverse").await;
    let again = send(&browser, &fixture, "switch", &asked, &[]).await;
    assert_eq!((again.status, again.header("location")), (303, begun.header("location")));
    assert!(fixture.source.is_primary(), "the same form begins its command once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_session_sees_and_cannot_act() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    let (may, reads) = (
        Browser::signed_in(&fixture.program, false).await,
        Browser::signed_in(&fixture.program, true).await,
    );
    let page = reads.get(&path(&fixture, "")).await;
    assert!(page.body.contains("read-only") && !page.body.contains("/switch"), "{}", page.body);
    let asked = reads.get(&path(&fixture, "/switch")).await;
    assert!(!asked.body.contains("Switch users</button>"), "{}", asked.body);
    let token = reads.token().await;
    let form = may.get(&path(&fixture, "/switch")).await;
    let values = ["key", "phase", "epoch"].map(|name| (name, field(&form, name)));
    let mut fields: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("token", &token));
    let refused = reads.post(&path(&fixture, "/switch"), &fields).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(fixture.source.is_primary());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_against_a_switch_is_told_and_there_is_no_button() {
    let fixture = Fixture::new().await;
    fixture.follow().await;
    let browser = Browser::signed_in(&fixture.program, false).await;
    let asked = browser.get(&path(&fixture, "/switch")).await;
    assert!(asked.body.contains("Failed: "), "{}", asked.body);
    assert!(!asked.body.contains(r#"name="key""#), "{}", asked.body);
    assert!(asked.body.contains("force=1"), "{}", asked.body);
    let forced = browser.get(&path(&fixture, "/switch?force=1")).await;
    assert!(forced.body.contains("to confirm"), "{}", forced.body);
    let begun =
        send(&browser, &fixture, "switch", &forced, &[("force", "1"), ("typed", "users")]).await;
    ended(&browser, &begun).await;
    assert!(fixture.target.is_primary());
    let history = browser.get("/console/history").await;
    assert!(history.body.contains("forced"), "{}", history.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_set_and_refused_from_the_pages() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    let route = fixture.users().await.route.unwrap().id;
    let browser = Browser::signed_in(&fixture.program, false).await;
    let token = browser.token().await;
    let shares = format!("/console/routes/{route}/shares");
    for (was, canary, shadow, status) in [
        (["", ""], "10", "50", 303),
        (["10", "50"], "101", "", 400),
        (["10", "50"], "x", "", 400),
        // Of a page that was opened before the first form was sent.
        (["", ""], "", "0", 409),
        (["10", "50"], "", "0", 303),
    ] {
        let fields = [
            ("token", token.as_str()),
            ("shown-banyan:canary", was[0]),
            ("shown-banyan:shadow", was[1]),
            ("canary", canary),
            ("shadow", shadow),
        ];
        let answer = browser.post(&shares, &fields).await;
        assert_eq!(answer.status, status, "{canary} {shadow}: {}", answer.body);
        if status == 303 {
            let page = browser.get(&format!("/console/routes/{route}")).await;
            let shown = if canary.is_empty() { "none of the reads" } else { "10 % of the reads" };
            assert!(page.body.contains(shown), "{}", page.body);
        }
    }
    let history = fixture.history().await;
    let lines = history["history"].as_array().unwrap().iter().take(4).rev();
    let lines = lines.map(|line| [&line["verb"], &line["collection"], &line["outcome"]]);
    let lines: Vec<_> =
        lines.map(|line| line.map(|value| value.as_str().unwrap()).join(" ")).collect();
    let expected = [
        "canary /users set to 10 %",
        "shadow /users set to 50 %",
        "shadow /users set to 0 %; it was 50 %",
        "canary /users removed; it was 10 %",
    ];
    assert_eq!(lines, expected);
    let line = &history["history"][0];
    assert_eq!((&line["route"], &line["by"]), (&json!(route), &json!(browser.key_id())));
    let page = browser.get("/console/history").await;
    assert!(page.body.contains(&format!("/console/routes/{route}")), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_command_and_a_silent_program_are_told() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    let browser = Browser::signed_in(&fixture.program, false).await;
    let asked = browser.get(&path(&fixture, "/switch")).await;
    fixture.target.with(|copy| copy.dead = true);
    let done = send(&browser, &fixture, "switch", &asked, &[]).await;
    if done.status == 303 {
        let done = ended(&browser, &done).await;
        assert!(done.body.contains("Not done."), "{}", done.body);
    } else {
        // The phase is another one by then.
        assert_eq!(done.status, 409, "{}", done.body);
    }
    let home = browser.get("/console/").await;
    assert!(home.body.contains("Needs attention"), "{}", home.body);
    assert!(home.body.contains("does not answer"), "{}", home.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_stays_through_a_restart_and_has_what_was_cancelled() {
    let fixture = Fixture::new().await;
    fixture.verify().await;
    fixture.done("switch").await;
    fixture.done("reverse").await;
    fixture.done("cancel").await;
    let fixture = fixture.restart().await;
    let history: Value = fixture.history().await;
    let lines = history["history"].as_array().unwrap();
    let verbs: Vec<_> = lines.iter().map(|line| line["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs, ["cancel", "reverse", "switch", "diff", "follow"], "{history}");
    assert!(lines[1]["pauseMs"].is_u64() && lines[1]["by"].is_string(), "{history}");
    assert_eq!((&lines[2]["epoch"], &lines[2]["done"]), (&json!(2), &json!(true)));
    let (outcome, by) = (lines[3]["outcome"].as_str().unwrap(), &lines[3]["by"]);
    assert!(outcome.starts_with("verified: ") && by.is_string(), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_a_page_ends_before_the_program_does() {
    let mut fixture = Fixture::new().await;
    fixture.verify().await;
    // The switch waits for the follower, and takes itself back after some seconds.
    fixture.source.with(|copy| copy.late = true);
    let browser = Browser::signed_in(&fixture.program, false).await;
    let begun = give(&browser, &fixture, "switch", &[]).await;
    assert_eq!(begun.status, 303, "{}", begun.body);
    until("writes are fenced", async || fixture.source.with(|copy| copy.fence.is_some())).await;
    fixture.program.terminate();
    fixture.program.ended().await;
    assert!(fixture.source.is_primary());
    assert!(fixture.source.with(|copy| copy.fence.is_none()), "the fence is released");
}
