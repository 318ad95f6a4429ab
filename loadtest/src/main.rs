//! Load tests for a generic-corp hub.
//!
//! Exit status: 0 good, 1 the run failed, 2 used wrongly, 99 a check or threshold failed, 105 interrupted.

mod args;
mod broadcaster;
mod check;
mod client;
mod closed;
mod commits;
mod compare;
mod hub;
mod pace;
mod process;
mod report;
mod scenario;
mod socket;
mod tally;
mod tenant;
mod threshold;
mod torture;
mod unit;
mod wire;

use args::{Cli, Command};
use clap::Parser as _;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// What the shell gets when a check or threshold failed (as with k6).
const THRESHOLD_FAILED: u8 = 99;
/// What it gets when the run was interrupted (as with k6).
const INTERRUPTED: u8 = 105;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One thread: the hub needs the others, and nothing is shared with locks.
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("loadtest: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    raise_file_limit();
    let local = tokio::task::LocalSet::new();
    let run = local.run_until(async {
        tokio::select! {
            outcome = run(cli) => Some(outcome),
            // A private hub ends with what is dropped here.
            () = interrupted() => None,
        }
    });
    let outcome = runtime.block_on(run);
    // Nothing is left to be waited for.
    runtime.shutdown_background();
    match outcome {
        Some(Ok(true)) => ExitCode::SUCCESS,
        Some(Ok(false)) => ExitCode::from(THRESHOLD_FAILED),
        Some(Err(error)) => {
            eprintln!("loadtest: {error:#}");
            ExitCode::FAILURE
        }
        None => ExitCode::from(INTERRUPTED),
    }
}

/// Says whether everything that was asked holds.
async fn run(cli: Cli) -> anyhow::Result<bool> {
    match cli.command {
        Command::List => scenario::list(),
        Command::Run(options) => return scenario::run(&options).await?.publish(&options),
        Command::Compare(what) => compare::run(&what).await?,
        Command::Torture(options) => torture::run(&options).await?,
        Command::Rolling(options) => torture::rolling(&options).await?,
        Command::Broadcaster(options) => broadcaster::run(&options)?,
    }
    Ok(true)
}

/// Thousands of sockets need as many descriptors, here and in the hub that inherits the limit.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it is refused, the sockets that do not fit say so.
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    );
}

async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
