//! Who works while things break.

use super::actor::{Habits, LAST_WORK, Producer, Publisher, Stage, Tool, Viewer};
use std::rc::Rc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};

/// How much work there is.
pub struct Load {
    /// Rooms.
    pub rooms: usize,
    /// One publisher for each node, which stays there.
    pub pinned: bool,
    /// Publishers that go to any node.
    pub rovers: usize,
    /// Between two messages of a publisher, on average.
    pub pace: Duration,
    /// Publishers send many messages at once now and then.
    pub bursts: bool,
    /// Producers of streams.
    pub producers: usize,
    /// What they write.
    pub tool: Tool,
    /// Viewers, of two rooms each.
    pub viewers: usize,
    /// Viewers of one room each, as Server-Sent Events.
    pub listeners: usize,
    /// Every viewer reads every stream and stays where it is; else some do.
    pub steady: bool,
}

impl Load {
    /// Of a torture: little, of every kind.
    pub fn mixed() -> Self {
        Self {
            rooms: 3,
            pinned: true,
            rovers: 3,
            pace: Duration::from_millis(60),
            bursts: true,
            producers: 3,
            tool: Tool {
                length: 0..30_000,
                append: 1..3_000,
                pause: 0..200,
                rest: 0..200,
                abandons: 0.003,
            },
            viewers: 6,
            listeners: 3,
            steady: false,
        }
    }

    /// As much as `memo-50` has: 50 viewers in five rooms, 50 messages a second, and 100 streams a minute of
    /// 32 appends of 500 bytes, which everybody in the room reads.
    pub fn memo() -> Self {
        Self {
            rooms: 5,
            pinned: false,
            rovers: 12,
            pace: Duration::from_millis(200),
            bursts: false,
            producers: 4,
            tool: Tool {
                length: 16_000..16_001,
                append: 500..501,
                pause: 20..21,
                rest: 700..900,
                abandons: 0.0,
            },
            viewers: 50,
            listeners: 0,
            steady: true,
        }
    }
}

/// See the module.
pub struct Crew {
    stage: Rc<Stage>,
    workers: JoinSet<()>,
    viewers: Viewers,
}

/// Those who look on, until this is dropped.
pub struct Viewers {
    /// Each of them.
    pub all: Vec<Rc<Viewer>>,
    tasks: Vec<AbortHandle>,
}

impl Crew {
    /// Everybody begins.
    pub fn start(stage: &Rc<Stage>, load: &Load) -> Self {
        let pinned = if load.pinned { stage.doors.len() } else { 0 };
        let mut workers = JoinSet::new();
        for number in 0..pinned + load.rovers {
            let node = (number < pinned).then_some(number);
            workers.spawn_local(Publisher::new(stage, number, node, load).run());
        }
        for number in 0..load.producers {
            workers.spawn_local(Producer::new(stage, number, &load.tool).run());
        }
        let mut viewers = Viewers {
            all: Vec::new(),
            tasks: Vec::new(),
        };
        for number in 0..load.viewers + load.listeners {
            let room = |index: usize| stage.rooms[index % stage.rooms.len()].clone();
            let listens = number >= load.viewers;
            let mut rooms = vec![room(number), room(number + 1)];
            rooms.truncate(if listens { 1 } else { 2 });
            let habits = Habits {
                wanders: !load.steady && number.is_multiple_of(2),
                follows: !listens && (load.steady || !number.is_multiple_of(3)),
                listens,
            };
            let viewer = Viewer::new(stage, number, rooms, habits);
            let task = tokio::task::spawn_local(viewer.clone().run());
            viewers.tasks.push(task.abort_handle());
            viewers.all.push(viewer);
        }
        Self {
            stage: stage.clone(),
            workers,
            viewers,
        }
    }

    /// Nobody begins anything; everybody ends what was begun. The viewers stay.
    pub async fn finish(mut self) -> Viewers {
        self.stage.end();
        let ended = async { while self.workers.join_next().await.is_some() {} };
        // Who is not done by then has left something open, which the checks find.
        let _ = tokio::time::timeout(LAST_WORK * 2, ended).await;
        self.viewers
    }
}

impl Drop for Viewers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
        self.all.iter().for_each(|viewer| viewer.finish());
    }
}
