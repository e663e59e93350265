//! The command line: its commands, and what each runs.

use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use reqwest::Client;
use tokio::runtime::Builder;

use crate::control::ControlArgs;
use crate::data_dir::DataDir;
use crate::{
    board, check_adapter, console, env, load, login, moves, pause, serve, shadow, status, up,
};

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
    /// Run the monolith, the three services, the refactor proxy and the pages until Ctrl-C (the default).
    Up(UpArgs),
    /// Show the programs that `up` runs, whether they are ready, and where each path goes.
    ///
    /// Exits 0 if every program that was not stopped on purpose is ready, and the control plane (refactor) answers.
    /// Otherwise, or if nothing runs, exits 1. With --control there are no programs of a board: exits 0 if that control plane is
    /// ready and answers.
    Status(ControlArgs),
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
    /// Show what the comparison of a route's mirrored reads found, and its last differences side by side.
    Shadow(shadow::ShadowArgs),
    /// Print the lines that lead the AWS CLI to the control port: eval "$(banyan env)".
    Env(env::EnvArgs),
    /// Print a link that opens the console in a browser: the pages of the control plane.
    Console(console::ConsoleArgs),
    /// Print an access token for a board that runs with `up --auth`.
    Login(login::LoginArgs),
    /// Stop one program of the board, until it is started again.
    Stop(ProgramArgs),
    /// Start a program that was stopped.
    Start(ProgramArgs),
    /// Restart a program. A new proxy (refactor) takes over from the old one, and no request fails.
    Restart(ProgramArgs),
    /// Write and read with many clients, then check that the board has what it answered.
    Load(load::LoadArgs),
    /// Check a program, in any language, against the protocol of a move (docs/protocol.md).
    ///
    /// MOVE_TOKEN has the secret of the program. Names each rule that is broken. Exits 0 if none is and every check could be made.
    CheckAdapter(check_adapter::CheckAdapterArgs),
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
    /// The monolith's port on 127.0.0.1; the services, the proxy, its control port and the pages take the next ones. 0
    /// takes any free ports. Without it these are 3000 to 3003, 8080, 9080 and 8081.
    #[arg(long, value_name = "PORT")]
    port_base: Option<u16>,
    /// Let only users write what belongs to them: writes need a token, which `banyan login` prints. The pages then only show.
    #[arg(long)]
    auth: bool,
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command.unwrap_or(Command::Up(cli.up)) {
        Command::Up(args) => {
            ask(|http| up::run(&args.data.data_dir, args.port_base, args.auth, http))
        }
        Command::Status(control) => ask(|http| status::run(&control, http)),
        Command::Follow(args) => ask(|http| moves::follow(&args, http)),
        Command::Diff(args) => ask(|http| moves::diff(&args, http)),
        Command::Switch(args) => ask(|http| moves::switch("switch", &args, http)),
        Command::Reverse(args) => ask(|http| moves::switch("reverse", &args, http)),
        Command::Complete(args) => ask(|http| moves::complete(&args, http)),
        Command::Cancel(args) => ask(|http| moves::cancel(&args, http)),
        Command::Shadow(args) => ask(|http| shadow::run(&args, http)),
        Command::Env(args) => env::run(&args),
        Command::Console(args) => ask(|http| console::run(&args, http)),
        Command::Login(args) => login::run(&args),
        Command::Stop(ProgramArgs { data, program }) => {
            ask(|http| pause::change(&data.data_dir, &program, true, http))
        }
        Command::Start(ProgramArgs { data, program }) => {
            ask(|http| pause::change(&data.data_dir, &program, false, http))
        }
        Command::Restart(ProgramArgs { data, program }) => {
            ask(|http| pause::restart(&data.data_dir, &program, http))
        }
        Command::Load(args) => ask(|http| load::run(&args, http)),
        Command::CheckAdapter(args) => ask(|_| check_adapter::run(&args)),
        // A program has a runtime of its own.
        Command::Serve(args) => return serve::run(&args, Cli::command()),
    };
    // On one line what went wrong.
    done.unwrap_or_else(|message| {
        eprintln!("banyan: {message}");
        ExitCode::FAILURE
    })
}

/// Runs what asks other programs: with an HTTP client, on a runtime.
fn ask<F>(work: impl FnOnce(Client) -> F) -> Result<ExitCode, String>
where
    F: Future<Output = Result<ExitCode, String>>,
{
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let http = runtime::http_client(false).map_err(|error| format!("cannot ask: {error}"))?;
    runtime.block_on(work(http))
}
