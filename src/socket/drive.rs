//! Drives one socket: reads when its peer may be read, writes what the peer of it hands out.

use super::frame::{Message, Reader};
use actix_codec::{AsyncRead, AsyncWrite, ReadBuf};
use actix_http::ws;
use bytes::{Buf, Bytes, BytesMut};
use generic_corp_protocol::CloseCode;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Bytes of one read; the buffer is shared by all sockets of a worker.
const READ_BYTES: usize = 64 * 1024;
/// Bytes gathered for one write.
const WRITE_BYTES: usize = 64 * 1024;
/// Chunks gathered for one write.
const WRITE_CHUNKS: usize = 16;
/// Chunks that an idle socket keeps the place for.
const KEPT_CHUNKS: usize = 4;

thread_local! {
    static READ_BUFFER: RefCell<Box<[MaybeUninit<u8>]>> =
        RefCell::new(vec![MaybeUninit::uninit(); READ_BYTES].into_boxed_slice());
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
    /// The next bytes to write. Called only when the socket can take them.
    fn next_chunk(&self) -> Option<Bytes>;
    /// All that was handed out is with the kernel.
    fn wrote(&self);
    /// Whether to end as soon as everything is written.
    fn finished(&self) -> bool;
    /// The socket is gone.
    fn gone(&self);
}

/// A socket and its peer; a future that ends with the connection.
pub(super) struct Drive<T, P: Peer> {
    io: T,
    peer: P,
    /// `None` once the other side's bytes make no sense any more.
    reader: Option<Reader>,
    out: VecDeque<Bytes>,
    ended: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin, P: Peer> Drive<T, P> {
    /// `first` is what has been read already, `greeting` what goes out first.
    pub(super) fn new(io: T, peer: P, max_bytes: usize, first: BytesMut, greeting: Bytes) -> Self {
        let mut reader = Reader::new(max_bytes);
        reader.feed(&first);
        let out = VecDeque::from([greeting]);
        Self {
            io,
            peer,
            reader: Some(reader),
            out,
            ended: false,
        }
    }

    /// Reads until there is nothing more, or the peer has enough to do. Returns whether the socket will
    /// wake us when more comes.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        while !self.ended && self.peer.wants_input() {
            match self.reader.as_mut().map_or(Ok(None), Reader::next) {
                Ok(Some(message)) => {
                    self.peer.receive(message);
                    continue;
                }
                Ok(None) => {}
                Err(code) => {
                    self.reader = None;
                    self.peer.fault(code);
                }
            }
            match self.read_once(cx) {
                Poll::Pending => return true,
                Poll::Ready(true) => self.peer.seen(),
                Poll::Ready(false) => self.ended = true,
            }
        }
        false
    }

    /// Whether bytes came; `false` at the end or on a broken socket.
    fn read_once(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Self { io, reader, .. } = self;
        READ_BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::uninit(buffer);
            match Pin::new(io).poll_read(cx, &mut buffer) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Err(_)) => Poll::Ready(false),
                Poll::Ready(Ok(())) => {
                    if let Some(reader) = reader {
                        reader.feed(buffer.filled());
                    }
                    Poll::Ready(!buffer.filled().is_empty())
                }
            }
        })
    }

    /// Takes from the peer what one write can carry; whether that is all it has.
    fn gather(&mut self) -> bool {
        let mut bytes: usize = self.out.iter().map(Bytes::len).sum();
        while bytes < WRITE_BYTES && self.out.len() < WRITE_CHUNKS {
            let Some(chunk) = self.peer.next_chunk() else {
                return true;
            };
            bytes += chunk.len();
            self.out.push_back(chunk);
        }
        false
    }

    /// Writes what was gathered; ready with `false` when the socket is broken.
    fn write(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        while !self.out.is_empty() {
            match self.write_once(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(false),
                Poll::Ready(Ok(count)) => self.advance(count),
            }
        }
        Poll::Ready(true)
    }

    fn write_once(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let io = Pin::new(&mut self.io);
        // Nearly always one, and `send` costs the kernel less than `writev`.
        if let [only] = self.out.make_contiguous() {
            return io.poll_write(cx, only);
        }
        let mut slices = [IoSlice::new(&[]); WRITE_CHUNKS];
        let count = self.out.iter().take(WRITE_CHUNKS).zip(&mut slices);
        let count = count
            .map(|(chunk, slice)| *slice = IoSlice::new(chunk))
            .count();
        io.poll_write_vectored(cx, &slices[..count])
    }

    fn advance(&mut self, mut written: usize) {
        while let Some(first) = self.out.front_mut() {
            if written < first.len() {
                return first.advance(written);
            }
            written -= first.len();
            self.out.pop_front();
        }
        if self.out.capacity() > KEPT_CHUNKS {
            self.out = VecDeque::new();
        }
        self.peer.wrote();
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin, P: Peer + Unpin> Future for Drive<T, P> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.peer.set_waker(cx.waker());
        loop {
            let waiting = this.read(cx);
            if this.ended {
                return Poll::Ready(());
            }
            let more = this.peer.run();
            let all = this.gather();
            if !this.out.is_empty() {
                match this.write(cx) {
                    // What comes from now on wakes us.
                    Poll::Ready(true) if all => {}
                    Poll::Ready(true) => continue,
                    Poll::Ready(false) => return Poll::Ready(()),
                    // Reading goes on while the other side does not read: its requests wait in bounds.
                    Poll::Pending => {}
                }
            }
            if this.out.is_empty() && this.peer.finished() {
                return Pin::new(&mut this.io).poll_shutdown(cx).map(drop);
            }
            // What was handled may have made room to read on; nobody else would wake us for it.
            let readable = this.peer.wants_input() && !waiting;
            if !readable && !more {
                return Poll::Pending;
            }
        }
    }
}

impl<T, P: Peer> Drop for Drive<T, P> {
    fn drop(&mut self) {
        self.peer.gone();
    }
}

/// The pong that answers a ping.
pub(super) fn pong(payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    ws::Parser::write_message(&mut frame, payload, ws::OpCode::Pong, true, false);
    frame.freeze()
}
