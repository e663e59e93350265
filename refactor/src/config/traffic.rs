//! The variables of the data plane.

use std::path::PathBuf;
use std::time::Duration;

use proxy::{Certificate, Patience, PrivateAuthorities, Settings};
use runtime::Variables;

/// What the data plane is told.
pub(super) fn settings(variables: &mut Variables) -> Settings {
    let default = Settings::default();
    let tunnels = variables.number("WEBSOCKET_CONNECTIONS", 0, 1_000_000);
    let seconds = variables.number("WEBSOCKET_IDLE_SECONDS", 1, 86_400);
    let seconds = seconds.map(|seconds| Duration::from_secs(seconds as u64));
    let mut time = |name, default| {
        let ms = variables.number(name, 1, Patience::LONGEST_MS as usize);
        ms.map_or(default, |ms| Duration::from_millis(ms as u64))
    };
    let patience = Patience {
        connect: time("CONNECT_MS", default.patience.connect),
        first_byte: time("FIRST_BYTE_MS", default.patience.first_byte),
        idle: time("IDLE_MS", default.patience.idle),
        event_idle: time("EVENT_IDLE_MS", default.patience.event_idle),
        tunnel_idle: seconds.unwrap_or(default.patience.tunnel_idle),
    };
    let networks = "networks and IP addresses, such as 10.0.0.0/8,::1";
    let upload_limit = variables.number("UPLOAD_BYTES", 1, usize::MAX);
    let names = "host names without ports, such as www.example.com,example.com";
    let upstream_connections = variables.number("UPSTREAM_CONNECTIONS", 1, 100_000);
    let header = Settings::HEADER_BYTES;
    let mut header_bytes = |name| variables.number(name, *header.start(), *header.end());
    let request_header_bytes = header_bytes("REQUEST_HEADER_BYTES");
    let answer_header_bytes = header_bytes("ANSWER_HEADER_BYTES");
    Settings {
        patience,
        request_header_bytes: request_header_bytes.unwrap_or(default.request_header_bytes),
        answer_header_bytes: answer_header_bytes.unwrap_or(default.answer_header_bytes),
        upstream_connections: upstream_connections.unwrap_or(default.upstream_connections),
        upload_limit_bytes: upload_limit.map_or(default.upload_limit_bytes, |most| most as u64),
        certificate: certificate(variables),
        authorities: authorities(variables),
        tunnels: tunnels.unwrap_or(default.tunnels),
        public_hosts: Some(variables.take("PUBLIC_HOSTS", names).unwrap_or_default()),
        trusted_proxies: variables.take("TRUSTED_PROXIES", networks).unwrap_or_default(),
        ..default
    }
}

/// The certificate of the ports of applications, if they are to speak TLS.
fn certificate(variables: &mut Variables) -> Option<Certificate> {
    let mut file = |name| variables.take::<PathBuf>(name, "a file");
    let (chain, key) = match (file("TLS_CERT_FILE"), file("TLS_KEY_FILE")) {
        (None, None) => return None,
        (Some(chain), Some(key)) => (chain, key),
        (Some(_), None) | (None, Some(_)) => {
            let both = "TLS_CERT_FILE, TLS_KEY_FILE: take both, or neither";
            variables.wrong(both.to_owned());
            return None;
        }
    };
    let opened = Certificate::open(&chain, &key);
    opened.map_err(|error| variables.wrong(format!("TLS_CERT_FILE, TLS_KEY_FILE: {error}"))).ok()
}

/// The private authorities of services.
fn authorities(variables: &mut Variables) -> PrivateAuthorities {
    let Some(folder) = variables.take::<PathBuf>("UPSTREAM_CA_DIR", "a folder") else {
        return PrivateAuthorities::default();
    };
    PrivateAuthorities::open(&folder).unwrap_or_else(|error| {
        variables
            .wrong(format!("UPSTREAM_CA_DIR: takes a folder of certificates in PEM form: {error}"));
        PrivateAuthorities::default()
    })
}
