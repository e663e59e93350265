//! The console of several processes on one database, behind one name.

use super::fixture::{Several, leader};
use crate::browser::{Browser, link};

const HOST: (&str, &str) = ("host", "console.localhost");

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_session_is_one_of_all_processes() {
    let several = Several::start(2).await;
    let (one, other) = (&several.programs[0], &several.programs[1]);
    leader(&several.programs).await;
    for (makes, begins) in [(one, other), (other, one)] {
        let secret = link(makes, false).await;
        let form = [("code", secret.as_str())];
        let headers = [HOST, ("sec-fetch-site", "same-origin")];
        let begun = Browser::new(begins).post_with("/console/sign-in", &form, &headers).await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        for again in [makes, begins] {
            let again = Browser::new(again).post_with("/console/sign-in", &form, &headers).await;
            assert_eq!(again.status, 403, "a link signs in once: {}", again.body);
        }
        let cookie = begun.header("set-cookie").split(';').next().unwrap();
        let seen = async |program: &harness::Program| {
            let headers = [HOST, ("cookie", cookie)];
            program.send("GET", "/console/", &headers, "").await
        };
        let (home, same) = (seen(makes).await, seen(begins).await);
        assert_eq!((home.status, same.status), (200, 200), "{}", home.body);
        assert!(home.body.contains("Everything else"), "each shows the routes: {}", home.body);
        let (_, token) = home.body.split_once(r#"name="token" value=""#).unwrap();
        let token = token.split('"').next().unwrap();
        let browser = Browser { program: makes, cookie: cookie.to_owned() };
        let out = browser.post_with("/console/sign-out", &[("token", token)], &headers).await;
        assert_eq!(out.status, 303, "the form of one page is taken by both: {}", out.body);
        assert_eq!(seen(begins).await.status, 403, "the session is over everywhere");
    }
}
