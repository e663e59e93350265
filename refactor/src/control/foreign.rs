//! Requests for services that are not here. `AWS_ENDPOINT_URL` leads every AWS command to this port, so each is told what
//! is here, in its own protocol.

use super::answer::ControlAnswer;
use super::protocol::Protocol;
use super::signature::{Received, TERMINATOR};

/// The services that are here, as signatures name them.
const HERE: [&str; 3] = ["cloudformation", "sts", "refactor-spaces"];

/// The longest name of an operation that is said, in characters.
const NAME: usize = 128;

/// The service that a request is signed for, with any key: the last word but one of a credential, which may lack the
/// region (AWS, "Create a signed AWS API request", "SigV4A").
pub(super) fn service(received: &Received) -> Option<&str> {
    let header = received.header("authorization")?;
    let credential =
        header.split([' ', ',']).find_map(|field| field.strip_prefix("Credential="))?;
    let mut scope = credential.rsplit('/');
    scope.next().filter(|end| *end == TERMINATOR)?;
    scope.next().filter(|service| !service.is_empty())
}

/// Whether a request is for a service that is not here.
pub(super) fn is_foreign(received: &Received) -> bool {
    service(received).is_some_and(|service| !HERE.contains(&service))
}

/// The answer to a request for a service that is not here. It needs no signature, because it is the same for every
/// client. Only the name of the operation is read.
pub(super) fn answer(received: &Received) -> Option<ControlAnswer> {
    let service = service(received).filter(|service| !HERE.contains(service))?;
    let protocol = Protocol::of(received, Some(service));
    let message = format!(
        "there is no {} of {service} here: this control port serves migration-hub-refactor-spaces, a part of \
         cloudformation, and sts get-caller-identity; AWS_ENDPOINT_URL leads every AWS command to it, and \
         `banyan env --unset` undoes that",
        operation(protocol, received)
    );
    let (status, code) = match protocol {
        Protocol::RestJson => (404, "UnknownOperationException"),
        Protocol::Json | Protocol::Cbor => (400, "UnknownOperationException"),
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => (400, "InvalidAction"),
        // An answer to HEAD has no text, and a 404 would say that the bucket is not there.
        Protocol::S3 => (501, "NotImplemented"),
    };
    log::debug!("{message}");
    Some(protocol.error(status, code, &message))
}

fn operation(protocol: Protocol, received: &Received) -> String {
    let name = match protocol {
        Protocol::Json => {
            let target = received.header("x-amz-target").unwrap_or_default();
            target.rsplit('.').next().unwrap_or_default().to_owned()
        }
        Protocol::Cbor => received.path.rsplit('/').next().unwrap_or_default().to_owned(),
        Protocol::Query | Protocol::Ec2 => {
            let mut form = url::form_urlencoded::parse(&received.body);
            form.find(|(name, _)| name == "Action")
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        }
        Protocol::RestJson | Protocol::RestXml | Protocol::S3 => {
            format!("{} {}", received.method, received.path)
        }
    };
    name.chars().filter(|character| matches!(character, ' '..='~')).take(NAME).collect()
}
