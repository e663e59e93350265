//! The command line: its commands, and what each runs.

use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::data_dir::DataDir;
use crate::{board, env, load, moves, pause, serve, status, up};

/// A message board that starts as one program and becomes three.
#[derive(Parser)]
#[command(name = "banyan", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: UpArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Run the monolith, the three services and the refactor proxy until Ctrl-C (the default).
    Up(UpArgs),
    /// Show the programs that `up` runs, whether they are ready, and where each path goes.
    ///
    /// Exits 0 if every program that was not stopped on purpose is ready, and the control plane (refactor) answers.
    /// Otherwise, or if nothing runs, exits 1.
    Status(DataDir),
    /// Let a service copy a collection of the monolith, and keep following it.
    Follow(moves::FollowArgs),
    /// Compare a collection with its copy while both go on, and name each row that differs.
    Diff(moves::MoveArgs),
    /// Make the service the primary of a collection: it takes the writes, and the monolith follows it.
    Switch(moves::SwitchArgs),
    /// Make the monolith the primary again; what was written since the switch is there.
    Reverse(moves::SwitchArgs),
    /// End the move of a collection: the monolith gives it up for good.
    Complete(moves::CompleteArgs),
    /// While the source owns it: stop following, and leave nothing behind.
    Cancel(moves::CancelArgs),
    /// Print the lines that lead the AWS CLI to the control port: eval "$(banyan env)".
    Env(env::EnvArgs),
    /// Stop one program of the board, until it is started again.
    Stop(ProgramArgs),
    /// Start a program that was stopped.
    Start(ProgramArgs),
    /// Write and read with many clients, then check that the board has what it answered.
    Load(load::LoadArgs),
    /// Run one program in this process, configured by its environment.
    Serve(serve::ServeArgs),
}

#[derive(Args, Clone, Debug)]
struct ProgramArgs {
    #[command(flatten)]
    data: DataDir,
    /// The program.
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(board::names()))]
    program: String,
}

#[derive(Args, Clone, Debug)]
struct UpArgs {
    #[command(flatten)]
    data: DataDir,
    /// The monolith's port on 127.0.0.1; the services, the proxy and its control port take the next ones. 0 takes
    /// any free ports. Without it these are 3000 to 3003, 8080 and 9080.
    #[arg(long, value_name = "PORT")]
    port_base: Option<u16>,
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command.unwrap_or(Command::Up(cli.up)) {
        Command::Up(args) => report(up::run(&args.data.data_dir, args.port_base)),
        Command::Status(data) => report(status::run(&data.data_dir)),
        Command::Follow(args) => report(moves::follow(&args)),
        Command::Diff(args) => report(moves::diff(&args)),
        Command::Switch(args) => report(moves::switch(&args)),
        Command::Reverse(args) => report(moves::reverse(&args)),
        Command::Complete(args) => report(moves::complete(&args)),
        Command::Cancel(args) => report(moves::cancel(&args)),
        Command::Env(args) => report(env::run(&args)),
        Command::Stop(args) => report(pause::stop(&args.data.data_dir, &args.program)),
        Command::Start(args) => report(pause::start(&args.data.data_dir, &args.program)),
        Command::Load(args) => report(load::run(&args)),
        Command::Serve(args) => serve::run(&args, Cli::command()),
    }
}

/// Says on one line what went wrong.
fn report(result: Result<ExitCode, String>) -> ExitCode {
    result.unwrap_or_else(|message| {
        eprintln!("banyan: {message}");
        ExitCode::FAILURE
    })
}
