//! Writing members: everything is checked before the store is asked, and again what only the store
//! can know inside its transaction.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ETag};
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use models::{FieldErrors, Model};
use store::{Created, Record};

use super::endpoints::bounded;
use super::{Body, Collection, read};
use crate::conditional::{member_tag, precondition};
use crate::observe::Trace;
use crate::problem::Problem;
use crate::query::{MemberId, View};
use crate::{body, idempotency};

type Input<R> = <<R as Record>::Content as Model>::Input;

/// `POST /api/<collection>`: stores a member; 201 with its full view and `Location`.
///
/// # Errors
/// 422 with an entry for each field that breaks a rule or names nobody, or for an `Idempotency-Key`
/// that came with another body; 409 for a taken name; 400, 413, 415 for a body that cannot be read;
/// 421 where another service owns the collection; 503 where a neighbour that must be asked is down; 502 and
/// 504 where it is not known whether it was stored.
pub(super) async fn create<R: Record>(
    request: HttpRequest,
    collection: Data<Collection<R>>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    collection.refuse_if_read_only()?;
    let input: Input<R> = body::read(&request, payload, &[body::JSON]).await?;
    bounded(async {
        collection.must_own().await?;
        let key = idempotency::read(&request, &input)?;
        if let Some(key) = &key {
            // What was stored stays the answer, even if what it names is gone or down by now.
            let first = collection.store.first_answer::<R>(key).await;
            if let Some(first) = first.map_err(Collection::<R>::problem(None))? {
                return Ok(created::<R>(first));
            }
        }
        let references = R::Content::references(&input);
        let content = R::Content::from_input(input);
        let broken = content.as_ref().err().cloned().unwrap_or_default();
        let dangling = collection.dangling(&request, &references, &broken).await?;
        if !dangling.0.is_empty() {
            collection.must_own_now().await?;
        }
        let content = all_errors(content, dangling).map_err(Problem::invalid)?;
        let inserted = collection.store.insert::<R>(content, key).await;
        inserted.map(created::<R>).map_err(Collection::<R>::problem(None))
    })
    .await
}

/// `PUT` and `PATCH /api/<collection>/{id}`: replaces the member, or the fields that are given; 200
/// with its full view.
///
/// # Errors
/// Those of [`create`]; 404 where there is no such member; 412 for a failed `If-Match`.
pub(super) async fn change<R: Record>(
    request: HttpRequest,
    collection: Data<Collection<R>>,
    MemberId(id): MemberId,
    kind: Body,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    collection.refuse_if_read_only()?;
    let input: Input<R> = body::read(&request, payload, kind.media_types()).await?;
    bounded(async {
        collection.must_own().await?;
        let references = R::Content::references(&input);
        let broken = R::Content::from_input(input.clone()).err().unwrap_or_default();
        let broken = if kind == Body::Patch { broken.of_given() } else { broken };
        let dangling = collection.dangling(&request, &references, &broken).await?;
        let changed = collection.store.update::<R>(id, precondition(&request), move |present| {
            let content = match kind {
                Body::Whole => R::Content::from_input(input),
                Body::Patch => present.merge(input),
            };
            all_errors(content, dangling)
        });
        let row = changed.await.map_err(Collection::<R>::problem(Some(id)))?;
        let mut response = written::<R>(StatusCode::OK, id, row.rev);
        Ok(response.body(read::json(&row.full())?))
    })
    .await
}

/// `DELETE /api/<collection>/{id}`: 204, and the id is never given again.
///
/// # Errors
/// 404 where there is no such member; 412 for a failed `If-Match`; 421 where another service owns the
/// collection.
pub(super) async fn delete<R: Record>(
    request: HttpRequest,
    collection: Data<Collection<R>>,
    MemberId(id): MemberId,
) -> Result<HttpResponse, Problem> {
    collection.refuse_if_read_only()?;
    collection.must_own().await?;
    let deleted = collection.store.delete::<R>(id, precondition(&request)).await;
    deleted.map_err(Collection::<R>::problem(Some(id)))?;
    Ok(HttpResponse::NoContent().finish())
}

impl Body {
    /// What the body may call itself.
    pub(crate) fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::Whole => &[body::JSON],
            Self::Patch => &[body::MERGE_PATCH, body::JSON],
        }
    }
}

impl<R: Record> Collection<R> {
    fn refuse_if_read_only(&self) -> Result<(), Problem> {
        if self.read_only {
            let detail = "this board is read-only; nothing was stored";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(())
    }

    /// Which references lead nowhere. Where that cannot be found out, but the input breaks other
    /// rules, it is refused for these.
    async fn dangling(
        &self,
        request: &HttpRequest,
        references: &[models::Reference],
        broken: &FieldErrors,
    ) -> Result<FieldErrors, Problem> {
        let trace = request.extensions().get::<Trace>().cloned().unwrap_or_default();
        match self.neighbours.check(references, &trace).await {
            Ok(dangling) => Ok(dangling),
            Err(_) if !broken.0.is_empty() => Ok(FieldErrors::default()),
            Err(problem) => Err(problem),
        }
    }
}

/// The content, unless it breaks rules or has references that lead nowhere.
fn all_errors<M>(content: Result<M, FieldErrors>, dangling: FieldErrors) -> Result<M, FieldErrors> {
    match content {
        Ok(content) => dangling.or(content),
        Err(mut errors) => {
            errors.0.extend(dangling.0);
            Err(errors)
        }
    }
}

fn created<R: Record>(created: Created) -> HttpResponse {
    let mut response = written::<R>(StatusCode::CREATED, created.id, 1);
    if created.replayed {
        response.insert_header(("idempotency-replayed", "true"));
    }
    response.body(created.answer)
}

/// The head of the answer to a write.
fn written<R: Record>(status: StatusCode, id: u64, rev: u64) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.content_type(read::JSON);
    response.insert_header((header::LOCATION, format!("/api/{}/{id}", R::TABLE.name)));
    response.insert_header(ETag(member_tag(rev, View::Full)));
    response
}
