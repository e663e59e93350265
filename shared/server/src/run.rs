//! Running a program of the board: its store, its collections, its orderly end.

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use futures_util::future::join_all;
use replication::calls::Moving;
use runtime::{
    Clients, ConfigErrors, Daemon, Drain, ListenAddress, Logs, Stop, Variable, chain, url_leads_to,
};
use store::{Database, OpenError, Store};
use tokio::sync::watch;
use url::Url;

use crate::callers::Callers;
use crate::config::{Config, VARIABLES, url_variable};
use crate::listen::{self, Ports};
use crate::neighbour::{Neighbours, Remote};
use crate::openapi::Access;
use crate::program::{Context, Program};

impl Daemon for Program {
    type Config = Config;

    fn name(&self) -> &str {
        Self::name(self)
    }

    fn about(&self) -> String {
        format!("Serves {}.", Self::name(self))
    }

    fn variables(&self) -> &'static [Variable] {
        VARIABLES
    }

    fn configure(
        &self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigErrors> {
        let neighbours = self.neighbours();
        let neighbours: Vec<_> = neighbours.into_iter().map(|target| target.collection).collect();
        Config::read(Self::name(self), &self.collections(), &neighbours, environment)
    }

    fn logs(config: &Config) -> &Logs {
        &config.serving.logs
    }

    fn health(config: &Config) -> &ListenAddress {
        &config.serving.listen
    }

    async fn serve(self, config: Config, mut stop: Stop) -> Result<(), Box<dyn Error>> {
        // A port that is taken is found before anything is touched.
        let ports = listen::bind(&config)?;
        let collections = self.parts.iter().map(|part| Arc::clone(&part.collection));
        let collections: Vec<_> = collections.collect();
        let store = tokio::select! {
            store = Store::open(&config.database, &collections, config.connections) => Arc::new(store.map_err(|error| no_database(&error))?),
            // A database that does not answer would be waited for until the program is killed.
            () = &mut stop => return Ok(()),
        };
        let (tell, stopping) = watch::channel(false);
        let drain = Drain::new(stopping.clone());
        let (draining, times) = (drain.clone(), config.serving.stop);
        let stop = async move {
            stop.await;
            draining.leave(times).await;
            tell.send_replace(true);
            draining.ended().await;
        };
        let served = prepare(self, config, ports, (stop, stopping, drain), &store).await;
        let done = match served {
            Ok((server, replicators)) => {
                let served = server.await.map_err(Into::into);
                // They write to the store, so it stays open until they have ended.
                join_all(replicators).await;
                served
            }
            Err(error) => Err(error),
        };
        store.close().await;
        done
    }
}

/// Why the store does not open, with the variables that name its database.
fn no_database(error: &OpenError) -> String {
    format!("the database of DATABASE_URL or DATABASE_SECRET cannot be used: {}", chain(error))
}

/// Fills the store if it should be filled. Only then serves and keeps.
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
            part.ownership_cache.share();
        }
        part.look(store, follow).await?;
        if config.seed_demo && follow.is_none() && part.seed(store).await? {
            log::info!("stored the demo data of {}", part.collection.name);
        }
    }
    let clients = Arc::new(match &config.authorities {
        Some(pem) => Clients::trusting(Arc::clone(pem))?,
        None => Clients::new()?,
    });
    let ownership_caches =
        program.parts.iter().map(|part| Arc::clone(&part.ownership_cache)).collect();
    let token = config.move_token.clone();
    let (callers, keys) = Callers::new(&config)?;
    if let Some(weakness) = config.auth.as_ref().and_then(auth::Settings::weakness) {
        log::warn!("{weakness}");
    }
    let context = Context {
        store: Arc::clone(store),
        neighbours: Arc::new(neighbours(&program, &config, store, &clients)),
        moving: Arc::new(Moving::new(token, &clients, ownership_caches, shared, stopping)),
        read_only: config.serving.read_only,
        callers: Arc::new(callers),
        access: Access::of(&config),
    };
    log::info!(
        "{} {} on {}, {} workers",
        program.name,
        env!("CARGO_PKG_VERSION"),
        config.database,
        config.serving.workers
    );
    let own = ports.main.local_addr()?;
    let mut keep = Vec::new();
    for part in &program.parts {
        let elsewhere = elsewhere(&config, &part.collection.name, own).await;
        keep.push(part.keep(&context, elsewhere));
    }
    let keep = join_all(keep).await;
    let observe_latency = Arc::clone(&context.moving).observe_latency();
    let refresh = keys.map(|keys| {
        let moving = Arc::clone(&context.moving);
        rt::spawn(async move {
            tokio::select! {
                () = keys.refresh() => {}
                () = moving.stopped() => {}
            }
        })
    });
    let server = listen::listen(program, &config, ports, context, (stop, drain))?;
    let replicators = keep.into_iter().map(rt::spawn).chain([rt::spawn(observe_latency)]);
    let replicators = replicators.chain(refresh).collect();
    Ok((server, replicators))
}

/// The URLs that the other side of a move may have, but not this program's own: it does not serve yet, and would
/// wait for its own answer.
async fn elsewhere(config: &Config, collection: &str, own: SocketAddr) -> Vec<String> {
    let mut elsewhere = Vec::new();
    for url in config.follow.iter().chain(config.elsewhere.get(collection)) {
        if url_leads_to(url, own).await {
            log::info!(
                "{url} is this program itself: it is not asked for the primary of {collection}"
            );
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
        let name = part.collection.name.clone();
        neighbours.insert(name, Arc::new(part.neighbour(store, clients)));
    }
    for target in program.neighbours() {
        let collection = target.collection.clone();
        match config.elsewhere.get(&collection) {
            Some(url) => {
                let remote = Remote::new(target, url.clone(), Arc::clone(clients));
                neighbours.insert(collection, Arc::new(remote));
            }
            None => log::warn!(
                "{} is not set: writes that name {collection} will be answered 503",
                url_variable(&collection)
            ),
        }
    }
    neighbours
}
