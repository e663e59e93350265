//! Services as the proxy reaches them: one upstream for each scheme, host and port, whatever the
//! number of routes that lead there.

mod connection;
mod failure;
mod health;
mod in_flight;
mod names;
mod pool;
mod tls;

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use public_urls::Origin;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

pub(crate) use connection::{Connection, Stream};
pub(crate) use failure::UpstreamError;

use health::Health;
use in_flight::{InFlight, Open};
use names::Names;
use pool::Pool;
use tls::{Tls, is_untrusted};

use crate::files;
use crate::private_authorities::Authority;

/// A service's address, its health, and the connections to it.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) origin: Origin,
    /// The requests that are under way there.
    pub(crate) in_flight: Arc<InFlight>,
    names: Names,
    health: Health,
    tls: Option<Tls>,
    /// Which of its addresses is tried first next time.
    turn: AtomicUsize,
    /// One for each worker, so that no worker waits for another.
    pools: Box<[Pool]>,
}

/// A connection to a service, ready for a request.
pub(crate) struct Leased {
    pub(crate) connection: Connection,
    /// Whether it carried requests before: it may have been closed by now.
    pub(crate) reused: bool,
}

/// Which connection is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WantedConnection {
    /// Any: the request can be sent again.
    Any,
    /// One of which the system says now that it is open: the request cannot be sent again.
    SurelyOpen,
    /// A new one.
    Fresh,
}

impl Upstream {
    /// Leases an idle connection, or a new one if none is idle or the caller wants a fresh one. A new one closes an idle
    /// one of another worker if `most` are open. An idle one is given
    /// out even while the service is left alone: an open connection is the better sign.
    ///
    /// # Errors
    /// If the service is known to be down, or no connection can be made.
    pub(crate) async fn lease(
        &self,
        worker: usize,
        wanted: WantedConnection,
        connect_time: Duration,
        most: usize,
    ) -> Result<Leased, UpstreamError> {
        let pool = self.pools.get(worker).filter(|_| wanted != WantedConnection::Fresh);
        let idle = pool.and_then(|pool| pool.take(wanted == WantedConnection::SurelyOpen));
        if let Some(connection) = idle {
            return Ok(Leased { connection, reused: true });
        }
        self.health.admit(Instant::now()).map_err(UpstreamError::Down)?;
        let (open, before) = self.in_flight.open();
        if before >= most {
            // One that is idle elsewhere makes room, so that there are never more than the service is to have.
            self.pools.iter().any(Pool::close_one);
        }
        let made = match timeout(connect_time, self.connect(connect_time, open)).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) if is_untrusted(&error) => {
                let authority = self.authority().map(|authority| authority.name.clone());
                Err(UpstreamError::Untrusted(error, authority))
            }
            Ok(Err(error)) if error.kind() != io::ErrorKind::TimedOut => {
                Err(UpstreamError::Unreachable(error))
            }
            Ok(Err(_)) | Err(_) => Err(UpstreamError::Unconnected),
        };
        match made {
            Ok(connection) => {
                self.reached();
                Ok(Leased { connection, reused: false })
            }
            Err(failure) => {
                self.unconnected(&failure);
                Err(failure)
            }
        }
    }

    /// The only authority for its certificate; none: those that this machine trusts.
    pub(crate) fn authority(&self) -> Option<&Arc<Authority>> {
        self.tls.as_ref()?.authority.as_ref()
    }

    /// Notes that the service is there: a new connection came about, or an answer over an old one.
    pub(crate) fn reached(&self) {
        if self.health.succeeded() {
            log::info!("{} can be reached again", self.origin);
        }
    }

    /// Takes back a connection whose answer was read to its end.
    pub(crate) fn give_back(&self, worker: usize, connection: Connection) {
        if let Some(pool) = self.pools.get(worker) {
            pool.put(connection);
        }
    }

    /// Notes that no connection came about. A connection that breaks later says less: a request that a
    /// service fails at must not keep the others from it; and what this machine is short of says nothing.
    fn unconnected(&self, failure: &UpstreamError) {
        if matches!(failure, UpstreamError::Unreachable(error) if files::are_short(error)) {
            return;
        }
        if let Some(pause) = self.health.failed(Instant::now()) {
            log::warn!("{} is left alone for {} ms: {failure}", self.origin, pause.as_millis());
        }
    }

    /// Connects to one address after the other, each time from another one on; each gets its share of
    /// the time, so that one that does not answer leaves some for the others.
    async fn connect(&self, time: Duration, open: Open) -> io::Result<Connection> {
        let addresses = self.names.addresses().await?;
        let count = addresses.len().max(1);
        let share = time / u32::try_from(count).unwrap_or(u32::MAX);
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % count;
        let mut error = io::Error::other("it has no address, or only refused ones");
        for address in addresses.iter().cycle().skip(first).take(addresses.len()) {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    let (stream, vouched) = match &self.tls {
                        None => (Stream::Left(stream), None),
                        Some(tls) => {
                            let (stream, vouched) = tls.connect(stream).await?;
                            (Stream::Right(Box::new(stream)), vouched)
                        }
                    };
                    return Ok(Connection::new(stream, self.names.are_fixed(), vouched, open));
                }
                Ok(Err(cause)) => error = cause,
                Err(_elapsed) => error = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(error)
    }
}

/// An origin, and the name of the only authority for it, so that no connection is used under another.
type UpstreamKey = (Origin, Option<String>);

/// Every upstream that a route leads to.
#[derive(Debug)]
pub(crate) struct Upstreams {
    known: Mutex<HashMap<UpstreamKey, Weak<Upstream>>>,
    workers: usize,
}

impl Upstreams {
    pub(crate) fn new(workers: usize) -> Self {
        Self { known: Mutex::default(), workers }
    }

    /// The upstream of an origin, the same one for as long as anything leads there. Its certificate must come from
    /// `authority`, if there is one.
    pub(crate) fn get(&self, origin: Origin, authority: Option<Arc<Authority>>) -> Arc<Upstream> {
        let key = (origin.clone(), authority.as_ref().map(|authority| authority.name.clone()));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(upstream) = known.get(&key).and_then(Weak::upgrade) {
            return upstream;
        }
        known.retain(|_, upstream| upstream.strong_count() > 0);
        let upstream = Arc::new(Upstream {
            in_flight: Arc::default(),
            names: Names::new(&origin.host, origin.port),
            health: Health::default(),
            tls: origin.https.then(|| Tls::new(&origin.host, authority)),
            turn: AtomicUsize::new(0),
            pools: (0..self.workers).map(|_| Pool::default()).collect(),
            origin,
        });
        known.insert(key, Arc::downgrade(&upstream));
        upstream
    }

    /// Closes the connections of a worker that were idle for too long or that their service closed.
    pub(crate) fn sweep(&self, worker: usize) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let upstreams: Vec<_> = known.values().filter_map(Weak::upgrade).collect();
        drop(known);
        for pool in upstreams.iter().filter_map(|upstream| upstream.pools.get(worker)) {
            pool.sweep();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio::time::Instant;

    use super::{Origin, UpstreamError, Upstreams};

    #[test]
    fn a_service_is_not_blamed_for_what_this_machine_is_short_of() {
        use rustix::io::Errno;
        for (cause, blamed) in [
            (Errno::MFILE, false),
            (Errno::NFILE, false),
            (Errno::ADDRNOTAVAIL, false),
            (Errno::CONNREFUSED, true),
        ] {
            let origin = Origin::of(&"http://service:80".parse().unwrap()).unwrap();
            let upstream = Upstreams::new(1).get(origin, None);
            for _ in 0..10 {
                upstream.unconnected(&UpstreamError::Unreachable(io::Error::from(cause)));
            }
            assert_eq!(upstream.health.admit(Instant::now()).is_err(), blamed, "{cause}");
        }
    }
}
