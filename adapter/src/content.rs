//! What a row of the feed holds.

use crate::page::Row;

/// The columns of a row by their names, each as PostgreSQL's own text; null for NULL. Columns that are computed from
/// others are left out.
pub type Content = Row;
