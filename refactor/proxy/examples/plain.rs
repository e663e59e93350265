//! The data plane alone, as a plain reverse proxy; `bench/proxy` measures it.
//!
//! Usage: `plain LISTEN UPSTREAM WORKERS ROUTES`, such as `plain 127.0.0.1:8080 http://127.0.0.1:3000/api 2 0`.
//! Behind the default route there are as many more, which lead to the same upstream; how long a change of
//! the table takes is said for them.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Instant;

use proxy::{DataPlane, Route, Settings, SourcePath};

const APPLICATION: &str = "app-plain00000";

fn main() -> Result<(), Box<dyn Error>> {
    runtime::Logs::default().start().map_err(std::io::Error::other)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream, workers, routes] = &*arguments else {
        return Err("usage: plain LISTEN UPSTREAM WORKERS ROUTES".into());
    };
    let listen: SocketAddr = listen.parse()?;
    let route = Route {
        id: "rte-plain00000".to_owned(),
        source: None,
        upstream: upstream.parse()?,
        service: "plain".to_owned(),
        active: true,
        tags: Default::default(),
    };
    let more = |n: usize| {
        let source = SourcePath {
            template: format!("/collection-{n}/{{id}}"),
            methods: Vec::new(),
            children: true,
            append: true,
        };
        Route { id: format!("rte-{n:010}"), source: Some(source), ..route.clone() }
    };
    let plane = DataPlane::new(Settings { workers: workers.parse()?, ..Settings::default() })?;
    let mut routes: Vec<_> = (0..routes.parse()?).map(more).collect();
    routes.push(route.clone());
    let address = plane.open(APPLICATION, "api", listen, routes.clone())?;
    println!("listening on http://{address}");
    for _ in 0..5 {
        routes.rotate_left(1);
        let (next, start) = (routes.clone(), Instant::now());
        plane.set_routes(APPLICATION, next);
        println!("a change among {} routes took {:?}", routes.len(), start.elapsed());
    }
    loop {
        std::thread::park();
    }
}
