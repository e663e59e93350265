//! Running a program: its command line, its configuration, its logger, its exit code.

use std::env;
use std::error::Error;
use std::future::{Future, pending};
use std::pin::Pin;
use std::process::ExitCode;

use actix_web::rt;

use crate::chain::chain;
use crate::check_health::check_health;
use crate::listen::ListenAddress;
use crate::logs::Logs;
use crate::stop::stopped;
use crate::variables::{ConfigErrors, Variable};

/// The command line or the configuration is wrong (sysexits(3)).
pub const EX_USAGE: u8 = 64;

/// What ends when a program is to stop.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A program that serves until it is told to stop.
pub trait Daemon: Sized {
    /// What the environment tells it.
    type Config;

    /// What it is called in messages.
    fn name(&self) -> &str;

    /// What it is, in the first sentences of its `--help`.
    fn about(&self) -> String;

    /// Every variable that it reads.
    fn variables(&self) -> &'static [Variable];

    /// Reads its configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn configure(
        &self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self::Config, ConfigErrors>;

    /// Its log.
    fn logs(config: &Self::Config) -> &Logs;

    /// The address of `/healthz`.
    fn health(config: &Self::Config) -> &ListenAddress;

    /// Serves until the end of `stop`.
    ///
    /// # Errors
    /// Whatever keeps it from serving.
    fn serve(
        self,
        config: Self::Config,
        stop: Stop,
    ) -> impl Future<Output = Result<(), Box<dyn Error>>>;
}

/// The whole of a program's `main`: runs until SIGTERM or SIGINT, or answers an argument. The exit code is
/// 64 for a wrong command line or configuration, 1 for any other failure.
pub fn main(program: impl Daemon) -> ExitCode {
    let name = program.name().to_owned();
    match env::args().nth(1).as_deref() {
        None => run(program, pending()),
        Some("--help" | "-h") => {
            println!("{}", help(&program));
            ExitCode::SUCCESS
        }
        Some("--version" | "-V") => {
            println!("{name} {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Some("--check-health") => ask_health(&program),
        Some(argument) => {
            eprintln!("{name}: takes no argument {argument:?}; {name} --help lists its variables");
            ExitCode::from(EX_USAGE)
        }
    }
}

/// Runs a program until SIGTERM, SIGINT, or the end of `stop`. The exit code is that of [`main`].
pub fn run<D: Daemon>(program: D, stop: impl Future<Output = ()> + Send + 'static) -> ExitCode {
    let name = program.name().to_owned();
    let config = match configuration(&program) {
        Ok(config) => config,
        Err(wrong) => return wrong,
    };
    if let Err(wrong) = D::logs(&config).start() {
        eprintln!("{name}: {wrong}");
        return ExitCode::from(EX_USAGE);
    }
    let served =
        rt::System::new().block_on(async { program.serve(config, Box::pin(stopped(stop)?)).await });
    log::logger().flush();
    match served {
        Ok(()) => {
            log::info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let message = format!("{name}: {}", chain(&*error));
            if log::log_enabled!(log::Level::Error) {
                log::error!("{message}");
            } else {
                // A program without a log still says why it does not run.
                eprintln!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Whether the program that runs with this environment is alive: exit code 0, or 1; 64 for a wrong configuration.
pub fn ask_health<D: Daemon>(program: &D) -> ExitCode {
    let config = match configuration(program) {
        Ok(config) => config,
        Err(wrong) => return wrong,
    };
    match check_health(D::health(&config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}: {message}", program.name());
            ExitCode::FAILURE
        }
    }
}

fn help(program: &impl Daemon) -> String {
    format!(
        "{} With --check-health, asks one that runs with the same environment whether it is alive.\n\
         Reads these variables of its environment (after the semicolon: the default):\n\n{}",
        program.about(),
        Variable::list(program.variables())
    )
}

/// The configuration in the environment. If it is wrong, says so and gives the exit code.
fn configuration<D: Daemon>(program: &D) -> Result<D::Config, ExitCode> {
    let environment = env::vars_os().map(|(name, value)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    });
    program.configure(environment).map_err(|errors| {
        eprintln!("{}: the configuration is wrong\n{errors}", program.name());
        ExitCode::from(EX_USAGE)
    })
}
