//! The Query API: forms in, XML out. CloudFormation answers for itself; of STS there is one call.

use http::StatusCode;
use quick_xml::escape::escape;

use super::Caller;
use super::answer::{Answer, request_id};
use super::signature::{Received, Refused};
use crate::spaces::resource::ACCOUNT;

const XML: &str = "text/xml";
const FORM: &str = "application/x-www-form-urlencoded";
const CLOUDFORMATION: &str = "2010-05-15";
const STS: &str = "2011-06-15";

/// Stacks, as the Query API of CloudFormation speaks of them.
pub(crate) trait Stacks: Send + Sync {
    /// Answers the fields of a form with a status and XML. Blocks until the work is done.
    fn handle(&self, caller: &Caller, form: &[(String, String)]) -> (StatusCode, String);
}

/// Whether a request is one of the Query API.
pub(super) fn is_query(received: &Received) -> bool {
    let media_type = received.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    received.method == "POST" && received.path == "/" && media_type.eq_ignore_ascii_case(FORM)
}

/// Carries out the action of a signed form; `known` says whether its service is one that is here.
pub(super) fn answer(stacks: &dyn Stacks, caller: &Caller, known: bool, body: &[u8]) -> Answer {
    let form: Vec<_> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| {
        form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    match (known, field("Version"), field("Action")) {
        (true, CLOUDFORMATION, _) => {
            let (status, body) = stacks.handle(caller, &form);
            Answer::new(status.as_u16(), XML, body)
        }
        (true, STS, "GetCallerIdentity") => caller_identity(),
        (_, version, action) => {
            let message = format!(
                "there is no action {action:?} of version {version:?} here: this endpoint speaks \
                 cloudformation ({CLOUDFORMATION}), sts GetCallerIdentity ({STS}) and \
                 migration-hub-refactor-spaces"
            );
            error(400, "InvalidAction", &message)
        }
    }
}

/// 403 for a signature that is not taken.
pub(super) fn refuse(refused: &Refused) -> Answer {
    let code = match refused {
        Refused::Missing => "MissingAuthenticationToken",
        Refused::Incomplete(_) => "IncompleteSignature",
        Refused::UnknownKey(_) => "InvalidClientTokenId",
        Refused::Mismatch(_) => "SignatureDoesNotMatch",
    };
    error(403, code, &refused.message())
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error>\
         <RequestId>{}</RequestId></ErrorResponse>",
        escape(message),
        request_id()
    );
    Answer::new(status, XML, body)
}

/// People and wrappers test their credentials with it.
fn caller_identity() -> Answer {
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:root</Arn><UserId>{ACCOUNT}</UserId>\
         <Account>{ACCOUNT}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>{}\
         </RequestId></ResponseMetadata></GetCallerIdentityResponse>",
        request_id()
    );
    Answer::new(200, XML, body)
}
