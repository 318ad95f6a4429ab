//! A bot's ear in one room: answers whoever mentions it, within a second or two.

use super::bot::Bot;
use super::pace::Pace;
use super::setup::ROOMS;
use super::wish::{self, HELP, Wish};
use super::{Stop, Who};
use crate::cli::publish::mentions;
use generic_corp_client::{Error, RoomItem};
use generic_corp_protocol::message::StreamRole;
use generic_corp_protocol::{Event, SenderKind, Timestamp};
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Milliseconds before an answer: at once looks like a machine.
const THINK: RangeInclusive<u64> = 300..=800;
/// What was asked longer ago is not answered: whoever writes faster than that is not waiting.
const STALE_MS: i64 = 30_000;
/// Commands for people that a bot runs at a time in a room.
const MAX_ERRANDS: usize = 2;
/// The host greets at most this often.
const GREETING: Duration = Duration::from_secs(5 * 60);
/// Who answers people that address nobody.
const HOST: Who = Who::Sable;

/// See the module.
pub struct Listener {
    /// The bot.
    pub bot: Bot,
    /// The room.
    pub room: &'static str,
    /// Livens when people are there.
    pub pace: Pace,
    /// When to end.
    pub stop: Stop,
}

impl Listener {
    /// Joins the room, and answers until the demo ends.
    pub async fn listen(self) {
        if let Err(error) = self.follow().await {
            tracing::debug!(room = self.room, %error, "a bot of the demo left");
        }
    }

    async fn follow(&self) -> Result<(), Error> {
        let mut room = self.bot.client().join(self.room).tail(0).await?;
        let mut errands = JoinSet::new();
        let mut greeted = None;
        loop {
            tokio::select! {
                item = room.next() => match item? {
                    RoomItem::Event(event) if is_from_outside(&event) => {
                        self.pace.liven();
                        if let Err(error) = self.hear(&event, &mut errands, &mut greeted).await {
                            tracing::debug!(room = self.room, %error, "a bot of the demo could not answer");
                        }
                    }
                    RoomItem::Presence(change) => {
                        let person = |kind| kind == SenderKind::User;
                        if change.changed.iter().any(|member| person(member.sender.kind)) {
                            self.pace.liven();
                        }
                    }
                    _ => {}
                },
                Some(_) = errands.join_next() => {}
                () = self.stop.asked() => break,
            }
        }
        // Each ends by itself now.
        while errands.join_next().await.is_some() {}
        Ok(())
    }

    async fn hear(
        &self,
        event: &Event,
        errands: &mut JoinSet<()>,
        greeted: &mut Option<Instant>,
    ) -> Result<(), Error> {
        let Some(text) = text_of(event) else {
            return Ok(());
        };
        let mut names = mentions(&text);
        names.extend(event.mentions.iter().map(|name| name.to_string()));
        if names.iter().any(|name| name == self.bot.who().name()) {
            self.think().await;
            let wish = wish::of(&text);
            if matches!(wish, Wish::Help) {
                *greeted = Some(Instant::now());
            }
            return self.answer(event.seq, wish, errands).await;
        }
        let due = greeted.is_none_or(|at| at.elapsed() > GREETING);
        let person = event.sender.kind == SenderKind::User;
        if self.bot.who() == HOST && person && names.is_empty() && due {
            *greeted = Some(Instant::now());
            self.think().await;
            let text = format!("Welcome, {}. {HELP}", event.sender.name);
            self.bot.say(self.room, &text, Some(event.seq)).await?;
        }
        Ok(())
    }

    async fn think(&self) {
        tokio::time::sleep(Duration::from_millis(rand::random_range(THINK))).await;
    }

    async fn answer(&self, seq: u64, wish: Wish, errands: &mut JoinSet<()>) -> Result<(), Error> {
        let busy = errands.len() >= MAX_ERRANDS;
        let text = match wish {
            Wish::Help => HELP.to_owned(),
            Wish::Status => self.status().await?,
            Wish::Unknown => {
                "I am a script and know only a few words. `@sable help` lists them.".to_owned()
            }
            Wish::Run(_) | Wish::Explain(_) if busy => {
                "My hands are full here. Ask somebody else, or stop what I am running.".to_owned()
            }
            Wish::Run(program) => format!("On it: `{}`.", program.title),
            Wish::Explain(text) => format!("“{}”, word by word in the output.", text.title),
        };
        self.bot.say(self.room, &text, Some(seq)).await?;
        if matches!(wish, Wish::Run(_) | Wish::Explain(_)) && !busy {
            let (bot, room, stop) = (self.bot.clone(), self.room, self.stop.clone());
            errands.spawn(async move {
                if let Err(error) = errand(&bot, room, wish, &stop, seq).await {
                    tracing::debug!(room, %error, "an errand of the demo failed");
                }
            });
        }
        Ok(())
    }

    /// How much is in each room, as the hub says.
    async fn status(&self) -> Result<String, Error> {
        let mut text = "By now there are".to_owned();
        for (at, (room, _)) in ROOMS.iter().enumerate() {
            let page = self.bot.client().history(room).limit(1).await?;
            let joint = match at {
                0 => "",
                at if at + 1 == ROOMS.len() => " and",
                _ => ",",
            };
            text.push_str(&format!("{joint} {} events in #{room}", page.head));
        }
        Ok(text + ", each with a number, none missing.")
    }
}

/// Does what was asked, and tells how it ended unless it went well.
async fn errand(bot: &Bot, room: &str, wish: Wish, stop: &Stop, seq: u64) -> Result<(), Error> {
    let ended = match wish {
        Wish::Run(program) => bot.run(room, program, stop).await?,
        Wish::Explain(text) => {
            let text = (text.title, text.body);
            bot.write(room, text, StreamRole::Text, stop).await?
        }
        Wish::Help | Wish::Status | Wish::Unknown => return Ok(()),
    };
    if let Some(text) = ended.remark() {
        bot.say(room, &text, Some(seq)).await?;
    }
    Ok(())
}

/// Whether somebody else than a bot of the demo says something, and just now.
fn is_from_outside(event: &Event) -> bool {
    let is_bot = Who::ALL.iter().any(|who| who.name() == event.sender.name);
    let from_bot = event.sender.kind == SenderKind::Agent && is_bot;
    let age = Timestamp::now().0 - event.time.0;
    event.kind == "message" && !from_bot && age < STALE_MS
}

fn text_of(event: &Event) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        text: String,
    }
    let body = serde_json::from_str::<Body>(event.body.get()).ok()?;
    Some(body.text)
}
