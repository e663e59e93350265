//! The signatures here were made by botocore 1.43, with these keys, for these requests.

use std::time::{Duration, SystemTime};

use super::*;

const TIME: &str = "20260131T120000Z";

fn pair() -> Keys {
    Keys {
        access_key_id: "BANYANEXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
    }
}

fn keys() -> Keyring {
    pair().into()
}

fn now() -> SystemTime {
    time_of(TIME).unwrap()
}

fn request(
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&str, &str)],
    body: &str,
    (service, signed, signature): (&str, &str, &str),
) -> Received {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=BANYANEXAMPLE/20260131/eu-west-1/{service}/aws4_request, \
         SignedHeaders={signed}, Signature={signature}"
    );
    let added = [("authorization", authorization.as_str())];
    let common = [("host", "127.0.0.1:9080"), ("x-amz-date", TIME), ("user-agent", "a  b")];
    let headers = common.iter().chain(headers).chain(&added);
    Received {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers: headers.map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        body: body.into(),
    }
}

fn create() -> Received {
    request(
        "POST",
        "/environments",
        "",
        &[("content-type", "application/json")],
        r#"{"Name": "my-env", "NetworkFabricType": "NONE"}"#,
        (
            "refactor-spaces",
            "content-type;host;x-amz-date",
            "719354d50746353471b862c57fd91e6ef72b7289705d15da37f685e1064a3f46",
        ),
    )
}

fn untag() -> Received {
    request(
        "DELETE",
        "/tags/arn%3Aaws%3Arefactor-spaces%3Aeu-west-1%3A000000000000%3Aenvironment%2Fenv-0123456789",
        "tagKeys=b%3Ax&tagKeys=a%20c",
        &[],
        "",
        (
            "refactor-spaces",
            "host;x-amz-date",
            "9703782bbf971ccaa49c1032ce4e6ad1072e12a55490c96dcf16ad25ac886607",
        ),
    )
}

fn identity() -> Received {
    request(
        "POST",
        "/",
        "",
        &[
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("x-amz-security-token", "a+token/=="),
        ],
        "Action=GetCallerIdentity&Version=2011-06-15",
        (
            "sts",
            "content-type;host;x-amz-date;x-amz-security-token",
            "f204ccbd7d4e2108b6b796b120602384adce655f8b2d08c0390c038b8f40680d",
        ),
    )
}

fn set(received: &mut Received, name: &str, value: &str) {
    received.headers.retain(|(given, _)| given != name);
    received.headers.push((name.into(), value.into()));
}

#[test]
fn what_botocore_signs_is_taken() {
    for (received, service) in
        [(create(), "refactor-spaces"), (untag(), "refactor-spaces"), (identity(), "sts")]
    {
        let signed = verify(&received, &keys(), now()).unwrap();
        assert_eq!((signed.region.as_str(), signed.service.as_str()), ("eu-west-1", service));
    }
}

#[test]
fn whatever_is_changed_on_the_way_is_refused() {
    type Change = fn(&mut Received);
    let changes: [(&str, Change); 9] = [
        ("method", |received| received.method = "PUT".into()),
        ("path", |received| received.path.push('x')),
        ("encoding", |received| received.path = received.path.replace("%3A", ":")),
        ("query", |received| received.query = "tagKeys=b".into()),
        ("body", |received| received.body.push(b' ')),
        ("host", |received| set(received, "host", "127.0.0.1:9081")),
        ("region", |received| {
            let header =
                received.header("authorization").unwrap().replace("eu-west-1", "us-east-1");
            set(received, "authorization", &header);
        }),
        ("signature", |received| {
            let header = received.header("authorization").unwrap().replace("607", "608");
            set(received, "authorization", &header);
        }),
        ("signed headers", |received| {
            let header = received.header("authorization").unwrap();
            let header = header.replace("host;x-amz-date", "host;user-agent;x-amz-date");
            set(received, "authorization", &header);
        }),
    ];
    for (what, change) in changes {
        let mut received = untag();
        change(&mut received);
        let refused = verify(&received, &keys(), now()).unwrap_err();
        assert!(matches!(refused, SignatureError::Mismatch(_)), "{what}: {refused:?}");
        assert!(refused.message().contains("banyan env"), "{what}");
    }
}

#[test]
fn another_secret_and_another_key_are_told_apart() {
    let secret = Keys { secret_access_key: "another".into(), ..pair() }.into();
    assert!(matches!(verify(&create(), &secret, now()), Err(SignatureError::Mismatch(_))));
    let key = Keys { access_key_id: "ANOTHER".into(), ..pair() }.into();
    let refused = verify(&create(), &key, now()).unwrap_err();
    assert_eq!(refused, SignatureError::UnknownKey("BANYANEXAMPLE".into()));
}

#[test]
fn a_clock_may_be_off_by_five_minutes() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let second = Duration::from_secs(1);
    for at in [now() + minutes(5), now() - minutes(5)] {
        assert!(verify(&create(), &keys(), at).is_ok());
    }
    for at in [now() + minutes(5) + second, now() - minutes(5) - second] {
        let refused = verify(&create(), &keys(), at).unwrap_err();
        assert!(refused.message().contains("clock"), "{refused:?}");
    }
}

#[test]
fn what_is_no_signature_is_said() {
    let mut unsigned = create();
    unsigned.headers.retain(|(name, _)| name != "authorization");
    assert_eq!(verify(&unsigned, &keys(), now()), Err(SignatureError::Missing));
    let scope = "Credential=BANYANEXAMPLE/20260131/eu-west-1/sts/aws4_request";
    for header in [
        "",
        "Basic YTpi",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0",
        &format!("AWS4-HMAC-SHA256 {scope}, Signature=0"),
        &format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=x-amz-date, Signature=0"),
        &format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"),
        &format!(
            "AWS4-HMAC-SHA256 {}, SignedHeaders=host;x-amz-date, Signature=0",
            scope.replace("20260131/", "")
        ),
        &format!(
            "AWS4-HMAC-SHA256 {}, SignedHeaders=host;x-amz-date, Signature=0",
            scope.replace("BANYAN", "a/b/")
        ),
        &format!(
            "AWS4-HMAC-SHA256 {}, SignedHeaders=host;x-amz-date, Signature=0",
            scope.replace("eu-", "é")
        ),
    ] {
        let mut received = create();
        set(&mut received, "authorization", header);
        let refused = verify(&received, &keys(), now());
        assert!(matches!(refused, Err(SignatureError::Incomplete(_))), "{header}: {refused:?}");
    }
    for date in ["yesterday", "", "20260131", "20260131T120000", "2026-01-31T12:00:00Z"] {
        let mut received = create();
        set(&mut received, "x-amz-date", date);
        let refused = verify(&received, &keys(), now());
        assert!(matches!(refused, Err(SignatureError::Incomplete(_))), "{date}");
    }
    let mut received = create();
    received.headers.retain(|(name, _)| name != "x-amz-date");
    assert!(matches!(verify(&received, &keys(), now()), Err(SignatureError::Incomplete(_))));
}

#[test]
fn a_scope_of_another_day_or_end_is_refused_even_if_it_is_signed() {
    for (scope, said) in [
        ("//eu-west-1/refactor-spaces/aws4_request", "date \"\""),
        ("/2/eu-west-1/refactor-spaces/aws4_request", "date \"2\""),
        ("/20260130/eu-west-1/refactor-spaces/aws4_request", "date \"20260130\""),
        ("/202601311/eu-west-1/refactor-spaces/aws4_request", "date \"202601311\""),
        ("/20260131/eu-west-1/refactor-spaces/aws4", "ends in \"aws4\""),
        ("/20260131/eu-west-1/refactor-spaces/", "ends in \"\""),
        ("/20260131/eu-west-1/refactor-spaces/aws5_request", "ends in \"aws5_request\""),
    ] {
        let mut received = create();
        let header = received.header("authorization").unwrap();
        let whole = "/20260131/eu-west-1/refactor-spaces/aws4_request";
        let header = header.replace(whole, scope);
        set(&mut received, "authorization", &header);
        let refused = Claim::of(&received, &keys(), now()).err().unwrap();
        assert!(matches!(refused, SignatureError::Mismatch(_)), "{scope}: {refused:?}");
        assert!(refused.message().contains(said), "{}", refused.message());
    }
}
