//! What a collection has in the schema: the names of its tables and functions, and the SQL that makes the tables.

use postgres::order::CLOCK;
use replication::Document;
use xxhash_rust::xxh3::xxh3_64;

use crate::collection::{Collection, Member};
use crate::key::key_text;
use crate::name::{quoted, text};

/// The comment on what was made here: the shared table, and the schema if it was not there before.
pub(crate) const OURS: &str = "banyan adapter, version 2";

/// The names of a collection's objects, each with its schema and quotes.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    schema: String,
    collection: String,
}

impl Objects {
    pub(crate) fn of(schema: &str, collection: &str) -> Self {
        Self { schema: schema.to_owned(), collection: collection.to_owned() }
    }

    fn shared(&self, name: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(name))
    }

    fn own(&self, prefix: &str) -> String {
        self.shared(&format!("{prefix}_{}", self.collection))
    }

    /// The collection's name as a text.
    pub(crate) fn name(&self) -> String {
        text(&self.collection)
    }

    /// What is installed. One row a collection.
    pub(crate) fn collections(&self) -> String {
        self.shared("collections")
    }

    /// The tables of the collections.
    pub(crate) fn members(&self) -> String {
        self.shared("members")
    }

    /// Whether a collection takes writes. It changes only with that: a writer outside READ COMMITTED fails if it
    /// changed since that writer's snapshot.
    pub(crate) fn fence(&self) -> String {
        self.shared("fence")
    }

    /// The document of ownership of each collection, and the transaction that applies a page of another store, if one does.
    /// It is apart from the fence, which must change only with the role.
    pub(crate) fn ownership(&self) -> String {
        self.shared("ownership")
    }

    /// The history of each collection's feed: a run begins with each program that opens it, and with each purge.
    pub(crate) fn runs(&self) -> String {
        self.shared("runs")
    }

    /// The newest heartbeat and the newest handover in each feed.
    pub(crate) fn marks(&self) -> String {
        self.shared("marks")
    }

    /// The application's triggers that are disabled while a collection follows.
    pub(crate) fn silenced(&self) -> String {
        self.shared("silenced")
    }

    /// The stores that read each feed.
    pub(crate) fn followers(&self) -> String {
        self.shared("followers")
    }

    /// What the triggers note.
    pub(crate) fn log(&self) -> String {
        self.own("log")
    }

    /// The last change of each key.
    pub(crate) fn feed(&self) -> String {
        self.own("feed")
    }

    /// Rows of another store that wait for what they depend on.
    pub(crate) fn held(&self) -> String {
        self.own("held")
    }

    /// The names of the functions that may stand in the schema already, and of the tables, without the schema.
    pub(crate) fn bare_names(&self, members: &[Member]) -> Vec<String> {
        let notes = members.iter().flat_map(|member| {
            [format!("note_{}", member.number), format!("note_row_{}", member.number)]
        });
        let fixed = ["log", "feed", "held", "check", "guard", "truncate"].map(str::to_owned);
        let own = fixed.into_iter().chain(notes).map(|name| format!("{name}_{}", self.collection));
        own.collect()
    }

    /// Refuses a write that is not allowed.
    pub(crate) fn check(&self) -> String {
        self.own("check")
    }

    /// The trigger that does only that.
    pub(crate) fn guard(&self) -> String {
        self.own("guard")
    }

    /// The trigger that refuses TRUNCATE.
    pub(crate) fn truncate(&self) -> String {
        self.own("truncate")
    }

    /// The trigger that notes the rows of a statement.
    pub(crate) fn note(&self, member: i16) -> String {
        self.own(&format!("note_{member}"))
    }

    /// The trigger that notes one row.
    pub(crate) fn note_row(&self, member: i16) -> String {
        self.own(&format!("note_row_{member}"))
    }

    /// The number of the collection's lock among the advisory locks of the database.
    pub(crate) fn lock(&self) -> i64 {
        let name =
            format!("banyan adapter, schema {}, collection {}", self.schema, self.collection);
        xxh3_64(name.as_bytes()).cast_signed()
    }
}

/// The tables that all collections share.
pub(crate) fn shared_tables(objects: &Objects) -> Vec<String> {
    vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {} (name text PRIMARY KEY, path text NOT NULL, \
             state text NOT NULL, folded bigint NOT NULL DEFAULT 0)",
            objects.collections()
        ),
        format!("COMMENT ON TABLE {} IS {}", objects.collections(), text(OURS)),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (collection text NOT NULL, number smallint NOT NULL, \
             relation oid NOT NULL UNIQUE, named text NOT NULL, key text[] NOT NULL, filled boolean NOT NULL DEFAULT false, \
             filled_to text[], PRIMARY KEY (collection, number))",
            objects.members()
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (collection text PRIMARY KEY, role text NOT NULL, \
             epoch bigint NOT NULL, fenced_until timestamptz NOT NULL, \"primary\" text)",
            objects.fence()
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (collection text PRIMARY KEY, document text NOT NULL, applying bigint)",
            objects.ownership()
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (collection text, number bigint, run text NOT NULL, position bigint NOT NULL, \
             purged bigint NOT NULL, PRIMARY KEY (collection, number))",
            objects.runs()
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (collection text, kind text, position bigint NOT NULL, content text NOT NULL, \
             PRIMARY KEY (collection, kind))",
            objects.marks()
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (collection text, follower text, position bigint NOT NULL, \
             seen_at bigint NOT NULL, PRIMARY KEY (collection, follower))",
            objects.followers()
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (collection text NOT NULL, relation oid, name text, state text NOT NULL, \
             PRIMARY KEY (relation, name))",
            objects.silenced()
        ),
    ]
}

/// The tables that all collections share, each with its column that names the collection.
pub(crate) fn rows_of_a_collection(objects: &Objects) -> [(String, &'static str); 8] {
    [
        (objects.collections(), "name"),
        (objects.members(), "collection"),
        (objects.fence(), "collection"),
        (objects.ownership(), "collection"),
        (objects.runs(), "collection"),
        (objects.marks(), "collection"),
        (objects.followers(), "collection"),
        (objects.silenced(), "collection"),
    ]
}

/// The tables of one collection, and its rows in the shared ones.
pub(crate) fn own_tables(collection: &Collection, objects: &Objects) -> Vec<String> {
    let (log, feed) = (objects.log(), objects.feed());
    let mut statements = vec![
        format!(
            "CREATE TABLE {log} (position bigint NOT NULL, member smallint NOT NULL, k text[] NOT NULL)"
        ),
        format!("CREATE INDEX ON {log} (position)"),
        format!(
            "CREATE TABLE {feed} (key text COLLATE \"C\" PRIMARY KEY \
             CHECK (octet_length(key) BETWEEN 1 AND {}), position bigint NOT NULL, \
             member smallint NOT NULL, k text[] NOT NULL, noted_at bigint NOT NULL DEFAULT {CLOCK})",
            replication::MAX_KEY_BYTES
        ),
        format!("CREATE INDEX ON {feed} (position, key)"),
        format!(
            "CREATE TABLE {} (key text COLLATE \"C\" PRIMARY KEY, member smallint NOT NULL, k text[] NOT NULL, content text)",
            objects.held()
        ),
        format!(
            "INSERT INTO {} (name, path, state) VALUES ({}, {}, 'installing')",
            objects.collections(),
            objects.name(),
            text(&collection.path)
        ),
        format!(
            "INSERT INTO {} (collection, role, epoch, fenced_until) VALUES ({}, 'primary', 1, '-infinity')",
            objects.fence(),
            objects.name()
        ),
        format!(
            "INSERT INTO {} (collection, document) VALUES ({}, {})",
            objects.ownership(),
            objects.name(),
            text(&fresh())
        ),
    ];
    statements.extend(collection.members.iter().map(|member| {
        let key: Vec<_> = member.key.iter().map(|column| text(&column.name)).collect();
        format!(
            "INSERT INTO {} (collection, number, relation, named, key) VALUES ({}, {}, {}::regclass, {}, ARRAY[{}])",
            objects.members(),
            objects.name(),
            member.number,
            text(&member.sql()),
            text(&member.sql()),
            key.join(", ")
        )
    }));
    statements
}

/// The document of a store that was never used.
fn fresh() -> String {
    // Texts, numbers and lists only.
    serde_json::to_string(&Document::new()).unwrap_or_default()
}

/// The SQL of the text of a key in the feed, from `member` and `k`. If a collection has several tables, the table's name
/// comes first.
pub(crate) fn feed_key(members: &[Member]) -> String {
    if let [only] = members {
        return key_text(&only.key);
    }
    let cases = members.iter().map(|member| {
        let (number, name) = (member.number, text(&format!("{}/", member.name)));
        format!("WHEN {number} THEN {name} || {}", key_text(&member.key))
    });
    format!("CASE member {} END", cases.collect::<Vec<_>>().join(" "))
}

/// Between which texts the keys of one table lie in the feed: from the first one, and below the second one.
pub(crate) fn key_prefix(members: &[Member], member: &Member) -> (String, String) {
    match members {
        // No text is above a character that is none.
        [_] => (String::new(), "\u{10ffff}\u{10ffff}".to_owned()),
        // A zero comes after a slash.
        _ => (format!("{}/", member.name), format!("{}0", member.name)),
    }
}
