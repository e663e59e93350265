//! `docs/protocol.openapi.json` and `docs/protocol.md` describe the types of this crate. Each sample has every member, so
//! a new one does not compile here before it is added, and is not right before the documents have it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::num::NonZero;

use replication::steps::{
    Cancel, FenceWrites, Follow, Forget, HandOver, NamedRows, Probe, Probed, Release, Retire, Step,
    Take,
};
use replication::{
    AnswerHead, BlockingTransaction, Changes, ChangesQuery, Digest, DigestQuery, Entry, ErrorCode,
    FeedCursor, FeedPage, FeedRow, Fence, Followed, FollowerSeen, FollowerState, Following,
    Handover, Hashes, HashesQuery, IdempotencyRecord, Key, Ownership, PROTOCOL, Peer, Position,
    Role, RowHash, SideStatus, StandingQuery,
};
use serde::Serialize;
use serde_json::{Value, json};

const OPENAPI: &str = include_str!("../../../docs/protocol.openapi.json");
const PAGE: &str = include_str!("../../../docs/protocol.md");

fn openapi() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

fn text() -> String {
    "x".to_owned()
}

fn peer() -> Peer {
    Peer { store: text(), url: text() }
}

fn handover() -> Handover {
    Handover { epoch: 2, to: peer(), position: 1, last_id: 1 }
}

fn blocked_by() -> BlockingTransaction {
    let (prepared, role, database) = (Some(text()), Some(text()), Some(text()));
    BlockingTransaction { pid: Some(1), prepared, role, database, seconds: 1 }
}

fn followed() -> Followed {
    let (cursor, covered) = (FeedCursor::START, Position::default());
    Followed { source: peer(), cursor, run: Some(text()), covered, copied: true }
}

fn following() -> Following {
    Following {
        state: FollowerState::Following,
        detail: Some(text()),
        code: Some(ErrorCode::Purged),
        rows: 1,
        rows_per_second: 1,
        lag_changes: Some(1),
        lag_ms: Some(1),
        throttled: true,
    }
}

fn side() -> SideStatus {
    let ownership = Ownership {
        collection: text(),
        store: text(),
        lineage: text(),
        role: Role::Primary,
        epoch: 1,
        since: 1,
        position: 1,
        run: text(),
        rows: true,
        fence: Some(Fence { id: text(), until_ms: 1 }),
        handover: Some(handover()),
        followed: Some(followed()),
        successor: Some(peer()),
        max_rows_per_second: NonZero::new(1),
        superseded: true,
        predecessor: Some(peer()),
        forwarded: Some(text()),
    };
    let followers = vec![FollowerSeen { store: text(), position: 1, seconds_ago: 1 }];
    let (following, blocked_by) = (Some(following()), Some(blocked_by()));
    SideStatus { protocol: PROTOCOL, ownership, following, followers, blocked_by }
}

fn idempotency() -> IdempotencyRecord {
    IdempotencyRecord { key: text(), fingerprint: text(), created_ms: 1, answer: text() }
}

fn row() -> FeedRow<Value> {
    FeedRow {
        key: Key::number(1),
        rev: 1,
        created_ms: 1,
        updated_ms: 1,
        content: Some(json!({})),
        idempotency: vec![idempotency()],
    }
}

fn changes() -> Changes<Value> {
    Changes {
        store: text(),
        lineage: text(),
        role: Role::Primary,
        epoch: 1,
        run: text(),
        heard: Some(text()),
        entries: vec![
            Entry::Row(row()),
            Entry::Heartbeat { at_ms: 1 },
            Entry::Handover(handover()),
        ],
        cursor: FeedCursor::START,
        covered: 1,
        latest: 1,
        revs_above: 1,
        more: true,
        now_ms: 1,
        blocked_by: Some(blocked_by()),
    }
}

/// The members of what this type writes.
fn members(value: &impl Serialize) -> BTreeSet<String> {
    let value = serde_json::to_value(value).unwrap();
    value.as_object().expect("an object").keys().cloned().collect()
}

/// The members that a schema has.
fn properties(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().expect("properties").keys().cloned().collect()
}

fn names<'a>(values: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    values.into_iter().map(|value| value.as_str().expect("a text").to_owned()).collect()
}

#[test]
fn each_schema_has_the_members_of_its_type() {
    let openapi = openapi();
    let row_hash = RowHash { key: Key::number(1), rev: 1, hash: text() };
    let (to, end) = (Some(Key::number(1)), Some(Key::number(1)));
    let (page, position) = (changes(), Position::default());
    let head = AnswerHead { protocol: PROTOCOL, busy: true };
    let cases = [
        ("Peer", members(&peer())),
        ("Fence", members(&Fence { id: text(), until_ms: 1 })),
        ("Handover", members(&handover())),
        ("Followed", members(&followed())),
        ("Following", members(&following())),
        ("FollowerSeen", members(&FollowerSeen { store: text(), position: 1, seconds_ago: 1 })),
        ("BlockingTransaction", members(&blocked_by())),
        ("Ownership", members(&side())),
        ("IdempotencyRecord", members(&idempotency())),
        ("Row", members(&row())),
        ("Page", members(&FeedPage { head, changes: &page })),
        ("Digest", members(&Digest { to, rows: 1, hash: text(), position, last: true, end })),
        ("RowHash", members(&row_hash)),
        ("Hashes", members(&Hashes { position, rows: vec![row_hash] })),
        (
            "Probed",
            members(&Probed { store: text(), lineage: text(), role: Role::Primary, epoch: 1 }),
        ),
    ];
    let schemas = &openapi["components"]["schemas"];
    for (name, members) in cases {
        assert_eq!(properties(&schemas[name]), members, "{name}");
    }
    let entries = serde_json::to_value(changes().entries).unwrap();
    let kinds = entries.as_array().unwrap().iter().flat_map(members);
    let entry = schemas["Entry"]["oneOf"].as_array().unwrap().iter().flat_map(properties);
    assert_eq!(entry.collect::<Vec<_>>(), kinds.collect::<Vec<_>>());
    assert_eq!(properties(&schemas["Heartbeat"]), members(&entries[1]["heartbeat"]));
}

#[test]
fn each_step_has_the_body_of_its_type() {
    fn of<S: Step>(step: &S) -> (&'static str, BTreeSet<String>) {
        (S::NAME, members(step))
    }
    let openapi = openapi();
    let cases = [
        of(&Follow { source: text(), max_rows_per_second: NonZero::new(1) }),
        of(&Cancel {}),
        of(&FenceWrites { id: text(), epoch: 1, ms: 1 }),
        of(&Release { id: text() }),
        of(&HandOver { id: text(), epoch: 1, to: peer() }),
        of(&Retire { keep_data: true }),
        of(&Take {}),
        of(&Forget { follower: text() }),
        ("probe", members(&Probe { peer: text() })),
        ("hashes", members(&NamedRows { keys: Vec::new() })),
    ];
    let mut posts = BTreeSet::new();
    for (name, members) in cases {
        let body = &openapi["paths"][format!("/-/{name}")]["post"]["requestBody"]["content"];
        assert_eq!(properties(&body["application/json"]["schema"]), members, "{name}");
        posts.insert(format!("/-/{name}"));
    }
    let paths = openapi["paths"].as_object().unwrap().iter();
    let described =
        paths.filter(|(_, methods)| methods.get("post").is_some()).map(|(path, _)| path.clone());
    assert_eq!(described.collect::<BTreeSet<_>>(), posts);
}

#[test]
fn each_query_has_the_parameters_of_its_type() {
    let openapi = openapi();
    let (key, cursor) = (Some(Key::number(1)), FeedCursor::START);
    let changes = ChangesQuery {
        after: cursor.clone(),
        passed: Some(cursor),
        limit: Some(1),
        wait: 1,
        run: Some(text()),
        follower: Some(text()),
    };
    let cases = [
        ("ownership", members(&StandingQuery { covers: Some(Position::default()), wait: 1 })),
        ("changes", members(&changes)),
        ("digest", members(&DigestQuery { after: key.clone(), to: key.clone(), limit: Some(1) })),
        ("hashes", members(&HashesQuery { after: key.clone(), to: key, recent: Some(1) })),
    ];
    for (name, members) in cases {
        let parameters =
            openapi["paths"][format!("/-/{name}")]["get"]["parameters"].as_array().unwrap();
        let described = names(parameters.iter().map(|parameter| &parameter["name"]));
        assert_eq!(described, members, "{name}");
    }
}

#[test]
fn the_documents_have_every_name_and_code() {
    let openapi = openapi();
    let schemas = &openapi["components"]["schemas"];
    let all = |name: &str| names(schemas[name]["enum"].as_array().unwrap());
    let roles = [Role::Primary, Role::Follower, Role::Retired];
    assert_eq!(all("Role"), roles.map(|role| role.name().to_owned()).into());
    assert_eq!(
        all("FollowerState"),
        FollowerState::ALL.map(|state| state.name().to_owned()).into()
    );
    let codes = &schemas["Problem"]["properties"]["code"]["enum"];
    let known = ErrorCode::ALL.iter().map(|code| code.name().to_owned());
    assert_eq!(names(codes.as_array().unwrap()), known.collect());
    assert_eq!(openapi["info"]["version"], PROTOCOL.to_string());
    for code in ErrorCode::ALL {
        let row = format!("| `{}` | {} |", code.name(), code.status());
        assert!(PAGE.contains(&row), "docs/protocol.md lacks {row}");
    }
    for name in properties(&schemas["Ownership"]).into_iter().chain(properties(&schemas["Page"])) {
        assert!(PAGE.contains(&format!("`{name}`")), "docs/protocol.md lacks `{name}`");
    }
}
