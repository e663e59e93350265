//! Programs that hold copies of a collection and keep the rules of ownership, without a store: what a control plane sees.

mod copy;
mod rows;
mod rules;

use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt};
use replication::{ErrorCode, Handover, Role, headers};
use serde_json::{Value, json};

use self::copy::{Copies, Copy, followed};

/// The token that they take.
pub(crate) const TOKEN: &str = "a-token-for-the-tests";

/// What is answered; an error without a code is 404.
type Answer = Result<Value, (Option<ErrorCode>, String)>;

/// All programs of a test.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<Copies>>);

/// A program of the world.
#[derive(Clone)]
pub(crate) struct Fake {
    world: World,
    /// Its base URL.
    pub(crate) url: String,
}

impl World {
    /// A program with an empty, unused store.
    pub(crate) fn program(&self) -> Fake {
        let world = self.clone();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            rt::System::new().block_on(async {
                let served = world.clone();
                let server = HttpServer::new(move || {
                    App::new().app_data(Data::new(served.clone())).default_service(web::to(answer))
                });
                let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
                tell.send(format!("http://{}", server.addrs()[0])).unwrap();
                server.run().await.unwrap();
            });
        });
        let url = told.recv().unwrap();
        self.copies().insert(url.clone(), Copy::unused());
        Fake { world: self.clone(), url }
    }

    fn copies(&self) -> MutexGuard<'_, Copies> {
        self.0.lock().unwrap()
    }
}

impl Fake {
    /// Another program of the same world.
    pub(crate) fn another(&self) -> Self {
        self.world.program()
    }

    /// Looks at the copy, or changes it.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Copy) -> T) -> T {
        work(self.world.copies().get_mut(&self.url).unwrap())
    }

    /// Its collection, as a peer of others.
    pub(crate) fn peer(&self) -> replication::Peer {
        let store = self.with(|copy| copy.store.clone());
        replication::Peer { store, url: format!("{}/api/users", self.url) }
    }

    /// Writes rows, as clients would.
    pub(crate) fn write(&self, ids: std::ops::RangeInclusive<u64>) {
        self.with(|copy| {
            for id in ids {
                copy.position += 1;
                let rev = copy.rows.get(&id).map_or(1, |(rev, _)| rev + 1);
                copy.rows.insert(id, (rev, format!("row {id}")));
            }
        });
    }

    /// Follows another one, without having been told.
    pub(crate) fn follow(&self, source: &Self) {
        self.follow_in(source, source.role().1);
    }

    /// The same, in an epoch.
    pub(crate) fn follow_in(&self, source: &Self, epoch: u64) {
        let lineage = source.with(|copy| copy.lineage.clone());
        let source = followed(source.peer());
        self.with(|copy| {
            (copy.lineage, copy.role, copy.epoch) = (lineage, Role::Follower, epoch);
            copy.followed = Some(source);
        });
    }

    /// Has handed over this epoch to another one, without having been told.
    pub(crate) fn hand_over(&self, to: &Self, epoch: u64) {
        let to = to.peer();
        self.with(|copy| {
            copy.position += 1;
            let position = copy.position;
            copy.handover = Some(Handover { epoch, to, position, last_id: 0 });
            (copy.role, copy.epoch, copy.followed) = (Role::Follower, epoch - 1, None);
        });
    }

    /// Is the primary of this epoch, without having been told.
    pub(crate) fn promote(&self, epoch: u64) {
        self.with(|copy| {
            (copy.role, copy.epoch, copy.followed) = (Role::Primary, epoch, None);
        });
    }

    pub(crate) fn told(&self, word: &str) -> usize {
        self.with(|copy| copy.told.iter().filter(|told| *told == word).count())
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.with(|copy| copy.ownership.is_primary())
    }

    /// What it is, and its epoch.
    pub(crate) fn role(&self) -> (Role, u64) {
        self.with(|copy| (copy.role, copy.epoch))
    }
}

async fn answer(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    // As it is asked, also through the proxy, which forwards what its client asked.
    let host = request.headers().get("host").unwrap().to_str().unwrap().to_owned();
    let url = format!("http://{host}");
    let path = request.path().to_owned();
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let signed = token == Some(&format!("Bearer {TOKEN}"));
    if world.copies()[&url].dead {
        return hung_up().await;
    }
    world.copies().get_mut(&url).unwrap().shown += usize::from(signed);
    let Some(rest) = path.strip_prefix("/api/users") else {
        // The health check at activation asks the service's own URL.
        return if path == "/api" { HttpResponse::Ok().finish() } else { problem(None, "no path") };
    };
    let (answer, position, lost) = {
        let mut copies = world.copies();
        rules::go_on(&mut copies);
        let word = rest.strip_prefix("/-/").unwrap_or_default();
        let others = copies.clone();
        let copy = copies.get_mut(&url).unwrap();
        let answer = match (rest.strip_prefix("/-/"), signed) {
            (Some(_), false) => Err((None, "no such path".to_owned())),
            (Some(word), true) => copy.asked(&others, word, request.query_string(), &body),
            (None, _) => rows::read(copy, rest, request.query_string()).map(Some),
        };
        if request.method() == "POST" {
            copy.told.push(word.to_owned());
        }
        let lost = copy.loses.as_mut().filter(|(path, left)| *path == word && *left > 0);
        let lost = lost.map(|(_, left)| *left -= 1).is_some();
        rules::go_on(&mut copies);
        let copy = &copies[&url];
        let answer = answer.map(|value| value.unwrap_or_else(|| json!(copy.status())));
        (answer, copy.covered(), lost)
    };
    match answer {
        _ if lost => hung_up().await,
        Ok(value) => {
            HttpResponse::Ok().insert_header((headers::POSITION, position.to_string())).json(value)
        }
        Err((code, detail)) => problem(code, &detail),
    }
}

/// No answer, for longer than any client waits.
async fn hung_up() -> HttpResponse {
    rt::time::sleep(Duration::from_secs(30)).await;
    HttpResponse::InternalServerError().finish()
}

fn problem(code: Option<ErrorCode>, detail: &str) -> HttpResponse {
    let status = StatusCode::from_u16(code.map_or(404, ErrorCode::status)).unwrap();
    HttpResponse::build(status).json(
        json!({ "status": status.as_u16(), "detail": detail, "code": code.map(ErrorCode::name) }),
    )
}
