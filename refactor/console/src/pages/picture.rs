//! The picture of an application that is being broken up: clients, proxy, services, monolith, and what flows between them.
//!
//! Each row has two edges from the proxy: above to its service, below to the monolith. Their width is the traffic now. Between the
//! service and the monolith a dashed arrow leads from the primary to its follower.

use maud::{Markup, html};
use moves::Move;

use super::flow::{Flow, WIDEST, edge, scale};
use super::rows::Row;
use super::text::{clipped, count, duration, rate};
use crate::facts::{Primary, follower, lag_ms, primary};
use crate::live::Live;
use crate::meter::Figures;

/// The most rows; the rest is one row.
const ROWS: usize = 12;
const WIDTH: u32 = 960;
const ROW: u32 = 88;
const TOP: u32 = 34;
const LAST: u32 = 60;
/// The proxy's right side, the service's two sides, the monolith's left side.
const PROXY: u32 = 256;
const SERVICE: (u32, u32) = (500, 676);
const MONOLITH: u32 = 784;

/// To the row's own service, and to the monolith.
fn flows(row: &Row<'_>) -> Option<(Flow, Flow)> {
    let figures = row.figures.as_ref()?;
    let own = Flow { reads: figures.own_reads, writes: figures.own_writes };
    let other = Flow { reads: figures.other_reads, writes: figures.other_writes };
    Some((own, other))
}

/// The picture. The table beside it has every figure for a reader that cannot see it.
pub(crate) fn picture(rows: &[Row<'_>], monolith: &str, live: &Live) -> Markup {
    let (last, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.is_default());
    // Of many routes, those that do nothing are among the others.
    let (shown, hidden): (Vec<_>, Vec<_>) = others.iter().enumerate().partition(|(place, row)| {
        let works =
            row.found.is_some() || row.figures.as_ref().is_some_and(|own| own.requests() > 0.0);
        *place < ROWS && (works || others.len() <= ROWS)
    });
    let hidden: Vec<&Row<'_>> = hidden.into_iter().map(|(_, row)| *row).collect();
    let all: Vec<_> = rows.iter().filter_map(flows).flat_map(|(own, other)| [own, other]).collect();
    let scale = scale(all.iter().map(|flow| flow.all()).fold(0.0, f64::max));
    let body = TOP + ROW * shown.len() as u32;
    let more = if hidden.is_empty() { 0 } else { ROW };
    let height = body + more + LAST;
    let total: f64 = all.iter().map(|flow| flow.all()).sum();
    let known = rows.iter().any(|row| row.figures.is_some());
    let id = last.first().map(|row| row.id()).unwrap_or_default();
    html! {
        svg class="picture" viewBox={"0 0 " (WIDTH) " " (height + 30)} aria-hidden="true" {
            text class="column" x="48" y="20" { "Clients" }
            text class="column" x="216" y="20" { "Proxy" }
            text class="column" x="588" y="20" { "Services" }
            text class="column" x="872" y="20" { (clipped(monolith, 20)) }
            rect class="box" x="1" y=(TOP) width="94" height=(height - TOP) rx="8" {}
            rect class="box" x="176" y=(TOP) width="80" height=(height - TOP) rx="8" {}
            rect class="trunk" x=(MONOLITH) y=(TOP) width="175" height=(height - TOP) rx="8" {}
            (live.drawing(&format!("pic-clients-{id}"), clients(total, scale, known, height)))
            @for (place, (_, row)) in shown.iter().enumerate() {
                @let y = TOP + ROW * place as u32;
                (live.drawing(&format!("pic-{}", row.id()), drawn(row, y, scale)))
            }
            @if !hidden.is_empty() {
                (live.drawing(&format!("pic-others-{id}"), rest(&hidden, body, scale)))
            }
            @for row in &last {
                (live.drawing(&format!("pic-{}", row.id()), everything_else(row, body + more, scale)))
            }
            (live.drawing(&format!("pic-legend-{id}"), legend(scale, height + 6)))
        }
    }
}

fn clients(total: f64, scale: f64, known: bool, height: u32) -> Markup {
    let y = TOP + (height - TOP) / 2;
    let flow = Flow { reads: total, writes: 0.0 };
    html! {
        (edge(96, 176, y, Some(flow).filter(|_| known), scale, "all"))
        @if known {
            text class="figure" x="48" y=(y) { (rate(total)) }
            text class="unit" x="48" y=(y + 16) { "requests/s" }
        } @else {
            text class="unit" x="48" y=(y) { "measuring" }
        }
    }
}

fn drawn(row: &Row<'_>, y: u32, scale: f64) -> Markup {
    let flows = flows(row);
    let (own, other) = (flows.map(|flows| flows.0), flows.map(|flows| flows.1));
    let figures = row.figures.as_ref();
    let side = row.found.map(primary);
    let slot = row.found.map(|found| found.collection.as_str());
    html! {
        (edge(PROXY, SERVICE.0, y + 32, own, scale, "to-service"))
        (edge(PROXY, MONOLITH + 8, y + 72, other, scale, "to-monolith"))
        text class="edge" x=(PROXY + 12) y=(y + 14) { (label(row, own, figures)) }
        text class="edge" x=(PROXY + 12) y=(y + 56) { (other.map_or_else(|| unknown(row), Flow::words)) }
        @if has_share(row, "banyan:shadow") {
            line class="shadow" x1=(PROXY) x2=(SERVICE.0) y1=(y + 47) y2=(y + 47) {}
        }
        rect class="box" x=(SERVICE.0) y=(y + 10) width=(SERVICE.1 - SERVICE.0) height="46" rx="8" {}
        text class="name" x=(SERVICE.0 + 12) y=(y + 29) {
            @let name = drawn_name(row);
            (clipped(&name, 18))
            @if row.label.trim_start_matches('/') != name && name.len() < 10 {
                tspan class="path" dx="6" { (clipped(&row.label, 10)) }
            }
        }
        rect class="slot" x=(MONOLITH + 8) y=(y + 6) width="159" height="78" rx="6" {}
        @if let (Some(found), Some((side, epoch))) = (row.found, side) {
            (badge(SERVICE.0 + 12, y + 46, side == Primary::Target, side, epoch, found))
            text class="name" x=(MONOLITH + 20) y=(y + 29) { (clipped(slot.unwrap_or_default(), 18)) }
            (badge(MONOLITH + 20, y + 46, side == Primary::Source, side, epoch, found))
            (data_edge(found, side, y + 33))
        } @else {
            text class="role" x=(SERVICE.0 + 12) y=(y + 46) { "route only" }
            text class="role" x=(MONOLITH + 20) y=(y + 29) { "its data stays here" }
        }
    }
}

/// What the service is called; before it has a route it is called as its collection.
fn drawn_name(row: &Row<'_>) -> String {
    match (row.service, row.found) {
        (None, Some(found)) => found.collection.clone(),
        _ => row.service_name(),
    }
}

fn unknown(row: &Row<'_>) -> String {
    if row.route.is_none() {
        "no route yet: counted below".to_owned()
    } else {
        "measuring".to_owned()
    }
}

fn label(row: &Row<'_>, own: Option<Flow>, figures: Option<&Figures>) -> String {
    let mut words = own.map_or_else(|| unknown(row), Flow::words);
    if let Some(figures) = figures.filter(|figures| figures.errors > 0.0) {
        words.push_str(&format!(", {:.1} % errors", figures.errors * 100.0));
    }
    let tags = [("banyan:canary", "canary"), ("banyan:shadow", "copy")];
    for (tag, name) in tags {
        if let Some(percent) = row.route.and_then(|route| route.percent(tag)) {
            words.push_str(&format!(", {name} {percent} %"));
        }
    }
    words
}

fn has_share(row: &Row<'_>, tag: &str) -> bool {
    row.route.and_then(|route| route.percent(tag)).is_some_and(|percent| percent != "0")
}

/// What a side is. Never by colour alone.
fn badge(
    x: u32,
    y: u32,
    is_primary: bool,
    side: Primary,
    epoch: Option<u64>,
    found: &Move,
) -> Markup {
    let words = match (is_primary, epoch) {
        (true, Some(epoch)) => format!("Primary, epoch {epoch}"),
        (true, None) => "Primary".to_owned(),
        (false, _) if side == Primary::Unknown => "not known".to_owned(),
        (false, _) if found.phase == "completed" => "retired".to_owned(),
        (false, _) if follower(found).is_some() => "follows".to_owned(),
        (false, _) => "does not follow".to_owned(),
    };
    html! {
        @if is_primary {
            rect class="primary" x=(x - 5) y=(y - 12) width="118" height="17" rx="8" {}
        }
        text class=(if is_primary { "role is-primary" } else { "role" }) x=(x) y=(y) { (words) }
    }
}

/// The way of the data, from the primary to its follower.
fn data_edge(found: &Move, side: Primary, y: u32) -> Markup {
    if follower(found).is_none() || side == Primary::Unknown {
        return html! {};
    }
    let (from, to) = match side {
        Primary::Target => (SERVICE.1, MONOLITH + 8),
        Primary::Source | Primary::Unknown => (MONOLITH + 8, SERVICE.1),
    };
    let back = if from < to { -7 } else { 7 };
    let (tip, base) = (i64::from(to), i64::from(to) + back);
    let lag = lag_ms(found)
        .map_or_else(|| "lag not known".to_owned(), |lag| format!("lag {}", duration(lag as f64)));
    html! {
        line class="data" x1=(from) x2=(base) y1=(y) y2=(y) {}
        path class="arrow" d={"M" (tip) " " (y) " L" (base) " " (y - 5) " L" (base) " " (y + 5) " Z"} {}
        text class="lag" x=((SERVICE.1 + MONOLITH + 8) / 2) y=(y - 9) { (lag) }
    }
}

fn everything_else(row: &Row<'_>, y: u32, scale: f64) -> Markup {
    let flow = flows(row).map(|(own, _)| own);
    let words = flow.map_or_else(|| "measuring".to_owned(), Flow::words);
    html! {
        (edge(PROXY, MONOLITH, y + 36, flow, scale, "to-monolith"))
        text class="edge" x=(PROXY + 12) y=(y + 18) { "Everything else: " (words) }
    }
}

fn rest(rows: &[&Row<'_>], y: u32, scale: f64) -> Markup {
    let sum = |own: bool| {
        rows.iter().filter_map(|row| flows(row)).fold(Flow::default(), |sum, (mine, other)| {
            let flow = if own { mine } else { other };
            Flow { reads: sum.reads + flow.reads, writes: sum.writes + flow.writes }
        })
    };
    let (own, other) = (sum(true), sum(false));
    let count = count(rows.len() as u64, "other", "others");
    html! {
        (edge(PROXY, SERVICE.0, y + 32, Some(own), scale, "to-service"))
        (edge(PROXY, MONOLITH, y + 72, Some(other), scale, "to-monolith"))
        text class="edge" x=(PROXY + 12) y=(y + 14) { (own.words()) }
        text class="edge" x=(PROXY + 12) y=(y + 56) { (other.words()) }
        rect class="box more" x=(SERVICE.0) y=(y + 10) width=(SERVICE.1 - SERVICE.0) height="46" rx="8" {}
        text class="name" x=(SERVICE.0 + 12) y=(y + 38) { (count) }
    }
}

/// What the widest edge stands for.
fn legend(scale: f64, y: u32) -> Markup {
    html! {
        rect class="reads" x=(PROXY) y=(y) width="24" height=(WIDEST) {}
        text class="edge" x=(PROXY + 34) y=(y + 16) { "so wide: " (rate(scale)) " requests/s" }
        rect class="reads" x="470" y=(y + 8) width="14" height="8" {}
        text class="edge" x="490" y=(y + 16) { "reads" }
        rect class="writes" x="540" y=(y + 8) width="14" height="8" {}
        text class="edge" x="560" y=(y + 16) { "writes" }
        line class="data" x1="620" x2="650" y1=(y + 12) y2=(y + 12) {}
        text class="edge" x="658" y=(y + 16) { "data, from the primary to its follower" }
    }
}
