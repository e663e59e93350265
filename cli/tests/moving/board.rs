//! A board of real processes: the monolith, the services and the control plane, each with a folder of its own in which tests
//! name the places where it is to crash.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;

use harness::{Answer, Program, Setup, TestDatabase, until};
use refactor::{Client, Keys, Move};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::relay::Relay;

/// What all programs of a board share.
const TOKEN: &str = harness::MOVE_TOKEN;

/// The programs with collections, in the order in which they start.
const PROGRAMS: [&str; 4] = ["monolith", "users", "threads", "posts"];

/// The second programs on the databases of the first ones.
const TWINS: [(&str, &str); 2] = [("monolith", "monolith-2"), ("users", "users-2")];

/// The control plane, and the proxy.
pub(crate) const CONTROL: &str = "refactor";

/// Whoever types commands.
pub(crate) const CLI: &str = "cli";

/// The network through which a service reads the monolith's feed, until it owned the collection itself.
pub(crate) const FEED: &str = "feed";

/// How far behind a follower may be in tests that are not about that: the machine may be busy.
pub(crate) const LAG_MS: u64 = 30_000;

/// Where the stores of a board are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    /// A database for each program.
    Postgres,
}

/// What a board is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Of the monolith's store, and of the services'.
    pub(crate) engines: [Engine; 2],
    /// The programs with collections, the monolith first.
    pub(crate) programs: &'static [&'static str],
    /// Whether the programs reach each other through relays.
    pub(crate) relayed: bool,
    /// Whether there are two programs of each on one database, behind the relay of both.
    pub(crate) twice: bool,
    /// Whether the monolith's database is on the small disk that `TEST_SMALL_DISK` names.
    pub(crate) small: bool,
}

impl Plan {
    /// Every program.
    pub(crate) fn whole(source: Engine, target: Engine) -> Self {
        Self {
            engines: [source, target],
            programs: &PROGRAMS,
            relayed: false,
            twice: false,
            small: false,
        }
    }

    /// Only users have a service, and every network between the programs can be broken.
    pub(crate) fn users(source: Engine, target: Engine) -> Self {
        Self {
            engines: [source, target],
            programs: &PROGRAMS[..2],
            relayed: true,
            twice: false,
            small: false,
        }
    }

    /// Only users have a service, and it and the monolith are two programs each on one PostgreSQL database.
    pub(crate) fn twice() -> Self {
        Self { twice: true, ..Self::users(Engine::Postgres, Engine::Postgres) }
    }

    /// The programs of a service.
    fn programs_of(&self, name: &'static str) -> impl Iterator<Item = &'static str> {
        let twin = TWINS.iter().find(|(first, _)| self.twice && *first == name);
        std::iter::once(name).chain(twin.map(|(_, second)| *second))
    }
}

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

    /// Where others find a program.
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
        let seat = json!({ "name": CONTROL, "address": address, "path": "" });
        let seats = json!({ "pid": std::process::id(), "seats": [seat] });
        fs::write(&path, seats.to_string()).expect("it can be written");
        let held = File::open(path).expect("it is there");
        held.lock().expect("nobody else has it");
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
        let targets: Vec<_> = targets.map(|name| format!("{name}={}", self.url_of(name))).collect();
        setup
            .env("PORT", &self.ports["proxy"].to_string())
            .env("CONTROL_PORT", &self.ports[CONTROL].to_string())
            .env("DATA_DIR", folder.to_str().expect("a path of text"))
            .env("MONOLITH_URL", &format!("{}/api", self.url_of("monolith")))
            .env("MOVE_TARGETS", &targets.join(","))
    }

    /// Waits until every program is ready, and everything is followed.
    pub(crate) async fn ready(&self) {
        for (name, program) in &self.programs {
            until(&format!("{name} is ready"), async || program.get("/readyz").await.status == 200)
                .await;
        }
    }

    /// A program that runs.
    pub(crate) fn program(&self, name: &str) -> &Program {
        self.programs.get(name).unwrap_or_else(|| panic!("{name} does not run"))
    }

    /// Kills a program as a power cut would.
    pub(crate) async fn kill(&mut self, name: &'static str) {
        let mut program = self.programs.remove(name).expect("it runs");
        program.kill().await;
        self.setups.insert(name, program.setup().clone());
    }

    /// Stops a program as whoever deploys does: told by SIGTERM, and waited for.
    pub(crate) async fn stop(&mut self, name: &'static str) {
        let mut program = self.programs.remove(name).expect("it runs");
        program.terminate();
        assert!(program.ended().await.success(), "{}", program.log());
        self.setups.insert(name, program.setup().clone());
    }

    /// Starts a program that does not run, at the address that it had.
    pub(crate) async fn start_again(&mut self, name: &'static str) {
        let setup = self.setups.remove(name).expect("it does not run");
        self.programs.insert(name, setup.start().await);
    }

    /// Runs a statement in the database of a program that does not run, past everything that keeps it in order.
    pub(crate) async fn spoil(&self, name: &str, sql: &str) {
        let setup = &self.setups[name];
        match setup.database() {
            Some(database) => database.execute(sql).await,
            None => {
                let database = rusqlite::Connection::open(setup.folder().join("test.db"));
                database.and_then(|database| database.execute_batch(sql)).expect(sql);
            }
        }
    }

    /// `banyan` with these arguments, on this board. Killed when it is dropped.
    pub(crate) fn banyan(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
        let folder = self.setup_of(CONTROL).folder();
        command.args(arguments).arg("--data-dir").arg(folder).env_clear();
        command.env("BANYAN_FAULTS", self.faults(CLI)).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }

    /// Runs `banyan` with these arguments, on this board: what it said, on either output, and whether it succeeded.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.banyan(arguments).output().await.expect("banyan can be started");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if output.status.success() { Ok(said) } else { Err(said) }
    }

    /// The same, for what has to succeed.
    pub(crate) async fn succeeds(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        ended.unwrap_or_else(|said| panic!("banyan {arguments:?}: {said}"))
    }

    fn setup_of(&self, name: &str) -> &Setup {
        let running = self.programs.get(name).map(Program::setup);
        running.unwrap_or_else(|| &self.setups[name])
    }

    fn faults(&self, name: &str) -> PathBuf {
        if name == CLI {
            return self.setup_of(CONTROL).folder().join(CLI).join("faults");
        }
        self.setup_of(name).folder().join("faults")
    }

    /// The program crashes where it passes that place next.
    pub(crate) fn arm(&self, name: &str, place: &str) {
        fs::write(self.faults(name).join(place), "").expect("it can be written");
    }

    /// The program stands still where it passes that place next.
    pub(crate) fn arm_to_stop(&self, name: &str, place: &str) {
        // Nobody may read it half written.
        let (written, armed) = (self.faults(name).join("written"), self.faults(name).join(place));
        fs::write(&written, fault::STOP).expect("it can be written");
        fs::rename(written, armed).expect("it can be renamed");
    }

    /// Whether it has not passed that place since.
    pub(crate) fn is_armed(&self, name: &str, place: &str) -> bool {
        self.faults(name).join(place).exists()
    }

    /// Waits until a program has crashed, and starts it again.
    pub(crate) async fn revive(&mut self, name: &'static str) {
        let mut program = self.programs.remove(name).expect("it runs");
        program.ended().await;
        self.setups.insert(name, program.setup().clone());
        self.start_again(name).await;
    }

    pub(crate) fn control(&self) -> Client {
        let setup = self.program(CONTROL).setup();
        let keys = Keys::read(&setup.folder().join("refactor")).expect("it has keys");
        let http = server::http_client(false).expect("a client");
        Client::new(http, self.program(CONTROL).url(), keys)
    }

    /// Tells the control plane to do something with a collection.
    pub(crate) async fn tell(
        &self,
        collection: &str,
        verb: &str,
        options: Value,
    ) -> Result<Move, String> {
        self.control().command(collection, verb, &options).await
    }

    /// The same, for what has to succeed.
    pub(crate) async fn done(&self, collection: &str, verb: &str) -> Move {
        let told = self.tell(collection, verb, json!({ "maxLagMs": LAG_MS })).await;
        told.unwrap_or_else(|error| panic!("{verb} {collection}: {error}"))
    }

    /// Compares a collection with its copy; gives the move when that has ended.
    pub(crate) async fn compare(&self, collection: &str) -> Move {
        self.done(collection, "diff").await;
        until("the comparison has ended", async || {
            self.look(collection).await.diff.state != "running"
        })
        .await;
        self.look(collection).await
    }

    /// The move of a collection as it is now.
    pub(crate) async fn look(&self, collection: &str) -> Move {
        let moves = self.control().moves().await.expect("the control plane answers");
        let found = moves.into_iter().find(|found| found.collection == collection);
        found.unwrap_or_else(|| panic!("{collection} does not move"))
    }

    /// Waits until nothing is pending, and the copy that does not own the collection follows the other one, as far behind as
    /// a change of the owner allows.
    pub(crate) async fn settled(&self, collection: &str) -> Move {
        until("it is settled", async || {
            let found = self.look(collection).await;
            found.pending.is_none() && follows_closely(&found)
        })
        .await;
        self.look(collection).await
    }

    /// The roles of both sides, source first.
    pub(crate) async fn roles(&self, collection: &str) -> [String; 2] {
        let found = self.look(collection).await;
        [found.source, found.target].map(|side| side.ownership.expect("it answers").role)
    }

    /// The database of a program, where that is one of PostgreSQL.
    pub(crate) fn database(&self, name: &str) -> Option<&TestDatabase> {
        self.setup_of(name).database()
    }

    /// The digest of all users that a program has.
    pub(crate) async fn digest(&self, name: &str) -> Value {
        let path = format!("digest?after=0&to={}", i64::MAX);
        let answer = self.program(name).ask("users", &path).await;
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

/// Whether the copy that does not own the collection follows, and says how far behind it is.
fn follows_closely(found: &Move) -> bool {
    let follower = match found.phase.as_str() {
        "following" => &found.target,
        "switched" => &found.source,
        _ => return false,
    };
    let following = follower.ownership.as_ref().and_then(|ownership| ownership.following.as_ref());
    following.is_some_and(|following| {
        following.state == "following" && following.lag_ms.is_some_and(|ms| ms <= LAG_MS)
    })
}

/// A free port for every program.
fn ports() -> BTreeMap<&'static str, u16> {
    let twins = TWINS.into_iter().map(|(_, second)| second);
    let names = PROGRAMS.into_iter().chain(twins).chain([CONTROL, "proxy"]);
    // Held until all are found, so that none is found twice.
    let found: Vec<_> = names.map(|name| (name, free())).collect();
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    found.iter().map(|(name, listener)| (*name, port(listener))).collect()
}

/// A free port that no connection can take while the program does not run that has it: those take one of the
/// upper half.
fn free() -> TcpListener {
    let bind = |_| TcpListener::bind(("127.0.0.1", fastrand::u16(10_000..32_000))).ok();
    (0..1_000).find_map(bind).expect("a free port")
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
