//! The data plane alone, as a plain reverse proxy with one default route; `bench/proxy` measures it.
//!
//! Usage: `plain LISTEN UPSTREAM [WORKERS]`, such as `plain 127.0.0.1:8080 http://127.0.0.1:3000/api`.

use std::error::Error;
use std::net::SocketAddr;

use refactor::proxy::{DataPlane, Route, Settings};

fn main() -> Result<(), Box<dyn Error>> {
    server::start_logs(server::LogFormat::Text);
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: plain LISTEN UPSTREAM [WORKERS]";
    let listen: SocketAddr = arguments.next().ok_or(usage)?.parse()?;
    let upstream = arguments.next().ok_or(usage)?.parse()?;
    let mut settings = Settings::default();
    if let Some(workers) = arguments.next() {
        settings.workers = workers.parse()?;
    }
    let plane = DataPlane::new(settings)?;
    let route = Route {
        id: "rte-plain00000".to_owned(),
        source: None,
        upstream,
        service: "plain".to_owned(),
        tags: Default::default(),
    };
    let address = plane.open("app-plain00000", "api", listen, vec![route])?;
    println!("listening on http://{address}");
    loop {
        std::thread::park();
    }
}
