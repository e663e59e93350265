//! What every program of the board is told that serves HTTP.

use std::net::Ipv4Addr;
use std::num::NonZero;
use std::thread::available_parallelism;

use crate::drain::StopTimes;
use crate::listen::ListenAddress;
use crate::logs::Logs;
use crate::variables::{Variable, Variables};

/// The port of a program of the board.
const DEFAULT_PORT: u16 = 3000;
/// The most threads that answer requests.
const MOST_WORKERS: usize = 512;

/// How a program of the board serves HTTP.
#[derive(Clone, Debug)]
pub struct Serving {
    /// The address that it listens on.
    pub listen: ListenAddress,
    /// Whether it refuses what would change something.
    pub read_only: bool,
    /// How it stops.
    pub stop: StopTimes,
    /// What it logs, and to which file.
    pub logs: Logs,
    /// The threads that answer requests.
    pub workers: usize,
}

impl Serving {
    /// The variable of the host.
    pub const HOST: Variable =
        Variable { name: "HOST", about: "the IP address to listen on; 0.0.0.0" };
    /// The variable of the port.
    pub const PORT: Variable =
        Variable { name: "PORT", about: "the port to listen on, 0 for any free one; 3000" };
    /// The variable of [`Serving::workers`].
    pub const WORKERS: Variable = Variable {
        name: "BANYAN_WORKERS",
        about: "threads that answer requests, 1 to 512; one a core",
    };

    /// Reads all of it. `READ_ONLY` is described by each program: it does not mean the same everywhere.
    pub fn read(variables: &mut Variables) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let names = [Self::HOST.name, Self::PORT.name];
        let everywhere = (Ipv4Addr::UNSPECIFIED, DEFAULT_PORT);
        Self {
            listen: ListenAddress::read(variables, names, everywhere),
            read_only: variables
                .one_of("READ_ONLY", &[("true", true), ("false", false)])
                .unwrap_or(false),
            stop: StopTimes::read(variables),
            logs: Logs::read(variables),
            workers: variables
                .number(Self::WORKERS.name, 1, MOST_WORKERS)
                .unwrap_or(cores.min(MOST_WORKERS)),
        }
    }
}
