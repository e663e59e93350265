//! TLS to PostgreSQL, for each `sslmode`.
//!
//! Needs a server whose certificate is for `localhost` at the port in `TEST_TLS_PORT`, the certificate
//! of its authority in `TEST_TLS_CA`, that of another one in `TEST_TLS_OTHER_CA`, and a role
//! `tls_only` that may connect without a password, but only over TLS.

use store::{Database, OpenError, Store};

async fn open(url: &str) -> Result<Store, OpenError> {
    let database: Database = url.parse().expect("the URL is well-formed");
    Store::open(&database, &[], 1).await
}

#[tokio::test]
#[ignore = "needs TEST_TLS_PORT, TEST_TLS_CA and TEST_TLS_OTHER_CA"]
async fn each_sslmode_trusts_whom_it_says() {
    let [port, ca, other_ca] =
        ["TEST_TLS_PORT", "TEST_TLS_CA", "TEST_TLS_OTHER_CA"].map(harness::needs);
    let url =
        |host: &str, query: &str| format!("postgres://tls_only@{host}:{port}/postgres?{query}");
    for (host, query, opens) in [
        ("localhost", "sslmode=disable", false),
        ("localhost", "", true),
        ("localhost", "sslmode=prefer", true),
        ("localhost", "sslmode=require", true),
        ("127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={ca}"), true),
        ("localhost", &format!("sslmode=verify-full&sslrootcert={ca}"), true),
        ("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={ca}"), false),
        ("localhost", &format!("sslmode=verify-full&sslrootcert={other_ca}"), false),
        ("localhost", &format!("sslmode=verify-ca&sslrootcert={other_ca}"), false),
        ("localhost", "sslmode=verify-full", false),
        ("localhost", "sslmode=verify-full&sslrootcert=/no/such/file", false),
    ] {
        let opened = open(&url(host, query)).await;
        assert_eq!(opened.is_ok(), opens, "{host} {query}: {:?}", opened.err());
    }
    let secret = format!(
        r#"{{"username":"tls_only","password":"p","host":"localhost","port":{port},"dbname":"postgres"}}"#
    );
    let database = Database::from_secret(&secret).expect("the secret is whole");
    Store::open(&database, &[], 1).await.expect("a secret's connection is encrypted");
}
