//! The honest peer: axum on the database that the monolith made, its reads written by hand. One worker.
//!
//! It sends the monolith's header fields and bytes, and writes the same line for each request. It reads only, knows only the
//! basic view, and has none of a move: no `Banyan-Position`, no ownership, no metrics.
//!
//! Usage: peer PORT DATABASE. RUST_LOG=warn turns the lines off.

use std::cell::RefCell;
use std::error::Error;
use std::io::Write;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use xxhash_rust::xxh3::xxh3_128;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

thread_local! {
    /// The reading connection of this thread.
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

#[derive(Serialize)]
struct User<'a> {
    id: i64,
    username: &'a str,
    name: &'a str,
    bio: &'a str,
}

#[derive(Serialize)]
struct Post<'a> {
    thread: i64,
    text: &'a str,
    user: i64,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: i64,
    #[serde(default = "full_page")]
    limit: i64,
}

fn full_page() -> i64 {
    100
}

/// Why there is no answer of 200.
enum Failure {
    Missing,
    Broken(Box<dyn Error>),
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Missing => StatusCode::NOT_FOUND.into_response(),
            Self::Broken(error) => {
                log::error!("{error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn open(path: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // Without this SQLite plans a statement again for each value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn read<T>(with: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
    READER.with_borrow(|reader| with(reader.as_ref().ok_or("this thread has no connection")?))
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, Failure> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// One member: its row begins with its rev.
fn member(
    headers: &HeaderMap,
    id: i64,
    sql: &str,
    write: impl FnOnce(&Row<'_>, &mut Vec<u8>) -> Result<(), Failure>,
) -> Result<Response, Failure> {
    read(|reader| {
        let mut statement = reader.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        let row = rows.next()?.ok_or(Failure::Missing)?;
        let mut body = Vec::with_capacity(256);
        write(row, &mut body)?;
        answer(headers, &row.get::<_, i64>(0)?.to_string(), None, body)
    })
}

fn write_post(row: &Row<'_>, body: &mut Vec<u8>) -> Result<(), Failure> {
    let post = Post { thread: row.get(1)?, text: text(row, 2)?, user: row.get(3)? };
    Ok(serde_json::to_writer(body, &post)?)
}

async fn user(Path(id): Path<i64>, headers: HeaderMap) -> Result<Response, Failure> {
    let sql = "SELECT rev, username, name, bio FROM users WHERE id = ?1 AND NOT deleted";
    member(&headers, id, sql, |row, body| {
        let user = User { id, username: text(row, 1)?, name: text(row, 2)?, bio: text(row, 3)? };
        Ok(serde_json::to_writer(body, &user)?)
    })
}

async fn post(Path(id): Path<i64>, headers: HeaderMap) -> Result<Response, Failure> {
    member(
        &headers,
        id,
        "SELECT rev, thread, text, author FROM posts WHERE id = ?1 AND NOT deleted",
        write_post,
    )
}

async fn posts(Query(page): Query<Page>, headers: HeaderMap) -> Result<Response, Failure> {
    let rows = "SELECT id, thread, text, author FROM posts WHERE id > ?1 AND NOT deleted AND ?3 = 0 ORDER BY id LIMIT ?2";
    let before = "SELECT EXISTS (SELECT 1 FROM posts WHERE id <= ?1 AND NOT deleted AND ?2 = 0)";
    list(&headers, "/api/posts", &page, 0, rows, before)
}

async fn in_thread(
    Path(thread): Path<i64>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let rows = "SELECT id, thread, text, author FROM posts WHERE thread = ?3 AND id > ?1 AND NOT deleted ORDER BY id LIMIT ?2";
    let before =
        "SELECT EXISTS (SELECT 1 FROM posts WHERE thread = ?2 AND id <= ?1 AND NOT deleted)";
    list(&headers, &format!("/api/posts/in-thread/{thread}"), &page, thread, rows, before)
}

fn list(
    headers: &HeaderMap,
    path: &str,
    page: &Page,
    of: i64,
    rows: &str,
    before: &str,
) -> Result<Response, Failure> {
    let (after, limit) = (page.after, page.limit.clamp(1, 1000));
    read(|reader| {
        let mut statement = reader.prepare_cached(rows)?;
        let mut rows = statement.query([after, limit + 1, of])?;
        let (mut body, mut ids, mut more) = (Vec::with_capacity(4096), (0, after), false);
        let mut count = 0;
        while let Some(row) = rows.next()? {
            more = count == limit;
            if more {
                break;
            }
            body.push(if count == 0 { b'[' } else { b',' });
            write_post(row, &mut body)?;
            ids = (if count == 0 { row.get(0)? } else { ids.0 }, row.get(0)?);
            count += 1;
        }
        body.extend_from_slice(if count == 0 { b"[]" } else { b"]" });
        let mut links = String::new();
        if more {
            links = format!("<{path}?limit={limit}&after={}>; rel=\"next\"", ids.1);
        }
        if after > 0 && reader.prepare_cached(before)?.query_row([after, of], |row| row.get(0))? {
            let first = if count == 0 { after + 1 } else { ids.0 };
            links += if more { ", " } else { "" };
            links += &format!("<{path}?limit={limit}&before={first}>; rel=\"prev\"");
        }
        let tag = format!("{:032x}", xxh3_128(&body) ^ xxh3_128(links.as_bytes()).rotate_left(1));
        answer(headers, &tag, (!links.is_empty()).then_some(links), body)
    })
}

fn answer(
    headers: &HeaderMap,
    tag: &str,
    links: Option<String>,
    body: Vec<u8>,
) -> Result<Response, Failure> {
    let tag = HeaderValue::try_from(format!("\"{tag}\""))?;
    let known = headers.get(IF_NONE_MATCH).is_some_and(|known| known == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(body).into_response()
    };
    let fields = response.headers_mut();
    fields.insert(ETAG, tag);
    fields.insert(CONTENT_TYPE, JSON);
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fields.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(links) = links {
        fields.insert(LINK, HeaderValue::try_from(links)?);
    }
    Ok(response)
}

/// A request id for each answer, and a line in the log.
async fn observe(request: Request, next: Next) -> Response {
    let (start, method, path) =
        (Instant::now(), request.method().clone(), request.uri().path().to_owned());
    let id = format!("{:032x}", fastrand::u128(..));
    let mut response = next.run(request).await;
    let bytes = axum::body::HttpBody::size_hint(response.body()).exact().unwrap_or(0);
    let ms = start.elapsed().as_micros() as f64 / 1000.0;
    log::info!("{method} {path} {} {ms} {bytes} {id}", response.status().as_u16());
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(database)) = (arguments.next(), arguments.next()) else {
        return Err("usage: peer PORT DATABASE".into());
    };
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info"))
        .format(|line, record| {
            writeln!(line, "{} {:5} {}", line.timestamp_millis(), record.level(), record.args())
        })
        .init();
    READER.set(Some(open(&database)?));
    let routes = Router::new()
        .route("/api/users/{id}", get(user))
        .route("/api/posts", get(posts))
        .route("/api/posts/{id}", get(post))
        .route("/api/posts/in-thread/{thread}", get(in_thread))
        .layer(middleware::from_fn(observe));
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
        axum::serve(listener.tap_io(|stream| drop(stream.set_nodelay(true))), routes).await?;
        Ok(())
    })
}
