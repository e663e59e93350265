//! What a description says of the tokens and limits of writes.

use serde_json::{Value, json};

use crate::config::Config;

/// The name of the scheme in a document.
const SCHEME: &str = "token";

/// What writes need, and how many there may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// Whether a write needs a token.
    pub(crate) tokens: bool,
    /// The address of the issuer's discovery document.
    discovery_url: Option<String>,
    /// Whether a client can write too often.
    limits: bool,
}

impl Access {
    pub(crate) fn of(config: &Config) -> Self {
        let settings = config.auth.as_ref();
        Self {
            tokens: settings.is_some(),
            discovery_url: settings.and_then(auth::Settings::discovery_url),
            limits: config.caller_writes.is_some() || config.address_writes.is_some(),
        }
    }

    /// Adds the scheme of the tokens to the components of a document.
    pub(super) fn describe(&self, components: &mut Value) {
        if !self.tokens {
            return;
        }
        let about = "An access token. Reads need none.";
        let scheme = match &self.discovery_url {
            Some(url) => {
                json!({"type": "openIdConnect", "openIdConnectUrl": url, "description": about})
            }
            None => json!({
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": about,
            }),
        };
        components["securitySchemes"] = json!({ SCHEME: scheme });
    }

    /// Adds to a write what it needs.
    pub(super) fn require(&self, operation: &mut Value) {
        if self.tokens {
            operation["security"] = json!([{ SCHEME: [] }]);
        }
    }

    /// Why a write may be refused, besides what always holds: statuses and texts.
    pub(super) fn refusals(&self) -> Vec<(u16, &'static str)> {
        let mut refusals = Vec::new();
        if self.tokens {
            refusals.push((
                401,
                "There is no good access token; WWW-Authenticate says why (RFC 6750).",
            ));
            refusals.push((
                403,
                "The board is read-only; or the token is not of the user that the member belongs to, and has not the \
                 scope board:moderate.",
            ));
        } else {
            refusals.push((403, "The board is read-only."));
        }
        if self.tokens || self.limits {
            refusals.push((
                429,
                "Too many writes of this caller or address, or too many wrong tokens. Retry-After says when to try again.",
            ));
        }
        refusals
    }

    /// The fields of a new member that must be given, out of those that always must: the author comes with the token.
    pub(super) fn needed(&self, author: Option<&str>, mut needed: Vec<String>) -> Vec<String> {
        needed.retain(|name| !self.tokens || author != Some(name));
        needed
    }
}
