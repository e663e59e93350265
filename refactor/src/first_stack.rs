//! The stack that is there from the start: `banyan`, made from `rs.yaml` with the monolith's URL.

use std::time::Duration;

use reqwest::Client;
use url::Url;

use crate::cloudformation::{Api, Due};
use crate::control::Caller;

/// The stack's name.
const NAME: &str = "banyan";
/// The region in which it is made; a client has to sign for it to see the stack.
pub const REGION: &str = "local";
const TEMPLATE: &str = include_str!("../../rs.yaml");
/// How often the monolith is asked whether it answers yet.
const POLL: Duration = Duration::from_millis(50);
/// How long one answer of it may take.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Waits until the monolith answers: the stack's default route would fail its health check before.
pub(crate) async fn answers(monolith: &Url) {
    let Ok(client) = server::http_client(monolith.scheme() == "https") else { return };
    while !asked(&client, monolith).await {
        tokio::time::sleep(POLL).await;
    }
}

async fn asked(client: &Client, monolith: &Url) -> bool {
    client.get(monolith.clone()).timeout(ANSWER_TIME).send().await.is_ok()
}

/// Makes the stack where there never was one, and gives it the monolith's URL where that has changed. A
/// stack that somebody deleted is not made again. Blocks until that is done.
///
/// # Errors
/// What CloudFormation said to it.
pub(crate) fn keep(stacks: &Api, monolith: &Url) -> Result<(), String> {
    let caller = Caller { region: REGION.to_owned() };
    let due = || {
        let due = stacks.due(&caller, NAME, ("MonolithUrl", monolith.as_str()));
        due.map_err(|error| server::chain(&error))
    };
    let Some(first) = due()? else { return Ok(()) };
    let change_set = format!("{NAME}-{:016x}", fastrand::u64(..));
    let ask = |action: &str, more: &[(&str, &str)]| {
        let fields = [("Action", action), ("StackName", NAME), ("ChangeSetName", &change_set)];
        let form = fields.iter().chain(more);
        let form: Vec<_> =
            form.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        match stacks.handle(&caller, &form) {
            (status, _) if status.is_success() => Ok(()),
            (_, answer) => Err(format!("the stack {NAME}, {action}: {answer}")),
        }
    };
    if first == Due::CreateAgain {
        ask("DeleteStack", &[])?;
        // Answered when the stack is gone.
        ask("DescribeStacks", &[]).unwrap_or_default();
    }
    ask(
        "CreateChangeSet",
        &[
            ("ChangeSetType", if first == Due::Update { "UPDATE" } else { "CREATE" }),
            ("TemplateBody", TEMPLATE),
            ("Parameters.member.1.ParameterKey", "MonolithUrl"),
            ("Parameters.member.1.ParameterValue", monolith.as_str()),
        ],
    )?;
    ask("ExecuteChangeSet", &[])?;
    if due()?.is_some() {
        return Err(format!(
            "the stack {NAME} could not lead to {monolith}; `aws cloudformation describe-stack-events \
             --stack-name {NAME}` says why"
        ));
    }
    log::info!("the stack {NAME} leads what no other route takes to {monolith}");
    Ok(())
}
