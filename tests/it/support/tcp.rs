//! Bytes on a TCP connection, for what no well-behaved client would send.

use super::wait::within;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// See the module.
pub struct Wire {
    stream: TcpStream,
    /// Bytes that came and were not looked at yet.
    buffer: Vec<u8>,
}

/// How a frame lies on the wire (RFC 6455 section 5.2). The masking key is zero: it hides nothing.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

/// The header of a masked frame that declares `length` bytes.
pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | length as u8),
        126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

/// A last frame of text.
pub const TEXT: u8 = 0x81;
/// A last frame of bytes.
pub const BINARY: u8 = 0x82;
/// A close frame.
pub const CLOSE: u8 = 0x88;
/// A ping.
pub const PING: u8 = 0x89;

impl Wire {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = within("a TCP connection", TcpStream::connect(address)).await;
        let stream = stream.expect("the hub accepts");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Connects from another address of this machine.
    pub async fn open_from(source: [u8; 4], address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        let source = SocketAddr::from((source, 0));
        socket.bind(source).expect("loopback has many addresses");
        let stream = within("a TCP connection", socket.connect(address)).await;
        Self {
            stream: stream.expect("the hub accepts"),
            buffer: Vec::new(),
        }
    }

    /// Connects and shakes hands with a token, up to the welcome.
    pub async fn upgrade(address: SocketAddr, token: &str) -> Self {
        let mut wire = Self::open(address).await;
        let request = format!(
            "GET /ws/main HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        wire.send(request.as_bytes()).await;
        let head = wire.head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let (opcode, payload) = wire.frame().await.expect("a welcome");
        assert_eq!(opcode, 1);
        assert!(payload.starts_with(b"{\"type\":\"welcome\""), "{payload:?}");
        wire
    }

    /// Sends bytes; the hub may have hung up.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        within("the hub reads", self.stream.write_all(bytes))
            .await
            .is_ok()
    }

    /// No more will be sent.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// The head of an HTTP answer, with its empty line.
    pub async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return String::from_utf8_lossy(&head).into_owned();
            }
            if !self.fill().await {
                return String::from_utf8_lossy(&self.buffer).into_owned();
            }
        }
    }

    /// Everything until the hub hangs up.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.buffer)
    }

    /// The next frame of the hub: opcode and payload; `None` at the end.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((opcode, from, to)) = measure(&self.buffer) {
                let payload = self.buffer[from..to].to_vec();
                self.buffer.drain(..to);
                return Some((opcode, payload));
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// The code of the hub's close frame; other frames are passed over.
    pub async fn close_code(&mut self) -> u16 {
        while let Some((opcode, payload)) = self.frame().await {
            if opcode == 8 {
                let code = payload.first_chunk::<2>().expect("the hub gives a code");
                return u16::from_be_bytes(*code);
            }
        }
        panic!("the hub hung up without a close frame")
    }

    async fn fill(&mut self) -> bool {
        let read = within(
            "the hub answers or hangs up",
            self.stream.read_buf(&mut self.buffer),
        );
        matches!(read.await, Ok(1..))
    }
}

/// Opcode, begin and end of the payload of the first frame, once it is there.
fn measure(buffer: &[u8]) -> Option<(u8, usize, usize)> {
    let (first, second) = (*buffer.first()?, *buffer.get(1)?);
    assert_eq!(second & 0x80, 0, "a hub does not mask");
    let (from, length) = match second {
        126 => (
            4,
            u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?) as usize,
        ),
        127 => (
            10,
            u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?) as usize,
        ),
        short => (2, short as usize),
    };
    (buffer.len() >= from + length).then_some((first & 0x0F, from, from + length))
}
