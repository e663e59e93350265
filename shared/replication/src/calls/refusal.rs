//! Why a call is refused, and what its caller is told.

use std::borrow::Cow;
use std::error::Error;

use log::Level;
use runtime::{ProblemDocument, RequestFault, UnreadableBody, chain};

use crate::ErrorCode;

/// A call that is refused.
#[derive(Clone, Debug)]
pub struct CallRefusal {
    /// What it means.
    pub code: ErrorCode,
    /// The same, for people.
    pub detail: Cow<'static, str>,
    /// What is wrong with the request, and where.
    pub faults: Vec<RequestFault>,
    /// What brought this about, and is none of the caller's business: for the log.
    pub cause: Option<(Level, String)>,
}

impl CallRefusal {
    /// A refusal that has no more to say than its code and one sentence.
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), faults: Vec::new(), cause: None }
    }

    /// The same refusal, with its cause for the log.
    #[must_use]
    pub fn because(self, level: Level, cause: &dyn Error) -> Self {
        Self { cause: Some((level, chain(cause))), ..self }
    }

    /// 400 for a body that cannot be read.
    pub(super) fn unreadable(detail: &'static str, fault: RequestFault) -> Self {
        Self { faults: vec![fault], ..Self::new(ErrorCode::Unreadable, detail) }
    }

    /// 502 for a step that may have been done. Each can be repeated.
    pub fn perhaps(error: &dyn Error) -> Self {
        let detail = "the store did not say that all of it is done; the step may have been done, or not; it can be \
             repeated";
        Self::new(ErrorCode::OutcomeUnknown, detail).because(Level::Error, error)
    }

    /// The document that says so.
    pub fn document(&self) -> ProblemDocument<'_, RequestFault> {
        let document = ProblemDocument::new(self.code.status(), &self.detail, &self.faults);
        document.with_code(Some(self.code.name()))
    }
}

impl From<UnreadableBody> for CallRefusal {
    fn from(UnreadableBody { detail, fault }: UnreadableBody) -> Self {
        Self::unreadable(detail, fault)
    }
}
