//! Ports for programs that must be told theirs.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The ports that are given out. The system gives those above them to connections and to programs that take any port.
const FIRST: u32 = 10_000;
const LAST: u32 = 32_000;

/// A free port. As long as no program has it, no connection takes it, and no other test of this process gets it.
pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of so many free ports in a row.
///
/// # Panics
/// If there are not so many.
pub fn free_ports(count: u16) -> u16 {
    // Processes that test at the same time begin at different ports.
    static NEXT: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(RandomState::new().hash_one(0) as u32 % LAST));
    let count = u32::from(count);
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let next = || FIRST + NEXT.fetch_add(count, Ordering::Relaxed) % (LAST - FIRST - count);
    let base = (0..LAST)
        .map(|_| next() as u16)
        .find(|base| (*base..=*base + (count - 1) as u16).all(is_free));
    base.expect("there are free ports")
}
