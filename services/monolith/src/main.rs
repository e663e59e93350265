//! The monolith; `--help` lists its variables.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main(monolith::program())
}
