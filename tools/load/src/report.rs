//! What came of it, for people and for machines.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::differences::Differences;
use crate::tally::{Failures, Tally, Waits};
use crate::work::Workload;

/// So many differences are told one by one.
const SHOWN: usize = 20;

/// What many clients saw of a board. As JSON it is one object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    url: String,
    clients: u32,
    seed: u64,
    seconds: f64,
    requests: usize,
    requests_per_second: f64,
    writes: usize,
    writes_per_second: f64,
    write_ms: Times,
    reads: usize,
    read_ms: Times,
    /// The longest time that a write waited for its answer.
    longest_pause_ms: f64,
    /// When that write was sent.
    longest_pause_at_seconds: f64,
    failed: u64,
    /// By the kind of failure.
    failures: BTreeMap<String, Failures>,
    /// Writes of which no client could tell whether they were done, until the board was read.
    unsure: u64,
    /// The members in the ledgers.
    members: usize,
    /// Why the members were not all checked, if they were not.
    unchecked: Option<String>,
    /// How many places are not as the ledgers have them.
    different: usize,
    /// The first of them.
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Times {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

#[derive(Debug, Serialize)]
struct Difference {
    place: String,
    what: Vec<String>,
}

impl Report {
    /// `found` is what differed in the end.
    pub(crate) fn new(
        work: &Workload,
        seed: u64,
        took: Duration,
        members: usize,
        tally: Tally,
        found: Result<Differences, String>,
    ) -> Self {
        let (writes, reads) = (tally.writes.count(), tally.reads.count());
        let (pause, at) = tally.longest.unwrap_or_default();
        let mut differences = tally.differences;
        let unchecked = found.map(|found| differences.extend(found)).err();
        let seconds = rounded(took);
        let a_second = |count: usize| (count as f64 / seconds * 10.0).round() / 10.0;
        let different = differences.0.len();
        let differences = differences.0.into_iter().take(SHOWN);
        Self {
            url: work.board.url.clone(),
            clients: work.options.clients,
            seed,
            seconds,
            requests: writes + reads,
            requests_per_second: a_second(writes + reads),
            writes,
            writes_per_second: a_second(writes),
            write_ms: Times::of(tally.writes),
            reads,
            read_ms: Times::of(tally.reads),
            longest_pause_ms: rounded(pause * 1_000),
            longest_pause_at_seconds: rounded(at),
            failed: tally.failures.values().map(|failures| failures.count).sum(),
            failures: tally.failures,
            unsure: tally.unsure,
            members,
            unchecked,
            different,
            differences: differences.map(|(place, what)| Difference { place, what }).collect(),
        }
    }

    /// Whether nothing failed and nothing differs.
    pub fn is_well(&self) -> bool {
        self.failed == 0 && self.different == 0 && self.unchecked.is_none()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, clients, seed, seconds, requests, writes, members, .. } = self;
        writeln!(f, "{clients} clients asked {url} for {seconds:.1} s (--seed {seed}).\n")?;
        writeln!(
            f,
            "  {requests} requests, {:.0} a second; {writes} of them writes, {:.0} a second",
            self.requests_per_second, self.writes_per_second
        )?;
        writeln!(f, "  {:8}{:>10}{:>10}{:>10}{:>10}", "ms", "p50", "p90", "p99", "max")?;
        for (name, times) in [("writes", &self.write_ms), ("reads", &self.read_ms)] {
            let Times { p50, p90, p99, max } = times;
            writeln!(f, "  {name:8}{p50:10.1}{p90:10.1}{p99:10.1}{max:10.1}")?;
        }
        writeln!(
            f,
            "  the longest that a write waited: {:.0} ms, {:.1} s after the start",
            self.longest_pause_ms, self.longest_pause_at_seconds
        )?;
        writeln!(f, "\n{} requests failed.", self.failed)?;
        for (kind, Failures { count, example }) in &self.failures {
            writeln!(f, "  {count} x {kind}, such as {example}")?;
        }
        if self.unsure > 0 {
            writeln!(f, "  {} of these may have been done or not.", self.unsure)?;
        }
        match &self.unchecked {
            Some(why) => writeln!(f, "The {members} members were not all checked: {why}")?,
            None => writeln!(f, "{members} members were checked.")?,
        }
        write!(f, "{} places are not as they must be.", self.different)?;
        for Difference { place, what } in &self.differences {
            write!(f, "\n  {place} {}", what.join("; "))?;
        }
        match self.different - self.differences.len() {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Seconds, to the millisecond.
fn rounded(time: Duration) -> f64 {
    time.as_millis() as f64 / 1_000.0
}

impl Times {
    fn of(mut waits: Waits) -> Self {
        waits.sort();
        Self {
            p50: waits.within_ms(0.5),
            p90: waits.within_ms(0.9),
            p99: waits.within_ms(0.99),
            max: waits.within_ms(1.0),
        }
    }
}
