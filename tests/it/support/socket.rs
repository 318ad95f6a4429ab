//! A WebSocket that shows every frame as it is: no client library stands between a test and the wire.

use super::wait::within;
use futures_util::{SinkExt, StreamExt};
use generic_corp_protocol::codec::decode_server;
use generic_corp_protocol::frame::{Failure, Joined, Okay, Welcome};
use generic_corp_protocol::{BinaryFrame, CloseCode, Event, ServerFrame};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

/// See the module.
pub struct Socket {
    wire: WebSocketStream<TcpStream>,
    /// Frames that came while something else was waited for.
    aside: VecDeque<Received>,
    requests: u32,
}

/// What the hub sent.
#[derive(Debug)]
pub enum Received {
    /// A JSON frame.
    Frame(ServerFrame),
    /// A binary frame: handle, offset, payload.
    Bytes(u32, u64, Vec<u8>),
    /// Its close frame, and why.
    Closed(u16, String),
    /// The end of TCP without a close frame.
    Gone,
}

/// The reply to a request.
pub type Reply = Result<Okay, Failure>;

/// A handshake for the workspace `main`, to be changed.
pub fn handshake(address: SocketAddr) -> Request {
    handshake_to(&format!("ws://{address}/ws/main"))
}

/// A handshake for `url`.
pub fn handshake_to(url: &str) -> Request {
    url.into_client_request().expect("a request")
}

impl Socket {
    /// Shakes hands.
    pub async fn open(address: SocketAddr, request: Request) -> Result<Self, Error> {
        let wire = within("a TCP connection", TcpStream::connect(address)).await?;
        Self::open_on(wire, request).await
    }

    /// Shakes hands on a connection whose socket options are set already.
    pub async fn open_on(wire: TcpStream, request: Request) -> Result<Self, Error> {
        wire.set_nodelay(true)?;
        let shaken = tokio_tungstenite::client_async(request, wire);
        let (wire, _) = within("a handshake", shaken).await?;
        Ok(Self {
            wire,
            aside: VecDeque::new(),
            requests: 0,
        })
    }

    /// Opens without a token: `hello` is still to be said.
    pub async fn anonymous(address: SocketAddr) -> Self {
        Self::open(address, handshake(address))
            .await
            .expect("the handshake is accepted")
    }

    /// Opens with the token in the header and takes the welcome.
    pub async fn connect(address: SocketAddr, token: &str) -> Self {
        Self::try_connect(address, token)
            .await
            .expect("the handshake is accepted")
    }

    /// The same where the hub may be away.
    pub async fn try_connect(address: SocketAddr, token: &str) -> Result<Self, Error> {
        let mut socket = Self::open(address, with_token(handshake(address), token)).await?;
        match socket.next().await {
            Received::Frame(ServerFrame::Welcome(_)) => Ok(socket),
            Received::Gone => Err(Error::ConnectionClosed),
            other => panic!("no welcome but {other:?}"),
        }
    }

    /// Sends a frame as it is.
    pub async fn send(&mut self, frame: Value) {
        self.try_send(frame.to_string())
            .await
            .expect("the socket takes a frame");
    }

    /// Sends text as it is.
    pub async fn send_text(&mut self, text: &str) {
        self.try_send(text.to_owned())
            .await
            .expect("the socket takes text");
    }

    /// Sends text where the hub may be gone.
    pub async fn try_send(&mut self, text: String) -> Result<(), Error> {
        within("the hub reads", self.wire.send(Message::text(text))).await
    }

    /// Sends a binary message.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        let sent = self.try_send_binary(bytes).await;
        sent.expect("the socket takes bytes");
    }

    /// Sends a binary message where the hub may be gone.
    pub async fn try_send_binary(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        within("the hub reads", self.wire.send(Message::binary(bytes))).await
    }

    /// Begins to close from this side, with a reason, where the hub may be gone.
    pub async fn try_close(&mut self, reason: &str) -> Result<(), Error> {
        let code = CloseCode::Normal.code().into();
        let reason = reason.to_owned().into();
        self.wire.close(Some(CloseFrame { code, reason })).await
    }

    /// Begins to close from this side.
    pub async fn close(&mut self) {
        let _ = self.wire.close(None).await;
    }

    /// Sends a request with a fresh id and waits for its one reply; other frames are put aside.
    pub async fn request(&mut self, mut frame: Value) -> Reply {
        self.requests += 1;
        let id = format!("r{}", self.requests);
        frame["id"] = json!(id);
        self.send(frame).await;
        self.reply(&id).await
    }

    /// Waits for the reply with this id.
    pub async fn reply(&mut self, id: &str) -> Reply {
        self.pick(&format!("the reply to {id}"), |received| match received {
            Received::Frame(ServerFrame::Ok(ok)) if ok.id == id => Ok(Ok(ok)),
            Received::Frame(ServerFrame::Error(error)) if error.id.as_deref() == Some(id) => {
                Ok(Err(error))
            }
            other => Err(other),
        })
        .await
    }

    /// A request that succeeds, with the shape of its result.
    #[track_caller]
    pub fn ask<T: DeserializeOwned>(&mut self, frame: Value) -> impl Future<Output = T> {
        let caller = std::panic::Location::caller();
        async move {
            let shown = frame.to_string();
            match self.request(frame).await {
                Ok(ok) => serde_json::from_value(ok.result.unwrap_or_default())
                    .unwrap_or_else(|error| panic!("{caller}: {shown}: {error}")),
                Err(error) => panic!("{caller}: {shown} was refused: {error:?}"),
            }
        }
    }

    /// A request that is refused.
    #[track_caller]
    pub fn refused(&mut self, frame: Value) -> impl Future<Output = Failure> {
        let caller = std::panic::Location::caller();
        async move {
            let shown = frame.to_string();
            match self.request(frame).await {
                Ok(ok) => panic!("{caller}: {shown} was accepted: {ok:?}"),
                Err(error) => error,
            }
        }
    }

    /// Says `hello` with a token and waits for the welcome.
    pub async fn hello(&mut self, token: &str) -> Welcome {
        self.send(json!({ "type": "hello", "token": token })).await;
        self.welcome().await
    }

    /// Waits for a welcome.
    pub async fn welcome(&mut self) -> Welcome {
        self.pick("a welcome", |received| match received {
            Received::Frame(ServerFrame::Welcome(welcome)) => Ok(welcome),
            other => Err(other),
        })
        .await
    }

    /// Joins a room and waits for the answer.
    pub async fn join(&mut self, room: &str) -> Joined {
        self.join_with(json!({ "room": room })).await
    }

    /// Joins with these fields.
    pub async fn join_with(&mut self, mut frame: Value) -> Joined {
        self.requests += 1;
        let id = format!("r{}", self.requests);
        (frame["type"], frame["id"]) = (json!("join"), json!(id));
        self.send(frame).await;
        self.pick("joined", |received| match received {
            Received::Frame(ServerFrame::Joined(joined)) if joined.id.as_ref() == Some(&id) => {
                Ok(joined)
            }
            Received::Frame(ServerFrame::Error(error)) if error.id.as_ref() == Some(&id) => {
                panic!("not joined: {error:?}")
            }
            other => Err(other),
        })
        .await
    }

    /// Publishes a message and gives its `seq`.
    pub async fn say(&mut self, room: &str, text: &str) -> u64 {
        let frame = json!({ "type": "publish", "room": room, "body": { "text": text } });
        let published: generic_corp_protocol::frame::Published = self.ask(frame).await;
        published.seq.expect("what is stored has a seq")
    }

    /// Opens a stream and gives its id.
    pub async fn open_stream(&mut self, room: &str, name: &str) -> String {
        let frame = json!({ "type": "stream.open", "room": room, "name": name });
        let opened: generic_corp_protocol::frame::StreamOpened = self.ask(frame).await;
        assert_eq!(opened.offset, 0);
        opened.stream.to_string()
    }

    /// The next event.
    pub async fn event(&mut self) -> Event {
        self.pick("an event", |received| match received {
            Received::Frame(ServerFrame::Event(event)) => Ok(event),
            other => Err(other),
        })
        .await
    }

    /// The next `count` events.
    pub async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::with_capacity(count);
        while events.len() < count {
            events.push(self.event().await);
        }
        events
    }

    /// The next error that answers no request.
    pub async fn error(&mut self) -> Failure {
        self.pick("an error", |received| match received {
            Received::Frame(ServerFrame::Error(error)) => Ok(error),
            other => Err(other),
        })
        .await
    }

    /// What the hub closes with; other frames are passed over.
    pub async fn closed(&mut self) -> CloseCode {
        let code = self
            .pick("a close frame", |received| match received {
                Received::Closed(code, reason) => Ok((code, reason)),
                Received::Gone => panic!("the socket ended without a close frame"),
                other => Err(other),
            })
            .await;
        let known = CloseCode::from_code(code.0);
        known.unwrap_or_else(|| panic!("closed with an unknown code: {code:?}"))
    }

    /// The first thing that `choose` takes; what it gives back is put aside for others.
    pub async fn pick<T>(
        &mut self,
        what: &str,
        mut choose: impl FnMut(Received) -> Result<T, Received>,
    ) -> T {
        let mut passed = VecDeque::new();
        loop {
            let Some(received) = self.take(what, &passed).await else {
                panic!("waited for {what}, but the socket ended after {passed:?}");
            };
            let ended = matches!(received, Received::Closed(..) | Received::Gone);
            match choose(received) {
                Ok(chosen) => {
                    passed.append(&mut self.aside);
                    self.aside = passed;
                    return chosen;
                }
                Err(other) if ended => {
                    panic!("waited for {what}, but {other:?} after {passed:?}")
                }
                Err(other) => passed.push_back(other),
            }
        }
    }

    async fn take(&mut self, what: &str, passed: &VecDeque<Received>) -> Option<Received> {
        if let Some(received) = self.aside.pop_front() {
            return Some(received);
        }
        match tokio::time::timeout(super::PATIENCE, self.receive()).await {
            Ok(received) => Some(received),
            Err(_) => panic!("waited for {what}, but only {passed:?} came"),
        }
    }

    /// What came while something else was waited for, and was not waited for yet.
    pub fn put_aside<T>(&self, choose: impl FnMut(&Received) -> Option<T>) -> Vec<T> {
        self.aside.iter().filter_map(choose).collect()
    }

    /// Whatever comes next.
    pub async fn next(&mut self) -> Received {
        let none = VecDeque::new();
        self.take("anything", &none).await.expect("something came")
    }

    /// Whether no event, data or notice has come, by the time that the hub has answered two more
    /// requests: replies overtake what cursors read, but not twice.
    pub async fn is_quiet(&mut self) -> bool {
        for _ in 0..2 {
            let frame = json!({ "type": "presence", "state": "online" });
            self.request(frame).await.expect("answered");
        }
        let state = |received: &Received| {
            use ServerFrame::{Presence, StreamAck};
            matches!(received, Received::Frame(Presence(_) | StreamAck(_)))
        };
        self.aside.iter().all(state)
    }

    async fn receive(&mut self) -> Received {
        loop {
            let message = match self.wire.next().await {
                Some(Ok(message)) => message,
                Some(Err(_)) | None => return Received::Gone,
            };
            match message {
                Message::Text(text) => {
                    let frames = decode_server(&text)
                        .unwrap_or_else(|error| panic!("{error} in what the hub sent: {text}"));
                    let mut frames = frames.into_iter().map(Received::Frame);
                    let first = frames.next();
                    self.aside.extend(frames);
                    match first {
                        Some(first) => return first,
                        None => panic!("a frame of an unknown type: {text}"),
                    }
                }
                Message::Binary(bytes) => {
                    let frame = BinaryFrame::decode(&bytes).expect("a binary frame");
                    return Received::Bytes(frame.handle, frame.offset, frame.payload.to_vec());
                }
                Message::Close(frame) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |f| {
                        (f.code.into(), f.reason.to_string())
                    });
                    return Received::Closed(code, reason);
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// The handshake with a token in its header.
pub fn with_token(mut request: Request, token: &str) -> Request {
    let value = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header");
    request.headers_mut().insert("authorization", value);
    request
}
