//! What every program needs: configuration, logs, an HTTP client, back-off, an orderly end.
//!
//! Each program of the workspace is a [`Daemon`]; its `main` is one line, `runtime::main(program)`.
//! Nothing here knows a collection, a route or a move.
//!
//! A configuration is read once, and everything wrong with it is said at once:
//!
//! ```
//! use runtime::{Variable, Variables};
//!
//! const VARIABLES: &[Variable] =
//!     &[Variable { name: "LIMIT", about: "the most of them, 1 to 10; 5" }];
//!
//! let environment = [("LIMIT".to_owned(), "eleven".to_owned())];
//! let mut variables = Variables::new(VARIABLES, environment);
//! let limit = variables.number("LIMIT", 1, 10).unwrap_or(5);
//! let errors = variables.finish(limit).unwrap_err();
//! assert_eq!(errors.to_string(), r#"LIMIT="eleven": takes a number from 1 to 10"#);
//! ```

mod chain;
mod log_buffer;
mod logs;
mod variables;

mod check_health;
mod daemon;
mod listen;
mod stop;

mod crowd;
mod drain;
mod guests;
mod http_server;
mod serving;
mod transport;

mod authority;
mod guard;
mod json_body;
mod problem;
mod readable;
mod request_id;
mod scrape;

mod back_off;
mod http_client;
mod own_address;
mod secret;
mod token;
mod trusted_proxies;

pub use authority::is_authority;
pub use back_off::BackOff;
pub use chain::chain;
pub use crowd::{Crowd, Place, client_network, is_fair};
pub use daemon::{Daemon, EX_USAGE, Stop, ask_health, main, run};
pub use drain::{ANNOUNCE_TIME, Drain, StopTimes};
pub use guard::{NOSNIFF, guard, names_a_host};
pub use guests::{Guest, Guests};
pub use http_client::{
    Authorities, Clients, PrivateAuthorities, check_authorities, http_client, http_client_trusting,
};
pub use http_server::{HttpServer, ServerLimits};
pub use json_body::{JSON, UnreadableBody, check_media_type, read_object};
pub use listen::{BindError, ListenAddress, listen_on};
pub use logs::{Logs, REQUEST, ms_since};
pub use own_address::{leads_to, loopback_like, url_leads_to};
pub use problem::{PROBLEM_JSON, ProblemDocument, RequestFault};
pub use readable::readable;
pub use request_id::{hex, request_id};
pub use scrape::scraped;
pub use secret::is_secret;
pub use serving::Serving;
pub use token::{Token, TokenError};
pub use transport::Limits;
pub use trusted_proxies::{NoNetworks, TrustedProxies};
pub use variables::{BANYAN_CONTROL, BANYAN_CREDENTIALS, ConfigErrors, Variable, Variables};
