//! `banyan complete` and `banyan cancel`.

use std::process::ExitCode;

use reqwest::Client;
use serde_json::json;

use super::args::{CancelArgs, CompleteArgs};
use super::ask::MoveControl;
use super::shown;

/// The source gives the collection up for good.
pub(crate) async fn complete(args: &CompleteArgs, http: Client) -> Result<ExitCode, String> {
    let options = json!({ "keepData": args.keep_data, "force": args.force });
    let done = MoveControl::new(&args.what, http)?.command("complete", options).await?;
    shown::outcome(&done);
    Ok(ExitCode::SUCCESS)
}

/// The target stops following.
pub(crate) async fn cancel(args: &CancelArgs, http: Client) -> Result<ExitCode, String> {
    let options = json!({ "force": args.force });
    let done = MoveControl::new(&args.what, http)?.command("cancel", options).await?;
    let (collection, target) = (&done.collection, &done.target.url);
    if ["unknown", "superseded"].contains(&done.phase.as_str()) {
        println!("{collection}: the move is forgotten; what {target} has stays as it is");
    } else {
        println!("{collection}: {target} follows no more, and is as if it had never been used");
    }
    Ok(ExitCode::SUCCESS)
}
