//! Plays scenes in a room, one after the other, in an order that changes.

use super::bot::{Bot, Ended};
use super::pace::Pace;
use super::scene::{self, Scene, Step};
use super::{Stop, Who};
use generic_corp_client::Error;
use rand::seq::SliceRandom as _;
use std::ops::Range;

/// Seconds between two steps of a scene, and between two scenes.
const BEAT: Range<f64> = 3.0..8.0;
const INTERVAL: Range<f64> = 8.0..20.0;

/// A room and who plays in it.
pub struct Stage {
    /// The room.
    pub room: &'static str,
    /// Everybody.
    pub bots: Vec<Bot>,
    /// How fast.
    pub pace: Pace,
    /// When to end.
    pub stop: Stop,
}

impl Stage {
    /// Plays until the demo ends.
    pub async fn play(self) {
        let mut deck = Deck::new(scene::of(self.room));
        loop {
            for step in self.scene(deck.next()).await {
                tracing::debug!(room = self.room, error = %step, "a step of the demo failed");
            }
            if self.rest(INTERVAL).await {
                return;
            }
        }
    }

    /// Plays one scene; whoever cannot take part is left out. Gives what went wrong.
    async fn scene(&self, scene: Scene) -> Vec<Error> {
        let mut so_far = SoFar::default();
        let mut faults = Vec::new();
        for step in scene {
            if let Err(error) = self.step(*step, &mut so_far).await {
                faults.push(error);
            }
            if self.rest(BEAT).await {
                break;
            }
        }
        faults
    }

    async fn step(&self, step: Step, so_far: &mut SoFar) -> Result<(), Error> {
        match step {
            Step::Say(who, text) => so_far.say(self.bot(who).say(self.room, text, None).await?),
            Step::Reply(who, back, text) => {
                let said = self.bot(who).say(self.room, text, so_far.message(back));
                so_far.say(said.await?);
            }
            Step::Run(who, program) => {
                let ended = self.bot(who).run(self.room, program, &self.stop).await?;
                so_far.end(&ended, self.acknowledge(who, &ended).await?);
            }
            Step::Write(who, role, text) => {
                let text = (text.title, text.body);
                let ended = self.bot(who).write(self.room, text, role, &self.stop);
                let ended = ended.await?;
                self.acknowledge(who, &ended).await?;
            }
            Step::Judge(who, good, bad) => {
                let text = match so_far.verdict {
                    Some(true) => good,
                    Some(false) => bad,
                    None => return Ok(()),
                };
                so_far.say(self.bot(who).say(self.room, text, None).await?);
            }
            Step::Mood(who, state, text) => self.bot(who).mood(state, text).await,
        }
        Ok(())
    }

    /// Whoever was stopped says by whom.
    async fn acknowledge(&self, who: Who, ended: &Ended) -> Result<Option<u64>, Error> {
        let Some(text) = ended.remark() else {
            return Ok(None);
        };
        self.bot(who).say(self.room, &text, None).await.map(Some)
    }

    fn bot(&self, who: Who) -> &Bot {
        let found = self.bots.iter().find(|bot| bot.who() == who);
        found.expect("everybody is here")
    }

    /// Rests; `true` when the demo ends.
    async fn rest(&self, seconds: Range<f64>) -> bool {
        tokio::select! {
            () = self.pace.rest(seconds) => false,
            () = self.stop.asked() => true,
        }
    }
}

/// What a scene has brought.
#[derive(Default)]
struct SoFar {
    messages: Vec<u64>,
    /// Whether the last command went well; `None` when it needs no word any more.
    verdict: Option<bool>,
}

impl SoFar {
    fn say(&mut self, seq: u64) {
        self.messages.push(seq);
    }

    fn message(&self, back: usize) -> Option<u64> {
        let at = self.messages.len().checked_sub(back)?;
        self.messages.get(at).copied()
    }

    fn end(&mut self, ended: &Ended, remark: Option<u64>) {
        self.messages.extend(remark);
        self.verdict = remark.is_none().then(|| ended.is_good());
    }
}

/// Scenes in an order that changes with each round, beginning with the first.
struct Deck {
    scenes: &'static [Scene],
    order: Vec<usize>,
}

impl Deck {
    fn new(scenes: &'static [Scene]) -> Self {
        let mut deck = Self {
            scenes,
            order: Vec::new(),
        };
        deck.shuffle(0);
        deck.order.push(0);
        deck
    }

    fn next(&mut self) -> Scene {
        let next = self.order.pop().unwrap_or_default();
        if self.order.is_empty() {
            self.shuffle(next);
        }
        self.scenes[next]
    }

    /// A new round of all scenes but the one that was just played.
    fn shuffle(&mut self, last: usize) {
        self.order = (0..self.scenes.len()).filter(|at| *at != last).collect();
        self.order.shuffle(&mut rand::rng());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_scene_is_played_twice_in_a_row_and_none_is_left_out() {
        let scenes = scene::of("lobby");
        let mut deck = Deck::new(scenes);
        let at = |scene: Scene| scenes.iter().position(|known| std::ptr::eq(*known, scene));
        let played: Vec<_> = (0..100)
            .map(|_| at(deck.next()).expect("a scene"))
            .collect();
        assert_eq!(played[0], 0);
        assert!(played.windows(2).all(|two| two[0] != two[1]));
        assert!((0..scenes.len()).all(|scene| played.contains(&scene)));
    }

    #[test]
    fn a_missing_command_or_a_stop_takes_the_place_of_a_verdict() {
        let mut so_far = SoFar::default();
        so_far.say(7);
        so_far.end(&Ended::Status(2), None);
        assert_eq!((so_far.verdict, so_far.message(1)), (Some(false), Some(7)));
        so_far.end(&Ended::Status(127), Some(9));
        assert_eq!((so_far.verdict, so_far.message(1)), (None, Some(9)));
        assert_eq!(so_far.message(3), None);
    }
}
