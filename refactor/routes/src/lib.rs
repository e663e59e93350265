//! Which route takes a request: routes, the paths of requests, and the table that leads from one to the other.
//!
//! Nothing here opens a socket. A [`RouteTable`] holds any type that is [`Routed`], and is never changed: another one
//! takes its place.
//!
//! ```
//! use std::sync::Arc;
//!
//! use routes::{PathScope, RequestPath, Route, RouteTable, SourcePath};
//!
//! let source = SourcePath { template: "/users/{id}".to_owned(), methods: vec![], children: true, append: true };
//! let table = RouteTable::new([Arc::new(Route {
//!     id: "users".to_owned(),
//!     source: Some(source),
//!     upstream: "http://127.0.0.1:3001/api".parse().unwrap(),
//!     service: "users".to_owned(),
//!     active: true,
//!     tags: Default::default(),
//! })]);
//! let Ok(PathScope::Application(path)) = RequestPath::place("/api/users/7?view=full", "api") else { panic!() };
//! assert_eq!(table.find(&http::Method::GET, &path).unwrap().target.id, "users");
//! ```

mod path;
mod route;
mod table;

pub use path::{PathScope, RequestPath};
pub use route::{Route, RouteChange, Routed, SourcePath};
pub use table::{RouteMatch, RouteTable};
