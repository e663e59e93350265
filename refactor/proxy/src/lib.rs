//! A data plane: sends each HTTP request of an application where its route leads, while routes change.
//!
//! It takes an immutable table of routes and settings, and gives metrics. It keeps nothing on disk, and knows nothing of
//! what makes the routes. `plane` says what happens to a request, in order, and what holds while a service moves.
//!
//! ```
//! use proxy::{DataPlane, Route, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let plane = DataPlane::new(Settings { workers: 1, ..Settings::default() })?;
//! let route = Route {
//!     id: "default".to_owned(),
//!     source: None,
//!     upstream: "http://127.0.0.1:3000/api".parse()?,
//!     service: "monolith".to_owned(),
//!     active: true,
//!     tags: Default::default(),
//! };
//! let address = plane.open("board", "api", "127.0.0.1:0".parse()?, vec![route])?;
//! println!("http://{address}/api leads to the monolith");
//! # Ok(())
//! # }
//! ```

mod addresses;
mod application;
mod beside;
mod certificate;
mod client;
mod client_exchange;
mod copies;
mod exchange;
mod limits;
mod ownership;
mod plane;
mod private_authorities;
mod route_limits;
mod service;
mod settings;
mod shadow_report;
mod site;
mod split;
mod tags;
mod target;
mod tunnel;
mod turns;
mod upstream;
mod workers;

mod deadline;
mod file_version;
mod files;
mod kept;
mod metrics;
mod problem;
mod trace;

pub use addresses::is_refused;
pub use beside::Beside;
pub use canary::{CanaryPlan, CanaryTally, CanaryVerdict};
pub use certificate::Certificate;
pub use limits::Patience;
pub use metrics::{Matched, RouteTraffic};
pub use ownership::Epoch;
pub use plane::DataPlane;
pub use private_authorities::PrivateAuthorities;
pub use public_urls::{PublicHosts, TrustedProxies};
pub use routes::{Route, RouteChange, SourcePath};
pub use settings::Settings;
pub use shadow::{
    AnswerReport, DifferenceReport, NotCompared, RequestReport, ShadowCounts, ShadowReport,
};
pub use tags::{TAGS, TagPlace, TagRule, check_tags};
