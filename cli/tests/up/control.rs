//! Commands against a `refactor` that no `banyan up` runs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use harness::{Manner, Neighbour, Program, Setup};
use refactor::Keys;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::banyan::{Banyan, Ended};
use crate::folder::Folder;

/// Every command that asks a control plane, as far as its verb.
const COMMANDS: [&[&str]; 8] = [
    &["status"],
    &["follow", "users"],
    &["diff", "users"],
    &["switch", "users"],
    &["reverse", "users"],
    &["complete", "users"],
    &["cancel", "users"],
    &["load", "--writes", "1"],
];

async fn refactor() -> Program {
    setup().env("MOVE_TOKEN", "a-token-of-this-test").start().await
}

fn setup() -> Setup {
    let binary = env!("CARGO_BIN_EXE_banyan");
    Setup::new(binary).arg("serve").arg("refactor").env("CONTROL_PORT", "0")
}

fn credentials(program: &Program) -> String {
    program.setup().folder().join(".refactor/credentials.json").display().to_string()
}

/// What a command said with this environment.
async fn ran(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let folder = Folder::new();
    let mut command = folder.command(arguments);
    command.envs(environment.iter().copied());
    Banyan::start(command).ended().await
}

/// What a command said that has to fail.
async fn fails(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let ended = ran(arguments, environment).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    ended.stderr
}

#[track_caller]
fn says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

#[tokio::test]
async fn every_command_reaches_a_refactor_that_no_board_runs() {
    let program = refactor().await;
    let (url, file) = (program.url(), credentials(&program));
    for command in COMMANDS {
        let arguments = [command, &["--control", &url, "--credentials", &file]].concat();
        let ended = ran(&arguments, &[]).await;
        if command == ["status"] {
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
            says(&ended.stdout, &["refactor", &url, "ready"]);
        } else {
            // It is reached, and there is nothing to be moved or asked yet.
            assert_eq!(ended.code, Some(1), "{command:?}: {}", ended.stdout);
            let whys = ["there is no application", "has no route"];
            assert!(whys.iter().any(|why| ended.stderr.contains(why)), "{}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn where_no_data_moves_status_shows_the_routes_alone() {
    let program = setup().start().await;
    let (url, file) = (program.url(), credentials(&program));
    let ended = ran(&["status", "--control", &url, "--credentials", &file], &[]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs TEST_DATABASE_URL"]
async fn status_of_a_process_without_its_control_database_says_so() {
    let database = harness::postgres().await;
    let program = setup().env("CONTROL_DATABASE_URL", database.url()).start().await;
    let (url, file) = (program.url(), credentials(&program));
    let arguments = ["status", "--control", &url, "--credentials", &file];
    let before = ran(&arguments, &[]).await;
    assert_eq!(before.code, Some(0), "{}", before.stderr);
    database.is_there(false).await;
    harness::until("it is not ready", async || program.get("/readyz").await.status == 503).await;
    let ended = ran(&arguments, &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    says(
        &said,
        &["the control database", "cannot be used", "traffic goes on with the last routes"],
    );
    database.is_there(true).await;
}

#[tokio::test]
async fn variables_say_the_same_as_options() {
    let program = refactor().await;
    let (url, keys) =
        (program.url(), Keys::read(Path::new(&credentials(&program)).parent().unwrap()));
    let keys = keys.unwrap();
    let environment = [
        ("BANYAN_CONTROL", url.as_str()),
        ("AWS_ACCESS_KEY_ID", keys.access_key_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", keys.secret_access_key.as_str()),
    ];
    let ended = ran(&["status"], &environment).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines = ran(&["env"], &environment).await;
    assert_eq!(lines.code, Some(0), "{}", lines.stderr);
    says(&lines.stdout, &[&format!("AWS_ENDPOINT_URL={url};"), &keys.secret_access_key]);
    let file = credentials(&program);
    let by_file = [("BANYAN_CONTROL", url.as_str()), ("BANYAN_CREDENTIALS", file.as_str())];
    let ended = ran(&["status"], &by_file).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // What the command line says wins.
    let said = fails(&["status", "--data-dir", "board"], &environment).await;
    says(&said, &["nothing runs on board"]);
    // A program of the board starts in such a shell.
    let shell = [by_file[0], by_file[1], ("PORT", "none")];
    let serve = ran(&["serve", "users"], &shell).await;
    assert!(!serve.stderr.contains("BANYAN_C"), "{}", serve.stderr);
}

#[tokio::test]
async fn operators_have_the_keys_that_the_control_port_was_given_and_each_pair_is_taken() {
    let pair = |id, secret| format!(r#"{{"accessKeyId": "{id}", "secretAccessKey": "{secret}"}}"#);
    let both = format!("[{}, {}]", pair("NEW", NEW_SECRET), pair("OLD", OLD_SECRET));
    let program = setup().env("CONTROL_KEYS", &both).start().await;
    let url = program.url();
    let status = async |id, secret| {
        let environment = [
            ("BANYAN_CONTROL", url.as_str()),
            ("AWS_ACCESS_KEY_ID", id),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ];
        ran(&["status"], &environment).await
    };
    for (id, secret) in [("OLD", OLD_SECRET), ("NEW", NEW_SECRET)] {
        let ended = status(id, secret).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    for (id, secret) in [("OLD", NEW_SECRET), ("OTHER", OLD_SECRET)] {
        let ended = status(id, secret).await;
        assert_eq!(ended.code, Some(1));
        says(&ended.stderr, &["refuses the keys"]);
    }
    assert!(!Path::new(&credentials(&program)).exists());
    for secret in [OLD_SECRET, NEW_SECRET] {
        assert!(!program.log().contains(secret));
    }
}

const OLD_SECRET: &str = "the-old-secret-of-operators";
const NEW_SECRET: &str = "the-new-secret-of-operators";

#[tokio::test]
async fn keys_that_are_missing_or_wrong_are_told_from_each_other() {
    let program = refactor().await;
    let url = program.url();
    let said = fails(&["status", "--control", &url], &[]).await;
    says(&said, &["there are no keys", "--credentials", "credentials.json", "AWS_ACCESS_KEY_ID"]);
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAREAL"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let said = fails(&["switch", "users", "--control", &url], &keys).await;
    says(&said, &[&url, "refuses the keys", "AKIAREAL", "credentials.json"]);
    let said = fails(&["status", "--control", &url, "--credentials", "nowhere"], &[]).await;
    says(&said, &["cannot read nowhere"]);
    let said = fails(&["status", "--credentials", "nowhere"], &[]).await;
    says(&said, &["--control URL"]);
}

#[tokio::test]
async fn what_is_no_control_port_is_told_from_one_that_is_silent() {
    let keys = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let status = async |url: &str| fails(&["status", "--control", url], &keys).await;
    says(&status("http://127.0.0.1:1").await, &["is not reached", "refused", "CONTROL_PORT"]);
    let stranger = Neighbour::start(Manner::Another404);
    says(&status(stranger.url()).await, &["is no control port", "404", "9080"]);
    let silent = Neighbour::start(Manner::HangsUp);
    says(&status(silent.url()).await, &["gave no answer", "https://"]);
    let program = refactor().await;
    let tls = program.url().replace("http:", "https:");
    says(&status(&tls).await, &["is not reached", "speaks no TLS", "http://"]);
    for wrong in ["127.0.0.1:9080", "http://127.0.0.1:9080/control", "ftp://127.0.0.1"] {
        let ended = ran(&["status"], &[("BANYAN_CONTROL", wrong)]).await;
        says(&ended.stderr, &["BANYAN_CONTROL=", wrong, "takes http://HOST:PORT"]);
        let ended = ran(&["status", "--control", wrong], &[]).await;
        assert_eq!(ended.code, Some(2));
        says(&ended.stderr, &["--control", wrong, "http://HOST:PORT"]);
    }
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn a_control_port_behind_tls_is_trusted_by_its_authority_alone() {
    let program = refactor().await;
    let folder = tempfile::tempdir().unwrap();
    let url = tls_in_front(&program, folder.path()).await;
    let file = credentials(&program);
    let arguments = ["status", "--control", &url, "--credentials", &file];
    let said = fails(&arguments, &[]).await;
    says(&said, &["is not reached", "certificate", "--ca FILE"]);
    let ca = folder.path().join("cert.pem").display().to_string();
    let ended = ran(&[&arguments[..], &["--ca", &ca]].concat(), &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = ran(&arguments, &[("AWS_CA_BUNDLE", &ca)]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said = fails(&[&arguments[..], &["--ca", &file]].concat(), &[]).await;
    says(&said, &[&file, "no certificate"]);
    let plain = url.replace("https:", "http:");
    let said = fails(&["status", "--control", &plain, "--credentials", &file], &[]).await;
    says(&said, &["https://"]);
}

/// Ends TLS in front of a program, with a certificate that vouches for itself; gives the URL.
async fn tls_in_front(program: &Program, folder: &Path) -> String {
    let named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
        .args(named)
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let pem = |name| fs::read(folder.join(name)).unwrap();
    let certificates = vec![CertificateDer::from_pem_slice(&pem("cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(&pem("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let behind = program.address().to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(stream).await else { return };
                let Ok(mut program) = TcpStream::connect(behind).await else { return };
                // Either side may end it.
                let _ = copy_bidirectional(&mut client, &mut program).await;
            });
        }
    });
    url
}
