//! `banyan load`: the load generator, against the board that runs or another URL.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use reqwest::{Client, Url};

use crate::data_dir::DataDir;
use crate::say::say;
use crate::{board, lock};

/// What is asked, and how.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    data: DataDir,
    /// The proxy or program to ask, such as http://127.0.0.1:8080; without it the proxy of the board that runs on the
    /// data folder.
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
        None => proxy(&args.data.data_dir, http).await?,
    };
    let report = load::run(url.as_str(), &args.options).await?;
    if args.json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        say(format_args!("{json}"));
    } else {
        say(format_args!("{report}"));
    }
    Ok(if report.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The URL of the proxy of the board that runs on this folder.
async fn proxy(data_dir: &Path, http: Client) -> Result<Url, String> {
    let holder = lock::running(data_dir)?;
    let traffic = board::control(&holder.endpoints, data_dir, http)?.traffic().await?;
    let first = traffic.iter().find_map(|route| Url::parse(&route.from).ok());
    let mut url = first.ok_or("the refactor proxy has no route; give an address with --url")?;
    url.set_path("");
    Ok(url)
}
