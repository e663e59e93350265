//! Refactor spaces: environments, their applications, and the services and routes of these.
//!
//! All of it is in memory, and on disk in the same words. An operation looks at the one, commits its
//! changes to the other, carries them out in memory and tells the data plane which routes changed; a lock is
//! held over all of that, so operations happen one after the other, each whole or not at all.
//!
//! The functions block: they wait for the disk, and some for a health check.
//!
//! ```
//! # use spaces::resource::NewEnvironment;
//! # use spaces::{ApiError, Members, RequestContext, Spaces};
//! # fn example(spaces: &Spaces) -> Result<(), ApiError> {
//! let body = serde_json::json!({ "Name": "board", "NetworkFabricType": "NONE" });
//! let new = NewEnvironment::read(Members::new(body.as_object().unwrap()))?;
//! let request = RequestContext { region: "local".to_owned(), token: None, lasting: false };
//! let environment = spaces.create_environment(&request, &new)?;
//! assert_eq!(spaces.environment("local", &environment.id)?, environment);
//! # Ok(())
//! # }
//! ```

pub mod arn;
mod canary_counts;
mod canary_windows;
mod change_log;
mod conflicts;
mod endpoint;
mod error;
mod health;
mod journal;
mod members;
mod model;
mod operations;
mod pages;
mod provider;
pub mod resource;
mod resource_type;
pub mod rules;
mod settings;
mod spaces;
mod token;

pub use error::ApiError;
pub use members::Members;
pub use model::ApplicationPath;
pub use operations::{
    CanaryStep, CanaryView, Everything, HealthCheck, RequestContext, RouteShares,
};
pub use pages::{PageRequest, ResourcePage};
pub use settings::{Quotas, Settings};
pub use spaces::Spaces;
