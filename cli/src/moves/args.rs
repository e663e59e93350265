//! What the commands on a collection take.

use clap::Args;

use crate::control::ControlArgs;

/// What every command on a collection takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    pub(super) control: ControlArgs,
    /// The collection, such as users. For an application at the root it is the whole path, such as api/orders.
    pub(super) collection: String,
    /// The id of the application, where there are several.
    #[arg(long, value_name = "ID")]
    pub(super) application: Option<String>,
}

/// What `follow` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct FollowArgs {
    #[command(flatten)]
    pub(super) what: MoveArgs,
    /// The address of the service that is to follow, such as http://127.0.0.1:3001. Without it the one that the route
    /// leads to, or the board's own service.
    #[arg(long, value_name = "URL")]
    pub(super) target: Option<String>,
    /// Copy no faster than this.
    #[arg(long, value_name = "ROWS")]
    pub(super) max_rows_per_second: Option<u64>,
    /// Do not wait until everything is copied.
    #[arg(long)]
    pub(super) no_wait: bool,
}

/// What `switch` and `reverse` take.
#[derive(Args, Clone, Debug)]
pub(crate) struct SwitchArgs {
    #[command(flatten)]
    pub(super) what: MoveArgs,
    /// How far behind the follower may be.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    pub(super) max_lag_ms: u64,
    /// For how long writes may be fenced at the most; then everything stays as it was.
    #[arg(long, value_name = "MS", default_value_t = 3_000)]
    pub(super) deadline_ms: u64,
    /// switch: go on without a fresh diff. reverse: go back even if the service is lost, and with it what only it had;
    /// without this the command says what that would be.
    #[arg(long)]
    pub(super) force: bool,
    /// Look at everything that has to hold, and change nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// What `complete` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct CompleteArgs {
    #[command(flatten)]
    pub(super) what: MoveArgs,
    /// Leave the rows in the source's database.
    #[arg(long)]
    pub(super) keep_data: bool,
    /// Go on although the last diff found rows that differ.
    #[arg(long)]
    pub(super) force: bool,
}

/// What `cancel` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    pub(super) what: MoveArgs,
    /// If the target is not reached, and the source is primary or is not reached either: forget the move, so
    /// that its route can be deleted. What the two have stays as it is.
    #[arg(long)]
    pub(super) force: bool,
}
