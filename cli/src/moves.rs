//! `banyan follow`, `diff`, `switch`, `reverse`, `complete` and `cancel`: the data of one collection.
//!
//! The control plane does the work; this asks it and shows the progress. If this command ends early, the work goes on.

mod ask;
mod diff;
mod follow;
mod shown;
mod switch;

pub(crate) use shown::table;

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::data_dir::DataDir;
use ask::Control;

/// What every command on a collection takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    data: DataDir,
    /// The collection, such as users.
    collection: String,
    /// The id of the application, where there are several.
    #[arg(long, value_name = "ID")]
    application: Option<String>,
}

/// What `follow` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct FollowArgs {
    #[command(flatten)]
    what: MoveArgs,
    /// The address of the service that is to follow, such as http://127.0.0.1:3001. Without it the one that the route
    /// leads to, or the board's own service.
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Copy no faster than this.
    #[arg(long, value_name = "ROWS")]
    max_rows_per_second: Option<u64>,
    /// Do not wait until everything is copied.
    #[arg(long)]
    no_wait: bool,
}

/// What `switch` and `reverse` take.
#[derive(Args, Clone, Debug)]
pub(crate) struct SwitchArgs {
    #[command(flatten)]
    what: MoveArgs,
    /// How far behind the follower may be.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    max_lag_ms: u64,
    /// For how long writes may be fenced at the most; then everything stays as it was.
    #[arg(long, value_name = "MS", default_value_t = 3_000)]
    deadline_ms: u64,
    /// switch: go on without a fresh diff. reverse: go back even if the service is lost, and with it what only it had;
    /// without this the command says what that would be.
    #[arg(long)]
    force: bool,
    /// Look at everything that has to hold, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What `complete` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct CompleteArgs {
    #[command(flatten)]
    what: MoveArgs,
    /// Leave the rows in the source's database.
    #[arg(long)]
    keep_data: bool,
    /// Go on although the last diff found rows that differ.
    #[arg(long)]
    force: bool,
}

/// What `cancel` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    what: MoveArgs,
    /// If the target is not reached, and the source is primary or is not reached either: forget the move, so
    /// that its route can be deleted. What the two have stays as it is.
    #[arg(long)]
    force: bool,
}

/// `banyan follow`.
pub(crate) fn follow(args: &FollowArgs) -> Result<ExitCode, String> {
    ask::run(&args.what.data, async |control| follow::run(&control, args).await)
}

/// `banyan diff`.
pub(crate) fn diff(args: &MoveArgs) -> Result<ExitCode, String> {
    ask::run(&args.data, async |control| diff::run(&control, args).await)
}

/// `banyan switch`.
pub(crate) fn switch(args: &SwitchArgs) -> Result<ExitCode, String> {
    ask::run(&args.what.data, async |control| switch::run(&control, "switch", args).await)
}

/// `banyan reverse`.
pub(crate) fn reverse(args: &SwitchArgs) -> Result<ExitCode, String> {
    ask::run(&args.what.data, async |control| switch::run(&control, "reverse", args).await)
}

/// `banyan complete`.
pub(crate) fn complete(args: &CompleteArgs) -> Result<ExitCode, String> {
    ask::run(&args.what.data, async |control: Control| {
        let options = json!({
            "application": args.what.application,
            "keepData": args.keep_data,
            "force": args.force,
        });
        let done = control.command(&args.what.collection, "complete", &options).await?;
        shown::outcome(&done);
        Ok(ExitCode::SUCCESS)
    })
}

/// `banyan cancel`.
pub(crate) fn cancel(args: &CancelArgs) -> Result<ExitCode, String> {
    ask::run(&args.what.data, async |control: Control| {
        let options = json!({ "application": args.what.application, "force": args.force });
        let done = control.command(&args.what.collection, "cancel", &options).await?;
        let (collection, target) = (&done.collection, &done.target.url);
        if ["unknown", "superseded"].contains(&done.phase.as_str()) {
            println!("{collection}: the move is forgotten; what {target} has stays as it is");
        } else {
            println!("{collection}: {target} follows no more, and is as if it had never been used");
        }
        Ok(ExitCode::SUCCESS)
    })
}
