//! A board of real processes: the monolith, the services and the control plane, each with a folder of its own in which tests
//! name the places where it is to crash.

mod commands;
mod plan;
mod programs;

use std::collections::BTreeMap;
use std::fs::{self, File};

use harness::{Answer, Program, Setup, until};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;

use plan::ports;
pub(crate) use plan::{Engine, Plan};

use crate::relay::Relay;

/// What all programs of a board share.
const TOKEN: &str = harness::MOVE_TOKEN;

/// The control plane, and the proxy.
pub(crate) const CONTROL: &str = "refactor";

/// The `banyan` commands.
pub(crate) const CLI: &str = "cli";

/// The network through which a service reads the monolith's feed, until it owned the collection itself.
pub(crate) const FEED: &str = "feed";

/// How far behind a follower may be in tests that are not about that: the machine may be busy.
pub(crate) const LAG_MS: u64 = 30_000;

/// A board; its programs end when this is dropped.
pub(crate) struct Board {
    plan: Plan,
    programs: BTreeMap<&'static str, Program>,
    /// Those that do not run now.
    setups: BTreeMap<&'static str, Setup>,
    ports: BTreeMap<&'static str, u16>,
    relays: BTreeMap<&'static str, Relay>,
    /// The URL of the proxy, without the stage.
    pub(crate) proxy: String,
    /// The monolith's folder on the small disk.
    pub(crate) disk: Option<TempDir>,
    /// Held as `banyan up` holds its data folder.
    _held: Option<File>,
}

impl Board {
    /// Starts everything, and waits until the services have copied what the monolith has.
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::start_as(Plan::whole(engine, engine)).await
    }

    /// The same, as planned.
    pub(crate) async fn start_as(plan: Plan) -> Self {
        // Ports are chosen, and let go before they are taken.
        static STARTING: Mutex<()> = Mutex::const_new(());
        let _alone = STARTING.lock().await;
        let ports = ports();
        let mut board = Self {
            plan,
            programs: BTreeMap::new(),
            setups: BTreeMap::new(),
            relays: BTreeMap::new(),
            proxy: format!("http://127.0.0.1:{}", ports["proxy"]),
            ports,
            disk: None,
            _held: None,
        };
        if plan.small {
            let disk = harness::needs("TEST_SMALL_DISK");
            board.disk = Some(tempfile::tempdir_in(disk).expect("a folder"));
        }
        if plan.relayed {
            for (name, to) in [(FEED, "monolith"), ("monolith", "monolith"), ("users", "users")] {
                let ports = plan.programs_of(to).map(|program| board.ports[program]).collect();
                board.relays.insert(name, Relay::to(ports).await);
            }
        }
        for name in plan.programs {
            let mut setup = board.setup(name);
            if plan.engines[usize::from(*name != "monolith")] == Engine::Postgres {
                setup = setup.postgres(harness::postgres().await);
            }
            for program in plan.programs_of(name) {
                let port = board.ports[program].to_string();
                board.setups.insert(program, setup.clone().env("PORT", &port));
            }
        }
        let control = board.control_setup();
        board.hold(&control);
        board.setups.insert(CONTROL, control);
        let programs = plan.programs.iter().flat_map(|name| plan.programs_of(name));
        for name in programs.chain([CONTROL]) {
            board.start_again(name).await;
        }
        board.ready().await;
        board
    }

    /// The address at which other programs find a program.
    pub(crate) fn url_of(&self, name: &str) -> String {
        let relay = self.relays.get(name).map(|relay| relay.url.clone());
        relay.unwrap_or_else(|| format!("http://127.0.0.1:{}", self.ports[name]))
    }

    /// The network to a program, or the one of [`FEED`].
    pub(crate) fn relay(&self, name: &str) -> &Relay {
        &self.relays[name]
    }

    /// Makes the control plane's folder one that `banyan` takes for that of a board that runs.
    fn hold(&mut self, control: &Setup) {
        let path = control.folder().join("up.json");
        let address = format!("127.0.0.1:{}", self.ports[CONTROL]);
        let endpoint = json!({ "name": CONTROL, "address": address, "path": "" });
        let endpoints = json!({ "pid": std::process::id(), "endpoints": [endpoint] });
        fs::write(&path, endpoints.to_string()).expect("it can be written");
        let held = File::open(path).expect("it is there");
        held.lock().expect("it has one owner");
        self._held = Some(held);
        let faults = control.folder().join(CLI).join("faults");
        fs::create_dir_all(faults).expect("the folder can be made");
    }

    /// What every program has.
    fn common(&self, name: &str) -> Setup {
        let setup = Setup::new(env!("CARGO_BIN_EXE_banyan")).arg("serve").arg(name);
        let faults = setup.folder().join("faults");
        fs::create_dir(&faults).expect("the folder can be made");
        setup
            .env("MOVE_TOKEN", TOKEN)
            .env("BANYAN_FAULTS", faults.to_str().expect("a path of text"))
            .env("RUST_LOG", "info")
    }

    fn setup(&self, name: &str) -> Setup {
        let mut setup = self.common(name);
        for other in self.plan.programs {
            setup = setup.env(&format!("{}_URL", other.to_uppercase()), &self.url_of(other));
        }
        if name == "monolith" {
            if let Some(disk) = &self.disk {
                let database = format!("sqlite:{}", disk.path().join("board.db").display());
                setup = setup.env("DATABASE_URL", &database);
            }
            setup.demo()
        } else {
            let to = if self.plan.relayed { FEED } else { "monolith" };
            setup.env("FOLLOW", &format!("{}/api/{name}", self.url_of(to)))
        }
    }

    fn control_setup(&self) -> Setup {
        let setup = self.common(CONTROL);
        let folder = setup.folder().join("refactor");
        let targets = self.plan.programs.iter().filter(|name| **name != "monolith");
        let (path, stage) = if self.plan.at_root { ("api/", "") } else { ("", "/api") };
        let targets: Vec<_> =
            targets.map(|name| format!("{path}{name}={}", self.url_of(name))).collect();
        setup
            .env("PORT", &self.ports["proxy"].to_string())
            .env("CONTROL_PORT", &self.ports[CONTROL].to_string())
            .env("DATA_DIR", folder.to_str().expect("a path of text"))
            .env("MONOLITH_URL", &format!("{}{stage}", self.url_of("monolith")))
            .env("MOVE_TARGETS", &targets.join(","))
    }

    /// Waits until every program is ready, and everything is followed.
    pub(crate) async fn ready(&self) {
        for (name, program) in &self.programs {
            until(&format!("{name} is ready"), async || program.get("/readyz").await.status == 200)
                .await;
        }
    }

    /// The digest of all users that a program has.
    pub(crate) async fn digest(&self, name: &str) -> Value {
        let answer = self.program(name).ask("users", "digest?limit=1000000").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Sends a request to a program.
    pub(crate) async fn send(&self, name: &str, method: &str, path: &str, body: &Value) -> Answer {
        let program = self.program(name);
        if body.is_null() {
            program.send(method, path, &[], "").await
        } else {
            program.json(method, path, body).await
        }
    }
}

/// Makes a test of each case on each engine. Those on PostgreSQL are ignored: they need `TEST_DATABASE_URL`.
#[macro_export]
macro_rules! on_both_engines {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case($crate::board::Board::start($crate::board::Engine::Sqlite).await).await;
            })*
        }
        mod postgresql {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs TEST_DATABASE_URL"]
            async fn $case() {
                let board = $crate::board::Board::start($crate::board::Engine::Postgres).await;
                super::$case(board).await;
            })*
        }
    };
}
