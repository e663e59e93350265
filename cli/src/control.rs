//! The control port that a command asks: of a board that `banyan up` runs, or of any `refactor`.

mod keys;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use refactor::{
    CanaryView, Client, ClientError, ConsoleLink, Keys, Move, ShadowReport, Traffic, Unreached,
};
use reqwest::Url;
use runtime::Authorities;
use serde_json::Value;

use crate::board::{self, Endpoint};
use crate::data_dir::DEFAULT_DATA_DIR;
use crate::lock;

/// The control port on another machine may be far.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How each certificate begins in PEM.
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// The address of the control port, and what signs for it.
#[derive(Args, Clone, Debug)]
pub(crate) struct ControlArgs {
    /// The data folder of a board that `banyan up` runs. Without it: .banyan
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The control port of any refactor, such as http://127.0.0.1:9080, in place of a board that `banyan up` runs; the
    /// variable BANYAN_CONTROL says the same. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have its keys, AWS_REGION the region.
    #[arg(long, value_name = "URL", value_parser = origin, conflicts_with = "data_dir")]
    control: Option<Url>,
    /// The file with the keys for --control: credentials.json of refactor's DATA_DIR, or a file of the AWS CLI. The variable
    /// BANYAN_CREDENTIALS says the same.
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    credentials: Option<PathBuf>,
    /// The authorities (PEM) that the certificate of an https --control comes from, unless the system trusts it;
    /// AWS_CA_BUNDLE says the same.
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    ca: Option<PathBuf>,
}

/// The address of the control port.
pub(crate) enum ControlPlace {
    /// That of the board that `banyan up` runs on this folder.
    Board(PathBuf),
    /// There.
    Url(Url),
}

impl ControlArgs {
    /// The address of the control port: the command line wins over the environment.
    ///
    /// # Errors
    /// If the variable is no URL of a control port, or there are keys and no control port.
    pub(crate) fn place(&self) -> Result<ControlPlace, String> {
        if let Some(folder) = &self.data_dir {
            return Ok(ControlPlace::Board(folder.clone()));
        }
        let given = set(runtime::BANYAN_CONTROL);
        let given = given.map(|url| {
            let wrong = |takes| format!("{}={url:?}: takes {takes}", runtime::BANYAN_CONTROL);
            origin(&url).map_err(wrong)
        });
        match (self.control.clone(), given) {
            (Some(url), _) => Ok(ControlPlace::Url(url)),
            (None, Some(url)) => url.map(ControlPlace::Url),
            (None, None) if self.credentials.is_some() || self.ca.is_some() => {
                Err("--credentials and --ca belong to --control URL".to_owned())
            }
            (None, None) => Ok(ControlPlace::Board(DEFAULT_DATA_DIR.into())),
        }
    }

    /// The control port.
    ///
    /// # Errors
    /// If nothing runs on the folder, or the keys or authorities cannot be read.
    pub(crate) fn open(&self, http: reqwest::Client) -> Result<ControlPort, String> {
        match self.place()? {
            ControlPlace::Board(folder) => {
                ControlPort::of_board(&lock::running(&folder)?.endpoints, &folder, http)
            }
            ControlPlace::Url(url) => self.at(&url),
        }
    }

    /// The control port at this URL.
    ///
    /// # Errors
    /// If the keys or authorities cannot be read.
    pub(crate) fn at(&self, url: &Url) -> Result<ControlPort, String> {
        let keys = self.keys()?;
        let ca = self.authorities();
        let pem = ca.as_deref().map(pem).transpose()?;
        let authorities = match &pem {
            _ if url.scheme() == "http" => Authorities::None,
            Some(pem) => Authorities::Pem(pem),
            None => Authorities::System,
        };
        let http = runtime::http_client_trusting(authorities, CONNECT_TIME);
        let http = http.map_err(|error| format!("cannot ask {url}: {}", runtime::chain(&error)))?;
        let client = Client::new(http.clone(), shown(url), keys).region(region());
        Ok(ControlPort { client, http, url: shown(url), is_of_board: false })
    }

    /// The keys for a control port that is no board's.
    ///
    /// # Errors
    /// If there are none, or they cannot be read.
    pub(crate) fn keys(&self) -> Result<Keys, String> {
        let named = set(runtime::BANYAN_CREDENTIALS).map(PathBuf::from);
        keys::find(self.credentials.clone().or(named).as_deref())
    }

    /// The file with the authorities of an https control port, unless the system's are right.
    pub(crate) fn authorities(&self) -> Option<PathBuf> {
        self.ca.clone().or_else(|| set("AWS_CA_BUNDLE").map(PathBuf::from))
    }
}

/// A control port, and the keys that sign for it.
pub(crate) struct ControlPort {
    client: Client,
    http: reqwest::Client,
    pub(crate) url: String,
    is_of_board: bool,
}

impl ControlPort {
    /// That of the board whose endpoints these are, signed for with the keys in its data folder.
    ///
    /// # Errors
    /// If there is no proxy, or its keys cannot be read.
    pub(crate) fn of_board(
        endpoints: &[Endpoint],
        data_dir: &Path,
        http: reqwest::Client,
    ) -> Result<Self, String> {
        let endpoint =
            board::refactor(endpoints).ok_or("this `banyan up` runs no refactor proxy")?;
        let url = endpoint.url();
        let client = Client::new(http.clone(), url.clone(), board::keys(data_dir)?);
        Ok(Self { client, http, url, is_of_board: true })
    }

    /// The routes of every application.
    ///
    /// # Errors
    /// What went wrong, and what helps.
    pub(crate) async fn traffic(&self) -> Result<Vec<Traffic>, String> {
        self.client.traffic().await.map_err(|error| self.advise(&error))
    }

    /// Every move.
    ///
    /// # Errors
    /// As [`ControlPort::traffic`].
    pub(crate) async fn moves(&self) -> Result<Vec<Move>, String> {
        self.client.moves().await.map_err(|error| self.advise(&error))
    }

    /// The canaries that rise by themselves.
    ///
    /// # Errors
    /// As [`ControlPort::traffic`].
    pub(crate) async fn canaries(&self) -> Result<Vec<CanaryView>, String> {
        self.client.canaries().await.map_err(|error| self.advise(&error))
    }

    /// The shadow of every route, without differences.
    ///
    /// # Errors
    /// As [`ControlPort::traffic`].
    pub(crate) async fn shadows(&self) -> Result<Vec<ShadowReport>, String> {
        self.client.shadows().await.map_err(|error| self.advise(&error))
    }

    /// The shadow of a route, with its last differences.
    ///
    /// # Errors
    /// As [`ControlPort::traffic`].
    pub(crate) async fn shadow(&self, route: &str) -> Result<ShadowReport, String> {
        self.client.shadow(route).await.map_err(|error| self.advise(&error))
    }

    /// A link that signs in to the console.
    ///
    /// # Errors
    /// As [`ControlPort::traffic`].
    pub(crate) async fn console_link(&self, read_only: bool) -> Result<ConsoleLink, String> {
        self.client.console_link(read_only).await.map_err(|error| self.advise(&error))
    }

    /// Carries a command out.
    ///
    /// # Errors
    /// As [`ControlPort::traffic`].
    pub(crate) async fn command(
        &self,
        collection: &str,
        verb: &str,
        options: &Value,
    ) -> Result<Move, String> {
        let answered = self.client.command(collection, verb, options).await;
        answered.map_err(|error| self.advise(&error))
    }

    /// Whether it says that it is ready; needs no keys.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.http.get(format!("{}/readyz", self.url)).timeout(CONNECT_TIME).send();
        answer.await.is_ok_and(|answer| answer.status().is_success())
    }

    /// What went wrong, and what helps.
    fn advise(&self, error: &ClientError) -> String {
        let advice = match error {
            ClientError::NotReached { .. } if self.is_of_board => {
                "`banyan start refactor` starts it on a board that `banyan up` runs; --data-dir leads to another board, \
                 --control to any other `refactor`"
            }
            ClientError::NotReached { why: Unreached::NoTls, .. } => {
                "it speaks no TLS: say http://"
            }
            ClientError::NotReached { why: Unreached::Certificate, .. } => {
                "if this is the right one, --ca FILE names the authorities that its certificate comes from"
            }
            ClientError::NotReached { why: Unreached::Network, .. } => {
                "does `refactor` run there, and does it listen for more than its own machine (CONTROL_HOST, CONTROL_PORT)?"
            }
            ClientError::NoAnswer { .. } if self.url.starts_with("http:") => {
                "if TLS ends in front of it, say https://"
            }
            ClientError::Keys(_) if !self.is_of_board => {
                return format!(
                    "{} refuses the keys: {error}; its keys are in credentials.json of its DATA_DIR: --credentials FILE, or \
                     AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                    self.url
                );
            }
            ClientError::Stranger { .. } => {
                "the control port is CONTROL_PORT (9080 unless it is set), and no port of an application (8080); if TLS ends in \
                 front of it, say https://"
            }
            _ => return error.to_string(),
        };
        format!("{error}: {advice}")
    }
}

/// The text of a file with certificates.
fn pem(file: &Path) -> Result<Vec<u8>, String> {
    let shown = file.display();
    let text = fs::read(file).map_err(|error| format!("cannot read {shown}: {error}"))?;
    // Its rest is read by what uses it, which takes a text without any for one that trusts nothing.
    if text.windows(BEGIN.len()).any(|part| part == BEGIN) {
        return Ok(text);
    }
    Err(format!("{shown} has no certificate in PEM"))
}

/// The region that requests are signed for, as the AWS CLI finds it.
fn region() -> String {
    set("AWS_REGION")
        .or_else(|| set("AWS_DEFAULT_REGION"))
        .unwrap_or_else(|| refactor::REGION.into())
}

/// A variable, if it is set and not empty.
fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads the URL of a control port.
fn origin(text: &str) -> Result<Url, &'static str> {
    let takes = "http://HOST:PORT or https://HOST:PORT, with nothing behind it";
    let url = Url::parse(text).ok().ok_or(takes)?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/";
    let alone = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if web && alone { Ok(url) } else { Err(takes) }
}

/// A URL without its last slash.
pub(crate) fn shown(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
