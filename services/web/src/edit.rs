//! Changing users, threads and posts.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use crate::api::Refusal;
use crate::failure::Failure;
use crate::form::{Form, TAG};
use crate::pages::{self, Filled};
use crate::site::Site;
use crate::stored::{Stored, kind_in, to_change};
use crate::visitor::Visitor;

/// `GET /{collection}/{id}/edit`: the form with what is stored.
///
/// # Errors
/// If there is no such member, the board is read-only, or the API does not answer.
pub(crate) async fn form(
    site: Data<Site>,
    visitor: Visitor,
    path: Path<(String, u64)>,
) -> Result<HttpResponse, Failure> {
    let (kind, id, Stored { member, tag }) = to_change(&site, &path).await?;
    let filled = Filled::stored(kind, &member.value, TAG, tag);
    let back = pages::path_of(kind, id, &member.value);
    Ok(pages::answer(&visitor, &pages::edit(kind, id, &back, &filled, None, &visitor)))
}

/// `POST /{collection}/{id}/edit`: changes the member if it still is as the form showed it.
///
/// # Errors
/// If there is no such member, or the form is refused. What is wrong with its fields, and a change that came in between, is
/// shown in the form, with the status of the reason.
pub(crate) async fn change(
    site: Data<Site>,
    visitor: Visitor,
    path: Path<(String, u64)>,
    form: Form,
) -> Result<HttpResponse, Failure> {
    let (kind, id) = kind_in(&path)?;
    let (tag, body) = (form.guard(TAG)?, kind.body(&form).into());
    let refusal = match site.api.change(kind.collection, id, &tag, &body).await {
        Ok(member) => return Ok(pages::see_other(&pages::path_of(kind, id, &member))),
        Err(Refusal::Gone) => return Err(Failure::NoMember(kind.one)),
        Err(refusal) => refusal,
    };
    let status = pages::status_of(&refusal);
    if refusal == Refusal::Changed
        && let Ok(Stored { member, tag }) = Stored::read(&site, kind, id).await
    {
        // The form was sent twice, or its first answer was lost on the way: it is done.
        let back = pages::path_of(kind, id, &member.value);
        if kind.has(&member.value, &form) {
            return Ok(pages::see_other(&back));
        }
        let filled = Filled::of(kind, &form, TAG, tag, refusal);
        let page = pages::edit(kind, id, &back, &filled, Some(&member.value), &visitor);
        return Ok(pages::answer_with(status, &visitor, &page));
    }
    let filled = Filled::of(kind, &form, TAG, tag, refusal);
    let back = pages::path_in(kind, id, form.id("thread"));
    let page = pages::edit(kind, id, &back, &filled, None, &visitor);
    Ok(pages::answer_with(status, &visitor, &page))
}
