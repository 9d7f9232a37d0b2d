//! Unpacking on a thread of its own. Inflating a gzip takes about as long as finding the cells in
//! what comes out; on two cores both can go on at the same time.
//!
//! The first [`INLINE`] bytes are read on the caller's thread: many files are opened only to be
//! looked at, and small ones are not worth a thread.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Bytes read before a thread is started.
const INLINE: usize = 1 << 20;

/// Bytes of a block handed over.
const BLOCK: usize = 256 << 10;

/// Blocks that wait for the reader at most.
const WAITING: usize = 2;

/// The same bytes and errors as `inner`, fetched ahead. Dropping it ends the thread and waits for it.
pub(super) fn run_ahead(inner: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    Box::new(Ahead { state: State::Inline { inner, left: INLINE } })
}

struct Ahead {
    state: State,
}

enum State {
    Inline { inner: Box<dyn Read + Send>, left: usize },
    Threaded(Threaded),
    Ended,
}

struct Threaded {
    full: Option<Receiver<io::Result<Vec<u8>>>>,
    empty: Sender<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
    ended: bool,
    thread: Option<JoinHandle<()>>,
}

impl Read for Ahead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let State::Inline { inner, left } = &mut self.state {
            if *left > 0 {
                let n = inner.read(into)?;
                *left = left.saturating_sub(n);
                return Ok(n);
            }
            let State::Inline { inner, .. } = std::mem::replace(&mut self.state, State::Ended) else { return Ok(0) };
            self.state = State::Threaded(Threaded::start(inner)?);
        }
        match &mut self.state {
            State::Threaded(threaded) => threaded.read(into),
            State::Inline { .. } | State::Ended => Ok(0),
        }
    }
}

impl Threaded {
    fn start(inner: Box<dyn Read + Send>) -> io::Result<Self> {
        let (give, full) = sync_channel(WAITING);
        let (empty, take) = channel();
        let unpack = move || fetch(inner, &give, &take);
        let thread = std::thread::Builder::new().name("unpack".into()).spawn(unpack)?;
        Ok(Self { full: Some(full), empty, block: Vec::new(), at: 0, ended: false, thread: Some(thread) })
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            let used = std::mem::take(&mut self.block);
            self.at = 0;
            // A thread that has ended takes no more blocks, and needs none.
            let _ = self.empty.send(used);
            if self.ended {
                return Ok(0);
            }
            let next = self.full.as_ref().and_then(|full| full.recv().ok());
            self.block =
                next.unwrap_or_else(|| Err(io::Error::other("the unpacking thread stopped before the end")))?;
            if self.block.is_empty() {
                self.ended = true;
                return Ok(0);
            }
        }
        let n = into.len().min(self.block.len() - self.at);
        into[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Drop for Threaded {
    fn drop(&mut self) {
        // Without a receiver the thread's next hand-over fails, and it ends.
        drop(self.full.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Hands over full blocks until the end, the first error, or nobody wants them.
fn fetch(mut inner: Box<dyn Read + Send>, give: &SyncSender<io::Result<Vec<u8>>>, take: &Receiver<Vec<u8>>) {
    loop {
        let mut block = take.try_recv().unwrap_or_default();
        block.resize(BLOCK, 0);
        let (mut n, mut fault) = (0, None);
        while n < BLOCK && fault.is_none() {
            match inner.read(&mut block[n..]) {
                Ok(0) => break,
                Ok(k) => n += k,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => fault = Some(e),
            }
        }
        let ended = n < BLOCK;
        block.truncate(n);
        // What came before an error is handed over before it.
        if n > 0 && give.send(Ok(block)).is_err() {
            return;
        }
        if let Some(fault) = fault {
            let _ = give.send(Err(fault));
            return;
        }
        if ended {
            // An empty block says that nothing is missing; a thread that broke down says nothing.
            let _ = give.send(Ok(Vec::new()));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// Gives at most 1,000 bytes a call, then fails.
    struct Failing(usize);

    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "cut"));
            }
            let n = into.len().min(self.0).min(1000);
            into[..n].fill(7);
            self.0 -= n;
            Ok(n)
        }
    }

    #[test]
    fn the_bytes_are_the_same_whatever_the_length() {
        for length in [0, 1, INLINE - 1, INLINE, INLINE + 1, INLINE + BLOCK, INLINE + 3 * BLOCK + 17] {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 31 % 251) as u8).collect();
            let mut out = Vec::new();
            run_ahead(Box::new(Cursor::new(bytes.clone()))).read_to_end(&mut out).unwrap();
            assert!(out == bytes, "{length} bytes");
        }
    }

    #[test]
    fn an_error_comes_after_all_bytes_before_it() {
        let length = INLINE + 2 * BLOCK + 5;
        let mut out = Vec::new();
        let error = run_ahead(Box::new(Failing(length))).read_to_end(&mut out).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::UnexpectedEof, "cut"));
        assert_eq!(out.len(), length);
    }

    #[test]
    fn a_reader_that_is_dropped_early_ends_its_thread() {
        let mut reader = run_ahead(Box::new(io::repeat(1)));
        let mut block = vec![0; INLINE + 10];
        reader.read_exact(&mut block).unwrap();
        drop(reader);
    }
}
