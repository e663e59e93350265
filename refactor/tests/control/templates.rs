//! The control port refuses what a resource would refuse when a template names it, before anything is made.

use harness::{Answer, Program};

use crate::client::{Request, get, setup};

/// Sends an action of CloudFormation.
async fn ask(program: &Program, fields: &[(&str, &str)]) -> Answer {
    let mut form = url::form_urlencoded::Serializer::new("Version=2010-05-15".to_owned());
    let body = form.extend_pairs(fields).finish();
    Request { service: "cloudformation", ..Request::form(program, &body) }.send(program).await
}

/// The message of a refusal; `None` if the request is not refused.
fn refusal(answer: &Answer) -> Option<String> {
    let message = answer.body.split("<Message>").nth(1)?.split("</Message>").next()?;
    assert_eq!(answer.status, 400, "{}", answer.body);
    Some(message.replace("&quot;", "\"").replace("&apos;", "'"))
}

/// The refusal of a new stack.
async fn planned(program: &Program, template: &str) -> String {
    let fields = [
        ("Action", "CreateChangeSet"),
        ("StackName", "early"),
        ("ChangeSetName", "change"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", template),
    ];
    let mut fields = fields.to_vec();
    if template.contains("EnvironmentId:") {
        fields.extend([
            ("Parameters.member.1.ParameterKey", "EnvironmentId"),
            ("Parameters.member.1.ParameterValue", "env-0000000001"),
            ("Parameters.member.2.ParameterKey", "ApplicationId"),
            ("Parameters.member.2.ParameterValue", "app-0000000002"),
        ]);
    }
    refusal(&ask(program, &fields).await).unwrap()
}

/// The refusal of a template, if there is one.
async fn validated(program: &Program, template: &str) -> Option<String> {
    let fields = [("Action", "ValidateTemplate"), ("TemplateBody", template)];
    refusal(&ask(program, &fields).await)
}

#[tokio::test]
async fn a_function_as_a_service_is_refused_with_the_change_set() {
    let templates = [
        include_str!("../../../cases/inputs/A15.literal.yaml"),
        include_str!("../../../cases/inputs/A15.yaml"),
        include_str!("../../../cases/inputs/A15.without-arn.yaml"),
    ];
    let program = setup().start().await;
    for template in templates {
        assert_eq!(
            planned(&program, template).await,
            "EndpointType is LAMBDA: LAMBDA endpoints are not supported here [properties of Resources/Orders (line 4)]"
        );
    }
    let gone = ask(&program, &[("Action", "DescribeStacks"), ("StackName", "early")]).await;
    assert!(gone.body.contains("does not exist"), "{}", gone.body);
    let made = get(&program, "/environments").await;
    assert_eq!(made["EnvironmentSummaryList"], serde_json::json!([]));

    let literal = validated(&program, templates[0]).await.unwrap();
    assert!(literal.contains("LAMBDA endpoints are not supported here"), "{literal}");
    assert_eq!(validated(&program, templates[1]).await, None, "another value may be given");
}

/// One wrong property after the other, of each kind, and all that is wrong with one at once.
#[tokio::test]
async fn what_a_resource_would_refuse_is_refused_with_the_change_set_and_by_validate_template() {
    let cases = [
        (
            "Environment, Properties: {Name: env-1, NetworkFabricType: NET}",
            "NetworkFabricType must be TRANSIT_GATEWAY or NONE",
        ),
        (
            "Environment, Properties: {Name: env-1, NetworkFabricType: NET}",
            "Name must be 3 to 63 letters",
        ),
        (
            "Environment, Properties: {Name: abc, NetworkFabricType: NONE, Tags: [{Key: 'aws:a', Value: b}]}",
            "Tags has a key \"aws:a\" that must be",
        ),
        (
            "Application, Properties: {Name: abc, EnvironmentIdentifier: env-1, VpcId: vpc-12345678, ProxyType: API_GATEWAY}",
            "EnvironmentIdentifier must be the id of one environment",
        ),
        (
            "Application, Properties: {Name: abc, EnvironmentIdentifier: env-0000000001, VpcId: vpc-1, ProxyType: NGINX, ApiGatewayProxy: {StageName: '-'}}",
            "ProxyType must be API_GATEWAY; VpcId must be vpc- and 8 or 17 characters",
        ),
        (
            "Service, Properties: {Name: abc, EnvironmentIdentifier: env-0000000001, ApplicationIdentifier: app-0000000001, EndpointType: URL}",
            "UrlEndpoint is required where EndpointType is URL",
        ),
        (
            "Service, Properties: {Name: abc, EnvironmentIdentifier: env-0000000001, ApplicationIdentifier: app-0000000001, EndpointType: URL, UrlEndpoint: {Url: 'ftp://a'}}",
            "UrlEndpoint.Url must be http:// or https://",
        ),
        (
            "Route, Properties: {EnvironmentIdentifier: env-0000000001, ApplicationIdentifier: app-0000000001, ServiceIdentifier: svc-0000000001, RouteType: URI_PATH}",
            "UriPathRoute is required where RouteType is URI_PATH",
        ),
        (
            "Route, Properties: {EnvironmentIdentifier: env-0000000001, ApplicationIdentifier: app-0000000001, ServiceIdentifier: svc-0000000001, RouteType: URI_PATH, UriPathRoute: {SourcePath: a, ActivationState: on, Methods: [GOT]}}",
            "UriPathRoute.ActivationState must be ACTIVE or INACTIVE; UriPathRoute.Methods must be a list of",
        ),
        (
            "Environment, Properties: {Nome: abc, Name: [a]}",
            "Value of property Name must be of type String; Encountered unsupported property Nome; supported are Name, NetworkFabricType, Description, Tags; Property NetworkFabricType cannot be empty",
        ),
    ];
    let program = setup().start().await;
    for (resource, expected) in cases {
        let template = format!("Resources: {{A: {{Type: AWS::RefactorSpaces::{resource}}}}}");
        let checked = validated(&program, &template).await.unwrap();
        for said in [planned(&program, &template).await, checked] {
            assert!(said.contains(expected), "{resource}\n{said}");
            assert!(said.contains("[properties of Resources/A (line 1)]"), "{said}");
        }
    }
}

#[tokio::test]
async fn the_faults_of_all_resources_are_said_at_once() {
    let program = setup().start().await;
    let template = "
Resources:
  A: {Type: AWS::RefactorSpaces::Environment, Properties: {Name: a, NetworkFabricType: NONE}}
  B: {Type: AWS::EC2::VPC, Properties: {EnableDnsSupport: 'yes'}}";
    let checked = validated(&program, template).await.unwrap();
    for said in [planned(&program, template).await, checked] {
        assert!(said.contains("[properties of Resources/A (line 3)]"), "{said}");
        assert!(said.contains("EnableDnsSupport must be of type Boolean: true or false [properties of Resources/B (line 4)]"), "{said}");
    }
}
