//! Running the proxy: configuration, state, listening, and an orderly end.

use std::env;
use std::error::Error;
use std::future::{Future, pending};
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::rt;
use server::{EX_USAGE, Variable, chain};
use tokio::runtime::Handle;

use crate::config::{Config, VARIABLES};
use crate::control::credentials::Credentials;
use crate::control::{self, Control};
use crate::first_stack::FirstStack;
use crate::moves::{self, Moves};
use crate::spaces::{Settings, Spaces, state};
use proxy::DataPlane;

/// The whole of `main`: runs until SIGTERM or SIGINT.
pub fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        None => run(pending()),
        Some("--help" | "-h") => {
            println!(
                "The refactor proxy: moves the traffic of an HTTP service, route by route. Reads these \
                 variables of its environment (after the semicolon: the default):\n\n{}",
                Variable::list(VARIABLES)
            );
            ExitCode::SUCCESS
        }
        Some("--version" | "-V") => {
            println!("refactor {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Some(argument) => {
            eprintln!(
                "refactor: takes no argument {argument:?}; refactor --help lists its variables"
            );
            ExitCode::from(EX_USAGE)
        }
    }
}

/// Runs until SIGTERM, SIGINT, or the end of `stop`. The exit code is 64 for a wrong configuration, 1
/// for any other failure.
pub fn run(stop: impl Future<Output = ()> + Send + 'static) -> ExitCode {
    let variables = env::vars_os().map(|(name, value)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    });
    let config = match Config::read(variables) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("refactor: the configuration is wrong\n{errors}");
            return ExitCode::from(EX_USAGE);
        }
    };
    if let Err(wrong) = config.logs.start() {
        eprintln!("refactor: {wrong}");
        return ExitCode::from(EX_USAGE);
    }
    match rt::System::new().block_on(serve(config, stop)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = format!("refactor: {}", chain(&*error));
            if log::log_enabled!(log::Level::Error) {
                log::error!("{message}");
            } else {
                // Whoever wants no log still wants to know why nothing runs.
                eprintln!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn serve(
    config: Config,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    // A port that is taken is found before anything is touched.
    let listener = control::bind(config.control).map_err(|cause| {
        let address = config.control;
        io::Error::other(format!(
            "cannot listen on {address} ({cause}); set CONTROL_HOST or CONTROL_PORT to a free one"
        ))
    })?;
    let address = listener.local_addr()?;
    let mut stopped = Box::pin(server::stopped(stop)?);
    state::make_folder(&config.data_dir)?;
    let runs_again = state::is_there(&config.data_dir);
    let state = state::open(&config.data_dir)?;
    let credentials = Credentials::open(&config.data_dir)?;
    let settings =
        Settings { applications: config.applications, control: address, quotas: config.quotas };
    let plane = DataPlane::new(proxy::Settings { runs_again, ..proxy::Settings::default() })?;
    moves::tell_epochs(&state, &plane)?;
    let spaces = Spaces::open(Arc::clone(&state), plane.clone(), settings, Handle::current())
        .map_err(|cause| {
            let folder = config.data_dir.display();
            format!("the state in {folder} cannot be used: {}", chain(&cause))
        })?;
    let (token, targets) = (config.move_token, config.move_targets);
    let moves = Moves::open(Arc::clone(&state), spaces.clone(), token, targets, Handle::current())?;
    let stacks = Arc::new(cloudformation::open(state, Arc::new(spaces.clone()))?);
    let ready = Arc::new(AtomicBool::new(false));
    let control = Control {
        spaces: spaces.clone(),
        stacks: Arc::clone(&stacks),
        credentials,
        ready: Arc::clone(&ready),
        moves: moves.clone(),
        moves_seen: control::MovesSeen::default(),
        plane,
    };
    let server = control::serve(control, listener)?;
    let handle = server.handle();
    log::info!("refactor {}, state in {}", env!("CARGO_PKG_VERSION"), config.data_dir.display());
    log::info!("listening on http://{address}");
    moves.resume();
    let first =
        config.monolith.map(|monolith| FirstStack { stacks, monolith, data_dir: config.data_dir });
    let ended = rt::spawn(async move {
        tokio::select! {
            () = first_stack(first) => {
                ready.store(true, Ordering::Relaxed);
                stopped.await;
            }
            () = &mut stopped => {}
        }
        tokio::join!(handle.stop(true), spaces.close());
    });
    server.await?;
    ended.await?;
    log::info!("stopped");
    Ok(())
}

/// Ends when what has to be there from the start is there.
async fn first_stack(first: Option<FirstStack>) {
    if let Some(first) = first {
        first.keep().await;
    }
}
