//! Writing members.

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::Api;
use super::ask::{Repeatable, Reply, Unanswered, WRITE_TIME};

/// Why a write was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Fields break rules, or a value is taken. Nothing was stored.
    Invalid(Vec<FieldError>),
    /// The key came before with another body, which is stored. What was sent now is not.
    KeyUsed,
    /// The member is in another state than the form shows. Nothing was stored.
    Changed,
    /// The member does not exist.
    Gone,
    /// The API takes no writes.
    ReadOnly,
    /// The API could not store it in time. Nothing was stored.
    NotStored,
    /// It is not known whether it was stored.
    Unknown,
    /// The API gave an answer that no request here allows for.
    Failed,
}

/// One thing that is wrong with what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The name of the field on the wire.
    pub(crate) field: String,
    /// What is wrong with it, as a sentence without its subject: `takes 1 to 32 characters`.
    pub(crate) detail: String,
}

impl Api {
    /// Stores a member: gives it whole. The same key with the same body stores it once, however often it is sent.
    pub(crate) async fn create(
        &self,
        collection: &str,
        key: &str,
        body: &Value,
    ) -> Result<Value, Refusal> {
        let headers = [("idempotency-key", key)];
        let path = format!("/{collection}");
        self.write(Method::POST, path, &headers, Some(body)).await?.member()
    }

    /// Changes the fields in `body` if the member is in the state that `tag` names: gives it whole.
    pub(crate) async fn change(
        &self,
        collection: &str,
        id: u64,
        tag: &str,
        body: &Value,
    ) -> Result<Value, Refusal> {
        let headers = [("if-match", tag)];
        let path = format!("/{collection}/{id}");
        self.write(Method::PATCH, path, &headers, Some(body)).await?.member()
    }

    /// Deletes a member if it is in the state that `tag` names.
    pub(crate) async fn delete(&self, collection: &str, id: u64, tag: &str) -> Result<(), Refusal> {
        let headers = [("if-match", tag)];
        let path = format!("/{collection}/{id}");
        self.write(Method::DELETE, path, &headers, None).await.map(drop)
    }

    async fn write(
        &self,
        method: Method,
        path: String,
        headers: &[(&'static str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply, Refusal> {
        let body = body.map(Value::to_string);
        let request = Repeatable { method, path, headers, body, time: WRITE_TIME };
        let reply = self.ask(request).await;
        let reply = reply.map_err(|Unanswered { perhaps, cause }| {
            log::warn!("a write was not answered in time: {cause}");
            if perhaps { Refusal::Unknown } else { Refusal::NotStored }
        })?;
        match reply.status {
            status if status.is_success() => Ok(reply),
            StatusCode::FORBIDDEN => Err(Refusal::ReadOnly),
            StatusCode::NOT_FOUND => Err(Refusal::Gone),
            StatusCode::PRECONDITION_FAILED => Err(Refusal::Changed),
            StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => Err(refusal(&reply)),
            StatusCode::INSUFFICIENT_STORAGE => Err(Refusal::NotStored),
            _ => {
                log::error!("{}", reply.unexpected());
                Err(Refusal::Failed)
            }
        }
    }
}

impl Reply {
    /// The member that was written.
    fn member(&self) -> Result<Value, Refusal> {
        serde_json::from_str(&self.body).map_err(|error| {
            log::error!("the API stored a member, and its answer cannot be read: {error}");
            Refusal::Unknown
        })
    }
}

/// What is wrong with a write, out of its problem document (RFC 9457).
fn refusal(reply: &Reply) -> Refusal {
    #[derive(Deserialize)]
    struct Problem {
        #[serde(default)]
        errors: Vec<Fault>,
    }
    #[derive(Deserialize)]
    struct Fault {
        pointer: Option<String>,
        header: Option<String>,
        detail: String,
    }
    let Ok(Problem { errors }) = serde_json::from_str(&reply.body) else {
        log::error!("{}", reply.unexpected());
        return Refusal::Failed;
    };
    if errors.iter().any(|fault| fault.header.is_some()) {
        return Refusal::KeyUsed;
    }
    let errors = errors.into_iter().filter_map(|Fault { pointer, detail, .. }| {
        let field = pointer?.trim_start_matches("#/").to_owned();
        // The quotation marks of Markdown.
        let detail = detail.replace('`', "");
        Some(FieldError { field, detail })
    });
    Refusal::Invalid(errors.collect())
}
