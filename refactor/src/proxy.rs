//! The data plane: listens for each application. Until it routes, everything is answered 503.

mod routes;

pub(crate) use routes::{Route, SourcePath};

use std::collections::HashMap;
use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

const ANSWER: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What holds for all applications.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {}

/// Listens for each application. Cheap to clone; usable from any thread.
#[derive(Clone, Default)]
pub(crate) struct DataPlane(Arc<Mutex<HashMap<String, Listening>>>);

struct Listening {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl DataPlane {
    pub(crate) fn new(_: Settings) -> io::Result<Self> {
        Ok(Self::default())
    }

    pub(crate) fn open(
        &self,
        application: &str,
        stage: &str,
        address: SocketAddr,
        routes: Vec<Route>,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::Builder::new().name(format!("{application}/{stage}")).spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let read = stream.read(&mut [0; 4_096]);
                if read.and_then(|_| stream.write_all(ANSWER)).is_err() {
                    log::debug!("a client went away");
                }
            }
        })?;
        let listening = Listening { address, stop };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(application.into(), listening);
        self.set_routes(application, routes);
        Ok(address)
    }

    pub(crate) fn set_routes(&self, application: &str, routes: Vec<Route>) {
        for route in &routes {
            log::debug!("{application}: {route:?}");
        }
    }

    pub(crate) fn close(&self, application: &str) -> impl Future<Output = ()> + use<> {
        let gone = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(application);
        async move {
            if let Some(Listening { address, stop }) = gone {
                stop.store(true, Ordering::SeqCst);
                // Wakes it, so that it sees that it is over.
                drop(TcpStream::connect(address));
            }
        }
    }
}
