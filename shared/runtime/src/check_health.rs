//! `--check-health`: a container asks its own program, since there is no other one in its image.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use actix_web::rt;

use crate::clients;
use crate::config::Config;
use crate::own_address::loopback_like;
use crate::problem::chain;

/// How long an answer may take. Whoever runs the check has a limit too, as a rule a longer one.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Asks the program that has this configuration for `/healthz`.
///
/// # Errors
/// Names the address, and what came instead of 200.
pub(crate) fn check_health(config: &Config) -> Result<(), String> {
    let url = url(config.host, config.port)?;
    rt::System::new().block_on(async {
        let client = clients::client(false).map_err(|error| chain(&error))?;
        let answer = client.get(&url).timeout(ANSWER_TIME).send().await;
        let status = answer.map_err(|error| chain(&error))?.status();
        if status.is_success() { Ok(()) } else { Err(format!("{url} answered {status}")) }
    })
}

fn url(host: IpAddr, port: u16) -> Result<String, String> {
    if port == 0 {
        return Err("PORT=\"0\": names no port that could be asked; set the one it got".into());
    }
    // A program that listens on every address is asked on loopback.
    let host = if host.is_unspecified() { loopback_like(host) } else { host };
    Ok(format!("http://{}/healthz", SocketAddr::new(host, port)))
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn who_listens_everywhere_is_asked_on_loopback() {
        for (host, asked) in [
            ("0.0.0.0", "http://127.0.0.1:3000/healthz"),
            ("::", "http://[::1]:3000/healthz"),
            ("10.0.0.7", "http://10.0.0.7:3000/healthz"),
        ] {
            assert_eq!(url(host.parse().unwrap(), 3000).unwrap(), asked);
        }
        assert!(url("0.0.0.0".parse().unwrap(), 0).unwrap_err().contains("PORT"));
    }
}
