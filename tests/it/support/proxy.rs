//! A TCP connection that can be cut: what lies between a hub and its database.

use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes everything on, until it is cut.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    cut: watch::Sender<bool>,
}

impl Proxy {
    /// A way to `target`, as `host:port`.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let (cut, state) = watch::channel(false);
        tokio::spawn(accept(listener, target.to_owned(), state));
        Self { address, cut }
    }

    /// Ends every connection, and every new one at once.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Passes new connections on again.
    pub fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn accept(listener: TcpListener, target: String, state: watch::Receiver<bool>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let (mut state, target) = (state.clone(), target.clone());
        tokio::spawn(async move {
            if *state.borrow_and_update() {
                return;
            }
            let Ok(mut server) = TcpStream::connect(target).await else {
                return;
            };
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                _ = state.wait_for(|cut| *cut) => {}
            }
        });
    }
}
