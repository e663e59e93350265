//! The last differences between the answers to mirrored reads, side by side.

use std::collections::BTreeMap;

use maud::{Markup, html};
use proxy::{AnswerReport, DifferenceReport};
use serde_json::Value;

use super::text::{count, foreign, time};

/// How many are shown.
const SHOWN: usize = 10;
/// The most lines of an answer.
const LINES: usize = 60;
/// So many lines before and behind a line that differs are shown.
const AROUND: usize = 2;
/// So many lines are shown of a side without a line that differs.
const FIRST: usize = 6;
/// The most characters of an answer that is no JSON.
const CHARACTERS: usize = 2_000;

/// The newest differences of a route.
pub(crate) fn differences(all: &[DifferenceReport]) -> Markup {
    html! {
        @for found in all.iter().take(SHOWN) {
            article class="difference" {
                h3 { (foreign(&format!("{} {}", found.request.method, found.request.target))) }
                p class="quiet" {
                    (time(found.time.as_millisecond())) ", request " code { (foreign(&found.request.id)) } ", differs at "
                    @for (place, name) in found.differs.iter().enumerate() {
                        @if place > 0 { ", " }
                        code { (foreign(name)) }
                    }
                }
                div class="sides" {
                    @let (one, other) = (read(&found.answer), read(&found.copy));
                    (side("The client got this", &found.answer, one.as_ref(), other.as_ref()))
                    (side("The copy got this", &found.copy, other.as_ref(), one.as_ref()))
                }
            }
        }
    }
}

fn read(answer: &AnswerReport) -> Option<Value> {
    serde_json::from_str(&answer.body).ok()
}

fn side(title: &str, answer: &AnswerReport, own: Option<&Value>, other: Option<&Value>) -> Markup {
    html! {
        div class="side" {
            h4 { (title) ": " (foreign(&answer.service)) ", status " (answer.status) }
            pre tabindex="0" {
                @match own {
                    Some(own) => (lines(own, other)),
                    None => { (foreign(&answer.body.chars().take(CHARACTERS).collect::<String>())) }
                }
            }
            @if answer.body_is_cut { p class="quiet" { "The body is not shown whole." } }
        }
    }
}

/// JSON in lines; those that the other side does not have are marked.
fn lines(own: &Value, other: Option<&Value>) -> Markup {
    let mut known = BTreeMap::new();
    let mut theirs = Vec::new();
    if let Some(other) = other {
        walk(other, "", 0, None, &mut theirs);
        known.extend(theirs.iter().map(|line| (line.place.as_str(), line.text.as_str())));
    }
    let mut ours = Vec::new();
    walk(own, "", 0, None, &mut ours);
    let is_other = |line: &Line| {
        other.is_some() && known.get(line.place.as_str()) != Some(&line.text.as_str())
    };
    let differs: Vec<_> = ours.iter().map(is_other).collect();
    html! {
        @for part in parts(&differs) {
            @match part {
                Part::Line(at) => {
                    @let line = &ours[at];
                    ("  ".repeat(line.depth))
                    @if differs[at] {
                        mark { span class="unseen" { "differs: " } (foreign(&line.text)) }
                    } @else {
                        (foreign(&line.text))
                    }
                    "\n"
                }
                Part::LeftOut(lines) => span class="left-out" { "… " (count(lines as u64, "line", "lines")) "\n" },
            }
        }
    }
}

/// A line that is shown, or how many are not.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Line(usize),
    LeftOut(usize),
}

/// The lines that differ, and some around them.
fn parts(differs: &[bool]) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut shown, any) = (0, differs.contains(&true));
    for at in 0..differs.len() {
        let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(differs.len());
        let wanted = if any { differs[around].contains(&true) } else { at < FIRST };
        if wanted && shown < LINES {
            shown += 1;
            parts.push(Part::Line(at));
        } else if let Some(Part::LeftOut(lines)) = parts.last_mut() {
            *lines += 1;
        } else {
            parts.push(Part::LeftOut(1));
        }
    }
    parts
}

struct Line {
    /// A JSON pointer (RFC 6901), and `]` behind it for the end of a list or an object.
    place: String,
    depth: usize,
    text: String,
}

fn walk(value: &Value, place: &str, depth: usize, name: Option<&str>, lines: &mut Vec<Line>) {
    let name = name.map(|name| format!("{}: ", Value::from(name))).unwrap_or_default();
    let mut line = |place: String, depth, text| lines.push(Line { place, depth, text });
    let below = |part: &str| format!("{place}/{}", part.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(members) if !members.is_empty() => {
            line(place.to_owned(), depth, format!("{name}{{"));
            for (key, value) in members {
                walk(value, &below(key), depth + 1, Some(key), lines);
            }
            lines.push(Line { place: format!("{place}]"), depth, text: "}".to_owned() });
        }
        Value::Array(items) if !items.is_empty() => {
            line(place.to_owned(), depth, format!("{name}["));
            for (index, value) in items.iter().enumerate() {
                walk(value, &below(&index.to_string()), depth + 1, None, lines);
            }
            lines.push(Line { place: format!("{place}]"), depth, text: "]".to_owned() });
        }
        value => line(place.to_owned(), depth, format!("{name}{value}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Part, lines, parts};

    #[test]
    fn only_what_differs_is_marked() {
        let (one, other) = (
            json!({ "id": 1, "name": "Jake", "tags": [1, 2] }),
            json!({ "id": 1, "name": "Finn", "tags": [1] }),
        );
        let shown = lines(&one, Some(&other)).into_string();
        assert_eq!(shown.matches("<mark>").count(), 2, "{shown}");
        assert!(shown.contains("Jake") && !shown.contains("Finn"));
        assert!(!lines(&one, Some(&one)).into_string().contains("<mark>"));
    }

    #[test]
    fn of_a_long_answer_only_what_differs_is_shown_and_some_lines_around_it() {
        let mut differs = [false; 40];
        differs[20] = true;
        let line = Part::Line;
        let expected = [
            Part::LeftOut(18),
            line(18),
            line(19),
            line(20),
            line(21),
            line(22),
            Part::LeftOut(17),
        ];
        assert_eq!(parts(&differs), expected);
        let same = parts(&[false; 40]);
        assert_eq!((same.len(), same.last()), (7, Some(&Part::LeftOut(34))));
        let all = parts(&[true; 100]);
        assert_eq!((all.len(), all.last()), (61, Some(&Part::LeftOut(40))));
    }
}
