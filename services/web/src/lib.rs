//! Web: the board in a browser.
//!
//! It is a client of the board's API and knows nothing but its URL, which is the proxy's. So nothing changes here when a
//! collection leaves the monolith. Every page is made on the server; there are no scripts.
//!
//! A request goes through `serve`, which lists the paths, to a handler in `read`, `create`, `edit`, `delete` or `writer`.
//! The handler asks `api` and shows a page of `pages`. A form is only read after `form` has checked its origin.

mod config;

mod api;
mod observe;
mod origin;
mod visitor;

mod form;
mod kind;
mod place;

mod assets;
mod layout;
mod pages;
mod shown;

mod failure;
mod site;
mod stored;

mod create;
mod delete;
mod edit;
mod read;
mod writer;

mod serve;

use std::error::Error;

use runtime::{ConfigErrors, Daemon, ListenAddress, Logs, Stop, Variable};

pub use config::{Config, NAME, VARIABLES};

/// The program that serves the pages.
#[derive(Clone, Copy, Debug)]
pub struct Web;

impl Daemon for Web {
    type Config = Config;

    fn name(&self) -> &str {
        NAME
    }

    fn about(&self) -> String {
        "Serves the board's pages for browsers.".to_owned()
    }

    fn variables(&self) -> &'static [Variable] {
        VARIABLES
    }

    fn configure(
        &self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigErrors> {
        Config::read(environment)
    }

    fn logs(config: &Config) -> &Logs {
        &config.serving.logs
    }

    fn health(config: &Config) -> &ListenAddress {
        &config.serving.listen
    }

    async fn serve(self, config: Config, stop: Stop) -> Result<(), Box<dyn Error>> {
        serve::serve(config, stop).await
    }
}
