//! Tokens of all kinds: good ones, and those that an attacker would send.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

/// The key of a board, as its data folder has it.
pub(crate) struct Issuer {
    pair: Ed25519KeyPair,
    kid: String,
    public: String,
}

impl Issuer {
    pub(crate) fn of(data: &Path) -> Self {
        let text = |name: &str| fs::read_to_string(data.join(name)).expect("the folder has a key");
        let pkcs8 = URL_SAFE_NO_PAD.decode(text("auth-key").trim()).unwrap();
        let keys: Value = serde_json::from_str(&text("auth-jwks.json")).unwrap();
        let of_key = |name: &str| keys["keys"][0][name].as_str().unwrap().to_owned();
        let (kid, public) = (of_key("kid"), of_key("x"));
        Self { pair: Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap(), kid, public }
    }

    /// A token of this user with these claims in place of its own; `null` leaves one out.
    pub(crate) fn token(&self, user: &str, changes: Value) -> String {
        self.signed(json!({}), user, changes, |text| self.pair.sign(text).as_ref().to_vec())
    }

    fn signed(
        &self,
        head: Value,
        user: &str,
        changes: Value,
        sign: impl Fn(&[u8]) -> Vec<u8>,
    ) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let header = merged(json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid}), head);
        let claims = merged(
            json!({
                "iss": "http://banyan.localhost", "aud": "board", "sub": user, "username": user,
                "client_id": "test", "scope": "", "exp": now + 600,
            }),
            changes,
        );
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(sign(text.as_bytes()));
        format!("{text}.{signature}")
    }

    /// Tokens that must be refused, each with what is wrong with it.
    pub(crate) fn wrong(&self, user: &str) -> Vec<(&'static str, String)> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let other = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let other = Ed25519KeyPair::from_pkcs8(other.as_ref()).unwrap();
        let by_other = |text: &[u8]| other.sign(text).as_ref().to_vec();
        let by_own = |text: &[u8]| self.pair.sign(text).as_ref().to_vec();
        let hmac = |secret: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            move |text: &[u8]| hmac::sign(&key, text).as_ref().to_vec()
        };
        let head = |head: Value, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
            self.signed(head, user, json!({"scope": "board:moderate"}), sign)
        };
        let public = URL_SAFE_NO_PAD.decode(&self.public).unwrap();
        let moderator = self.token(user, json!({"scope": "board:moderate"}));
        let plain = self.token(user, json!({}));
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let tampered =
            format!("{}.{}.{}", parts(&plain)[0], parts(&moderator)[1], parts(&plain)[2]);
        let embedded = json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"});
        vec![
            ("expired", self.token(user, json!({"exp": now - 60}))),
            ("without an end", self.token(user, json!({"exp": null}))),
            ("not yet valid", self.token(user, json!({"nbf": now + 600}))),
            ("another key", head(json!({}), &by_other)),
            ("another audience", self.token(user, json!({"aud": "shop"}))),
            ("another issuer", self.token(user, json!({"iss": "http://banyan.localhost/"}))),
            ("alg none", head(json!({"alg": "none"}), &|_: &[u8]| b"x".to_vec())),
            ("alg None", head(json!({"alg": "None"}), &by_own)),
            ("HMAC with the public key", head(json!({"alg": "HS256"}), &hmac(&public))),
            ("HMAC with its text", head(json!({"alg": "HS256"}), &hmac(self.public.as_bytes()))),
            ("another algorithm", head(json!({"alg": "RS256"}), &by_own)),
            ("kid as SQL", head(json!({"kid": "' OR '1'='1"}), &by_other)),
            ("kid as a path", head(json!({"kid": "../../../dev/null"}), &by_other)),
            ("a key of its own", head(json!({"kid": null, "jwk": embedded}), &by_other)),
            ("an address of keys", head(json!({"jku": "http://127.0.0.1:1/"}), &by_other)),
            ("crit", head(json!({"crit": ["b64"], "b64": true}), &by_own)),
            ("another type", head(json!({"typ": "dpop+jwt"}), &by_own)),
            ("tampered", tampered),
            ("oversized", self.token(user, json!({"more": "x".repeat(10_000)}))),
            ("an ID token", self.token(user, json!({"token_use": "id"}))),
            ("no JWT", "0123456789abcdef".to_owned()),
        ]
    }
}

fn merged(mut value: Value, changes: Value) -> Value {
    if let (Some(value), Value::Object(changes)) = (value.as_object_mut(), changes) {
        value.extend(changes);
        value.retain(|_, value| !value.is_null());
    }
    value
}
