//! A way between two programs that can be delayed, blocked and cut.

use anyhow::Context as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Bytes that one direction of a connection holds at most.
const HELD_BYTES: usize = 16 * 1024;

/// What happens on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Bytes pass.
    #[default]
    Open,
    /// Each piece passes this much later.
    Slow(Duration),
    /// Nothing passes and nobody is told.
    Hole,
    /// Connections are reset, new ones too.
    Shut,
}

#[derive(Clone, Copy, Default)]
struct State {
    way: Way,
    /// How often everything on the way was cut.
    cuts: u64,
}

/// See the module.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    state: watch::Sender<State>,
}

impl Proxy {
    /// A way to `target`.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn to(target: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("no port for a proxy")?;
        let address = listener.local_addr()?;
        let (state, seen) = watch::channel(State::default());
        tokio::task::spawn_local(accept(listener, target, seen));
        Ok(Self { address, state })
    }

    /// Changes what happens on the way.
    pub fn set(&self, way: Way) {
        self.state.send_modify(|state| state.way = way);
    }

    /// Resets every connection; new ones may come at once.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, state: watch::Receiver<State>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::task::spawn_local(serve(client, target, state.clone()));
                }
            }
            // Its owner is gone.
            () = closed(state.clone()) => return,
        }
    }
}

async fn closed(mut state: watch::Receiver<State>) {
    while state.changed().await.is_ok() {}
}

async fn serve(mut client: TcpStream, target: SocketAddr, state: watch::Receiver<State>) {
    let cuts = state.borrow().cuts;
    let mut ending = state.clone();
    let cut = ending.wait_for(|state| state.cuts != cuts || state.way == Way::Shut);
    let mut server = None;
    let passed = async {
        passable(&state).await?;
        let stream = server.insert(TcpStream::connect(target).await.ok()?);
        let _ = (client.set_nodelay(true), stream.set_nodelay(true));
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = stream.split();
        tokio::join!(
            pump(&mut from_client, &mut to_server, &state),
            pump(&mut from_server, &mut to_client, &state)
        );
        Some(())
    };
    let was_cut = tokio::select! {
        _ = passed => false,
        _ = cut => true,
    };
    if was_cut {
        // The end of each is then a reset, as when a machine dies.
        let _ = client.set_zero_linger();
        if let Some(server) = server {
            let _ = server.set_zero_linger();
        }
    }
}

/// Waits until something passes; how late.
async fn passable(state: &watch::Receiver<State>) -> Option<Duration> {
    let mut state = state.clone();
    let state = state.wait_for(|state| state.way != Way::Hole).await.ok()?;
    match state.way {
        Way::Slow(late) => Some(late),
        _ => Some(Duration::ZERO),
    }
}

async fn pump<R, W>(from: &mut R, to: &mut W, state: &watch::Receiver<State>)
where
    R: tokio::io::AsyncRead + Unpin,
    W: tokio::io::AsyncWrite + Unpin,
{
    let mut held = vec![0; HELD_BYTES];
    while let Ok(count) = from.read(&mut held).await {
        let Some(late) = passable(state).await else {
            break;
        };
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        if count == 0 || to.write_all(&held[..count]).await.is_err() {
            break;
        }
    }
    // The other direction may have more to say.
    let _ = to.shutdown().await;
}
