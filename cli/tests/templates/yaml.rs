//! YAML as JSON, with the short forms of CloudFormation's functions written out: `!Ref A` is `{"Ref": "A"}`.

use std::path::{Path, PathBuf};

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use serde_json::{Map, Value, json};

/// Reads a file of this repository.
///
/// # Panics
/// If it is no YAML, has a key twice, or uses an alias, which CloudFormation does not take.
pub(crate) fn read(path: &str) -> Value {
    parse(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text of a file of this repository.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The folder of this repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader { parser: Parser::new_from_str(text) };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            event => return reader.value(event),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, String> {
        match self.parser.next_event() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("ends too early".to_owned()),
        }
    }

    fn value(&mut self, event: Event<'a>) -> Result<Value, String> {
        let (value, tag) = match event {
            Event::Scalar(text, style, _, tag) => {
                (scalar(&text, style == ScalarStyle::Plain && tag.is_none()), tag)
            }
            Event::SequenceStart(_, tag) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        event => items.push(self.value(event)?),
                    }
                }
                (Value::Array(items), tag)
            }
            Event::MappingStart(_, tag) => (self.map()?, tag),
            other => return Err(format!("a value is expected instead of {other:?}")),
        };
        Ok(tag.map_or(value.clone(), |tag| function(&tag, value)))
    }

    fn map(&mut self) -> Result<Value, String> {
        let mut entries = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Value::Object(entries)),
                Event::Scalar(key, ..) => key.into_owned(),
                other => return Err(format!("a key is expected instead of {other:?}")),
            };
            let event = self.next()?;
            let value = self.value(event)?;
            if entries.insert(key.clone(), value).is_some() {
                return Err(format!("the key {key} stands twice"));
            }
        }
    }
}

fn scalar(text: &str, plain: bool) -> Value {
    if !plain {
        return text.into();
    }
    match text {
        "true" => true.into(),
        "false" => false.into(),
        "" | "~" | "null" => Value::Null,
        _ => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
    }
}

fn function(tag: &Tag, argument: Value) -> Value {
    match (tag.suffix.as_str(), argument) {
        ("Ref", argument) => json!({ "Ref": argument }),
        ("Condition", argument) => json!({ "Condition": argument }),
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.').unwrap_or((&text, ""));
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        (name, argument) => json!({ format!("Fn::{name}"): argument }),
    }
}

#[test]
fn short_forms_are_written_out_and_quoted_values_stay_texts() {
    let read = parse("a: !Ref B\nb: !GetAtt C.D.E\nc: !Select [0, !GetAZs '']\nd: '1'\ne: 1\n");
    let expected = json!({
        "a": { "Ref": "B" },
        "b": { "Fn::GetAtt": ["C", "D.E"] },
        "c": { "Fn::Select": [0, { "Fn::GetAZs": "" }] },
        "d": "1",
        "e": 1,
    });
    assert_eq!(read.unwrap(), expected);
    assert_eq!(parse("a: 1\na: 2").unwrap_err(), "the key a stands twice");
}
