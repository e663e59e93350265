//! `DATABASE_URL` and `DATABASE_SECRET`: which database to open.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use ::postgres::{PostgresUrl, UrlError};

/// A database to open.
#[derive(Clone, Debug, PartialEq)]
pub enum Database {
    /// A SQLite file. It is made if it does not exist.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(Box<PostgresUrl>),
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl FromStr for Database {
    type Err = UrlError;

    /// Reads `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=MODE`.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(":memory:") || path.contains(['?', '\0']) {
                return Err(UrlError(
                    "takes the path of a file after `sqlite:`, without parameters".into(),
                ));
            }
            Ok(Self::Sqlite(path.into()))
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            text.parse().map(|url| Self::Postgres(Box::new(url)))
        } else {
            Err(UrlError("takes sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME".into()))
        }
    }
}

impl Database {
    /// Reads the JSON of an Aurora secret: `username`, `password`, `host`, `port`, `dbname`.
    /// The connection is encrypted (`sslmode=require`).
    ///
    /// # Errors
    /// Names the key that is missing or of another type.
    pub fn from_secret(json: &str) -> Result<Self, UrlError> {
        PostgresUrl::from_secret(json).map(|url| Self::Postgres(Box::new(url)))
    }
}

#[cfg(test)]
mod tests {
    use super::Database;

    fn parse(text: &str) -> Result<String, String> {
        let database: Result<Database, _> = text.parse();
        database.map(|database| database.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn both_schemes_are_read() {
        assert_eq!(parse("sqlite:a/b.db").unwrap(), "sqlite:a/b.db");
        assert_eq!(parse("sqlite:///a/b.db").unwrap(), "sqlite:/a/b.db");
        assert_eq!(parse("postgres://me:hunter2@h/board").unwrap(), "postgres://h:5432/board");
    }

    #[test]
    fn another_scheme_is_an_error_that_lists_the_two() {
        for text in ["mysql://host/db", "users.db", ""] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("sqlite:PATH or postgres://"), "{error}");
        }
        assert!(parse("sqlite:").is_err());
        assert!(parse("sqlite::memory:").is_err());
    }
}
