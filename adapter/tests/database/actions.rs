//! Foreign keys that act on deletes: a copy loses nothing by them, in the collection and beside it.

use adapter::{AdapterStore, MoveError, StoreError};
use replication::Peer;

use crate::app::App;
use crate::pair::{Pair, pump};

const COMMENTS: &str = "CREATE TABLE comments (id bigint PRIMARY KEY, parent bigint REFERENCES comments ON DELETE CASCADE)";
const USERS: &str = "CREATE TABLE users (id bigint PRIMARY KEY);
    CREATE TABLE posts (id bigint PRIMARY KEY, by bigint REFERENCES users ON DELETE CASCADE)";

async fn count(app: &App, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    app.client().await.query_one(&sql, &[]).await.unwrap().get(0)
}

fn is_kept<T: std::fmt::Debug>(done: Result<T, MoveError>, why: &str) {
    let kept = matches!(&done, Err(MoveError::Store(StoreError::Kept(_))));
    assert!(kept && format!("{done:?}").contains(why), "{done:?}");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_row_that_leaves_one_that_is_deleted_stays_with_all_below_it() {
    for limit in [1, 100] {
        let rows = "INSERT INTO comments VALUES (1, NULL), (2, NULL), (9, 1), (10, 9), (11, 10)";
        let pair = Pair::of(COMMENTS, rows, "/api/comments", &["comments"]).await;
        pair.pump(100).await.unwrap();
        let moves =
            "UPDATE comments SET parent = 2 WHERE id = 9; DELETE FROM comments WHERE id = 1";
        pair.source.database.execute(moves).await;
        pair.pump(limit).await.unwrap();
        pair.is_equal().await;
        assert_eq!(count(&pair.target, "comments").await, 4, "{limit}");
        // The whole thread goes.
        pair.source.database.execute("DELETE FROM comments WHERE id = 2").await;
        pair.pump(limit).await.unwrap();
        pair.is_equal().await;
    }
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_store_is_not_emptied_if_rows_of_other_tables_went_with_its_own() {
    let rows = "INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1, 1)";
    let pair = Pair::of(USERS, rows, "/api/users", &["users"]).await;
    pair.pump(100).await.unwrap();
    pair.target.database.execute("INSERT INTO posts VALUES (1, 1)").await;
    is_kept(pair.to.cancel().await, "posts_by_fkey");
    assert_eq!((count(&pair.target, "users").await, count(&pair.target, "posts").await), (1, 1));
    pair.switch().await;
    is_kept(pair.from.retire(false).await, "posts_by_fkey");
    assert_eq!(count(&pair.source, "posts").await, 1);
    pair.from.ownership().await.unwrap().followed.unwrap();
    pair.source.database.execute("ALTER TABLE posts DROP CONSTRAINT posts_by_fkey").await;
    pair.from.retire(false).await.unwrap();
    assert_eq!((count(&pair.source, "users").await, count(&pair.source, "posts").await), (0, 1));
}

/// A second collection of the pair, which follows too.
async fn beside(pair: &Pair, path: &str, tables: &[&str]) -> (AdapterStore, AdapterStore) {
    pair.source.install(path, tables).await;
    pair.target.install(path, tables).await;
    let (from, to) = (pair.source.store(path).await, pair.target.store(path).await);
    let own = from.ownership().await.unwrap();
    let peer = Peer { store: own.store, url: format!("http://source{path}") };
    to.follow(peer, &own.lineage, own.epoch, None).await.unwrap();
    (from, to)
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_delete_waits_until_the_copy_of_another_collection_has_none_of_its_rows() {
    let rows = "INSERT INTO users VALUES (1), (2), (3); INSERT INTO posts VALUES (1, 1), (2, 1)";
    let parts = USERS.replace("CASCADE)", "CASCADE) PARTITION BY RANGE (id)")
        + "; CREATE TABLE posts_1 PARTITION OF posts DEFAULT";
    for tables in [USERS, &parts] {
        let pair = Pair::of(tables, rows, "/api/users", &["users"]).await;
        let (from, to) = beside(&pair, "/api/posts", &["posts"]).await;
        pair.pump(100).await.unwrap();
        pump(&from, &to, 100).await.unwrap();
        let moves = "UPDATE posts SET by = 2 WHERE id = 2; DELETE FROM users WHERE id = 1";
        pair.source.database.execute(moves).await;
        is_kept(pair.pump(100).await, "posts");
        assert_eq!(count(&pair.target, "posts").await, 2);
        pump(&from, &to, 100).await.unwrap();
        pair.pump(100).await.unwrap();
        assert_eq!(count(&pair.target, "posts").await, 1);
        // One that none of them refers to is no matter of theirs.
        pair.source.database.execute("DELETE FROM users WHERE id = 3").await;
        pair.pump(100).await.unwrap();
        pair.is_equal().await;
    }
}
