//! What a configuration takes, and what it says of what is wrong.

use runtime::ConfigErrors;

use super::Config;

fn read(environment: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let owned = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read("posts", &["posts".into()], &["users".into(), "threads".into()], owned)
}

#[test]
fn the_readme_names_every_variable() {
    let readme = include_str!("../../../../README.md");
    for variable in super::VARIABLES {
        assert!(readme.contains(&format!("`{}`", variable.name)), "{}", variable.name);
    }
}

#[test]
fn an_empty_environment_is_enough() {
    let config = read(&[("SEED", ""), ("PATH", "/bin")]).unwrap();
    assert_eq!(
        (config.serving.listen.host.to_string().as_str(), config.serving.listen.port),
        ("0.0.0.0", 3000)
    );
    assert_eq!(config.database.to_string(), "sqlite:posts.db");
    assert!(!config.seed_demo && !config.serving.read_only && config.elsewhere.is_empty());
    assert!(config.move_token.is_none() && config.follow.is_none());
}

#[test]
fn everything_wrong_is_said_at_once_with_what_is_allowed() {
    let error = read(&[
        ("PORT", "http"),
        ("HOST", "localhost"),
        ("READ_ONLY", "yes"),
        ("SEED", "prod"),
        ("LOG_FORMAT", "xml"),
        ("BANYAN_WORKERS", "0"),
        ("BANYAN_WORKRES", "2"),
        ("USERS_URL", "users:3000"),
        ("THREADS_URL", "http://threads/v2"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
    ]);
    let error = error.unwrap_err().to_string();
    let expected = [
        "BANYAN_WORKRES: is unknown; there are BANYAN_WORKERS, BANYAN_CONNECTIONS",
        "HOST=\"localhost\": takes an IP address",
        "PORT=\"http\": takes a port from 0 to 65535",
        "READ_ONLY=\"yes\": takes true or false",
        "LOG_FORMAT=\"xml\": takes text or json",
        "BANYAN_WORKERS=\"0\": takes a number from 1 to 512",
        "DATABASE_URL: takes sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME",
        "SEED=\"prod\": takes demo",
        "USERS_URL=\"users:3000\": takes http://HOST:PORT or https://HOST:PORT, with nothing, /api or /api/users behind it",
        "THREADS_URL=\"http://threads/v2\": takes http://HOST:PORT or https://HOST:PORT, with nothing, /api or /api/threads behind it",
    ];
    assert_eq!(error.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_neighbour_is_named_by_its_host_its_api_or_its_collection() {
    for url in ["http://u:1", "http://u:1/", "http://u:1/api", "http://u:1/api/users/"] {
        let config = read(&[("USERS_URL", url)]).unwrap();
        assert_eq!(config.elsewhere["users"].as_str(), "http://u:1/api/users");
    }
}

#[test]
fn what_to_follow_is_a_collection_of_its_own_kind_and_needs_a_token() {
    let token = ("MOVE_TOKEN", "0123456789abcdef");
    let config = read(&[token, ("FOLLOW", "http://m:3000")]).unwrap();
    assert_eq!(config.follow.unwrap().as_str(), "http://m:3000/api/posts");
    let error = read(&[("FOLLOW", "http://m:3000/api/users")]).unwrap_err().to_string();
    let lines: Vec<_> = error.lines().collect();
    assert!(lines[0].starts_with("FOLLOW: needs MOVE_TOKEN"), "{error}");
    assert!(lines[1].starts_with("FOLLOW=\"http://m:3000/api/users\": takes"), "{error}");
    let both = ["users".into(), "posts".into()];
    let environment = [token, ("FOLLOW", "http://m:3000")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let error = Config::read("monolith", &both, &[], environment).unwrap_err().to_string();
    assert!(error.starts_with("FOLLOW: is for a program with one collection"), "{error}");
}

#[test]
fn a_file_of_authorities_must_be_there_and_hold_some() {
    for name in ["Cargo.toml", "missing"] {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        let error = read(&[("CA_FILE", &path)]).unwrap_err().to_string();
        let begins = format!("CA_FILE={path}: takes a file of certificates in PEM form: ");
        assert!(error.starts_with(&begins), "{error}");
    }
}

#[test]
fn a_token_that_is_wrong_is_not_shown() {
    for token in ["hunter2", "hunter2 hunter2 hunter2"] {
        let error = read(&[("MOVE_TOKEN", token)]).unwrap_err().to_string();
        assert!(error.starts_with("MOVE_TOKEN: takes") && !error.contains("hunter2"), "{error}");
    }
    let config = read(&[("MOVE_TOKEN", "hunter2hunter2hunter2")]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_secret_is_never_shown_and_excludes_a_url() {
    let error = read(&[("DATABASE_SECRET", "{\"password\":\"hunter2\"}")]).unwrap_err();
    assert_eq!(error.to_string(), "DATABASE_SECRET: lacks the key `host`");
    let error = read(&[("DATABASE_SECRET", "{}"), ("DATABASE_URL", "sqlite:x")]).unwrap_err();
    assert!(error.to_string().contains("not both"));
}
