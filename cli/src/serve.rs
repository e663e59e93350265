//! `banyan serve`: one program in this process.

use std::future::{Future, pending};
use std::io::{Read, stdin};
use std::pin::Pin;
use std::process::ExitCode;
use std::thread;

use clap::Args;
use tokio::sync::oneshot;

use crate::board;

/// What to serve.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// The program to run.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(board::names()))]
    program: String,
    /// Stop when standard input ends, as it does when the parent process ends in whatever way.
    #[arg(long)]
    until_stdin_ends: bool,
}

pub(crate) fn run(args: &ServeArgs) -> ExitCode {
    let stop: Pin<Box<dyn Future<Output = ()> + Send>> =
        if args.until_stdin_ends { Box::pin(stdin_ends()) } else { Box::pin(pending()) };
    match board::program(&args.program) {
        Some(program) => server::run(program, stop),
        // The command line takes no other name.
        None => refactor::run(stop),
    }
}

/// Waits for the end of standard input on a thread of its own: nothing else can.
fn stdin_ends() -> impl Future<Output = ()> + Send + 'static {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let mut ignored = [0; 64];
        while stdin().read(&mut ignored).is_ok_and(|count| count > 0) {}
        // Where the server has stopped already, nobody waits for this.
        let _ = ended.send(());
    });
    async {
        // An error means the thread is gone, and so is standard input.
        let _ = end.await;
    }
}
