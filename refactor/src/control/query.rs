//! The Query API: forms in, XML out. CloudFormation answers for itself; of STS there is one call.

use cloudformation::{Api, Caller};

use super::answer::{ControlAnswer, request_id};
use super::protocol::{Protocol, XML};
use spaces::resource::ACCOUNT;

const CLOUDFORMATION: &str = "2010-05-15";
const STS: &str = "2011-06-15";

/// The service that a form is for, as signatures name it.
pub(super) fn service(body: &[u8]) -> &'static str {
    let mut form = url::form_urlencoded::parse(body);
    match form.find(|(key, _)| key == "Version") {
        Some((_, version)) if version == STS => "sts",
        _ => "cloudformation",
    }
}

/// Carries out the action of a signed form.
pub(super) fn answer(stacks: &Api, caller: &Caller, body: &[u8]) -> ControlAnswer {
    let form: Vec<_> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| {
        form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    match (field("Version"), field("Action")) {
        (CLOUDFORMATION, _) => {
            let (status, body) = stacks.handle(caller, &form);
            ControlAnswer::new(status.as_u16(), XML, body)
        }
        (STS, "GetCallerIdentity") => caller_identity(),
        (version, action) => {
            let message = format!(
                "there is no action {action:?} of version {version:?} here: this endpoint speaks \
                 cloudformation ({CLOUDFORMATION}), sts GetCallerIdentity ({STS}) and \
                 migration-hub-refactor-spaces"
            );
            Protocol::Query.error(400, "InvalidAction", &message)
        }
    }
}

/// People and wrappers test their credentials with it.
fn caller_identity() -> ControlAnswer {
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:root</Arn><UserId>{ACCOUNT}</UserId>\
         <Account>{ACCOUNT}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>{}\
         </RequestId></ResponseMetadata></GetCallerIdentityResponse>",
        request_id()
    );
    ControlAnswer::new(200, XML, body)
}
