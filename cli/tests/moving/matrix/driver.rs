//! Runs a case of the matrix.

use std::time::Duration;

use harness::until;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::case::{Case, Deed, Then, Verb, Who};
use super::run::Run;
use crate::board::{Board, CLI, Engine, Plan};
use crate::traffic::{Load, Stubborn};
use crate::watch::Watch;

/// Longer than a fence lasts.
const OUTLAST: Duration = Duration::from_millis(1_000);
/// For how long a command is repeated that does not succeed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two attempts.
const REST: Duration = Duration::from_millis(50);
/// A few clients that leave something of the machine to the others.
const LOAD: [&str; 9] = [
    "--clients",
    "3",
    "--seconds",
    "600",
    "--rate",
    "60",
    "--collection",
    "users",
    "--read-after-write",
];

/// Lets the fault come in a switch, and then in a reverse.
pub(crate) async fn run(source: Engine, target: Engine, case: Case) {
    let mut board = Board::start_as(Plan::users(source, target)).await;
    let watch = Watch::start(&board, "users", &["monolith", "users"]);
    let (load, stubborn) = (Load::start(&board, &LOAD), Stubborn::start(&board));
    let before = ownership(&board, "users").await["epoch"].as_u64().expect("an epoch");
    for (count, verb) in [Verb::Switch, Verb::Reverse].into_iter().enumerate() {
        let said = change(&mut board, verb, case).await;
        let [former, primary] = verb.sides();
        let epoch = before + 1 + count as u64;
        let now = ownership(&board, primary).await;
        assert_eq!(
            (&now["role"], now["epoch"].as_u64()),
            (&"primary".into(), Some(epoch)),
            "{said:?}"
        );
        let now = ownership(&board, former).await;
        assert_eq!(now["role"], "follower", "{said:?}");
        let found = board.settled("users").await;
        let state = if verb == Verb::Switch { "ACTIVE" } else { "INACTIVE" };
        assert_eq!(found.route.expect("a route").state, state, "{said:?}");
    }
    let made = stubborn.end().await;
    assert!(made.len() > 1, "hardly anything was written: {made:?}");
    let report = load.end().await;
    assert_eq!(
        (&report["different"], &report["unchecked"]),
        (&0.into(), &Value::Null),
        "{report:#}"
    );
    assert!(report["members"].as_u64() > Some(5), "{report:#}");
    until("both stores are the same", async || {
        let [one, other] = [board.digest("monolith").await, board.digest("users").await];
        (&one["rows"], &one["hash"]) == (&other["rows"], &other["hash"])
    })
    .await;
    for program in ["monolith", "users"] {
        let mut found = names(&board, program).await;
        for (id, name) in &made {
            assert!(found.contains(&(*id, name.clone())), "{program} has lost {name} at {id}");
        }
        found.retain(|(id, name)| name.starts_with("stubborn-") && made.get(id) != Some(name));
        // The last one may have been stopped before it knew.
        assert!(found.len() <= 1, "{program} has users without an answer: {found:?}");
    }
    watch.end();
}

/// Gives the command, with the fault in it, and gives it again until it succeeds. Gives what was said on the way.
async fn change(board: &mut Board, verb: Verb, case: Case) -> Vec<String> {
    let (name, mut said) = (case.who.name(verb), Vec::new());
    match case.then {
        Then::Crash(_) => board.arm(name, case.place),
        Then::Stop(_) => board.arm_to_stop(name, case.place),
    }
    let start = Instant::now();
    let mut running = Run::start(board, verb);
    while board.is_armed(name, case.place) {
        if running.has_ended() && board.is_armed(name, case.place) {
            let ended = running.ended().await;
            let why = ended.expect_err("it succeeded, and never came to the place");
            assert!(start.elapsed() < PATIENCE, "it never came to the place: {said:#?} {why}");
            said.push(why);
            sleep(REST).await;
            running = Run::start(board, verb);
        }
        sleep(Duration::from_millis(1)).await;
    }
    match case.then {
        Then::Crash(other) => crash(board, verb, case.who, other).await,
        Then::Stop(deed) => stand(board, verb, name, deed, &mut running).await,
    }
    loop {
        match running.ended().await {
            Ok(()) => return said,
            Err(why) => said.push(why),
        }
        assert!(start.elapsed() < PATIENCE, "it never succeeds: {said:#?}");
        sleep(REST).await;
        running = Run::start(board, verb);
    }
}

async fn crash(board: &mut Board, verb: Verb, who: Who, other: Option<Who>) {
    if let Some(other) = other {
        board.kill(other.name(verb)).await;
    }
    if who != Who::Cli {
        board.revive(who.name(verb)).await;
    }
    if let Some(other) = other {
        board.start_again(other.name(verb)).await;
    }
}

async fn stand(board: &mut Board, verb: Verb, name: &str, deed: Deed, running: &mut Run) {
    assert_ne!(name, CLI, "its end would not be noticed");
    let pid = board.program(name).pid();
    until("it stands still", async || is_stopped(pid)).await;
    match deed {
        Deed::Wait => sleep(OUTLAST).await,
        Deed::Kill(Who::Cli) => running.kill().await,
        Deed::Kill(other) => {
            board.kill(other.name(verb)).await;
            board.start_again(other.name(verb)).await;
        }
        Deed::Cut(way) => board.relay(way.name(verb)).cut(),
        Deed::Swallow(way) => board.relay(way.name(verb)).swallow(),
    }
    harness::signal("CONT", pid);
    if let Deed::Cut(way) | Deed::Swallow(way) = deed {
        let start = Instant::now();
        while !running.has_ended() && start.elapsed() < OUTLAST {
            sleep(REST).await;
        }
        board.relay(way.name(verb)).heal();
    }
}

/// Whether a process stands still.
fn is_stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, state) = stat.rsplit_once(") ").expect("a state");
    state.starts_with('T')
}

async fn ownership(board: &Board, program: &str) -> Value {
    board.program(program).ownership("users").await
}

/// The id and name of every user.
async fn names(board: &Board, program: &str) -> Vec<(u64, String)> {
    let (mut names, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/users?view=full&limit=1000&after={after}");
        let page = board.program(program).get(&path).await.json();
        let page = page.as_array().expect("a list").clone();
        let Some(last) = page.last() else { return names };
        after = last["id"].as_u64().expect("an id");
        names.extend(page.iter().map(|user| {
            let name = user["username"].as_str().expect("a name");
            (user["id"].as_u64().expect("an id"), name.to_owned())
        }));
    }
}
