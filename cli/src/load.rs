//! `banyan load`: the load generator, against the board that runs or another URL.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use load::Standing;
use reqwest::{Client, Url};

use crate::control::ControlArgs;
use crate::progress::{Part, Progress};
use crate::say::say;

/// The time between two lines that say how far it is, if they go to no terminal.
const LINES: Duration = Duration::from_secs(5);

/// What is asked, and how.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    control: ControlArgs,
    /// The proxy or program to ask, such as http://127.0.0.1:8080; without it the proxy of the board that runs on the
    /// data folder, or of --control.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    #[command(flatten)]
    options: load::Options,
    /// Report in JSON.
    #[arg(long)]
    json: bool,
}

/// Exits 0 if every request was answered as it must be and the board is as the clients know it, 1 otherwise.
pub(crate) async fn run(args: &LoadArgs, http: Client) -> Result<ExitCode, String> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => proxy(&args.control, http).await?,
    };
    let mut progress = Progress::on_error((!args.json).then_some(LINES));
    let watch = |standing| show(&mut progress, standing);
    let report = load::run(url.as_str(), &args.options, watch).await?;
    drop(progress);
    if args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        say(format_args!("{json}"));
    } else {
        say(format_args!("{report}"));
    }
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(progress: &mut Progress, standing: Standing) {
    match standing {
        Standing::Asking { share, requests, failed, per_second } => {
            let text = format!("{requests} requests, {per_second:.0} requests/s, {failed} failed");
            progress.show(Some(Part { done: share, all: 1.0 }), &text, &[]);
        }
        Standing::Checking { checked, members } => {
            let text = format!("{checked} of {members} members checked");
            progress.show(None, &text, &[]);
        }
    }
}

/// The URL of the first application of a control port.
async fn proxy(control: &ControlArgs, http: Client) -> Result<Url, String> {
    let traffic = control.open(http)?.traffic().await?;
    let first = traffic.iter().find_map(|route| Url::parse(&route.from).ok());
    let mut url = first.ok_or("the refactor proxy has no route; give an address with --url")?;
    url.set_path("");
    Ok(url)
}
