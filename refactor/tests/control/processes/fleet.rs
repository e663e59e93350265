//! Three processes under load, behind a plain TCP load balancer: routes flip, processes are killed, and all are restarted
//! one after the other.
//!
//! `FLEET=FLIPS,KILLS,ROLLS,REQUESTS_A_SECOND` makes it longer; `.ci/long` does.

use std::collections::BTreeSet;
use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::{Program, free_port, until};
use reqwest::{Client, Method};
use tokio::time::{interval, sleep};

use super::fixture::{process, unready};
use super::upstream::upstream;
use crate::client::{application, call, fallback, post, service, uri_path};

const CLIENTS: u32 = 16;
const TRIES: u32 = 3;
const AGAIN: Duration = Duration::from_millis(50);
/// After a kill, a client may still write on a connection whose end it or HAProxy has not seen.
const UNSEEN: Duration = Duration::from_secs(1);

/// A request, and which upstream answered it.
struct Asked {
    began: Instant,
    ended: Instant,
    is_read: bool,
    answer: Result<String, String>,
}

/// A change of the route: from when on it may hold, and from when on it must.
struct Flip {
    asked: Instant,
    answered: Instant,
    to: &'static str,
}

/// HAProxy in TCP mode, ended when this is dropped.
struct Balancer(Child);

impl Drop for Balancer {
    fn drop(&mut self) {
        // If these fail, it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn balance(folder: &std::path::Path, front: u16, backs: &[(u16, u16)]) -> Balancer {
    let mut text = format!(
        "defaults\n mode tcp\n timeout connect 1s\n timeout client 60s\n timeout server 60s\n retries 5\n \
         option redispatch\nlisten fleet\n bind 127.0.0.1:{front}\n option httpchk GET /readyz\n"
    );
    for (traffic, control) in backs {
        let check = "check inter 100ms fall 1 rise 1";
        text += &format!(" server s{traffic} 127.0.0.1:{traffic} {check} port {control}\n");
    }
    let file = folder.join("haproxy.cfg");
    std::fs::write(&file, text).unwrap();
    let started = Command::new("haproxy").arg("-f").arg(file).stderr(Stdio::null()).spawn();
    Balancer(started.expect("HAProxy is on the PATH"))
}

async fn ask(client: &Client, method: Method, url: &str) -> Result<String, String> {
    let answer =
        client.request(method, url).send().await.map_err(|error| runtime::chain(&error))?;
    let status = answer.status();
    let body = answer.text().await.map_err(|error| runtime::chain(&error))?;
    if status == 200 { Ok(body) } else { Err(format!("{status}: {body}")) }
}

/// Sends requests until it is told to stop. Each tenth is a write. A read whose connection broke is sent again
/// after a moment: a process that is being killed may still take a connection.
async fn load(url: String, pause: Duration, stops: Arc<AtomicBool>, asked: Arc<Mutex<Vec<Asked>>>) {
    let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
    let mut turns = interval(pause);
    for number in 0_u64.. {
        turns.tick().await;
        if stops.load(Ordering::Relaxed) {
            return;
        }
        let is_read = number % 10 != 0;
        let method = if is_read { Method::GET } else { Method::POST };
        let (mut began, mut tries) = (Instant::now(), 1);
        let mut answer = ask(&client, method.clone(), &url).await;
        while is_read && answer.is_err() && tries < TRIES {
            sleep(AGAIN).await;
            (began, tries) = (Instant::now(), tries + 1);
            answer = ask(&client, method.clone(), &url).await;
        }
        let ended = Instant::now();
        asked.lock().unwrap().push(Asked { began, ended, is_read, answer });
    }
}

/// Whether the route leads to `to` once this returns, through whichever process answers.
async fn flip(programs: &[Program], route: &str, to: &'static str, flips: &mut Vec<Flip>) {
    let state = if to == "new" { "ACTIVE" } else { "INACTIVE" };
    let body = serde_json::json!({ "ActivationState": state });
    let asked = Instant::now();
    loop {
        let program = &programs[fastrand::usize(..programs.len())];
        let answer = call(program, "PATCH", route, &body).await;
        assert!([200, 502, 503].contains(&answer.status), "{} {}", answer.status, answer.body);
        if answer.status == 200 {
            flips.push(Flip { asked, answered: Instant::now(), to });
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Whether an upstream was the right one for a request that took this long.
fn is_right(flips: &[Flip], asked: &Asked, by: &str) -> bool {
    let before = flips.iter().rfind(|flip| flip.answered <= asked.began);
    let during = |flip: &&Flip| flip.answered > asked.began && flip.asked < asked.ended;
    let mut right: BTreeSet<_> = flips.iter().filter(during).map(|flip| flip.to).collect();
    right.insert(before.map_or("old", |flip| flip.to));
    right.contains(by)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL and haproxy"]
async fn no_request_meets_a_stale_route_or_fails_while_processes_come_and_go() {
    let wanted = env::var("FLEET").unwrap_or_else(|_| "12,3,1,200".to_owned());
    let wanted: Vec<u32> = wanted.split(',').map(|number| number.parse().unwrap()).collect();
    let [flips_wanted, kills, rolls, rate] = wanted[..] else { panic!("FLEET has four numbers") };
    let database = harness::postgres().await;
    let [front, ports @ ..] = [(); 7].map(|()| free_port());
    let places: Vec<_> = ports.chunks(2).map(|ports| (ports[0], ports[1])).collect();
    let mut programs = Vec::new();
    for (number, (traffic, control)) in places.iter().enumerate() {
        let setup = process(database.url(), &format!("proxy-{number}"))
            .env("PORT", &traffic.to_string())
            .env("CONTROL_PORT", &control.to_string())
            .env("DRAIN_DELAY_SECONDS", "1")
            .env("RUST_LOG", "warn,refactor=info,request=off");
        programs.push(setup.start().await);
    }
    let (old, new) = (upstream("old").await, upstream("new").await);
    let at = application(&programs[0]).await;
    let monolith = service(&programs[0], &at, &old).await;
    let routes = format!("{at}/routes");
    post(&programs[0], &routes, &fallback(&monolith)).await;
    let users = service(&programs[0], &at, &new).await;
    let made = post(&programs[0], &routes, &uri_path(&users, "/users", "INACTIVE")).await;
    let route = format!("{routes}/{}", made["RouteId"].as_str().unwrap());
    let _balancer = balance(programs[0].setup().folder(), front, &places);
    let url = format!("http://127.0.0.1:{front}/prod/users");
    until("HAProxy sends requests", async || reqwest::get(&url).await.is_ok()).await;

    let (stops, asked) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<Asked>>>::default());
    let pause = Duration::from_secs(1) * CLIENTS / rate;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(load(url.clone(), pause, Arc::clone(&stops), Arc::clone(&asked))))
        .collect();
    let began = Instant::now();
    let (mut flips, mut killed) = (Vec::new(), Vec::new());
    let (mut kills_left, mut rolls_left) = (kills, rolls);
    for number in 0..flips_wanted {
        let to = if number % 2 == 0 { "new" } else { "old" };
        flip(&programs, &route, to, &mut flips).await;
        // So many of them that they are all done with the last flip.
        if kills_left * flips_wanted > kills * (flips_wanted - number - 1) {
            kills_left -= 1;
            let mut program = programs.remove(fastrand::usize(..programs.len()));
            let before = Instant::now();
            program.kill().await;
            killed.push((before, Instant::now()));
            let to = if to == "new" { "old" } else { "new" };
            flip(&programs, &route, to, &mut flips).await;
            flip(&programs, &route, if to == "new" { "old" } else { "new" }, &mut flips).await;
            programs.push(program.setup().clone().start().await);
        }
        if rolls_left * flips_wanted > rolls * (flips_wanted - number - 1) {
            rolls_left -= 1;
            for _ in 0..programs.len() {
                until("all are ready", async || {
                    for program in &programs {
                        if unready(program).await.is_some() {
                            return false;
                        }
                    }
                    true
                })
                .await;
                let mut program = programs.remove(0);
                program.terminate();
                assert!(program.ended().await.success());
                programs.push(program.setup().clone().start().await);
            }
        }
    }
    stops.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }

    let asked = std::mem::take(&mut *asked.lock().unwrap());
    let (mut stale, mut failed, mut in_flight) = (Vec::new(), Vec::new(), 0);
    for request in &asked {
        match &request.answer {
            Ok(by) if is_right(&flips, request, by) => {}
            Ok(by) => stale.push(format!("{by} at {:?}", request.began - began)),
            Err(why) => {
                let on_killed = |(before, after): &(Instant, Instant)| {
                    request.began < *after + UNSEEN && *before < request.ended
                };
                if !request.is_read && killed.iter().any(on_killed) {
                    in_flight += 1;
                } else {
                    let method = if request.is_read { "GET" } else { "POST" };
                    failed.push(format!("{method} at {:?}: {why}", request.began - began));
                }
            }
        }
    }
    let (count, seconds) = (asked.len(), began.elapsed().as_secs_f64());
    let rate = asked.len() as f64 / seconds;
    println!(
        "{count} requests in {seconds:.0} s ({rate:.0}/s), {} flips, {} kills, {rolls} rolling restarts: {} stale, \
         {} failed, {in_flight} writes in flight on a killed process",
        flips.len(),
        killed.len(),
        stale.len(),
        failed.len()
    );
    assert!(stale.is_empty() && failed.is_empty(), "stale: {stale:?}, failed: {failed:?}");
    assert!(in_flight <= killed.len() * CLIENTS as usize);
}
