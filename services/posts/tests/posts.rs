//! The posts service over HTTP: lists, filters and pages, and what it asks of its neighbours.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use harness::{Manner, Neighbour, Program, Setup, golden_reads, on_both_stores};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_posts");

on_both_stores!(
    crate::BINARY;
    the_golden_reads_are_given_to_the_byte,
    links_lead_through_every_page_both_ways,
    a_filtered_list_has_pages_of_its_own,
);

async fn the_golden_reads_are_given_to_the_byte(setup: Setup) {
    let posts = setup.demo().start().await;
    golden_reads(&posts, &["posts"]).await;
}

/// Follows the links of this relation; gives the ids of each page.
async fn walk(posts: &Program, first: &str, relation: &str) -> Vec<Vec<u64>> {
    let mut pages = Vec::new();
    let mut path = Some(first.to_owned());
    while let Some(found) = path {
        let page = posts.get(&found).await;
        assert_eq!(page.status, 200, "{found}: {}", page.body);
        let rows = page.json();
        pages
            .push(rows.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect());
        path = page.link(relation);
    }
    pages
}

async fn links_lead_through_every_page_both_ways(setup: Setup) {
    let posts = setup.demo().start().await;
    let forth = walk(&posts, "/api/posts?view=full&limit=4", "next").await;
    assert_eq!(forth, [vec![1, 2, 3, 4], vec![5, 6]]);
    let back = walk(&posts, "/api/posts/?limit=2&view=full&before=6", "prev").await;
    assert_eq!(back, [vec![4, 5], vec![2, 3], vec![1]]);
    let newest = walk(&posts, "/api/posts?order=desc&limit=5&view=full", "next").await;
    assert_eq!(newest, [vec![6, 5, 4, 3, 2], vec![1]]);
    let middle = posts.get("/api/posts?after=2&limit=2&order=asc").await;
    assert_eq!(middle.link("next").unwrap(), "/api/posts?limit=2&after=4");
    assert_eq!(middle.link("prev").unwrap(), "/api/posts?limit=2&before=3");
    assert_eq!(posts.get("/api/posts").await.header("link"), "", "one page has no others");
    let between = walk(&posts, "/api/posts?after=1&before=5&limit=2&view=full", "next").await;
    assert_eq!(between, [vec![2, 3], vec![4]]);
}

async fn a_filtered_list_has_pages_of_its_own(setup: Setup) {
    let posts = setup.demo().start().await;
    let thread = walk(&posts, "/api/posts/in-thread/2?limit=2&view=full", "next").await;
    assert_eq!(thread, [vec![3, 4], vec![5]]);
    let user = walk(&posts, "/api/posts/by-user/1/?limit=1&view=full&order=desc", "next").await;
    assert_eq!(user, [vec![6], vec![5]]);
    assert_eq!(posts.get("/api/posts/in-thread/0").await.problem(400), ["id"]);
    assert_eq!(posts.get("/api/posts/by-user/x?limit=0").await.problem(400).len(), 1);
    posts.send("POST", "/api/posts/in-thread/1", &[], "").await.problem(405);
}

async fn beside(users: Vec<u64>, threads: Vec<u64>) -> (Neighbour, Neighbour, Program) {
    let users = Neighbour::start(Manner::Has(users));
    let threads = Neighbour::start(Manner::Has(threads));
    let setup = Setup::new(BINARY).env("USERS_URL", users.url()).env("THREADS_URL", threads.url());
    (users, threads, setup.start().await)
}

#[tokio::test]
async fn thread_and_user_must_exist() {
    let (_users, _threads, posts) = beside(vec![1], vec![2]).await;
    let post = async |body: Value| posts.json("POST", "/api/posts", &body).await;
    let created = post(json!({"thread": 2, "text": "a\n\tb", "user": 1})).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let expected = json!({"thread": 2, "text": "a\n\tb", "user": 1});
    assert_eq!(posts.get("/api/posts/1").await.json(), expected);
    let dangling = post(json!({"thread": 1, "text": "", "user": 2})).await;
    assert_eq!(dangling.problem(422), ["#/text", "#/thread", "#/user"]);
    let dangling = posts.json("PATCH", "/api/posts/1", &json!({"user": 2})).await;
    assert_eq!(dangling.problem(422), ["#/user"]);
    assert_eq!(posts.json("PATCH", "/api/posts/1", &json!({"text": "c"})).await.status, 200);
}

#[tokio::test]
async fn one_neighbour_that_is_down_does_not_hide_what_the_other_knows() {
    let (_users, threads, posts) = beside(vec![1], vec![2]).await;
    let post = async |thread: u64, user: u64| {
        posts
            .json("POST", "/api/posts", &json!({"thread": thread, "text": "t", "user": user}))
            .await
    };
    assert_eq!(post(2, 1).await.status, 201);
    threads.behave(Manner::HangsUp);
    assert_eq!(post(2, 1).await.status, 201, "thread 2 was seen before");
    post(3, 1).await.problem(503);
    assert_eq!(posts.get("/api/posts").await.json().as_array().unwrap().len(), 2);
}
