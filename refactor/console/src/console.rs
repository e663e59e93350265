//! What answers a request to the console.

use std::sync::Arc;

use cloudformation::StackInside;
use runtime::{chain, is_secret};
use serde_json::Value;

use crate::act;
use crate::answer::Answer;
use crate::clock::now_ms;
use crate::hub::Hub;
use crate::live::Live;
use crate::pages::{self, Entered, Main, problem};
use crate::request::Request;
use crate::sessions::{Session, SessionError, Sessions};
use crate::shown::shown;
use crate::sign_in;
use crate::source::{Ask, ControlPlane};
use crate::streams::Streams;
use crate::view::{View, path};

/// The pages of a control plane.
pub struct Console {
    pub(crate) sessions: Sessions,
    pub(crate) hub: Arc<Hub>,
    pub(crate) streams: Streams,
}

impl Console {
    /// With these sessions, of this control plane.
    pub fn new(sessions: Sessions, source: impl ControlPlane) -> Self {
        Self { sessions, hub: Arc::new(Hub::new(source)), streams: Streams::default() }
    }

    /// The links and sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Tells the pages that are open that the control plane stops. They ask again until it is there.
    pub fn close(&self) {
        self.hub.close();
    }

    /// Answers a request; `known` is called once it is known to be an operator's. Blocks for the disk, and for what the control
    /// plane is asked.
    pub(crate) fn answer(&self, request: &Request, known: impl FnOnce()) -> Answer {
        self.try_answer(request, known, now_ms()).unwrap_or_else(|error| unavailable(&error))
    }

    fn try_answer(
        &self,
        request: &Request,
        known: impl FnOnce(),
        now_ms: i64,
    ) -> Result<Answer, SessionError> {
        if request.path == "/sign-in" {
            return if request.is_post {
                sign_in::begin(&self.sessions, request, now_ms)
            } else {
                Ok(sign_in::page(200, None))
            };
        }
        let Some(session) = self.session(request, now_ms)? else {
            let ended = request.cookie().map(|_| "Your session has ended. Sign in again.");
            return Ok(sign_in::page(403, ended));
        };
        known();
        if request.is_post {
            let token = session.form_token();
            if !is_secret(request.field("token").as_bytes(), token.as_bytes()) {
                return Ok(refused());
            }
            if request.path == "/sign-out" {
                return sign_in::end(&self.sessions, request, &session);
            }
        }
        let Some(view) = View::of(&request.path, &request.query) else {
            return Ok(shown(&Main::missing("There is no such page."), &session, None));
        };
        if request.is_post {
            return Ok(act::act(&self.hub, &view, request, &session, now_ms));
        }
        Ok(self.page(&view, request, &session))
    }

    /// The session of a request, while it lasts.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub(crate) fn session(
        &self,
        request: &Request,
        now_ms: i64,
    ) -> Result<Option<Session>, SessionError> {
        let Some(secret) = request.cookie() else { return Ok(None) };
        self.sessions.find(secret, now_ms)
    }

    fn page(&self, view: &View, request: &Request, session: &Session) -> Answer {
        let look = self.hub.fresh();
        let main = match view {
            View::Command { application, collection, verb, force } => {
                return act::ask(&self.hub, (application, collection), verb, *force, session);
            }
            View::Shares(id) => match look.overview.route(id).filter(|route| !route.is_default()) {
                Some(route) => pages::shares(route, session, &Entered::default()),
                None => Main::missing("There is no such route."),
            },
            View::Stack(id) => self.stack(id),
            view => pages::main(view, &look, session, &Live::default()),
        };
        let stream = view.is_live().then(|| {
            let query = if request.query.is_empty() { "" } else { "?" };
            let of = format!("{}{query}{}", request.path, request.query);
            let of: String = url::form_urlencoded::byte_serialize(of.as_bytes()).collect();
            format!("/console/events?of={of}")
        });
        shown(&main, session, stream.as_deref())
    }

    fn stack(&self, id: &str) -> Main {
        let path = path(&["-", "stacks", id]);
        let asked = self.hub.source.ask(&Ask::of_operators("GET", &path, &Value::Null));
        let read = asked.map(serde_json::from_value::<StackInside>);
        match read {
            Ok(Ok(inside)) => pages::inside(&inside),
            Ok(Err(error)) => {
                log::error!("the console: a stack cannot be read: {error}");
                Main::missing("The stack cannot be read.")
            }
            Err(refused) => Main::missing(&refused.message),
        }
    }
}

/// 503: the sessions cannot be read.
pub(crate) fn unavailable(error: &SessionError) -> Answer {
    log::error!("the console: {}", chain(error));
    let text = "The sessions of the console cannot be read now. If a new process takes over the control plane, this page \
        works again in a second. Otherwise the log of the control plane says why.";
    Answer::page(503, problem::page("Not available", text))
}

/// A form that no page of this session sent.
pub(crate) fn refused() -> Answer {
    let text = "This form did not come from a page of your session, so nothing was done. Open the console again and \
        repeat what you wanted to do.";
    Answer::page(403, problem::page("Refused", text))
}
