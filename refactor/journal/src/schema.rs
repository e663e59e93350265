//! Tables and statements in the words of each engine.

/// A schema is written in these words; each with its meaning on SQLite and on PostgreSQL. Texts are compared by their
/// bytes on both.
const WORDS: [(&str, &str, &str); 5] = [
    ("SEQUENCE", "INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    (" TEXT", " TEXT", " TEXT COLLATE \"C\""),
    (" NUMBER", " INTEGER", " BIGINT"),
    (" FLAG", " INTEGER", " BOOLEAN"),
    (" BYTES", " BLOB", " BYTEA"),
];

/// The end of a table, on a line of its own. SQLite is told there to check types as PostgreSQL does.
const END: &str = ");";
const STRICT_END: &str = ") STRICT;";

pub(crate) fn sqlite(schema: &str) -> String {
    let line = |line| if str::trim(line) == END { STRICT_END } else { line };
    let lines: Vec<_> = schema.lines().map(line).collect();
    WORDS.iter().fold(lines.join("\n"), |sql, (word, meant, _)| sql.replace(word, meant))
}

pub(crate) fn postgres(schema: &str) -> String {
    WORDS.iter().fold(schema.to_owned(), |sql, (word, _, meant)| sql.replace(word, meant))
}

/// A statement as PostgreSQL takes it: its values are `$1`, not `?1`.
pub(crate) fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

#[cfg(test)]
mod tests {
    use super::{postgres, sqlite};

    #[test]
    fn a_schema_is_said_in_the_words_of_each_engine() {
        let schema = "CREATE TABLE t (\n  seq SEQUENCE,\n  name TEXT NOT NULL,\n  is FLAG\n);\nCREATE INDEX i ON t (is);";
        let said = sqlite(schema);
        assert!(said.contains("INTEGER PRIMARY KEY,") && said.contains("\n) STRICT;\n"), "{said}");
        assert!(said.ends_with("ON t (is);"), "{said}");
        let said = postgres(schema);
        assert!(
            said.contains("TEXT COLLATE \"C\" NOT NULL") && said.contains("is BOOLEAN"),
            "{said}"
        );
    }
}
