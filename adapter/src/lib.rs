//! The half of the adapter that is in the application's database.
//!
//! The adapter lets a table of a PostgreSQL application that is not ours take part in a move. This crate has its first
//! half: [`install`] makes the fence and the change feed of a collection in the application's own database, as triggers and
//! tables in a schema of their own, and [`remove`] takes all of it away again. An [`AdapterStore`] is such a collection as the
//! protocol of a move sees it: it can be followed, and it follows. The sidecar that carries the traffic and speaks the
//! protocol is still to come.
//!
//! - **The fence**: each write to the tables, by whatever program, takes the shared side of an advisory lock to the end of its
//!   transaction, and then reads whether this database takes writes. A step of a move takes the other side.
//! - **The feed**: each write notes the keys that it changed, with the number of its transaction. [`Feed`] gives them in order, each
//!   with its row as PostgreSQL's own text.
//!
//! It needs the rights of the tables' owner, no superuser, no `wal_level` and no extension.

mod name;

mod collection;
mod key;
mod read_key;
mod refusal;

mod functions;
mod objects;
mod triggers;

mod session;

mod inspect;
mod page;
mod present;

mod cascades;
mod feed;
mod fence;
mod fill;
mod install;
mod plan;
mod remove;
mod rows;
mod sequences;
mod status;

mod content;
mod store_error;

mod apply;
mod store;

pub use cascades::Cascade;
pub use collection::{Collection, CollectionName, Member, NotAName, Shape, Wanted};
pub use content::Content;
pub use feed::Feed;
pub use fence::Writer;
pub use install::{Installed, install};
pub use key::{KeyColumn, KeyKind};
pub use page::{Change, Column, FeedError, Page, Row};
pub use plan::plan;
pub use refusal::Refusal;
pub use remove::remove;
pub use session::{Error, Session};
pub use status::{Fault, Status, installed, status};
pub use store::AdapterStore;
pub use store_error::{MoveError, StoreError};
