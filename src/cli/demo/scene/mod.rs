//! What the bots do when nobody asks: short scenes, played in one room.

mod deploys;
mod lobby;
mod research;
pub mod text;

use super::Who;
use super::program::Program;
use generic_corp_protocol::message::StreamRole;
use text::Text;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Somebody says something.
    Say(Who, &'static str),
    /// Somebody answers the message that many messages before.
    Reply(Who, usize, &'static str),
    /// Somebody runs a command.
    Run(Who, &'static Program),
    /// Somebody says how it went: this when it went well, that when it failed.
    Judge(Who, &'static str, &'static str),
    /// Somebody writes a text word by word.
    Write(Who, StreamRole, &'static Text),
    /// Somebody is in this state, for this reason.
    Mood(Who, &'static str, Option<&'static str>),
}

/// Steps that belong together.
pub type Scene = &'static [Step];

/// The scenes of a room. The first opens the demo.
pub fn of(room: &str) -> &'static [Scene] {
    match room {
        "deploys" => deploys::SCENES,
        "research" => research::SCENES,
        _ => lobby::SCENES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::setup::ROOMS;
    use crate::cli::publish::mentions;

    #[test]
    fn every_scene_can_be_played() {
        for (room, _) in ROOMS {
            assert!(of(room).len() > 4, "{room} repeats itself");
            for scene in of(room) {
                let mut said = 0;
                let mut ran = false;
                for step in *scene {
                    match *step {
                        Step::Say(..) => said += 1,
                        Step::Reply(_, back, text) => {
                            assert!((1..=said).contains(&back), "{room}: {text}");
                            said += 1;
                        }
                        Step::Judge(_, good, _) => {
                            assert!(ran, "{room}: {good}");
                            said += 1;
                        }
                        Step::Run(..) => ran = true,
                        Step::Write(..) | Step::Mood(..) => {}
                    }
                }
            }
        }
    }

    #[test]
    fn only_those_who_are_there_are_mentioned() {
        let known = |name: &String| Who::ALL.iter().any(|who| who.name() == name);
        for scene in ROOMS.iter().flat_map(|(room, _)| of(room)) {
            for step in *scene {
                let (Step::Say(_, text) | Step::Reply(_, _, text) | Step::Judge(_, text, _)) = step
                else {
                    continue;
                };
                assert!(mentions(text).iter().all(known), "{text}");
            }
        }
    }
}
