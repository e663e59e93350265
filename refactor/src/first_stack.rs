//! The stack that is there from the start: `banyan`, with the monolith's URL. It is made from `rs.yaml`, which serves the
//! application below `/api`; or if that URL has no path, from a template that serves it at the root.
//!
//! It belongs to the user like any other stack: changes and a deletion by other clients stay. It changes only if the
//! program is started with another URL than before, and the stack still has the earlier one.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use reqwest::Client;
use runtime::BackOff;
use tokio::time::sleep;
use url::Url;

use cloudformation::{Api, Caller, Due};
use journal::Journal;

/// The stack's name.
const NAME: &str = "banyan";
/// The region in which it is made; a client has to sign for it to see the stack.
pub const REGION: &str = "local";
const BELOW_API: &str = include_str!("../../rs.yaml");
const AT_THE_ROOT: &str = include_str!("first_stack/root.yaml");
const PARAMETER: &str = "MonolithUrl";
/// The file in the data folder with the URL that the stack was given last.
const FILE: &str = "monolith_url";
/// How often the monolith is asked whether it answers yet.
const POLL: Duration = Duration::from_millis(50);
/// How long one answer of it may take.
const ANSWER_TIME: Duration = Duration::from_secs(2);
/// How long to wait before the stack is tried again.
const BACK_OFF: BackOff = BackOff::new(Duration::from_secs(1), Duration::from_secs(30));

/// What the stack is made of.
#[derive(Clone)]
pub(crate) struct FirstStack {
    pub(crate) stacks: Arc<Api>,
    pub(crate) monolith: Url,
    /// The place of the URL that it was given last.
    pub(crate) noted: LastingNote,
}

/// A note that stays.
#[derive(Clone)]
pub(crate) enum LastingNote {
    /// In a data folder.
    Folder(PathBuf),
    /// In a control database, for all processes.
    Shared(Journal),
}

impl LastingNote {
    /// The note; none if it cannot be read.
    pub(crate) fn get(&self) -> Option<String> {
        match self {
            Self::Folder(folder) => fs::read_to_string(folder.join(FILE)).ok(),
            Self::Shared(journal) => journal.noted(FILE).ok()?,
        }
    }

    fn set(&self, text: &str) -> Result<(), String> {
        match self {
            Self::Folder(folder) => files::replace(&folder.join(FILE), text.as_bytes())
                .map_err(|error| format!("{FILE} in the data folder cannot be written: {error}")),
            Self::Shared(journal) => {
                journal.note(FILE, text, false).map(drop).map_err(|error| runtime::chain(&error))
            }
        }
    }

    /// Whether it can be used no more.
    fn is_over(&self) -> bool {
        matches!(self, Self::Shared(journal) if journal.is_over())
    }
}

impl FirstStack {
    /// Ends when the stack is as it should be, or this process leads no more. Whatever keeps it from that is logged, and
    /// tried again.
    pub(crate) async fn keep(self) {
        let mut back_off = BACK_OFF;
        loop {
            // Its default route would fail its health check before the monolith answers.
            if self.blocking(|stack| stack.due().map(|due| due.is_none())).await != Ok(true) {
                self.monolith_answers().await;
            }
            match self.blocking(|stack| stack.bring()).await {
                Ok(()) => return,
                Err(_) if self.noted.is_over() => return,
                Err(error) => {
                    let wait = back_off.wait();
                    log::error!("{error}; trying again in {} s", wait.as_secs());
                    sleep(wait).await;
                }
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let stack = self.clone();
        let done = web::block(move || work(&stack)).await;
        done.unwrap_or_else(|error| Err(format!("the stack {NAME}: {error}")))
    }

    async fn monolith_answers(&self) {
        let Ok(client) = runtime::http_client(self.monolith.scheme() == "https") else { return };
        while !asked(&client, &self.monolith).await {
            sleep(POLL).await;
        }
    }

    /// What is to be done now.
    fn due(&self) -> Result<Option<Due>, String> {
        let before = self.noted.get();
        let due = self.stacks.due(&caller(), NAME, PARAMETER, self.url(), before.as_deref());
        due.map_err(|error| runtime::chain(&error))
    }

    /// The monolith's URL without a slash at its end.
    fn url(&self) -> &str {
        self.monolith.as_str().trim_end_matches('/')
    }

    /// Whether the application of the stack is below `/api` and should be at the root, or the other way round.
    fn moves(&self) -> bool {
        let before = self.noted.get();
        before.is_some_and(|before| is_below_api(&before) != is_below_api(self.url()))
    }

    fn template(&self) -> &'static str {
        if is_below_api(self.url()) { BELOW_API } else { AT_THE_ROOT }
    }

    /// Does what is due, and notes the URL. Blocks until that is done.
    pub(crate) fn bring(&self) -> Result<(), String> {
        if let Some(due) = self.due()? {
            if matches!(due, Due::Update { .. }) && self.moves() {
                return Err(format!(
                    "the stack {NAME} has its application elsewhere: an application at the root and one below /api \
                     are two. Delete the stack, or choose another DATA_DIR, for MONOLITH_URL={}",
                    self.url()
                ));
            }
            self.change(&due)?;
            if self.due()?.is_some() {
                let reason = self.stacks.reason(&caller(), NAME);
                let reason = reason.map_err(|error| runtime::chain(&error))?;
                return Err(format!("the stack {NAME} could not lead to {}: {reason}", self.url()));
            }
            log::info!("the stack {NAME} leads what no other route takes to {}", self.url());
        }
        self.noted.set(self.url())
    }

    fn change(&self, due: &Due) -> Result<(), String> {
        let change_set = format!("{NAME}-{:016x}", fastrand::u64(..));
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let ask = |action: &str, mut form: Vec<(String, String)>| {
            form.extend([field("Action", action), field("StackName", NAME)]);
            match self.stacks.handle(&caller(), &form) {
                (status, _) if status.is_success() => Ok(()),
                (_, answer) => Err(format!("the stack {NAME}, {action}: {answer}")),
            }
        };
        let mut form = vec![
            field("ChangeSetName", &change_set),
            field("Parameters.member.1.ParameterKey", PARAMETER),
            field("Parameters.member.1.ParameterValue", self.url()),
        ];
        if let Due::Update { others } = due {
            form.push(field("ChangeSetType", "UPDATE"));
            form.push(field("UsePreviousTemplate", "true"));
            for (number, name) in (2..).zip(others) {
                form.push((format!("Parameters.member.{number}.ParameterKey"), name.clone()));
                form.push((format!("Parameters.member.{number}.UsePreviousValue"), "true".into()));
            }
        } else {
            form.push(field("ChangeSetType", "CREATE"));
            form.push(field("TemplateBody", self.template()));
        }
        if *due == Due::CreateAgain {
            ask("DeleteStack", Vec::new())?;
            // Answered when the stack is gone, which is then an error.
            ask("DescribeStacks", Vec::new()).unwrap_or_default();
        }
        ask("CreateChangeSet", form)?;
        ask("ExecuteChangeSet", vec![field("ChangeSetName", &change_set)])
    }
}

/// Whether the application of a monolith at this URL is below `/api`, or else at the root.
fn is_below_api(url: &str) -> bool {
    url.ends_with("/api")
}

fn caller() -> Caller {
    Caller { region: REGION.to_owned() }
}

async fn asked(client: &Client, monolith: &Url) -> bool {
    client.get(monolith.clone()).timeout(ANSWER_TIME).send().await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cloudformation::provider::{
        CreatedResource, Properties, Provider, ProviderCall, ResourceKind, StepFailure,
    };

    use journal::Journal;

    use super::{FirstStack, LastingNote};

    /// Makes what it is asked for, but for the second time.
    #[derive(Default)]
    struct FailsOnce(AtomicUsize);

    impl Provider for FailsOnce {
        fn check(&self, _: ResourceKind, _: &Properties) -> Result<(), StepFailure> {
            Ok(())
        }

        fn create(
            &self,
            step: &ProviderCall,
            _: ResourceKind,
            _: &Properties,
        ) -> Result<CreatedResource, StepFailure> {
            if self.0.fetch_add(1, Ordering::Relaxed) == 1 {
                return Err(StepFailure { reason: "no disk".to_owned() });
            }
            let names = ["ApplicationIdentifier", "ServiceIdentifier", "ProxyUrl"];
            let attributes = names.map(|name| (name.to_owned(), step.logical_id.clone()));
            Ok(CreatedResource {
                physical_id: step.logical_id.clone(),
                attributes: attributes.into(),
            })
        }

        fn update(
            &self,
            _: &ProviderCall,
            _: ResourceKind,
            _: &str,
            _: &Properties,
            _: &Properties,
        ) -> Result<BTreeMap<String, String>, StepFailure> {
            unreachable!("the template stays the same")
        }

        fn delete(&self, _: &ProviderCall, _: ResourceKind, _: &str) -> Result<(), StepFailure> {
            Ok(())
        }

        fn actual(
            &self,
            _: &str,
            _: ResourceKind,
            _: &str,
            _: &Properties,
        ) -> Result<Option<Properties>, StepFailure> {
            Ok(None)
        }

        fn replace_route(
            &self,
            _: &ProviderCall,
            _: &str,
            _: &Properties,
        ) -> Result<CreatedResource, StepFailure> {
            unreachable!("the template stays the same")
        }
    }

    #[test]
    fn a_first_stack_that_could_not_be_made_is_made_at_the_next_attempt() {
        let data = tempfile::tempdir().unwrap();
        let state = rusqlite::Connection::open_in_memory().unwrap();
        let stacks = cloudformation::open(Journal::on(state), Arc::new(FailsOnce::default()));
        let first = FirstStack {
            stacks: Arc::new(stacks.unwrap()),
            monolith: "http://127.0.0.1:3000/api".parse().unwrap(),
            noted: LastingNote::Folder(data.path().to_owned()),
        };
        let failed = first.bring().unwrap_err();
        assert!(failed.contains("could not lead to"), "{failed}");
        assert!(failed.contains("no disk"), "{failed}");
        assert_eq!(first.bring(), Ok(()));
        assert!(first.due().unwrap().is_none());
    }
}
