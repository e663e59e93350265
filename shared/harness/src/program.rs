//! A program under test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use tempfile::TempDir;

use crate::wait::PATIENCE;
use crate::{Answer, TestDatabase, free_port, until};

/// How to start a program.
#[derive(Clone, Debug)]
pub struct Setup {
    binary: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    folder: Arc<TempDir>,
    database: Option<Arc<TestDatabase>>,
}

/// A program that listens, ended when this is dropped.
pub struct Program {
    setup: Setup,
    child: Child,
    address: String,
    log: Log,
    client: Client,
}

impl Setup {
    /// A program with nothing in its environment but a free port on loopback and a SQLite database
    /// in a temporary folder.
    ///
    /// # Panics
    /// If there is no temporary folder to be had.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let database = format!("sqlite:{}", folder.path().join("test.db").display());
        let binary = binary.into();
        let setup = Self { binary, arguments: vec![], environment: vec![], folder, database: None };
        setup.env("HOST", "127.0.0.1").env("PORT", "0").env("DATABASE_URL", &database)
    }

    /// With this variable; the last one of a name counts.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// On a free port that it gets again after a restart: no connection takes it meanwhile.
    pub fn on_its_port(self) -> Self {
        self.env("PORT", &free_port().to_string())
    }

    /// With this PostgreSQL database, which lives as long as the program.
    pub fn postgres(mut self, database: TestDatabase) -> Self {
        self = self.env("DATABASE_URL", database.url());
        self.database = Some(Arc::new(database));
        self
    }

    /// The PostgreSQL database that it was set up with.
    pub fn database(&self) -> Option<&TestDatabase> {
        self.database.as_deref()
    }

    /// With this argument.
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With the demo data.
    pub fn demo(self) -> Self {
        self.env("SEED", "demo")
    }

    /// The folder that ends with the last program that was set up so.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn spawn(&self) -> Child {
        let mut command = Command::new(&self.binary);
        command.args(&self.arguments).env_clear().current_dir(self.folder());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.binary.display()))
    }

    /// Starts it and waits until it listens.
    ///
    /// # Panics
    /// If it ends before that; its log is in the message.
    pub async fn start(self) -> Program {
        let mut child = self.spawn();
        let log = drain(&mut child);
        let mut address = None;
        until("the program listens or ends", || {
            address = log.text().lines().find_map(|line| {
                let (_, address) = line.split_once("listening on http://")?;
                // A JSON line goes on behind it.
                address.split('"').next().map(str::to_owned)
            });
            let done = address.is_some() || child.try_wait().is_ok_and(|status| status.is_some());
            async move { done }
        })
        .await;
        let address =
            address.unwrap_or_else(|| panic!("{} ended:\n{}", self.binary.display(), log.text()));
        let client = client();
        Program { setup: self, child, address, log, client }
    }

    /// Starts it and waits until it ends: its exit code, and what it wrote to standard error.
    ///
    /// # Panics
    /// If it does not end.
    pub async fn run(self) -> (Option<i32>, String) {
        let mut child = self.spawn();
        let log = drain(&mut child);
        let status = log.ended(&mut child).await;
        (status.code(), log.text())
    }
}

/// A client with connections of its own. It does not go on to where an answer leads.
///
/// # Panics
/// If there is none to be had.
pub fn client() -> Client {
    // The process has one provider of cryptography; the first caller installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().tls_certs_only([]).no_proxy().redirect(Policy::none());
    client.timeout(PATIENCE).build().expect("a client")
}

/// Collects what a program writes to standard error, for as long as it does.
fn drain(child: &mut Child) -> Log {
    let stderr = child.stderr.take().expect("standard error is piped");
    let text = Arc::new(Mutex::new(String::new()));
    let written = Arc::clone(&text);
    let reader = thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let mut log = written.lock().expect("no thread panics with the log");
            log.push_str(&line);
            log.push('\n');
        }
    });
    Log { text, reader }
}

/// What a program wrote, and the thread that reads it until the program has ended.
struct Log {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Log {
    fn text(&self) -> String {
        self.text.lock().expect("no thread panics with the log").clone()
    }

    /// Waits until the program has ended and everything it wrote is read.
    async fn ended(&self, child: &mut Child) -> ExitStatus {
        let mut status = None;
        until("the program ends", || {
            status = child.try_wait().expect("a child can be waited for");
            let done = status.is_some() && self.reader.is_finished();
            async move { done }
        })
        .await;
        status.expect("it has ended")
    }
}

impl Program {
    /// Its address, such as `127.0.0.1:41234`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it was started with.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// What it logged so far.
    ///
    /// # Panics
    /// Never in a sound test.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Waits until it has logged a line with this text, and returns the first one. A program may write its log a little
    /// after it has answered.
    ///
    /// # Panics
    /// After a minute.
    pub async fn logged(&self, part: &str) -> String {
        let mut found = None;
        until(&format!("the log says {part:?}"), || {
            found = self.log().lines().find(|line| line.contains(part)).map(str::to_owned);
            std::future::ready(found.is_some())
        })
        .await;
        found.expect("it was found")
    }

    /// Sends a request, or says why there was no answer.
    ///
    /// # Errors
    /// If the connection broke.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> reqwest::Result<Answer> {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        Answer::read(request.send().await?).await
    }

    /// Sends a request.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let answer = self.try_send(method, path, headers, body).await;
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error:?}\n{}", self.log()))
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// A request with a JSON body.
    pub async fn json(&self, method: &str, path: &str, body: &serde_json::Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], &body.to_string()).await
    }

    /// Kills it as a crash would (SIGKILL), and waits until it is gone.
    pub async fn kill(&mut self) {
        // If this fails, it has just ended by itself.
        let _ = self.child.kill();
        self.log.ended(&mut self.child).await;
    }

    /// Tells it to stop.
    ///
    /// # Panics
    /// If it has ended.
    pub fn terminate(&self) {
        crate::signal("TERM", self.pid());
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        self.log.ended(&mut self.child).await
    }

    /// Starts it again as it was set up first, on a free port.
    pub async fn restart(mut self) -> Self {
        self.kill().await;
        self.setup.clone().start().await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // If these fail, it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- log of {} ---\n{}", self.setup.binary.display(), self.log());
        }
    }
}
