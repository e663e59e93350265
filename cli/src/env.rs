//! `banyan env`: what the AWS CLI and every AWS SDK need to reach the control port, and how to undo it.
//!
//! The lines are for shells of POSIX. Each ends with a semicolon, for an `eval` without quotes makes one line of them.

use std::process::ExitCode;

use clap::Args;

use crate::control::{self, ControlArgs, ControlPlace};
use crate::{board, lock};

#[derive(Args, Clone, Debug)]
pub(crate) struct EnvArgs {
    #[command(flatten)]
    control: ControlArgs,
    /// Print the lines that give every variable the value that it had before: eval "$(banyan env --unset)".
    #[arg(long)]
    unset: bool,
}

/// What `eval` gets if there is no board: a command that fails, and an endpoint without a listener. So the
/// next command does not reach a real account.
const NOWHERE: &str = "export AWS_ENDPOINT_URL=http://127.0.0.1:1;\nfalse";

/// Variables of a real account, or of other endpoints, that would get in between. An endpoint of one's own for FIPS or two
/// stacks is an error to the SDKs.
const OTHERS: &str = "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_IGNORE_CONFIGURED_ENDPOINT_URLS \
    AWS_USE_FIPS_ENDPOINT AWS_USE_DUALSTACK_ENDPOINT AWS_ENDPOINT_URL_CLOUDFORMATION \
    AWS_ENDPOINT_URL_MIGRATION_HUB_REFACTOR_SPACES AWS_ENDPOINT_URL_STS";

/// Variables that are set.
const OURS: &str = "AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION AWS_REGION AWS_PAGER \
    NO_PROXY no_proxy";

/// Prints lines for a shell.
pub(crate) fn run(args: &EnvArgs) -> Result<ExitCode, String> {
    if args.unset {
        println!("{}", restore());
        return Ok(ExitCode::SUCCESS);
    }
    let lines = lines(&args.control);
    println!("{}\n{}", save(), lines.as_deref().unwrap_or(NOWHERE));
    lines.map(|_| ExitCode::SUCCESS)
}

/// Keeps what the variables were, once. No program of Banyan reads these names: one that begins with `BANYAN_` and is unknown
/// would keep it from starting in that shell.
fn save() -> String {
    format!(
        r#"if [ -z "${{_BANYAN_ENV+set}}" ]; then
for _BANYAN_ENV in {OTHERS} {OURS}; do
eval "[ -z \"\${{$_BANYAN_ENV+set}}\" ] || export _BANYAN_OLD_$_BANYAN_ENV=\"\$$_BANYAN_ENV\"";
done;
export _BANYAN_ENV=set;
fi;"#
    )
}

/// Gives the variables back what they were, if they were saved.
fn restore() -> String {
    format!(
        r#"if [ -n "${{_BANYAN_ENV+set}}" ]; then
for _BANYAN_ENV in {OTHERS} {OURS}; do
if eval "[ -n \"\${{_BANYAN_OLD_$_BANYAN_ENV+set}}\" ]"; then
eval "export $_BANYAN_ENV=\"\$_BANYAN_OLD_$_BANYAN_ENV\"";
unset "_BANYAN_OLD_$_BANYAN_ENV";
else
unset "$_BANYAN_ENV";
fi;
done;
unset _BANYAN_ENV;
fi;"#
    )
}

/// The region is no region of AWS, so a client that is too old for `AWS_ENDPOINT_URL` finds no host of that name.
fn lines(control: &ControlArgs) -> Result<String, String> {
    let (endpoint, keys) = match control.place()? {
        ControlPlace::Board(data_dir) => {
            let holder = lock::running(&data_dir)?;
            let refactor = board::refactor(&holder.endpoints);
            let refactor = refactor.ok_or("this `banyan up` runs no refactor proxy")?;
            (refactor.url(), board::keys(&data_dir)?)
        }
        ControlPlace::Url(url) => (control::shown(&url), control.keys()?),
    };
    let host = endpoint.split_once("://").map_or("", |(_, authority)| authority);
    let host = host.rsplit_once(':').map_or(host, |(host, _port)| host);
    let (key, secret) = (keys.access_key_id, keys.secret_access_key);
    Ok(format!(
        "unset {OTHERS};\n\
         export AWS_ENDPOINT_URL={endpoint};\n\
         export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret};\n\
         export AWS_DEFAULT_REGION={region} AWS_REGION={region} AWS_PAGER=;\n\
         export NO_PROXY=\"{host}${{_BANYAN_OLD_NO_PROXY:+,$_BANYAN_OLD_NO_PROXY}}\";\n\
         export no_proxy=\"{host}${{_BANYAN_OLD_no_proxy:+,$_BANYAN_OLD_no_proxy}}\";",
        region = refactor::REGION,
    ))
}
