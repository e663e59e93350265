//! Moves the data of a collection from one program to another, while both are in use.
//!
//! Only the stores decide which of them is the primary. Each change of primary is a transaction of a store, and the
//! store refuses a change that does not fit. This crate begins such changes, watches them and reports them. It may
//! crash at any point, and two instances may work at once. `switch.rs` has the procedure, `settle.rs` continues an
//! interrupted one.
//!
//! The functions block: they wait for the disk and for programs.
//!
//! ```
//! # use moves::{CommandOptions, CommandRefusal, Moves, Verb};
//! # fn example(moves: &Moves) -> Result<(), CommandRefusal> {
//! let options = CommandOptions::read(br#"{ "maxLagMs": 500 }"#)?;
//! let shown = moves.command("users", Verb::Switch, &options)?;
//! assert_eq!(shown.document(|_, finding| finding.text.clone())["phase"], "switched");
//! # Ok(())
//! # }
//! ```

mod application;
mod cancel;
mod code;
mod complete;
mod coordinator;
mod coordinator_state;
mod diff;
mod diff_run;
mod follow;
mod history;
mod journal;
mod metrics;
mod options;
mod pair;
mod recent;
mod record;
mod refusal;
mod remote_store;
mod resume;
mod settle;
mod shown;
mod sides;
mod status;
mod switch;
mod times;
mod view;
mod work;

pub use code::{Code, Finding};
pub use coordinator::{Moves, tell_epochs};
pub use history::{Done, RouteNote};
pub use options::CommandOptions;
pub use record::Verb;
pub use refusal::CommandRefusal;
pub use replication::ErrorCode;
pub use shown::ShownMove;
pub use sides::{Targets, is_name, program};
pub use view::{
    CommandStep, Diff, DiffProgress, Last, Move, MoveRoute, Pending, Preflight, RowDifference, Side,
};
