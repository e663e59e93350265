//! The wire format and the rules of each model, as tables of cases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use models::view::{Basic, Full};
use models::{Model, Post, Reference, Thread, Timestamp, User};
use serde_json::{Value, json};

fn read<M: Model>(input: Value) -> Result<M, Vec<(&'static str, String)>> {
    let input = serde_json::from_value(input).unwrap();
    M::from_input(input)
        .map_err(|errors| errors.0.into_iter().map(|error| (error.field, error.detail)).collect())
}

fn fields<M: Model>(input: Value) -> Vec<&'static str> {
    read::<M>(input).unwrap_err().into_iter().map(|(field, _)| field).collect()
}

#[test]
fn the_basic_view_is_the_contract_to_the_byte() {
    let user = read::<User>(json!({"username": "finn", "name": "Finn", "bio": "Hero"})).unwrap();
    let thread = read::<Thread>(json!({"title": "Party", "createdBy": 3})).unwrap();
    let post = read::<Post>(json!({"user": 2, "text": "Mathematical!", "thread": 1})).unwrap();
    let shown = [
        serde_json::to_string(&Basic::new(2, user)).unwrap(),
        serde_json::to_string(&Basic::new(5, thread)).unwrap(),
        serde_json::to_string(&Basic::new(7, post)).unwrap(),
    ];
    assert_eq!(shown[0], r#"{"id":2,"username":"finn","name":"Finn","bio":"Hero"}"#);
    assert_eq!(shown[1], r#"{"id":5,"title":"Party","createdBy":3}"#);
    assert_eq!(shown[2], r#"{"thread":1,"text":"Mathematical!","user":2}"#);
}

#[test]
fn the_full_view_adds_id_and_times_and_can_be_read_back() {
    let full = Full {
        id: 7,
        content: read::<Post>(json!({"thread": 1, "text": "Hi", "user": 2})).unwrap(),
        created_at: Timestamp { unix_ms: 0 },
        updated_at: Timestamp { unix_ms: 1 },
    };
    let shown = serde_json::to_string(&full).unwrap();
    assert_eq!(
        shown,
        r#"{"id":7,"thread":1,"text":"Hi","user":2,"createdAt":"1970-01-01T00:00:00.000Z","updatedAt":"1970-01-01T00:00:00.001Z"}"#
    );
    assert_eq!(serde_json::from_str::<Full<Post>>(&shown).unwrap(), full);
}

#[test]
fn every_broken_rule_is_named_at_once() {
    assert_eq!(fields::<User>(json!({})), ["username", "name"]);
    assert_eq!(fields::<User>(json!({"username": "", "name": ""})), ["username", "name"]);
    assert_eq!(fields::<Thread>(json!({})), ["title", "createdBy"]);
    assert_eq!(fields::<Post>(json!({"thread": 0, "user": 0})), ["thread", "text", "user"]);
}

/// Whether a model takes this text in one of its fields.
type Accepts = fn(String) -> bool;

#[test]
fn lengths_are_counted_in_characters_and_their_bounds_belong_to_them() {
    let cases: [(&str, usize, Accepts); 5] = [
        ("username", 32, |text| {
            let username = text.replace('é', "a");
            read::<User>(json!({"username": username, "name": "n"})).is_ok()
        }),
        ("name", 100, |text| read::<User>(json!({"username": "u", "name": text})).is_ok()),
        ("bio", 1_000, |text| {
            read::<User>(json!({"username": "u", "name": "n", "bio": text})).is_ok()
        }),
        ("title", 200, |text| read::<Thread>(json!({"title": text, "createdBy": 1})).is_ok()),
        ("text", 10_000, |text| {
            read::<Post>(json!({"thread": 1, "user": 1, "text": text})).is_ok()
        }),
    ];
    for (field, most, accepts) in cases {
        assert!(accepts("é".repeat(most)), "{field} takes {most} characters");
        assert!(!accepts("é".repeat(most + 1)), "{field} takes no {} characters", most + 1);
        assert!(accepts("é".into()), "{field} takes one character");
        assert_eq!(accepts(String::new()), field == "bio", "only bio may be empty: {field}");
    }
}

#[test]
fn characters_outside_the_alphabet_are_refused() {
    for username in ["Finn", "finn the human", "fínn", "finn\n", "finn/1"] {
        assert_eq!(fields::<User>(json!({"username": username, "name": "n"})), ["username"]);
    }
    assert!(read::<User>(json!({"username": "a-z_0.9", "name": "n"})).is_ok());
    for control in ["\u{0}", "\n", "\t", "\u{7f}", "\u{85}"] {
        assert_eq!(fields::<Thread>(json!({"title": control, "createdBy": 1})), ["title"]);
    }
    assert!(read::<Post>(json!({"thread": 1, "user": 1, "text": "a\n\tb"})).is_ok());
    assert_eq!(fields::<Post>(json!({"thread": 1, "user": 1, "text": "a\rb"})), ["text"]);
}

#[test]
fn ids_beyond_what_a_store_counts_break_a_rule() {
    let id = models::MAX_ID;
    for no_id in [json!(0), json!(-1), json!(-1.0), json!(1e30), json!(u64::MAX)] {
        assert_eq!(fields::<Thread>(json!({"title": "t", "createdBy": no_id})), ["createdBy"]);
    }
    let three = read::<Thread>(json!({"title": "t", "createdBy": 3.0})).unwrap();
    assert_eq!(three.created_by, 3);
    assert!(read::<Thread>(json!({"title": "t", "createdBy": id})).is_ok());
    assert_eq!(fields::<Thread>(json!({"title": "t", "createdBy": id + 1})), ["createdBy"]);
}

#[test]
fn null_another_type_and_an_unknown_field_are_not_read() {
    for input in
        [json!({"username": null}), json!({"username": 5}), json!({"id": 1}), json!("finn")]
    {
        assert!(
            serde_json::from_value::<<User as Model>::Input>(input.clone()).is_err(),
            "{input}"
        );
    }
    for id in [json!(1.5), json!("1"), json!(null), json!(true), json!([1])] {
        let input = json!({"createdBy": id});
        assert!(
            serde_json::from_value::<<Thread as Model>::Input>(input.clone()).is_err(),
            "{input}"
        );
    }
}

#[test]
fn a_patch_changes_only_what_it_names() {
    let finn = read::<User>(json!({"username": "finn", "name": "Finn", "bio": "Hero"})).unwrap();
    let patch = serde_json::from_value(json!({"bio": ""})).unwrap();
    let merged = User::from_input(finn.merge(patch)).unwrap();
    assert_eq!(merged, User { bio: String::new(), ..finn.clone() });
    let bad = serde_json::from_value(json!({"name": ""})).unwrap();
    assert_eq!(User::from_input(finn.merge(bad)).unwrap_err().0[0].field, "name");
}

#[test]
fn references_are_those_given_that_could_exist() {
    let input = serde_json::from_value(json!({"thread": 0, "user": 3})).unwrap();
    let user = Reference { field: "user", collection: "users", id: 3 };
    assert_eq!(Post::references(&input), [user]);
}
