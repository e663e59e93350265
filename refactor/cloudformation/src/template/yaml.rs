//! YAML to a tree of nodes. CloudFormation takes YAML 1.1 without aliases, merges and the rarer tags.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::node::{DEPTH_LIMIT, Data, NodeKey, TemplateNode};
use super::scalar::plain;

/// The functions that have a short form.
const SHORT_FORMS: &str = "And Base64 Cidr Condition Equals FindInMap ForEach GetAZs GetAtt If ImportValue Join Not Or Ref \
    Select Split Sub Transform";

/// Reads one YAML document.
///
/// # Errors
/// If it is not well-formed, in CloudFormation's words with line and column. Also if it has what CloudFormation
/// refuses: aliases, merge keys, several documents, tags that are no function.
pub(super) fn parse(text: &str) -> Result<TemplateNode, String> {
    let mut reader = YamlReader { parser: Parser::new_from_str(text) };
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd => return Err(malformed(span, "the template is empty")),
            event => {
                let root = reader.node(event, span, 0)?;
                reader.end()?;
                return Ok(root);
            }
        }
    }
}

struct YamlReader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> YamlReader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(err)) => Err(at(err.marker().line(), err.marker().col() + 1, err.info())),
            None => Err("Template format error: YAML not well-formed.".to_owned()),
        }
    }

    /// Nothing may follow the first document.
    fn end(&mut self) -> Result<(), String> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, span) => {
                    return Err(malformed(
                        span,
                        "a template is one document; a second one begins here",
                    ));
                }
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<TemplateNode, String> {
        if depth > DEPTH_LIMIT {
            return Err(malformed(span, &format!("nested deeper than {DEPTH_LIMIT} levels")));
        }
        let (data, tag) = match event {
            Event::Scalar(text, style, _, tag) => {
                if style == ScalarStyle::Plain && tag.is_none() {
                    return Ok(read(text.into_owned(), span.start.line()));
                }
                (Data::Text(text.into_owned()), tag)
            }
            Event::SequenceStart(_, tag) => (self.list(depth)?, tag),
            Event::MappingStart(_, tag) => (self.map(depth)?, tag),
            Event::Alias(_) => {
                return Err(format!(
                    "Template error: YAML aliases are not allowed in CloudFormation templates (line {})",
                    span.start.line()
                ));
            }
            _ => return Err(malformed(span, "a value is expected here")),
        };
        let line = span.start.line();
        match tag {
            Some(tag) => tagged(&tag, TemplateNode::new(line, data), span),
            None => Ok(TemplateNode::new(line, data)),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Data, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Data::List(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Data, String> {
        let mut entries: Vec<(NodeKey, TemplateNode)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(Data::Map(entries)),
                Event::Scalar(key, style, _, _) if key == "<<" && style == ScalarStyle::Plain => {
                    return Err(malformed(
                        span,
                        "hash merges (<<) are not allowed in CloudFormation templates",
                    ));
                }
                Event::Scalar(key, style, _, tag) => {
                    read_key(key.into_owned(), style == ScalarStyle::Plain && tag.is_none())
                }
                _ => return Err(malformed(span, "a key must be a string")),
            };
            if entries.iter().any(|(known, _)| known.written == key.written) {
                return Err(malformed(span, &format!("the key {} is there twice", key.written)));
            }
            let (event, span) = self.next()?;
            entries.push((key, self.node(event, span, depth + 1)?));
        }
    }
}

/// `!Ref X` becomes `{Ref: X}`; `!!str 1` stays text.
fn tagged(tag: &Tag, node: TemplateNode, span: Span) -> Result<TemplateNode, String> {
    if tag.is_yaml_core_schema() {
        return match (tag.suffix.as_str(), &node.data) {
            ("str", _) | ("seq", Data::List(_)) | ("map", Data::Map(_)) => Ok(node),
            ("int" | "float" | "bool" | "null", Data::Text(text)) => {
                Ok(TemplateNode::new(node.line, plain(text)))
            }
            _ => Err(malformed(span, &format!("the tag !!{} is not allowed here", tag.suffix))),
        };
    }
    let name = tag.suffix.as_str();
    if tag.handle != "!" || !SHORT_FORMS.split_whitespace().any(|short| short == name) {
        return Err(malformed(span, &format!("{tag} is no function of CloudFormation")));
    }
    let is_whole = ["Ref", "Condition"].contains(&name);
    let key = if is_whole { name.to_owned() } else { format!("Fn::{name}") };
    Ok(TemplateNode::new(node.line, Data::Map(vec![(NodeKey::new(key), node)])))
}

/// A scalar without quotes. It remembers how it was written if that is not what it is read as.
fn read(text: String, line: usize) -> TemplateNode {
    let data = plain(&text);
    let written = matches!(data, Data::Bool(_) | Data::Number(_)).then_some(text);
    TemplateNode { line, data, written }
}

fn read_key(written: String, is_plain: bool) -> NodeKey {
    let read = match plain(&written) {
        Data::Bool(flag) if is_plain => Some(flag.to_string()),
        Data::Number(number) if is_plain => Some(number.to_string()),
        _ => None,
    };
    NodeKey { written, read }
}

fn malformed(span: Span, what: &str) -> String {
    at(span.start.line(), span.start.col() + 1, what)
}

fn at(line: usize, column: usize, what: &str) -> String {
    format!("Template format error: YAML not well-formed. (line {line}, column {column}): {what}")
}
