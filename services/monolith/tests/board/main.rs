//! The whole board in one program, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod crash;
mod deleted;
mod disk_full;
mod hostile;
mod million;
mod moving;
mod one_connection;
mod outage;
mod reads;
mod references;
mod rules;
mod start;
mod stop;
mod texts;
mod tokens;

const BINARY: &str = env!("CARGO_BIN_EXE_monolith");

harness::on_both_stores!(
    crate::BINARY;
    the_golden_reads_are_given_to_the_byte,
);

async fn the_golden_reads_are_given_to_the_byte(setup: harness::Setup) {
    let board = setup.demo().start().await;
    harness::golden_reads(&board, &["users", "threads", "posts"]).await;
    for collection in ["users", "threads", "posts"] {
        let document = board.get(&format!("/api/{collection}/openapi.json")).await.json();
        assert_eq!(document["info"]["title"], collection);
    }
}

#[tokio::test]
async fn every_field_that_a_description_names_is_there() {
    let board = harness::Setup::new(BINARY).start().await;
    let mut named = Vec::new();
    for (collection, content) in
        [("users", "NewUser"), ("threads", "NewThread"), ("posts", "NewPost")]
    {
        let document = board.get(&format!("/api/{collection}/openapi.json")).await;
        let fields = &document.json()["components"]["schemas"][content]["properties"];
        for (before, after) in [(" of one ", ", by id"), ("\"The ", " is taken")] {
            for text in document.body.split(before).skip(1) {
                let Some((field, _)) = text.split_once(after) else { continue };
                if !field.contains(' ') {
                    assert!(fields[field].is_object(), "{field} is no field of {collection}");
                    named.push(field.to_owned());
                }
            }
        }
    }
    named.sort();
    named.dedup();
    assert_eq!(named, ["thread", "user", "username"]);
}
