//! `banyan shadow`: what the comparison of a route's mirrored reads found, and its last differences side by side.

mod lines;
mod rows;
mod shown;

use std::process::ExitCode;

use clap::Args;
use refactor::ShadowReport;
use reqwest::Client;

use crate::control::ControlArgs;
use crate::say::say;
use crate::width;

/// What `shadow` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct ShadowArgs {
    #[command(flatten)]
    control: ControlArgs,
    /// The path of the route, such as /users (or users), its id, or the name of its service.
    name: String,
    /// How many of the last differences are shown.
    #[arg(long, value_name = "N", default_value_t = 3)]
    last: usize,
}

/// Exit code 0 if the shadow was shown, whether its answers differ or not.
pub(crate) async fn run(args: &ShadowArgs, http: Client) -> Result<ExitCode, String> {
    let port = args.control.open(http)?;
    let route = find(&port.shadows().await?, &args.name)?;
    let found = port.shadow(&route).await?;
    let width = width::of_output();
    say(format_args!("{}", shown::summary(&found).trim_end()));
    for difference in found.differences.iter().flatten().take(args.last) {
        say(format_args!("\n{}", shown::difference(difference, width).trim_end()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The id of the route that a name means: its id, its path, or its service.
fn find(shadows: &[ShadowReport], name: &str) -> Result<String, String> {
    let path = |path: &str| path.trim_matches('/').to_owned();
    let by: [&dyn Fn(&ShadowReport) -> bool; 3] =
        [&|shadow| shadow.route == name, &|shadow| path(&shadow.path) == path(name), &|shadow| {
            shadow.service == name
        }];
    for is_meant in by {
        let meant: Vec<_> = shadows.iter().filter(|shadow| is_meant(shadow)).collect();
        match meant.as_slice() {
            [] => {}
            [shadow] => return Ok(shadow.route.clone()),
            several => {
                return Err(format!(
                    "{name} names several routes; say the id of one:{}",
                    list(several.iter().copied())
                ));
            }
        }
    }
    Err(if shadows.is_empty() {
        "no active route has the tag banyan:shadow, so nothing is mirrored".to_owned()
    } else {
        format!("no route {name} has a shadow; these routes have one:{}", list(shadows.iter()))
    })
}

fn list<'a>(shadows: impl Iterator<Item = &'a ShadowReport>) -> String {
    let line = |shadow: &ShadowReport| {
        let ShadowReport { route, path, service, application, .. } = shadow;
        format!("\n  {route}  {path}, service {service}, application {application}")
    };
    shadows.map(line).collect()
}

#[cfg(test)]
mod tests {
    use refactor::ShadowReport;
    use serde_json::{from_value, json};

    use super::find;

    fn shadow(route: &str, path: &str, service: &str) -> ShadowReport {
        let not_compared = json!({
            "matchedInPart": 0, "notDecoded": 0, "repeated": 0, "unanswered": 0, "abandoned": 0, "dropped": 0,
        });
        let counts = json!({
            "sampled": 0, "compared": 0, "equal": 0, "different": 0, "matchPercent": null,
            "notCompared": not_compared,
        });
        let shadow = json!({
            "application": "app-1", "route": route, "path": path, "service": service, "percent": 1,
            "since": "2026-01-01T00:00:00Z", "ignored": [], "noise": [], "counts": counts,
        });
        from_value(shadow).unwrap()
    }

    #[test]
    fn a_route_is_meant_by_its_id_its_path_or_its_service() {
        let shadows = [
            shadow("rte-1", "/users", "new"),
            shadow("rte-2", "/posts/{id}", "new"),
            shadow("rte-3", "/new", "threads"),
        ];
        for (name, route) in [
            ("rte-2", "rte-2"),
            ("users", "rte-1"),
            ("/posts/{id}", "rte-2"),
            ("threads", "rte-3"),
            ("new", "rte-3"),
        ] {
            assert_eq!(find(&shadows, name).as_deref(), Ok(route), "{name}");
        }
        let several = find(&shadows[..2], "new").unwrap_err();
        assert!(several.contains("several") && several.contains("rte-1  /users, service new"));
        let none = find(&shadows, "other").unwrap_err();
        assert!(none.contains("no route other") && none.contains("rte-3"), "{none}");
        assert!(find(&[], "users").unwrap_err().contains("banyan:shadow"));
    }
}
