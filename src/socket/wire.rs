//! The writing side of a socket. Whoever knows that there is something to write may have it written: the
//! worker that goes through the viewers of a grown log, without waking a task, and the socket's own task,
//! which alone waits where a socket is full.

use super::drive::Peer;
use super::transport::Transport;
use bytes::{Buf, Bytes};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{Error, ErrorKind, IoSlice};
use std::task::{Context, Poll, ready};

/// Bytes gathered for one write.
const WRITE_BYTES: usize = 64 * 1024;
/// Chunks gathered for one write.
const WRITE_CHUNKS: usize = 16;
/// Chunks that an idle socket keeps the place for.
const KEPT_CHUNKS: usize = 4;

/// See the module.
pub(super) struct Wire<P> {
    pub(super) peer: P,
    pub(super) io: Transport,
    /// Empty unless the socket is full.
    out: RefCell<VecDeque<Bytes>>,
}

impl<P: Peer> Wire<P> {
    /// `greeting` goes out first.
    pub(super) fn new(io: Transport, peer: P, greeting: Bytes) -> Self {
        let out = RefCell::new(VecDeque::from([greeting]));
        Self { peer, io, out }
    }

    /// Writes at once what one write can carry. Returns whether all is well: nothing waits any more, or the
    /// task already waits for the socket.
    pub(super) fn flush(&self) -> bool {
        let out = &mut *self.out.borrow_mut();
        if !out.is_empty() || self.io.holds_back() {
            return true;
        }
        self.gather(out) && self.write(out).is_ok() && !self.io.holds_back()
    }

    /// Writes what one write can carry as soon as the socket takes it. Ready with whether that is all.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<std::io::Result<bool>> {
        let out = &mut *self.out.borrow_mut();
        let all = self.gather(out);
        while !out.is_empty() {
            ready!(self.io.poll_write_ready(cx))?;
            unless_full(self.write(out))?;
        }
        while self.io.holds_back() {
            ready!(self.io.poll_write_ready(cx))?;
            unless_full(self.io.try_flush())?;
        }
        Poll::Ready(Ok(all))
    }

    /// Takes from the peer what one write can carry; whether that is all it has.
    fn gather(&self, out: &mut VecDeque<Bytes>) -> bool {
        let mut bytes: usize = out.iter().map(Bytes::len).sum();
        while bytes < WRITE_BYTES && out.len() < WRITE_CHUNKS {
            let Some(chunk) = self.peer.next_chunk() else {
                return true;
            };
            bytes += chunk.len();
            out.push_back(chunk);
        }
        false
    }

    fn write(&self, out: &mut VecDeque<Bytes>) -> std::io::Result<()> {
        while !out.is_empty() {
            // Nearly always one.
            let written = if let [only] = out.make_contiguous() {
                self.io.try_write(only)?
            } else {
                let mut slices = [IoSlice::new(&[]); WRITE_CHUNKS];
                let chunks = out.iter().take(WRITE_CHUNKS).zip(&mut slices);
                let count = chunks
                    .map(|(chunk, slice)| *slice = IoSlice::new(chunk))
                    .count();
                self.io.try_write_vectored(&slices[..count])?
            };
            if written == 0 {
                return Err(Error::from(ErrorKind::WriteZero));
            }
            self.advance(out, written);
        }
        Ok(())
    }

    fn advance(&self, out: &mut VecDeque<Bytes>, mut written: usize) {
        while let Some(first) = out.front_mut() {
            if written < first.len() {
                return first.advance(written);
            }
            written -= first.len();
            out.pop_front();
        }
        if out.capacity() > KEPT_CHUNKS {
            *out = VecDeque::new();
        }
        self.peer.wrote();
    }
}

/// A socket that is full is no error.
fn unless_full(written: std::io::Result<()>) -> std::io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        written => written,
    }
}
