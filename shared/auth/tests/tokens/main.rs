//! Tokens against an issuer: its keys, while they change, are wrong or cannot be read; and floods.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod issuer;

use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth::{Caller, KeyCache, LocalIssuer, Refusal, Settings, TokenRequest, Verifier};
use runtime::{Clients, Variables};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use issuer::{Issuer, Key};

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
/// Time by the clock of the programs under test.
const NOW: u64 = 1_000_000;

/// What checks tokens, with the task that reads its keys.
struct Checker {
    verifier: Verifier,
    refresh: JoinHandle<()>,
}

impl Checker {
    fn new(variables: &[(&str, &str)]) -> Self {
        let audience = [("AUTH_AUDIENCE", "board"), ("AUTH_USER_CLAIM", "username")];
        let given = variables.iter().chain(&audience);
        let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut variables = Variables::new(&[], given);
        let settings = Settings::read(&mut variables).unwrap();
        variables.finish(()).unwrap();
        let keys = Arc::new(KeyCache::new(&settings, Clients::new().unwrap()));
        let verifier = Verifier::new(&settings, Arc::clone(&keys));
        let refresh = tokio::spawn(async move { keys.refresh().await });
        Self { verifier, refresh }
    }

    async fn check(&self, token: &str) -> Result<Caller, Refusal> {
        self.check_from(token, ADDRESS).await
    }

    async fn check_from(&self, token: &str, address: IpAddr) -> Result<Caller, Refusal> {
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        let value = format!("Bearer {token}");
        self.verifier.caller([value.as_bytes()], address, now).await
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.refresh.abort();
    }
}

fn claims(issuer: &str) -> Value {
    json!({"iss": issuer, "aud": "board", "sub": "1", "username": "finn", "scope": "a", "exp": NOW + 60})
}

fn head(alg: &str, kid: &str) -> Value {
    json!({"alg": alg, "kid": kid, "typ": "JWT"})
}

/// Waits until this token is refused, or not, as it is to be.
async fn becomes(checker: &Checker, token: &str, good: bool) {
    let looked = async {
        while checker.check(token).await.is_ok() != good {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), looked).await.expect("the keys change in time");
}

#[tokio::test]
async fn the_keys_are_where_the_discovery_document_says() {
    let (ed, p256) = (Key::ed25519(), Key::p256());
    let issuer = Issuer::start(vec![ed.jwk("a"), p256.jwk("b")]);
    let checker = Checker::new(&[("AUTH_ISSUER", &issuer.url)]);
    for (key, alg, kid) in [(&ed, "EdDSA", "a"), (&p256, "ES256", "b")] {
        let token = key.sign(&head(alg, kid), &claims(&issuer.url));
        let caller = checker.check(&token).await.unwrap();
        assert_eq!((caller.id(), caller.user()), ("sub 1", Some("finn")));
        let without_id = key.sign(&json!({ "alg": alg }), &claims(&issuer.url));
        assert!(checker.check(&without_id).await.is_ok(), "{alg}: there is one such key");
    }
    for (alg, kid) in [("EdDSA", "b"), ("ES256", "a"), ("RS256", "a"), ("EdDSA", "A")] {
        let token = ed.sign(&head(alg, kid), &claims(&issuer.url));
        assert!(matches!(checker.check(&token).await, Err(Refusal::Invalid(_))), "{alg} {kid}");
    }
    let other = ed.sign(&head("EdDSA", "a"), &claims("http://other.example"));
    assert_eq!(
        checker.check(&other).await,
        Err(Refusal::Invalid("the token is of another issuer"))
    );
}

#[tokio::test]
async fn a_document_of_another_issuer_is_not_believed() {
    let key = Key::ed25519();
    let issuer = Issuer::start(vec![key.jwk("a")]);
    issuer.names_itself(&format!("{}/", issuer.url));
    let checker = Checker::new(&[("AUTH_ISSUER", &issuer.url)]);
    let token = key.sign(&head("EdDSA", "a"), &claims(&issuer.url));
    assert_eq!(checker.check(&token).await, Err(Refusal::NoKeys));
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn keys_stay_good_while_the_issuer_is_down_and_are_missed_if_they_were_never_read() {
    let key = Key::ed25519();
    let issuer = Issuer::start(vec![key.jwk("a")]);
    let token = |sub: &str| {
        let mut claims = claims(&issuer.url);
        claims["sub"] = sub.into();
        key.sign(&head("EdDSA", "a"), &claims)
    };
    let checker = Checker::new(&[("AUTH_ISSUER", &issuer.url)]);
    checker.check(&token("1")).await.unwrap();
    issuer.goes_down();
    assert!(checker.check(&token("2")).await.is_ok(), "a token that was not seen before");
    let late = Checker::new(&[("AUTH_ISSUER", &issuer.url)]);
    assert_eq!(late.check(&token("1")).await, Err(Refusal::NoKeys));
}

#[tokio::test]
async fn unknown_keys_make_the_issuer_answer_no_more_than_once() {
    let key = Key::ed25519();
    let issuer = Issuer::start(vec![key.jwk("a")]);
    let checker = Checker::new(&[("AUTH_ISSUER", &issuer.url)]);
    checker.check(&key.sign(&head("EdDSA", "a"), &claims(&issuer.url))).await.unwrap();
    let start = Instant::now();
    for number in 0..200 {
        let token = key.sign(&head("EdDSA", &number.to_string()), &claims(&issuer.url));
        assert!(matches!(checker.check(&token).await, Err(Refusal::Invalid(_))));
    }
    let rounds = start.elapsed().as_secs() / 10;
    assert!(issuer.asked() as u64 <= 2 + rounds, "{}", issuer.asked());
}

#[tokio::test]
async fn a_file_of_keys_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let write = |keys: &[Value]| {
        files::replace(&file, json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    };
    let (old, new) = (Key::ed25519(), Key::ed25519());
    write(&[old.jwk("old")]);
    let checker = Checker::new(&[("AUTH_JWKS_URL", file.to_str().unwrap())]);
    let token = |key: &Key, kid: &str| key.sign(&head("EdDSA", kid), &claims("any"));
    let (of_old, of_new) = (token(&old, "old"), token(&new, "new"));
    becomes(&checker, &of_old, true).await;
    assert!(checker.check(&of_new).await.is_err());
    write(&[old.jwk("old"), new.jwk("new")]);
    becomes(&checker, &of_new, true).await;
    assert!(checker.check(&of_old).await.is_ok());
    write(&[new.jwk("new")]);
    becomes(&checker, &of_old, false).await;
    fs::write(&file, "damaged").unwrap();
    sleep(Duration::from_millis(1_500)).await;
    assert!(checker.check(&of_new).await.is_ok(), "the last keys stay");
    write(&[]);
    becomes(&checker, &of_new, false).await;
    assert!(
        matches!(checker.check(&of_new).await, Err(Refusal::Invalid(_))),
        "all were taken back"
    );
}

#[tokio::test]
async fn a_flood_of_wrong_signatures_is_not_checked_and_stops_no_other_client() {
    let (key, other) = (Key::ed25519(), Key::ed25519());
    let issuer = Issuer::start(vec![key.jwk("a")]);
    let checker = Checker::new(&[("AUTH_ISSUER", &issuer.url)]);
    let token = |key: &Key, sub: String| {
        let mut claims = claims(&issuer.url);
        claims["sub"] = sub.into();
        key.sign(&head("EdDSA", "a"), &claims)
    };
    let known = token(&key, "known".to_owned());
    checker.check(&known).await.unwrap();
    let start = Instant::now();
    let mut checked = 0;
    for number in 0..2_000 {
        match checker.check(&token(&other, number.to_string())).await {
            Err(Refusal::Invalid(_)) => checked += 1,
            Err(Refusal::Flood(wait)) => assert!(wait <= Duration::from_secs(1)),
            told => panic!("{told:?}"),
        }
    }
    let seconds = start.elapsed().as_secs() + 1;
    assert!(checked as u64 <= 20 + 20 * seconds, "{checked} in {seconds} s");
    assert!(checker.check(&known).await.is_ok(), "a token that was good before");
    let elsewhere = checker.check_from(&token(&key, "new".to_owned()), [192, 0, 2, 2].into()).await;
    assert!(elsewhere.is_ok(), "{elsewhere:?}");
}

#[tokio::test]
async fn the_tokens_of_a_local_issuer_are_good_until_they_end() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalIssuer::make(folder.path()).unwrap();
    let keys = local.jwks_file();
    let keys = keys.to_str().unwrap();
    let checker = Checker::new(&[("AUTH_ISSUER", LocalIssuer::ISSUER), ("AUTH_JWKS_URL", keys)]);
    let token = |at: u64| {
        let wanted = TokenRequest { user: "bmo", scope: "x y", lifetime: Duration::from_secs(60) };
        local.token(wanted, SystemTime::UNIX_EPOCH + Duration::from_secs(at)).unwrap()
    };
    let caller = checker.check(&token(NOW)).await.unwrap();
    assert_eq!(caller.user(), Some("bmo"));
    assert!(caller.has_scope("y"));
    let refused = checker.check(&token(NOW - 100)).await;
    assert_eq!(refused, Err(Refusal::Invalid("the token has expired")));
    let value = format!("Bearer {}", token(NOW));
    let before =
        checker.verifier.caller([value.as_bytes()], ADDRESS, UNIX_EPOCH - Duration::from_secs(1));
    assert!(before.await.is_err(), "a clock that was never set");
}
