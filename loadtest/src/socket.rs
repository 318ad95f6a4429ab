//! One WebSocket on plain TCP: as little as a load test needs, so that thousands fit beside the hub.

use crate::wire::{self, Frame, Splitter};
use anyhow::{Context as _, bail};
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

/// Bytes of one read; the buffer is shared by all sockets.
const READ_BYTES: usize = 256 * 1024;
/// Longest answer to a handshake.
const MAX_HEAD_BYTES: usize = 16 * 1024;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// The side that writes, and what concerns the whole socket.
pub struct Socket {
    write: OwnedWriteHalf,
    out: RefCell<Vec<u8>>,
    flushing: Cell<bool>,
    paused: Cell<bool>,
    resumed: Notify,
}

/// The side that reads.
pub struct Incoming {
    read: OwnedReadHalf,
    splitter: Splitter,
    /// What came with the answer to the handshake.
    first: Vec<u8>,
}

impl Socket {
    /// Opens a WebSocket at `path`.
    ///
    /// # Errors
    /// When the hub does not answer 101.
    pub async fn open(address: SocketAddr, path: &str) -> anyhow::Result<(Rc<Self>, Incoming)> {
        let mut stream = TcpStream::connect(address).await.context("TCP")?;
        // The key is any 16 bytes; that the answer fits to it is not what a load test is for.
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Z2VuZXJpYy1jb3JwbG9hZA==\r\n\
             Sec-WebSocket-Protocol: {}\r\n\r\n",
            generic_corp_protocol::SUBPROTOCOL
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        let end = loop {
            if let Some(at) = memchr::memmem::find(&head, b"\r\n\r\n") {
                break at;
            }
            if stream.read_buf(&mut head).await? == 0 || head.len() > MAX_HEAD_BYTES {
                bail!("no answer to the handshake");
            }
        };
        if !head.starts_with(b"HTTP/1.1 101 ") {
            bail!(
                "the handshake was refused: {}",
                String::from_utf8_lossy(&head)
            );
        }
        let first = head.split_off(end + 4);
        Self::over(stream, first)
    }

    /// Takes a TCP connection over; `first` was read from it already.
    ///
    /// # Errors
    /// When the socket cannot be set up.
    pub fn over(stream: TcpStream, first: Vec<u8>) -> anyhow::Result<(Rc<Self>, Incoming)> {
        stream.set_nodelay(true)?;
        let (read, write) = stream.into_split();
        let socket = Self {
            write,
            out: RefCell::default(),
            flushing: Cell::new(false),
            paused: Cell::new(false),
            resumed: Notify::new(),
        };
        let incoming = Incoming {
            read,
            splitter: Splitter::default(),
            first,
        };
        Ok((Rc::new(socket), incoming))
    }

    /// Sends a text frame.
    pub fn send_text(self: &Rc<Self>, text: &str) {
        self.send(|out| wire::frame(out, wire::TEXT, &[text.as_bytes()]));
    }

    /// Sends what `write` appends. What the kernel does not take now follows in the background.
    pub fn send(self: &Rc<Self>, write: impl FnOnce(&mut Vec<u8>)) {
        let mut out = self.out.borrow_mut();
        write(&mut out);
        if self.flushing.get() {
            return;
        }
        let written = self.write.try_write(&out).unwrap_or(0);
        out.drain(..written);
        if out.is_empty() {
            return;
        }
        self.flushing.set(true);
        let socket = self.clone();
        tokio::task::spawn_local(async move {
            socket.flush().await;
            socket.flushing.set(false);
        });
    }

    async fn flush(&self) {
        while !self.out.borrow().is_empty() {
            if self.write.writable().await.is_err() {
                return;
            }
            let mut out = self.out.borrow_mut();
            match self.write.try_write(&out) {
                Ok(written) => drop(out.drain(..written)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                // The reading side sees it too, and tells.
                Err(_) => return out.clear(),
            }
        }
    }

    /// Stops reading.
    pub fn pause(&self) {
        self.paused.set(true);
    }

    /// Reads on.
    pub fn resume(&self) {
        self.paused.set(false);
        self.resumed.notify_one();
    }

    /// From now on the end of this socket is a reset, as when a machine or its network dies.
    pub fn reset_at_end(&self) {
        // Without it the end is an orderly one, which the hub must take as well.
        let _ = self.write.as_ref().set_zero_linger();
    }
}

impl Incoming {
    /// Hands every frame to `take`, until the socket ends.
    ///
    /// # Errors
    /// When it ends otherwise than in order.
    pub async fn read(
        mut self,
        socket: &Socket,
        mut take: impl FnMut(Frame<'_>),
    ) -> std::io::Result<()> {
        let first = std::mem::take(&mut self.first);
        self.splitter.feed(&first, &mut take);
        loop {
            while socket.paused.get() {
                socket.resumed.notified().await;
            }
            let read = std::future::poll_fn(|cx| {
                BUFFER.with_borrow_mut(|buffer| {
                    let mut buffer = ReadBuf::new(buffer);
                    let poll = Pin::new(&mut self.read).poll_read(cx, &mut buffer);
                    poll.map_ok(|()| {
                        // Paused while it waited for these bytes: they are read, the next are not.
                        self.splitter.feed(buffer.filled(), &mut take);
                        buffer.filled().len()
                    })
                })
            });
            if read.await? == 0 {
                return Ok(());
            }
        }
    }
}
