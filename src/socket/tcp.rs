//! What is set on a TCP connection when it is accepted, and how many there may be.

use crate::http::Proxies;
use dashmap::DashMap;
use rustix::process::{Resource, getrlimit, setrlimit};
use socket2::SockRef;
use std::net::{IpAddr, Shutdown};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;

/// Settings of accepted connections.
#[derive(Clone, Debug)]
pub struct Options {
    /// A peer that takes nothing for this long is cut off by the kernel.
    pub stall_timeout: Duration,
    /// Bytes that the kernel holds for a slow reader.
    pub send_buffer_bytes: usize,
    /// Most connections of this node.
    pub max_connections: usize,
    /// Most connections of one address.
    pub max_per_address: usize,
    /// Addresses that many come through, and that may have more.
    pub proxies: Proxies,
}

/// Files that the hub itself may have open: the database, the listeners, the log.
const OWN_FILES: u64 = 128;
/// Files of a worker's runtime.
const WORKER_FILES: u64 = 8;

/// How many connections there may be where the settings say `wanted`. Each is an open file of the process,
/// of which it asks the system for as many as it needs. At the system's own bound nothing could be accepted
/// any more, nor the database be opened: so the hub stays below it.
pub fn most_connections(wanted: usize, workers: usize) -> usize {
    let own = OWN_FILES + WORKER_FILES * workers as u64;
    let needed = own + wanted as u64;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = Some(limit.maximum.map_or(needed, |most| most.min(needed)));
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "the limit of open files was not raised");
        }
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(needed);
    let most = usize::try_from(files.saturating_sub(own)).unwrap_or(usize::MAX);
    if most < wanted {
        let text =
            "fewer connections than server.max_connections: the system allows so many open files";
        tracing::info!(connections = most, wanted, "{text} (ulimit -n)");
    }
    most.clamp(1, wanted)
}

/// Counts connections and sets them up.
#[derive(Clone)]
pub struct Gate {
    options: Options,
    total: Arc<AtomicUsize>,
    addresses: Arc<DashMap<IpAddr, usize>>,
}

/// Held by a connection as long as it lives.
pub(super) struct Seat {
    gate: Gate,
    address: IpAddr,
}

impl Gate {
    /// A gate with nobody inside.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            total: Arc::default(),
            addresses: Arc::default(),
        }
    }

    /// Sets a connection up, or ends it at once where there are too many.
    pub(super) fn admit(&self, stream: &TcpStream) -> Option<Seat> {
        let peer = stream.peer_addr().ok()?;
        let socket = SockRef::from(stream);
        let Some(seat) = self.seat(peer.ip()) else {
            metrics::counter!("generic_corp_connections_refused_total").increment(1);
            drop(socket.shutdown(Shutdown::Both));
            return None;
        };
        let options = &self.options;
        // Each is a refinement that a system may lack; the connection works without.
        let set = [
            socket.set_tcp_nodelay(true),
            socket.set_tcp_user_timeout(Some(options.stall_timeout)),
            socket.set_send_buffer_size(options.send_buffer_bytes),
        ];
        if let Some(error) = set.into_iter().find_map(Result::err) {
            tracing::debug!(%error, "a socket option was not set");
        }
        Some(seat)
    }

    fn seat(&self, address: IpAddr) -> Option<Seat> {
        if self.total.fetch_add(1, Ordering::SeqCst) >= self.options.max_connections {
            self.total.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        let mut count = self.addresses.entry(address).or_default();
        *count += 1;
        let over = *count > self.options.max_per_address && !self.options.proxies.has(address);
        drop(count);
        let seat = Seat {
            gate: self.clone(),
            address,
        };
        // Dropping the seat takes the count back.
        (!over).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.gate.total.fetch_sub(1, Ordering::SeqCst);
        if let Some(mut count) = self.gate.addresses.get_mut(&self.address) {
            *count = count.saturating_sub(1);
        }
        self.gate
            .addresses
            .remove_if(&self.address, |_, count| *count == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_by_address_and_in_all_and_given_back() {
        let options = Options {
            stall_timeout: Duration::from_secs(1),
            send_buffer_bytes: 1,
            max_connections: 3,
            max_per_address: 2,
            proxies: Proxies::default(),
        };
        let gate = Gate::new(options);
        let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = gate.seat(one);
        let second = gate.seat(one);
        assert!(first.is_some() && second.is_some() && gate.seat(one).is_none());
        let third = gate.seat(two);
        assert!(third.is_some() && gate.seat(two).is_none(), "three in all");
        drop(first);
        assert!(gate.seat(two).is_some());
        drop((second, third));
        assert_eq!(
            (gate.total.load(Ordering::SeqCst), gate.addresses.len()),
            (0, 0)
        );
    }
}
