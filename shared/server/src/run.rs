//! Running a program: configuration, store, listening, and an orderly end.

use std::env;
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use actix_server::Server;
use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use futures_util::future::join_all;
use store::{Database, Store};
use tokio::sync::watch;
use url::Url;

use crate::check_health::check_health;
use crate::clients::Clients;
use crate::config::{Config, VARIABLES, url_variable};
use crate::drain::Drain;
use crate::listen::{self, Ports};
use crate::moving::Moving;
use crate::neighbour::{Neighbours, Remote};
use crate::own_address::url_leads_to;
use crate::problem::chain;
use crate::program::{Context, Program};
use crate::variables::Variable;

/// The command line or the configuration is wrong (sysexits(3)).
pub const EX_USAGE: u8 = 64;

/// The whole of a service's `main`: runs until SIGTERM or SIGINT.
pub fn main(program: Program) -> ExitCode {
    match env::args().nth(1).as_deref() {
        None => run(program, std::future::pending()),
        Some("--help" | "-h") => {
            println!("{}", help(program.name));
            ExitCode::SUCCESS
        }
        Some("--version" | "-V") => {
            println!("{} {}", program.name, env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Some("--check-health") => health(&program),
        Some(argument) => {
            let name = program.name;
            eprintln!("{name}: takes no argument {argument:?}; {name} --help lists its variables");
            ExitCode::from(EX_USAGE)
        }
    }
}

fn help(name: &str) -> String {
    format!(
        "Serves {name}; with --check-health, asks one that runs with the same environment whether \
         it is alive.\nReads these variables of its environment (after the semicolon: the \
         default):\n\n{}",
        Variable::list(VARIABLES)
    )
}

/// Runs a program until SIGTERM, SIGINT, or the end of `stop`. Its exit code is 64 for a wrong
/// configuration, 1 for any other failure.
pub fn run(program: Program, stop: impl Future<Output = ()> + Send + 'static) -> ExitCode {
    let name = program.name;
    let config = match configuration(&program) {
        Ok(config) => config,
        Err(wrong) => return wrong,
    };
    if let Err(wrong) = config.logs.start() {
        eprintln!("{name}: {wrong}");
        return ExitCode::from(EX_USAGE);
    }
    match rt::System::new().block_on(serve(program, config, stop)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = format!("{name}: {}", chain(&*error));
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

/// Whether the program that runs with this environment is alive: exit code 0, or 1.
fn health(program: &Program) -> ExitCode {
    let config = match configuration(program) {
        Ok(config) => config,
        Err(wrong) => return wrong,
    };
    match check_health(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}: {message}", program.name);
            ExitCode::FAILURE
        }
    }
}

/// The configuration in the environment; where it is wrong, says so and gives the exit code.
fn configuration(program: &Program) -> Result<Config, ExitCode> {
    let variables = env::vars_os().map(|(name, value)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    });
    let neighbours: Vec<_> =
        program.neighbours().into_iter().map(|target| target.collection).collect();
    Config::read(program.name, &program.collections(), &neighbours, variables).map_err(|errors| {
        eprintln!("{}: the configuration is wrong\n{errors}", program.name);
        ExitCode::from(EX_USAGE)
    })
}

async fn serve(
    program: Program,
    config: Config,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    // A port that is taken is found before anything is touched.
    let ports = listen::bind(&config)?;
    // As the first process of a container a program has no default for SIGTERM: it would go on waiting
    // for a database that does not answer until it is killed.
    let mut stop = Box::pin(listen::stopped(stop)?);
    let tables: Vec<_> = program.parts.iter().map(|part| part.table()).collect();
    let store = tokio::select! {
        store = Store::open(&config.database, &tables, config.connections) => Arc::new(store?),
        () = &mut stop => {
            log::info!("stopped");
            return Ok(());
        }
    };
    let (tell, stopping) = watch::channel(false);
    let drain = Drain::new(stopping.clone());
    let draining = drain.clone();
    let stop = async move {
        stop.await;
        tell.send_replace(true);
        draining.ended().await;
    };
    let served = prepare(program, config, ports, (stop, stopping, drain), &store).await;
    let done = match served {
        Ok((server, keepers)) => {
            let served = server.await.map_err(Into::into);
            // They write to the store, so it stays open until they have ended.
            join_all(keepers).await;
            served
        }
        Err(error) => Err(error),
    };
    store.close().await;
    log::info!("stopped");
    done
}

/// Fills the store where it should be, and only then serves and keeps.
async fn prepare(
    program: Program,
    config: Config,
    ports: Ports,
    (stop, stopping, drain): (
        impl Future<Output = ()> + Send + 'static,
        watch::Receiver<bool>,
        Drain,
    ),
    store: &Arc<Store>,
) -> Result<(Server, Vec<JoinHandle<()>>), Box<dyn Error>> {
    let follow = config.follow.as_ref().map(Url::as_str);
    let shared = matches!(config.database, Database::Postgres(_));
    for part in &program.parts {
        if shared {
            part.custody().share();
        }
        part.look(store, follow).await?;
        if config.seed_demo && follow.is_none() && part.seed(store).await? {
            log::info!("stored the demo data of {}", part.table().name);
        }
    }
    let clients = Arc::new(Clients::new()?);
    let custodies = program.parts.iter().map(|part| Arc::clone(part.custody())).collect();
    let token = config.move_token.clone();
    let context = Context {
        store: Arc::clone(store),
        neighbours: Arc::new(neighbours(&program, &config, store, &clients)),
        moving: Arc::new(Moving::new(token, &clients, custodies, shared, stopping)),
        read_only: config.read_only,
    };
    log::info!(
        "{} {} on {}, {} workers",
        program.name,
        env!("CARGO_PKG_VERSION"),
        config.database,
        config.workers
    );
    let own = ports.main.local_addr()?;
    let mut keep = Vec::new();
    for part in &program.parts {
        let elsewhere = elsewhere(&config, part.table().name, own).await;
        keep.push(part.keep(&context, elsewhere));
    }
    let keep = join_all(keep).await;
    let feel = Arc::clone(&context.moving).feel();
    let server = listen::listen(program, &config, ports, context, (stop, drain))?;
    let keepers = keep.into_iter().map(rt::spawn).chain([rt::spawn(feel)]).collect();
    Ok((server, keepers))
}

/// Where the other side of a move may be. A program that does not serve yet would wait for its own answer.
async fn elsewhere(config: &Config, collection: &str, own: SocketAddr) -> Vec<String> {
    let mut elsewhere = Vec::new();
    for url in config.follow.iter().chain(config.elsewhere.get(collection)) {
        if url_leads_to(url, own).await {
            log::info!("{url} is this program itself: it is not asked who owns {collection}");
        } else {
            elsewhere.push(url.to_string());
        }
    }
    elsewhere
}

fn neighbours(
    program: &Program,
    config: &Config,
    store: &Arc<Store>,
    clients: &Arc<Clients>,
) -> Neighbours {
    let mut neighbours = Neighbours::default();
    for part in &program.parts {
        neighbours.insert(part.table().name, part.neighbour(store, clients));
    }
    for target in program.neighbours() {
        let collection = target.collection;
        match config.elsewhere.get(collection) {
            Some(url) => {
                let remote = Remote::new(target, url.clone(), Arc::clone(clients));
                neighbours.insert(collection, Arc::new(remote));
            }
            None => log::warn!(
                "{} is not set: writes that name {collection} will be answered 503",
                url_variable(collection)
            ),
        }
    }
    neighbours
}
