//! `banyan up`: the whole board on this machine.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use auth::LocalIssuer;
use refactor::Move;
use reqwest::Client;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::board::{self, Endpoint};
use crate::control::ControlPort;
use crate::lock::DataDirLock;
use crate::marker::{self, POLL};
use crate::move_token;
use crate::passed_on;
use crate::process::{GRACE_PERIOD, HEALTH_PATH, Process, ProcessSpec, is_healthy, is_ready};
use crate::say::say;
use crate::status::{self, ControlView};
use crate::supervisor::{describe, supervise};

/// What takes longer than this is said. A program that has open connections takes 2 s to announce its end.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the proxy may take to make its first stack, once everything else is started.
const PROXY_TIME: Duration = Duration::from_secs(30);

/// Runs the board until a signal comes.
pub(crate) async fn run(
    data_dir: &Path,
    port_base: Option<u16>,
    auth: bool,
    client: Client,
) -> Result<ExitCode, String> {
    let mut lock = DataDirLock::take(data_dir)?;
    let (endpoints, proxy) = board::endpoints(port_base)?;
    marker::forget(data_dir, &board::names())
        .map_err(|error| format!("cannot write to {}: {error}", data_dir.display()))?;
    lock.announce(&endpoints)?;
    let token = move_token::open(data_dir)?;
    let given = data_dir;
    let data_dir = std::path::absolute(given).map_err(|error| error.to_string())?;
    let issuer = if auth { Some(LocalIssuer::make(&data_dir)?) } else { None };
    let binary = std::env::current_exe().map_err(|error| format!("cannot start: {error}"))?;
    let metrics = passed_on::wanted_metrics_port();
    let specs = endpoints.iter().enumerate().map(|(place, endpoint)| {
        let mut environment = match endpoint.name.as_str() {
            board::REFACTOR => {
                board::refactor_environment(&endpoints, endpoint, proxy, &data_dir, &token)
            }
            web::NAME => board::web_environment(endpoint, proxy),
            _ => board::environment(endpoint, &endpoints, &data_dir, &token),
        };
        environment.extend(board::auth_environment(&endpoint.name, issuer.as_ref()));
        environment.extend(passed_on::metrics_port(metrics.as_deref(), place)?);
        Ok(ProcessSpec::new(&binary, endpoint, environment, &data_dir))
    });
    let specs = specs.collect::<Result<Vec<_>, String>>()?;
    let mut stop = Signals::new()?;

    let mut processes = Vec::new();
    let started = tokio::select! {
        started = start(&specs, &mut processes, &client) => started,
        () = stop.wait() => Err("stopped before everything was ready".to_owned()),
    };
    let (tell, told) = watch::channel(started.is_err());
    let mut running = JoinSet::new();
    for (spec, process) in specs.into_iter().zip(processes) {
        running.spawn(supervise(spec, process, client.clone(), told.clone()));
    }
    if let Err(message) = started {
        finish(running).await;
        return Err(message);
    }
    let told =
        ControlView::ask(ControlPort::of_board(&endpoints, &data_dir, client.clone()).as_ref())
            .await;
    let table = status::table(&endpoints, given, endpoints.iter().map(|_| "ready"));
    let (pages, console) = (pages(&endpoints), status::console(&endpoints, given));
    say(format_args!(
        "The board is up. In a browser:

{pages}{console}"
    ));
    say(format_args!(
        "{table}
{}
Try:",
        told.shown()
    ));
    for request in requests(&endpoints, proxy, told.moves(), auth) {
        say(format_args!("  {request}"));
    }
    say(format_args!("\nData and logs are in {}. Ctrl-C stops everything.", data_dir.display()));
    stop.wait().await;
    say(format_args!("\nstopping"));
    // Every supervisor holds a receiver.
    let _ = tell.send(true);
    tokio::select! {
        () = finish(running) => {}
        // The programs see the end of their input and finish by themselves.
        () = stop.wait() => return Err("told twice to stop, so it did not wait".to_owned()),
    }
    say(format_args!("stopped; the data stays in {}", data_dir.display()));
    Ok(ExitCode::SUCCESS)
}

/// Starts every program and waits until all are ready.
async fn start(
    specs: &[ProcessSpec],
    processes: &mut Vec<Process>,
    client: &Client,
) -> Result<(), String> {
    for spec in specs {
        let process = spec.start_fresh();
        let process =
            process.map_err(|error| format!("cannot start {}: {error}", spec.endpoint.name));
        processes.push(process?);
    }
    let start = Instant::now();
    let mut said = 0;
    let mut waiting: Vec<usize> = (0..specs.len()).collect();
    while !waiting.is_empty() {
        let mut still = Vec::new();
        for index in waiting {
            let spec = &specs[index];
            if let Ok(Some(status)) = processes[index].try_wait() {
                let (name, how) = (&spec.endpoint.name, describe(status));
                return Err(format!("{name} {how}: {}", spec.last_words()));
            }
            if is_ready(&spec.endpoint, client).await {
                continue;
            }
            let (name, waited) = (&spec.endpoint.name, start.elapsed());
            if name == board::REFACTOR {
                if waited > PROXY_TIME {
                    let (seconds, log) = (PROXY_TIME.as_secs(), spec.log.display());
                    let words = spec.last_words();
                    return Err(format!(
                        "{name} is not ready after {seconds} s (see {log}): {words}"
                    ));
                }
            } else if waited > GRACE_PERIOD && !is_healthy(&spec.endpoint, client).await {
                let (seconds, words) = (GRACE_PERIOD.as_secs(), spec.last_words());
                return Err(format!(
                    "{name} does not answer {HEALTH_PATH} after {seconds} s: {words}"
                ));
            }
            still.push(index);
        }
        waiting = still;
        let seconds = start.elapsed().as_secs();
        if !waiting.is_empty() && seconds > said {
            said = seconds;
            let names: Vec<_> =
                waiting.iter().map(|index| specs[*index].endpoint.name.as_str()).collect();
            say(format_args!("waiting for {} ({seconds} s)", names.join(", ")));
        }
        sleep(POLL).await;
    }
    Ok(())
}

/// Waits for every supervisor, and says so where that takes long.
async fn finish(mut running: JoinSet<()>) {
    let mut tick = interval(PATIENCE);
    tick.tick().await;
    let start = Instant::now();
    loop {
        tokio::select! {
            ended = running.join_next() => if ended.is_none() { return },
            _ = tick.tick() => say(format_args!(
                "waiting for what is in flight in {} of the programs ({} s)",
                running.len(),
                start.elapsed().as_secs()
            )),
        }
    }
}

/// The addresses for a browser, a line each.
fn pages(endpoints: &[Endpoint]) -> String {
    let board = board::find(endpoints, web::NAME).map(Endpoint::url).unwrap_or_default();
    format!("  board     {board}/\n")
}

/// Requests to try, of programs that answer them as things stand: a service follows when it is started, and the monolith
/// has a collection until its move is completed.
fn requests(endpoints: &[Endpoint], proxy: SocketAddr, moves: &[Move], auth: bool) -> [String; 3] {
    let url = |name: &str| board::find(endpoints, name).map(Endpoint::url).unwrap_or_default();
    let completed = |found: &Move| found.collection == "users" && found.phase == "completed";
    let users = if moves.iter().any(completed) { "users" } else { "monolith" };
    let token = if auth { "-H \"Authorization: Bearer $(banyan login bmo)\" " } else { "" };
    [
        format!("curl {}/api/users", url(users)),
        format!("curl '{}/api/posts/in-thread/2?view=full'", url("posts")),
        format!(
            "curl {token}-H 'Content-Type: application/json' -d '{{\"username\":\"bmo\",\"name\":\"BMO\"}}' http://{proxy}/api/users"
        ),
    ]
}

/// What tells `up` to stop.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, String> {
        let listen = |kind| signal(kind).map_err(|error| format!("cannot start: {error}"));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
