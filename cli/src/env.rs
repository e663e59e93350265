//! `banyan env`: what the AWS CLI and every AWS SDK need to reach the control port.

use std::path::Path;
use std::process::ExitCode;

use crate::{board, hold};

/// What `eval` gets where there is no board: a command that fails, and an endpoint that nobody listens at, so that the
/// next command does not reach somebody's real account.
const NOWHERE: &str = "export AWS_ENDPOINT_URL=http://127.0.0.1:1\nfalse";

/// Variables of a real account, or of other endpoints, that would get in between.
const OTHERS: &str = "AWS_PROFILE AWS_SESSION_TOKEN AWS_IGNORE_CONFIGURED_ENDPOINT_URLS \
    AWS_ENDPOINT_URL_CLOUDFORMATION AWS_ENDPOINT_URL_MIGRATION_HUB_REFACTOR_SPACES AWS_ENDPOINT_URL_STS";

/// Prints lines for a shell.
pub(crate) fn run(data_dir: &Path) -> Result<ExitCode, String> {
    let lines = lines(data_dir);
    println!("{}", lines.as_deref().unwrap_or(NOWHERE));
    lines.map(|_| ExitCode::SUCCESS)
}

fn lines(data_dir: &Path) -> Result<String, String> {
    let holder = hold::running(data_dir)?;
    let control =
        board::refactor(&holder.seats).ok_or("this `banyan up` runs no refactor proxy")?;
    let keys = refactor::Keys::read(&board::refactor_folder(data_dir))?;
    let (key, secret) = (keys.access_key_id, keys.secret_access_key);
    Ok(format!(
        "unset {OTHERS}\n\
         export AWS_ENDPOINT_URL={}\n\
         export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret}\n\
         export AWS_DEFAULT_REGION={region} AWS_REGION={region} AWS_PAGER=\n\
         export NO_PROXY=\"127.0.0.1${{NO_PROXY:+,$NO_PROXY}}\"",
        control.url(),
        region = refactor::REGION,
    ))
}
