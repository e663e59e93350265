//! The real AWS CLI against the API: what it sends, and that it understands what it gets.

use std::net::SocketAddr;
use std::process::{Command, Output};
use std::sync::{Arc, mpsc};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::fixture::{Fixture, SERVICES, SPACE};
use cloudformation::{Api, Caller};

/// The commands of the tutorial, and those that its readers try next.
#[test]
#[ignore = "needs the AWS CLI"]
fn the_aws_cli_deploys_describes_waits_and_deletes() {
    let aws = Aws::start();
    let deployed = aws.run(&["deploy", "--template-file", "space.yaml", "--stack-name", "space"]);
    assert!(
        said(&deployed).contains("Parameters: [MonolithUrl] must have values"),
        "{}",
        said(&deployed)
    );

    let deploy = ["deploy", "--template-file", "space.yaml", "--stack-name", "space"];
    let with =
        |overrides: &[&'static str]| [&deploy[..], &["--parameter-overrides"], overrides].concat();
    let deployed = aws.run(&with(&["MonolithUrl=http://127.0.0.1:3000/api"]));
    assert!(deployed.status.success(), "{}", said(&deployed));
    assert!(
        said(&deployed).contains("Successfully created/updated stack - space"),
        "{}",
        said(&deployed)
    );

    let again = aws.run(&deploy);
    assert_eq!(again.status.code(), Some(255));
    assert!(
        said(&again).contains("No changes to deploy. Stack space is up to date"),
        "{}",
        said(&again)
    );
    let again = aws.run(&[&deploy[..], &["--no-fail-on-empty-changeset"]].concat());
    assert!(again.status.success(), "{}", said(&again));

    let outputs =
        "Stacks[0].Outputs[?OutputKey=='EnvironmentId'||OutputKey=='ApplicationId'].OutputValue";
    let described = aws.run(&[
        "describe-stacks",
        "--stack-name",
        "space",
        "--query",
        outputs,
        "--output",
        "text",
    ]);
    let ids = said(&described);
    let [environment, application] = ids.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
    assert!(environment.starts_with("env-") && application.starts_with("app-"), "{ids}");

    let deploy = [
        "deploy",
        "--template-file",
        "services.yaml",
        "--stack-name",
        "services",
        "--parameter-overrides",
    ];
    let environment = format!("EnvironmentId={environment}");
    let misspelt =
        aws.run(&[&deploy[..], &[&environment, &format!("ApplicationId={application}")]].concat());
    assert!(said(&misspelt).contains("(ApplicationID, not ApplicationId)"), "{}", said(&misspelt));
    let application = format!("ApplicationID={application}");
    for posts in [&[][..], &["PostsUrl=http://127.0.0.1:3001"], &["UsersUrl=http://127.0.0.1:3002"]]
    {
        // Once the stack is there, one override is enough: the others keep their values.
        let first = if posts.is_empty() {
            vec![environment.as_str(), application.as_str()]
        } else {
            posts.to_vec()
        };
        let deployed = aws.run(&[&deploy[..], &first].concat());
        assert!(deployed.status.success(), "{posts:?}: {}", said(&deployed));
    }
    assert_eq!(aws.fixture.world.picture().len(), 8, "{:?}", aws.fixture.world.picture());

    for wait in ["stack-exists", "stack-create-complete"] {
        assert!(aws.run(&["wait", wait, "--stack-name", "space"]).status.success());
    }
    assert!(
        aws.run(&["wait", "stack-update-complete", "--stack-name", "services"]).status.success()
    );
    let views: [(&[&str], &str); 9] = [
        (
            &["describe-stack-events", "--stack-name", "services"],
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        ),
        (&["describe-stack-resources", "--stack-name", "services"], "AWS::RefactorSpaces::Route"),
        (&["list-stack-resources", "--stack-name", "services"], "UsersRoute"),
        (&["list-stacks"], "UPDATE_COMPLETE"),
        (&["get-template", "--stack-name", "services"], "HasPosts"),
        (&["get-template-summary", "--stack-name", "services"], "PostsUrl"),
        (&["validate-template", "--template-body", "file://space.yaml"], "MonolithUrl"),
        (&["list-change-sets", "--stack-name", "services"], "EXECUTE_COMPLETE"),
        (&["list-exports"], "space:VPCId"),
    ];
    for (command, expected) in views {
        let answer = aws.run(command);
        assert!(
            answer.status.success() && said(&answer).contains(expected),
            "{command:?}: {}",
            said(&answer)
        );
    }

    let template = aws.run(&[
        "get-template",
        "--stack-name",
        "services",
        "--query",
        "TemplateBody",
        "--output",
        "text",
    ]);
    assert_eq!(said(&template).trim_end(), SERVICES.trim_end());

    // The first stack first: refused, and nothing is lost. Then in the right order, without waiting in between.
    assert!(aws.run(&["delete-stack", "--stack-name", "space"]).status.success());
    let waited = aws.run(&["wait", "stack-delete-complete", "--stack-name", "space"]);
    assert!(said(&waited).contains("DELETE_FAILED"), "{}", said(&waited));
    assert_eq!(aws.fixture.world.picture().len(), 8);
    assert!(aws.run(&["delete-stack", "--stack-name", "services"]).status.success());
    assert!(aws.run(&["delete-stack", "--stack-name", "space"]).status.success());
    let waited = aws.run(&["wait", "stack-delete-complete", "--stack-name", "space"]);
    assert!(waited.status.success(), "{}", said(&waited));
    assert_eq!(aws.fixture.world.picture(), Vec::<String>::new());
    assert!(aws.run(&["delete-stack", "--stack-name", "space"]).status.success());
    let gone = aws.run(&["describe-stacks", "--stack-name", "space"]);
    assert!(said(&gone).contains("Stack with id space does not exist"), "{}", said(&gone));
}

#[test]
#[ignore = "needs the AWS CLI"]
fn the_aws_cli_says_that_a_deployment_failed() {
    let aws = Aws::start();
    aws.fixture.world.refuse(Some("create DefaultRoute"));
    let deploy = [
        "deploy",
        "--template-file",
        "space.yaml",
        "--stack-name",
        "space",
        "--parameter-overrides",
    ];
    let failed = aws.run(&[&deploy[..], &["MonolithUrl=http://127.0.0.1:3000/api"]].concat());
    assert_eq!(failed.status.code(), Some(255));
    assert!(said(&failed).contains("Failed to create/update the stack"), "{}", said(&failed));
    let waited = aws.run(&["wait", "stack-create-complete", "--stack-name", "space"]);
    assert!(said(&waited).contains("ROLLBACK_COMPLETE"), "{}", said(&waited));
}

#[test]
#[ignore = "needs the AWS CLI"]
fn the_aws_cli_reviews_a_change_set_before_it_is_executed() {
    let aws = Aws::start();
    let deploy = [
        "deploy",
        "--template-file",
        "space.yaml",
        "--stack-name",
        "space",
        "--no-execute-changeset",
        "--tags",
        "team=board",
        "--parameter-overrides",
        "MonolithUrl=http://127.0.0.1:3000/api",
    ];
    let planned = aws.run(&deploy);
    assert!(
        said(&planned).contains("describe-change-set --change-set-name arn:"),
        "{}",
        said(&planned)
    );
    let listed = aws.run(&[
        "list-change-sets",
        "--stack-name",
        "space",
        "--query",
        "Summaries[].ChangeSetName",
        "--output",
        "text",
    ]);
    let name = said(&listed).trim().to_owned();
    let named = ["--stack-name", "space", "--change-set-name", name.as_str()];
    let described = aws.run(&[&["describe-change-set"][..], &named].concat());
    assert!(said(&described).contains("\"Action\": \"Add\""), "{}", said(&described));
    assert!(aws.run(&[&["delete-change-set"][..], &named].concat()).status.success());
    let gone = aws.run(&[&["describe-change-set"][..], &named].concat());
    assert!(said(&gone).contains("(ChangeSetNotFound)"), "{}", said(&gone));
    assert_eq!(aws.fixture.world.calls(), Vec::<String>::new());

    aws.fixture.world.refuse(Some("create DefaultRoute"));
    let whole =
        ["deploy", "--template-file", "space.yaml", "--stack-name", "space", "--disable-rollback"];
    let failed = aws.run(
        &[&whole[..], &["--parameter-overrides", "MonolithUrl=http://127.0.0.1:3000/api"]].concat(),
    );
    assert_eq!(failed.status.code(), Some(255), "{}", said(&failed));
    assert_eq!(aws.fixture.status("space"), "CREATE_FAILED");
    aws.fixture.world.refuse(None);
    let repaired = aws.run(&whole);
    assert!(repaired.status.success(), "{}", said(&repaired));
}

/// The CLI, and a server that it is pointed at.
struct Aws {
    fixture: Fixture,
    folder: tempfile::TempDir,
    address: SocketAddr,
}

impl Aws {
    fn start() -> Self {
        let fixture = Fixture::new();
        let api = Arc::clone(&fixture.api);
        let (bound, address) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let api = web::Data::from(Arc::clone(&api));
                    App::new().app_data(api).route("/", web::post().to(answer))
                });
                let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
                bound.send(server.addrs()[0]).unwrap();
                server.run().await.unwrap();
            });
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("space.yaml"), SPACE).unwrap();
        std::fs::write(folder.path().join("services.yaml"), SERVICES).unwrap();
        Self { fixture, folder, address: address.recv().unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new("aws")
            .arg("cloudformation")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", "any")
            .env("AWS_SECRET_ACCESS_KEY", "words")
            .env("AWS_DEFAULT_REGION", "local")
            .env("AWS_CONFIG_FILE", self.folder.path().join("none"))
            .env("AWS_PAGER", "")
            .output()
            .expect("the AWS CLI is installed")
    }
}

async fn answer(api: web::Data<Api>, body: String) -> HttpResponse {
    let form: Vec<(String, String)> =
        url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let caller = Caller { region: "local".to_owned() };
    let (status, xml) = web::block(move || api.handle(&caller, &form)).await.unwrap();
    let status = actix_web::http::StatusCode::from_u16(status.as_u16()).unwrap();
    HttpResponse::build(status).content_type("text/xml").body(xml)
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text)).concat()
}
