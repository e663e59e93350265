//! The board's API behind the pages.

use std::env;
use std::future::pending;
use std::process::ExitCode;

use harness::{Program, Setup};

use crate::browser::Browser;

/// Set in the process that is to be the monolith.
const IS_MONOLITH: &str = "MONOLITH_OF_THIS_TEST";

/// Not a test by itself: the other tests start this executable again as the monolith, because Cargo does not build the binaries of
/// other packages for them.
#[test]
fn the_monolith_runs_if_a_test_asks_for_it() {
    if env::var_os(IS_MONOLITH).is_some() {
        let code = runtime::run(monolith::program(), pending());
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
    }
}

/// The monolith, to be started.
pub(crate) fn monolith() -> Setup {
    let setup = Setup::new(env::current_exe().expect("a path"));
    let arguments = ["--exact", "api::the_monolith_runs_if_a_test_asks_for_it", "--nocapture"];
    arguments.into_iter().fold(setup.env(IS_MONOLITH, "1"), Setup::arg)
}

/// The pages of the API at this URL, to be started.
pub(crate) fn pages(api: &str) -> Setup {
    Setup::new(env!("CARGO_BIN_EXE_web")).env("API_URL", &format!("{api}/api"))
}

/// A monolith with the demo data, and the pages of it.
pub(crate) struct Board {
    pub(crate) api: Program,
    pub(crate) pages: Program,
}

impl Board {
    pub(crate) async fn start() -> Self {
        let api = monolith().demo().start().await;
        let pages = pages(&api.url()).start().await;
        Self { api, pages }
    }

    /// A browser without cookies.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.pages.url())
    }

    /// A browser that writes as this user.
    pub(crate) async fn browser_of(&self, user: u64) -> Browser {
        let browser = self.browser();
        let page = format!("/users/{user}");
        let answer = browser.send(&page, "/writer", &[]).await;
        assert_eq!((answer.status, answer.location()), (303, page.as_str()));
        browser
    }
}
