//! What cannot be followed is refused with the reason and what helps, and nothing is changed.

use adapter::{Error, Session, install};
use harness::TestDatabase;

use crate::app::{App, wanted};

/// A role of its own, dropped with this.
struct Role<'a> {
    name: String,
    database: &'a TestDatabase,
}

impl<'a> Role<'a> {
    async fn make(name: &str, database: &'a TestDatabase) -> Self {
        let name = format!("banyan_{name}_{}", std::process::id());
        database.execute(&format!("DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN")).await;
        Self { name, database }
    }

    fn url(&self) -> String {
        let (_, rest) = self.database.url().split_once('@').unwrap();
        format!("postgres://{}@{rest}", self.name)
    }

    async fn drop(self) {
        let name = &self.name;
        self.database.execute(&format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}")).await;
    }
}

async fn refused(app: &App, session: &Session, table: &str) -> (String, String) {
    let sql = "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_trigger) \
         + (SELECT count(*) FROM pg_proc) + (SELECT count(*) FROM pg_namespace)";
    let client = app.client().await;
    let before: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
    let error = install(session, &wanted("/api/things", &[table])).await;
    let Err(Error::Refused(refusal)) = error else { panic!("{table}: {error:?}") };
    let after: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(before, after, "{table}: something was changed");
    (refusal.reason, refusal.help.unwrap_or_default())
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_table_that_cannot_be_followed_is_refused_with_what_helps() {
    let app = App::with(
        "CREATE TABLE keyless (id bigint); CREATE TABLE odd (id numeric PRIMARY KEY);
         CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         CREATE TABLE vague (id text COLLATE loose PRIMARY KEY);
         CREATE TABLE things (id bigint PRIMARY KEY); CREATE VIEW shown AS SELECT * FROM things;
         CREATE UNLOGGED TABLE quick (id bigint PRIMARY KEY);
         CREATE TABLE secret (id bigint PRIMARY KEY); ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
         CREATE TABLE root (id bigint PRIMARY KEY) PARTITION BY HASH (id);
         CREATE TABLE part PARTITION OF root FOR VALUES WITH (MODULUS 1, REMAINDER 0);
         CREATE TABLE published (id bigint PRIMARY KEY); CREATE PUBLICATION news FOR TABLE published;
         CREATE SEQUENCE counter; CREATE TABLE animals (id bigint PRIMARY KEY);
         CREATE TABLE dogs (breed text) INHERITS (animals);",
    )
    .await;
    for (table, reason, help) in [
        ("missing", "there is no table missing", "shop.products"),
        ("no such name", "there is no table no such name", ""),
        (
            "keyless",
            "has no primary key",
            "ALTER TABLE \"public\".\"keyless\" ADD PRIMARY KEY (id);",
        ),
        ("odd", "column id of the type numeric", ""),
        ("vague", "different texts for equal", ""),
        ("shown", "is a view", ""),
        ("counter", "is no table", ""),
        ("quick", "is unlogged", "SET LOGGED;"),
        ("secret", "row-level security", "DISABLE ROW LEVEL SECURITY"),
        ("animals", "\"dogs\" has the column breed", ""),
        ("part", "is a part of root", "--table root"),
        ("published", "the publication news", "ALTER PUBLICATION news DROP TABLE published;"),
    ] {
        let (found, helps) = refused(&app, &app.session, table).await;
        assert!(found.contains(reason), "{table}: {found}");
        assert!(helps.contains(help), "{table}: {helps}");
    }
    let mut other_key = wanted("/api/things", &["things"]);
    other_key.keys = vec![vec!["name".to_owned()]];
    let error = install(&app.session, &other_key).await.unwrap_err().to_string();
    assert!(
        error.contains("the primary key of \"public\".\"things\" is (id), not (name)"),
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_publication_of_all_tables_is_refused() {
    let app = App::with("CREATE TABLE things (id bigint PRIMARY KEY); CREATE PUBLICATION everything FOR ALL TABLES;").await;
    let (reason, help) = refused(&app, &app.session, "things").await;
    assert!(reason.contains("the publication everything"), "{reason}");
    assert_eq!(help, "DROP PUBLICATION everything;");
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn rights_that_are_missing_are_named_with_their_grant() {
    let app = App::with("CREATE TABLE things (id bigint PRIMARY KEY)").await;
    let role = Role::make("rights", &app.database).await;
    let name = role.name.clone();
    let session = Session::open(&role.url().parse().unwrap()).await.unwrap();
    let (reason, help) = refused(&app, &session, "things").await;
    assert!(reason.contains("belongs to postgres"), "{reason}");
    assert!(help.contains(&format!("GRANT \"postgres\" TO \"{name}\";")), "{help}");

    app.database.execute(&format!("ALTER TABLE things OWNER TO {name}")).await;
    let (reason, help) = refused(&app, &session, "things").await;
    assert!(reason.contains("may not make a schema"), "{reason}");
    assert!(help.contains("GRANT CREATE ON DATABASE"), "{help}");

    app.database.execute("CREATE SCHEMA banyan").await;
    let (reason, help) = refused(&app, &session, "things").await;
    assert!(reason.contains("may make nothing in the schema banyan"), "{reason}");
    // What it says helps: the role that owns a table needs no more than this.
    app.database.execute(&help).await;
    let wanted = wanted("/api/things", &["things"]);
    install(&session, &wanted).await.unwrap();
    app.database.execute("INSERT INTO things VALUES (1)").await;
    assert!(adapter::remove(&session, "banyan", &wanted.name).await.unwrap());
    let left = app
        .client()
        .await
        .query("SELECT 1 FROM pg_namespace WHERE nspname = 'banyan'", &[])
        .await
        .unwrap();
    assert_eq!(left.len(), 1, "a schema that was there before stays");
    drop(session);
    role.drop().await;
}

#[tokio::test]
#[ignore = "needs TEST_DATABASE_URL"]
async fn a_name_that_is_taken_is_refused() {
    let app = App::with(
        "CREATE TABLE things (id bigint PRIMARY KEY); CREATE TABLE others (id bigint PRIMARY KEY);
         CREATE SCHEMA banyan; CREATE TABLE banyan.fence (mine int);",
    )
    .await;
    let (reason, help) = refused(&app, &app.session, "things").await;
    assert!(reason.contains("\"banyan\".\"fence\" is taken"), "{reason}");
    assert!(help.contains("--schema"), "{help}");
    app.database.execute("DROP TABLE banyan.fence").await;

    app.install("/api/things", &["things"]).await;
    let other = app.try_install("/api/others", &["things"]).await.unwrap_err().to_string();
    assert!(other.contains("things belongs to the collection things already"), "{other}");
    let changed = app.try_install("/api/things", &["others"]).await.unwrap_err().to_string();
    assert!(changed.contains("adapter remove --path /api/things"), "{changed}");
    let mut elsewhere = wanted("/api/things", &["things"]);
    elsewhere.schema = "second".to_owned();
    let error = install(&app.session, &elsewhere).await.unwrap_err().to_string();
    assert!(error.contains("whose function is in the schema banyan"), "{error}");
    app.install("/api/others", &["others"]).await;
}
