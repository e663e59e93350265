//! What a token says, and whether that is enough (RFC 7519, 4.1; RFC 8725, 3.8 to 3.12; RFC 9068, 4).

use serde_json::{Map, Value};

use crate::caller::Caller;
use crate::refusal::Refusal;

/// How far the clocks of issuer and program may be apart, in seconds.
const LEEWAY: f64 = 30.0;
/// The longest name of a user, in bytes.
const MOST_USER_BYTES: usize = 256;
/// Claims that only ID tokens have (OpenID Connect Core 1.0, 2 and 3.3.2.11).
const ID_TOKEN: [&str; 3] = ["nonce", "at_hash", "c_hash"];
/// Claims that access tokens have and ID tokens have not.
const ACCESS_TOKEN: [&str; 3] = ["scope", "scp", "client_id"];

/// The claims of a token.
pub(crate) type Claims = Map<String, Value>;

/// What the claims must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// `iss`, if it is checked.
    pub(crate) issuer: Option<String>,
    /// What `aud` must contain, if it is checked.
    pub(crate) audience: Option<String>,
    /// What `client_id` or `azp` must be, if it is checked.
    pub(crate) client_id: Option<String>,
    /// The claim that names the user.
    pub(crate) user_claim: String,
}

impl Policy {
    /// The bearer, and when the token ends, in seconds since 1970. `access` tells that the head says that it is an
    /// access token.
    ///
    /// # Errors
    /// The first claim that is missing or not as it must be.
    pub(crate) fn check(
        &self,
        claims: &Claims,
        access: bool,
        now: f64,
    ) -> Result<(Caller, f64), Refusal> {
        let is = |name: &str, wanted: &str| claims.get(name).is_some_and(|found| found == wanted);
        if self.issuer.as_ref().is_some_and(|issuer| !is("iss", issuer)) {
            return Err(Refusal::Invalid("the token is of another issuer"));
        }
        if self.audience.as_ref().is_some_and(|audience| !has_audience(claims, audience)) {
            return Err(Refusal::Invalid("the token is for another audience"));
        }
        let client = if claims.contains_key("client_id") { "client_id" } else { "azp" };
        if self.client_id.as_ref().is_some_and(|wanted| !is(client, wanted)) {
            return Err(Refusal::Invalid("the token is of another client"));
        }
        let exp = time(claims, "exp")?.ok_or(Refusal::Invalid("the token has no end (exp)"))?;
        if exp + LEEWAY <= now {
            return Err(Refusal::Invalid("the token has expired"));
        }
        if time(claims, "nbf")?.is_some_and(|nbf| nbf - LEEWAY > now) {
            return Err(Refusal::Invalid("the token is not valid yet"));
        }
        if !is_access_token(claims, access) {
            return Err(Refusal::Invalid("the token is no access token"));
        }
        Ok((self.caller(claims)?, exp + LEEWAY))
    }

    fn caller(&self, claims: &Claims) -> Result<Caller, Refusal> {
        let text =
            |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let user = text(&self.user_claim).map(str::to_owned);
        if user.as_ref().is_some_and(|user| user.len() > MOST_USER_BYTES) {
            return Err(Refusal::Invalid("the token names a user with a name that is too long"));
        }
        let subject = text("sub").map(|subject| format!("sub {subject}"));
        let subject = subject.or_else(|| user.as_ref().map(|user| format!("user {user}")));
        let subject = subject.ok_or(Refusal::Invalid("the token names no subject (sub)"))?;
        Ok(Caller { subject, user, scopes: scopes(claims).collect() })
    }
}

fn has_audience(claims: &Claims, wanted: &str) -> bool {
    match claims.get("aud") {
        Some(Value::String(audience)) => audience == wanted,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == wanted),
        _ => false,
    }
}

/// A NumericDate (RFC 7519, 2).
fn time(claims: &Claims, name: &str) -> Result<Option<f64>, Refusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let number = value.as_f64().filter(|number| number.is_finite());
    number.map(Some).ok_or(Refusal::Invalid("the token has a time that is no number"))
}

/// Whether it is an access token and no ID token. Issuers mark it in different places: in the head (RFC 9068), in
/// `token_use` (Amazon Cognito), in `typ` (Keycloak). Without a mark it must have a claim that ID tokens have not, and none
/// that only they have.
fn is_access_token(claims: &Claims, access: bool) -> bool {
    match (claims.get("token_use"), claims.get("typ")) {
        (Some(usage), _) => usage == "access",
        (None, Some(typ)) => typ == "Bearer",
        (None, None) if access => true,
        (None, None) => {
            let has = |name: &&str| claims.contains_key(*name);
            ACCESS_TOKEN.iter().any(has) && !ID_TOKEN.iter().any(has)
        }
    }
}

/// `scope` is a text with spaces (RFC 9068, 2.2.3); some issuers write a list, or call it `scp`.
fn scopes(claims: &Claims) -> impl Iterator<Item = String> {
    let values = ["scope", "scp"].into_iter().filter_map(|name| claims.get(name));
    let texts = values.flat_map(|value| match value {
        Value::String(text) => vec![text.as_str()],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    });
    texts.flat_map(|text| text.split(' ')).filter(|scope| !scope.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests;
