//! Three nodes behind one address, where the run is of a cluster: each connection goes to the next node.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Nodes of a cluster.
pub const NODES: usize = 3;

/// The address in front of the nodes.
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    nodes: Arc<Mutex<Vec<SocketAddr>>>,
    task: JoinHandle<()>,
}

impl Front {
    /// Listens for these nodes.
    pub async fn of(nodes: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let nodes = Arc::new(Mutex::new(nodes));
        let task = tokio::spawn(accept(listener, nodes.clone()));
        Self {
            address,
            nodes,
            task,
        }
    }

    /// The nodes have other addresses.
    pub fn lead_to(&self, nodes: Vec<SocketAddr>) {
        *self.nodes.lock().expect("no one panicked") = nodes;
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, nodes: Arc<Mutex<Vec<SocketAddr>>>) {
    let turn = AtomicUsize::new(0);
    while let Ok((mut client, _)) = listener.accept().await {
        let node = {
            let nodes = nodes.lock().expect("no one panicked");
            nodes[turn.fetch_add(1, Ordering::Relaxed) % nodes.len()]
        };
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(node).await else {
                return;
            };
            let set = (client.set_nodelay(true), server.set_nodelay(true));
            drop(set);
            drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
        });
    }
}
