//! What `banyan env` tells a shell, and that it can be undone.

use std::process::{Command, Output};

use crate::folder::Folder;

#[tokio::test]
async fn env_leads_the_aws_cli_to_the_control_port_with_its_keys() {
    let folder = Folder::new();
    let board = folder.up().await;
    let printed = folder.run(&["env"]).await;
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    let keys = refactor::Keys::read(&folder.data().join("refactor")).expect("there are keys");
    let endpoint = format!("export AWS_ENDPOINT_URL={};\n", board.url("refactor"));
    let (key, secret) = (keys.access_key_id, keys.secret_access_key);
    let keys = format!("export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret};\n");
    // No region of AWS has this name: a client that does not know AWS_ENDPOINT_URL finds no host there.
    let region = "export AWS_DEFAULT_REGION=local AWS_REGION=local".to_owned();
    for line in [endpoint, keys, region] {
        assert!(printed.stdout.contains(&line), "{line} is not in {}", printed.stdout);
    }
    undone_in_every_shell(&folder, &printed.stdout).await;
}

#[tokio::test]
async fn without_a_board_what_is_evaluated_fails_and_leads_to_nobodys_account() {
    let folder = Folder::new();
    let printed = folder.run(&["env"]).await;
    assert_eq!(printed.code, Some(1));
    assert!(printed.stderr.contains("nothing runs on"), "{}", printed.stderr);
    let end = "\nexport AWS_ENDPOINT_URL=http://127.0.0.1:1;\nfalse\n";
    assert!(printed.stdout.ends_with(end), "{}", printed.stdout);
    undone_in_every_shell(&folder, &printed.stdout).await;
}

#[tokio::test]
async fn a_program_starts_in_a_shell_that_evaluated_the_lines() {
    let folder = Folder::new();
    let lines = folder.run(&["env"]).await.stdout;
    let banyan = env!("CARGO_BIN_EXE_banyan");
    // With a port that is none it ends at once, and says everything that is wrong with its environment.
    let script = format!("eval \"$LINES\" || true; PORT=none exec {banyan} serve users");
    let ran = run("sh", &script, &[("LINES", &lines)]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(64), "{said}");
    assert!(said.contains("PORT=\"none\"") && !said.contains("BANYAN_ENV"), "{said}");
}

#[tokio::test]
async fn unset_alone_changes_nothing_and_needs_no_board() {
    let folder = Folder::new();
    let printed = folder.run(&["env", "--unset"]).await;
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    for shell in shells() {
        let ran = run(shell, "eval \"$UNSET\" && env", &[("UNSET", &printed.stdout)]);
        assert!(ran.status.success(), "{ran:?}");
        let mine: Vec<_> = MINE.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(mine.iter().all(|line| shown.contains(line)), "{shell}: {shown}");
    }
}

/// The variables of a user before, with what shells might expand.
const MINE: [(&str, &str); 7] = [
    ("AWS_PROFILE", "my profile"),
    ("AWS_ACCESS_KEY_ID", "AKIAREAL"),
    ("AWS_SECRET_ACCESS_KEY", "a/b+c$HOME`id`\\\"'*"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_USE_FIPS_ENDPOINT", "true"),
    ("AWS_PAGER", ""),
    ("no_proxy", "localhost,.corp"),
];

/// The shells that are there, of those that read these lines. POSIX has `sh`.
fn shells() -> impl Iterator<Item = &'static str> {
    let there = |shell: &&str| Command::new(shell).args(["-c", "true"]).output().is_ok();
    ["sh", "bash", "dash", "zsh", "ksh"].into_iter().filter(there)
}

fn run(shell: &str, script: &str, more: &[(&str, &str)]) -> Output {
    let mut command = Command::new(shell);
    command.args(["-c", script]).env_clear().env("PATH", "/usr/bin:/bin");
    command.envs(MINE).envs(more.iter().copied());
    command.output().expect("the shell runs")
}

/// Evaluates the lines twice, undoes them, and looks whether every variable is as it was; also with the lines in one, as
/// `eval` without quotes has them, and where an unset variable and a failure are errors.
async fn undone_in_every_shell(folder: &Folder, set: &str) {
    let unset = folder.run(&["env", "--unset"]).await.stdout;
    let show = "env | grep -v '^_=' | grep -v '^SHLVL=' | sort";
    for (shell, join) in shells().flat_map(|shell| [(shell, false), (shell, true)]) {
        let (set, unset) = match join {
            true => (set.replace('\n', " "), unset.replace('\n', " ")),
            false => (set.to_owned(), unset.clone()),
        };
        let script = format!(
            "before=$({show}); eval \"$SET\"; eval \"$SET\"; echo \"$AWS_ENDPOINT_URL\"; \
             set -eu; eval \"$UNSET\"; set +eu; after=$({show}); \
             [ \"$before\" = \"$after\" ] || {{ echo \"$after\"; exit 3; }}"
        );
        let ran = run(shell, &script, &[("SET", &set), ("UNSET", &unset)]);
        let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success() && ran.stderr.is_empty(), "{shell}, joined {join}: {ran:?}");
        assert!(shown.starts_with("http://127.0.0.1:"), "{shell}: {shown}");
    }
}

#[tokio::test]
async fn nothing_of_a_real_account_is_left_beside_the_keys() {
    let folder = Folder::new();
    let _board = folder.up().await;
    let set = folder.run(&["env"]).await.stdout;
    for shell in shells() {
        let ran =
            run(shell, "eval \"$SET\" && env", &[("SET", &set), ("HTTP_PROXY", "http://proxy")]);
        let shown = String::from_utf8_lossy(&ran.stdout).into_owned();
        let value =
            |name: &str| shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        for name in ["AWS_PROFILE", "AWS_USE_FIPS_ENDPOINT", "AWS_DEFAULT_PROFILE"] {
            assert_eq!(value(name), None, "{shell}: {shown}");
        }
        assert_eq!(
            (value("AWS_REGION"), value("AWS_DEFAULT_REGION")),
            (Some("local"), Some("local"))
        );
        // Clients look at either, and most at the one in small letters first.
        assert_eq!(value("NO_PROXY"), Some("127.0.0.1"));
        assert_eq!(value("no_proxy"), Some("127.0.0.1,localhost,.corp"));
        assert_eq!(value("_BANYAN_OLD_AWS_PROFILE"), Some("my profile"));
    }
}
