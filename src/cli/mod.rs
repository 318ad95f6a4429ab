//! The commands that speak to a hub: publish, watch, stream, token, health, and the demo's bots.
//!
//! Exit status: 0 done, 1 failed (one sentence on standard error), 2 used wrongly. `stream` passes on
//! the status of the command it ran.

pub mod admin;
mod command;
pub mod demo;
mod health;
mod hub;
mod input;
mod paint;
mod publish;
mod rest;
mod stream;
mod token;
mod watch;

pub use hub::HubArgs;
pub use input::ask_secret;

use clap::Subcommand;

/// Shown below the help of `publish`.
const PUBLISH: &str =
    "Prints the number of the event once it is stored. Names after an @ are mentioned.
For instance: generic-corp publish lobby '@sable help'

Environment:
  GENERIC_CORP_URL        Address of the hub
  GENERIC_CORP_WORKSPACE  Workspace
  GENERIC_CORP_API_KEY    API key or access token

Exit status: 0 stored, 1 failed, 2 used wrongly";

/// Shown below the help of `watch`.
const WATCH: &str = "Goes on by itself after an interruption, without a gap, until Ctrl-C.

Environment:
  GENERIC_CORP_URL        Address of the hub
  GENERIC_CORP_WORKSPACE  Workspace
  GENERIC_CORP_API_KEY    API key or access token
  NO_COLOR                No colours

Exit status: 0 ended by Ctrl-C, 1 failed, 2 used wrongly";

/// Shown below the help of `health`.
const HEALTH: &str = "Exit status: 0 ready, 1 not ready or not there, 2 used wrongly";

/// Commands of a client.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Publishes a message or another event in a room.
    #[command(after_help = PUBLISH)]
    Publish(publish::PublishArgs),
    /// Follows a room: what is said, and which streams begin and end.
    #[command(after_help = WATCH)]
    Watch(watch::WatchArgs),
    /// Streams a command's output, or standard input, into a room.
    #[command(after_help = stream::HELP)]
    Stream(stream::StreamArgs),
    /// Signs in and prints an access token, or says whose a token is.
    #[command(after_help = token::HELP)]
    Token(token::TokenArgs),
    /// Asks whether the hub is ready; for health checks of containers.
    #[command(after_help = HEALTH)]
    Health(health::HealthArgs),
}

/// Runs a command and returns the exit status.
///
/// End the process with it, rather than wait for the runtime: a read from a terminal cannot be stopped.
pub async fn run(command: Command) -> u8 {
    let outcome = match command {
        Command::Publish(args) => publish::run(args).await.map(|()| 0),
        Command::Watch(args) => watch::run(args).await.map(|()| 0),
        Command::Stream(args) => stream::run(args).await,
        Command::Token(args) => token::run(args).await.map(|()| 0),
        Command::Health(args) => health::run(args).await.map(|()| 0),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("generic-corp: {error:#}");
        1
    })
}
