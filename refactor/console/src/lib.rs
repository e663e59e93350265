//! The console: pages on the control port that show what the proxy does, and steer it.
//!
//! An operator signs in with a link that the signed API makes ([`Sessions::link`]). It works once, and begins a session
//! that a cookie carries. Without a session there is no page. `request` refuses what another site's page sends.
//!
//! `hub` looks at the control plane through a [`ControlPlane`], once for all pages, and only while one is open. `pages` makes
//! HTML from a look. `events` sends a page what changed since the last look. `act` carries out what a form asks for.
//!
//! ```
//! use actix_web::web::Data;
//! use actix_web::{App, test};
//! use console::{Ask, Console, ControlPlane, Refused, Sessions};
//! use journal::Journal;
//! use proxy::{RouteTraffic, ShadowReport};
//! use serde_json::{Value, json};
//!
//! struct Empty;
//!
//! impl ControlPlane for Empty {
//!     fn ask(&self, _: &Ask<'_>) -> Result<Value, Refused> {
//!         Ok(json!({}))
//!     }
//!     fn traffic(&self) -> Vec<RouteTraffic> {
//!         Vec::new()
//!     }
//!     fn shadows(&self) -> Vec<ShadowReport> {
//!         Vec::new()
//!     }
//!     fn shadow(&self, _: &str) -> Option<ShadowReport> {
//!         None
//!     }
//! }
//!
//! # #[actix_web::main]
//! # async fn main() {
//! let state = Journal::on(rusqlite::Connection::open_in_memory().unwrap());
//! let sessions = Sessions::new(move || state.clone(), "KEY".to_owned());
//! let console = Data::new(Console::new(sessions, Empty));
//! let app = App::new().configure(|config| console::serve(config, console));
//! let app = test::init_service(app).await;
//! let answer = test::call_service(&app, test::TestRequest::get().uri("/console/").to_request());
//! assert_eq!(answer.await.status(), 403, "without a session");
//! # }
//! ```

mod act;
mod answer;
mod clock;
mod console;
mod events;
mod facts;
mod files;
mod hub;
mod live;
mod meter;
mod operations;
mod pages;
mod request;
mod secret;
mod serve;
mod sessions;
mod share;
mod shown;
mod sign_in;
mod snapshot;
mod source;
mod streams;
mod verbs;
mod view;

pub use console::Console;
pub use serve::{serve, to_overview};
pub use sessions::{LINK_SECONDS, SESSION_SECONDS, Session, SessionError, Sessions};
pub use source::{Ask, ControlPlane, Refused};
