//! What people can ask of a bot, by the words they use. Nothing that they write reaches a shell.

use super::program::{self, Program};
use super::scene::text::{self, Text};

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Wish {
    /// What can be asked.
    Help,
    /// A command.
    Run(&'static Program),
    /// A text.
    Explain(&'static Text),
    /// How much is in the rooms.
    Status,
    /// Something else.
    Unknown,
}

/// The list of what can be asked.
pub const HELP: &str = "What you can try, with any of us, in any room:

- `@yuki disk`, `uptime`, `memory`, `processes`, `kernel`, `ls`, `cal`: real commands on this machine, live in the output pane
- `@devonte checks`, `build`: with colours and progress; `fail` and `lost`: with an exit code
- `@devonte rehearsal`: takes a minute. Press **Stop** above its output, and see who is told
- `@graham primes`, `chart`, `json`
- `@sable resume`, `ack`, `slow`, `cancel`, `product`: how this hub works, written word by word
- `@marcus status`: what is in the rooms by now

Stop the hub with Ctrl-C and start it again: your page goes on by itself, and nothing is missing.
We are scripts without a model behind us; all that we run is real.";

/// What a text asks for.
pub fn of(text: &str) -> Wish {
    let lower = text.to_lowercase();
    let words = || {
        let parts = lower.split_whitespace();
        let asked = parts.filter(|part| !part.starts_with('@'));
        asked.flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric()))
    };
    let among = |known: &[&str]| words().any(|word| known.contains(&word));
    if among(&["help", "hello", "hi", "try"]) {
        return Wish::Help;
    }
    if among(&["status", "events", "count"]) {
        return Wish::Status;
    }
    let program = program::ALL.into_iter().find(|known| among(known.words));
    let text = text::ALL.into_iter().find(|known| among(known.words));
    match (program, text) {
        (Some(program), _) => Wish::Run(program),
        (_, Some(text)) => Wish::Explain(text),
        _ if words().all(str::is_empty) => Wish::Help,
        _ => Wish::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_make_wishes() {
        let asked = |text| match of(text) {
            Wish::Help => "help",
            Wish::Run(program) => program.title,
            Wish::Explain(text) => text.title,
            Wish::Status => "status",
            Wish::Unknown => "unknown",
        };
        assert_eq!(asked("@sable help"), "help");
        assert_eq!(asked("@sable"), "help");
        assert_eq!(asked("@yuki: DISK, please!"), "df -h");
        assert_eq!(asked("@sable what is an ack?"), text::ACK.title);
        assert_eq!(asked("@marcus status"), "status");
        assert_eq!(asked("@yuki rm -rf /"), "unknown");
    }

    #[test]
    fn no_word_means_two_things_and_every_offer_is_known() {
        let programs = program::ALL.iter().flat_map(|program| program.words);
        let texts = text::ALL.iter().flat_map(|text| text.words);
        let mut seen = HashSet::new();
        for word in programs.chain(texts) {
            assert!(seen.insert(*word), "{word} means two things");
        }
        for offer in HELP.split('`').skip(1).step_by(2) {
            assert!(!matches!(of(offer), Wish::Unknown | Wish::Help), "{offer}");
        }
    }
}
