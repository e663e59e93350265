//! The event stream of a page (HTML, 9.2 "Server-sent events").
//!
//! | event | data |
//! |---|---|
//! | `hello` | the URL of the script: a page with another one loads itself again |
//! | `main` | the whole content of the page |
//! | `values` | a JSON object: the values that changed, by their ids |
//! | `beat` | nothing; comes each second |
//! | `session` | the session has ended |
//! | `bye` | the control plane stops; the page asks again |

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Interval, interval};

use crate::clock::now_ms;
use crate::console::Console;
use crate::files::SCRIPT_URL;
use crate::live::{Live, Values};
use crate::pages;
use crate::sessions::Session;
use crate::snapshot::Snapshot;
use crate::streams::StreamPlace;
use crate::view::View;

/// How often the session is looked at, in beats.
const SESSION_BEATS: u32 = 5;

/// The stream of one page.
struct PageStream {
    console: Arc<Console>,
    view: View,
    session: Session,
    looks: watch::Receiver<Option<Arc<Snapshot>>>,
    closed: watch::Receiver<bool>,
    beats: Interval,
    beat: u32,
    skeleton: String,
    values: Values,
    begun: bool,
    over: bool,
    _place: StreamPlace,
}

/// The events of a page; none if there are too many streams.
///
/// # Errors
/// If the system gives no thread that looks.
pub(crate) fn events(
    console: &Arc<Console>,
    view: View,
    session: Session,
) -> std::io::Result<Option<impl Stream<Item = Result<Bytes, std::convert::Infallible>> + use<>>> {
    let Some(place) = console.streams.enter() else { return Ok(None) };
    let stream = PageStream {
        console: Arc::clone(console),
        view,
        session,
        looks: console.hub.subscribe()?,
        closed: console.hub.closed(),
        beats: interval(Duration::from_secs(1)),
        beat: 0,
        skeleton: String::new(),
        values: Values::new(),
        begun: false,
        over: false,
        _place: place,
    };
    Ok(Some(stream::unfold(stream, |mut stream| async move {
        let text = stream.next().await?;
        Some((Ok(Bytes::from(text)), stream))
    })))
}

/// What a stream waits for.
enum Next {
    Closed,
    Look,
    Beat,
}

impl PageStream {
    /// The next events; none if the stream is over.
    async fn next(&mut self) -> Option<String> {
        if self.over {
            return None;
        }
        if !self.begun {
            self.begun = true;
            self.looks.mark_changed();
            return Some(format!("retry: 1000\n{}", event("hello", &SCRIPT_URL)));
        }
        loop {
            let next = tokio::select! {
                biased;
                _ = self.closed.wait_for(|closed| *closed) => Next::Closed,
                changed = self.looks.changed() => changed.map_or(Next::Closed, |()| Next::Look),
                _ = self.beats.tick() => Next::Beat,
            };
            match next {
                Next::Closed => {
                    self.over = true;
                    return Some(event("bye", "1"));
                }
                Next::Look => {
                    let look = self.looks.borrow_and_update().clone();
                    if let Some(text) = look.and_then(|look| self.changes(&look)) {
                        return Some(text);
                    }
                }
                Next::Beat => {
                    self.beat += 1;
                    if self.beat.is_multiple_of(SESSION_BEATS) && self.has_ended().await {
                        self.over = true;
                        return Some(event("session", "1"));
                    }
                    return Some(event("beat", "1"));
                }
            }
        }
    }

    /// Whether the session is known to have ended. What cannot be read now is looked at again.
    async fn has_ended(&self) -> bool {
        let (console, secret) = (Arc::clone(&self.console), self.session.secret.clone());
        let found = actix_web::web::block(move || console.sessions.find(&secret, now_ms()));
        matches!(found.await, Ok(Ok(None)))
    }

    /// What changed since the last look.
    fn changes(&mut self, look: &Snapshot) -> Option<String> {
        let live = Live::skeleton();
        let skeleton = pages::main(&self.view, look, &self.session, &live).body.into_string();
        let values = live.into_values();
        if skeleton != self.skeleton {
            (self.skeleton, self.values) = (skeleton, values);
            let main = pages::main(&self.view, look, &self.session, &Live::default());
            return Some(event("main", &json!({ "html": main.body.into_string() }).to_string()));
        }
        let changed: Values = values
            .iter()
            .filter(|(id, value)| self.values.get(*id) != Some(*value))
            .map(|(id, value)| (id.clone(), value.clone()))
            .collect();
        self.values = values;
        (!changed.is_empty()).then(|| event("values", &json!(changed).to_string()))
    }
}

/// An event. The data has no line break: it is JSON, or a word.
fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
