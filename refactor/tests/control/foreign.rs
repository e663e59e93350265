//! Requests for services that are not here are answered in their own protocol, with any key.

use harness::{Answer, Program};
use serde_json::json;

use crate::client::{Request, get, setup};

/// The headers of a request that is signed for a service, with an unknown key.
fn signed(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIAOTHER/20260131/eu-west-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=0"
    )
}

async fn send(
    program: &Program,
    service: &str,
    request: (&str, &str, &str),
    more: (&str, &str),
) -> Answer {
    let (method, path, body) = request;
    let authorization = signed(service);
    program.send(method, path, &[("authorization", &authorization), more], body).await
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

/// What every message says.
#[track_caller]
fn tells(text: &str, named: &[&str]) {
    for word in named.iter().chain(&["migration-hub-refactor-spaces", "cloudformation"]) {
        assert!(text.contains(word), "{word} is not in {text}");
    }
}

#[tokio::test]
async fn json_protocols_are_told_the_type_and_the_operation() {
    let program = setup().start().await;
    for (service, target) in [
        ("ecs", "AmazonEC2ContainerServiceV20141113.ListClusters"),
        ("dynamodb", "DynamoDB_20120810.ListTables"),
        ("ssm", "AmazonSSM.GetParameter"),
    ] {
        let answer = send(&program, service, ("POST", "/", "{}"), ("x-amz-target", target)).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (400, "application/x-amz-json-1.0")
        );
        assert_eq!(answer.json()["__type"], "UnknownOperationException");
        let operation = target.split('.').nth(1).unwrap();
        tells(answer.json()["message"].as_str().unwrap(), &[service, operation]);
    }
}

#[tokio::test]
async fn s3_is_told_in_its_xml_and_a_head_never_reads_as_a_missing_bucket() {
    let program = setup().start().await;
    let none = ("accept", "*/*");
    for request in
        [("GET", "/", ""), ("PUT", "/bucket/a%20key", "text"), ("POST", "/b?delete", "<a/>")]
    {
        let answer = send(&program, "s3", request, none).await;
        assert_eq!((answer.status, answer.header("content-type")), (501, "application/xml"));
        assert!(
            answer.body.starts_with("<Error><Code>NotImplemented</Code><Message>"),
            "{}",
            answer.body
        );
        tells(&answer.body, &["s3", request.0]);
    }
    let answer = send(&program, "s3", ("HEAD", "/bucket", ""), none).await;
    assert_eq!((answer.status, answer.body.as_str()), (501, ""));
    // A body over the limit is not read to its end, and changes nothing of the answer.
    let large = "x".repeat(3 * 1024 * 1024);
    let answer = send(&program, "s3", ("PUT", "/bucket/key", &large), none).await;
    assert_eq!(answer.status, 501);
    // The control of S3, Route 53 and CloudFront wrap their errors.
    for (service, path) in [
        ("s3", "/v20180820/jobs"),
        ("route53", "/2013-04-01/hostedzone"),
        ("cloudfront", "/2020-05-31/distribution"),
    ] {
        let answer = send(&program, service, ("GET", path, ""), none).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, "text/xml"));
        assert!(
            answer.body.starts_with("<ErrorResponse><Error><Type>Sender</Type><Code>"),
            "{}",
            answer.body
        );
        tells(&answer.body, &[service, path]);
    }
}

#[tokio::test]
async fn query_protocols_are_told_the_action_and_ec2_in_its_own_shape() {
    let program = setup().start().await;
    let form = "Action=ListUsers&Version=2010-05-08";
    let answer = send(&program, "iam", ("POST", "/", form), FORM).await;
    assert_eq!((answer.status, answer.header("content-type")), (400, "text/xml"));
    assert!(
        answer
            .body
            .starts_with("<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code>")
    );
    tells(&answer.body, &["iam", "ListUsers"]);
    let form = "Action=DescribeVpcs&Version=2016-11-15";
    let answer = send(&program, "ec2", ("POST", "/", form), FORM).await;
    assert!(
        answer.body.starts_with("<Response><Errors><Error><Code>InvalidAction</Code>"),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("</Errors><RequestID>"), "{}", answer.body);
    tells(&answer.body, &["ec2", "DescribeVpcs"]);
    // What no XML can hold, and what would end an element.
    let form = "Action=%00%1f%3C%2FMessage%3EList%26&Version=1";
    let answer = send(&program, "iam", ("POST", "/", form), FORM).await;
    tells(&answer.body, &["no &lt;/Message&gt;List&amp; of iam"]);
}

#[tokio::test]
async fn rest_json_and_cbor_are_told_as_well() {
    let program = setup().start().await;
    let path = "/2015-03-31/functions";
    let answer = send(&program, "lambda", ("GET", path, ""), ("accept", "*/*")).await;
    assert_eq!((answer.status, answer.header("content-type")), (404, "application/json"));
    assert_eq!(answer.header("x-amzn-errortype"), "UnknownOperationException");
    tells(answer.json()["Message"].as_str().unwrap(), &["lambda", "GET /2015-03-31/functions"]);

    let path = "/service/GraniteServiceVersion20100801/operation/ListMetrics";
    let cbor = ("smithy-protocol", "rpc-v2-cbor");
    let answer = send(&program, "monitoring", ("POST", path, ""), cbor).await;
    assert_eq!((answer.status, answer.header("content-type")), (400, "application/cbor"));
    assert_eq!(answer.header("smithy-protocol"), "rpc-v2-cbor");
    assert!(answer.body.contains("__type") && answer.body.contains("UnknownOperationException"));
    tells(&answer.body, &["monitoring", "ListMetrics"]);
}

#[tokio::test]
async fn a_scope_without_a_region_names_its_service_too() {
    let program = setup().start().await;
    let authorization = "AWS4-ECDSA-P256-SHA256 Credential=AKIAOTHER/20260131/s3/aws4_request, \
                         SignedHeaders=host, Signature=0";
    let answer = program.send("GET", "/", &[("authorization", authorization)], "").await;
    assert_eq!(answer.status, 501, "{}", answer.body);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_in_the_protocol_of_its_request() {
    let program = setup().start().await;
    let large = "x".repeat(3 * 1024 * 1024);
    let request = Request { service: "cloudformation", ..Request::form(&program, &large) };
    let answer = request.send(&program).await;
    assert_eq!((answer.status, answer.header("content-type")), (413, "text/xml"));
    assert!(answer.body.starts_with("<ErrorResponse>"), "{}", answer.body);
    assert_eq!(get(&program, "/environments").await, json!({ "EnvironmentSummaryList": [] }));
}
