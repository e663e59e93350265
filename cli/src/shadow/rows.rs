//! The lines of two answers, put side by side.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::lines::Line;

/// How many equal lines stand around lines that differ.
const CONTEXT: usize = 2;
/// The most places that a difference names: if it has so many, there may be more.
const PLACES: usize = 20;

/// What stands between two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Equal,
    /// Another line on the other side, or none: `|`, `<` or `>`.
    Differs,
    /// The same, but the comparison leaves it out.
    LeftOut,
}

/// One row: a line of either side, or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SideBySide<'a> {
    Lines(Option<&'a Line>, Mark, Option<&'a Line>),
    /// So many equal lines that are not shown.
    Skipped(usize),
}

/// The lines side by side. `differs` are the places that the comparison found.
pub(super) fn side_by_side<'a>(
    left: &'a [Line],
    right: &'a [Line],
    differs: &[String],
) -> Vec<SideBySide<'a>> {
    let texts = |lines: &'a [Line]| lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>();
    let operations = capture_diff_slices(Algorithm::Myers, &texts(left), &texts(right));
    let mut pairs = Vec::new();
    for operation in operations {
        let (left, right) = (&left[operation.old_range()], &right[operation.new_range()]);
        match operation {
            DiffOp::Equal { .. } => {
                pairs.extend(left.iter().zip(right).map(|(left, right)| (Some(left), Some(right))));
            }
            _ => pair(left, right, &mut pairs),
        }
    }
    let rows: Vec<_> = pairs
        .into_iter()
        .map(|(left, right)| {
            let same = left.zip(right).is_some_and(|(left, right)| left.text == right.text);
            let mark = match same {
                true => Mark::Equal,
                false if left.into_iter().chain(right).any(|line| is_compared(line, differs)) => {
                    Mark::Differs
                }
                false => Mark::LeftOut,
            };
            SideBySide::Lines(left, mark, right)
        })
        .collect();
    shortened(&rows)
}

/// Pairs lines that show the same place, and of other texts those with the same number.
fn pair<'a>(
    left: &'a [Line],
    mut right: &'a [Line],
    pairs: &mut Vec<(Option<&'a Line>, Option<&'a Line>)>,
) {
    for line in left {
        let same = right.iter().position(|other| other.place == line.place);
        if let Some((before, [found, after @ ..])) = same.and_then(|at| right.split_at_checked(at))
        {
            pairs.extend(before.iter().map(|line| (None, Some(line))));
            pairs.push((Some(line), Some(found)));
            right = after;
        } else {
            pairs.push((Some(line), None));
        }
    }
    pairs.extend(right.iter().map(|line| (None, Some(line))));
}

/// Whether the comparison looked at what a line shows, as far as the places tell that it found.
fn is_compared(line: &Line, differs: &[String]) -> bool {
    let Some(place) = &line.place else { return true };
    let is_within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_found =
        |found: &String| found == "body" || is_within(place, found) || is_within(found, place);
    differs.len() >= PLACES || differs.iter().any(is_found)
}

/// Leaves out equal lines that are far from all others.
fn shortened<'a>(rows: &[SideBySide<'a>]) -> Vec<SideBySide<'a>> {
    let is_equal = |row: &SideBySide<'_>| matches!(row, SideBySide::Lines(_, Mark::Equal, _));
    let mut shown = Vec::new();
    let mut skipped = 0;
    for (at, row) in rows.iter().enumerate() {
        let near = &rows[at.saturating_sub(CONTEXT)..rows.len().min(at + CONTEXT + 1)];
        if near.iter().all(is_equal) {
            skipped += 1;
            continue;
        }
        if skipped > 0 {
            shown.push(SideBySide::Skipped(skipped));
            skipped = 0;
        }
        shown.push(*row);
    }
    if skipped > 0 {
        shown.push(SideBySide::Skipped(skipped));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Mark, SideBySide, side_by_side};
    use crate::shadow::lines::Line;

    fn lines(texts: &[(&str, &str)]) -> Vec<Line> {
        let line = |(place, text): &(&str, &str)| Line {
            text: (*text).to_owned(),
            place: (!place.is_empty()).then(|| (*place).to_owned()),
        };
        texts.iter().map(line).collect()
    }

    fn rows(left: &[(&str, &str)], right: &[(&str, &str)], differs: &[&str]) -> Vec<String> {
        let differs: Vec<_> = differs.iter().map(ToString::to_string).collect();
        let (left, right) = (lines(left), lines(right));
        let shown = |row: &SideBySide<'_>| match row {
            SideBySide::Skipped(count) => format!("{count} skipped"),
            SideBySide::Lines(left, mark, right) => {
                let text =
                    |line: &Option<&Line>| line.map_or("-", |line| line.text.as_str()).to_owned();
                let mark = match mark {
                    Mark::Equal => "=",
                    Mark::Differs => "|",
                    Mark::LeftOut => "~",
                };
                format!("{} {mark} {}", text(left), text(right))
            }
        };
        side_by_side(&left, &right, &differs).iter().map(shown).collect()
    }

    #[test]
    fn lines_of_the_same_place_stand_side_by_side() {
        let left = [("/a", "a 1"), ("/b", "b 1"), ("/c", "c"), ("/d", "d 1"), ("/at", "at 1")];
        let right = [("/a", "a 2"), ("/c", "c"), ("/d", "d 2"), ("/e", "e"), ("/at", "at 2")];
        let expected = ["a 1 | a 2", "b 1 | -", "c = c", "d 1 | d 2", "- | e", "at 1 ~ at 2"];
        assert_eq!(rows(&left, &right, &["/a", "/b", "/d", "/e"]), expected);
        let many: Vec<_> = (0..20).map(|n| format!("/x/{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(rows(&left, &right, &many)[5], "at 1 | at 2", "there may be more places");
    }

    #[test]
    fn equal_lines_that_are_far_from_others_are_left_out() {
        let left: Vec<_> = ["1", "2", "3", "4", "5", "6", "7", "8"].map(|text| ("", text)).into();
        let mut right = left.clone();
        right[3] = ("", "x");
        let expected = ["1 skipped", "2 = 2", "3 = 3", "4 | x", "5 = 5", "6 = 6", "2 skipped"];
        assert_eq!(rows(&left, &right, &["body"]), expected);
        assert_eq!(rows(&left, &left, &["status"]), ["8 skipped"]);
    }
}
