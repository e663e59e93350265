//! Memory to read into, held only while there is something in it.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::limits::BUFFER_BYTES;

/// The most blocks that a thread keeps for the next buffer.
const SPARE: usize = 64;

thread_local! {
    static BLOCKS: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that were read and not used yet; at most 32 KiB, unless more room is made. An empty one holds no memory, so
/// that an idle connection costs none.
#[derive(Debug, Default)]
pub struct Buffer {
    block: Option<Box<[u8]>>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The bytes that were read and not consumed.
    #[inline]
    pub fn filled(&self) -> &[u8] {
        self.block.as_deref().and_then(|block| block.get(self.start..self.end)).unwrap_or_default()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Drops the first `count` bytes, or all if there are fewer.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Makes room if it is full: twice as much.
    pub fn make_room(&mut self) {
        if let Some(block) = self.block.take_if(|block| self.end - self.start == block.len()) {
            let mut larger = vec![0; 2 * block.len()].into_boxed_slice();
            if let Some(begin) = larger.get_mut(..block.len()) {
                begin.copy_from_slice(&block);
            }
            self.block = Some(larger);
        }
    }

    /// Reads once; 0 at the end of the stream.
    ///
    /// # Errors
    /// `OutOfMemory` if the buffer is full, and those of the stream.
    pub fn poll_fill(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Poll<io::Result<usize>> {
        let block = self.block.get_or_insert_with(|| {
            let spare = BLOCKS.with_borrow_mut(Vec::pop);
            spare.unwrap_or_else(|| vec![0; BUFFER_BYTES].into_boxed_slice())
        });
        if self.end == block.len() && self.start > 0 {
            block.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let mut free = ReadBuf::new(block.get_mut(self.end..).unwrap_or_default());
        if free.capacity() == 0 {
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        let read = Pin::new(stream).poll_read(context, &mut free);
        let count = free.filled().len();
        self.end += count;
        if self.is_empty() {
            self.release();
        }
        ready!(read)?;
        Poll::Ready(Ok(count))
    }

    fn release(&mut self) {
        let Some(block) = self.block.take().filter(|block| block.len() == BUFFER_BYTES) else {
            return;
        };
        // A thread that ends has no spares any more.
        let _ = BLOCKS.try_with(|blocks| {
            let mut blocks = blocks.borrow_mut();
            if blocks.len() < SPARE {
                blocks.push(block);
            }
        });
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::ErrorKind;

    use super::{BUFFER_BYTES, Buffer};

    #[tokio::test]
    async fn a_full_buffer_makes_room_for_what_was_consumed_and_else_refuses() {
        let mut endless = tokio::io::repeat(b'x');
        let mut buffer = Buffer::default();
        let mut filled = 0;
        while filled < BUFFER_BYTES {
            filled += poll_fn(|context| buffer.poll_fill(context, &mut endless)).await.unwrap();
        }
        let full = poll_fn(|context| buffer.poll_fill(context, &mut endless)).await;
        assert_eq!(full.unwrap_err().kind(), ErrorKind::OutOfMemory);
        buffer.consume(10);
        assert_eq!(poll_fn(|context| buffer.poll_fill(context, &mut endless)).await.unwrap(), 10);
        assert_eq!(buffer.filled().len(), BUFFER_BYTES);
        buffer.make_room();
        let more = poll_fn(|context| buffer.poll_fill(context, &mut endless)).await.unwrap();
        assert!(more > 0 && buffer.filled().iter().all(|byte| *byte == b'x'));
        assert_eq!(buffer.filled().len(), BUFFER_BYTES + more);
    }

    #[tokio::test]
    async fn an_empty_buffer_holds_no_memory() {
        let mut buffer = Buffer::default();
        let read = poll_fn(|context| buffer.poll_fill(context, &mut &b"abc"[..])).await.unwrap();
        assert_eq!((read, buffer.filled()), (3, &b"abc"[..]));
        buffer.consume(3);
        poll_fn(|context| buffer.poll_fill(context, &mut tokio::io::empty())).await.unwrap();
        assert!(buffer.block.is_none());
    }
}
