//! CloudFormation: templates, change sets and stacks, as much of them as `aws cloudformation deploy` and the commands
//! around it need. The control port hands each request of the Query API to [`Api::handle`].
//!
//! In the order of a deployment: `query` reads the request and writes the answer; `template` reads the text,
//! `parameters` its values, `functions` works them out; `blueprint` is what comes of it, checked against the resource
//! types in `kinds` and put in `order`; `plan` compares it with what is there; `engine` carries it out through a
//! [`provider::Provider`]; `stacks` keeps all of it on disk.
//!
//! ```
//! use std::sync::Arc;
//!
//! # use std::error::Error;
//! # use cloudformation::provider::Provider;
//! # use cloudformation::{Caller, open};
//! # use journal::Journal;
//! # fn example(provider: Arc<dyn Provider>) -> Result<(), Box<dyn Error>> {
//! let state = Journal::on(rusqlite::Connection::open("state.db")?);
//! let stacks = open(state, provider)?;
//! stacks.begin();
//! let caller = Caller { region: "local".to_owned() };
//! let form = [("Action".to_owned(), "DescribeStacks".to_owned())];
//! let (status, xml) = stacks.handle(&caller, &form);
//! # Ok(())
//! # }
//! ```

mod blueprint;
mod caller;
mod change;
mod due;
mod engine;
mod functions;
mod id;
mod kinds;
mod open;
mod order;
mod overview;
mod parameters;
mod plan;
pub mod provider;
mod query;
mod stacks;
mod template;

pub use caller::Caller;
pub use due::Due;
pub use functions::{KNOWN_AFTER_APPLY, is_unknown};
pub use open::open;
pub use overview::{EventSeen, ResourceSeen, StackInside, StackSeen};
pub use query::{Api, HELD_ANSWERS};
pub use stacks::StackError;
