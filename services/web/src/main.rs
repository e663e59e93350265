//! The board in a browser; `--help` lists its variables.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::main(web::Web)
}
