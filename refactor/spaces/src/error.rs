//! Why an operation was refused, in the words of the Refactor Spaces API.

use std::error::Error;

use serde_json::{Value, json};

use super::resource::ResourceType;

/// A refused operation; nothing was changed by it. Its message says what was wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// 400: the request breaks a rule by itself. The message names each member that does.
    Validation(String),
    /// 400: the text of a resource policy cannot be used.
    InvalidResourcePolicy(String),
    /// 402: there are as many resources of a kind as there may be.
    Quota {
        /// What was wrong and what to do.
        message: String,
        /// The kind of the resource.
        kind: ResourceType,
        /// The id of the resource.
        id: String,
    },
    /// 404: there is no such resource where the request looks for it.
    NotFound {
        /// What was wrong and what to do.
        message: String,
        /// The kind of the resource.
        kind: ResourceType,
        /// The id of the resource.
        id: String,
    },
    /// 409: another resource, which is named, stands against it.
    Conflict {
        /// What was wrong and what to do.
        message: String,
        /// The kind of the resource.
        kind: ResourceType,
        /// The id of the resource.
        id: String,
    },
    /// 500: not the client's fault.
    Internal(String),
}

impl ApiError {
    /// 404 for a resource.
    pub fn not_found(kind: ResourceType, id: &str, message: impl Into<String>) -> Self {
        Self::NotFound { message: message.into(), kind, id: id.to_owned() }
    }

    /// 409 because of a resource.
    pub fn conflict(kind: ResourceType, id: &str, message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), kind, id: id.to_owned() }
    }

    /// A failure of ours: the cause goes to the log, the client learns that there was one.
    pub fn internal(cause: &dyn Error) -> Self {
        log::error!("refactor spaces: {}", runtime::chain(cause));
        Self::Internal("the change could not be stored, and was not made; the log says why".into())
    }

    /// The exception's name in the service model.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Validation(_) => "ValidationException",
            Self::InvalidResourcePolicy(_) => "InvalidResourcePolicyException",
            Self::Quota { .. } => "ServiceQuotaExceededException",
            Self::NotFound { .. } => "ResourceNotFoundException",
            Self::Conflict { .. } => "ConflictException",
            Self::Internal(_) => "InternalServerException",
        }
    }

    /// The HTTP status of the exception.
    pub fn status(&self) -> u16 {
        match self {
            Self::Validation(_) | Self::InvalidResourcePolicy(_) => 400,
            Self::Quota { .. } => 402,
            Self::NotFound { .. } => 404,
            Self::Conflict { .. } => 409,
            Self::Internal(_) => 500,
        }
    }

    /// What went wrong, for people.
    pub fn message(&self) -> &str {
        match self {
            Self::Validation(message)
            | Self::InvalidResourcePolicy(message)
            | Self::Internal(message)
            | Self::Quota { message, .. }
            | Self::NotFound { message, .. }
            | Self::Conflict { message, .. } => message,
        }
    }

    /// The members that the service model gives the exception.
    pub fn body(&self) -> Value {
        let message = self.message();
        match self {
            Self::Validation(_) | Self::InvalidResourcePolicy(_) | Self::Internal(_) => {
                json!({ "Message": message })
            }
            Self::NotFound { kind, id, .. } | Self::Conflict { kind, id, .. } => {
                json!({ "Message": message, "ResourceId": id, "ResourceType": kind.as_str() })
            }
            Self::Quota { kind, id, .. } => json!({
                "Message": message,
                "ResourceId": id,
                "ResourceType": kind.as_str(),
                "ServiceCode": "refactor-spaces",
                "QuotaCode": kind.quota_code(),
            }),
        }
    }
}
