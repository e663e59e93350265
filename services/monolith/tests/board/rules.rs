//! The wire format and the rules of each collection, as tables of cases.

use std::sync::LazyLock;

use models::{
    Alphabet, Basic, Cell, Collection, Draft, FieldErrors, Full, MemberHead, Post, Reference,
    THREADS, Target, Thread, Timestamp, USERS, User, View,
};
use regex::Regex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A member for Rust callers, and its collection.
trait Member: Serialize + DeserializeOwned {
    fn collection() -> &'static Collection;
}

macro_rules! members {
    ($($member:ident: $collection:expr),*) => {$(
        impl Member for $member {
            fn collection() -> &'static Collection {
                static COLLECTION: LazyLock<Collection> = LazyLock::new(|| $collection);
                &COLLECTION
            }
        }
    )*};
}

members!(User: users::users(), Thread: threads::threads(), Post: posts::posts());

fn draft<M: Member>(input: Value) -> Result<Draft, serde_json::Error> {
    M::collection().draft(input)
}

fn member<M: Member>(cells: &[Cell]) -> M {
    let cells = cells.iter().map(|cell| Ok::<_, ()>(cell.as_ref()));
    let mut json = Vec::new();
    M::collection().write_content(cells, &mut json).unwrap();
    serde_json::from_slice(&json).unwrap()
}

fn cells<M: Member>(member: &M) -> Vec<Cell> {
    M::collection().content(&serde_json::to_string(member).unwrap()).unwrap()
}

fn read<M: Member>(input: Value) -> Result<M, Vec<(String, String)>> {
    let errors = |errors: FieldErrors| {
        errors.0.into_iter().map(|error| (error.field.into_owned(), error.detail)).collect()
    };
    M::collection().whole(draft::<M>(input).unwrap()).map_err(errors).map(|cells| member(&cells))
}

fn merge<M: Member>(present: &M, patch: Value) -> Result<M, FieldErrors> {
    let merged = M::collection().merge(&cells(present), draft::<M>(patch).unwrap());
    merged.map(|cells| member(&cells))
}

fn fields<M: Member>(input: Value) -> Vec<String> {
    read::<M>(input).err().unwrap().into_iter().map(|(field, _)| field).collect()
}

/// The member in a view.
fn shown<M: Member>(member: &M, view: View, id: u64, times: [i64; 2]) -> String {
    let [created_at, updated_at] = times.map(|unix_ms| Timestamp { unix_ms });
    let cells = cells(member);
    let cells = cells.iter().map(|cell| Ok::<_, ()>(cell.as_ref()));
    let mut json = Vec::new();
    let head = MemberHead { id, created_at, updated_at };
    M::collection().write_row(view, head, cells, &mut json).unwrap();
    String::from_utf8(json).unwrap()
}

#[test]
fn the_basic_view_is_the_contract_to_the_byte() {
    let user = read::<User>(json!({"username": "finn", "name": "Finn", "bio": "Hero"})).unwrap();
    let thread = read::<Thread>(json!({"title": "Party", "createdBy": 3})).unwrap();
    let post = read::<Post>(json!({"user": 2, "text": "Mathematical!", "thread": 1})).unwrap();
    let shown = [
        shown(&user, View::Basic, 2, [0, 0]),
        shown(&thread, View::Basic, 5, [0, 0]),
        shown(&post, View::Basic, 7, [0, 0]),
    ];
    let typed = [
        serde_json::to_string(&Basic { id: Some(2), content: user }).unwrap(),
        serde_json::to_string(&Basic { id: Some(5), content: thread }).unwrap(),
        serde_json::to_string(&Basic { id: None, content: post }).unwrap(),
    ];
    assert_eq!(typed, shown);
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
    let shown = shown(&full.content, View::Full, 7, [0, 1]);
    assert_eq!(serde_json::to_string(&full).unwrap(), shown);
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
    assert_eq!(fields::<Post>(json!({"thread": 1, "user": 1, "text": "a\u{b}b"})), ["text"]);
}

fn post(text: &str) -> Result<String, Vec<(String, String)>> {
    read::<Post>(json!({"thread": 1, "user": 1, "text": text})).map(|post| post.text)
}

#[test]
fn every_line_end_is_stored_as_a_newline_and_counts_as_one_character() {
    for end in ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
        assert_eq!(post(&format!("one{end}two{end}")).unwrap(), "one\ntwo\n", "{end:?}");
        assert_eq!(post(&end.repeat(10_000)).unwrap(), "\n".repeat(10_000), "{end:?}");
        assert!(post(&end.repeat(10_001)).is_err(), "{end:?}");
        let bio = json!({"username": "u", "name": "n", "bio": format!("one{end}two")});
        assert_eq!(read::<User>(bio).unwrap().bio, "one\ntwo");
        for name in [format!("one{end}two"), end.to_owned()] {
            assert_eq!(fields::<User>(json!({"username": "u", "name": name})), ["name"]);
            assert_eq!(fields::<Thread>(json!({"title": name, "createdBy": 1})), ["title"]);
        }
    }
    assert_eq!(post("a\r\r\n\n\rb").unwrap(), "a\n\n\n\nb");
}

#[test]
fn a_name_can_be_seen_and_shows_its_characters_in_their_order() {
    let named = |name: &str| read::<User>(json!({"username": "u", "name": name})).is_ok();
    for unseen in [
        " ",
        "\u{a0}\u{3000}",
        "\u{200b}",
        "\u{200d}\u{feff}",
        "\u{ad}",
        "\u{2060}",
        "\u{3164}",
        "\u{115f}",
        "\u{2800}",
        "\u{301}\u{302}",
        "\u{fe0f}",
        "\u{e0041}",
        "\u{1d173}",
    ] {
        assert!(!named(unseen), "{unseen:?}");
        assert!(named(&format!("{unseen}a{unseen}")), "{unseen:?}");
        let title = json!({"title": unseen, "createdBy": 1});
        assert_eq!(fields::<Thread>(title), ["title"], "{unseen:?}");
        // A text may hold whatever is no control character.
        assert_eq!(post(unseen).unwrap(), unseen);
    }
    for direction in ["\u{202e}", "\u{2066}", "\u{200f}", "\u{61c}"] {
        assert!(!named(&format!("nnif{direction}")), "{direction:?}");
        assert_eq!(post(direction).unwrap(), direction);
    }
    for seen in ["e\u{301}", "\u{5d0}", "👩\u{200d}🚀", "🏴\u{e0067}\u{e007f}", "\u{f8ff}", "!"]
    {
        assert!(named(seen), "{seen:?}");
    }
}

/// Whether a model takes this character alone in one of its fields.
type AcceptsOne = fn(char) -> bool;

/// The pattern in the API's schema says what the rule says, by Unicode's own properties: asked of the first plane, of
/// what cannot be seen in the others, and of a part of the rest.
#[test]
fn a_pattern_says_what_its_rule_says() {
    let unseen = r"\p{White_Space}\p{Default_Ignorable_Code_Point}\x{2800}\x{300}-\x{36f}\x{1ab0}-\x{1aff}\x{1dc0}-\x{1dff}\x{20d0}-\x{20ff}\x{fe20}-\x{fe2f}";
    let ends = r"\r\x{85}\x{2028}\x{2029}";
    let lines = format!(r"^(?:[^\p{{Cc}}]|[\n\t{ends}])$");
    let line = format!(r"^[^\p{{Cc}}\p{{Zl}}\p{{Zp}}\p{{Bidi_Control}}{unseen}]$");
    let cases: [(Alphabet, &str, AcceptsOne); 3] = [
        (Alphabet::Handle, "^[a-z0-9_.-]$", |character| {
            read::<User>(json!({"username": character, "name": "n"})).is_ok()
        }),
        (Alphabet::Line, &line, |character| {
            read::<User>(json!({"username": "u", "name": character})).is_ok()
        }),
        (Alphabet::Lines, &lines, |character| {
            read::<User>(json!({"username": "u", "name": "n", "bio": character})).is_ok()
        }),
    ];
    for (alphabet, unicode, accepts) in cases {
        let (pattern, unicode) = (alphabet.pattern(), Regex::new(unicode).unwrap());
        let pattern = Regex::new(&pattern).unwrap();
        let astral = ('\u{1bc00}'..'\u{1d200}').chain('\u{e0000}'..'\u{e1100}');
        let rest = ('\u{10000}'..=char::MAX).step_by(1_009);
        for character in ('\0'..='\u{ffff}').chain(astral).chain(rest) {
            let text = character.to_string();
            let accepted = accepts(character);
            assert_eq!(pattern.is_match(&text), accepted, "{alphabet:?} {character:?}");
            assert_eq!(unicode.is_match(&text), accepted, "{alphabet:?} {character:?}");
        }
    }
    let line = Regex::new(&Alphabet::Line.pattern()).unwrap();
    for (name, fits) in
        [("a b", true), (" a", true), ("\u{200b}a\u{200b}", true), ("a\u{202e}", false)]
    {
        assert_eq!(line.is_match(name), fits, "{name:?}");
    }
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
        assert!(draft::<User>(input.clone()).is_err(), "{input}");
    }
    for id in [json!(1.5), json!("1"), json!(null), json!(true), json!([1])] {
        let input = json!({"createdBy": id});
        assert!(draft::<Thread>(input.clone()).is_err(), "{input}");
    }
}

#[test]
fn a_patch_changes_only_what_it_names() {
    let finn = read::<User>(json!({"username": "finn", "name": "Finn", "bio": "Hero"})).unwrap();
    let merged = merge(&finn, json!({"bio": ""})).unwrap();
    assert_eq!(merged, User { bio: String::new(), ..finn.clone() });
    assert_eq!(merge(&finn, json!({"name": ""})).unwrap_err().0[0].field, "name");
}

#[test]
fn what_was_stored_before_a_rule_is_not_judged_by_it() {
    let old = User { username: "Ünseen".into(), name: "\u{200b}".into(), bio: "a\rb".into() };
    assert_eq!(serde_json::from_str::<User>(&serde_json::to_string(&old).unwrap()).unwrap(), old);
    let bio = merge(&old, json!({"bio": "x\r\ny"})).unwrap();
    assert_eq!(bio, User { bio: "x\ny".into(), ..old.clone() });
    let broken = merge(&old, json!({"name": "\u{200b}"})).unwrap_err();
    assert_eq!(broken.0.iter().map(|error| &*error.field).collect::<Vec<_>>(), ["name"]);
    let post = Post { thread: 1, text: String::new(), user: 0 };
    let moved = merge(&post, json!({"thread": 2})).unwrap();
    assert_eq!(moved, Post { thread: 2, ..post });
}

#[test]
fn references_are_those_given_that_could_exist() {
    let input = draft::<Post>(json!({"thread": 0, "user": 3})).unwrap();
    let user = Reference { field: "user".into(), target: Target::new("users", "user"), id: 3 };
    assert_eq!(Post::collection().references(&input), [user]);
}

#[test]
fn a_target_is_the_collection_that_it_names() {
    assert_eq!(User::collection().target(), USERS);
    assert_eq!(Thread::collection().target(), THREADS);
    for collection in monolith::collections() {
        collection.check().unwrap();
    }
}
