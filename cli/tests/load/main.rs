//! `banyan load` against a monolith: a sound board is found to be one, and what is wrong is found, row by row.

mod run;

mod crashes;
mod lies;
mod sound;
