//! The keys of an issuer (RFC 7517).

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// The most keys of a set.
const MOST_KEYS: usize = 100;

/// The keys of an issuer that can check tokens.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// What the key may be used for.
    algorithms: &'static [Algorithm],
    key: DecodingKey,
}

impl KeySet {
    /// Reads a JWK set. Keys that check no token here are left out: those of other types, for other uses, for other
    /// algorithms, and secrets. If none is left, the issuer took all of them back.
    ///
    /// # Errors
    /// If it is no JWK set.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set =
            serde_json::from_slice(json).map_err(|error| format!("is no JWK set: {error}"))?;
        Ok(Self(set.keys.into_iter().take(MOST_KEYS).filter_map(key).collect()))
    }

    /// Whether it has no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that a token names, if it fits the algorithm. Without a name there must be only one that fits.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let fits = |key: &&Key| {
            key.algorithms.contains(&algorithm) && (id.is_none() || key.id.as_deref() == id)
        };
        let mut found = self.0.iter().filter(fits);
        let key = found.next()?;
        (id.is_some() || found.next().is_none()).then_some(&key.key)
    }
}

fn key(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let common = &jwk.common;
    let signs =
        common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let operations = common.key_operations.as_ref();
    let verifies = operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let algorithms = algorithms(&jwk.algorithm, common.key_algorithm)?;
    let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| signs && verifies)?;
    Some(Key { id: jwk.common.key_id, algorithms, key })
}

/// What a key of this type may be used for: all that its type can, or the one that it names.
fn algorithms(
    parameters: &AlgorithmParameters,
    named: Option<KeyAlgorithm>,
) -> Option<&'static [Algorithm]> {
    match (parameters, named) {
        (AlgorithmParameters::RSA(_), None) => Some(&[Algorithm::RS256, Algorithm::PS256]),
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::RS256)) => Some(&[Algorithm::RS256]),
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::PS256)) => Some(&[Algorithm::PS256]),
        (AlgorithmParameters::EllipticCurve(key), None | Some(KeyAlgorithm::ES256))
            if key.curve == EllipticCurve::P256 =>
        {
            Some(&[Algorithm::ES256])
        }
        (AlgorithmParameters::OctetKeyPair(key), None | Some(KeyAlgorithm::EdDSA))
            if key.curve == EllipticCurve::Ed25519 =>
        {
            Some(&[Algorithm::EdDSA])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Algorithm;
    use serde_json::{Value, json};

    use super::KeySet;

    fn set(keys: &[Value]) -> Result<KeySet, String> {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn a_key_is_found_by_its_id_and_its_algorithm() {
        let rsa = |id: &str| json!({"kty": "RSA", "kid": id, "n": "AQAB", "e": "AQAB"});
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "kid": "b", "x": "AQAB", "alg": "EdDSA", "use": "sig"});
        let keys = set(&[rsa("a"), ed, rsa("c")]).unwrap();
        assert!(keys.find(Some("a"), Algorithm::RS256).is_some());
        assert!(keys.find(Some("a"), Algorithm::PS256).is_some());
        assert!(keys.find(Some("b"), Algorithm::EdDSA).is_some());
        assert!(keys.find(None, Algorithm::EdDSA).is_some(), "it is the only one that fits");
        for (id, algorithm) in [
            (Some("a"), Algorithm::EdDSA),
            (Some("b"), Algorithm::RS256),
            (Some("a"), Algorithm::HS256),
            (Some("A"), Algorithm::RS256),
            (Some("' OR 1=1 --"), Algorithm::RS256),
            (Some("../../etc/passwd"), Algorithm::RS256),
            (None, Algorithm::RS256),
        ] {
            assert!(keys.find(id, algorithm).is_none(), "{id:?} {algorithm:?}");
        }
    }

    #[test]
    fn a_key_that_checks_no_token_is_left_out() {
        let rsa = |change: Value| {
            let mut key = json!({"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"});
            key.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            key
        };
        for useless in [
            json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
            json!({"kty": "oct", "k": "c2VjcmV0"}),
            json!({"kty": "EC", "crv": "P-384", "x": "AQAB", "y": "AQAB"}),
            json!({"kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB", "alg": "ES384"}),
            json!({"kty": "OKP", "crv": "X25519", "x": "AQAB"}),
            json!({"kty": "new"}),
            json!("key"),
            rsa(json!({"use": "enc"})),
            rsa(json!({"alg": "RSA-OAEP"})),
            rsa(json!({"alg": "HS256"})),
            rsa(json!({"key_ops": ["encrypt"]})),
            rsa(json!({"n": "?"})),
        ] {
            assert!(set(std::slice::from_ref(&useless)).unwrap().is_empty(), "{useless}");
            let keys = set(&[useless, rsa(json!({"kid": "good", "key_ops": ["verify"]}))]).unwrap();
            assert!(keys.find(Some("good"), Algorithm::RS256).is_some());
        }
        for wrong in ["", "[]", "{}", "{\"keys\": 1}"] {
            assert!(KeySet::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
