//! What this node tells the others waits here for Redis. When more waits than [`MAX_HINTS`] or
//! [`MAX_BYTES`], all of it is dropped: the others find it in the log.

use super::envelope;
use super::hint::{Channel, Hint};
use crate::link::Link;
use bytes::BytesMut;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// Hints that wait at most.
const MAX_HINTS: usize = 16_384;
/// Bytes that wait at most.
const MAX_BYTES: usize = 32 << 20;
/// An envelope that has grown to this is sent, and another begun.
const ENVELOPE_BYTES: usize = 128 * 1024;
/// What goes to Redis in one round trip.
const ROUND_BYTES: usize = 1 << 20;

/// See the module.
#[derive(Default)]
pub(super) struct Publisher {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    hints: Vec<Hint>,
    bytes: usize,
}

impl Publisher {
    /// Never waits.
    pub(super) fn push(&self, hints: &[Hint]) {
        let mut waiting = self.waiting.lock();
        waiting.bytes += hints.iter().map(Hint::weight).sum::<usize>();
        waiting.hints.extend_from_slice(hints);
        if waiting.hints.len() > MAX_HINTS || waiting.bytes > MAX_BYTES {
            dropped(waiting.hints.len());
            *waiting = Waiting::default();
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// Sends what waits, for as long as the hub runs.
    pub(super) async fn run(self: Arc<Self>, link: Link) {
        loop {
            self.wake.notified().await;
            let hints = std::mem::take(&mut *self.waiting.lock()).hints;
            let mut envelopes = pack(&hints, link.node()).into_iter().peekable();
            while envelopes.peek().is_some() {
                let mut round = redis::pipe();
                let (mut bytes, mut count) = (0, 0);
                while bytes < ROUND_BYTES
                    && let Some((channel, hints, envelope)) = envelopes.next()
                {
                    bytes += envelope.len();
                    count += hints;
                    let channel = super::name(&link, channel);
                    round
                        .cmd("PUBLISH")
                        .arg(channel)
                        .arg(&envelope[..])
                        .ignore();
                }
                let sent = link.ask(async |redis| round.query_async::<()>(redis).await);
                match sent.await {
                    Ok(()) => {
                        metrics::counter!("generic_corp_bus_hints_sent_total")
                            .increment(count as u64);
                        metrics::counter!("generic_corp_bus_bytes_sent_total")
                            .increment(bytes as u64);
                    }
                    Err(error) => {
                        tracing::debug!(%error, "other nodes were not told; they look for themselves");
                        dropped(count);
                    }
                }
            }
        }
    }
}

fn dropped(hints: usize) {
    metrics::counter!("generic_corp_bus_hints_dropped_total").increment(hints as u64);
}

/// Envelopes with what goes to one channel, in the order the channels first come; with their hints.
fn pack(hints: &[Hint], node: Uuid) -> Vec<(Channel, usize, BytesMut)> {
    let mut envelopes: Vec<(Channel, usize, BytesMut)> = Vec::new();
    let mut open = std::collections::HashMap::new();
    for hint in hints {
        let channel = hint.channel();
        let at = *open.entry(channel).or_insert_with(|| {
            envelopes.push((channel, 0, envelope::begin(node)));
            envelopes.len() - 1
        });
        let (_, count, envelope) = &mut envelopes[at];
        envelope::put(envelope, hint);
        *count += 1;
        if envelope.len() >= ENVELOPE_BYTES {
            open.remove(&channel);
        }
    }
    envelopes
}
