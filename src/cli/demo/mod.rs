//! `serve --demo`: five bots at work, so that a new hub has something to show at once.
//!
//! They are clients like any other, over real sockets and with keys of their own; only `setup`, which makes
//! the rooms and those keys before they start, knows the hub they run beside.

mod bot;
mod listener;
mod pace;
mod persona;
mod program;
mod scene;
mod setup;
mod stage;
mod wish;

pub use persona::Who;
pub use setup::{Login, WORKSPACE, prepare};

use crate::tenant::Tenants;
use anyhow::Context as _;
use bot::Bot;
use futures_util::future;
use listener::Listener;
use pace::Pace;
use stage::Stage;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long the bots may take to close their streams and go.
const GOODBYE: Duration = Duration::from_secs(3);

/// The bots at work.
pub struct Demo {
    bots: Vec<Bot>,
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// Tells when the demo ends.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    async fn asked(&self) {
        let mut asked = self.0.clone();
        // A demo that is gone has ended, too.
        let _ = asked.wait_for(|asked| *asked).await;
    }
}

impl Demo {
    /// Makes what the demo stands on and connects the bots to the hub that listens at `address`.
    ///
    /// # Errors
    /// In words for the operator.
    pub async fn start(
        login: &Login,
        tenants: &Tenants,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let keys = setup::furnish(tenants, login).await?;
        let url = format!("http://{address}");
        let connecting = keys
            .iter()
            .map(|(who, key)| Bot::connect(*who, &url, WORKSPACE, key));
        let bots = future::try_join_all(connecting)
            .await
            .context("the demo's bots cannot connect")?;
        let (stop, stopping) = watch::channel(false);
        let (stopping, pace) = (Stop(stopping), Pace::start());
        let mut tasks = JoinSet::new();
        for (room, _) in setup::ROOMS {
            for bot in &bots {
                let listener = Listener {
                    bot: bot.clone(),
                    room,
                    pace: pace.clone(),
                    stop: stopping.clone(),
                };
                tasks.spawn(listener.listen());
            }
            let stage = Stage {
                room,
                bots: bots.clone(),
                pace: pace.clone(),
                stop: stopping.clone(),
            };
            tasks.spawn(stage.play());
        }
        Ok(Self { bots, tasks, stop })
    }

    /// Ends what is running and closes the bots' connections.
    pub async fn stop(self) {
        let Self {
            bots,
            mut tasks,
            stop,
        } = self;
        stop.send_replace(true);
        let ended = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GOODBYE, ended).await.is_err() {
            tracing::warn!("a bot of the demo was cut off");
        }
        future::join_all(bots.iter().map(|bot| bot.client().close())).await;
    }
}
