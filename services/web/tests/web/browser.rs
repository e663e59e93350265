//! A browser without scripts: it keeps cookies, and fills in the forms of pages.

use std::collections::BTreeMap;
use std::sync::Mutex;

use regex::Regex;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use url::form_urlencoded::Serializer;

/// A browser.
pub(crate) struct Browser {
    client: Client,
    url: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What a page answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: String,
}

/// The fields of a form as they stand on its page.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new(url: &str) -> Self {
        // The process has one provider of cryptography, which this installs.
        let _ = harness::client();
        let client = Client::builder().tls_certs_only([]).no_proxy().redirect(Policy::none());
        let client = client.build().expect("a client");
        Self { client, url: url.to_owned(), cookies: Mutex::default() }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        let request = self.client.request(Method::GET, format!("{}{path}", self.url));
        self.exchange(request).await
    }

    /// The page, which must be there.
    pub(crate) async fn read(&self, path: &str) -> String {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        page.body
    }

    /// The form with this action on a page.
    pub(crate) async fn form(&self, path: &str, action: &str) -> Form {
        self.get(path).await.form(action)
    }

    /// Fills in the form with this action on a page, and sends it.
    pub(crate) async fn send(&self, path: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.form(path, action).await;
        self.submit(&form.with(fields), &[]).await
    }

    /// Sends a form, with these headers.
    pub(crate) async fn submit(&self, form: &Form, headers: &[(&str, &str)]) -> Page {
        let body = Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        let mut request = self.client.request(Method::POST, format!("{}{}", self.url, form.action));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.exchange(request.body(body)).await
    }

    /// Has chosen this user before.
    pub(crate) fn write_as(&self, user: u64) {
        let mut cookies = self.cookies.lock().expect("no thread panics with them");
        cookies.insert("board_writer".into(), user.to_string());
    }

    /// Forgets its cookies.
    pub(crate) fn forget(&self) {
        self.cookies.lock().expect("no thread panics with them").clear();
    }

    async fn exchange(&self, request: RequestBuilder) -> Page {
        let cookies = self.cookies.lock().expect("no thread panics with them").clone();
        let cookies: Vec<_> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", cookies.join("; "));
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = cookie.split_once('=').expect("a pair");
            let mut cookies = self.cookies.lock().expect("no thread panics with them");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        Page { status, headers, body: answer.text().await.expect("text") }
    }
}

impl Page {
    /// A header's value; empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The address to which the browser goes on.
    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }

    /// The id at the end of the location.
    pub(crate) fn id(&self) -> u64 {
        assert_eq!(self.status, 303, "{}", self.body);
        let id = self.location().rsplit(['/', '-']).next().expect("an id");
        id.parse().expect("an id")
    }

    /// The form with this action.
    pub(crate) fn form(&self, action: &str) -> Form {
        let begin = format!("action=\"{action}\">");
        let (_, form) = self
            .body
            .split_once(&begin)
            .unwrap_or_else(|| panic!("no form for {action}: {}", self.body));
        let (form, _) = form.split_once("</form>").expect("its end");
        let input =
            Regex::new(r#"<input [^>]*?name="([^"]*)" value="([^"]*)""#).expect("a pattern");
        let area = Regex::new(r#"(?s)<textarea [^>]*?name="([^"]*)"[^>]*>\n(.*?)</textarea>"#)
            .expect("a pattern");
        let found = input.captures_iter(form).chain(area.captures_iter(form));
        let fields = found.map(|found| (found[1].to_owned(), unescape(&found[2])));
        Form { action: action.to_owned(), fields: fields.collect() }
    }
}

impl Form {
    /// The same with these fields filled in.
    pub(crate) fn with(&self, fields: &[(&str, &str)]) -> Self {
        let mut form = self.clone();
        form.fields.extend(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        form
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
