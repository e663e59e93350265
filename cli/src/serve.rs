//! `banyan serve`: one program in this process.

use std::future::{Future, pending};
use std::io::{Read, stdin};
use std::pin::Pin;
use std::process::ExitCode;
use std::thread;

use clap::builder::{PossibleValuesParser, StyledStr};
use clap::{Args, Command};
use runtime::Variable;
use tokio::sync::oneshot;

use crate::board;

/// What to serve.
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub(crate) struct ServeArgs {
    /// The program to run.
    #[arg(value_parser = PossibleValuesParser::new(board::names()), required_unless_present = "help")]
    program: Option<String>,
    /// Stop when standard input ends, as it does when the parent process ends in whatever way.
    #[arg(long)]
    until_stdin_ends: bool,
    /// Print help; with a program, also the variables that it reads.
    #[arg(short, long)]
    help: bool,
}

/// Serves, or prints the help of this command of `banyan`.
pub(crate) fn run(args: &ServeArgs, banyan: Command) -> ExitCode {
    let Some(name) = args.program.as_deref().filter(|_| !args.help) else {
        print!("{}", help(args.program.as_deref(), banyan));
        return ExitCode::SUCCESS;
    };
    let stop: Pin<Box<dyn Future<Output = ()> + Send>> =
        if args.until_stdin_ends { Box::pin(stdin_ends()) } else { Box::pin(pending()) };
    match board::program(name) {
        Some(program) => runtime::run(program, stop),
        None if name == web::NAME => runtime::run(web::Web, stop),
        // The command line takes no other name.
        None => runtime::run(refactor::Refactor, stop),
    }
}

/// The help of `banyan serve`, and the variables of the program, if one is named.
fn help(program: Option<&str>, mut banyan: Command) -> StyledStr {
    // Gives each command its whole name.
    banyan.build();
    let serve = banyan.find_subcommand("serve").cloned().unwrap_or_default();
    let Some(name) = program else { return serve.clone().render_help() };
    let variables = format!(
        "{name} reads these variables of its environment (after the semicolon: the default):\n\n{}",
        Variable::list(board::variables(name))
    );
    serve.after_help(variables).render_help()
}

/// Waits for the end of standard input on a thread of its own: nothing else can.
fn stdin_ends() -> impl Future<Output = ()> + Send + 'static {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let mut ignored = [0; 64];
        while stdin().read(&mut ignored).is_ok_and(|count| count > 0) {}
        // If the server has stopped already, nothing waits for this.
        let _ = ended.send(());
    });
    async {
        // An error means the thread is gone, and so is standard input.
        let _ = end.await;
    }
}
