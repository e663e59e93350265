//! Checking the token of a request. What costs nothing comes first, and a signature last.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use runtime::client_network;

use crate::caller::Caller;
use crate::claims::{Claims, Policy};
use crate::key_cache::KeyCache;
use crate::rate::{Rate, TooMany};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::verified::{Verified, digest_of};
use crate::{bearer, header, provider};

/// How many signatures that are wrong an address may send in a second. Others are checked whatever one address sends.
const WRONG_A_SECOND: u32 = 20;

/// Checks tokens. Never writes a part of one to a log or into an error.
#[derive(Debug)]
pub struct Verifier {
    policy: Policy,
    keys: Arc<KeyCache>,
    verified: Verified,
    wrong: Rate<IpAddr>,
}

impl Verifier {
    /// Checks tokens as the settings say, with these keys.
    pub fn new(settings: &Settings, keys: Arc<KeyCache>) -> Self {
        provider::install();
        Self {
            policy: settings.policy.clone(),
            keys,
            verified: Verified::new(),
            wrong: Rate::new(WRONG_A_SECOND, Duration::from_secs(1)),
        }
    }

    /// The claim that names the user.
    pub fn user_claim(&self) -> &str {
        &self.policy.user_claim
    }

    /// The caller of a request, by the values of its `Authorization`. It comes from this address.
    ///
    /// # Errors
    /// Why it has none.
    pub async fn caller(
        &self,
        authorization: impl IntoIterator<Item = &[u8]>,
        address: IpAddr,
        now: SystemTime,
    ) -> Result<Caller, Refusal> {
        let token = bearer::token(authorization)?;
        // Before 1970 no token is valid: the clock was never set.
        let now = now.duration_since(UNIX_EPOCH).map_or(f64::INFINITY, |now| now.as_secs_f64());
        let digest = digest_of(token);
        if let Some(caller) = self.verified.get(&digest, self.keys.generation(), now) {
            return Ok(caller);
        }
        let header = header::read(token)?;
        let unchecked: Claims = insecure_decode_claims(token)
            .map_err(|_error| Refusal::Invalid("the claims of the token cannot be read"))?;
        let (caller, ends) = self.policy.check(&unchecked, header::says_access(&header), now)?;
        let found = self.keys.find(&header).await?;
        self.check_signature(token, &found.key, header.alg, client_network(address))?;
        self.verified.put(digest, caller.clone(), ends, found.generation);
        Ok(caller)
    }

    fn check_signature(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
        client: IpAddr,
    ) -> Result<(), Refusal> {
        let now = Instant::now();
        self.wrong.look(&client, now).map_err(|TooMany { wait }| Refusal::Flood(wait))?;
        let mut validation = Validation::new(algorithm);
        // The policy has checked these, by the clock that it was given.
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        if decode::<Claims>(token, key, &validation).is_err() {
            // What is refused from now on is not checked, so that this says nothing more.
            let _ = self.wrong.take(client, now);
            return Err(Refusal::Invalid("the signature of the token is wrong"));
        }
        Ok(())
    }
}
