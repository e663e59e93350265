use super::*;

/// Texts that a rule takes, and texts that it does not.
fn table(rule: impl Fn(&str) -> Result<(), BrokenRule>, good: &[&str], bad: &[&str]) {
    for text in good {
        assert_eq!(rule(text), Ok(()), "{text:?}");
    }
    for text in bad {
        assert!(rule(text).is_err(), "{text:?}");
    }
}

#[test]
fn names_are_3_to_63_characters_and_never_look_like_ids() {
    let long = "n".repeat(64);
    let good = ["abc", "a-b", "3 d", "Users_1 of 2", "app-like", &long[1..], "environment"];
    let bad =
        ["", "ab", "-ab", " ab", "_ab", "env-x", "env-0123456789", "a:b", "ä-b", "a\nb", &long];
    table(|text| name(ResourceType::Environment, text), &good, &bad);
    table(|text| name(ResourceType::Service, text), &["env-x"], &["svc-x"]);
}

#[test]
fn ids_are_of_one_kind_and_alone() {
    let rule = |text: &str| id(ResourceType::Application, text);
    table(
        rule,
        &["app-0123456789", "app-abcdeABCDE"],
        &["", "app-", "env-0123456789", "app-01234567890", "APP-0123456789", "app-012345678ä"],
    );
    let composite = rule("env-0123456789|app-abcdeABCDE").unwrap_err();
    assert_eq!(composite, "holds several ids; use app-abcdeABCDE");
}

#[test]
fn descriptions_have_no_commas_colons_slashes_or_parentheses() {
    let long = "d".repeat(257);
    let good = ["a", "It's the #1 - really_good. Wow! @home *", "two\nlines", &long[1..]];
    table(description, &good, &["", "a,b", "a:b", "a/b", "(a)", "é", "a\"b", &long]);
}

#[test]
fn vpc_ids_have_8_or_17_characters() {
    let good = ["vpc-01234567", "vpc-0123456789abcdef0", "vpc--------f"];
    let bad = [
        "",
        "vpc-",
        "vpc-0123456",
        "vpc-012345678",
        "vpc-0123456g",
        "VPC-01234567",
        "vpc-0123456789ABCDEF0",
    ];
    table(vpc_id, &good, &bad);
}

#[test]
fn stages_are_one_plain_segment() {
    let long = "s".repeat(129);
    table(
        stage_name,
        &["prod", "api", "v1_2-x", "--", "-", "$default", &long[1..]],
        &["", "a/b", "a b", "a.b", "$", "$defaults", "default$", &long],
    );
}

#[test]
fn urls_are_those_of_the_published_pattern() {
    let long = format!("http://{}", "u".repeat(2_042));
    let good = [
        "http://a",
        "https://example.com",
        "http://127.0.0.1:3000/api",
        "http://users:3000/api/",
        "http://h/p?q=1",
        "http://h/p?q=1|2;3",
        "http://u@h/%20~x",
        &long[..2_048],
    ];
    let bad = [
        "",
        "http://",
        "ftp://a",
        "HTTP://a",
        "a.example",
        "http://[::1]/",
        "http://h/?a=1&b=2",
        "http://h/{x}",
        "http://h/a b",
        "http://h/'",
        "http://h/?",
        "http://h.",
        "http://h/a,",
        "http://ä",
        &long,
    ];
    table(url, &good, &bad);
}

#[test]
fn source_paths_are_segments_and_whole_parameters() {
    let long = format!("/{}", "p".repeat(2_048));
    let good = [
        "/a",
        "/posts",
        "/users/{id}/posts",
        "/{x}/{y}",
        "/v1.0/a:b/c_d-e",
        "/.../--/{-}",
        &long[..2_048],
    ];
    let bad = [
        "",
        "/",
        "a",
        "/a/",
        "//a",
        "/a//b",
        "/a%20b",
        "/~a",
        "/*",
        "/{proxy+}",
        "/{}",
        "/a{b}",
        "/{a}b",
        "/{a",
        "/a}",
        "/a?b",
        "/{id}/x/{id}",
        &long,
    ];
    table(source_path, &good, &bad);
    assert!(source_path("/{id}/{id}").unwrap_err().contains("{id} twice"));
    for (path, segment) in [("/.", "."), ("/..", ".."), ("/a/../b", "..")] {
        let refused = source_path(path).unwrap_err();
        assert!(refused.starts_with(&format!("has the segment {segment}, ")), "{path}: {refused}");
    }
}

#[test]
fn tags_and_tokens_have_bounds() {
    let key = "k".repeat(129);
    table(tag_key, &["k", "banyan:canary", "AWS:x", "ключ", &key[1..]], &["", "aws:x", &key]);
    let value = "v".repeat(257);
    table(tag_value, &["", "ä, b: c", &value[1..]], &[&value]);
    let token = "t".repeat(65);
    table(client_token, &["t", "a b~", &token[1..]], &["", "é", "a\tb", &token]);
}

#[test]
fn arns_name_a_resource_of_this_service() {
    table(
        |text| resource_arn(text).map(drop),
        &["arn:aws:refactor-spaces:local:000000000000:environment/env-0123456789"],
        &[
            "",
            "env-0123456789",
            "arn:aws:s3:::a-bucket-with-a-name",
            "arn:aws:refactor-spaces:local:0:thing/env-0123456789",
        ],
    );
}
