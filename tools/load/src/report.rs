//! What came of it, for people and for machines.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::differences::Differences;
use super::http::Board;
use super::tally::{Failures, Tally, Waits};
use crate::say::say;

/// So many differences are told one by one.
const SHOWN: usize = 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
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
    /// Writes of which nobody could tell whether they were done, until the board was read.
    unsure: u64,
    /// The members in the ledgers.
    members: usize,
    /// Why the members were not all checked, where that is so.
    unchecked: Option<String>,
    /// How many places are not as the ledgers have them.
    different: usize,
    /// The first of them.
    differences: Vec<Difference>,
}

#[derive(Serialize)]
struct Times {
    p50: f64,
    p90: f64,
    p99: f64,
    max: f64,
}

#[derive(Serialize)]
struct Difference {
    place: String,
    what: Vec<String>,
}

impl Report {
    /// `found` is what differed in the end.
    pub(crate) fn new(
        board: &Board,
        clients: u32,
        seed: u64,
        took: Duration,
        members: usize,
        tally: Tally,
        found: Result<Differences, String>,
    ) -> Self {
        let (mut writes, mut reads) = (tally.writes, tally.reads);
        let (write_ms, read_ms) = (Times::of(&mut writes), Times::of(&mut reads));
        let (pause, at) = tally.longest.unwrap_or_default();
        let mut differences = tally.differences;
        let unchecked = found.map(|found| differences.extend(found)).err();
        let seconds = rounded(took);
        let (writes, reads) = (writes.count(), reads.count());
        let a_second = |count: usize| (count as f64 / seconds * 10.0).round() / 10.0;
        Self {
            url: board.url().to_owned(),
            clients,
            seed,
            seconds,
            requests: writes + reads,
            requests_per_second: a_second(writes + reads),
            writes,
            writes_per_second: a_second(writes),
            write_ms,
            reads,
            read_ms,
            longest_pause_ms: rounded(pause * 1_000),
            longest_pause_at_seconds: rounded(at),
            failed: tally.failures.values().map(|failures| failures.count).sum(),
            failures: tally.failures,
            unsure: tally.unsure,
            members,
            unchecked,
            different: differences.len(),
            differences: differences.iter().take(SHOWN).map(Difference::new).collect(),
        }
    }

    /// Whether nothing failed and nothing differs.
    pub(crate) fn is_well(&self) -> bool {
        self.failed == 0 && self.different == 0 && self.unchecked.is_none()
    }

    /// # Errors
    /// Where it cannot be written as JSON.
    pub(crate) fn print(&self, as_json: bool) -> Result<(), String> {
        if as_json {
            let json = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
            say(format_args!("{json}"));
        } else {
            self.tell();
        }
        Ok(())
    }

    fn tell(&self) {
        let Self { url, clients, seed, seconds, requests, writes, members, .. } = self;
        say(format_args!("{clients} clients asked {url} for {seconds:.1} s (--seed {seed}).\n"));
        say(format_args!(
            "  {requests} requests, {:.0} a second; {writes} of them writes, {:.0} a second",
            self.requests_per_second, self.writes_per_second
        ));
        say(format_args!("  {:8}{:>10}{:>10}{:>10}{:>10}", "ms", "p50", "p90", "p99", "max"));
        for (name, times) in [("writes", &self.write_ms), ("reads", &self.read_ms)] {
            let Times { p50, p90, p99, max } = times;
            say(format_args!("  {name:8}{p50:10.1}{p90:10.1}{p99:10.1}{max:10.1}"));
        }
        say(format_args!(
            "  the longest that a write waited: {:.0} ms, {:.1} s after the start",
            self.longest_pause_ms, self.longest_pause_at_seconds
        ));
        say(format_args!("\n{} requests failed.", self.failed));
        for (kind, Failures { count, example }) in &self.failures {
            say(format_args!("  {count} x {kind}, such as {example}"));
        }
        if self.unsure > 0 {
            say(format_args!("  {} of these may have been done or not.", self.unsure));
        }
        match &self.unchecked {
            Some(why) => say(format_args!("The {members} members were not all checked: {why}")),
            None => say(format_args!("{members} members were checked.")),
        }
        say(format_args!("{} places are not as they must be.", self.different));
        for Difference { place, what } in &self.differences {
            say(format_args!("  {place} {}", what.join("; ")));
        }
        let more = self.different - self.differences.len();
        if more > 0 {
            say(format_args!("  and {more} more"));
        }
    }
}

/// Seconds, to the millisecond.
fn rounded(time: Duration) -> f64 {
    time.as_millis() as f64 / 1_000.0
}

impl Times {
    fn of(waits: &mut Waits) -> Self {
        waits.sort();
        Self {
            p50: waits.within_ms(0.5),
            p90: waits.within_ms(0.9),
            p99: waits.within_ms(0.99),
            max: waits.within_ms(1.0),
        }
    }
}

impl Difference {
    fn new((place, what): (&str, &[String])) -> Self {
        Self { place: place.to_owned(), what: what.to_vec() }
    }
}
