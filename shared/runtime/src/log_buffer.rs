//! Log lines on their way out: many are written at once, by a thread of its own.
//!
//! A line for each request costs more than the request if each is a system call. Lines wait for at most [`WAIT`], or until
//! there are [`FULL`] bytes; [`LogBuffer::flush`] writes what waits. What a program loses if it is killed is what waits.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// For how long a line waits for others.
const WAIT: Duration = Duration::from_millis(5);
/// With so many bytes nothing waits longer.
const FULL: usize = 64 * 1024;

/// A buffer in front of what takes the log.
#[derive(Clone)]
pub(crate) struct LogBuffer(Arc<Shared>);

struct Shared {
    waiting: Mutex<Vec<u8>>,
    /// Tells the thread that the first line came, or that the buffer is full.
    news: Condvar,
    /// Locked before `waiting`, so that lines stay in order.
    out: Mutex<Box<dyn Write + Send>>,
}

impl LogBuffer {
    /// A buffer in front of `out`, and the thread that empties it.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(crate) fn start(out: Box<dyn Write + Send>) -> io::Result<Self> {
        Self::with_wait(out, WAIT)
    }

    fn with_wait(out: Box<dyn Write + Send>, wait: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            news: Condvar::new(),
            out: Mutex::new(out),
        });
        let buffer = Self(Arc::clone(&shared));
        thread::Builder::new().name("log".into()).spawn(move || shared.keep_empty(wait))?;
        Ok(buffer)
    }

    /// Writes what waits.
    pub(crate) fn flush(&self) {
        self.0.empty();
    }
}

impl Write for LogBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut waiting = lock(&self.0.waiting);
        let before = waiting.len();
        waiting.extend_from_slice(bytes);
        if before == 0 || (before < FULL && waiting.len() >= FULL) {
            self.0.news.notify_one();
        }
        if before < FULL {
            return Ok(bytes.len());
        }
        // Lines come faster than they are written: this one waits until they are.
        drop(waiting);
        self.0.empty();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn keep_empty(&self, wait: Duration) {
        loop {
            let waiting = lock(&self.waiting);
            let waiting = self.news.wait_while(waiting, |waiting| waiting.is_empty());
            let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            let more = self.news.wait_timeout_while(waiting, wait, |waiting| waiting.len() < FULL);
            drop(more);
            self.empty();
        }
    }

    fn empty(&self) {
        let mut out = lock(&self.out);
        let lines = std::mem::take(&mut *lock(&self.waiting));
        // There is no place to say that the log cannot be written.
        let _ = out.write_all(&lines);
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::{FULL, LogBuffer, lock};

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<u8>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            lock(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn buffer() -> (LogBuffer, Out) {
        let out = Out::default();
        let buffer = LogBuffer::with_wait(Box::new(out.clone()), Duration::from_secs(3600));
        (buffer.unwrap(), out)
    }

    #[test]
    fn a_flush_writes_what_waits_in_order() {
        let (mut buffer, out) = buffer();
        buffer.write_all(b"one\n").unwrap();
        buffer.write_all(b"two\n").unwrap();
        assert!(lock(&out.0).is_empty());
        buffer.flush();
        assert_eq!(*lock(&out.0), b"one\ntwo\n");
    }

    #[test]
    fn a_full_buffer_waits_for_no_clock() {
        let (mut buffer, out) = buffer();
        let line = [b'x'; 1024];
        for _ in 0..10 * FULL / line.len() {
            buffer.write_all(&line).unwrap();
        }
        let waiting = lock(&buffer.0.waiting).len();
        assert!(waiting <= FULL + line.len(), "{waiting}");
        buffer.flush();
        assert_eq!(lock(&out.0).len(), 10 * FULL);
    }
}
