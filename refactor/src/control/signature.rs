//! AWS Signature Version 4: the signature of a request is made again, and must be the same.
//! (AWS, "Create a signed AWS API request".)

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as SigningKeys;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use runtime::is_secret;

use super::limits::REGION;
use crate::credentials::Keys;
use crate::keyring::Keyring;

/// How far the clock of a client may be off.
const SKEW: Duration = Duration::from_secs(5 * 60);

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The end of a credential's scope.
pub(super) const TERMINATOR: &str = "aws4_request";

/// A request as it came, whole.
pub(super) struct Received {
    pub(super) method: String,
    /// The path as it was sent, with its percent-encoding.
    pub(super) path: String,
    /// The query as it was sent.
    pub(super) query: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Received {
    /// The first header of a name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// For what a request was signed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    /// The id of the keys that it is signed with.
    pub(super) key_id: String,
    pub(super) region: String,
    pub(super) service: String,
}

/// Why a request's signature is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SignatureError {
    /// There is none.
    Missing,
    /// It is not written as a signature is.
    Incomplete(String),
    /// It is made with a key that is not ours.
    UnknownKey(String),
    /// It is another one than this request has, or too old.
    Mismatch(String),
}

impl SignatureError {
    /// What was wrong, and what to do.
    pub(super) fn message(&self) -> String {
        let wrong = match self {
            Self::Missing => "the request is not signed",
            Self::Incomplete(what) => what,
            Self::UnknownKey(key) => {
                return format!(
                    "the access key {key:?} is not known here; run `banyan env` and take over the lines \
                     that it prints"
                );
            }
            Self::Mismatch(what) => what,
        };
        format!(
            "{wrong}; run `banyan env` for the keys of this endpoint and take over the lines that it prints"
        )
    }

    /// A signature for another of the services that are here.
    pub(super) fn scope(given: &str, expected: &str) -> Self {
        Self::Mismatch(format!(
            "the credential is scoped to the service {given:?}, and this request is one of {expected}"
        ))
    }
}

/// What a request says about its signature, in the form that it must have: all that can be checked before its body is there.
pub(super) struct Claim<'a> {
    keys: &'a Keys,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
    time: SystemTime,
}

impl<'a> Claim<'a> {
    /// Reads what a request says, and checks that it is made with one of our keys, for this hour.
    pub(super) fn of(
        received: &'a Received,
        ours: &'a Keyring,
        now: SystemTime,
    ) -> Result<Self, SignatureError> {
        let incomplete = |what: &str| Err(SignatureError::Incomplete(what.to_owned()));
        let mismatch = |what: String| Err(SignatureError::Mismatch(what));
        let header = received.header("authorization").ok_or(SignatureError::Missing)?;
        let fields = header.strip_prefix(ALGORITHM).and_then(|rest| rest.strip_prefix(' '));
        let field = |name: &str| {
            let mut fields = fields?.split(',').map(str::trim);
            fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let (Some(credential), Some(signed_headers), Some(signature)) =
            (field("Credential"), field("SignedHeaders"), field("Signature"))
        else {
            return incomplete(
                "the Authorization header is no AWS4-HMAC-SHA256 with Credential, SignedHeaders and Signature",
            );
        };
        let parts: Vec<_> = credential.split('/').collect();
        let [access_key, date, region, service, end] = *parts else {
            return incomplete("the credential has not exactly 5 parts with slashes between them");
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if region.is_empty() || region.len() > REGION || !region.bytes().all(plain) {
            return incomplete("the region of the credential is not 1 to 64 letters, digits and -");
        }
        let signed_headers: Vec<_> = signed_headers.split(';').collect();
        for name in ["host", "x-amz-date"] {
            if !signed_headers.contains(&name) || received.header(name).is_none() {
                return incomplete(&format!("the header {name} is missing, or not signed"));
            }
        }
        let Some(keys) = ours.of(access_key) else {
            return Err(SignatureError::UnknownKey(access_key.to_owned()));
        };
        let sent = received.header("x-amz-date").unwrap_or_default();
        let Some(time) = time_of(sent) else {
            return incomplete("x-amz-date is no time such as 20260131T235959Z");
        };
        if sent.split('T').next() != Some(date) {
            return mismatch(format!(
                "the date {date:?} of the credential is not that of x-amz-date, {sent}"
            ));
        }
        if end != TERMINATOR {
            return mismatch(format!("the credential ends in {end:?} in place of {TERMINATOR:?}"));
        }
        let off = now.duration_since(time).unwrap_or_else(|early| early.duration());
        if off > SKEW {
            return mismatch(format!(
                "the request was signed at {sent}, {} s off the clock here, and {} s are allowed: set the \
                 clock right",
                off.as_secs(),
                SKEW.as_secs()
            ));
        }
        Ok(Self { keys, region, service, signed_headers, signature, time })
    }
}

/// Checks that the request was signed with our keys, as it is, within five minutes of `now`.
pub(super) fn verify(
    received: &Received,
    ours: &Keyring,
    now: SystemTime,
) -> Result<Signed, SignatureError> {
    let claim = Claim::of(received, ours, now)?;
    let expected = sign_again(received, &claim).ok_or_else(|| {
        let what = "the request cannot be signed: a header or the path holds what no client sends";
        SignatureError::Incomplete(what.to_owned())
    })?;
    if !is_secret(claim.signature.as_bytes(), expected.as_bytes()) {
        let what = "the signature is not that of this request with this key: the secret is another one, \
                    or the request was changed on its way";
        return Err(SignatureError::Mismatch(what.into()));
    }
    let (key_id, region) = (claim.keys.access_key_id.clone(), claim.region.to_owned());
    Ok(Signed { key_id, region, service: claim.service.to_owned() })
}

fn time_of(text: &str) -> Option<SystemTime> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(SystemTime::from(time.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

/// The signature that the request should have.
fn sign_again(received: &Received, claim: &Claim<'_>) -> Option<String> {
    let token = received.header("x-amz-security-token");
    let token = token.filter(|_| claim.signed_headers.contains(&"x-amz-security-token"));
    let keys = SigningKeys::new(
        claim.keys.access_key_id.clone(),
        claim.keys.secret_access_key.clone(),
        token.map(str::to_owned),
        None,
        "refactor",
    );
    let mut settings = SigningSettings::default();
    // The path is encoded once more: `%3A` is signed as `%253A`.
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    // What the client signed is signed, whatever it is.
    settings.excluded_headers = None;
    let identity = keys.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(claim.region)
        .name(claim.service)
        .time(claim.time)
        .settings(settings)
        .build()
        .ok()?
        .into();
    // The signer adds these two itself.
    let added = ["x-amz-date", "x-amz-security-token"];
    let headers = received.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signed =
        headers.filter(|(name, _)| claim.signed_headers.contains(name) && !added.contains(name));
    let uri = match received.query.as_str() {
        "" => format!("http://host{}", received.path),
        query => format!("http://host{}?{query}", received.path),
    };
    let body = SignableBody::Bytes(&received.body);
    let request = SignableRequest::new(&received.method, uri, signed, body).ok()?;
    Some(sign(request, &params).ok()?.signature().to_owned())
}

#[cfg(test)]
mod tests;
