use std::collections::BTreeMap;

use super::{TAGS, TagPlace, TagRule, check_tags};

fn refused(key: &str, value: &str, place: TagPlace) -> Option<String> {
    check_tags(&BTreeMap::from([(key.to_owned(), value.to_owned())]), place).err()
}

#[test]
fn the_table_is_ordered_and_holds_each_key_once() {
    assert!(TAGS.is_sorted_by(|one, next| one.key < next.key));
    assert!(TAGS.iter().all(|rule| rule.key.starts_with("banyan:")));
}

#[test]
fn each_tag_has_its_row_in_the_documents() {
    let page = include_str!("../../../../docs/your-application.md");
    for TagRule { key, places, .. } in TAGS {
        let on: Vec<_> = places
            .iter()
            .map(|place| match place {
                TagPlace::Environment => "environment",
                TagPlace::Application => "application",
                TagPlace::Service => "service",
                TagPlace::Route if places.contains(&TagPlace::DefaultRoute) => "route",
                TagPlace::Route => "route with a path",
                TagPlace::DefaultRoute => "",
            })
            .filter(|word| !word.is_empty())
            .collect();
        let row = format!("\n| `{key}` | {} | ", on.join(", "));
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn an_unknown_tag_is_refused_with_those_that_are_possible_there() {
    let message = refused("banyan:canry", "10", TagPlace::Route).unwrap();
    assert!(message.starts_with("banyan:canry is not known: a route with a path takes "));
    assert!(TAGS.iter().all(|rule| message.contains(rule.key)), "{message}");
    let message = refused("banyan:idle-ms", "10", TagPlace::Environment).unwrap();
    assert!(message.ends_with("no tag that begins with banyan: may stand on an environment"));
    assert_eq!(refused("team", "x", TagPlace::Environment), None);
}

#[test]
fn what_needs_two_sides_may_not_stand_on_a_default_route() {
    for key in ["banyan:canary", "banyan:shadow", "banyan:ignore"] {
        let message = refused(key, "0", TagPlace::DefaultRoute).unwrap();
        assert!(message.starts_with(&format!("{key} may not stand on a DEFAULT route: a ")));
        assert!(message.contains("banyan:idle-ms") && !message.contains("shadow,"));
    }
    assert_eq!(refused("banyan:idle-ms", "10", TagPlace::DefaultRoute), None);
    assert_eq!(refused("banyan:canary", "10", TagPlace::Service), None);
}

#[test]
fn a_value_that_a_tag_does_not_take_is_refused_with_what_it_takes() {
    for (key, value) in [
        ("banyan:canary", "101"),
        ("banyan:shadow", "ten"),
        ("banyan:ignore", "a"),
        ("banyan:ignore", "/a /b~2"),
        ("banyan:connect-ms", "0"),
        ("banyan:connections", "0"),
        ("banyan:first-byte-ms", "86400001"),
        ("banyan:idle-ms", "2s"),
        ("banyan:upload-bytes", "0"),
        ("banyan:upload-bytes", "10M"),
        ("banyan:answer-header-bytes", "1023"),
    ] {
        let message = refused(key, value, TagPlace::Route).unwrap();
        let quoted = format!("not {value:?}");
        assert!(message.starts_with(&format!("{key} must be ")) && message.ends_with(&quoted));
    }
}
