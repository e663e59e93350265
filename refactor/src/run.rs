//! Running the proxy: configuration, state, and listening.

use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::web::Data;
use runtime::{ConfigErrors, Crowd, Daemon, ListenAddress, Logs, Stop, Variable, chain};
use tokio::task::spawn_blocking;

use console::Console;

use crate::advice;
use crate::config::{Config, VARIABLES};
use crate::control::{self, ConsoleSource, Control, Inside, Readiness};
use crate::lead::MoveSettings;
use crate::processes::ControlAddress;
use crate::serving::Prepared;
use crate::start::{Start, Started};
use crate::takeover::{self, Giving, TakenOver};
use spaces::Settings;

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
    journal::make_folder(&config.data_dir)?;
    let mut taken = tokio::select! {
        taken = take_over(&config) => taken?,
        () = &mut stopped => return Ok(()),
    };
    let prepared = match prepare(config, taken.as_mut()).await {
        Ok(prepared) => prepared,
        Err(error) => {
            if let Some(taken) = taken {
                taken.failed(&chain(&*error));
            }
            return Err(error);
        }
    };
    if let Some(taken) = taken {
        tokio::select! {
            ready = taken.ready(&prepared.plane) => ready?,
            () = &mut stopped => return Ok(()),
        }
    }
    // The control plane is this process' from here on.
    prepared.serve(stopped).await
}

/// Makes all that a process needs to serve, perhaps with what another one gave.
async fn prepare(
    config: Config,
    mut taken: Option<&mut TakenOver>,
) -> Result<Prepared, Box<dyn Error>> {
    // A port that is taken is found before anything else is touched.
    let control = taken.as_mut().and_then(|taken| taken.control(&config.control));
    let control = control.map_or_else(|| config.control.bind(), Ok)?;
    let address = control.local_addr()?;
    let metrics = config.metrics.as_ref().map(|wanted| {
        let given = taken.as_mut().and_then(|taken| taken.other(wanted));
        given.map_or_else(|| wanted.bind(), Ok)
    });
    let metrics = metrics.transpose()?;
    let settings = Settings {
        applications: config.applications,
        https: config.traffic.certificate.is_some(),
        control: address,
        drain: config.stop.drain,
        shared: config.database.is_some(),
        quotas: config.quotas,
        advice: advice::protection,
        followed_advice: advice::followed_route,
    };
    let public_hosts = config.traffic.public_hosts.clone().unwrap_or_default();
    let readiness = Arc::new(Readiness::default());
    let start = Start {
        settings,
        traffic: config.traffic,
        moving: MoveSettings { token: config.move_token, targets: config.move_targets },
        data_dir: config.data_dir.clone(),
        keys: config.keys,
        monolith: config.monolith,
        readiness: Arc::clone(&readiness),
    };
    let started = match config.database {
        None => start.alone(taken),
        Some(url) => {
            let port = address.port();
            let name = config.name.unwrap_or_else(|| format!("{}:{port}", host_name()));
            let known = config
                .address
                .or_else(|| (!address.ip().is_unspecified()).then(|| address.to_string()));
            let address = known.map_or(ControlAddress::Port(port), ControlAddress::Known);
            // It waits for the server.
            spawn_blocking(move || start.among_others(url, name, address)).await?
        }
    };
    let Started { plane, credentials, sessions, leading, state, passes_on, processes, first } =
        started.map_err(|error| -> Box<dyn Error> { error })?;
    let stop = config.stop;
    let inside = Arc::new(Inside { leading: leading.clone(), passes_on });
    let source = ConsoleSource {
        inside: Arc::clone(&inside),
        keys: credentials.first().clone(),
        plane: plane.clone(),
    };
    let console = Data::new(Console::new(sessions, source));
    let served = Data::new(Control {
        inside,
        credentials,
        public_hosts,
        readiness: Arc::clone(&readiness),
        moves_seen: control::MovesSeen::default(),
        plane: plane.clone(),
        unsigned: Arc::new(Crowd::new(control::UNSIGNED_BYTES)),
        console: console.clone(),
    });
    let giving = state.map(|state| {
        Ok::<_, std::io::Error>(Giving {
            folder: config.data_dir,
            state,
            leading: leading.clone(),
            plane: plane.clone(),
            control: control.try_clone()?,
            metrics: metrics.as_ref().map(TcpListener::try_clone).transpose()?,
            drain: stop.drain,
            readiness: Arc::clone(&readiness),
        })
    });
    let giving = giving.transpose()?;
    let metrics_at = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    // They take connections only when they are polled.
    let mut servers = vec![control::serve(served.clone(), control, metrics_at, stop.drain)?];
    if let Some(metrics) = metrics {
        servers.push(control::serve_metrics(served, metrics, stop.drain)?);
    }
    Ok(Prepared {
        plane,
        leading,
        readiness,
        servers,
        address,
        metrics_at,
        first,
        giving,
        console,
        processes,
        stop,
    })
}

/// What another process gives, if this one is to take over from it.
async fn take_over(config: &Config) -> Result<Option<TakenOver>, String> {
    if !config.take_over {
        return Ok(None);
    }
    let taken = takeover::ask(&config.data_dir).await;
    taken.map_err(|error| format!("TAKE_OVER: {error}"))
}

/// The name of this machine.
fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
