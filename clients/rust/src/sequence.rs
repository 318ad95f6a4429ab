//! The reader's side of a room: hands out each event once, in order, and says when to read the history.

use crate::Error;
use crate::feed::{RoomFeed, RoomPop};
use crate::room::{RoomItem, RoomReset};
use generic_corp_protocol::Event;
use generic_corp_protocol::frame::HistoryPage;
use std::collections::VecDeque;

/// A position in a room's log, and what was read beyond it.
#[derive(Debug)]
pub(crate) struct Sequence {
    cursor: u64,
    epoch: String,
    /// Events from the history, to be handed out before what is live.
    page: VecDeque<Event>,
    /// A live event that does not follow the cursor.
    held: Option<Event>,
}

/// What to do next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Hand this out.
    Item(Box<RoomItem>),
    /// Read a page of the history after this `seq`, and give it to [`Sequence::page`].
    Read { after: u64 },
    /// Wait for the feed to change.
    Wait,
    /// It is over.
    Failed(Error),
}

impl Sequence {
    pub(crate) fn new(cursor: u64, epoch: String) -> Self {
        Self {
            cursor,
            epoch,
            page: VecDeque::new(),
            held: None,
        }
    }

    /// The newest `seq` that was handed out.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    pub(crate) fn step(&mut self, feed: &RoomFeed) -> Step {
        loop {
            if let Some(event) = self.page.pop_front() {
                if event.seq > self.cursor {
                    return self.give(event);
                }
                continue;
            }
            if let Some(held) = self.held.take_if(|held| held.seq <= self.cursor + 1) {
                if held.seq > self.cursor {
                    return self.give(held);
                }
                continue;
            }
            if self.held.is_some() && feed.epoch() == self.epoch {
                return Step::Read { after: self.cursor };
            }
            match feed.pop(self.cursor) {
                RoomPop::Item(RoomItem::Event(event)) => self.held = Some(event),
                RoomPop::Item(RoomItem::Reset(reset)) => {
                    self.restart(&reset);
                    return Step::Item(Box::new(RoomItem::Reset(reset)));
                }
                RoomPop::Item(item) => return Step::Item(Box::new(item)),
                RoomPop::Behind => return Step::Read { after: self.cursor },
                RoomPop::Failed(error) => return Step::Failed(error),
                RoomPop::Empty => return Step::Wait,
            }
        }
    }

    /// Takes a page of the history. What the hub no longer has is told as a reset.
    pub(crate) fn page(&mut self, page: HistoryPage, feed: &RoomFeed) -> Option<RoomReset> {
        if page.epoch != self.epoch && feed.epoch() != self.epoch {
            // Another log by now; the feed has a reset waiting, which tells it.
            return None;
        }
        let held = self.held.as_ref().map(|held| held.seq);
        let next = page.events.first().map(|event| event.seq).or(held);
        let before = next.map_or(page.head, |next| next - 1);
        self.page = page.events.into();
        if before <= self.cursor && page.epoch == self.epoch {
            return None;
        }
        self.cursor = before;
        self.epoch.clone_from(&page.epoch);
        Some(RoomReset {
            reason: "the hub no longer has the events before".into(),
            after: before,
            head: Some(page.head),
            epoch: page.epoch,
        })
    }

    fn give(&mut self, event: Event) -> Step {
        self.cursor = event.seq;
        Step::Item(Box::new(RoomItem::Event(event)))
    }

    fn restart(&mut self, reset: &RoomReset) {
        self.cursor = reset.after;
        self.epoch.clone_from(&reset.epoch);
        self.page.clear();
        self.held = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use generic_corp_protocol::{Sender, SenderKind, Slug, Timestamp};
    use proptest::prelude::*;

    fn room() -> Slug {
        Slug::parse("lobby").expect("a name")
    }

    fn event(seq: u64) -> Event {
        Event {
            room: room(),
            seq,
            time: Timestamp(0),
            sender: Sender {
                kind: SenderKind::Agent,
                id: uuid::Uuid::nil(),
                name: "bot".into(),
            },
            kind: "message".into(),
            body: serde_json::value::to_raw_value(&seq).expect("a number"),
            key: None,
            mentions: Vec::new(),
            reply_to: None,
        }
    }

    fn joined(
        after: u64,
        head: u64,
        recovered: bool,
        epoch: &str,
    ) -> generic_corp_protocol::frame::Joined {
        generic_corp_protocol::frame::Joined {
            id: None,
            room: room(),
            head,
            epoch: epoch.into(),
            after,
            recovered,
            members: Vec::new(),
            member_count: 0,
            streams: Vec::new(),
        }
    }

    fn history(after: u64, head: u64, limit: u64) -> HistoryPage {
        let last = head.min(after + limit);
        HistoryPage {
            oldest: 1,
            events: (after + 1..=last).map(event).collect(),
            head,
            epoch: "e".into(),
            more: last < head,
        }
    }

    #[derive(Clone, Debug)]
    enum Act {
        /// The log grows; the connection passes on this many of the newest, maybe late or twice.
        Append { count: u64, lost: bool, again: bool },
        /// The connection breaks and resumes from what it received.
        Reconnect,
        /// The reader takes up to this many steps.
        Read { steps: usize, page: u64 },
    }

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let act = prop_oneof![
            4 => (1u64..40, any::<bool>(), any::<bool>())
                .prop_map(|(count, lost, again)| Act::Append { count, lost, again }),
            1 => Just(Act::Reconnect),
            3 => (1usize..60, 1u64..20).prop_map(|(steps, page)| Act::Read { steps, page }),
        ];
        proptest::collection::vec(act, 1..60)
    }

    fn read(
        sequence: &mut Sequence,
        feed: &RoomFeed,
        head: u64,
        (steps, page): (usize, u64),
        seen: &mut Vec<u64>,
    ) {
        for _ in 0..steps {
            match sequence.step(feed) {
                Step::Item(item) => match *item {
                    RoomItem::Event(event) => seen.push(event.seq),
                    RoomItem::Presence(_) => {}
                    other => panic!("unexpected {other:?}"),
                },
                Step::Read { after } => {
                    let reset = sequence.page(history(after, head, page), feed);
                    assert!(reset.is_none(), "{reset:?}");
                }
                Step::Wait => break,
                Step::Failed(error) => panic!("{error}"),
            }
        }
    }

    proptest! {
        #[test]
        fn a_reader_sees_the_log_whatever_the_connection_loses(acts in acts(), queue in 1usize..20, start in 0u64..5) {
            let feed = RoomFeed::new(room(), None, None, queue * 300);
            let mut head = start;
            feed.joined(&joined(start, head, false, "e"));
            let mut sequence = Sequence::new(start, "e".into());
            let (mut seen, mut sent) = (Vec::new(), start);
            for act in acts {
                match act {
                    Act::Append { count, lost, again } => {
                        head += count;
                        if lost {
                            continue;
                        }
                        let first = if again { sent.saturating_sub(3).max(1) } else { sent + 1 };
                        for seq in first..=head {
                            feed.event(event(seq));
                        }
                        sent = head;
                    }
                    Act::Reconnect => {
                        let after = feed.join("1".into()).after.expect("a resume");
                        feed.joined(&joined(after, head, true, "e"));
                        for seq in after + 1..=head {
                            feed.event(event(seq));
                        }
                        sent = head;
                    }
                    Act::Read { steps, page } => read(&mut sequence, &feed, head, (steps, page), &mut seen),
                }
            }
            head += 1;
            feed.event(event(head));
            read(&mut sequence, &feed, head, (usize::MAX >> 1, 7), &mut seen);
            prop_assert_eq!(seen, (start + 1..=head).collect::<Vec<_>>());
            prop_assert_eq!(sequence.cursor(), head);
        }
    }

    #[test]
    fn another_log_is_told_once_and_followed() {
        let feed = RoomFeed::new(room(), Some((5, "old".into())), None, 10_000);
        feed.joined(&joined(5, 7, true, "old"));
        let mut sequence = Sequence::new(5, "old".into());
        feed.event(event(6));
        feed.joined(&joined(2, 2, false, "new"));
        feed.event(event(3));
        let mut told = Vec::new();
        while let Step::Item(item) = sequence.step(&feed) {
            match *item {
                RoomItem::Reset(reset) => {
                    told.push(format!("reset {} {}", reset.after, reset.epoch))
                }
                RoomItem::Event(event) => told.push(format!("event {}", event.seq)),
                _ => {}
            }
        }
        assert_eq!(told, ["reset 2 new", "event 3"]);
        assert_eq!((sequence.cursor(), sequence.epoch()), (3, "new"));
    }

    #[test]
    fn events_that_are_gone_are_told() {
        let feed = RoomFeed::new(room(), None, None, 10_000);
        feed.joined(&joined(0, 0, false, "e"));
        let mut sequence = Sequence::new(0, "e".into());
        feed.event(event(9));
        while let Step::Item(_) = sequence.step(&feed) {}
        assert!(matches!(sequence.step(&feed), Step::Read { after: 0 }));
        let mut page = history(5, 9, 10);
        let reset = sequence.page(page.clone(), &feed).expect("a reset");
        assert_eq!(reset.after, 5);
        for seq in 6..=9 {
            assert!(
                matches!(sequence.step(&feed), Step::Item(item) if matches!(*item, RoomItem::Event(ref event) if event.seq == seq))
            );
        }
        assert!(matches!(sequence.step(&feed), Step::Wait));
        page.events.clear();
        assert!(sequence.page(page, &feed).is_none());
    }
}
