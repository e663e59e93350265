//! Whatever breaks at whatever step of a switch or a reverse: repeated, it ends with one primary, no answered write is lost,
//! and none is done twice.
//!
//! Each case is one fault, which comes in a switch and then, on the same board, in a reverse, while clients write.

mod case;
mod driver;
mod run;

mod crashes;
mod networks;
mod pairs;
mod stops;
