//! The threads service; `--help` lists its variables.

use std::process::ExitCode;

use server::Program;

fn main() -> ExitCode {
    runtime::main(Program::alone(threads::threads()))
}
