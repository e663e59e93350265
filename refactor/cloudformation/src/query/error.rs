//! Errors of the Query API.

use http::StatusCode;

use super::xml::Xml;
use crate::id;
use crate::stacks::{Stack, StackError};

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
        Self::new("ValidationError", message)
    }

    /// 400 with another code.
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// 400: a member that must be there is not.
    pub(super) fn missing(name: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
            lower_first(name)
        ))
    }

    /// 400: a member breaks a rule, which is told in a sentence.
    pub(super) fn constraint(name: &str, value: &str, rule: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: {rule}",
            lower_first(name)
        ))
    }

    /// 400: a member is none of the words that it takes.
    pub(super) fn not_one_of(name: &str, value: &str, words: &[&str]) -> Self {
        let rule = format!("Member must satisfy enum value set: [{}]", words.join(", "));
        Self::constraint(name, value, &rule)
    }

    /// 400: no such stack, in the words that `deploy` looks for.
    pub(super) fn no_stack_with_id(name: &str) -> Self {
        Self::validation(format!("Stack with id {name} does not exist"))
    }

    /// 400: no such stack, in the words of the other actions.
    pub(super) fn no_stack(name: &str) -> Self {
        Self::validation(format!("Stack [{name}] does not exist"))
    }

    /// 400: the stack has no such resource.
    pub(super) fn no_resource(stack: &Stack, logical_id: &str) -> Self {
        Self::validation(format!("Resource {logical_id} does not exist for stack {}", stack.name))
    }

    /// 400: the stack is in a state that does not allow it.
    pub(super) fn wrong_state(stack: &Stack, verb: &str, hint: &str) -> Self {
        Self::validation(format!(
            "Stack:{} is in {} state and can not be {verb}.{hint}",
            stack.id,
            stack.status.word()
        ))
    }

    /// 404: there is none.
    pub(super) fn not_found(code: &'static str, message: String) -> Self {
        Self { status: StatusCode::NOT_FOUND, code, message }
    }

    /// Whether it says that there is no such change set.
    pub(super) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
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

impl From<StackError> for ApiError {
    fn from(err: StackError) -> Self {
        log::error!("stacks: {err}");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "InternalFailure",
            message: "The state of the stacks cannot be read or written; the log of the refactor proxy says why".to_owned(),
        }
    }
}

/// Names of members begin with a small letter in AWS' messages.
fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}
