//! `Banyan-Position`: how far the store was, so that no client is sent back in time. And `Banyan-Primary`, on an
//! answer of a copy.

use std::cell::RefCell;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use replication::headers::{self, POSITION};
use store::{Position, Role};

use crate::served::Served;

const PRIMARY: HeaderName = HeaderName::from_static(headers::PRIMARY);

/// A position as the header has it, kept since the last answer.
#[derive(Default)]
pub(super) struct PositionValue(RefCell<Option<(Position, HeaderValue)>>);

impl PositionValue {
    pub(super) fn of(&self, position: Position) -> Option<HeaderValue> {
        let mut kept = self.0.borrow_mut();
        match &*kept {
            Some((known, value)) if *known == position => Some(value.clone()),
            _ => {
                let value = HeaderValue::try_from(position.to_string()).ok()?;
                *kept = Some((position, value.clone()));
                Some(value)
            }
        }
    }
}

/// Says how far the store was before a read, and how far it is after a write: what is read is never older than
/// that, and what was written is never newer. An answer of a copy may be older than one of its primary, and says
/// so: a proxy that does not know what a client wrote then asks the primary. It counts as an answer of a copy also
/// if the store was one only before the read, or only after it.
pub(super) async fn say(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let served = request.app_data::<Data<Served>>().cloned();
    let position = || served.as_ref().map(|served| served.store.position(&served.collection));
    if let Some(served) = &served {
        served.ownership_cache.used();
    }
    let reads = request.method().is_safe();
    if reads && let Some(served) = &served {
        catch_up(served, request.headers().get(POSITION)).await;
    }
    let primary = || {
        let copy = served.as_ref();
        let copy = copy.filter(|copy| copy.store.role(&copy.collection) == Role::Follower);
        copy.and_then(|copy| copy.ownership_cache.primary())
    };
    let before = position();
    let primary_before = if reads { primary() } else { None };
    let mut response = next.call(request).await?;
    let position = if reads { before } else { position() };
    let value = position.and_then(|position| HeaderValue::try_from(position.to_string()).ok());
    if let Some(value) = value {
        response.headers_mut().insert(HeaderName::from_static(POSITION), value);
    }
    let primary = primary_before.or_else(primary);
    if let Some(primary) = primary.and_then(|primary| HeaderValue::try_from(primary).ok())
        && !response.headers().contains_key(PRIMARY)
    {
        response.headers_mut().insert(PRIMARY, primary);
    }
    Ok(response)
}

/// Asks the database how far it is, if the client knows of a write that this program does not know yet: another
/// program may have written it. Otherwise the answer would be thrown away.
async fn catch_up(served: &Served, wanted: Option<&HeaderValue>) {
    let Served { collection, store, ownership_cache, moving, .. } = served;
    let wanted = wanted.and_then(|wanted| wanted.to_str().ok()?.parse::<Position>().ok());
    let is_behind = wanted.is_some_and(|wanted| wanted > store.position(collection));
    if is_behind && moving.shares_database {
        // If it does not answer, the read that comes next says so.
        let _ = ownership_cache.ask(&served.stored()).await;
    }
}
