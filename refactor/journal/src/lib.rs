//! The state of the control plane: tables of documents, in a SQLite file or in PostgreSQL.
//!
//! A [`Journal`] runs transactions of plain SQL that both understand. With SQLite there is one process. With
//! PostgreSQL a journal is one session, and as many processes as there are can have one ([`Journal::connect`]).
//!
//! The functions block: they wait for the disk or for the server.
//!
//! ```
//! use journal::{Error, Journal, values};
//!
//! # fn example(journal: &Journal) -> Result<(), Error> {
//! journal.make_tables("CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL);")?;
//! journal.write(|state| {
//!     state.run("INSERT INTO notes (name, text) VALUES (?1, ?2)", values!["a", "b"])?;
//!     assert_eq!(state.one("SELECT text FROM notes", values![], |row| row.text(0))?, Some("b".to_owned()));
//!     Ok(())
//! })
//! # }
//! # example(&Journal::on(rusqlite::Connection::open_in_memory()?))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod file;
mod journal;
mod leader;
mod locks;
mod membership;
mod schema;
mod session;
mod transaction;
mod value;

pub use error::Error;
pub use file::{StateError, is_there, make_folder};
pub use journal::{GivenUp, Journal};
pub use membership::{JoinError, Membership, ProcessAddress};
pub use transaction::Transaction;
pub use value::{Row, Value};
