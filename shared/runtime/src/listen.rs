//! Addresses to listen on.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

use tokio::net::TcpSocket;

use crate::variables::Variables;

/// The most connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// An address to listen on, and the variables that choose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// The address; unspecified for each that the machine has.
    pub host: IpAddr,
    /// The port; 0 for any free one.
    pub port: u16,
    /// The variable of the host, then that of the port.
    variables: [&'static str; 2],
}

impl ListenAddress {
    /// Reads an address. `variables` names the variable of the host, then that of the port.
    pub fn read(
        from: &mut Variables,
        variables: [&'static str; 2],
        (host, port): (impl Into<IpAddr>, u16),
    ) -> Self {
        let [of_host, of_port] = variables;
        let host = from.take(of_host, "an IP address").unwrap_or_else(|| host.into());
        Self { host, port: from.take(of_port, PORT).unwrap_or(port), variables }
    }

    /// The same host with the port of another variable, if that is set.
    pub fn with_port(&self, from: &mut Variables, variable: &'static str) -> Option<Self> {
        let [of_host, _] = self.variables;
        let port = from.take(variable, PORT)?;
        Some(Self { host: self.host, port, variables: [of_host, variable] })
    }

    /// The variable of its port.
    pub(crate) fn port_variable(&self) -> &'static str {
        self.variables[1]
    }

    /// Takes the port. A client that connects waits until the program serves.
    ///
    /// Call it within a runtime of tokio.
    ///
    /// # Errors
    /// If it cannot be listened on.
    pub fn bind(&self) -> Result<TcpListener, BindError> {
        let address = (self.host, self.port).into();
        listen_on(address).map_err(|cause| BindError { address: self.clone(), cause })
    }
}

/// Listens on an address. A client that connects waits until the connection is accepted. The socket does not block.
///
/// Call it within a runtime of tokio.
///
/// # Errors
/// If it cannot be listened on.
pub fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // A program that is started again must not wait for the old one's connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// What the variable of a port takes.
const PORT: &str = "a port from 0 to 65535";

/// The port cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {}, port {}; set {} or {} to a free one",
    .address.host, .address.port, .address.variables[0], .address.variables[1]
)]
pub struct BindError {
    address: ListenAddress,
    #[source]
    cause: io::Error,
}
