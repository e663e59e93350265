//! The `adapter` binary; `--help` shows what it does.

mod command_line;

use std::process::ExitCode;

fn main() -> ExitCode {
    command_line::main()
}
