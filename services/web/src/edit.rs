//! Changing users, threads and posts.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde_json::Value;

use crate::api::{Member, Refusal};
use crate::failure::Failure;
use crate::form::{Form, TAG};
use crate::kind::Kind;
use crate::pages::{self, Filled};
use crate::site::Site;
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
    site.must_write()?;
    let (kind, id) = kind(&path)?;
    let (member, tag) = stored(&site, kind, id).await?;
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
    let (kind, id) = kind(&path)?;
    let (tag, body) = (form.guard(TAG)?, kind.body(&form).into());
    let refusal = match site.api.change(kind.collection, id, &tag, &body).await {
        Ok(member) => return Ok(pages::see_other(&pages::path_of(kind, id, &member))),
        Err(Refusal::Gone) => return Err(Failure::NoMember(kind.one)),
        Err(refusal) => refusal,
    };
    let status = pages::status_of(&refusal);
    if refusal == Refusal::Changed
        && let Ok((member, tag)) = stored(&site, kind, id).await
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

/// The collection and the id in a path.
pub(crate) fn kind(path: &(String, u64)) -> Result<(&'static Kind, u64), Failure> {
    let kind = Kind::named(&path.0).ok_or(Failure::NoPage)?;
    Ok((kind, path.1))
}

/// A member and its entity tag.
pub(crate) async fn stored(
    site: &Site,
    kind: &Kind,
    id: u64,
) -> Result<(Member<Value>, String), Failure> {
    site.api.member(kind.collection, id).await?.ok_or(Failure::NoMember(kind.one))
}
