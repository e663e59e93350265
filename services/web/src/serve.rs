//! Listening: the paths that there are, the limits of connections, the orderly end.

use std::error::Error;
use std::future;
use std::time::Duration;

use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::web::{self, Data, PathConfig, ServiceConfig, post};
use actix_web::{App, HttpResponse, Resource, Route};
use runtime::{Drain, HttpServer, Limits, ServerLimits, Stop, StopTimes, guard, readable};
use tokio::sync::watch;

use crate::api::Api;
use crate::config::{Config, NAME};
use crate::failure::Failure;
use crate::observe::observe;
use crate::site::Site;
use crate::{assets, create, delete, edit, form, read, writer};

/// Serves until the end of `stop`.
///
/// # Errors
/// If the port cannot be listened on.
pub(crate) async fn serve(config: Config, stop: Stop) -> Result<(), Box<dyn Error>> {
    let serving = config.serving;
    let port = serving.listen.bind()?;
    let address = port.local_addr()?;
    log::info!("{} {} for {}", NAME, env!("CARGO_PKG_VERSION"), config.api);
    let local = address.ip().is_loopback();
    let site = Site { api: Api::new(config.api)?, read_only: serving.read_only, local };
    let site = Data::new(site);
    let (tell, stopping) = watch::channel(false);
    let drain = Drain::new(stopping);
    let draining = drain.clone();
    let stop = async move {
        stop.await;
        draining.leave(serving.stop).await;
        tell.send_replace(true);
        draining.ended().await;
    };
    let seen = Data::new(drain.clone());
    let server = HttpServer::new(serving.workers, limits(serving.stop), drain, stop);
    let server = server.listen(port, move || {
        App::new()
            .app_data(site.clone())
            .app_data(seen.clone())
            .app_data(form::config())
            .app_data(PathConfig::default().error_handler(|_, _| Failure::NoPage.into()))
            .wrap(NormalizePath::trim())
            .wrap(from_fn(guard))
            .wrap(from_fn(observe))
            .configure(paths)
            .default_service(web::to(async || Err::<HttpResponse, _>(Failure::NoPage)))
    })?;
    log::info!("listening on http://{address}");
    Ok(server.run().await?)
}

/// Every path.
fn paths(config: &mut ServiceConfig) {
    config
        .service(readable("/healthz", async || "alive"))
        .service(readable("/readyz", ready))
        .configure(assets::mount)
        .service(shown(readable("/", read::threads)))
        .service(sent(readable("/threads", read::threads), post().to(create::thread)))
        .service(shown(readable("/threads/new", create::new_thread)))
        .service(shown(readable(r"/threads/{id:\d+}", read::thread)))
        .service(sent(readable(r"/threads/{id:\d+}/posts", read::thread), post().to(create::post)))
        .service(sent(readable("/users", read::users), post().to(create::user)))
        .service(shown(readable("/users/new", create::new_user)))
        .service(shown(readable(r"/users/{id:\d+}", read::user)))
        .service(sent(readable(format!("{MEMBER}/edit"), edit::form), post().to(edit::change)))
        .service(sent(
            readable(format!("{MEMBER}/delete"), delete::form),
            post().to(delete::delete),
        ))
        .service(taking(web::resource("/writer").route(post().to(writer::choose)), "POST"));
}

/// The path of a member of any collection.
const MEMBER: &str = r"/{collection:users|threads|posts}/{id:\d+}";

/// A page that is only shown.
fn shown(page: Resource) -> Resource {
    taking(page, "GET, HEAD")
}

/// A page with the address of a form.
fn sent(page: Resource, form: Route) -> Resource {
    taking(page.route(form), "GET, HEAD, POST")
}

/// A path that tells a method that it does not take which ones it takes.
fn taking(resource: Resource, methods: &'static str) -> Resource {
    let other = move || future::ready(Err::<HttpResponse, _>(Failure::OtherMethod(methods)));
    resource.default_service(web::to(other))
}

/// `GET /readyz`: the program was not told to stop. It does not ask the API: without it, there is a page that says so.
async fn ready(drain: Data<Drain>) -> HttpResponse {
    if drain.is_leaving() {
        HttpResponse::ServiceUnavailable().body("this program is stopping")
    } else {
        HttpResponse::Ok().body("ready")
    }
}

/// What the connections of browsers may cost.
fn limits(stop: StopTimes) -> ServerLimits {
    ServerLimits {
        connections_per_worker: 1024,
        head: Duration::from_secs(5),
        // Longer than the 60 s of AWS' load balancers, so that they never send a request to a connection that is just
        // being closed.
        idle: Duration::from_secs(75),
        // After the longest idle time come a head, a body, and a form that is sent again to the API.
        connection: Limits {
            quiet: Duration::from_secs(75 + 5 + 10 + 25),
            take: Duration::from_secs(30),
        },
        linger: Duration::from_secs(1),
        stop: stop.drain,
    }
}
