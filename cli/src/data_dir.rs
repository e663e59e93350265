//! The folder of the board's data, on the command line.

use std::path::PathBuf;

use clap::Args;

/// The default folder of the board's data.
pub(crate) const DEFAULT_DATA_DIR: &str = ".banyan";

/// The folder of the board's data.
#[derive(Args, Clone, Debug)]
pub(crate) struct DataDir {
    /// The folder that holds the databases and logs; made if it does not exist.
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA_DIR)]
    pub(crate) data_dir: PathBuf,
}
