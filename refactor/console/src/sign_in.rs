//! Signing in and out.

use maud::html;

use crate::answer::Answer;
use crate::pages::shell;
use crate::request::Request;
use crate::sessions::{SESSION_SECONDS, Session, SessionError, Sessions};

/// The page at which a link signs in. The secret stands behind `#`, so no server log and no `Referer` has it, and the
/// script takes it out of the address bar. Without scripts it is typed.
pub(crate) fn page(status: u16, problem: Option<&str>) -> Answer {
    let body = html! {
        @if let Some(problem) = problem {
            div class="note bad" role="alert" { p { (problem) } }
        }
        p { "Run this beside the control plane, and open the link that it prints:" }
        pre { code { "banyan console" } }
        p { "The link works once, within 60 seconds. " code { "banyan console --read-only" }
            " prints one for a session that sees everything and changes nothing." }
        form method="post" action="/console/sign-in" id="sign-in" {
            label for="code" { "Or paste the part of the link behind " code { "#" } }
            input id="code" name="code" type="password" autocomplete="off" spellcheck="false" required;
            button { "Sign in" }
        }
        p class="quiet" { "A session ends after " (SESSION_SECONDS / 3_600) " hours, or when you sign out. "
            "The keys of the control plane never reach the browser." }
    };
    Answer::page(status, shell::alone("Sign in", &body))
}

/// `POST /console/sign-in`: begins the session of a link.
pub(crate) fn begin(
    sessions: &Sessions,
    request: &Request,
    now_ms: i64,
) -> Result<Answer, SessionError> {
    Ok(match sessions.begin(request.field("code"), now_ms)? {
        Some(session) => {
            Answer::see("/console/").with_cookie(cookie(request, &session.secret, SESSION_SECONDS))
        }
        None => {
            let why = "This link was used before, or is older than 60 seconds. Run banyan console again for a new one.";
            page(403, Some(why))
        }
    })
}

/// `POST /console/sign-out`: ends a session.
pub(crate) fn end(
    sessions: &Sessions,
    request: &Request,
    session: &Session,
) -> Result<Answer, SessionError> {
    sessions.end(session)?;
    Ok(Answer::see("/console/sign-in").with_cookie(cookie(request, "", 0)))
}

/// No script reads it, no other site's page makes the browser send it (RFC 6265bis, 4.1.2), and it goes over TLS alone if
/// it came over TLS.
fn cookie(request: &Request, value: &str, seconds: i64) -> String {
    let secure = if request.is_over_tls() { "; Secure" } else { "" };
    let name = request.cookie_name();
    format!("{name}={value}; Path=/console; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}
