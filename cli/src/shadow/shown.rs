//! A shadow as text: what it counted, and each difference side by side.

use std::fmt::Write;

use refactor::{DifferenceReport, ShadowReport};

use super::lines::{self, Line, readable};
use super::rows::{Mark, SideBySide, side_by_side};
use crate::width;

/// What a shadow compared, and what not.
pub(super) fn summary(shadow: &ShadowReport) -> String {
    let ShadowReport { route, path, service, percent, since, counts, .. } = shadow;
    let not = &counts.not_compared;
    let why = [
        (not.repeated, "went twice to the same side, to learn what differs by itself"),
        (not.matched_in_part, "have a body that is larger than 256 KiB"),
        (not.not_decoded, "have a body that could not be decoded"),
        (not.unanswered, "got no answer to the copy"),
        (not.abandoned, "were given up by the client"),
        (not.dropped, "were too many at once, or had a body"),
    ];
    let total: u64 = why.iter().map(|(count, _)| count).sum();
    let rate = counts.match_percent.map_or_else(String::new, |rate| format!("  {rate} %"));
    let mut text = format!(
        "{path}  {percent} % of the reads are mirrored, service {service}, route {route}\n  since {since:.0}\n"
    );
    let rows = [
        ("compared", counts.compared, ""),
        ("equal", counts.equal, rate.as_str()),
        ("different", counts.different, ""),
        ("not compared", total, ""),
    ];
    // Writing to a string cannot fail.
    for (what, count, more) in rows {
        let _ = writeln!(text, "  {what:12}  {count:>8}{more}");
    }
    for (count, why) in why.iter().filter(|(count, _)| *count > 0) {
        let _ = writeln!(text, "                {count:>8} {why}");
    }
    for (what, places) in
        [("left out by banyan:ignore", &shadow.ignored), ("differ by themselves", &shadow.noise)]
    {
        if !places.is_empty() {
            let _ = writeln!(text, "  {what}: {}", readable(&places.join(" ")));
        }
    }
    text
}

/// A difference, the two answers side by side.
pub(super) fn difference(found: &DifferenceReport, wide: usize) -> String {
    let DifferenceReport { time, differs, request, answer, copy } = found;
    let asked = readable(&format!("{} {}", request.method, request.target));
    let id = readable(&request.id);
    let mut text = format!("{asked}\n  {time:.0}, request {id}\n");
    let _ = writeln!(text, "  differs: {}", readable(&differs.join(" ")));
    // Two spaces in front, and three between the columns.
    let column = wide.saturating_sub(5) / 2;
    let title = |what: &str, service: &str| {
        width::padded(width::cut(&readable(&format!("{what} {service}")), 0, column), column)
    };
    let (left, right) = (title("answer of", &answer.service), title("copy to", &copy.service));
    let _ = writeln!(text, "  {left}   {}", right.trim_end());
    let _ = writeln!(text, "  {}", "-".repeat(column * 2 + 3));
    let [left, right] = lines::of(answer, copy);
    for row in side_by_side(&left, &right, differs) {
        let line = match row {
            SideBySide::Skipped(1) => "  … 1 equal line".to_owned(),
            SideBySide::Skipped(count) => format!("  … {count} equal lines"),
            SideBySide::Lines(left, mark, right) => row_of(left, mark, right, column),
        };
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn row_of(left: Option<&Line>, mark: Mark, right: Option<&Line>, column: usize) -> String {
    let text = |line: Option<&Line>| line.map_or(String::new(), |line| line.text.clone());
    let sign = match (mark, left, right) {
        (Mark::Equal, ..) => ' ',
        (Mark::LeftOut, ..) => '~',
        (Mark::Differs, Some(_), None) => '<',
        (Mark::Differs, None, Some(_)) => '>',
        (Mark::Differs, ..) => '|',
    };
    let (left, right) = (text(left), text(right));
    let from = start(&left, &right, column);
    let left = width::padded(width::cut(&left, from, column), column);
    format!("  {left} {sign} {}", width::cut(&right, from, column))
}

/// From which character on two lines are shown, so that the first one that differs is in view.
fn start(left: &str, right: &str, column: usize) -> usize {
    if width::of(left).max(width::of(right)) <= column {
        return 0;
    }
    let same = left.chars().zip(right.chars()).take_while(|(left, right)| left == right).count();
    same.saturating_sub(column / 3)
}

#[cfg(test)]
mod tests {
    use super::start;

    #[test]
    fn the_first_character_that_differs_is_in_view() {
        let (left, right) = (format!("{}x", "a".repeat(90)), format!("{}y", "a".repeat(90)));
        assert_eq!(start(&left, &right, 30), 80);
        assert_eq!(start(&left, &right, 95), 0);
        assert_eq!(start("ab", &right, 30), 0);
    }
}
