//! `--check-health`: a container asks its own program, since there is no other one in its image.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::rt;

use crate::chain::chain;
use crate::http_client::http_client;
use crate::listen::ListenAddress;
use crate::own_address::loopback_like;

/// How long an answer may take. The program that runs the check has a limit too, as a rule a longer one.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// Asks the program that listens on this address for `/healthz`.
///
/// # Errors
/// Names the address, and what came instead of 200.
pub(crate) fn check_health(address: &ListenAddress) -> Result<(), String> {
    let url = url(address)?;
    rt::System::new().block_on(async {
        let client = http_client(false).map_err(|error| chain(&error))?;
        let answer = client.get(&url).timeout(ANSWER_TIME).send().await;
        let status = answer.map_err(|error| chain(&error))?.status();
        if status.is_success() { Ok(()) } else { Err(format!("{url} answered {status}")) }
    })
}

fn url(address: &ListenAddress) -> Result<String, String> {
    let &ListenAddress { host, port, .. } = address;
    if port == 0 {
        let variable = address.port_variable();
        return Err(format!(
            "{variable}=\"0\": names no port that could be asked; set the one it got"
        ));
    }
    // A program that listens on every address is asked on loopback.
    let host = if host.is_unspecified() { loopback_like(host) } else { host };
    Ok(format!("http://{}/healthz", SocketAddr::new(host, port)))
}

#[cfg(test)]
mod tests {
    use super::url;
    use crate::listen::ListenAddress;
    use crate::variables::Variables;

    #[test]
    fn a_program_that_listens_everywhere_is_asked_on_loopback() {
        let asked = |host: &str, port: &str| {
            let environment = [("HOST", host), ("PORT", port)];
            let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let mut variables = Variables::new(&[], environment);
            url(&ListenAddress::read(&mut variables, ["HOST", "PORT"], ([127, 0, 0, 1], 1)))
        };
        for (host, expected) in [
            ("0.0.0.0", "http://127.0.0.1:3000/healthz"),
            ("::", "http://[::1]:3000/healthz"),
            ("10.0.0.7", "http://10.0.0.7:3000/healthz"),
        ] {
            assert_eq!(asked(host, "3000").unwrap(), expected);
        }
        assert!(asked("0.0.0.0", "0").unwrap_err().contains("PORT"));
    }
}
