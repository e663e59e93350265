//! What `banyan env` tells a shell.

use crate::folder::Folder;

#[tokio::test]
async fn env_leads_the_aws_cli_to_the_control_port_with_its_keys() {
    let folder = Folder::new();
    let board = folder.up().await;
    let printed = folder.run(&["env"]).await;
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    let keys = refactor::Keys::read(&folder.data().join("refactor")).expect("there are keys");
    let endpoint = format!("export AWS_ENDPOINT_URL={}\n", board.url("refactor"));
    let (key, secret) = (keys.access_key_id, keys.secret_access_key);
    let keys = format!("export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}\n");
    for line in [endpoint, keys, "unset AWS_PROFILE AWS_SESSION_TOKEN".to_owned()] {
        assert!(printed.stdout.contains(&line), "{line} is not in {}", printed.stdout);
    }
}

#[tokio::test]
async fn without_a_board_what_is_evaluated_fails_and_leads_to_nobodys_account() {
    let folder = Folder::new();
    let printed = folder.run(&["env"]).await;
    assert_eq!(printed.code, Some(1));
    assert!(printed.stderr.contains("nothing runs on"), "{}", printed.stderr);
    assert_eq!(printed.stdout, "export AWS_ENDPOINT_URL=http://127.0.0.1:1\nfalse\n");
}
