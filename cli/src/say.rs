//! Telling the terminal what happens.

use std::fmt::Arguments;
use std::io::{self, Write};

/// Writes a line to standard output. The reader may have gone (`banyan | head`), which is no
/// reason to stop looking after the programs.
pub(crate) fn say(line: Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}
