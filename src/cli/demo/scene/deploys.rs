//! Scenes of the room for checks and builds.

use super::Scene;
use super::Step::{Judge, Mood, Reply, Run, Say};
use crate::cli::demo::Who::{DeVonte, Marcus, Sable, Yuki};
use crate::cli::demo::program;

/// The first opens the demo.
pub const SCENES: &[Scene] = &[
    &[
        Say(DeVonte, "Smoke checks first, then we talk."),
        Run(DeVonte, &program::CHECKS),
        Judge(
            DeVonte,
            "All green. @yuki, may I?",
            "A check failed on this machine. Nobody deploys.",
        ),
        Reply(Yuki, 1, "Let me look at the disk."),
        Run(Yuki, &program::DISK),
        Judge(
            Yuki,
            "There it is, file system by file system. Your turn, @devonte.",
            "No figures from the disk. Your risk, @devonte.",
        ),
    ],
    &[
        Say(
            DeVonte,
            "Checksums of forty blocks, before anything leaves the house.",
        ),
        Run(DeVonte, &program::BUILD),
        Judge(
            DeVonte,
            "All forty the same, as they should be: they are zeros.",
            "The checksums did not come through.",
        ),
        Reply(
            Sable,
            1,
            "Watch how the bar repaints itself: the stream holds every state, the view shows the last.",
        ),
    ],
    &[
        Say(Yuki, "Trying a stricter gate: a disk with nothing on it."),
        Run(Yuki, &program::GATE),
        Mood(Yuki, "error", Some("the gate refused")),
        Judge(
            Yuki,
            "It passed? I have questions.",
            "Refused, with an exit code of its own, and everybody sees it. @devonte, for once it was not you.",
        ),
        Reply(DeVonte, 1, "I would like that in writing."),
        Reply(Yuki, 1, "It is. Rooms are logs."),
        Mood(Yuki, "online", None),
    ],
    &[
        Say(DeVonte, "Where did I put the last release?"),
        Run(DeVonte, &program::LOST),
        Judge(
            DeVonte,
            "It is there? That folder should not exist.",
            "Not there. The error is in the output, in the order it was written.",
        ),
        Reply(Marcus, 2, "@devonte?"),
        Reply(DeVonte, 1, "I am looking, @marcus."),
    ],
    &[
        Say(
            DeVonte,
            "A rehearsal of something long. It takes a minute; anybody may stop it with the button above its output.",
        ),
        Run(DeVonte, &program::REHEARSAL),
        Judge(
            DeVonte,
            "A whole minute, and nobody stopped me.",
            "That was not in the script.",
        ),
    ],
    &[
        Say(Yuki, "How much memory is there to forget things in?"),
        Run(Yuki, &program::MEMORY),
        Judge(
            Yuki,
            "Enough for today.",
            "It does not say. Then there is enough.",
        ),
        Reply(
            Sable,
            1,
            "A socket that only listens takes a few kilobytes of it.",
        ),
    ],
    &[
        Say(Marcus, "Are we up? @yuki"),
        Mood(Yuki, "running", Some("asking the machine")),
        Run(Yuki, &program::UPTIME),
        Judge(
            Yuki,
            "Up, @marcus. With the load of the last minutes beside it.",
            "We are up, or you could not read this.",
        ),
    ],
];
