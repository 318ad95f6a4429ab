//! What a terminal shows: lines with colours where wanted, and nothing that could take it over.

use generic_corp_protocol::Event;
use generic_corp_protocol::message::{StreamInfo, StreamOutcome};
use serde::Deserialize;
use std::io::IsTerminal as _;

/// Colours of names; none of them means good or bad.
const NAMES: [u8; 6] = [36, 35, 34, 33, 96, 95];

/// Whether and how to colour.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    colours: bool,
}

impl Paint {
    /// Colours on a terminal, unless `NO_COLOR` is set.
    pub fn of_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colours: std::io::stdout().is_terminal() && !refused,
        }
    }

    fn sgr(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// A name in its own colour.
    pub fn name(self, name: &str) -> String {
        let sum = name
            .bytes()
            .fold(0usize, |sum, b| sum * 31 % 9973 + b as usize);
        let clean = clean(name, false);
        self.sgr(&format!("1;{}", NAMES[sum % NAMES.len()]), &clean)
    }

    /// Something beside the point.
    pub fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }

    /// An event as lines.
    pub fn event(self, event: &Event) -> String {
        let time = event.time.to_string();
        let clock = time.get(11..19).unwrap_or_default();
        let head = self.dim(&format!("{clock} #{:<4}", event.seq));
        let name = self.name(&event.sender.name);
        let text = match event.kind.as_str() {
            "message" => self.message(event),
            "stream.opened" => self.dim(&format!("▶ {}", opened_name(event))),
            "stream.closed" => self.closed(event),
            kind => format!("{} {}", self.dim(kind), clean(event.body.get(), false)),
        };
        format!("{head} {name}  {text}")
    }

    fn message(self, event: &Event) -> String {
        #[derive(Deserialize)]
        struct Body {
            text: String,
        }
        let reply = event.reply_to.map(|seq| self.dim(&format!("↳#{seq} ")));
        let text = match serde_json::from_str::<Body>(event.body.get()) {
            Ok(body) => body
                .text
                .split('\n')
                .map(|line| clean(line, false))
                .collect::<Vec<_>>(),
            Err(_) => vec![clean(event.body.get(), false)],
        };
        format!(
            "{}{}",
            reply.unwrap_or_default(),
            text.join("\n               ")
        )
    }

    fn closed(self, event: &Event) -> String {
        #[derive(Deserialize)]
        struct Body {
            outcome: StreamOutcome,
            exit_code: Option<i32>,
            length: u64,
        }
        let Ok(body) = serde_json::from_str::<Body>(event.body.get()) else {
            return self.dim("■ stream closed");
        };
        let (code, word) = match body.outcome {
            StreamOutcome::Completed => ("32", "completed"),
            StreamOutcome::Failed => ("31", "failed"),
            StreamOutcome::Cancelled => ("33", "cancelled"),
            StreamOutcome::Interrupted => ("33", "interrupted"),
        };
        let exit = body.exit_code.map(|code| format!(", exit {code}"));
        let rest = format!("{}, {} bytes", exit.unwrap_or_default(), body.length);
        format!(
            "{}{}",
            self.sgr(code, &format!("■ {word}")),
            self.dim(&rest)
        )
    }

    /// A line of a stream.
    pub fn output(self, info: &StreamInfo, line: &str) -> String {
        // Of a progress bar that repaints itself, the last state.
        let line = line
            .trim_end_matches('\r')
            .rsplit('\r')
            .next()
            .unwrap_or(line);
        let end = if self.colours { "\x1b[0m" } else { "" };
        let name = self.dim(&format!("│ {} ", clean(&info.name, false)));
        format!("{name}{}{end}", clean(line, self.colours))
    }
}

/// The stream's name in its opening event.
fn opened_name(event: &Event) -> String {
    #[derive(Deserialize)]
    struct Body {
        name: String,
    }
    match serde_json::from_str::<Body>(event.body.get()) {
        Ok(body) => clean(&body.name, false),
        Err(_) => "stream".to_owned(),
    }
}

/// A text without control characters and escape sequences; colours may stay.
pub fn clean(text: &str, colours: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == '\x1b' {
            escape(rest)
        } else {
            c.len_utf8()
        };
        let (part, after) = rest.split_at(length);
        rest = after;
        let is_colour = part.len() > 2 && part.starts_with("\x1b[") && part.ends_with('m');
        if (is_colour && colours) || c == '\t' || !c.is_control() {
            out.push_str(part);
        }
    }
    out
}

/// The length of the escape sequence that `text` begins with.
fn escape(text: &str) -> usize {
    let bytes = text.as_bytes();
    let end = match bytes.get(1) {
        // CSI: up to a final byte.
        Some(b'[') => bytes[2..]
            .iter()
            .position(|b| !(0x20..0x40).contains(b))
            .map(|at| (at + 2, (0x40..0x7f).contains(&bytes[at + 2]))),
        // OSC and its like: up to BEL or ST.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => bytes[2..]
            .iter()
            .position(|b| matches!(b, 0x07 | 0x1b))
            .map(|at| (at + 2, bytes[at + 2] == 0x07)),
        Some(0x30..=0x7e) => return 2,
        _ => return 1,
    };
    match end {
        Some((at, true)) => at + 1,
        Some((at, false)) => at,
        None => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_colours_pass() {
        let text = "\x1b[31mred\x1b[0m\x1b[2J\x1b]0;title\x07 \x1b]8;;x\x1b\\link\u{9b}31m\x07\tö";
        assert_eq!(clean(text, true), "\x1b[31mred\x1b[0m link31m\tö");
        assert_eq!(clean(text, false), "red link31m\tö");
        assert_eq!(clean("\x1b[3", true), "");
        assert_eq!(clean("\x1b", true), "");
        assert_eq!(clean("\x1b[1ömx", true), "ömx");
    }

    proptest! {
        #[test]
        fn nothing_else_passes(text in "(\x1b|\\[|\\]|m|[0-9;]|\\PC|\x07|\n|\u{9b}){0,60}") {
            prop_assert!(!clean(&text, false).chars().any(|c| c.is_control() && c != '\t'));
            let coloured = clean(&text, true);
            for part in coloured.split('\x1b').skip(1) {
                let end = part.find('m').expect("a whole colour");
                prop_assert!(part[..end].strip_prefix('[').expect("CSI").chars().all(|c| (' '..'@').contains(&c)));
            }
        }
    }
}
