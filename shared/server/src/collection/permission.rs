//! What a caller may write: what belongs to its user. A moderator may also change and delete what belongs to others.

use actix_web::http::StatusCode;
use auth::Caller;
use models::{Cell, Draft, Rule};
use runtime::RequestFault;

use crate::callers::challenge;
use crate::problem::Problem;
use crate::served::Served;
use crate::trace::Trace;

/// The scope of moderators.
const MODERATE: &str = "board:moderate";

/// The user that a member belongs to, as its row says it.
pub(super) struct Author {
    /// The place of the field.
    pub(super) place: usize,
    pub(super) cell: Cell,
}

impl Served {
    /// The caller's user, which a new member belongs to; `None` if any client may write.
    ///
    /// # Errors
    /// 403 if the caller is no user of the board; 503 if that cannot be found out.
    pub(super) async fn author(
        &self,
        caller: Option<&Caller>,
        trace: &Trace,
    ) -> Result<Option<Author>, Problem> {
        let Some(caller) = caller else { return Ok(None) };
        let Some((place, field)) = self.collection.author() else {
            let detail =
                format!("only a moderator writes {}; nothing was stored", self.collection.name);
            return Err(forbidden(detail));
        };
        let Some(user) = caller.user() else {
            let claim = self.callers.user_claim();
            return Err(forbidden(format!(
                "the token has no claim {claim}, which names the user of the board; nothing was stored"
            )));
        };
        let Rule::Reference(target) = &field.rule else {
            return Ok(Some(Author { place, cell: Cell::Text(user.to_owned()) }));
        };
        match self.neighbours.named(target, user, trace).await? {
            Some(id) => Ok(Some(Author { place, cell: Cell::Id(id) })),
            None => Err(forbidden(format!(
                "no {} of the board has the name in the token; POST /api/{} makes it; nothing was stored",
                target.member, target.collection
            ))),
        }
    }

    /// The same for a member that exists: `None` also for a moderator, which may change and delete any.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn author_of_change(
        &self,
        caller: Option<&Caller>,
        trace: &Trace,
    ) -> Result<Option<Author>, Problem> {
        self.author(caller.filter(|caller| !caller.has_scope(MODERATE)), trace).await
    }

    /// The draft, if it names no other user than this one.
    ///
    /// # Errors
    /// 403 if it does.
    pub(super) fn must_name(
        &self,
        author: Option<&Author>,
        draft: Draft,
    ) -> Result<Draft, Problem> {
        let Some(Author { place, cell }) = author else { return Ok(draft) };
        match (draft.given(*place), self.collection.fields.get(*place)) {
            (Some(given), Some(field)) if given != cell => {
                let fault = RequestFault::pointer(
                    format!("#/{}", field.name),
                    "names another user than the token",
                );
                Err(forbidden("a member belongs to the user of the token; nothing was stored")
                    .with(vec![fault]))
            }
            _ => Ok(draft),
        }
    }

    /// The draft of a whole member, with its author if it names none.
    pub(super) fn signed(&self, author: Option<&Author>, draft: Draft) -> Draft {
        match author {
            Some(Author { place, cell }) if draft.given(*place).is_none() => {
                draft.with(*place, cell.clone())
            }
            _ => draft,
        }
    }
}

/// The answer to a caller that is not the author (RFC 6750, 3.1).
pub(super) fn not_the_author(problem: Problem) -> Problem {
    let why = "only its author or a moderator may do this";
    problem.challenge(format!("{}, scope=\"{MODERATE}\"", challenge("insufficient_scope", why)))
}

fn forbidden(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, detail)
}
