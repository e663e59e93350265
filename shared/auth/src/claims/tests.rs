use serde_json::{Value, json};

use super::{Claims, LEEWAY, Policy};
use crate::caller::Caller;
use crate::refusal::Refusal;

const NOW: f64 = 1_000_000.0;

fn policy() -> Policy {
    Policy {
        issuer: Some("https://login.example".into()),
        audience: Some("board".into()),
        client_id: None,
        user_claim: "username".into(),
    }
}

/// Good claims, with these in place of their own; `null` leaves one out.
fn claims(changes: Value) -> Claims {
    let good = json!({
        "iss": "https://login.example", "aud": "board", "exp": NOW + 60.0, "sub": "1",
        "username": "finn", "scope": "openid board:moderate",
    });
    let mut claims = good.as_object().unwrap().clone();
    claims.extend(changes.as_object().unwrap().clone());
    claims.retain(|_, value| !value.is_null());
    claims
}

fn check(policy: &Policy, changes: Value) -> Result<Caller, &'static str> {
    match policy.check(&claims(changes), false, NOW) {
        Ok((caller, _)) => Ok(caller),
        Err(Refusal::Invalid(why)) => Err(why),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_good_token_names_its_bearer() {
    let caller = check(&policy(), json!({})).unwrap();
    assert_eq!((caller.id(), caller.user()), ("sub 1", Some("finn")));
    assert!(caller.has_scope("board:moderate") && !caller.has_scope("board"));
    let caller = check(&policy(), json!({"sub": null, "aud": ["a", "board"]})).unwrap();
    assert_eq!(caller.id(), "user finn");
    let caller =
        check(&policy(), json!({"username": null, "scope": null, "scp": ["a b"]})).unwrap();
    assert!(caller.user().is_none() && caller.has_scope("b"));
}

#[test]
fn each_claim_must_be_as_the_settings_say() {
    for (changes, why) in [
        (json!({"iss": "https://login.example/"}), "another issuer"),
        (json!({"iss": null}), "another issuer"),
        (json!({"iss": ["https://login.example"]}), "another issuer"),
        (json!({"aud": "boards"}), "another audience"),
        (json!({"aud": null}), "another audience"),
        (json!({"aud": [["board"]]}), "another audience"),
        (json!({"aud": {"board": 1}}), "another audience"),
        (json!({"exp": null}), "no end"),
        (json!({"exp": "1000060"}), "no number"),
        (json!({"exp": NOW - LEEWAY}), "expired"),
        (json!({"nbf": NOW + LEEWAY + 1.0}), "not valid yet"),
        (json!({"nbf": "x"}), "no number"),
        (json!({"sub": null, "username": null}), "no subject"),
        (json!({"username": "x".repeat(257)}), "too long"),
    ] {
        let refused = check(&policy(), changes.clone()).unwrap_err();
        assert!(refused.contains(why), "{changes}: {refused}");
    }
    for fine in [json!({"exp": NOW - LEEWAY + 0.5}), json!({"nbf": NOW + LEEWAY})] {
        assert!(check(&policy(), fine.clone()).is_ok(), "{fine}");
    }
}

#[test]
fn a_client_can_stand_for_the_audience() {
    let policy = Policy { audience: None, client_id: Some("web".into()), ..policy() };
    assert!(check(&policy, json!({"aud": null, "client_id": "web"})).is_ok());
    assert!(check(&policy, json!({"azp": "web"})).is_ok());
    for changes in [json!({}), json!({"azp": "app"}), json!({"client_id": "app", "azp": "web"})] {
        assert!(
            check(&policy, changes.clone()).unwrap_err().contains("another client"),
            "{changes}"
        );
    }
}

#[test]
fn an_id_token_is_refused_whatever_issuer_made_it() {
    let policy = policy();
    for id_token in [
        json!({"token_use": "id"}),
        json!({"typ": "ID"}),
        json!({"typ": "Refresh"}),
        json!({"scope": null, "azp": "web"}),
        json!({"nonce": "n"}),
        json!({"at_hash": "h"}),
    ] {
        assert!(check(&policy, id_token.clone()).unwrap_err().contains("no access"), "{id_token}");
    }
    let cognito = json!({"token_use": "access", "scope": null});
    let keycloak = json!({"typ": "Bearer", "nonce": "n"});
    for access in [cognito, keycloak, json!({"scope": null, "client_id": "web"})] {
        assert!(check(&policy, access.clone()).is_ok(), "{access}");
    }
    let by_its_head = policy.check(&claims(json!({"scope": null})), true, NOW);
    assert!(by_its_head.is_ok(), "{by_its_head:?}");
}
