//! Entity tags and conditional requests (RFC 9110, 8.8.3 and 13).
//!
//! A member's tag is its rev, so that a write can compare it inside its transaction; a list's tag is
//! a hash of what is sent.

use actix_web::HttpRequest;
use actix_web::http::header::{self, EntityTag, Header, HeaderValue, IfMatch, IfNoneMatch};
use models::View;
use store::Precondition;
use xxhash_rust::xxh3::xxh3_128;

const FULL_SUFFIX: &str = "-full";

/// The tag of a member in one view. The two views differ in their bytes, so their tags do too.
pub(crate) fn member_tag(rev: u64, view: View) -> EntityTag {
    EntityTag::new_strong(match view {
        View::Basic => rev.to_string(),
        View::Full => format!("{rev}{FULL_SUFFIX}"),
    })
}

/// The tag of a list: of its bytes and of the links that go with them.
pub(crate) fn list_tag(body: &[u8], links: &str) -> EntityTag {
    EntityTag::new_strong(format!(
        "{:032x}",
        xxh3_128(body) ^ xxh3_128(links.as_bytes()).rotate_left(1)
    ))
}

/// Whether the client has this already (RFC 9110, 13.1.2): the answer is 304 without a body.
pub(crate) fn not_modified(request: &HttpRequest, etag: &HeaderValue) -> bool {
    match if_none_match(request) {
        None => false,
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => {
            let etag = etag.to_str().ok().and_then(|etag| etag.parse::<EntityTag>().ok());
            etag.is_some_and(|etag| tags.iter().any(|known| known.weak_eq(&etag)))
        }
    }
}

/// What the request asks of the member's state before it is written.
pub(crate) fn precondition(request: &HttpRequest) -> Precondition {
    let mut precondition = Precondition::default();
    if request.headers().contains_key(header::IF_MATCH) {
        // A header that cannot be read names no state that the member could be in.
        let tags = match IfMatch::parse(request) {
            Ok(IfMatch::Any) => None,
            Ok(IfMatch::Items(tags)) => Some(tags),
            Err(_) => Some(Vec::new()),
        };
        let strong =
            |tags: Vec<EntityTag>| tags.iter().filter(|tag| !tag.weak).filter_map(rev).collect();
        precondition.rev_in = tags.map(strong);
    }
    match if_none_match(request) {
        None => {}
        Some(IfNoneMatch::Any) => precondition.absent = true,
        Some(IfNoneMatch::Items(tags)) => {
            precondition.rev_not_in = Some(tags.iter().filter_map(rev).collect());
        }
    }
    precondition
}

fn if_none_match(request: &HttpRequest) -> Option<IfNoneMatch> {
    let given = request.headers().contains_key(header::IF_NONE_MATCH);
    given.then(|| IfNoneMatch::parse(request).ok()).flatten()
}

/// The rev in a member's tag, whichever view it is of.
fn rev(tag: &EntityTag) -> Option<u64> {
    let tag = tag.tag();
    tag.strip_suffix(FULL_SUFFIX).unwrap_or(tag).parse().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;

    use super::{list_tag, not_modified, precondition};

    #[test]
    fn if_none_match_compares_weakly() {
        let tag = HeaderValue::from_static("\"3\"");
        for (header, expected) in [
            ("\"3\"", true),
            ("W/\"3\"", true),
            ("\"1\", \"3\"", true),
            ("*", true),
            ("\"3-full\"", false),
            ("3", false),
        ] {
            let request = TestRequest::default().insert_header(("if-none-match", header));
            assert_eq!(not_modified(&request.to_http_request(), &tag), expected, "{header}");
        }
        assert!(!not_modified(&TestRequest::default().to_http_request(), &tag));
    }

    #[test]
    fn if_match_takes_the_tag_of_either_view_and_no_weak_one() {
        for (header, revs) in [
            ("\"3\"", Some(vec![3])),
            ("\"3-full\", \"4\"", Some(vec![3, 4])),
            ("W/\"3\"", Some(vec![])),
            ("nonsense", Some(vec![])),
            ("*", None),
        ] {
            let request = TestRequest::default().insert_header(("if-match", header));
            assert_eq!(precondition(&request.to_http_request()).rev_in, revs, "{header}");
        }
    }

    #[test]
    fn a_list_changes_its_tag_with_its_links() {
        assert_eq!(list_tag(b"[]", ""), list_tag(b"[]", ""));
        assert_ne!(list_tag(b"[]", ""), list_tag(b"[]", "<x>; rel=\"next\""));
        assert_ne!(list_tag(b"[]", ""), list_tag(b"[1]", ""));
    }
}
