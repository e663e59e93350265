//! What a run does.

use clap::Args;

use crate::content::Collection;

/// How many clients there are, for how long, and what they do. Ctrl-C ends it early, and another one its check.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How many clients there are at once.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) clients: u32,
    /// For how long they ask.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) seconds: u32,
    /// How many writes they send at most, all together.
    #[arg(long, value_name = "N")]
    pub(crate) writes: Option<u64>,
    /// How many writes they send a second at most, all together.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// What they write.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Collection::ALL)]
    pub(crate) collection: Vec<Collection>,
    /// Read each member at once after it was written.
    #[arg(long)]
    pub(crate) read_after_write: bool,
    /// Repeat what was not answered, or with 502, 503 or 504, for up to 30 seconds, as a careful client does: each POST has an
    /// Idempotency-Key then.
    #[arg(long)]
    pub(crate) repeat: bool,
    /// Repeats the choices of another run.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}
