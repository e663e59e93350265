//! The pages of the console: signing in, and what keeps others out.

use serde_json::json;

use crate::browser::{Browser, link};
use crate::client::{call, ok, refused, setup};

#[tokio::test]
async fn a_link_signs_in_once() {
    let program = setup().start().await;
    let secret = link(&program, false).await;
    let browser = Browser::new(&program);
    let fields = [("code", secret.as_str())];
    let first = browser.post("/console/sign-in", &fields).await;
    assert_eq!(first.status, 303, "{}", first.body);
    let cookie = first.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/console", "Max-Age=28800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(&secret) && !first.header("location").contains(&secret));
    assert!(!cookie.contains("Secure"), "it came over plain HTTP");
    let again = browser.post("/console/sign-in", &fields).await;
    assert_eq!((again.status, again.header("set-cookie")), (403, ""));
    assert!(again.body.contains("used before"), "{}", again.body);
    for wrong in ["", "0", &secret[1..], "' OR 1=1 --"] {
        let answer = browser.post("/console/sign-in", &[("code", wrong)]).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (403, ""), "{wrong}");
    }
    assert!(!program.log().contains(&secret), "the log has no secret");
}

#[tokio::test]
async fn no_page_without_a_session() {
    let program = setup().start().await;
    let stranger = Browser::new(&program);
    let wrong = Browser { program: &program, cookie: "banyan-console-=0".into() };
    for browser in [&stranger, &wrong] {
        for path in ["/console", "/console/", "/console/history", "/console/no-such-page"] {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, 403, "{path}");
            assert!(answer.body.contains("banyan console"), "{path}: {}", answer.body);
        }
        let answer = browser.post("/console/sign-out", &[]).await;
        assert_eq!(answer.status, 403);
    }
    let signed_in = Browser::signed_in(&program, false).await;
    let home = signed_in.get("/console/").await;
    assert_eq!((home.status, home.header("cache-control")), (200, "no-store"), "{}", home.body);
    assert!(home.body.contains(&signed_in.key_id()), "{}", home.body);
    assert_eq!(signed_in.get("/console/no-such-page").await.status, 404);
}

#[tokio::test]
async fn a_browser_at_the_root_is_told_how_to_sign_in_and_a_client_gets_what_it_got() {
    let program = setup().start().await;
    let answer = Browser::new(&program).get("/").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console/"));
    refused(&program.get("/").await, 403, "MissingAuthenticationTokenException");
    let signed = call(&program, "GET", "/", &json!(null)).await;
    refused(&signed, 404, "UnknownOperationException");
}

#[tokio::test]
async fn a_session_ends_when_it_signs_out_and_stays_through_a_restart() {
    let program = setup().start().await;
    let (cookie, token) = {
        let browser = Browser::signed_in(&program, false).await;
        (browser.cookie.clone(), browser.token().await)
    };
    let program = program.restart().await;
    // The port is another one now, so it is left out of the host: the name of the cookie has it.
    let secret = cookie.split_once('=').unwrap().1;
    let browser = Browser { program: &program, cookie: format!("banyan-console-={secret}") };
    let host = [("host", "console.localhost"), ("sec-fetch-site", "same-origin")];
    let headers = [host[0], ("cookie", browser.cookie.as_str())];
    let home = program.send("GET", "/console/", &headers, "").await;
    assert_eq!(home.status, 200, "{}", home.body);
    let wrong = browser.post_with("/console/sign-out", &[("token", "0")], &host).await;
    assert_eq!(wrong.status, 403, "{}", wrong.body);
    let out = browser.post_with("/console/sign-out", &[("token", &token)], &host).await;
    assert_eq!((out.status, out.header("location")), (303, "/console/sign-in"), "{}", out.body);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    let home = program.send("GET", "/console/", &headers, "").await;
    assert_eq!(home.status, 403, "the session is over, also for a copy of its cookie");
    assert!(home.body.contains("has ended"), "{}", home.body);
}

#[tokio::test]
async fn what_another_site_sends_is_refused() {
    let program = setup().start().await;
    let browser = Browser::signed_in(&program, false).await;
    let token = browser.token().await;
    let own = program.url();
    for headers in [
        &[][..],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "same-origin"), ("origin", "http://evil.example")],
    ] {
        let out = browser.post_with("/console/sign-out", &[("token", &token)], headers).await;
        assert_eq!(out.status, 403, "{headers:?}");
        // Another site must not sign a browser in either.
        let secret = link(&program, false).await;
        let signed = browser.post_with("/console/sign-in", &[("code", &secret)], headers).await;
        assert_eq!((signed.status, signed.header("set-cookie")), (403, ""), "{headers:?}");
    }
    assert_eq!(browser.get("/console/").await.status, 200, "the session goes on");
    let headers = [("origin", own.as_str())];
    let out = browser.post_with("/console/sign-out", &[("token", &token)], &headers).await;
    assert_eq!(out.status, 303, "a browser that says only its origin");
}

#[tokio::test]
async fn no_other_page_frames_the_console_and_nothing_comes_from_elsewhere() {
    let program = setup().start().await;
    let browser = Browser::signed_in(&program, false).await;
    let mut total = 0;
    for path in ["/console/", "/console/sign-in", "/console/none"] {
        let answer = browser.get(path).await;
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "script-src 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        for never in ["style=", "onclick", "javascript:", "http://", "https://", "<script>"] {
            assert!(!answer.body.contains(never), "{path}: {never}: {}", answer.body);
        }
        total = total.max(answer.body.len());
    }
    let home = browser.get("/console/").await;
    for file in ["/console/console.css", "/console/console.js"] {
        assert!(home.body.contains(file));
        let answer = program.get(file).await;
        assert_eq!(answer.status, 200);
        total += answer.body.len();
    }
    assert!(total < 100_000, "{total} bytes");
}

#[tokio::test]
async fn a_page_of_another_name_does_not_reach_the_console() {
    let program = setup().start().await;
    let browser = Browser::signed_in(&program, false).await;
    for path in ["/", "/console/", "/console/sign-in", "/console/console.js"] {
        let headers = [("host", "evil.example:9080"), ("cookie", browser.cookie.as_str())];
        let answer = program.send("GET", path, &headers, "").await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains("PUBLIC_HOSTS"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_link_is_made_with_the_keys_alone() {
    let program = setup().start().await;
    let unsigned = program.json("POST", "/-/console/links", &json!({})).await;
    refused(&unsigned, 403, "MissingAuthenticationTokenException");
    let method = call(&program, "GET", "/-/console/links", &json!(null)).await;
    assert_eq!((method.status, method.header("allow")), (405, "POST"));
    for wrong in [json!({ "readOnly": 1 }), json!({ "days": 3 }), json!([true])] {
        refused(
            &call(&program, "POST", "/-/console/links", &wrong).await,
            400,
            "ValidationException",
        );
    }
    ok(&call(&program, "POST", "/-/console/links", &json!(null)).await);
}
