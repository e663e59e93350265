//! The path of a request: what is refused, its segments, and the path that a service gets.

use std::borrow::Cow;

use http::StatusCode;
use http1::RefusedRequest;
use percent_encoding::percent_decode;

/// A request's target behind the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestPath<'a> {
    /// The path behind the stage as it was sent: empty, or from a slash on.
    pub raw: &'a str,
    /// The query without its question mark, as it was sent.
    query: Option<&'a str>,
    /// Whether one of its segments is `-`, encoded or not.
    dash: bool,
}

/// The place that a request's target names.
#[derive(Debug, PartialEq, Eq)]
pub enum PathScope<'a> {
    /// To the proxy itself.
    Root,
    /// Into the application.
    Application(RequestPath<'a>),
    /// Nowhere: outside the stage.
    Outside,
}

impl<'a> RequestPath<'a> {
    /// Reads a target in origin form (RFC 9112, 3.2.1). The application is below its stage, or at the root if that is
    /// empty.
    ///
    /// # Errors
    /// 400 for a path that two programs could read in two ways.
    pub fn place(target: &'a str, stage: &str) -> Result<PathScope<'a>, RefusedRequest> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        if path == "/" && !stage.is_empty() {
            return Ok(PathScope::Root);
        }
        if path.contains(['\\', '#']) {
            return Err(refused(r"a path cannot hold \ or #; encode them"));
        }
        let mut dash = false;
        for segment in segments(path) {
            // A service may take an encoded slash for a slash.
            for part in segment.split(['/', '\\']) {
                match part {
                    "." | ".." => {
                        let detail = "a path cannot hold the segments . and .., encoded or not";
                        return Err(refused(detail));
                    }
                    "-" => dash = true,
                    _ => {}
                }
            }
        }
        if stage.is_empty() {
            return Ok(PathScope::Application(Self { raw: path, query, dash }));
        }
        let first = path.get(1..).unwrap_or_default();
        let (first, raw) = first.split_at(first.find('/').unwrap_or(first.len()));
        if decoded(first) != stage {
            return Ok(PathScope::Outside);
        }
        Ok(PathScope::Application(Self { raw, query, dash }))
    }

    /// The segments for matching. Empty ones are none, as for the services of the board: else `//users` would pass
    /// the route of `/users` by.
    pub fn segments(&self) -> Segments<'a> {
        Segments { rest: self.raw }
    }

    /// Whether this is a path for the operators of a collection: in what the client sent, or in what a service gets, the
    /// segment `-` follows the name of one that moves. `base` and `matched` are those of [`RequestPath::join`].
    pub fn is_for_operators(
        &self,
        base: &str,
        matched: usize,
        moves: impl Fn(&str) -> bool,
    ) -> bool {
        if !self.dash {
            return false;
        }
        let rest = self.raw.get(matched..).unwrap_or_default();
        let follows = |base, rest| {
            let mut before = String::new();
            for segment in segments(base).chain(segments(rest)) {
                for part in segment.split(['/', '\\']).filter(|part| !part.is_empty()) {
                    if part == "-" && moves(&before) {
                        return true;
                    }
                    part.clone_into(&mut before);
                }
            }
            false
        };
        follows("", self.raw) || follows(base, rest)
    }

    /// The target that a service gets.
    ///
    /// `base` is its URL's path without trailing slashes, `fixed` its URL's query. `matched` bytes of
    /// the path are taken away.
    pub fn join(&self, base: &str, fixed: Option<&str>, matched: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(base.as_bytes());
        out.extend_from_slice(self.raw.get(matched..).unwrap_or_default().as_bytes());
        if out.len() == start {
            out.push(b'/');
        }
        let mut mark = b'?';
        for query in [fixed, self.query].into_iter().flatten() {
            out.push(mark);
            out.extend_from_slice(query.as_bytes());
            mark = b'&';
        }
    }
}

/// The rest of a path, segment by segment.
#[derive(Clone, Copy, Debug)]
pub struct Segments<'a> {
    rest: &'a str,
}

impl<'a> Segments<'a> {
    /// The first segment, decoded, and those after it; nothing at the end.
    pub fn split(self) -> Option<(Cow<'a, str>, Self)> {
        let rest = self.rest.trim_start_matches('/');
        let end = memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len());
        let (segment, rest) = rest.split_at(end);
        (!segment.is_empty()).then(|| (decoded(segment), Self { rest }))
    }

    /// How many bytes of the path have not been walked yet.
    pub fn remaining(self) -> usize {
        self.rest.len()
    }
}

fn refused(detail: &str) -> RefusedRequest {
    RefusedRequest { status: StatusCode::BAD_REQUEST, detail: detail.to_owned() }
}

fn segments(path: &str) -> impl Iterator<Item = Cow<'_, str>> {
    path.split('/').skip(1).map(decoded)
}

/// A segment without percent encoding; one that is not UTF-8 equals no literal.
fn decoded(segment: &str) -> Cow<'_, str> {
    if memchr::memchr(b'%', segment.as_bytes()).is_none() {
        return Cow::Borrowed(segment);
    }
    percent_decode(segment.as_bytes()).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::{PathScope, RequestPath};

    fn application(target: &str) -> RequestPath<'_> {
        match RequestPath::place(target, "api").unwrap() {
            PathScope::Application(path) => path,
            other => panic!("{target}: {other:?}"),
        }
    }

    #[test]
    fn the_first_segment_is_the_stage() {
        for (target, raw) in [
            ("/api", ""),
            ("/api/", "/"),
            ("/api/users/3", "/users/3"),
            ("/%61pi/users", "/users"),
            ("/api/api/users?x=/", "/api/users"),
        ] {
            assert_eq!(application(target).raw, raw, "{target}");
        }
        for target in ["/apix", "/ap", "//api", "/users", "/API/users"] {
            assert_eq!(RequestPath::place(target, "api").unwrap(), PathScope::Outside, "{target}");
        }
        assert_eq!(RequestPath::place("/", "api").unwrap(), PathScope::Root);
        assert_eq!(RequestPath::place("/?x", "api").unwrap(), PathScope::Root);
    }

    #[test]
    fn what_two_programs_could_read_in_two_ways_is_refused() {
        for target in [
            "/api/.",
            "/api/../x",
            "/api/%2e%2E/x",
            "/api/.%2e",
            "/api/a%2f..%2Fb",
            "/api/a%5c..",
            "/api/a\\b",
            "/..",
            "/api/a#b",
        ] {
            assert_eq!(RequestPath::place(target, "api").unwrap_err().status, 400, "{target}");
        }
        for target in ["/api/...", "/api/.a", "/api/a..", "/api/x?a=/../", "/api/-x/--"] {
            application(target);
        }
    }

    #[test]
    fn at_the_root_every_path_is_the_applications() {
        for target in ["/", "/api", "//x", "/users/3"] {
            let placed = RequestPath::place(target, "").unwrap();
            assert!(
                matches!(placed, PathScope::Application(path) if path.raw == target),
                "{target}"
            );
        }
        assert_eq!(RequestPath::place("/a/..", "").unwrap_err().status, 400);
    }

    #[test]
    fn paths_for_operators_are_those_of_collections_that_move() {
        let is = |target, base, matched| {
            application(target).is_for_operators(base, matched, |name| name == "users")
        };
        for target in [
            "/api/users/-/changes",
            "/api/users/-",
            "/api/users/%2D/x",
            "/api/users%2f-%2fx",
            "/api/users%5c-/x",
            "/api/%75sers//-/x",
            "/api/v1/users/-/x",
        ] {
            assert!(is(target, "/api", 0), "{target}");
        }
        assert!(is("/api/people/-/changes", "/api/users", 7), "what the service gets counts");
        assert!(is("/api/-/changes", "/users/", 0));
        assert!(is("/api/users/-/changes", "/members", 6), "what the client sent counts as well");
        for target in
            ["/api/-", "/api/-/users", "/api/threads/-/x", "/api/users/3/-/x", "/api/users-/-"]
        {
            assert!(!is(target, "", 0), "{target}");
        }
    }

    #[test]
    fn joining_keeps_every_byte() {
        let joined = |target, base, fixed, matched| {
            let mut out = Vec::new();
            application(target).join(base, fixed, matched, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(joined("/api/a/b%2Fc%20d", "", None, 0), "/a/b%2Fc%20d");
        assert_eq!(joined("/api/a/b?q=2&q=%7c|;", "/x", Some("k=1"), 0), "/x/a/b?k=1&q=2&q=%7c|;");
        assert_eq!(joined("/api/posts", "", None, 6), "/");
        assert_eq!(joined("/api/posts?", "/v2", None, 6), "/v2?");
    }
}
