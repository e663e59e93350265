//! A form that was sent. It is read only if it comes from a page of this program.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::{self, FormConfig};
use actix_web::{FromRequest, HttpRequest};
use runtime::is_secret;

use crate::failure::Failure;
use crate::origin::is_own;
use crate::site::Site;
use crate::visitor::Visitor;

/// The hidden field with the token.
pub(crate) const TOKEN: &str = "token";
/// The hidden field that makes sending a new member again safe.
pub(crate) const KEY: &str = "key";
/// The hidden field with the entity tag of what the form shows.
pub(crate) const TAG: &str = "tag";

/// The largest form, in bytes. A post of 10,000 characters that are all sent as `%` escapes of 4 bytes takes half of it.
const MOST_BYTES: usize = 256 * 1024;
/// The longest key or entity tag, in bytes.
const MOST_GUARD_BYTES: usize = 200;

/// The fields of a form.
#[derive(Debug)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// A field; empty if it was not sent. Line ends are newlines.
    pub(crate) fn text(&self, name: &str) -> String {
        self.0.get(name).map(|value| value.replace("\r\n", "\n")).unwrap_or_default()
    }

    /// A hidden field that goes to the API as the value of a header: a key or an entity tag.
    ///
    /// # Errors
    /// If it is none that a page gave.
    pub(crate) fn guard(&self, name: &str) -> Result<String, Failure> {
        let value = self.0.get(name).filter(|value| (1..=MOST_GUARD_BYTES).contains(&value.len()));
        let value = value.filter(|value| value.bytes().all(|byte| byte.is_ascii_graphic()));
        value.cloned().ok_or(Failure::BadForm)
    }

    /// A field that has an id.
    pub(crate) fn id(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.parse().ok()
    }
}

impl FromRequest for Form {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Failure>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let allowed = allowed(request);
        let fields = web::Form::<BTreeMap<String, String>>::from_request(request, payload);
        let visitor = Visitor::extract(request);
        Box::pin(async move {
            allowed?;
            let fields = fields.await.map_err(|error| Failure::of_form(&error))?.into_inner();
            let Ok(visitor) = visitor.await;
            let given = fields.get(TOKEN).map(String::as_str).unwrap_or_default();
            let is_token = |token: &str| is_secret(given.as_bytes(), token.as_bytes());
            if !visitor.brought().is_some_and(is_token) {
                return Err(Failure::NoToken);
            }
            Ok(Self(fields))
        })
    }
}

/// How forms are read.
pub(crate) fn config() -> FormConfig {
    FormConfig::default().limit(MOST_BYTES)
}

fn allowed(request: &HttpRequest) -> Result<(), Failure> {
    if !is_own(request) {
        return Err(Failure::OtherOrigin);
    }
    let read_only = request.app_data::<web::Data<Site>>().is_none_or(|site| site.read_only);
    if read_only { Err(Failure::ReadOnly) } else { Ok(()) }
}
