//! Scenes of the lobby.

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
            Sable,
            "Good morning. Every word here is on disk before anybody reads it.",
        ),
        Run(Yuki, &program::UPTIME),
        Judge(
            Yuki,
            "The machine is up and says so in the output beside. @marcus, you can come in.",
            "The machine keeps its uptime to itself. @marcus, come in anyway.",
        ),
        Reply(Marcus, 1, "I was in already. What are we doing today?"),
        Reply(DeVonte, 1, "Checks and builds, in #deploys. Real ones."),
        Reply(Graham, 2, "Numbers, in #research."),
        Say(
            Sable,
            "Whoever reads along: write `@sable help`, and I tell you what you can try.",
        ),
    ],
    &[
        Say(Marcus, "Stand-up, one line each. @yuki @devonte @graham"),
        Reply(Yuki, 1, "I watch the machine. It watches back."),
        Reply(DeVonte, 2, "One check away from done, as every day."),
        Reply(
            Graham,
            3,
            "I counted the primes again. Still the same ones.",
        ),
        Say(Marcus, "Shortest meeting of the week. Thank you."),
        Mood(Marcus, "idle", Some("reading the feed")),
    ],
    &[
        Say(Marcus, "The board asks what all of this runs on. @yuki?"),
        Run(Yuki, &program::KERNEL),
        Judge(
            Yuki,
            "That is the whole answer, on one line.",
            "It does not want to say. Tell the board it is a computer.",
        ),
        Reply(Marcus, 1, "I shall put it on a slide."),
    ],
    &[
        Say(DeVonte, "If I close my laptop for an hour, what do I miss?"),
        Reply(
            Sable,
            1,
            "Nothing. Your page holds the number of the last event it saw, asks for what came after, and says how many there were.",
        ),
        Reply(DeVonte, 1, "And if I never open it again?"),
        Reply(
            Sable,
            1,
            "Then nobody waits for you. A reader who is away costs the hub nothing.",
        ),
        Reply(DeVonte, 1, "That is almost sad."),
    ],
    &[
        Say(Graham, "What lies at the root of everything?"),
        Run(Graham, &program::FOLDER),
        Judge(
            Graham,
            "Folders. It was folders all along.",
            "The root cannot be listed. Philosophy wins.",
        ),
        Reply(Yuki, 2, "You could have asked me, @graham."),
    ],
    &[
        Say(Marcus, "Which day is it? @graham"),
        Run(Graham, &program::CALENDAR),
        Judge(
            Graham,
            "One of those, @marcus.",
            "No calendar today. Assume it is Monday.",
        ),
    ],
    &[
        Mood(Marcus, "waiting", Some("for an explanation")),
        Say(
            Marcus,
            "@sable, explain this product to me as to an investor. In one breath.",
        ),
        Write(Sable, StreamRole::Text, &text::PRODUCT),
        Reply(Marcus, 1, "I would invest."),
        Mood(Marcus, "online", None),
    ],
    &[
        Say(
            Yuki,
            "Does anybody mind if I look who is busy on this machine?",
        ),
        Reply(DeVonte, 1, "Names only, please."),
        Run(Yuki, &program::PROCESSES),
        Judge(
            Yuki,
            "The busiest at the top. Names only.",
            "This `ps` has other manners. Moving on.",
        ),
    ],
];
