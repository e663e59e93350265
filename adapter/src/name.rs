//! Names and texts inside SQL.

/// An identifier with its quotes (manual, 4.1.1).
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text constant. It has no escapes, whatever `standard_conforming_strings` says.
pub(crate) fn text(value: &str) -> String {
    if value.contains('\\') {
        format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", value.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted, text};

    #[test]
    fn quotes_and_backslashes_do_not_end_a_name_or_a_text() {
        assert_eq!(quoted(r#"a"b C"#), r#""a""b C""#);
        assert_eq!(text("it's"), "'it''s'");
        assert_eq!(text(r"a\'b"), r"E'a\\''b'");
    }
}
