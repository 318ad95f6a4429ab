//! Log lines: pretty on a terminal, JSON otherwise. Tokens, bodies and addresses of people stay out.

use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging to standard error. A second call does nothing.
///
/// `json` of `None` means: JSON unless standard error is a terminal.
///
/// # Errors
/// When `filter` is not in the form of `RUST_LOG`.
pub fn init(json: Option<bool>, filter: &str) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(filter).map_err(|error| format!("log_output.filter: {error}"))?;
    let json = json.unwrap_or_else(|| !std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let started = if json {
        registry.with(lines.json()).try_init()
    } else {
        registry.with(lines.compact()).try_init()
    };
    drop(started);
    Ok(())
}
