//! A viewer: follows rooms, moves between nodes, and resumes where it was.

use super::eyes::Eyes;
use super::live::Live;
use super::session::{Answer, Observer, Session};
use super::{PATIENCE, Stage};
use crate::torture::history::Record;
use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// The shortest and the longest time before the next attempt to come back, in milliseconds.
const BACK: std::ops::Range<u64> = 20..300;

/// How a viewer behaves.
#[derive(Clone, Copy)]
pub struct Habits {
    /// Moves to another node though nothing ended its connection.
    pub wanders: bool,
    /// Reads every stream that is opened in its rooms.
    pub follows: bool,
    /// Has its first room alone, as Server-Sent Events.
    pub listens: bool,
}

/// Its last connection.
#[derive(Default)]
struct Last {
    /// When it ended.
    gone_at: Option<u64>,
    /// Attempts to come back since then.
    attempts: u32,
}

/// See the module.
pub struct Viewer {
    stage: Rc<Stage>,
    who: String,
    rooms: Vec<String>,
    habits: Habits,
    eyes: Rc<Eyes>,
    chance: RefCell<StdRng>,
}

impl Viewer {
    /// The viewer of this number, of these rooms.
    pub fn new(stage: &Rc<Stage>, number: usize, rooms: Vec<String>, habits: Habits) -> Rc<Self> {
        let who = format!("viewer-{number}");
        Rc::new(Self {
            chance: RefCell::new(stage.chance(&who)),
            eyes: Rc::new(Eyes::new(stage, &who, habits.follows)),
            stage: stage.clone(),
            who,
            rooms,
            habits,
        })
    }

    /// Its name.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// Views until it is dropped.
    pub async fn run(self: Rc<Self>) {
        let live = self.habits.listens.then(Live::new).flatten();
        let mut last = Last::default();
        loop {
            last.attempts += 1;
            let node = self.choose(0..self.stage.doors.len());
            let over = match &live {
                Some(live) => self.listen(live, node, &last).await,
                None => self.sit(node, &last).await,
            };
            if let Some(why) = over {
                self.eyes.close(why);
                last = Last {
                    gone_at: Some(self.stage.history.clock.us()),
                    attempts: 0,
                };
                continue;
            }
            let pause = self.choose(BACK);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Views over a socket; why it ended, if it began.
    async fn sit(&self, node: usize, last: &Last) -> Option<String> {
        let session = self.connect(node).await.ok()?;
        self.note_connected(node, last);
        Some(self.view(&session).await)
    }

    /// Views one room as Server-Sent Events; why it ended, if it began.
    async fn listen(&self, live: &Live, node: usize, last: &Last) -> Option<String> {
        let room = self.rooms.first()?;
        let mut answer = live
            .open(&self.stage.doors[node], room, self.eyes.cursor(room))
            .await?;
        self.eyes.open();
        self.note_connected(node, last);
        Some(answer.read(|frame| self.eyes.see(frame)).await)
    }

    fn note_connected(&self, node: usize, last: &Last) {
        let now = self.stage.history.clock.us();
        self.stage.history.record(Record::Connected {
            who: self.who.clone(),
            conn: self.eyes.connection(),
            node,
            away: last.gone_at.map(|gone| now - gone),
            attempts: last.attempts,
        });
    }

    fn choose<T>(&self, range: std::ops::Range<T>) -> T
    where
        T: rand::distr::uniform::SampleUniform + PartialOrd,
    {
        self.chance.borrow_mut().random_range(range)
    }

    /// Connects and joins every room, or goes away again.
    async fn connect(&self, node: usize) -> Result<Session, String> {
        self.eyes.open();
        let eyes = self.eyes.clone();
        let observer: Observer = Rc::new(move |frame| eyes.see(frame));
        let session = Session::open(&self.stage.doors[node], observer).await?;
        for room in &self.rooms {
            let mut join = json!({ "type": "join", "room": room });
            if let Some((seq, epoch)) = self.eyes.cursor(room) {
                join["after"] = seq.into();
                join["epoch"] = epoch.into();
            }
            let why = match session.ask(join, PATIENCE).await {
                Answer::Done(_) => continue,
                Answer::Refused(failure) => format!("refused: {}", failure.code),
                Answer::Lost(why) => why.to_owned(),
            };
            drop(session);
            self.eyes.close(why.clone());
            return Err(why);
        }
        Ok(session)
    }

    /// Views until the connection is over, or it wants to see another node.
    async fn view(&self, session: &Session) -> String {
        if !self.habits.wanders {
            return self.look(session).await;
        }
        let stay = Duration::from_millis(self.choose(3_000..15_000));
        tokio::time::timeout(stay, self.look(session))
            .await
            .unwrap_or_else(|_| "moves".to_owned())
    }

    /// Reads the streams that it hears of until the connection is over.
    async fn look(&self, session: &Session) -> String {
        let mut moved = self.eyes.moves();
        loop {
            if let Some((stream, offset)) = self.eyes.next_unread() {
                let read = json!({ "type": "stream.read", "stream": stream, "offset": offset });
                match session.ask(read, PATIENCE).await {
                    Answer::Done(_) => continue,
                    Answer::Refused(failure) => return format!("refused: {}", failure.code),
                    Answer::Lost(why) => return why.to_owned(),
                }
            }
            tokio::select! {
                why = session.over() => return why,
                // Its sender lives as long as this viewer.
                _ = moved.changed() => {}
            }
        }
    }

    /// Waits until it has seen these events.
    pub async fn reaches(&self, heads: &BTreeMap<String, u64>) {
        let mut moved = self.eyes.moves();
        while !self.eyes.has(&self.rooms, heads) {
            if moved.changed().await.is_err() {
                return;
            }
        }
    }

    /// Writes what it has seen.
    pub fn finish(&self) {
        self.eyes.close("finished".to_owned());
    }
}
