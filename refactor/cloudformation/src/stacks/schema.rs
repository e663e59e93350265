//! The tables. Everything but keys is one JSON document a row.

use journal::{Error, Journal};

/// Makes the tables if they do not exist yet.
///
/// # Errors
/// What the journal says.
pub(crate) fn migrate(journal: &Journal) -> Result<(), Error> {
    journal.make_tables(
        "CREATE TABLE IF NOT EXISTS cfn_stacks (
    seq SEQUENCE,
    id TEXT NOT NULL UNIQUE,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    living FLAG NOT NULL, -- false once it is deleted: the name is free again
    document TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS cfn_stacks_living ON cfn_stacks (region, name) WHERE living;
CREATE TABLE IF NOT EXISTS cfn_resources (
    stack TEXT NOT NULL,
    logical_id TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (stack, logical_id)
);
CREATE TABLE IF NOT EXISTS cfn_change_sets (
    seq SEQUENCE,
    id TEXT NOT NULL UNIQUE,
    stack TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (stack, name)
);
CREATE TABLE IF NOT EXISTS cfn_events (
    seq SEQUENCE,
    stack TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS cfn_events_by_stack ON cfn_events (stack, seq);
CREATE TABLE IF NOT EXISTS cfn_exports (
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    stack TEXT NOT NULL,
    PRIMARY KEY (region, name)
);
CREATE TABLE IF NOT EXISTS cfn_imports (
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    stack TEXT NOT NULL,
    PRIMARY KEY (region, name, stack)
);
CREATE TABLE IF NOT EXISTS cfn_operations (
    seq SEQUENCE,
    stack TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL
);",
    )
}
