//! `idle`: the hub's resident memory for sockets that are authenticated, joined, and silent.

use super::Stage;
use crate::client::Habits;
use anyhow::Context as _;
use std::time::Duration;

/// Without a byte for this long, the hub has told everybody who came.
const QUIET: Duration = Duration::from_secs(2);

pub(super) async fn run(stage: &mut Stage) -> anyhow::Result<()> {
    let hub = stage
        .hub
        .as_ref()
        .context("`idle` looks at the hub's process: it needs --spawn")?;
    let process = hub.process()?;
    let resident = || process.resident_bytes().context("the hub is gone");
    let before = resident()?;
    stage.begin().await?;
    stage.gather(|_| Habits::default(), |_| Vec::new()).await?;
    quiet(stage).await;
    let connected = resident()?;
    for (index, client) in stage.clients.iter().enumerate() {
        client.join(stage.room_of(index)).await?;
    }
    quiet(stage).await;
    let joined = resident()?;
    let each = |bytes: u64| bytes.saturating_sub(before) as f64 / stage.plan.connections as f64;
    let figures = [
        ("hub.rss_before_mib", before as f64 / 1_048_576.0),
        ("hub.rss_joined_mib", joined as f64 / 1_048_576.0),
        ("idle.bytes_authenticated", each(connected)),
        ("idle.bytes_joined", each(joined)),
    ];
    stage
        .extra
        .extend(figures.map(|(name, value)| (name.to_owned(), value)));
    Ok(())
}

/// Waits until nothing comes any more.
async fn quiet(stage: &Stage) {
    let mut last = None;
    stage
        .during(async {
            loop {
                let bytes = stage.shared.tally.bytes.get();
                if last == Some(bytes) {
                    return;
                }
                last = Some(bytes);
                tokio::time::sleep(QUIET).await;
            }
        })
        .await;
}
