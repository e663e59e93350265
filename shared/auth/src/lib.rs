//! Access tokens: a request's bearer token becomes a [`Caller`] (RFC 6750, RFC 8725, RFC 9068).
//!
//! Nothing here knows a collection or a status of HTTP. [`Settings`] say which tokens are good, [`Verifier`] checks them
//! with the keys that [`KeyCache`] reads from the issuer, and [`Rate`] bounds how often something may happen.
//!
//! ```
//! use auth::Settings;
//! use runtime::Variables;
//!
//! let environment = [
//!     ("AUTH_ISSUER", "https://login.example/board"),
//!     ("AUTH_AUDIENCE", "board"),
//!     ("AUTH_USER_CLAIM", "preferred_username"),
//! ];
//! let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
//! let mut variables = Variables::new(&[], environment);
//! let settings = Settings::read(&mut variables).unwrap();
//! assert_eq!(settings.user_claim(), "preferred_username");
//! assert!(variables.finish(()).is_ok());
//! ```

mod settings;

mod address;
mod caller;
mod refusal;
mod verifier;

mod bearer;
mod claims;
mod header;
mod verified;

mod key_cache;
mod key_set;
mod key_source;
mod provider;

mod local_issuer;
mod rate;

pub use caller::Caller;
pub use key_cache::KeyCache;
pub use local_issuer::{LocalIssuer, TokenRequest};
pub use rate::{Rate, TooMany};
pub use refusal::Refusal;
pub use settings::{Settings, VARIABLES};
pub use verifier::Verifier;
