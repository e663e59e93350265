//! One process leads, and another one takes up what it leaves.

use std::cell::RefCell;
use std::net::TcpListener;

use harness::{Program, until};

use super::fixture::{Several, ask, leader, process, unready, without};
use crate::client::{call, service, uri_path};

/// A flip that succeeds sooner or later: while no process leads, the answer is 503, and nothing is done.
async fn flipped(several: &Several, program: &Program, route: &str, to_new: bool) -> String {
    let named = RefCell::default();
    until("the change is answered", async || {
        let answer = several.flip(program, route, to_new).await;
        assert!([200, 502, 503].contains(&answer.status), "{}", answer.body);
        if answer.status == 200 {
            *named.borrow_mut() = without(&answer).to_owned();
        }
        answer.status == 200
    })
    .await;
    named.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn another_process_leads_when_the_leader_is_killed_and_names_it() {
    let mut several = Several::start(3).await;
    let route = several.route().await;
    for round in 0..5 {
        let place = leader(&several.programs).await;
        let mut killed = several.programs.remove(place);
        let setup = killed.setup().clone();
        let name = format!("proxy-{}", if round == 0 { place } else { 9 });
        killed.kill().await;
        let to_new = round % 2 == 0;
        let named = flipped(&several, &several.programs[0], &route, to_new).await;
        if round == 0 {
            assert_eq!(named, name);
        }
        for program in &several.programs {
            let expected = if to_new { "new" } else { "old" };
            assert_eq!(several.reached(program).await, expected, "round {round}");
        }
        several.programs.push(setup.start().await);
        assert_eq!(flipped(&several, &several.programs[2], &route, to_new).await, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_change_of_leader_lets_no_process_read_everything_again() {
    let mut several = Several::start(2).await;
    let route = several.route().await;
    let place = leader(&several.programs).await;
    several.programs.remove(place).kill().await;
    flipped(&several, &several.programs[0], &route, true).await;
    // A process that follows reads what the log says of each version; only without that it reads everything.
    let known = "DO $$ BEGIN ASSERT (SELECT version FROM control_version) =
        (SELECT count(*) FROM spaces_changes WHERE kind = ''), 'a version is not in the log'; END $$";
    several.database.execute(known).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_leader_that_is_paused_loses_the_lead_and_changes_nothing_when_it_goes_on() {
    let several = Several::start(2).await;
    let route = several.route().await;
    let place = leader(&several.programs).await;
    let (paused, other) = (&several.programs[place], &several.programs[1 - place]);
    harness::signal("STOP", paused.pid());
    let named = flipped(&several, other, &route, true).await;
    assert_eq!(named, format!("proxy-{place}"));
    harness::signal("CONT", paused.pid());
    until("it follows", async || several.reached(paused).await == "new").await;
    assert_eq!(flipped(&several, paused, &route, false).await, "");
    assert_eq!(several.reached(paused).await, "old");
}

/// Begins a stack whose service takes no connection, so that the health check of its route lasts; waits until it is half
/// made.
async fn begin_stack(program: &Program, silent: &TcpListener) {
    let url = format!("http://{}/api", silent.local_addr().unwrap());
    let make = [
        ("Action", "CreateStack"),
        ("StackName", "kept"),
        ("TemplateBody", include_str!("../../../../rs.yaml")),
        ("Parameters.member.1.ParameterKey", "MonolithUrl"),
        ("Parameters.member.1.ParameterValue", &url),
    ];
    let made = ask(program, &make).await.unwrap();
    assert_eq!(made.status, 200, "{}", made.body);
    let describe = [("Action", "DescribeStackResources"), ("StackName", "kept")];
    until("it is half made", async || {
        let shown = ask(program, &describe).await.unwrap().body;
        shown.contains("CREATE_COMPLETE")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_next_leader_ends_the_stack_operation_of_one_that_was_killed() {
    let mut several = Several::start(2).await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = leader(&several.programs).await;
    begin_stack(&several.programs[1 - place], &silent).await;
    several.programs[place].kill().await;
    let next = &several.programs[1 - place];
    let describe = [("Action", "DescribeStacks"), ("StackName", "kept")];
    until("the next leader has ended it", async || {
        let Ok(answer) = ask(next, &describe).await else { return false };
        answer.body.contains("ROLLBACK_COMPLETE") || answer.body.contains("CREATE_COMPLETE")
    })
    .await;
    let events = [("Action", "DescribeStackEvents"), ("StackName", "kept")];
    let events = ask(next, &events).await.unwrap().body;
    assert!(!events.contains("no longer"), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_leader_that_is_told_to_stop_ends_what_is_under_way_and_then_gives_up_the_lead() {
    let mut several = Several::start(2).await;
    let place = leader(&several.programs).await;
    let mut stopping = several.programs.remove(place);
    let other = &several.programs[0];
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    begin_stack(other, &silent).await;
    // The answer to CreateRoute waits for 2 s for this one.
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", slow.local_addr().unwrap());
    let id = service(other, &several.application, &url).await;
    let routes = format!("{}/routes", several.application);
    let new = uri_path(&id, "/slow", "ACTIVE");
    let asked = tokio::task::spawn_blocking(move || slow.accept());
    let (answer, ended) = tokio::join!(call(other, "POST", &routes, &new), async {
        let _kept = asked.await.unwrap().unwrap();
        stopping.terminate();
        stopping.ended().await
    });
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(ended.success(), "{}", stopping.log());
    let events = [("Action", "DescribeStackEvents"), ("StackName", "kept")];
    let answered = RefCell::default();
    until("the other process leads", async || {
        let answer = ask(other, &events).await.unwrap();
        let leads = answer.status == 200;
        *answered.borrow_mut() = answer.body;
        leads
    })
    .await;
    // The health check of another leader would last for 5 s.
    let events = answered.into_inner();
    assert!(events.contains("<ResourceStatus>ROLLBACK_COMPLETE"), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn without_the_database_traffic_goes_on_and_changes_say_why_they_are_not_made() {
    let several = Several::start(2).await;
    let route = several.route().await;
    several.flip(&several.programs[0], &route, true).await;
    several.database.is_there(false).await;
    for program in &several.programs {
        until("it is not ready", async || unready(program).await.is_some()).await;
        assert_eq!(several.reached(program).await, "new");
        let answer = several.flip(program, &route, false).await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(answer.body.contains("traffic goes on with the last routes"), "{}", answer.body);
        let read = call(program, "GET", &route, &serde_json::Value::Null).await;
        assert_eq!(read.status, 503, "{}", read.body);
    }
    several.database.is_there(true).await;
    for program in &several.programs {
        until("it is ready", async || unready(program).await.is_none()).await;
    }
    assert_eq!(flipped(&several, &several.programs[1], &route, false).await, "");
    for program in &several.programs {
        assert_eq!(several.reached(program).await, "old");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_state_is_there_after_all_processes_have_ended() {
    let mut several = Several::start(1).await;
    let route = several.route().await;
    several.flip(&several.programs[0], &route, true).await;
    several.programs.remove(0).kill().await;
    // The keys are those of the control database: another folder, the same keys.
    let program = process(several.database.url(), "another").start().await;
    assert_eq!(several.reached(&program).await, "new");
    let named = flipped(&several, &program, &route, false).await;
    assert_eq!(named, "proxy-0");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_process_that_cannot_lead_leaves_the_lead_to_others() {
    let mut several = Several::start(2).await;
    let route = several.route().await;
    let place = leader(&several.programs).await;
    let mut killed = several.programs.remove(place);
    let database = &several.database;
    // A record of a move that no process can read.
    let broken =
        "INSERT INTO moves (application, collection, document) VALUES ('app-x', 'users', '{')";
    database.execute(broken).await;
    killed.kill().await;
    let other = &several.programs[0];
    other.logged("this process cannot lead").await;
    // The lock of the process that leads, `bany` and 0: it is free between two attempts.
    database.execute("SET lock_timeout = '60s'; SELECT pg_advisory_lock(1650552441, 0)").await;
    database.execute("DELETE FROM moves WHERE application = 'app-x'").await;
    assert_eq!(flipped(&several, other, &route, true).await, format!("proxy-{place}"));
}
