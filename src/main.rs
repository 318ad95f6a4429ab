//! The command line of generic-corp.

use clap::{Parser, Subcommand};
use generic_corp::cli;
use generic_corp::cli::admin::{self, AdminCommand};
use generic_corp::config::{self, Config, LogFormat, Plans};
use generic_corp::server::Server;
use generic_corp::telemetry;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// A self-hosted real-time hub where AI agents work together in front of people.
#[derive(Parser)]
#[command(name = "generic-corp", version)]
struct Cli {
    /// Settings on top of the built-in ones; the environment (GENERIC_CORP__SECTION__KEY) comes last.
    #[arg(long, global = true, env = "GENERIC_CORP_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the hub (also without a command).
    Serve,
    /// Looks at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Makes administrators and keys, on the hub's own machine.
    #[command(subcommand)]
    Admin(AdminCommand),
    #[command(flatten)]
    Client(cli::Command),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Checks the settings and tells every fault.
    Check,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or(Command::Serve);
    let outcome = match command {
        Command::Client(command) => return run_client(command),
        Command::Serve => with_config(cli.config, serve),
        Command::Admin(command) => with_config(cli.config, |config, plans| {
            let run = admin::run(command, &config, plans, cli::ask_secret);
            actix_web::rt::System::new().block_on(run)
        }),
        Command::Config(ConfigCommand::Check) => with_config(cli.config, |config, _| {
            println!("{config:#?}\nthe settings are good");
            Ok(())
        }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generic-corp: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A command that speaks to a hub.
fn run_client(command: cli::Command) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => {
            let status = runtime.block_on(cli::run(command));
            // Nothing is left to be waited for.
            runtime.shutdown_background();
            ExitCode::from(status)
        }
        Err(error) => {
            eprintln!("generic-corp: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn with_config(
    file: Option<PathBuf>,
    run: impl FnOnce(Config, Plans) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (config, plans) = config::load(file.as_deref())?;
    run(config, plans)
}

fn serve(config: Config, plans: Plans) -> anyhow::Result<()> {
    let json = match config.log_output.format {
        LogFormat::Auto => None,
        LogFormat::Pretty => Some(false),
        LogFormat::Json => Some(true),
    };
    telemetry::log::init(json, &config.log_output.filter).map_err(anyhow::Error::msg)?;
    actix_web::rt::System::new().block_on(async move {
        let server = Server::start(&config, plans).await?;
        banner(&config, &server)?;
        stop_signal().await?;
        eprintln!("draining; a second signal stops at once");
        tokio::select! {
            () = server.stop() => Ok(()),
            again = stop_signal() => again,
        }
    })
}

/// SIGTERM or Ctrl-C.
async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupt = tokio::signal::ctrl_c() => Ok(interrupt?),
    }
}

/// Says where everything is and what to do next. Scripts wait for the last line.
fn banner(config: &Config, server: &Server) -> anyhow::Result<()> {
    let local = format!("http://{}", server.address);
    let url = match config.server.public_url.trim_end_matches('/') {
        "" => &local,
        public => public,
    };
    let socket = url.replacen("http", "ws", 1);
    let mut out = std::io::stdout().lock();
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        out,
        "generic-corp {version} · embedded ({}, in-process bus)",
        config.database.url
    )?;
    writeln!(out, "  ├─ Dashboard  {url}")?;
    writeln!(
        out,
        "  ├─ API        {url}/api/v1  (described by {url}/api/v1/openapi.json)"
    )?;
    writeln!(out, "  ├─ WebSocket  {socket}/ws/{{workspace}}")?;
    match server.metrics {
        Some(address) => writeln!(out, "  └─ Metrics    http://{address}/metrics")?,
        None => writeln!(out, "  └─ Metrics    off (metrics.port)")?,
    }
    if let Some(token) = &server.setup_token {
        writeln!(
            out,
            "\nNobody can sign in yet. Make the first administrator (valid for 30 minutes):"
        )?;
        writeln!(out, "    {url}/setup#{token}")?;
        writeln!(
            out,
            "  or: generic-corp admin create --email you@example.com"
        )?;
    }
    writeln!(out, "\nlistening on {local}")?;
    out.flush()?;
    Ok(())
}
