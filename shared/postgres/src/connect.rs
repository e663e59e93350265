//! What each connection is told.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{ConnectError, PostgresUrl, tls};

/// For how long to try to reach the server.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long the other side may be silent before it is asked whether it is still there, and how long
/// what was sent may go without a sign that it arrived.
const SILENCE: Duration = Duration::from_secs(10);

impl PostgresUrl {
    /// What the driver is to connect with: as the URL says, and what it does not say with times that notice a server
    /// that is gone.
    pub fn config(&self) -> Config {
        let mut config = self.config.clone();
        if config.get_connect_timeout().is_none() {
            // Shorter: it tells an address without an answer from a server that is slow.
            config.connect_timeout(CONNECT_TIME / 2);
        }
        if config.get_application_name().is_none() {
            config.application_name("banyan");
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        if config.get_keepalives_interval().is_none() && config.get_keepalives_retries().is_none() {
            config.keepalives_idle(SILENCE).keepalives_interval(SILENCE / 5).keepalives_retries(3);
        }
        config
    }

    /// What encrypts its connections; `None` for `sslmode=disable`.
    ///
    /// # Errors
    /// If the certificates that it names cannot be read.
    pub fn tls(&self) -> Result<Option<MakeRustlsConnect>, ConnectError> {
        if self.config.get_ssl_mode() == SslMode::Disable {
            return Ok(None);
        }
        tls::connector(&self.trust).map(Some)
    }
}
