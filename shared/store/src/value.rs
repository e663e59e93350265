//! A cell on its way into a column.

use models::Cell;

/// A cell as a parameter of a statement; each engine says how it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a>(pub(crate) &'a Cell);

/// The cells as parameters.
pub(crate) fn values(cells: &[Cell]) -> Vec<Value<'_>> {
    cells.iter().map(Value).collect()
}
