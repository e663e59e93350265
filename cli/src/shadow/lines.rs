//! An answer as lines: its status, its content type, and its body. JSON gets one value a line.

use refactor::AnswerReport;
use serde_json::Value;

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    /// What it shows: `status`, `contentType`, or a JSON pointer into the body; nothing for a line of another text.
    pub(super) place: Option<String>,
}

/// The lines of two answers. Both bodies are shown as JSON, or neither.
pub(super) fn of(answer: &AnswerReport, copy: &AnswerReport) -> [Vec<Line>; 2] {
    let document = |side: &AnswerReport| serde_json::from_str::<Value>(&side.body).ok();
    let documents = document(answer).zip(document(copy));
    let [mut left, mut right] = [head(answer), head(copy)];
    if let Some((answer, copy)) = documents {
        value(&mut left, String::new(), "", String::new(), &answer);
        value(&mut right, String::new(), "", String::new(), &copy);
    } else {
        left.extend(answer.body.lines().map(plain));
        right.extend(copy.body.lines().map(plain));
    }
    for (lines, side) in [(&mut left, answer), (&mut right, copy)] {
        if side.body_is_cut {
            let what = if side.body.is_empty() {
                "(the body is not here: too large, or not decoded)"
            } else {
                "(the rest of the body is not here)"
            };
            lines.push(plain(what));
        }
    }
    [left, right]
}

fn head(side: &AnswerReport) -> Vec<Line> {
    let line =
        |place: &str, text: String| Line { text: readable(&text), place: Some(place.into()) };
    let media = side.headers.get("content-type");
    let status = line("status", format!("status: {}", side.status));
    let media = media.map(|media| line("contentType", format!("content type: {media}")));
    std::iter::once(status).chain(media).collect()
}

fn plain(text: &str) -> Line {
    Line { text: readable(text), place: None }
}

/// The lines of a value, in the order of names. As deep as serde_json reads: 128 levels. There are no commas, so that a
/// value is the same line whatever follows it.
fn value(lines: &mut Vec<Line>, indent: String, name: &str, place: String, value_here: &Value) {
    let mut push = |text: String| {
        let text = readable(&format!("{indent}{text}"));
        lines.push(Line { text, place: Some(place.clone()) });
    };
    let (begin, end) = match value_here {
        Value::Object(members) if !members.is_empty() => ("{", "}"),
        Value::Array(elements) if !elements.is_empty() => ("[", "]"),
        single => return push(format!("{name}{single}")),
    };
    push(format!("{name}{begin}"));
    let deeper = format!("{indent}  ");
    let below = |step: &str| format!("{place}/{}", step.replace('~', "~0").replace('/', "~1"));
    if let Value::Object(members) = value_here {
        for (member, inner) in members {
            let name = format!("{}: ", Value::from(member.as_str()));
            value(lines, deeper.clone(), &name, below(member), inner);
        }
    }
    for (index, inner) in value_here.as_array().into_iter().flatten().enumerate() {
        value(lines, deeper.clone(), "", below(&index.to_string()), inner);
    }
    lines.push(Line { text: format!("{indent}{end}"), place: Some(place) });
}

/// A text that changes nothing on a terminal but what it shows: control characters, and those that change the direction
/// of text, are written as escapes.
pub(super) fn readable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => shown.push_str("    "),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(character.escape_unicode());
            }
            control if control.is_control() => shown.extend(control.escape_unicode()),
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{readable, value};

    #[test]
    fn a_document_has_a_line_for_each_value() {
        let document = serde_json::json!({ "a/b": [1, { "c": "x" }], "d": {}, "e": null });
        let mut lines = Vec::new();
        value(&mut lines, String::new(), "", String::new(), &document);
        let shown = |line: &super::Line| (line.text.clone(), line.place.clone().unwrap());
        let lines: Vec<_> = lines.iter().map(shown).collect();
        let expected = [
            ("{", ""),
            ("  \"a/b\": [", "/a~1b"),
            ("    1", "/a~1b/0"),
            ("    {", "/a~1b/1"),
            ("      \"c\": \"x\"", "/a~1b/1/c"),
            ("    }", "/a~1b/1"),
            ("  ]", "/a~1b"),
            ("  \"d\": {}", "/d"),
            ("  \"e\": null", "/e"),
            ("}", ""),
        ];
        let expected = expected.map(|(text, place)| (text.to_owned(), place.to_owned()));
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_answer_cannot_drive_the_terminal() {
        let shown = readable("a\u{1b}[2Jb\u{9b}c\u{202e}d\te\u{e9}");
        assert_eq!(shown, "a\\u{1b}[2Jb\\u{9b}c\\u{202e}d    e\u{e9}");
    }
}
