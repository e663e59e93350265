//! Keeping a program running.

use std::process::ExitStatus;
use std::time::Duration;

use reqwest::Client;
use runtime::BackOff;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::marker::{POLL, is_asked, is_told, restarted, stand_still};
use crate::process::{Process, ProcessSpec, is_ready};
use crate::say::say;

/// How long to wait before a restart.
const BACK_OFF: BackOff = BackOff::new(Duration::from_millis(200), Duration::from_secs(10));
/// A program that ran this long had recovered: its next crash is a first one.
const RECOVERED: Duration = Duration::from_secs(30);
/// Starts the program again whenever it ends, until told to stop; then stops it.
pub(crate) async fn supervise(
    spec: ProcessSpec,
    mut process: Process,
    client: Client,
    mut stop: watch::Receiver<bool>,
) {
    let name = &spec.endpoint.name;
    let mut back_off = BACK_OFF;
    loop {
        let start = Instant::now();
        let mut delay = tokio::select! {
            biased;
            () = stopping(&mut stop) => return process.stop().await,
            () = is_told(&spec.pause) => {
                process.stop().await;
                Duration::ZERO
            }
            () = is_asked(&spec.restart), if spec.takes_over() => {
                process = taken_over(&spec, process, &client, &mut stop).await;
                continue;
            }
            () = is_asked(&spec.restart) => {
                process.stop().await;
                Duration::ZERO
            }
            ended = process.wait() => {
                if start.elapsed() > RECOVERED {
                    back_off.reset();
                }
                let how = ended.map_or_else(|error| error.to_string(), describe);
                let wait = back_off.wait();
                let (ms, log) = (wait.as_millis(), spec.log.display());
                say(format_args!("{name} {how}; starting it again in {ms} ms (see {log})"));
                wait
            }
        };
        process = loop {
            tokio::select! {
                biased;
                () = stopping(&mut stop) => return,
                () = is_told(&spec.pause) => {
                    say(format_args!("{name} is stopped; `banyan start {name}` starts it again"));
                    tokio::select! {
                        () = stand_still(&spec.pause) => {}
                        () = stopping(&mut stop) => return,
                    }
                }
                () = sleep(delay) => {}
            }
            match spec.start_again() {
                Ok(process) => break process,
                Err(error) => {
                    say(format_args!("{name} does not start: {error}"));
                    delay = back_off.wait();
                }
            }
        };
        tokio::select! {
            () = ready(&spec, &client) => {
                restarted(&spec.restart, Ok(()));
                say(format_args!("{name} is back"));
            }
            ended = process.wait() => drop(ended),
            () = is_told(&spec.pause) => {}
            () = stopping(&mut stop) => {}
        }
    }
}

/// Starts a second one, which takes over. Gives the one that runs then: the first, if the second does not take over.
async fn taken_over(
    spec: &ProcessSpec,
    mut old: Process,
    client: &Client,
    stop: &mut watch::Receiver<bool>,
) -> Process {
    let name = &spec.endpoint.name;
    let failed = |why: &str| {
        say(format_args!("{why}"));
        restarted(&spec.restart, Err(why));
    };
    let stays = |why: &str| failed(&format!("{name} goes on as it was: {why}"));
    let mut new = match spec.start_again() {
        Ok(new) => new,
        Err(error) => {
            stays(&error.to_string());
            return old;
        }
    };
    let id = new.id();
    tokio::select! {
        // The one that takes over is ready before the other ends, unless that one ended by itself.
        _ = old.wait() => {
            tokio::select! {
                () = ready(spec, client) => {
                    say(format_args!("{name} is restarted"));
                    restarted(&spec.restart, Ok(()));
                }
                ended = new.wait() => {
                    let how = ended.map_or_else(|error| error.to_string(), describe);
                    failed(&format!("{name} ended during its restart, and the new one {how}"));
                }
                () = is_told(&spec.pause) => {}
                () = stopping(stop) => {}
            }
            new
        }
        ended = new.wait() => {
            let how = ended.map_or_else(|error| error.to_string(), describe);
            stays(&spec.why_not_taken_over(id, &how).await);
            old
        }
        () = stopping(stop) => {
            new.stop().await;
            old
        }
    }
}

async fn stopping(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, which has the same meaning.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits until the program is ready.
async fn ready(spec: &ProcessSpec, client: &Client) {
    while !is_ready(&spec.endpoint, client).await {
        sleep(POLL).await;
    }
}

/// How a process ended, as a part of a sentence.
pub(crate) fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
