//! What flows between two parts of the picture: an edge whose width is the traffic.

use maud::{Markup, html};

use super::text::rate;

/// The widest edge.
pub(super) const WIDEST: f64 = 24.0;

/// Reads and writes a second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    pub(super) reads: f64,
    pub(super) writes: f64,
}

impl Flow {
    pub(super) fn all(self) -> f64 {
        self.reads + self.writes
    }

    /// In words.
    pub(super) fn words(self) -> String {
        match (self.reads > 0.0, self.writes > 0.0) {
            (_, false) => format!("{} reads/s", rate(self.reads)),
            (false, true) => format!("{} writes/s", rate(self.writes)),
            (true, true) => format!("{} reads/s, {} writes/s", rate(self.reads), rate(self.writes)),
        }
    }
}

/// How many requests a second the widest edge stands for: 1, 2 or 5 times a power of ten.
pub(super) fn scale(most: f64) -> f64 {
    let mut scale = 10.0;
    for step in [2.0, 2.5, 2.0].into_iter().cycle() {
        if scale >= most || scale > 1e9 {
            break;
        }
        scale *= step;
    }
    scale
}

/// A band whose width is the traffic: reads, and writes below them.
pub(super) fn edge(
    from: u32,
    to: u32,
    y: u32,
    flow: Option<Flow>,
    scale: f64,
    class: &str,
) -> Markup {
    let length = to - from;
    let Some(flow) = flow else {
        return html! { line class="unknown" x1=(from) x2=(to) y1=(y) y2=(y) {} };
    };
    let width = |rate: f64| if rate > 0.0 { (rate / scale * WIDEST).max(1.5) } else { 0.0 };
    let (reads, writes) = (width(flow.reads), width(flow.writes));
    let top = f64::from(y) - (reads + writes) / 2.0;
    let place = |value: f64| format!("{value:.1}");
    html! {
        line class="hair" x1=(from) x2=(to) y1=(y) y2=(y) {}
        rect class={"reads " (class)} x=(from) width=(length) y=(place(top)) height=(place(reads)) {}
        rect class={"writes " (class)} x=(from) width=(length) y=(place(top + reads)) height=(place(writes)) {}
    }
}

#[cfg(test)]
mod tests {
    use super::scale;

    #[test]
    fn the_scale_moves_in_steps() {
        let scales = [0.0, 10.0, 11.0, 21.0, 51.0, 101.0, 999.0].map(scale);
        assert_eq!(scales, [10.0, 10.0, 20.0, 50.0, 100.0, 200.0, 1_000.0]);
    }
}
