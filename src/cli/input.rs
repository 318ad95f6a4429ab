//! Questions to a person at a terminal.

use anyhow::Context as _;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{IsTerminal as _, Write as _};

/// Asks on standard error and reads a line.
pub fn ask(question: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    anyhow::ensure!(
        stdin.is_terminal(),
        "{question}there is no terminal to ask on; give --email, and the password in GENERIC_CORP_PASSWORD"
    );
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    stdin
        .read_line(&mut line)
        .context("cannot read the answer")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks without showing what is typed.
pub fn ask_secret(question: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let Ok(shown) = tcgetattr(&stdin) else {
        return ask(question);
    };
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let answer = ask(question);
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    eprintln!();
    answer
}
