//! Which tokens are good: the variables that say so.

use std::path::{Path, PathBuf};

use runtime::{Variable, Variables};
use url::{Host, Url};

use crate::address::{discovery_url, web_url};
use crate::claims::Policy;
use crate::key_source::KeySource;

/// Every variable that says which tokens are good.
pub const VARIABLES: [Variable; 5] = [
    Variable {
        name: "AUTH_ISSUER",
        about: "the URL of an OpenID provider, exactly as its tokens name it in iss. With it, writes need an \
                access token of this issuer; without it and AUTH_JWKS_URL, any client writes",
    },
    Variable {
        name: "AUTH_JWKS_URL",
        about: "the URL or the file of the issuer's keys (a JWK set); what the issuer's discovery document names",
    },
    Variable {
        name: "AUTH_AUDIENCE",
        about: "what the claim aud of a token must contain; not checked if only AUTH_CLIENT_ID is set",
    },
    Variable {
        name: "AUTH_CLIENT_ID",
        about: "what the claim client_id, or azp, of a token must be; not checked",
    },
    Variable {
        name: "AUTH_USER_CLAIM",
        about: "the claim that names the user of the board. Its value must be unique, and never given to \
                another person. Needed if AUTH_ISSUER or AUTH_JWKS_URL is set",
    },
];

const ISSUER: &str = "AUTH_ISSUER";
const JWKS_URL: &str = "AUTH_JWKS_URL";
const AUDIENCE: &str = "AUTH_AUDIENCE";
const CLIENT_ID: &str = "AUTH_CLIENT_ID";
const USER_CLAIM: &str = "AUTH_USER_CLAIM";

/// Which tokens are good, and where the keys are that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub(crate) policy: Policy,
    pub(crate) keys: KeySource,
}

impl Settings {
    /// Reads the variables; `None` if neither an issuer nor its keys are named.
    pub fn read(variables: &mut Variables) -> Option<Self> {
        let names = [ISSUER, JWKS_URL, AUDIENCE, CLIENT_ID, USER_CLAIM];
        let [issuer, keys, audience, client_id, user_claim] =
            names.map(|name| variables.secret(name).map(str::to_owned));
        if issuer.is_none() && keys.is_none() {
            for name in names.into_iter().filter(|name| variables.is_set(name)).collect::<Vec<_>>()
            {
                variables.wrong(format!("{name}: needs {ISSUER} or {JWKS_URL}"));
            }
            return None;
        }
        let takes = "https://HOST/PATH or http://HOST/PATH, without a user, a query or a fragment";
        variables.read(ISSUER, takes, |value| web_url(value).filter(|url| url.query().is_none()));
        let takes = "https://HOST/PATH, http://HOST/PATH, or the path of a file that begins with /";
        let keys = match keys {
            Some(_) => variables.read(JWKS_URL, takes, keys_of),
            None => issuer.clone().map(KeySource::Issuer),
        };
        if audience.is_none() && client_id.is_none() {
            variables.wrong(format!(
                "{AUDIENCE}: is needed, or {CLIENT_ID}: otherwise the tokens of every application of the issuer would do"
            ));
        }
        if user_claim.is_none() {
            variables.wrong(format!(
                "{USER_CLAIM}: is needed: the claim that names the user, such as username (Amazon Cognito) or \
                 preferred_username (Keycloak)"
            ));
        }
        let policy = Policy { issuer, audience, client_id, user_claim: user_claim? };
        Some(Self { policy, keys: keys? })
    }

    /// The claim that names the user.
    pub fn user_claim(&self) -> &str {
        &self.policy.user_claim
    }

    /// The address of the issuer's discovery document, if it has one.
    pub fn discovery_url(&self) -> Option<String> {
        self.policy.issuer.as_deref().map(discovery_url)
    }

    /// What a log should say of an address whose answers can be changed on their way: `http` to another machine.
    pub fn weakness(&self) -> Option<String> {
        let url = match &self.keys {
            KeySource::Issuer(url) | KeySource::Url(url) => Url::parse(url).ok()?,
            KeySource::File(_) => return None,
        };
        let local = match url.host()? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        (url.scheme() == "http" && !local).then(|| {
            format!("{url} is not https: what changes its answers on their way can make tokens")
        })
    }
}

fn keys_of(value: &str) -> Option<KeySource> {
    if Path::new(value).is_absolute() {
        return Some(KeySource::File(PathBuf::from(value)));
    }
    web_url(value).map(|url| KeySource::Url(url.into()))
}

#[cfg(test)]
mod tests {
    use runtime::Variables;

    use super::Settings;

    fn read(environment: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let owned = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let mut variables = Variables::new(&[], owned);
        let settings = Settings::read(&mut variables);
        variables.finish(settings).map_err(|errors| errors.to_string())
    }

    const WHOLE: [(&str, &str); 3] = [
        ("AUTH_ISSUER", "https://login.example/a/"),
        ("AUTH_AUDIENCE", "board"),
        ("AUTH_USER_CLAIM", "username"),
    ];

    #[test]
    fn without_the_variables_there_are_no_tokens() {
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn the_discovery_document_is_below_the_issuer() {
        let settings = read(&WHOLE).unwrap().unwrap();
        let url = "https://login.example/a/.well-known/openid-configuration";
        assert_eq!(settings.discovery_url().as_deref(), Some(url));
        assert_eq!(settings.weakness(), None);
    }

    #[test]
    fn http_is_only_fine_on_this_machine() {
        let weakness = |url| {
            let settings = read(&[WHOLE[1], WHOLE[2], ("AUTH_JWKS_URL", url)]);
            settings.unwrap().unwrap().weakness().is_some()
        };
        for fine in ["http://127.0.0.1:1/k", "http://localhost/k", "https://a/k", "/keys.json"] {
            assert!(!weakness(fine), "{fine}");
        }
        assert!(weakness("http://keycloak:8080/keys"));
    }

    #[test]
    fn a_half_configuration_is_refused_with_what_is_missing() {
        for (given, wrong) in [
            (&WHOLE[..1], "AUTH_AUDIENCE: is needed"),
            (&WHOLE[..2], "AUTH_USER_CLAIM: is needed"),
            (&WHOLE[1..2], "AUTH_AUDIENCE: needs AUTH_ISSUER or AUTH_JWKS_URL"),
            (&[("AUTH_ISSUER", "login"), WHOLE[1], WHOLE[2]], "AUTH_ISSUER=\"login\": takes https"),
            (&[("AUTH_JWKS_URL", "keys"), WHOLE[1], WHOLE[2]], "AUTH_JWKS_URL=\"keys\": takes"),
        ] {
            let error = read(given).unwrap_err();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
