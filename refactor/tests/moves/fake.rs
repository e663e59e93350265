//! Programs that hold copies of a collection and keep the rules of ownership, without a store: what a control plane sees.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt};
use replication::steps::NamedRows;
use replication::{Digest, Hashes, Key, PROTOCOL, RowHash};
use serde::Deserialize;
use serde_json::{Value, json};

/// The token that they take.
pub(crate) const TOKEN: &str = "a-token-for-the-tests";

/// One copy, and how its program behaves.
#[derive(Clone)]
pub(crate) struct Copy {
    pub(crate) store: String,
    pub(crate) lineage: String,
    pub(crate) role: &'static str,
    pub(crate) epoch: u64,
    pub(crate) position: u64,
    /// Rev and name by id.
    pub(crate) rows: BTreeMap<u64, (u64, String)>,
    pub(crate) fence: Option<(String, Instant)>,
    /// Epoch, store, URL and position.
    pub(crate) handover: Option<(u64, String, String, u64)>,
    /// Store, URL, and how far.
    pub(crate) followed: Option<(String, String, (u64, u64))>,
    pub(crate) copied: bool,
    pub(crate) lag_ms: Option<u64>,
    pub(crate) detail: Option<String>,
    pub(crate) protocol: u32,
    /// It retired for a primary of a later epoch.
    pub(crate) superseded: bool,
    /// It cannot go on following.
    pub(crate) broken: bool,
    /// It applies nothing.
    pub(crate) frozen: bool,
    /// A last write commits as its writes are fenced, and no follower gets it.
    pub(crate) late: bool,
    /// What holds its feed back.
    pub(crate) blocked_by: Value,
    /// What it does is done, and the answer is lost: of this path, so often.
    pub(crate) loses: Option<(&'static str, usize)>,
    /// It does not do this, and says that it cannot just now.
    pub(crate) cannot: Option<&'static str>,
    /// It refuses to do this.
    pub(crate) refuses: Option<&'static str>,
    /// It answers nothing.
    pub(crate) dead: bool,
    /// It cannot read the other side's feed.
    pub(crate) blind: bool,
    /// What it was told, in order.
    pub(crate) told: Vec<String>,
    /// How many requests showed it the token.
    pub(crate) shown: usize,
}

type Copies = Arc<Mutex<BTreeMap<String, Copy>>>;

/// All programs of a test.
#[derive(Clone, Default)]
pub(crate) struct World(Copies);

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
        self.copies().insert(url.clone(), fresh(&url));
        Fake { world: self.clone(), url }
    }

    fn copies(&self) -> MutexGuard<'_, BTreeMap<String, Copy>> {
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
        let (store, lineage, epoch) =
            source.with(|copy| (copy.store.clone(), copy.lineage.clone(), copy.epoch));
        let url = format!("{}/api/users", source.url);
        self.with(|copy| {
            (copy.lineage, copy.role, copy.epoch) = (lineage, "follower", epoch);
            copy.followed = Some((store, url, (0, 0)));
        });
    }

    pub(crate) fn told(&self, word: &str) -> usize {
        self.with(|copy| copy.told.iter().filter(|told| *told == word).count())
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.with(|copy| copy.role == "primary")
    }
}

fn fresh(url: &str) -> Copy {
    let random = |what: &str| format!("{what}{:08x}", fastrand::u32(..));
    Copy {
        store: format!("{}-{}", random("store"), url.rsplit(':').next().unwrap()),
        lineage: random("lineage"),
        role: "primary",
        epoch: 1,
        position: 0,
        rows: BTreeMap::new(),
        fence: None,
        handover: None,
        followed: None,
        copied: false,
        lag_ms: Some(1),
        detail: None,
        protocol: PROTOCOL,
        superseded: false,
        broken: false,
        frozen: false,
        late: false,
        blocked_by: Value::Null,
        loses: None,
        cannot: None,
        refuses: None,
        dead: false,
        blind: false,
        told: Vec::new(),
        shown: 0,
    }
}

/// The base URL of a collection's.
fn base(collection: &str) -> String {
    collection.strip_suffix("/api/users").unwrap_or(collection).to_owned()
}

/// Does what happens by itself: followers apply the feed, and with it a handover; a store that handed over follows
/// back.
fn go_on(copies: &mut BTreeMap<String, Copy>) {
    let urls: Vec<_> = copies.keys().cloned().collect();
    for url in urls {
        let mut copy = copies[&url].clone();
        if copy.frozen || copy.dead || copy.role != "follower" {
            continue;
        }
        if let Some((store, source, covered)) = &mut copy.followed {
            let Some(found) = copies.get(&base(source)).filter(|found| !found.dead) else {
                continue;
            };
            if found.store != *store || (found.late && found.fence.is_some()) {
                continue;
            }
            if copy.rows != found.rows && *covered != (found.epoch, found.position) {
                copy.rows = found.rows.clone();
                copy.position += 1;
            }
            (*covered, copy.epoch, copy.copied) =
                ((found.epoch, found.position), found.epoch, true);
            if let Some((epoch, to, _, _)) = &found.handover
                && *to == copy.store
                && *epoch > copy.epoch
            {
                (copy.role, copy.epoch, copy.followed) = ("primary", *epoch, None);
            }
        } else if let Some((epoch, store, source, _)) = &copy.handover {
            let back = copies
                .get(&base(source))
                .filter(|found| !found.dead && found.store == *store && found.role == "primary");
            if back.is_some_and(|found| found.epoch >= *epoch) {
                copy.followed = Some((store.clone(), source.clone(), (*epoch, 0)));
            }
        }
        copies.insert(url, copy);
    }
}

async fn answer(request: HttpRequest, body: Bytes, world: Data<World>) -> HttpResponse {
    // As it is asked, also through the proxy, which forwards what its client asked.
    let host = request.headers().get("host").unwrap().to_str().unwrap().to_owned();
    let url = format!("http://{host}");
    let path = request.path().to_owned();
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let signed = token == Some(&format!("Bearer {TOKEN}"));
    if world.copies()[&url].dead {
        return hung_up().await;
    }
    world.copies().get_mut(&url).unwrap().shown += usize::from(signed);
    let Some(rest) = path.strip_prefix("/api/users") else {
        // The health check at activation asks the service's own URL.
        return if path == "/api" {
            HttpResponse::Ok().finish()
        } else {
            problem(404, "no such path")
        };
    };
    let (answer, lost) = {
        let mut copies = world.copies();
        go_on(&mut copies);
        let word = rest.strip_prefix("/-/").unwrap_or_default().to_owned();
        let others = copies.clone();
        let copy = copies.get_mut(&url).unwrap();
        let answer = match (rest.strip_prefix("/-/"), signed) {
            (Some(_), false) => Err((404, "no such path".to_owned())),
            (Some(word), true) => asked(copy, &others, word, &query, &body),
            (None, _) => read(copy, rest, &query),
        };
        if request.method() == "POST" {
            copy.told.push(word.clone());
        }
        go_on(&mut copies);
        let copy = copies.get_mut(&url).unwrap();
        let lost = match &mut copy.loses {
            Some((path, left)) if *path == word && *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        };
        let answer = answer.map(|value| value.unwrap_or_else(|| document(&copies[&url])));
        (answer, lost)
    };
    let position = covered(&world.copies()[&url]);
    match answer {
        _ if lost => hung_up().await,
        Ok(value) => HttpResponse::Ok().insert_header(("banyan-position", position)).json(value),
        Err((status, detail)) => problem(status, &detail),
    }
}

/// No answer, for longer than any client waits.
async fn hung_up() -> HttpResponse {
    rt::time::sleep(Duration::from_secs(30)).await;
    HttpResponse::InternalServerError().finish()
}

fn problem(status: u16, detail: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap();
    HttpResponse::build(status).json(json!({ "status": status.as_u16(), "detail": detail }))
}

type Answer = Result<Option<Value>, (u16, String)>;

/// What the readers of the collection get.
fn read(copy: &Copy, rest: &str, query: &BTreeMap<String, String>) -> Answer {
    let shown = |(id, (_, name)): (&u64, &(u64, String))| json!({ "id": id, "name": name });
    if let Some(id) = rest.strip_prefix('/') {
        let found = id.parse().ok().and_then(|id: u64| copy.rows.get_key_value(&id));
        return found.map(|row| Some(shown(row))).ok_or((404, format!("no user has the id {id}")));
    }
    let limit = query.get("limit").map_or(100, |limit| limit.parse().unwrap());
    let rows: Vec<_> = copy.rows.iter().rev().take(limit).map(shown).collect();
    Ok(Some(json!(rows)))
}

fn asked(
    copy: &mut Copy,
    others: &BTreeMap<String, Copy>,
    word: &str,
    query: &BTreeMap<String, String>,
    body: &Value,
) -> Answer {
    let refuse = |why: &str| Err((409, why.to_owned()));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fenced = copy.fence.clone().filter(|(_, until)| *until > Instant::now()).map(|(id, _)| id);
    match word {
        _ if copy.cannot == Some(word) => return Err((503, "not just now".into())),
        _ if copy.refuses == Some(word) => return refuse("it does not want to"),
        "ownership" | "release" => {
            if word == "release" && fenced == Some(text(&body["id"])) {
                copy.fence = None;
            }
        }
        "follow" => {
            let source = text(&body["source"]);
            let Some(found) = others.get(&base(&source)).filter(|found| !found.dead) else {
                return Err((503, format!("{source} is not reached")));
            };
            if copy.role == "primary" && !copy.rows.is_empty() {
                return refuse("it holds rows of its own");
            }
            copy.lineage.clone_from(&found.lineage);
            (copy.role, copy.epoch) = ("follower", found.epoch);
            copy.followed = Some((found.store.clone(), source, (0, 0)));
        }
        "cancel" if copy.role != "follower" => return refuse("it is no follower"),
        "cancel" => {
            let told = std::mem::take(&mut copy.told);
            let url = copy.store.rsplit('-').next().unwrap().to_owned();
            *copy = Copy { told, ..fresh(&format!(":{url}")) };
        }
        "fence" => {
            if copy.role != "primary" || body["epoch"] != copy.epoch {
                return refuse("it is not the primary of that epoch");
            }
            if fenced.is_some_and(|fenced| fenced != text(&body["id"])) {
                return refuse("somebody else holds it");
            }
            let until = Instant::now() + Duration::from_millis(body["ms"].as_u64().unwrap());
            copy.fence = Some((text(&body["id"]), until));
            copy.position += u64::from(copy.late);
        }
        "handover" => {
            let to = (text(&body["to"]["store"]), text(&body["to"]["url"]));
            let epoch = body["epoch"].as_u64().unwrap() + 1;
            let same = copy.handover.as_ref().is_some_and(|(e, s, _, _)| *e == epoch && *s == to.0);
            if !same {
                if fenced != Some(text(&body["id"])) || copy.role != "primary" {
                    return refuse("it is not fenced by that id");
                }
                copy.position += 1;
                copy.handover = Some((epoch, to.0, to.1, copy.position));
                (copy.role, copy.fence, copy.followed) = ("follower", None, None);
            }
        }
        "retire" => {
            copy.role = "retired";
            if body["keepData"] != true {
                copy.rows.clear();
            }
        }
        "take" => {
            let Some((epoch, ..)) = copy.handover.clone() else {
                return refuse("it handed over nothing");
            };
            (copy.role, copy.epoch, copy.followed) = ("primary", epoch + 1, None);
        }
        "probe" if copy.blind => return refuse("the peer answers 404"),
        "probe" => {
            return Ok(Some(json!({ "store": "", "lineage": "", "role": "primary", "epoch": 1 })));
        }
        "digest" => return Ok(Some(json!(digest(copy, query)))),
        "hashes" => return Ok(Some(json!(hashes(copy, query, body)))),
        _ => return Err((404, "no such path".into())),
    }
    Ok(None)
}

fn covered(copy: &Copy) -> String {
    let own = (copy.epoch, copy.position);
    let (epoch, at) = copy.followed.as_ref().map_or(own, |(_, _, covered)| *covered);
    format!("{epoch}.{at}")
}

/// The id in a query.
fn id(query: &BTreeMap<String, String>, name: &str) -> Option<u64> {
    let key = Key::try_from(query.get(name)?.clone()).unwrap();
    Some(key.to_number().unwrap())
}

fn digest(copy: &Copy, query: &BTreeMap<String, String>) -> Digest {
    let limit = query.get("limit").map_or(10_000, |limit| limit.parse().unwrap());
    let rows = copy.rows.range(id(query, "after").unwrap_or(0) + 1..);
    let last = rows.clone().count() <= limit;
    let rows: Vec<_> = rows.take(limit).collect();
    let key = |row: Option<(&u64, _)>| row.map(|(id, _)| Key::number(*id));
    let (to, end) = (key(rows.last().copied()), key(copy.rows.last_key_value()));
    let (position, hash) = (covered(copy).parse().unwrap(), format!("{rows:?}"));
    Digest { to, rows: rows.len() as u64, hash, position, last, end }
}

fn hashes(copy: &Copy, query: &BTreeMap<String, String>, body: &Value) -> Hashes {
    let row = |(id, (rev, name)): (&u64, &(u64, String))| RowHash {
        key: Key::number(*id),
        rev: *rev,
        hash: format!("{rev} {name}"),
    };
    let rows = if let Ok(NamedRows { keys }) = NamedRows::deserialize(body) {
        let ids = keys.iter().map(|key| key.to_number().unwrap());
        ids.filter_map(|id| copy.rows.get_key_value(&id)).map(row).collect()
    } else if let Some(count) = query.get("recent") {
        copy.rows.iter().rev().take(count.parse().unwrap()).map(row).collect()
    } else {
        let after = id(query, "after").unwrap_or(0);
        copy.rows.range(after + 1..=id(query, "to").unwrap()).map(row).collect()
    };
    Hashes { rows, position: covered(copy).parse().unwrap() }
}

fn document(copy: &Copy) -> Value {
    let peer = |store: &str, url: &str| json!({ "store": store, "url": url });
    let fenced = copy.fence.as_ref().filter(|(_, until)| *until > Instant::now());
    json!({
        "protocol": copy.protocol,
        "collection": "users",
        "store": copy.store,
        "lineage": copy.lineage,
        "role": copy.role,
        "superseded": copy.superseded,
        "epoch": copy.epoch,
        "since": 0,
        "position": copy.position,
        "run": "run",
        "rows": !copy.rows.is_empty(),
        "fence": fenced.map(|(id, _)| json!({ "id": id, "untilMs": 0 })),
        "handover": copy.handover.as_ref().map(|(epoch, store, url, position)| json!({
            "epoch": epoch, "to": peer(store, url), "position": position, "lastId": 0,
        })),
        "followed": copy.followed.as_ref().map(|(store, url, _)| json!({
            "source": peer(store, url), "cursor": "0:", "run": null,
            "covered": covered(copy), "copied": copy.copied,
        })),
        "successor": copy.followed.as_ref().map(|(store, url, _)| peer(store, url)),
        "following": copy.followed.as_ref().map(|_| json!({
            "state": match (copy.broken, copy.copied) {
                (true, _) => "broken",
                (false, true) => "following",
                (false, false) => "copying",
            },
            "detail": copy.detail, "rows": copy.rows.len(), "rowsPerSecond": 10,
            "lagChanges": 0, "lagMs": copy.lag_ms, "throttled": false,
        })),
        "followers": [],
        "blockedBy": copy.blocked_by,
    })
}
