//! The refactor proxy; `--help` lists its variables.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main(refactor::Refactor)
}
