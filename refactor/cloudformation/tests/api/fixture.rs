//! A stack engine on a file of its own, and short forms of the requests.

use std::path::Path;
use std::sync::Arc;

use http::StatusCode;
use journal::Journal;
use rusqlite::Connection;

use crate::fake::World;
use cloudformation::{Api, Caller, open};

pub(crate) const SPACE: &str = include_str!("space.yaml");
pub(crate) const SERVICES: &str = include_str!("services.yaml");
pub(crate) const MONOLITH: (&str, &str) = ("MonolithUrl", "http://127.0.0.1:3000/api");

/// An API on a file in a folder of its own.
#[derive(Clone)]
pub(crate) struct Fixture {
    folder: Arc<tempfile::TempDir>,
    pub(crate) world: World,
    pub(crate) api: Arc<Api>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let world = World::default();
        let api = Arc::new(start(open_state(folder.path()), &world));
        Self { folder, world, api }
    }

    /// The same file, opened by another process.
    pub(crate) fn restarted(&self) -> Self {
        let api = Arc::new(start(open_state(self.folder.path()), &self.world));
        Self { folder: Arc::clone(&self.folder), world: self.world.clone(), api }
    }

    /// Writes another text into the stored document of a stack.
    pub(crate) fn alter_stack(&self, id: &str, member: &str, text: &str) {
        let altered = open_state(self.folder.path()).execute(
            "UPDATE cfn_stacks SET document = json_set(document, '$.' || ?1, ?2) WHERE id = ?3",
            (member, text, id),
        );
        assert_eq!(altered, Ok(1), "{id}");
    }

    /// Writes another text into the stored document of a resource.
    pub(crate) fn alter_resource(&self, stack: &str, name: &str, member: &str, text: &str) {
        let altered = open_state(self.folder.path()).execute(
            "UPDATE cfn_resources SET document = json_set(document, '$.' || ?1, ?2)
             WHERE stack = ?3 AND logical_id = ?4",
            (member, text, stack, name),
        );
        assert_eq!(altered, Ok(1), "{name}");
    }

    /// Sends a request.
    pub(crate) fn ask(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = vec![("Action".to_owned(), action.to_owned())];
        form.extend(fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let (status, body) = self.api.handle(&Caller { region: "local".to_owned() }, &form);
        Answer { status, body }
    }

    /// Plans a change set and gives its ARN.
    pub(crate) fn plan(
        &self,
        stack: &str,
        kind: &str,
        template: &str,
        parameters: &[(&str, &str)],
    ) -> Answer {
        let mut fields = vec![
            ("StackName".to_owned(), stack.to_owned()),
            ("ChangeSetName".to_owned(), format!("c{}", fastrand::u64(..))),
            ("ChangeSetType".to_owned(), kind.to_owned()),
            ("TemplateBody".to_owned(), template.to_owned()),
        ];
        for (index, (key, value)) in parameters.iter().enumerate() {
            let member = format!("Parameters.member.{}", index + 1);
            fields.push((format!("{member}.ParameterKey"), (*key).to_owned()));
            fields.push(match *value {
                "(previous)" => (format!("{member}.UsePreviousValue"), "true".to_owned()),
                value => (format!("{member}.ParameterValue"), value.to_owned()),
            });
        }
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        self.ask("CreateChangeSet", &fields)
    }

    /// Plans and executes; gives the state of the stack after it.
    pub(crate) fn deploy(
        &self,
        stack: &str,
        kind: &str,
        template: &str,
        parameters: &[(&str, &str)],
    ) -> String {
        let planned = self.plan(stack, kind, template, parameters);
        assert_eq!(planned.status, StatusCode::OK, "{}", planned.body);
        let executed = self.ask("ExecuteChangeSet", &[("ChangeSetName", &planned.text("Id"))]);
        assert_eq!(executed.status, StatusCode::OK, "{}", executed.body);
        self.status(stack)
    }

    /// Deploys the environment with its default route, and gives what the services need to know of it.
    pub(crate) fn deploy_space(&self) -> [(&'static str, String); 2] {
        assert_eq!(self.deploy("space", "CREATE", SPACE, &[MONOLITH]), "CREATE_COMPLETE");
        let described = self.ask("DescribeStacks", &[("StackName", "space")]);
        [
            ("EnvironmentId", described.output("EnvironmentId")),
            ("ApplicationID", described.output("ApplicationId")),
        ]
    }

    /// The state of a stack.
    pub(crate) fn status(&self, stack: &str) -> String {
        self.ask("DescribeStacks", &[("StackName", stack)]).text("StackStatus")
    }
}

fn open_state(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("state.db")).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    // No test cuts the power: a lost process is enough, and what the system holds outlives it.
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    connection
}

fn start(state: Connection, world: &World) -> Api {
    let api = open(Journal::on(state), Arc::new(world.clone())).unwrap();
    api.begin();
    api
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

impl Answer {
    /// The text of the first element of that name.
    pub(crate) fn text(&self, element: &str) -> String {
        self.texts(element)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {element} in {}", self.body))
    }

    /// The texts of all elements of that name.
    pub(crate) fn texts(&self, element: &str) -> Vec<String> {
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let parts = self.body.split(&open).skip(1);
        parts
            .map(|part| {
                quick_xml::escape::unescape(part.split(&close).next().unwrap())
                    .unwrap()
                    .into_owned()
            })
            .collect()
    }

    /// The value of an output.
    pub(crate) fn output(&self, key: &str) -> String {
        let keys = self.texts("OutputKey");
        let index = keys
            .iter()
            .position(|known| known == key)
            .unwrap_or_else(|| panic!("{key} in {}", self.body));
        self.texts("OutputValue")[index].clone()
    }
}
