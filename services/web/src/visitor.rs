//! What a browser's cookies say: the token of its forms, and the user that it writes as.

use std::convert::Infallible;
use std::fmt::Write;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use ring::rand::{SecureRandom, SystemRandom};

/// The cookie with the token of the forms.
const TOKEN: &str = "board_form";
/// The cookie with the id of the user.
const WRITER: &str = "board_writer";
/// How long a browser keeps the user that it writes as: a year.
const WRITER_SECONDS: u32 = 365 * 24 * 60 * 60;

/// A browser.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// What each form must carry: 32 hexadecimal digits.
    pub(crate) token: String,
    /// Whether the browser has the token already.
    has_token: bool,
    /// Whether it speaks TLS to what stands in front of the program. Its cookies then go over TLS alone.
    is_over_tls: bool,
    /// The id of the user that it writes as. The board has no accounts, so this is a choice and proves nothing.
    pub(crate) writer: Option<u64>,
}

impl Visitor {
    /// The cookie that gives the browser its token, if it has none yet. It lives until the browser is closed. With `Lax` it goes with a
    /// link from another site, and not with its forms. With `Strict` such a link would come without it, and the new token would make the
    /// forms in other windows too old.
    pub(crate) fn token_cookie(&self) -> Option<String> {
        (!self.has_token).then(|| self.cookie(format!("{TOKEN}={}; Path=/", self.token)))
    }

    /// The cookie that makes the browser write as this user.
    pub(crate) fn writer_cookie(&self, user: u64) -> String {
        self.cookie(format!("{WRITER}={user}; Path=/; Max-Age={WRITER_SECONDS}"))
    }

    fn cookie(&self, cookie: String) -> String {
        let secure = if self.is_over_tls { "; Secure" } else { "" };
        cookie + "; HttpOnly; SameSite=Lax" + secure
    }

    /// The token that the browser brought.
    pub(crate) fn brought(&self) -> Option<&str> {
        self.has_token.then_some(self.token.as_str())
    }
}

/// 128 random bits, as 32 hexadecimal digits. Empty if the system has no random numbers: no form is taken with that.
pub(crate) fn random() -> String {
    let mut bytes = [0; 16];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        log::error!("the system gives no random numbers: forms are refused");
        return String::new();
    }
    let mut text = String::with_capacity(32);
    // Writing to a string cannot fail.
    bytes.iter().for_each(|byte| _ = write!(text, "{byte:02x}"));
    text
}

impl FromRequest for Visitor {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_token =
            |token: &&str| token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        let token = cookie(request, TOKEN).filter(is_token).map(str::to_owned);
        let writer = cookie(request, WRITER).and_then(|id| id.parse().ok());
        let has_token = token.is_some();
        ready(Ok(Self {
            token: token.unwrap_or_else(random),
            has_token,
            is_over_tls: is_over_tls(request),
            writer,
        }))
    }
}

/// Whether what stands in front of the program says that the browser speaks TLS. A client that says so itself changes its own
/// cookies alone.
fn is_over_tls(request: &HttpRequest) -> bool {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    header("x-forwarded-proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
        || header("origin").is_some_and(|origin| origin.starts_with("https://"))
}

/// The value of a cookie (RFC 6265, 5.4).
fn cookie<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let headers = request.headers().get_all(header::COOKIE);
    let pairs =
        headers.filter_map(|header| header.to_str().ok()).flat_map(|header| header.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}
