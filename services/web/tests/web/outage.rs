//! An API that does not answer, or not yet.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::api::{Board, pages};
use crate::browser::{Browser, Form};

/// An API of one user and one thread that answers each write with the next of these heads, and the last one ever after.
struct Stub {
    url: String,
    /// The head of each write.
    writes: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    fn start(answers: &[&'static str]) -> Self {
        Self::start_with("200 OK\r\netag: \"1\"", answers)
    }

    /// With this head for the user.
    fn start_with(user: &'static str, answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let writes = Arc::new(Mutex::new(Vec::new()));
        let (seen, answers) = (Arc::clone(&writes), answers.to_vec());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
                let lines = reader.by_ref().lines().map_while(Result::ok);
                let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
                let head = head.join("\n").to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let mut body =
                    vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
                let _ = reader.read_exact(&mut body);
                let times =
                    r#""createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z""#;
                let (status, body) = if head.starts_with("get /api/users/1?") {
                    (user, format!(r#"{{"id":1,"username":"a","name":"A","bio":"",{times}}}"#))
                } else if head.starts_with("get /api/threads/1?") {
                    (
                        "200 OK\r\netag: \"1\"",
                        format!(r#"{{"id":1,"title":"T","createdBy":1,{times}}}"#),
                    )
                } else if head.starts_with("get /api/posts/") {
                    let post = head.starts_with("get /api/posts/in-thread/");
                    let post = post.then(|| {
                        format!(r#"{{"id":1,"thread":1,"text":"Read me","user":1,{times}}}"#)
                    });
                    ("200 OK", format!("[{}]", post.unwrap_or_default()))
                } else {
                    let mut writes = seen.lock().expect("no thread panics with them");
                    let answer = answers.get(writes.len()).or(answers.last()).expect("an answer");
                    writes.push(head);
                    if answer.is_empty() {
                        continue;
                    }
                    (*answer, format!(r#"{{"id":7,"thread":1,"user":1,"text":"x",{times}}}"#))
                };
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
        });
        Self { url, writes }
    }

    fn writes(&self) -> Vec<String> {
        self.writes.lock().expect("no thread panics with them").clone()
    }
}

fn key(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).expect("a key")
}

#[tokio::test]
async fn a_form_that_is_sent_during_a_switch_waits_and_is_stored_with_one_key() {
    let unavailable = "503 Service Unavailable\r\nretry-after: 1";
    // The last but one broke off without an answer: it may be stored.
    let stub = Stub::start(&[
        unavailable,
        "421 Misdirected Request",
        "",
        "502 Bad Gateway",
        "201 Created",
    ]);
    let program = pages(&stub.url).start().await;
    let browser = Browser::new(&program.url());
    browser.send("/users/1", "/writer", &[]).await;
    let answer = browser.send("/threads/1", "/threads/1/posts", &[("text", "x")]).await;
    assert_eq!(answer.location(), "/threads/1?before=8#post-7", "{}", answer.body);
    let writes = stub.writes();
    assert_eq!(writes.len(), 5);
    assert!(writes.iter().all(|head| key(head) == key(&writes[0])), "{writes:?}");
}

#[tokio::test]
async fn a_store_without_space_is_told_at_once_and_the_text_stays() {
    let stub = Stub::start(&["507 Insufficient Storage", "201 Created"]);
    let program = pages(&stub.url).start().await;
    let browser = Browser::new(&program.url());
    browser.send("/users/1", "/writer", &[]).await;
    let page = browser.send("/threads/1", "/threads/1/posts", &[("text", "Mine")]).await;
    assert_eq!(page.status, 503);
    assert!(page.body.contains("Nothing was stored, and your text is still here"), "{}", page.body);
    let again = page.form("/threads/1/posts");
    assert_eq!(again.fields["text"], "Mine");
    browser.submit(&again, &[]).await.id();
    let writes = stub.writes();
    assert_eq!(key(&writes[0]), key(&writes[1]), "it would be stored once in any case");
}

#[tokio::test]
async fn while_users_cannot_be_read_the_posts_can_and_a_reply_can_be_sent() {
    let stub = Stub::start_with("503 Service Unavailable", &["201 Created"]);
    let program = pages(&stub.url).start().await;
    let browser = Browser::new(&program.url());
    browser.write_as(1);
    let page = browser.read("/threads/1").await;
    for text in ["Read me", "User no. 1", "Writing as"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("Deleted user"), "that is not known");
    browser.send("/threads/1", "/threads/1/posts", &[("text", "x")]).await.id();
    assert_eq!(browser.get("/users/1").await.status, 503);
}

#[tokio::test]
async fn without_the_api_a_page_says_so_and_how_to_try_again() {
    let mut board = Board::start().await;
    let browser = board.browser();
    let form = browser.form("/posts/1/edit", "/posts/1/edit").await.with(&[("text", "Mine")]);
    board.api.kill().await;
    for path in ["/", "/threads/1", "/users", "/users/1", "/posts/1/edit"] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.header("retry-after")), (503, "1"), "{path}");
        assert!(
            page.body.contains("The board does not answer") && page.body.contains("Try again"),
            "{path}"
        );
    }
    assert_eq!(browser.get("/users/new").await.status, 200, "this page needs no API");
    assert_eq!(browser.get("/readyz").await.status, 200);
    let page = browser.submit(&form, &[]).await;
    assert_eq!(page.status, 503);
    assert!(page.body.contains("Nothing was stored, and your text is still here"), "{}", page.body);
    assert_eq!(page.form("/posts/1/edit").fields["text"], "Mine");
}

#[tokio::test]
async fn a_delete_whose_outcome_is_not_known_is_not_told_as_nothing() {
    let stub = Stub::start_with("503 Service Unavailable", &["500 Internal Server Error"]);
    let program = pages(&stub.url).start().await;
    let browser = Browser::new(&program.url());
    let form = browser.form("/threads/1/delete", "/threads/1/delete").await;
    let form = Form { action: "/users/1/delete".to_owned(), ..form };
    let page = browser.submit(&form, &[]).await;
    assert_eq!(page.status, 504, "{}", page.body);
    assert!(page.body.contains("It is not known whether this was deleted"), "{}", page.body);
}
