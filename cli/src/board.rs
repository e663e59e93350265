//! The programs of the board, and how each is run on this machine.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use serde::{Deserialize, Serialize};
use server::Program;

/// What makes each program, in the order of their ports.
const PROGRAMS: [fn() -> Program; 4] =
    [monolith::program, users::program, threads::program, posts::program];

/// The program of that name.
pub(crate) fn program(name: &str) -> Option<Program> {
    PROGRAMS.into_iter().map(|make| make()).find(|program| program.name() == name)
}

/// The name of every program.
pub(crate) fn names() -> Vec<&'static str> {
    PROGRAMS.into_iter().map(|make| make().name()).collect()
}

/// A program with its address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
}

impl Seat {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Gives each program a port that is free now: `base` and the following ones, or any where it is 0.
///
/// # Errors
/// Names every port that is taken, and the flag that chooses others.
pub(crate) fn seats(base: u16) -> Result<Vec<Seat>, String> {
    let names = names();
    let last = usize::from(base) + names.len() - 1;
    if last > usize::from(u16::MAX) {
        return Err(format!("--port-base {base} leaves no room for {} ports", names.len()));
    }
    let mut listeners = Vec::new();
    let mut seats = Vec::new();
    let mut taken = Vec::new();
    for (port, name) in (base..=u16::MAX).zip(names) {
        let port = if base == 0 { 0 } else { port };
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        match bound.and_then(|listener| Ok((listener.local_addr()?, listener))) {
            Ok((address, listener)) => {
                // Held until all are found, so that none is found twice.
                listeners.push(listener);
                seats.push(Seat { name: name.to_owned(), address });
            }
            Err(error) => taken.push(format!("port {port} (for {name}): {error}")),
        }
    }
    if taken.is_empty() {
        return Ok(seats);
    }
    Err(format!(
        "cannot listen on {}\nstop what listens there, or choose other ports with --port-base PORT",
        taken.join(", ")
    ))
}

/// The environment of one program.
pub(crate) fn environment(seat: &Seat, seats: &[Seat], data_dir: &Path) -> Vec<(String, String)> {
    let database = data_dir.join(format!("{}.db", seat.name));
    let own = [
        ("HOST", seat.address.ip().to_string()),
        ("PORT", seat.address.port().to_string()),
        ("DATABASE_URL", format!("sqlite:{}", database.display())),
        ("DATABASE_SECRET", String::new()),
        ("SEED", "demo".to_owned()),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    let others = seats.iter().map(|seat| (format!("{}_URL", seat.name.to_uppercase()), seat.url()));
    own.chain(others).collect()
}
