//! Who works while things break.

use super::actor::{Habits, LAST_WORK, Producer, Publisher, Stage, Viewer};
use std::rc::Rc;
use std::time::Duration;
use tokio::task::{AbortHandle, JoinSet};

/// Publishers that go to any node; besides there is one for each node, which stays.
const ROVERS: usize = 3;
/// Producers of streams.
const PRODUCERS: usize = 3;
/// Viewers, of two rooms each.
const VIEWERS: usize = 6;
/// Between two messages of a publisher, on average.
const PACE: Duration = Duration::from_millis(60);

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
    pub fn start(stage: &Rc<Stage>) -> Self {
        let nodes = stage.doors.len();
        let mut workers = JoinSet::new();
        for number in 0..nodes + ROVERS {
            let pinned = (number < nodes).then_some(number);
            workers.spawn_local(Publisher::new(stage, number, pinned, PACE).run());
        }
        for number in 0..PRODUCERS {
            workers.spawn_local(Producer::new(stage, number).run());
        }
        let mut viewers = Viewers {
            all: Vec::new(),
            tasks: Vec::new(),
        };
        for number in 0..VIEWERS {
            let room = |index: usize| stage.rooms[index % stage.rooms.len()].clone();
            let rooms = vec![room(number), room(number + 1)];
            let habits = Habits {
                wanders: number % 2 == 0,
                follows: number % 3 != 0,
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
