//! The fields of an answer that name URLs.

use http1::{FieldKind, HeaderField};

use super::PublicUrls;

/// The fields that have to name other URLs than the service does: each by its place, with its value. `urls` is asked only
/// for an answer that has fields with URLs.
pub fn public_fields<'a>(
    fields: &[HeaderField<'_>],
    urls: impl Fn() -> PublicUrls<'a>,
) -> Vec<(usize, String)> {
    let mut known = None;
    let mut public = Vec::new();
    for (place, field) in fields.iter().enumerate() {
        if field.kind == FieldKind::Reference
            && let Ok(value) = std::str::from_utf8(field.value)
        {
            let urls = known.get_or_insert_with(&urls);
            let new = urls.field(field.name, value).filter(|new| new != value);
            public.extend(new.map(|new| (place, new)));
        }
    }
    public
}

impl PublicUrls<'_> {
    pub(crate) fn field(&self, name: &str, value: &str) -> Option<String> {
        match name {
            _ if name.eq_ignore_ascii_case("link") => self.link(value),
            _ if name.eq_ignore_ascii_case("refresh") => self.refresh(value),
            _ if name.eq_ignore_ascii_case("set-cookie") => self.cookie(value),
            _ => self.reference(value),
        }
    }

    /// `Link` (RFC 8288, 3): the targets between angle brackets. What is quoted is a parameter.
    fn link(&self, value: &str) -> Option<String> {
        let (mut public, mut changed) = (String::with_capacity(value.len()), false);
        let mut rest = value;
        while let Some(at) = rest.find(['<', '"']) {
            let (before, mark) = rest.split_at(at);
            let (mark, behind) = mark.split_at(1);
            public.extend([before, mark]);
            let end = if mark == "<" { behind.find('>') } else { end_of_quoted(behind) };
            let (inner, after) = behind.split_at(end.unwrap_or(behind.len()));
            match self.reference(inner).filter(|_| mark == "<") {
                Some(target) => {
                    public.push_str(&target);
                    changed = true;
                }
                None => public.push_str(inner),
            }
            let (mark, after) = after.split_at(after.len().min(1));
            public.push_str(mark);
            rest = after;
        }
        public.push_str(rest);
        changed.then_some(public)
    }

    /// `Refresh` (HTML, "Shared declarative refresh steps"): seconds, and perhaps `;url=` with a URL that may be quoted.
    fn refresh(&self, value: &str) -> Option<String> {
        let (seconds, rest) = value.split_once([';', ','])?;
        let target = rest.trim_start();
        let named = target.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("url"));
        let target =
            match target.get(3..).map(str::trim_start).and_then(|rest| rest.strip_prefix('=')) {
                Some(target) if named => target.trim_start(),
                _ => target,
            };
        let (quote, target) = match target.split_at_checked(1) {
            Some((quote @ ("'" | "\""), rest)) => (quote, rest.split(quote).next()?),
            _ => ("", target.trim_end()),
        };
        let public = self.reference(target)?;
        Some(format!("{seconds};url={quote}{public}{quote}"))
    }

    /// `Set-Cookie` (RFC 6265, 4.1): its `Path` and its `Domain`.
    fn cookie(&self, value: &str) -> Option<String> {
        // The prefix of its name asks for the path / (RFC 6265bis, 4.1.3.2).
        let is_of_host = value.get(..7).is_some_and(|name| name.eq_ignore_ascii_case("__host-"));
        let mut changed = false;
        let parts: Vec<_> = value
            .split(';')
            .enumerate()
            .map(|(place, part)| {
                let public =
                    part.split_once('=').filter(|_| place > 0).and_then(|(name, value)| {
                        let (name, value) = (name.trim(), value.trim());
                        if name.eq_ignore_ascii_case("path") && !is_of_host {
                            Some(format!(" {name}={}", self.cookie_path(value)?))
                        } else if name.eq_ignore_ascii_case("domain") {
                            Some(format!(" {name}={}", self.cookie_domain(value)?))
                        } else {
                            None
                        }
                    });
                changed |= public.is_some();
                public.unwrap_or_else(|| part.to_owned())
            })
            .collect();
        changed.then(|| parts.join(";"))
    }
}

/// The end of a quoted string whose first quote was taken.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}
