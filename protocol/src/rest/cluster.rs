//! What an operator sees of the hub's nodes.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

bodies! {
    /// A node of the hub. What is counted is counted since it started.
    answer Node {
        /// Its name.
        node: String,
        /// The hub's version that it runs.
        version: String,
        /// When it started.
        started_at: Timestamp,
        /// When it said so.
        time: Timestamp,
        /// Sockets and streams of Server-Sent Events that are open.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        connections: u64,
        /// Rooms that somebody watches there.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        rooms: u64,
        /// Frames sent to sockets.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        frames_sent: u64,
        /// HTTP requests answered.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        http_requests: u64,
        /// Bytes of memory, where the system tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
        memory_bytes: Option<u64>,
    }
    /// `GET /cluster`.
    answer ClusterReport {
        /// The node that answers, then the others.
        nodes: Vec<Node>,
        /// Whether nodes know of each other, by Redis; without it each shows itself alone.
        shared: bool,
        /// The database: `sqlite` or `postgresql`.
        store: String,
    }
}
