//! What was done, by which key, and for how long writes waited.

use maud::{Markup, html};
use moves::Done;

use super::Main;
use super::parts::empty;
use super::text::{duration, foreign, or_dash, time};
use crate::snapshot::Snapshot;
use crate::view::link;

/// How many pauses the chart has.
const PAUSES: usize = 16;

/// The newest first.
pub(crate) fn history(look: &Snapshot) -> Main {
    let lines = &look.overview.history;
    Main::new(
        "History",
        html! {
            h1 { "History" }
            @if lines.is_empty() {
                (empty("Nothing was done yet. Each command on a collection gets a line here, and each change of a canary or a shadow.", None))
            } @else {
                (pauses(lines))
                div class="scroll" tabindex="0" role="region" aria-label="What was done" {
                    table {
                        thead { tr {
                            th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "By" }
                            th scope="col" class="number" { "Writes waited" } th scope="col" class="number" { "Epoch" } th scope="col" { "Result" }
                        } }
                        tbody { @for line in lines { (row(line)) } }
                    }
                }
            }
        },
    )
}

fn row(line: &Done) -> Markup {
    html! {
        tr {
            td data-label="When" class="one-line" { (time(line.at_ms)) }
            th scope="row" data-label="What" {
                @let to = match &line.route {
                    Some(route) => link(&["routes", route]),
                    None => link(&["moves", &line.application, &line.collection]),
                };
                (line.verb) " " a href=(to) { (foreign(&line.collection)) }
                @if line.forced { " " span class="badge bad" { "forced" } }
            }
            td data-label="By" class="one-line" {
                @match &line.by {
                    Some(by) => code { (foreign(by)) },
                    None => "the control plane, by itself",
                }
            }
            td class="number" data-label="Writes waited" {
                (or_dash(line.pause_ms.map(|pause| duration(pause as f64))))
            }
            td class="number" data-label="Epoch" { (or_dash(line.epoch)) }
            td data-label="Result" {
                @if !line.done { span class="badge bad" { "not done" } " " }
                (foreign(&line.outcome))
            }
        }
    }
}

/// The pauses of the last switches and reverses, the oldest first. The table has the same figures.
fn pauses(lines: &[Done]) -> Markup {
    let found = lines.iter().filter_map(|line| Some((line, line.pause_ms?)));
    let mut found: Vec<_> = found.take(PAUSES).collect();
    found.reverse();
    let most = found.iter().map(|(_, pause)| *pause).max().unwrap_or(1).max(1);
    html! {
        @if !found.is_empty() {
            figure {
                figcaption { "For how long writes waited in each switch and reverse; the highest bar is " (duration(most as f64)) "." }
                svg class="pauses" viewBox="0 0 480 96" aria-hidden="true" {
                    line class="axis" x1="0" x2="480" y1="80" y2="80" {}
                    @for (place, (line, pause)) in found.iter().enumerate() {
                        @let height = (*pause as f64 / most as f64 * 62.0).max(1.0);
                        @let x = place * 30 + 7;
                        rect class=(if line.verb == "switch" { "reads" } else { "writes" })
                            x=(x) y=(format!("{:.1}", 80.0 - height)) width="16" height=(format!("{height:.1}")) {}
                        text class="unit" x=(x + 8) y=(format!("{:.1}", 76.0 - height)) { (short(*pause)) }
                    }
                    rect class="reads" x="0" y="88" width="8" height="8" {}
                    text class="edge" x="12" y="96" { "switch" }
                    rect class="writes" x="60" y="88" width="8" height="8" {}
                    text class="edge" x="72" y="96" { "reverse, in ms (s: seconds)" }
                }
            }
        }
    }
}

/// A pause that fits above its bar: milliseconds, or seconds if there are many.
fn short(ms: u64) -> String {
    if ms < 1_000 { ms.to_string() } else { format!("{:.1}s", ms as f64 / 1_000.0) }
}
