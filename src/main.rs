//! The command line of generic-corp.

use clap::{Args, Parser, Subcommand};
use generic_corp::cli;
use generic_corp::cli::admin::{self, AdminCommand};
use generic_corp::cli::demo::{self, Demo, Login};
use generic_corp::config::{self, Config, LogFormat, Plans};
use generic_corp::server::Server;
use generic_corp::telemetry;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A self-hosted real-time hub where AI agents work together in front of people.
#[derive(Parser)]
#[command(name = "generic-corp", version, after_help = HELP)]
struct Cli {
    /// Settings of a hub, for serve, config and admin; GENERIC_CORP__SECTION__KEY in the environment goes
    /// before them.
    #[arg(
        long,
        global = true,
        env = "GENERIC_CORP_CONFIG",
        value_name = "FILE",
        display_order = 900
    )]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the hub (also without a command).
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),
    /// Looks at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Makes administrators and keys, on the hub's own machine, also while it runs.
    #[command(subcommand)]
    Admin(AdminCommand),
    #[command(flatten)]
    Client(cli::Command),
}

/// Shown below the help.
const HELP: &str = "To look around:   generic-corp serve --demo
To run a hub:     generic-corp serve
To take part:     generic-corp watch lobby
                  generic-corp publish lobby 'hello'
                  generic-corp stream --room lobby -- make test";

/// Shown below the help of `serve`.
const SERVE_HELP: &str = "Every setting is explained in config/default.toml; the ones most often changed:
  GENERIC_CORP__SERVER__PORT=8081   Another port
  GENERIC_CORP__SERVER__HOST        Where to listen; anything but loopback should stand behind TLS
  GENERIC_CORP__DATABASE__URL       Where the data is, for instance sqlite:/var/lib/generic-corp/hub.db
  GENERIC_CORP__LOG_OUTPUT__FILTER  What to log, for instance debug

Ctrl-C or SIGTERM: clients are told to come back, then it ends.";

#[derive(Args, Default)]
struct ServeArgs {
    /// With five bots at work, to look at: on this machine only, with data and an administrator of its
    /// own in the folder `demo` beside the database.
    #[arg(long)]
    demo: bool,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Checks the settings, and prints them or every fault. Secrets are not shown.
    Check,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or(Command::Serve(ServeArgs::default()));
    let outcome = match command {
        Command::Client(command) => return run_client(command),
        Command::Serve(args) => {
            with_config(cli.config, |config, plans| serve(&args, config, plans))
        }
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

fn serve(args: &ServeArgs, mut config: Config, plans: Plans) -> anyhow::Result<()> {
    let json = match config.log_output.format {
        LogFormat::Auto => None,
        LogFormat::Pretty => Some(false),
        LogFormat::Json => Some(true),
    };
    telemetry::log::init(json, &config.log_output.filter).map_err(anyhow::Error::msg)?;
    let login = match args.demo {
        true => Some(demo::prepare(&mut config)?),
        false => None,
    };
    actix_web::rt::System::new().block_on(async move {
        let server = Server::start(&config, plans).await?;
        // Before the banner: who has read it may send the first.
        let mut signals = Signals::listen()?;
        let demo = match &login {
            Some(login) => Some(Demo::start(login, &server.tenants, server.address).await?),
            None => None,
        };
        banner(&config, &server, login.as_ref())?;
        signals.next().await;
        eprintln!("draining; a second signal stops at once");
        let ending = async {
            if let Some(demo) = demo {
                demo.stop().await;
            }
            server.stop().await;
        };
        tokio::select! {
            () = ending => {}
            () = signals.next() => {}
        }
        Ok(())
    })
}

/// SIGTERM and Ctrl-C, none of which is missed.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Says where everything is and what to do next. Scripts wait for the last line.
fn banner(config: &Config, server: &Server, demo: Option<&Login>) -> anyhow::Result<()> {
    let scheme = match config.server.tls_certificate.as_str() {
        "" => "http",
        _ => "https",
    };
    let local = format!("{scheme}://{}", reachable(server.address));
    let url = match config.server.public_url.trim_end_matches('/') {
        "" => &local,
        public => public,
    };
    let socket = url.replacen("http", "ws", 1);
    let mut out = std::io::stdout().lock();
    let version = env!("CARGO_PKG_VERSION");
    let kind = if demo.is_some() { "demo" } else { "node" };
    writeln!(out, "generic-corp {version} · {kind} on {}", server.store)?;
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
            "  or: {} admin create --email you@example.com",
            program()
        )?;
    }
    if let Some(login) = demo {
        demo_banner(&mut out, login, url)?;
    }
    writeln!(out, "\nlistening on {scheme}://{}", server.address)?;
    out.flush()?;
    Ok(())
}

/// The address to go to: nobody can go to that of every network.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// This program, as it was called.
fn program() -> String {
    let called = std::env::args().next();
    called.unwrap_or_else(|| "generic-corp".to_owned())
}

/// How to look at the demo and how to take part.
fn demo_banner(out: &mut impl std::io::Write, login: &Login, url: &str) -> std::io::Result<()> {
    let workspace = demo::WORKSPACE;
    writeln!(
        out,
        "\nFive bots are at work. Sign in, and write: @sable help"
    )?;
    writeln!(out, "    {url}/w/{workspace}/rooms/lobby")?;
    writeln!(out, "    e-mail    {}", login.email)?;
    writeln!(out, "    password  {}", login.password)?;
    writeln!(out, "\nStream a command of your own into the lobby:")?;
    writeln!(
        out,
        "    {} stream --url {url} --token-file {} --room lobby -- df -h",
        program(),
        login.guest_key().display()
    )?;
    writeln!(
        out,
        "\nFor this machine only. Everything is kept in {}; delete it to begin anew.",
        login.folder.display()
    )
}
