//! The configuration: read from the environment once.

use runtime::{ConfigErrors, Logs, Serving, StopTimes, Variable, Variables};
use url::Url;

/// What the program is called in messages, and on the command line of `banyan serve`.
pub const NAME: &str = "web";

/// Every variable that the program reads.
pub const VARIABLES: &[Variable] = &[
    Serving::HOST,
    Serving::PORT,
    Variable {
        name: "API_URL",
        about: "the URL of the board's API, which is that of the proxy; http://127.0.0.1:8080/api",
    },
    Variable {
        name: "READ_ONLY",
        about: "true shows no form and refuses every form with 403; false",
    },
    StopTimes::DELAY,
    StopTimes::DRAIN,
    Logs::FORMAT,
    Logs::FILE,
    Logs::FILTER,
    Serving::WORKERS,
];

const DEFAULT_API: &str = "http://127.0.0.1:8080/api";

/// What the program is told from outside.
#[derive(Debug)]
pub struct Config {
    pub(crate) serving: Serving,
    /// Without a slash at its end.
    pub(crate) api: String,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// Names each variable that is wrong, and what it takes.
    pub(crate) fn read(
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let mut variables = Variables::new(VARIABLES, environment);
        let takes = "http://HOST:PORT/PATH or https://HOST:PORT/PATH, without a user, a query or a fragment";
        let config = Self {
            api: variables.read("API_URL", takes, api).unwrap_or_else(|| DEFAULT_API.to_owned()),
            serving: Serving::read(&mut variables),
        };
        variables.finish(config)
    }
}

fn api(value: &str) -> Option<String> {
    let url = Url::parse(value).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    let plain = url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    (web && plain && anonymous).then(|| url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::Config;

    fn read(environment: &[(&str, &str)]) -> Result<Config, String> {
        let owned = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Config::read(owned).map_err(|errors| errors.to_string())
    }

    #[test]
    fn the_api_may_be_anywhere() {
        let api = |value| read(&[("API_URL", value)]).map(|config| config.api);
        assert_eq!(read(&[]).unwrap().api, "http://127.0.0.1:8080/api");
        assert_eq!(api("http://proxy:3000/api/"), Ok("http://proxy:3000/api".into()));
        assert_eq!(api("https://board.example"), Ok("https://board.example".into()));
        for wrong in ["proxy:3000", "ftp://proxy/", "http://user@proxy/", "http://proxy/?a"] {
            let error = api(wrong).unwrap_err();
            assert!(error.starts_with(&format!("API_URL={wrong:?}: takes http://HOST")), "{error}");
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let wrong =
            read(&[("PORT", "x"), ("READ_ONLY", "yes"), ("BANYAN_LIMIT", "1")]).unwrap_err();
        assert_eq!(wrong.lines().count(), 3, "{wrong}");
    }
}
