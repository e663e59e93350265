//! Running the proxy: configuration, state, listening, and an orderly end.

use std::error::Error;
use std::future::pending;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt;
use actix_web::web::Data;
use runtime::{
    ANNOUNCE_TIME, ConfigErrors, Crowd, Daemon, ListenAddress, Logs, Stop, Variable, chain,
};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::config::{Config, VARIABLES};
use crate::control::credentials::Keys;
use crate::control::{self, Control, Gate, Readiness};
use crate::first_stack::FirstStack;
use crate::takeover::{self, Given, Giving, Taken};
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
    state::make_folder(&config.data_dir)?;
    let mut taken = tokio::select! {
        taken = take_over(&config) => taken?,
        () = &mut stopped => return Ok(()),
    };
    // A port that is taken is found before anything else is touched.
    let control = taken.as_mut().and_then(|taken| taken.control(&config.control));
    let control = control.map_or_else(|| config.control.bind(), Ok)?;
    let address = control.local_addr()?;
    let metrics = config.metrics.as_ref().map(|wanted| {
        let given = taken.as_mut().and_then(|taken| taken.other(wanted));
        given.map_or_else(|| wanted.bind(), Ok)
    });
    let metrics = metrics.transpose()?;
    let runs_again = state::is_there(&config.data_dir);
    let state = state::open(&config.data_dir)?;
    let credentials = Keys::open(&config.data_dir)?;
    let settings = Settings {
        applications: config.applications,
        https: config.traffic.certificate.is_some(),
        control: address,
        drain: config.stop.drain,
        quotas: config.quotas,
        advice: control::advice::protection,
        followed_advice: control::advice::followed_route,
    };
    let plane = DataPlane::new(proxy::Settings { runs_again, ..config.traffic })?;
    if let Some(taken) = &mut taken {
        taken.inherit(&plane)?;
    }
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
    // The control plane is this process' from here on, and what was unfinished is taken up.
    if let Some(taken) = taken {
        taken.ready(&plane)?;
    }
    let stacks = Arc::new(cloudformation::open(Arc::clone(&state), Arc::new(spaces.clone()))?);
    let readiness = Arc::new(Readiness::default());
    let gate = Arc::new(Gate::default());
    let stop = config.stop;
    let served = Data::new(Control {
        spaces: spaces.clone(),
        stacks: Arc::clone(&stacks),
        credentials,
        readiness: Arc::clone(&readiness),
        gate: Arc::clone(&gate),
        moves: moves.clone(),
        moves_seen: control::MovesSeen::default(),
        plane: plane.clone(),
        unsigned: Arc::new(Crowd::new(control::UNSIGNED_BYTES)),
    });
    let giving = Giving {
        folder: config.data_dir.clone(),
        state,
        gate,
        plane: plane.clone(),
        control: control.try_clone()?,
        metrics: metrics.as_ref().map(TcpListener::try_clone).transpose()?,
        drain: stop.drain,
        readiness: Arc::clone(&readiness),
    };
    let metrics_at = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    let mut servers = vec![control::serve(served.clone(), control, metrics_at, stop.drain)?];
    if let Some(metrics) = metrics {
        servers.push(control::serve_metrics(served, metrics, stop.drain)?);
    }
    let handles: Vec<_> = servers.iter().map(Server::handle).collect();
    let given = giving.offer().unwrap_or_else(|error| {
        log::warn!("no other process can take over from this one: {error}");
        // Its sender is gone: it never ends with a process that takes over.
        oneshot::channel().1
    });
    log::info!("refactor {}, state in {}", env!("CARGO_PKG_VERSION"), config.data_dir.display());
    if let Some(metrics) = metrics_at {
        log::info!("metrics are on http://{metrics}/metrics");
    }
    log::info!("listening on http://{address}");
    moves.resume();
    let first =
        config.monolith.map(|monolith| FirstStack { stacks, monolith, data_dir: config.data_dir });
    let ready = Arc::clone(&readiness);
    rt::spawn(async move {
        first_stack(first).await;
        ready.begin();
    });
    let ended = rt::spawn(async move {
        let given = tokio::select! {
            () = stopped => None,
            Ok(given) = given => Some(given),
        };
        if let Some(Given { paused, quiet, ended }) = given {
            for handle in &handles {
                handle.pause().await;
            }
            // What hears these ends the process.
            let _ = paused.send(());
            tokio::join!(end(&handles), plane.drain(ANNOUNCE_TIME, stop.drain, quiet));
            let _ = ended.send(());
            return pending().await;
        }
        readiness.stop();
        stop.serve_on().await;
        let unheard = oneshot::channel().0;
        tokio::join!(end(&handles), plane.drain(ANNOUNCE_TIME, stop.drain, unheard));
    });
    // A server answers only while it is polled.
    let servers: Vec<_> = servers.into_iter().map(rt::spawn).collect();
    for server in servers {
        server.await??;
    }
    ended.await?;
    Ok(())
}

/// Stops servers, all at once.
async fn end(servers: &[ServerHandle]) {
    let stopping: Vec<_> = servers.iter().map(|server| server.stop(true)).collect();
    for stopped in stopping {
        stopped.await;
    }
}

/// What another process gives, if this one is to take over from it.
async fn take_over(config: &Config) -> Result<Option<Taken>, String> {
    if !config.take_over {
        return Ok(None);
    }
    let taken = takeover::ask(&config.data_dir).await;
    taken.map_err(|error| format!("TAKE_OVER: {error}"))
}

/// Ends when what has to be there from the start is there.
async fn first_stack(first: Option<FirstStack>) {
    if let Some(first) = first {
        first.keep().await;
    }
}
