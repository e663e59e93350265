//! A browser without scripts, as the console knows it.

use harness::{Answer, Program};
use refactor::{Client, Keys};

/// A browser, as the console knows it.
pub(crate) struct Browser<'a> {
    pub(crate) program: &'a Program,
    /// Its one cookie, as it sends it.
    pub(crate) cookie: String,
}

impl<'a> Browser<'a> {
    /// One without a session.
    pub(crate) fn new(program: &'a Program) -> Self {
        Self { program, cookie: String::new() }
    }

    /// One that has signed in.
    pub(crate) async fn signed_in(program: &'a Program, read_only: bool) -> Self {
        let mut browser = Self::new(program);
        let secret = link(program, read_only).await;
        let answer = browser.post("/console/sign-in", &[("code", &secret)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/console/"));
        browser.keep_cookie(&answer);
        browser
    }

    fn keep_cookie(&mut self, answer: &Answer) {
        let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default();
        self.cookie = cookie.to_owned();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let headers = [("cookie", self.cookie.as_str()), ("accept", "text/html")];
        self.program.send("GET", path, &headers, "").await
    }

    /// Sends a form as a page of the console does.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form with these headers.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut sent = vec![
            ("cookie", self.cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        sent.extend_from_slice(headers);
        self.program.send("POST", path, &sent, &form).await
    }

    /// The id of the key that signed for its session.
    pub(crate) fn key_id(&self) -> String {
        Keys::read(&self.program.setup().folder().join(".refactor")).unwrap().access_key_id
    }

    /// The token that a form of its pages has.
    pub(crate) async fn token(&self) -> String {
        let page = self.get("/console/").await;
        assert_eq!(page.status, 200, "{}", page.body);
        let start = r#"name="token" value=""#;
        let (_, rest) = page.body.split_once(start).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

/// The secret of a new link, made with the keys of the program.
pub(crate) async fn link(program: &Program, read_only: bool) -> String {
    let keys = Keys::read(&program.setup().folder().join(".refactor")).unwrap();
    let client = Client::new(runtime::http_client(false).unwrap(), program.url(), keys);
    let link = client.console_link(read_only).await.unwrap();
    assert_eq!(link.seconds, 60);
    link.url.strip_prefix(&format!("{}/console/sign-in#", program.url())).unwrap().to_owned()
}
