//! The console over HTTP.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, header};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use runtime::Guest;
use tokio::time::{Instant, timeout};

use crate::answer::{self, Answer};
use crate::clock::now_ms;
use crate::console::{Console, refused, unavailable};
use crate::events;
use crate::files;
use crate::pages::problem;
use crate::request::Request;
use crate::sessions::Session;
use crate::view::View;

/// The largest form, in bytes.
const FORM_BYTES: usize = 16 * 1024;
/// The most fields of a form.
const FORM_FIELDS: usize = 16;
/// For how long a browser may take to send a form.
const FORM_TIME: Duration = Duration::from_secs(10);

/// Serves the pages below `/console/`.
pub fn serve(config: &mut ServiceConfig, console: Data<Console>) {
    config.service(
        web::scope("/console")
            .app_data(console)
            .route("/console.css", web::get().to(files::style))
            .route("/console.js", web::get().to(files::script))
            .route("/icon.svg", web::get().to(files::icon))
            .route("/events", web::get().to(stream))
            .default_service(web::to(take)),
    );
}

/// Leads to the overview, where a browser without a session is told how to sign in.
pub async fn to_overview() -> HttpResponse {
    Answer::see("/console/").into_response()
}

/// `GET /console/events?of=PATH`: the events of the page at a path below `/console`. 403 without a session, 404 for another path,
/// 503 if there are too many.
async fn stream(request: HttpRequest, body: Payload, console: Data<Console>) -> HttpResponse {
    let received = match receive(&request, body).await {
        Ok(received) => received,
        Err(answer) => return answer.into_response(),
    };
    let query = received.query.clone();
    let session = match session(&console, received).await {
        Ok(Some(session)) => session,
        Ok(None) => return HttpResponse::Forbidden().body("sign in again"),
        Err(answer) => return answer.into_response(),
    };
    let mut fields = url::form_urlencoded::parse(query.as_bytes());
    let of = fields.find(|(name, _)| name == "of").map(|(_, value)| value);
    let of = of.as_ref().map(|of| of.split_once('?').unwrap_or((of, "")));
    let view = of.and_then(|(path, query)| View::of(path, query)).filter(View::is_live);
    let Some(view) = view else { return HttpResponse::NotFound().body("no page") };
    if let Some(guest) = request.conn_data::<Arc<Guest>>() {
        guest.work();
    }
    match events::events(&console.into_inner(), view, session) {
        Ok(Some(events)) => {
            let mut response = HttpResponse::Ok();
            answer::protect(&mut response);
            response.insert_header((header::CACHE_CONTROL, "no-store"));
            // A proxy in front must not collect them first.
            response.insert_header(("x-accel-buffering", "no"));
            response.content_type("text/event-stream").streaming(events)
        }
        Ok(None) => HttpResponse::ServiceUnavailable().body("too many pages are open"),
        Err(error) => {
            log::error!("the console: {error}");
            HttpResponse::ServiceUnavailable().body("no thread")
        }
    }
}

async fn session(console: &Data<Console>, received: Request) -> Result<Option<Session>, Answer> {
    let console = console.clone();
    match web::block(move || console.session(&received, now_ms())).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err(error)) => Err(unavailable(&error)),
        Err(error) => {
            log::error!("the console: {}", runtime::chain(&error));
            Err(Answer::page(
                500,
                problem::page("Not done", "The log of the control plane says why."),
            ))
        }
    }
}

/// Every page: reads the request, answers it on a thread that may block, and notes it in the log.
async fn take(request: HttpRequest, body: Payload, console: Data<Console>) -> HttpResponse {
    let start = Instant::now();
    let answer = match receive(&request, body).await {
        Ok(received) => {
            let guest = request.conn_data::<Arc<Guest>>().cloned();
            let known = move || {
                guest.inspect(|guest| guest.work());
            };
            let answered = web::block(move || console.answer(&received, known)).await;
            answered.unwrap_or_else(|error| {
                log::error!("the console: {}", runtime::chain(&error));
                let text = "The page could not be made. The log of the control plane says why.";
                Answer::page(500, problem::page("Not done", text))
            })
        }
        Err(answer) => answer,
    };
    log::info!(
        target: runtime::REQUEST,
        method = request.method().as_str(), path = request.uri().path(), status = answer.status,
        ms = runtime::ms_since(start), bytes = answer.body.len();
        "answered"
    );
    answer.into_response()
}

async fn receive(request: &HttpRequest, body: Payload) -> Result<Request, Answer> {
    let refuse = |status, text| Err(Answer::page(status, problem::page("Not done", text)));
    let is_post = request.method() == Method::POST;
    if !is_post && !matches!(*request.method(), Method::GET | Method::HEAD) {
        return refuse(405, "The console takes GET and POST.");
    }
    let text = |name| {
        let value = request.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let cookies = request.headers().get_all(header::COOKIE);
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let path = request.uri().path();
    let mut received = Request {
        is_post,
        path: path.strip_prefix("/console").unwrap_or(path).to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        host: text(header::HOST).or(authority).unwrap_or_default(),
        origin: text(header::ORIGIN),
        fetch_site: text(header::HeaderName::from_static("sec-fetch-site")),
        cookies: cookies.filter_map(|value| Some(value.to_str().ok()?.to_owned())).collect(),
        form: Vec::new(),
    };
    if is_post {
        // What another site's page sends is not read.
        if !received.is_from_here() {
            return Err(refused());
        }
        let bytes = match timeout(FORM_TIME, body.to_bytes_limited(FORM_BYTES)).await {
            Ok(Ok(Ok(bytes))) => bytes,
            Ok(Ok(Err(_))) => return refuse(400, "The form did not arrive whole."),
            Ok(Err(_)) => return refuse(413, "The form is too large."),
            Err(_) => return refuse(408, "The form did not arrive in time."),
        };
        let fields = url::form_urlencoded::parse(&bytes).into_owned();
        received.form = fields.take(FORM_FIELDS + 1).collect();
        if received.form.len() > FORM_FIELDS {
            return refuse(413, "The form has too many fields.");
        }
    }
    Ok(received)
}
