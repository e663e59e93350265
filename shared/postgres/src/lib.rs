//! How a program reaches PostgreSQL: the URL or the secret of a database, TLS with libpq's meaning of `sslmode`, and
//! the times after which a server that is silent counts as gone. [`order`] has the SQL that puts changes in order.
//!
//! ```
//! let url: postgres::PostgresUrl = "postgres://me:secret@db.example/board?sslmode=require".parse()?;
//! assert_eq!(url.to_string(), "postgres://db.example:5432/board");
//! # Ok::<(), postgres::UrlError>(())
//! ```

pub mod blocking;
mod connect;
mod error;
pub mod failure;
pub mod order;
mod tls;
mod url;

pub use connect::CONNECT_TIME;
pub use error::ConnectError;
pub use tokio_postgres_rustls::MakeRustlsConnect;
pub use url::{PostgresUrl, UrlError};
