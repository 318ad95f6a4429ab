//! `health`: whether the hub is ready.

use super::rest;
use clap::Args;
use generic_corp_protocol::rest::Readiness;

/// Arguments of `health`.
#[derive(Args, Debug)]
pub struct HealthArgs {
    /// Address of the hub.
    #[arg(
        long,
        env = "GENERIC_CORP_URL",
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// Print nothing; only the exit status tells.
    #[arg(long, short)]
    quiet: bool,
}

/// Fails when the hub is not ready.
pub async fn run(args: HealthArgs) -> anyhow::Result<()> {
    let (client, address) = rest::client(&args.url, "/readyz")?;
    let response = rest::send(client.get(address), &args.url).await?;
    let ready = response.status().is_success();
    let body = response.bytes().await?;
    let Ok(state) = serde_json::from_slice::<Readiness>(&body) else {
        anyhow::bail!("what answers at {} is no hub", args.url);
    };
    anyhow::ensure!(
        ready,
        "the hub is not ready: {}{}",
        state.status,
        if state.draining { ", it drains" } else { "" }
    );
    if !args.quiet {
        println!(
            "{} (version {}, node {})",
            state.status, state.version, state.node
        );
    }
    Ok(())
}
