//! What stands below `/-/` on the control port: moves, canaries and shadows.

use std::time::Duration;

use http::Method;
use moves::Move;
use proxy::ShadowReport;
use serde::Deserialize;
use serde_json::{Value, json};
use spaces::CanaryView;

use super::{Client, ClientError};

/// Longer than a command takes that waits for programs.
const COMMAND_TIME: Duration = Duration::from_secs(120);
/// Longer than it takes to remove all rows of a collection.
const PURGE_TIME: Duration = Duration::from_secs(900);

/// A link that signs in to the console.
#[derive(Clone)]
pub struct ConsoleLink {
    /// The URL to open; its part behind `#` is a secret.
    pub url: String,
    /// How long it can be used, in seconds.
    pub seconds: u64,
}

impl Client {
    /// Every move, with what both sides say of themselves now.
    ///
    /// # Errors
    /// If the control port does not answer, or refuses; then with what it said.
    pub async fn moves(&self) -> Result<Vec<Move>, ClientError> {
        #[derive(Deserialize)]
        struct Moves {
            moves: Vec<Move>,
        }
        let moves: Moves = self.call(Method::GET, "/-/moves", &Value::Null, COMMAND_TIME).await?;
        Ok(moves.moves)
    }

    /// The canaries that rise by themselves.
    ///
    /// # Errors
    /// As [`Client::moves`].
    pub async fn canaries(&self) -> Result<Vec<CanaryView>, ClientError> {
        #[derive(Deserialize)]
        struct Canaries {
            canaries: Vec<CanaryView>,
        }
        let answer: Canaries =
            self.call(Method::GET, "/-/canaries", &Value::Null, COMMAND_TIME).await?;
        Ok(answer.canaries)
    }

    /// The shadow of every route, without differences.
    ///
    /// # Errors
    /// As [`Client::moves`].
    pub async fn shadows(&self) -> Result<Vec<ShadowReport>, ClientError> {
        #[derive(Deserialize)]
        struct Shadows {
            shadows: Vec<ShadowReport>,
        }
        let answer: Shadows =
            self.call(Method::GET, "/-/shadows", &Value::Null, COMMAND_TIME).await?;
        Ok(answer.shadows)
    }

    /// The shadow of the route with this id, with its last differences.
    ///
    /// # Errors
    /// As [`Client::moves`].
    pub async fn shadow(&self, route: &str) -> Result<ShadowReport, ClientError> {
        self.call(Method::GET, &format!("/-/shadows/{route}"), &Value::Null, COMMAND_TIME).await
    }

    /// The URL of a page of the console that signs in: once, and within a minute. A session of a `read_only` link only sees.
    ///
    /// # Errors
    /// As [`Client::moves`].
    pub async fn console_link(&self, read_only: bool) -> Result<ConsoleLink, ClientError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Link {
            secret: String,
            path: String,
            seconds: u64,
        }
        let body = json!({ "readOnly": read_only });
        let link: Link = self.call(Method::POST, "/-/console/links", &body, COMMAND_TIME).await?;
        let url = format!("{}{}#{}", self.url, link.path, link.secret);
        Ok(ConsoleLink { url, seconds: link.seconds })
    }

    /// Carries a command out: `follow`, `diff`, `switch`, `reverse`, `complete` or `cancel`; gives the move as it is then.
    ///
    /// # Errors
    /// As [`Client::moves`].
    pub async fn command(
        &self,
        collection: &str,
        verb: &str,
        options: &Value,
    ) -> Result<Move, ClientError> {
        let time = match verb {
            "complete" | "cancel" | "reverse" => PURGE_TIME,
            _ => COMMAND_TIME,
        };
        let collection =
            percent_encoding::utf8_percent_encode(collection, percent_encoding::NON_ALPHANUMERIC);
        self.call(Method::POST, &format!("/-/moves/{collection}/{verb}"), options, time).await
    }
}
