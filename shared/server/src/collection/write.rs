//! Writing members: everything is checked before the store is asked, and again what only the store
//! can know inside its transaction.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ETag};
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use models::{Cell, Collection, Draft, FieldErrors, View};
use runtime::JSON;
use store::{Created, Precondition, StoreError};

use super::bounded::bounded;
use super::permission::{Author, not_the_author};
use super::read;
use crate::body::{self, Body};
use crate::conditional::{self, member_tag};
use crate::idempotency;
use crate::problem::Problem;
use crate::query::MemberId;
use crate::served::Served;
use crate::trace::Trace;

/// `POST /api/<collection>`: stores a member; 201 with its full view and `Location`.
///
/// # Errors
/// 401 and 403 for a caller that may not; 422 with an entry for each field that breaks a rule or names no member, or for an `Idempotency-Key` that came
/// with another body; 409 for a taken name; 400, 413, 415 for a body that cannot be read; 421 if another service is
/// the primary of the collection; 503 if a neighbour that must be asked is down; 502 and 504 if it is not known
/// whether it was stored.
pub(super) async fn create(
    request: HttpRequest,
    served: Data<Served>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    served.refuse_if_read_only()?;
    let caller = served.callers.admit(&request).await?;
    let collection = &*served.collection;
    let draft = body::read_as(collection, &request, payload, &[JSON]).await?;
    bounded(async {
        served.must_own().await?;
        let key = idempotency::read(&request, &collection.sent(&draft), caller.as_ref())?;
        if let Some(key) = &key {
            // What was stored stays the answer, even if what it names is gone or down by now.
            let first = served.store.first_answer(collection, key).await;
            if let Some(first) = first.map_err(served.problem(None))? {
                return Ok(created(collection, first));
            }
        }
        let author = served.author(caller.as_ref(), &trace(&request)).await?;
        let draft = served.must_name(author.as_ref(), draft)?;
        let references = served.unproven(&draft, author.as_ref());
        let cells = collection.whole(served.signed(author.as_ref(), draft));
        let broken = cells.as_ref().err().cloned().unwrap_or_default();
        let dangling = served.dangling(&request, &references, &broken).await?;
        if !dangling.0.is_empty() {
            served.must_own_now().await?;
        }
        let cells = all_errors(cells, dangling).map_err(Problem::invalid)?;
        let inserted = served.store.insert(collection, cells, key).await;
        inserted.map(|new| created(collection, new)).map_err(served.problem(None))
    })
    .await
}

/// `PUT` and `PATCH /api/<collection>/{id}`: replaces the member, or the fields that are given; 200
/// with its full view.
///
/// # Errors
/// Those of [`create`]; 404 if there is no such member; 412 for a failed `If-Match`.
pub(super) async fn change(
    request: HttpRequest,
    served: Data<Served>,
    MemberId(id): MemberId,
    kind: Body,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    served.refuse_if_read_only()?;
    let caller = served.callers.admit(&request).await?;
    let collection = &served.collection;
    let draft = body::read_as(&**collection, &request, payload, kind.media_types()).await?;
    bounded(async {
        served.must_own().await?;
        let author = served.author_of_change(caller.as_ref(), &trace(&request)).await?;
        let draft = served.must_name(author.as_ref(), draft)?;
        let references = served.unproven(&draft, author.as_ref());
        let draft = match kind {
            Body::Whole => served.signed(author.as_ref(), draft),
            Body::Patch => draft,
        };
        let broken = collection.whole(draft.clone()).err().unwrap_or_default();
        let broken = if kind == Body::Patch { broken.of_given() } else { broken };
        let dangling = served.dangling(&request, &references, &broken).await?;
        let merged = Arc::clone(collection);
        let change = Box::new(move |present: &[Cell]| {
            let cells = match kind {
                Body::Whole => merged.whole(draft),
                Body::Patch => merged.merge(present, draft),
            };
            all_errors(cells, dangling)
        });
        let precondition = precondition(&request, author);
        let changed = served.store.update(collection, id, precondition, change).await;
        let row = changed.map_err(|error| served.refusal(error, id))?;
        let mut response = written(collection, StatusCode::OK, id, row.rev);
        Ok(response.body(row.json(collection, View::Full)))
    })
    .await
}

/// `DELETE /api/<collection>/{id}`: 204, and the id is never given again.
///
/// # Errors
/// 401 and 403 for a caller that may not; 404 if there is no such member; 412 for a failed `If-Match`; 421 if another service is the primary of the
/// collection.
pub(super) async fn delete(
    request: HttpRequest,
    served: Data<Served>,
    MemberId(id): MemberId,
) -> Result<HttpResponse, Problem> {
    served.refuse_if_read_only()?;
    let caller = served.callers.admit(&request).await?;
    served.must_own().await?;
    let author = served.author_of_change(caller.as_ref(), &trace(&request)).await?;
    let precondition = precondition(&request, author);
    let deleted = served.store.delete(&served.collection, id, precondition).await;
    deleted.map_err(|error| served.refusal(error, id))?;
    Ok(HttpResponse::NoContent().finish())
}

impl Served {
    fn refuse_if_read_only(&self) -> Result<(), Problem> {
        if self.read_only {
            let detail = "this board is read-only; nothing was stored";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(())
    }

    /// The references of a draft, without the one to its author, which is there.
    fn unproven(&self, draft: &Draft, author: Option<&Author>) -> Vec<models::Reference> {
        let mut references = self.collection.references(draft);
        let field = author.and_then(|author| self.collection.fields.get(author.place));
        references.retain(|reference| field.is_none_or(|field| reference.field != field.name));
        references
    }

    /// A store's error as an answer to a change of the member `id`.
    fn refusal(&self, error: StoreError, id: u64) -> Problem {
        let other = matches!(error, StoreError::OtherAuthor);
        let problem = self.problem(Some(id))(error);
        if other { not_the_author(problem) } else { problem }
    }

    /// The references that lead nowhere. If that cannot be found out, but the input breaks other rules, it is
    /// refused for these.
    async fn dangling(
        &self,
        request: &HttpRequest,
        references: &[models::Reference],
        broken: &FieldErrors,
    ) -> Result<FieldErrors, Problem> {
        match self.neighbours.check(references, &trace(request)).await {
            Ok(dangling) => Ok(dangling),
            Err(_) if !broken.0.is_empty() => Ok(FieldErrors::default()),
            Err(problem) => Err(problem),
        }
    }
}

/// What calls for this request carry on.
fn trace(request: &HttpRequest) -> Trace {
    request.extensions().get::<Trace>().cloned().unwrap_or_default()
}

/// What the request asks of the member before it is written, and that it belongs to this user.
fn precondition(request: &HttpRequest, author: Option<Author>) -> Precondition {
    let author = author.map(|Author { place, cell }| (place, cell));
    Precondition { author, ..conditional::precondition(request) }
}

/// The cells, unless they break rules or have references that lead nowhere.
fn all_errors(
    cells: Result<Vec<Cell>, FieldErrors>,
    dangling: FieldErrors,
) -> Result<Vec<Cell>, FieldErrors> {
    match cells {
        Ok(cells) => dangling.or(cells),
        Err(mut errors) => {
            errors.0.extend(dangling.0);
            Err(errors)
        }
    }
}

fn created(collection: &Collection, created: Created) -> HttpResponse {
    let mut response = written(collection, StatusCode::CREATED, created.id, 1);
    if created.replayed {
        response.insert_header(("idempotency-replayed", "true"));
    }
    response.body(created.answer)
}

/// The head of the answer to a write.
fn written(collection: &Collection, status: StatusCode, id: u64, rev: u64) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.content_type(read::JSON);
    response.insert_header((header::LOCATION, format!("/api/{}/{id}", collection.name)));
    response.insert_header(ETag(member_tag(rev, View::Full)));
    response
}
