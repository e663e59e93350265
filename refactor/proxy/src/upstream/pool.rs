//! Idle connections of one worker to one upstream.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::connection::Connection;
use crate::limits::POOLED;

/// Idle connections; the one that was used last is used first, so that those too many grow old.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<Connection>>);

impl Pool {
    /// An idle connection that can carry a request; `surely`: if the request cannot be sent again.
    pub(crate) fn take(&self, surely: bool) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some(mut connection) = idle.pop() {
            let is_fresh =
                if surely { connection.is_fresh_now(now) } else { connection.is_fresh(now) };
            if is_fresh {
                return Some(connection);
            }
        }
        None
    }

    pub(crate) fn put(&self, connection: Connection) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < POOLED {
            idle.push(connection);
        }
    }

    /// Closes the connection that was idle for longest; false if there is none.
    pub(crate) fn close_one(&self) -> bool {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = (!idle.is_empty()).then(|| idle.remove(0));
        drop(idle);
        closed.is_some()
    }

    /// Closes what cannot be used any more.
    pub(crate) fn sweep(&self) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        idle.retain_mut(|connection| connection.is_fresh(now));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::net::TcpStream;

    use super::super::connection::Stream;
    use super::super::in_flight::InFlight;
    use super::{Connection, Pool};

    #[tokio::test]
    async fn a_request_that_cannot_be_sent_again_gets_no_connection_whose_end_has_come() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (service, _) = listener.accept().unwrap();
        let pool = Pool::default();
        pool.put(Connection::new(
            Stream::Left(stream),
            true,
            None,
            InFlight::open(&Arc::default()).0,
        ));
        let connection = pool.take(true).expect("it is open");
        pool.put(connection);
        // The end is there, and this thread has not been told: it has not waited for anything since.
        drop(service);
        assert!(pool.take(true).is_none());
    }
}
