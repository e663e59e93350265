//! What a service of the board needs to answer HTTP: configuration, logs, health, metrics, errors,
//! pages, conditional requests, and the handlers of a collection, once for every record.
//!
//! A service says which collections it serves and runs:
//! `server::main(Program::new("users").serves::<Users>(DEMO))`.

mod config;
mod listen;
mod program;
mod run;
mod transport;
mod variables;

mod clients;
mod collection;
mod neighbour;
mod openapi;

mod moving;

mod authority;
mod body;
mod conditional;
mod guard;
mod idempotency;
mod problem;
mod query;
mod readable;

mod check_health;
mod drain;
mod health;
mod limits;
mod logs;
mod metrics;
mod observe;
mod own_address;
mod scrape;

pub use authority::is_authority;
pub use clients::client as http_client;
pub use config::VARIABLES;
pub use guard::guard;
pub use listen::stopped;
pub use logs::{Logs, REQUEST, ms_since};
pub use moving::{Token, TokenError};
pub use own_address::{leads_to, loopback_like};
pub use problem::chain;
pub use program::Program;
pub use readable::readable;
pub use run::{EX_USAGE, main, run};
pub use scrape::scraped;
pub use variables::{ConfigErrors, Variable, Variables};
