//! The data plane alone, as a plain reverse proxy; `bench/proxy` measures it.
//!
//! Usage: `plain LISTEN UPSTREAM WORKERS ROUTES [COLLECTION]`, such as `plain 127.0.0.1:8080 http://127.0.0.1:3000/api 2 0`.
//! Behind the default route there are as many more, which lead to the same upstream; how long a change of
//! the table takes is said for them. A collection is one that has moved: its route leads to the upstream, the default route to
//! another one, and answers of the first epoch do not count any more.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Instant;

use proxy::{DataPlane, Epoch, Route, Settings, SourcePath};

const APPLICATION: &str = "app-plain00000";

fn main() -> Result<(), Box<dyn Error>> {
    runtime::Logs::default().start().map_err(std::io::Error::other)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream, workers, routes, moved @ ..] = &*arguments else {
        return Err("usage: plain LISTEN UPSTREAM WORKERS ROUTES [COLLECTION]".into());
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
    let below = |id: String, template: String| {
        let source = SourcePath { template, methods: Vec::new(), children: true, append: true };
        Route { id, source: Some(source), ..route.clone() }
    };
    let more = |n: usize| below(format!("rte-{n:010}"), format!("/collection-{n}/{{id}}"));
    let plane = DataPlane::new(Settings { workers: workers.parse()?, ..Settings::default() })?;
    let mut routes: Vec<_> = (0..routes.parse()?).map(more).collect();
    match moved {
        [] => routes.push(route.clone()),
        collections => {
            routes.push(Route { upstream: "http://127.0.0.1:9/api".parse()?, ..route.clone() });
            for name in collections {
                routes.push(below(format!("rte-{name}"), format!("/{name}")));
                let epoch = Epoch { present: 2, lost_below: 0 };
                plane.set_epoch(APPLICATION, name, Some(epoch));
            }
        }
    }
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
