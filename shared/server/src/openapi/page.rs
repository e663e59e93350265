//! The description as a page for people: plain HTML made on the server, so that it works offline and
//! without scripts.

use std::fmt::Write;

use serde_json::Value;

const STYLE: &str = "
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; color: #1a1d21; background: #fff; --link: #1a56b0; }
@media (prefers-color-scheme: dark) { :root { color: #e3e6ea; background: #15181c; --link: #8ab4f8; } }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
a { color: var(--link); }
h2 { margin: 2.5rem 0 .25rem; border-top: 1px solid #8886; padding-top: 1.25rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
code, .method { font-family: ui-monospace, monospace; }
.method { color: #fff; background: #356; border-radius: .25rem; padding: .1rem .5rem; font-size: .85em; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid #8883; }
th { min-width: 4rem; }
nav a { margin-right: 1rem; }
";

/// What goes with the page: a browser loads nothing and runs nothing for it, and shows it in no frame. Its one style
/// sheet is told by its hash.
pub(super) const HEADERS: [(&str, &str); 2] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'sha256-ly2QInTTRh664gi9z0UwGzE1a+Du67jN9WxmGiia9Dg='; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    ("x-frame-options", "DENY"),
];

/// The page of an OpenAPI document that is served at `source`.
pub(super) fn page(document: &Value, source: &str) -> String {
    let mut html = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut html, document, source);
    html
}

fn write_page(html: &mut String, document: &Value, source: &str) -> std::fmt::Result {
    let title = text(&document["info"]["title"]);
    let about = text(&document["info"]["description"]);
    write!(
        html,
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style><h1>{title}</h1><p>{about}\
         <nav><a href=\"{source}\">openapi.json</a><a href=#schemas>Schemas</a></nav>"
    )?;
    for (path, item) in members(&document["paths"]) {
        let shared = items(&item["parameters"]);
        for (method, operation) in members(item).filter(|(name, _)| *name != "parameters") {
            let parameters = shared.iter().chain(items(&operation["parameters"]));
            write_operation(html, method, path, operation, parameters)?;
        }
    }
    html.push_str("<h2 id=schemas>Schemas</h2>");
    for (name, schema) in members(&document["components"]["schemas"]) {
        write_schema(html, name, schema)?;
    }
    Ok(())
}

fn write_operation<'a>(
    html: &mut String,
    method: &str,
    path: &str,
    operation: &Value,
    parameters: impl Iterator<Item = &'a Value>,
) -> std::fmt::Result {
    let (method, path) = (method.to_uppercase(), escape(path));
    let id = text(&operation["operationId"]);
    let summary = text(&operation["summary"]);
    write!(
        html,
        "<h2 id=\"{id}\"><span class=method>{method}</span> <code>{path}</code></h2><p>{summary}"
    )?;
    html.push_str("<h3>Parameters</h3><table>");
    for parameter in parameters {
        let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
        let (about, schema) = (text(&parameter["description"]), describe(&parameter["schema"]));
        write!(html, "<tr><th><code>{name}</code><td>{place}<td>{schema}<td>{about}")?;
    }
    html.push_str("</table>");
    let bodies: Vec<_> = members(&operation["requestBody"]["content"]).collect();
    if !bodies.is_empty() {
        html.push_str("<h3>Body</h3><table>");
        for (media_type, body) in bodies {
            let schema = describe(&body["schema"]);
            write!(html, "<tr><th><code>{}</code><td>{schema}", escape(media_type))?;
        }
        html.push_str("</table>");
    }
    html.push_str("<h3>Answers</h3><table>");
    for (status, response) in members(&operation["responses"]) {
        let about = text(&response["description"]);
        let bodies = members(&response["content"]);
        let bodies = bodies.map(|(media_type, body)| {
            format!("<code>{}</code> {}", escape(media_type), describe(&body["schema"]))
        });
        let bodies = bodies.collect::<Vec<_>>().join("<br>");
        write!(html, "<tr><th>{}<td>{about}<td>{bodies}", escape(status))?;
    }
    html.push_str("</table>");
    Ok(())
}

fn write_schema(html: &mut String, name: &str, schema: &Value) -> std::fmt::Result {
    let (name, about) = (escape(name), text(&schema["description"]));
    write!(html, "<h3 id=\"{name}\">{name}</h3><p>{about}<table>")?;
    let required = items(&schema["required"]);
    for (field, schema) in members(&schema["properties"]) {
        let needed = if required.iter().any(|name| name == field) { "required" } else { "" };
        let (rule, about) = (describe(schema), text(&schema["description"]));
        write!(html, "<tr><th><code>{}</code><td>{rule}<td>{needed}<td>{about}", escape(field))?;
    }
    html.push_str("</table>");
    Ok(())
}

/// A schema in a few words.
fn describe(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escape(reference.rsplit('/').next().unwrap_or(reference));
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().map(describe).collect::<Vec<_>>().join(" or ");
    }
    let mut words = text(&schema["type"]);
    if schema["items"].is_object() {
        let _ = write!(words, " of {}", describe(&schema["items"]));
    }
    if let Some(choices) = schema["enum"].as_array() {
        let choices: Vec<_> = choices.iter().map(text).collect();
        words = choices.join(" or ");
    }
    for (bound, name) in [
        ("minLength", "at least"),
        ("maxLength", "at most"),
        ("minimum", "from"),
        ("maximum", "to"),
    ] {
        if !schema[bound].is_null() {
            let _ = write!(words, ", {name} {}", schema[bound]);
        }
    }
    if schema["default"].is_string() || schema["default"].is_number() {
        let _ = write!(words, ", default <code>{}</code>", escape(&schema["default"].to_string()));
    }
    words
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A string of the document, safe inside HTML; what stands between backticks is code.
fn text(value: &Value) -> String {
    let text = escape(value.as_str().unwrap_or_default());
    let mut parts = text.split('`');
    let first = parts.next().unwrap_or_default().to_owned();
    let tags = ["<code>", "</code>"].into_iter().cycle();
    parts.zip(tags).fold(first, |html, (part, tag)| html + tag + part)
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use ring::digest::{SHA256, digest};

    use super::{HEADERS, STYLE};

    #[test]
    fn the_policy_has_the_hash_of_the_style_sheet() {
        let hash = BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        let expected = format!("style-src 'sha256-{hash}'");
        assert!(HEADERS[0].1.contains(&expected), "{expected}");
    }
}
