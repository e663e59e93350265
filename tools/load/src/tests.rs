//! Unit tests, a file for each module.

mod compare;
mod content;
mod ledger;
mod lists;
mod mix;
mod tally;
