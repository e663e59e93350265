//! Keys of each kind, and their order.

use replication::Key;

use crate::app::{App, name};

async fn keys(table: &str) -> Vec<String> {
    let app = App::with(table).await;
    let collection = app.install("/api/things", &["things"]).await;
    let seen = app.seen(&collection).await;
    // `Seen` is sorted by bytes, but its keys are shown as numbers if they are: write those as they travel.
    let travels =
        |shown: String| shown.parse::<u64>().map_or(shown, |n| Key::number(n).as_str().to_owned());
    let mut keys: Vec<_> = seen.into_keys().map(travels).collect();
    keys.sort();
    assert_eq!(name("/api/things"), collection.name);
    keys
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn numbers_keep_their_order_below_zero_too() {
    let values = [i64::MIN, -1_000, -10, -9, -1, 0, 1, 9, 10, 99, 100, i64::MAX];
    let rows = values.map(|value| format!("({value})")).join(", ");
    let keys = keys(&format!(
        "CREATE TABLE things (id bigint PRIMARY KEY); INSERT INTO things VALUES {rows}"
    ))
    .await;
    let expected = values
        .iter()
        .rev()
        .take(7)
        .rev()
        .map(|n| Key::number(n.unsigned_abs()).as_str().to_owned());
    assert_eq!(keys[5..], expected.collect::<Vec<_>>());
    assert_eq!(keys[..5], ["H0776627963145224191", "W8999", "Y89", "Z0", "Z8"]);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn texts_are_compared_by_bytes_whatever_their_collation() {
    let keys = keys(
        "CREATE TABLE things (id text COLLATE \"und-x-icu\" PRIMARY KEY);
         INSERT INTO things VALUES (''), (chr(1)), (chr(1) || chr(2)), ('B'), ('a'), ('aa'), ('é')",
    )
    .await;
    assert_eq!(keys, ["\u{1}\u{1}", "\u{1}\u{2}", "\u{1}\u{2}\u{2}", "B", "a", "aa", "é"]);
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn the_parts_of_a_key_are_compared_one_after_the_other() {
    let keys = keys(
        "CREATE TABLE things (a text, b int, c uuid, PRIMARY KEY (a, b, c));
         INSERT INTO things SELECT a, b, '00000000-0000-0000-0000-00000000000f' FROM
         (VALUES ('a', 2), ('a', 10), ('a', -1), ('a' || chr(1), 0), ('ab', 0), ('', 5)) v (a, b)",
    )
    .await;
    let uuid = "00000000-0000-0000-0000-00000000000f";
    let expected = [
        "\u{1}\u{1}a5",
        "a\u{1}\u{1}Z8",
        "a\u{1}\u{1}a2",
        "a\u{1}\u{1}b10",
        "a\u{1}\u{2}\u{1}\u{1}a0",
        "ab\u{1}\u{1}a0",
    ];
    assert_eq!(keys, expected.map(|start| format!("{start}{uuid}")));
}
