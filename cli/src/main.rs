//! The `banyan` binary; `--help` shows what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
