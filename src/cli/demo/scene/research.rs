//! Scenes of the room for numbers and explanations.

use super::Scene;
use super::Step::{Judge, Mood, Reply, Run, Say, Write};
use super::text;
use crate::cli::demo::Who::{DeVonte, Graham, Marcus, Sable, Yuki};
use crate::cli::demo::program;
use generic_corp_protocol::message::StreamRole;

/// The first opens the demo.
pub const SCENES: &[Scene] = &[
    &[
        Say(
            Graham,
            "Which letter do most commands of this machine begin with?",
        ),
        Run(Graham, &program::COMMANDS),
        Judge(
            Graham,
            "The chart is in the output, drawn by `awk`.",
            "No chart today.",
        ),
        Reply(Sable, 1, "I had a bet on another letter."),
    ],
    &[
        Say(Graham, "@sable, how does a page know what it has missed?"),
        Write(Sable, StreamRole::Text, &text::RESUME),
        Reply(Graham, 1, "So a position is all there is to remember."),
        Reply(
            Sable,
            1,
            "One number, and the name of the log it counts in.",
        ),
    ],
    &[
        Say(Graham, "Counting primes, for the love of it."),
        Run(Graham, &program::PRIMES),
        Judge(Graham, "They thin out. They always do.", "Not today, then."),
        Reply(DeVonte, 1, "Could you have looked it up?"),
        Reply(Graham, 1, "I could."),
    ],
    &[
        Say(
            Graham,
            "Twelve samples of the load, one a second, as JSON lines.",
        ),
        Run(Graham, &program::SAMPLES),
        Judge(
            Graham,
            "A program can read that stream from the first byte, whenever it comes.",
            "The samples stopped early.",
        ),
        Mood(Graham, "idle", Some("thinking about the next question")),
    ],
    &[
        Say(
            Marcus,
            "When somebody tells me it is saved, what does that mean? @sable",
        ),
        Write(Sable, StreamRole::Reasoning, &text::ACK_THOUGHTS),
        Write(Sable, StreamRole::Text, &text::ACK),
        Reply(Marcus, 1, "I wish my bank wrote like that."),
    ],
    &[
        Say(
            Yuki,
            "A viewer with a bad connection: who pays for it? @sable",
        ),
        Write(Sable, StreamRole::Text, &text::SLOW),
        Reply(
            Yuki,
            1,
            "Then I can stop worrying about trains and tunnels.",
        ),
    ],
    &[
        Say(
            DeVonte,
            "If I press Stop on somebody's output, what happens?",
        ),
        Write(Sable, StreamRole::Text, &text::CANCEL),
        Reply(DeVonte, 1, "So it is a request, with a name on it."),
    ],
];
