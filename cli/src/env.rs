//! `banyan env`: what the AWS CLI and every AWS SDK need to reach the control port.

use std::path::Path;
use std::process::ExitCode;

use crate::{board, hold};

/// Prints lines for a shell. A profile or a session of somebody's real account would get in between.
pub(crate) fn run(data_dir: &Path) -> Result<ExitCode, String> {
    let shown = data_dir.display();
    let holder = hold::holder(data_dir).ok_or_else(|| {
        format!("nothing runs on {shown}; `banyan up --data-dir {shown}` starts the board there")
    })?;
    let control =
        board::refactor(&holder.seats).ok_or("this `banyan up` runs no refactor proxy")?;
    let keys = refactor::Keys::read(&board::refactor_folder(data_dir))?;
    println!("unset AWS_PROFILE AWS_SESSION_TOKEN AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    println!("export AWS_ENDPOINT_URL={}", control.url());
    println!("export AWS_ACCESS_KEY_ID={}", keys.access_key_id);
    println!("export AWS_SECRET_ACCESS_KEY={}", keys.secret_access_key);
    println!("export AWS_DEFAULT_REGION={0} AWS_REGION={0}", refactor::REGION);
    println!("export AWS_PAGER=");
    Ok(ExitCode::SUCCESS)
}
