//! Finds the route of a request, and with it the primary; or the reason why there is none.

use http::{Method, StatusCode};
use http1::{FieldKind, Framing, HeaderField, RequestHead};
use public_urls::{Downstream, PublicHosts};
use routes::{PathScope, RequestPath};

use super::destination::{Destination, destination};
use super::ended::Ended;
use super::problems::too_large;
use crate::problem::Problem;
use crate::site::Site;

/// The primary of a request by its route, and the path behind the stage.
pub(super) fn route<'a>(
    site: &Site,
    downstream: &Downstream<'_>,
    head: &RequestHead<'a>,
) -> Result<(Destination, RequestPath<'a>), Ended> {
    let refuse = |problem| Err(Ended::Problem(problem));
    if let Some(hosts) = &site.settings().public_hosts {
        // A page of another site can send any field to a trusted peer, but not another Host.
        let forwarded = Some(&*downstream.host).filter(|host| *host != head.host);
        if ![head.host].into_iter().chain(forwarded).all(|host| hosts.answer(host, site.ip)) {
            return refuse(Problem::new(StatusCode::FORBIDDEN, PublicHosts::REFUSAL));
        }
    }
    if let Method::CONNECT | Method::TRACE = head.method {
        let allow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        return refuse(Problem::method_not_allowed(allow, "this method is not forwarded"));
    }
    let pseudonym = site.shared.pseudonym.as_bytes();
    let own = |via: &HeaderField<'_>| memchr::memmem::find(via.value, pseudonym).is_some();
    if head.fields.iter().any(|field| field.kind == FieldKind::Via && own(field)) {
        let detail = "the request came from this proxy: a route leads back to it";
        return refuse(Problem::new(StatusCode::LOOP_DETECTED, detail));
    }
    let path = match RequestPath::place(head.target, &site.stage) {
        Ok(PathScope::Application(path)) => path,
        Ok(PathScope::Root) if matches!(head.method, Method::GET | Method::HEAD) => {
            return Err(Ended::Greeting);
        }
        Ok(PathScope::Root) => {
            let detail = "the proxy itself answers here, and only reads";
            return refuse(Problem::method_not_allowed("GET, HEAD", detail));
        }
        Ok(PathScope::Outside) => {
            let detail = format!("there is nothing here; the application is under /{}", site.stage);
            return refuse(Problem::not_found(detail));
        }
        Err(refusal) => return refuse(refusal.into()),
    };
    let table = site.table.load();
    match table.find(&head.method, &path) {
        Some(found) => {
            let destination = destination(&table, head, downstream.client, &path, &found);
            if destination.sides().any(|side| side.is_for_operators(&path, &site.epochs)) {
                let detail = "paths with the segment - behind a collection that moves are for operators; \
                              they are not reached through the proxy";
                return refuse(Problem::not_found(detail));
            }
            let most = destination.side.target.limits.upload_bytes;
            if matches!(head.body, Framing::Length(length) if length > most) {
                return refuse(too_large(most));
            }
            Ok((destination, path))
        }
        None => {
            let detail =
                "no route takes this request, and the application has no active default route";
            refuse(Problem::not_found(detail))
        }
    }
}
