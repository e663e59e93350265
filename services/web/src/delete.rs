//! Deleting users, threads and posts. A page asks first.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use crate::api::Refusal;
use crate::failure::Failure;
use crate::form::{Form, TAG};
use crate::pages;
use crate::site::Site;
use crate::stored::{Stored, kind_in, to_change};
use crate::visitor::Visitor;

/// `GET /{collection}/{id}/delete`: what would be deleted, and what would stay.
///
/// # Errors
/// If there is no such member, the board is read-only, or the API does not answer.
pub(crate) async fn form(
    site: Data<Site>,
    visitor: Visitor,
    path: Path<(String, u64)>,
) -> Result<HttpResponse, Failure> {
    let (kind, id, Stored { member, tag }) = to_change(&site, &path).await?;
    let page = pages::delete(kind, id, &member.value, &tag, None, &visitor);
    Ok(pages::answer(&visitor, &page))
}

/// `POST /{collection}/{id}/delete`: deletes the member if it still is as the page showed it.
///
/// # Errors
/// If the form is refused; if it is not known whether the member was deleted, and the API cannot be read either. A change that came in between is shown on the page, which asks again.
pub(crate) async fn delete(
    site: Data<Site>,
    visitor: Visitor,
    path: Path<(String, u64)>,
    form: Form,
) -> Result<HttpResponse, Failure> {
    let (kind, id) = kind_in(&path)?;
    let refusal = match site.api.delete(kind.collection, id, &form.guard(TAG)?).await {
        // It is gone: this form was sent twice, its first answer was lost on the way, or another one was first.
        Ok(()) | Err(Refusal::Gone) => {
            return Ok(pages::see_other(&pages::path_without(kind, form.id("thread"))));
        }
        Err(refusal) => refusal,
    };
    let unknown = matches!(refusal, Refusal::Unknown | Refusal::Failed);
    let read = Stored::read(&site, kind, id).await;
    let Stored { member, tag } = read.map_err(|failure| match failure {
        Failure::Api(error) if unknown => {
            log::warn!("after a delete whose outcome is not known: {error}");
            Failure::PerhapsDeleted
        }
        failure => failure,
    })?;
    let page = pages::delete(kind, id, &member.value, &tag, Some(&refusal), &visitor);
    Ok(pages::answer_with(pages::status_of(&refusal), &visitor, &page))
}
