//! What a check is told about the program.

use std::net::SocketAddr;

use clap::Args;

/// How to write to the collection, and where the checks can be asked.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// A new row, in JSON. Each `{n}` becomes another number.
    #[arg(long, value_name = "JSON", default_value = r#"{"name":"check {n}"}"#)]
    pub row: String,
    /// What changes a row, in JSON.
    #[arg(long, value_name = "JSON", default_value = r#"{"name":"changed {n}"}"#)]
    pub change: String,
    /// The method that changes a row.
    #[arg(long, value_name = "METHOD", default_value = "PATCH")]
    pub change_with: String,
    /// The collection at another copy of the program, whose store was never used: it is to follow the first one. Without
    /// it, what a store does that begins to follow is not checked.
    #[arg(long, value_name = "URL")]
    pub empty: Option<String>,
    /// The address on which the checks play the other side of a move. The program must reach it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Stop at the first rule that is broken.
    #[arg(long)]
    pub first: bool,
}
