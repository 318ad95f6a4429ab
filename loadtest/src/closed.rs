//! A closed loop: every publisher keeps a number of publishes on their way, so the hub sets the pace and
//! latency is counted from the sending.

use crate::client::Client;
use crate::tally::Clock;
use crate::wire::Stamp;
use std::cell::Cell;
use std::rc::Rc;

/// What is published.
pub struct Load {
    /// The publishers, each with its room.
    pub publishers: Vec<(Rc<Client>, String)>,
    /// Publishes of each that wait for their ack.
    pub in_flight: usize,
    /// Bytes of a body.
    pub size: usize,
    /// The number of the next message.
    pub number: Rc<Cell<u64>>,
}

/// Publishes until `end`. What is on its way then is acked later.
pub async fn run(clock: Clock, end: u64, load: &Load) {
    let mut publishing = tokio::task::JoinSet::new();
    for (client, room) in &load.publishers {
        let (client, room, number) = (client.clone(), room.clone(), load.number.clone());
        let (in_flight, size) = (load.in_flight, load.size);
        publishing.spawn_local(async move {
            loop {
                let now = clock.us();
                if now >= end {
                    return;
                }
                for _ in client.waiting()..in_flight {
                    let stamp = Stamp {
                        sent_at: now,
                        number: number.get(),
                    };
                    number.set(stamp.number + 1);
                    client.publish(&room, stamp, size);
                }
                tokio::select! {
                    () = client.acked() => {}
                    () = tokio::time::sleep_until(clock.at(end)) => {}
                }
            }
        });
    }
    while publishing.join_next().await.is_some() {}
}
