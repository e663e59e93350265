//! Running the proxy: configuration, state, listening, and an orderly end.

use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::rt;
use actix_web::web::Data;
use runtime::{ANNOUNCE_TIME, ConfigErrors, Daemon, ListenAddress, Logs, Stop, Variable, chain};
use tokio::runtime::Handle;

use crate::config::{Config, VARIABLES};
use crate::control::credentials::Keys;
use crate::control::{self, Control, Readiness};
use crate::first_stack::FirstStack;
use moves::{self, Moves};
use proxy::DataPlane;
use spaces::{Settings, Spaces, state};

/// The refactor proxy as a program.
#[derive(Debug)]
pub struct Refactor;

impl Daemon for Refactor {
    type Config = Config;

    fn name(&self) -> &str {
        "refactor"
    }

    fn about(&self) -> String {
        "The refactor proxy: moves the traffic of an HTTP service, route by route.".to_owned()
    }

    fn variables(&self) -> &'static [Variable] {
        VARIABLES
    }

    fn configure(
        &self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigErrors> {
        Config::read(environment)
    }

    fn logs(config: &Config) -> &Logs {
        &config.logs
    }

    fn health(config: &Config) -> &ListenAddress {
        &config.control
    }

    async fn serve(self, config: Config, stop: Stop) -> Result<(), Box<dyn Error>> {
        serve(config, stop).await
    }
}

async fn serve(config: Config, mut stopped: Stop) -> Result<(), Box<dyn Error>> {
    // A port that is taken is found before anything is touched.
    let listener = config.control.bind()?;
    let address = listener.local_addr()?;
    let metrics = config.metrics.as_ref().map(ListenAddress::bind).transpose()?;
    let metrics_at = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    state::make_folder(&config.data_dir)?;
    let runs_again = state::is_there(&config.data_dir);
    let state = state::open(&config.data_dir)?;
    let credentials = Keys::open(&config.data_dir)?;
    let settings = Settings {
        applications: config.applications,
        control: address,
        drain: config.stop.drain,
        quotas: config.quotas,
        advice: control::advice::protection,
    };
    let plane = DataPlane::new(proxy::Settings { runs_again, ..config.traffic })?;
    moves::tell_epochs(&state, &plane)?;
    let spaces = Spaces::open(Arc::clone(&state), plane.clone(), settings, Handle::current())
        .map_err(|cause| {
            let folder = config.data_dir.display();
            format!("the state in {folder} cannot be used: {}", chain(&cause))
        })?;
    let (token, targets) = (config.move_token, config.move_targets);
    let moves = Moves::open(
        Arc::clone(&state),
        spaces.clone(),
        token,
        targets,
        control::advice::refusal,
        Handle::current(),
    )?;
    let stacks = Arc::new(cloudformation::open(state, Arc::new(spaces.clone()))?);
    let readiness = Arc::new(Readiness::not_yet("the first stack is not made yet"));
    let control = Data::new(Control {
        spaces: spaces.clone(),
        stacks: Arc::clone(&stacks),
        credentials,
        readiness: Arc::clone(&readiness),
        moves: moves.clone(),
        moves_seen: control::MovesSeen::default(),
        plane: plane.clone(),
    });
    let stop = config.stop;
    let server = control::serve(control.clone(), listener, metrics_at, stop.drain)?;
    let handle = server.handle();
    let scraped = metrics.map(|metrics| control::serve_metrics(control, metrics, stop.drain));
    let scraped = scraped.transpose()?;
    let scraped_handle = scraped.as_ref().map(Server::handle);
    log::info!("refactor {}, state in {}", env!("CARGO_PKG_VERSION"), config.data_dir.display());
    if let Some(metrics) = metrics_at {
        log::info!("metrics are on http://{metrics}/metrics");
    }
    log::info!("listening on http://{address}");
    moves.resume();
    let first =
        config.monolith.map(|monolith| FirstStack { stacks, monolith, data_dir: config.data_dir });
    let ended = rt::spawn(async move {
        tokio::select! {
            () = first_stack(first) => {
                readiness.set(None);
                stopped.await;
            }
            () = &mut stopped => {}
        }
        readiness.set(Some("this program is stopping"));
        stop.serve_on().await;
        let scraped = async {
            if let Some(handle) = scraped_handle {
                handle.stop(true).await;
            }
        };
        tokio::join!(handle.stop(true), scraped, plane.drain(ANNOUNCE_TIME, stop.drain));
    });
    tokio::try_join!(server, async {
        match scraped {
            Some(scraped) => scraped.await,
            None => Ok(()),
        }
    })?;
    ended.await?;
    Ok(())
}

/// Ends when what has to be there from the start is there.
async fn first_stack(first: Option<FirstStack>) {
    if let Some(first) = first {
        first.keep().await;
    }
}
