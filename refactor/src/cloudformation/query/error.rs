//! Errors of the Query API.

use http::StatusCode;

use super::xml::Xml;
use crate::cloudformation::id;
use crate::cloudformation::stacks::{Stack, StoreError};

/// An error as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    /// 400: something about the request. Almost everything is this one.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "ValidationError", message: message.into() }
    }

    /// 400: no such stack, in the words that `deploy` looks for.
    pub(super) fn no_stack_with_id(name: &str) -> Self {
        Self::validation(format!("Stack with id {name} does not exist"))
    }

    /// 400: no such stack, in the words of the other actions.
    pub(super) fn no_stack(name: &str) -> Self {
        Self::validation(format!("Stack [{name}] does not exist"))
    }

    /// 400: the stack is in a state that does not allow it.
    pub(super) fn wrong_state(stack: &Stack, verb: &str, hint: &str) -> Self {
        Self::validation(format!(
            "Stack:{} is in {} state and can not be {verb}.{hint}",
            stack.id,
            stack.status.word()
        ))
    }

    /// 404: no such change set.
    pub(super) fn no_change_set(name: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "ChangeSetNotFound",
            message: format!("ChangeSet [{name}] does not exist"),
        }
    }

    /// 400: the change set cannot be executed.
    pub(super) fn change_set_status(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "InvalidChangeSetStatus", message }
    }

    /// 400: a change set of that name waits to be executed.
    pub(super) fn already_exists(name: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "AlreadyExistsException",
            message: format!(
                "ChangeSet {name} already exists; execute it, delete it, or give this one another name"
            ),
        }
    }

    /// 400: there are as many stacks as there may be.
    pub(super) fn too_many_stacks(limit: usize) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "LimitExceededException",
            message: format!("A region has at most {limit} stacks; delete one first"),
        }
    }

    /// 400: an action that there is not.
    pub(super) fn unknown_action(action: &str) -> Self {
        let hint = match action {
            "CreateStack" | "UpdateStack" => {
                "; stacks are made and updated with change sets: aws cloudformation deploy"
            }
            _ => "",
        };
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "InvalidAction",
            message: format!("Could not find operation {action} for version 2010-05-15{hint}"),
        }
    }

    /// Status and body.
    pub(super) fn into_answer(self) -> (StatusCode, String) {
        let mut xml = Xml::default();
        xml.element("Error", |xml| {
            xml.text("Type", if self.status.is_server_error() { "Receiver" } else { "Sender" });
            xml.text("Code", self.code);
            xml.text("Message", &self.message);
        });
        xml.text("RequestId", &id::uuid());
        (self.status, xml.into_error())
    }
}

impl From<StoreError> for ApiError {
    fn from(err: StoreError) -> Self {
        let cause = std::error::Error::source(&err).map(ToString::to_string).unwrap_or_default();
        log::error!("stacks: {err}: {cause}");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "InternalFailure",
            message: "The state of the stacks cannot be read or written; the log of the refactor proxy says why".to_owned(),
        }
    }
}
