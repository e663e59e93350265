//! What a program of the board gets of the environment of `banyan up`, and what it does not get.
//!
//! All of it, but for two things. A program refuses a variable that begins with `BANYAN_` and that it does not know, so it
//! gets none that only another program knows. And each needs a port of its own for its metrics.

use runtime::Variable;

use crate::board;

const METRICS_PORT: &str = "METRICS_PORT";

/// The names of the variables that only other programs of the board know.
pub(crate) fn withheld(program: &str) -> Vec<&'static str> {
    let of = |variables: &'static [Variable]| {
        let names = variables.iter().map(|variable| variable.name);
        names.filter(|name| name.starts_with("BANYAN_"))
    };
    let own: Vec<_> = of(board::variables(program)).collect();
    let all = of(refactor::VARIABLES).chain(of(server::VARIABLES)).chain(of(web::VARIABLES));
    all.filter(|name| !own.contains(name)).collect()
}

/// The variable that gives the program at this place its port for metrics: the port that `wanted` says, or a following one.
/// Nothing without one, and nothing if any free port is wanted: then all programs get the same text.
///
/// # Errors
/// If there is no such port.
pub(crate) fn metrics_port(
    wanted: Option<&str>,
    place: usize,
) -> Result<Option<(String, String)>, String> {
    // A program says what is wrong with a text that is no port.
    let first = wanted.and_then(|wanted| wanted.parse::<u16>().ok()).filter(|port| *port > 0);
    let Some(first) = first else { return Ok(None) };
    let port = u16::try_from(place).ok().and_then(|place| first.checked_add(place));
    let port = port.ok_or_else(|| {
        format!("{METRICS_PORT}={first}: each program takes the next port, and there are too few")
    })?;
    Ok(Some((METRICS_PORT.to_owned(), port.to_string())))
}

/// The variable as it is given to `banyan up`.
pub(crate) fn wanted_metrics_port() -> Option<String> {
    std::env::var(METRICS_PORT).ok()
}

#[cfg(test)]
mod tests {
    use super::{metrics_port, withheld};

    #[test]
    fn a_program_gets_no_variable_that_only_another_one_knows() {
        assert!(withheld("users").contains(&"BANYAN_MAX_ROUTES"));
        assert!(!withheld("refactor").contains(&"BANYAN_MAX_ROUTES"));
        assert!(withheld("refactor").contains(&"BANYAN_WORKERS"));
        assert!(!withheld("users").contains(&"BANYAN_WORKERS"));
    }

    #[test]
    fn each_program_has_the_next_port_for_metrics() {
        let port =
            |wanted, place| metrics_port(wanted, place).map(|found| found.map(|(_, port)| port));
        assert_eq!(port(Some("9100"), 0), Ok(Some("9100".to_owned())));
        assert_eq!(port(Some("9100"), 4), Ok(Some("9104".to_owned())));
        for any in [None, Some("0"), Some("none")] {
            assert_eq!(port(any, 4), Ok(None));
        }
        assert!(port(Some("65535"), 1).unwrap_err().starts_with("METRICS_PORT=65535"));
    }
}
