//! `banyan`: runs the whole board on one machine, and moves its collections.
//!
//! The one binary carries every program of the board, and starts itself once for each. `command_line` lists the
//! commands; each has a module of its name.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     cli::main()
//! }
//! ```

mod command_line;

mod check_adapter;
mod console;
mod env;
mod load;
mod login;
mod moves;
mod passed_on;
mod pause;
mod serve;
mod shadow;
mod status;
mod up;

mod board;
mod control;
mod data_dir;
mod lock;
mod marker;
mod move_token;
mod process;
mod progress;
mod say;
mod supervisor;
mod width;

pub use command_line::main;
