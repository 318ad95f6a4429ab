//! Faults on purpose: a client stops reading, or its socket is cut; and how it comes back.

use super::{Client, Link, Pending};
use crate::tally::Latency;
use std::collections::HashMap;
use std::rc::Rc;

/// What is timed until the client has all it missed.
pub(super) struct Behind {
    what: Latency,
    since: u64,
    pub(super) heads: Vec<(Vec<u8>, u64)>,
}

impl Client {
    /// Stops reading its socket.
    pub fn pause(&self) {
        self.late.set(true);
        if let Some(link) = &*self.link.borrow() {
            link.socket.pause();
        }
    }

    /// Reads on; what it missed until now is timed as catching up.
    pub fn resume(&self, heads: &HashMap<Vec<u8>, u64>) {
        let heads = heads
            .iter()
            .map(|(room, head)| (room.clone(), *head))
            .collect();
        let since = self.shared.tally.clock.us();
        *self.behind.borrow_mut() = Some(Behind {
            what: Latency::CatchUp,
            since,
            heads,
        });
        if let Some(link) = &*self.link.borrow() {
            link.socket.resume();
        }
    }

    /// Ends the socket at once, as when a network dies.
    pub fn cut(&self) {
        self.open.set(false);
        let link = self.link.borrow_mut().take();
        if let Some(Link { socket, reader }) = link {
            socket.reset_at_end();
            reader.abort();
        }
    }

    /// Comes back after [`Client::cut`]: resumes every room and sends again what was not acked.
    ///
    /// # Errors
    /// When the hub refuses.
    pub async fn return_to(self: &Rc<Self>, rooms: &[String]) -> anyhow::Result<()> {
        let since = self.shared.tally.clock.us();
        self.say_hello().await?;
        *self.behind.borrow_mut() = Some(Behind {
            what: Latency::Resume,
            since,
            heads: Vec::new(),
        });
        for room in rooms {
            self.join(room).await?;
        }
        // Where nothing was missed, nothing comes that would end the time.
        self.caught_up();
        let again: Vec<String> = {
            let pending = self.pending.borrow();
            let texts = pending.values().filter_map(|pending| match pending {
                Pending::Publish { text, .. } => Some(text.clone()),
                _ => None,
            });
            texts.collect()
        };
        self.open.set(true);
        again.iter().for_each(|text| self.send(text));
        Ok(())
    }

    /// Ends the time of catching up when nothing is missing any more.
    pub(super) fn caught_up(&self) {
        let mut behind = self.behind.borrow_mut();
        let viewer = self.viewer.borrow();
        let has =
            |(room, head): &(Vec<u8>, u64)| viewer.position(room).is_none_or(|seq| seq >= *head);
        if let Some(Behind { what, since, .. }) =
            behind.take_if(|behind| behind.heads.iter().all(has))
        {
            self.shared.tally.took(what, since);
        }
    }
}
