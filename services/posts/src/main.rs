//! The posts service; `--help` lists its variables.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main(posts::program())
}
