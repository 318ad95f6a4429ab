//! Drives one socket: reads when its peer may be read, writes when what waits could not leave at once.

use super::frame::{Message, Reader};
use super::wire::Wire;
use actix_http::ws;
use bytes::{Bytes, BytesMut};
use generic_corp_protocol::CloseCode;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Bytes of one read; the buffer is shared by all sockets of a worker.
const READ_BYTES: usize = 64 * 1024;

thread_local! {
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// What a socket carries.
pub(super) trait Peer {
    /// Whom to wake when there is something to write, or when reading may go on.
    fn set_waker(&self, waker: &Waker);
    /// Whether the socket should be read now.
    fn wants_input(&self) -> bool;
    /// Bytes came.
    fn seen(&self);
    /// A message came.
    fn receive(&self, message: Message);
    /// What came makes no sense: say so and end.
    fn fault(&self, code: CloseCode);
    /// Handles what was received; whether there is more to handle at once.
    fn run(&self) -> bool;
    /// The next bytes to write. Called only when nothing waits for the socket.
    fn next_chunk(&self) -> Option<Bytes>;
    /// All that was handed out is with the kernel.
    fn wrote(&self);
    /// Whether to end as soon as everything is written.
    fn finished(&self) -> bool;
    /// The socket is gone.
    fn gone(&self);
}

/// A socket and its peer; a future that ends with the connection.
pub(super) struct Drive<P: Peer> {
    wire: Rc<Wire<P>>,
    /// `None` once the other side's bytes make no sense any more.
    reader: Option<Reader>,
    ended: bool,
}

impl<P: Peer> Drive<P> {
    /// `first` is what has been read already.
    pub(super) fn new(wire: Rc<Wire<P>>, max_bytes: usize, first: &[u8]) -> Self {
        let mut reader = Reader::new(max_bytes);
        reader.feed(first);
        Self {
            wire,
            reader: Some(reader),
            ended: false,
        }
    }

    /// Reads until there is nothing more, or the peer has enough to do. Returns whether the socket will
    /// wake us when more comes.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        while !self.ended && self.wire.peer.wants_input() {
            match self.reader.as_mut().map_or(Ok(None), Reader::next) {
                Ok(Some(message)) => {
                    self.wire.peer.receive(message);
                    continue;
                }
                Ok(None) => {}
                Err(code) => {
                    self.reader = None;
                    self.wire.peer.fault(code);
                }
            }
            match self.read_once(cx) {
                Poll::Pending => return true,
                Poll::Ready(true) => self.wire.peer.seen(),
                Poll::Ready(false) => self.ended = true,
            }
        }
        false
    }

    /// Whether bytes came; `false` at the end or on a broken socket.
    fn read_once(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Self { wire, reader, .. } = self;
        READ_BUFFER.with_borrow_mut(|buffer| match wire.io.poll_read(cx, buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(_)) => Poll::Ready(false),
            Poll::Ready(Ok(count)) => {
                if let Some(reader) = reader {
                    reader.feed(&buffer[..count]);
                }
                Poll::Ready(count > 0)
            }
        })
    }
}

impl<P: Peer> Future for Drive<P> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.wire.peer.set_waker(cx.waker());
        loop {
            let waiting = this.read(cx);
            if this.ended {
                return Poll::Ready(());
            }
            let more = this.wire.peer.run();
            // Reading goes on while the other side does not read: its requests wait in bounds.
            match this.wire.poll_flush(cx) {
                // Dropped with the task, the writing side ends what was written.
                Poll::Ready(Ok(true)) if this.wire.peer.finished() => return Poll::Ready(()),
                Poll::Ready(Ok(true)) | Poll::Pending => {}
                Poll::Ready(Ok(false)) => continue,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
            }
            // What was handled may have made room to read on; nobody else would wake us for it.
            let readable = this.wire.peer.wants_input() && !waiting;
            if !readable && !more {
                return Poll::Pending;
            }
        }
    }
}

impl<P: Peer> Drop for Drive<P> {
    fn drop(&mut self) {
        self.wire.peer.gone();
    }
}

/// The pong that answers a ping.
pub(super) fn pong(payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    ws::Parser::write_message(&mut frame, payload, ws::OpCode::Pong, true, false);
    frame.freeze()
}
