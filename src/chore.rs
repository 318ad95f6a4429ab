//! What a node does on a timer: tells presence, renews and ends leases, ends connections whose right is
//! gone, forgets unused tails.

use crate::auth::Auth;
use crate::connection::Registry;
use crate::history::History;
use crate::metering::{AgentTime, ApiCalls, Budgets};
use crate::room::Rooms;
use crate::store::op::{Actor, Op, Tenant};
use crate::store::sweep::Rest;
use crate::store::{Error, Store};
use crate::tenant::Tenants;
use generic_corp_protocol::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Presence changes are told at most this often.
const PRESENCE: Duration = Duration::from_millis(250);
/// How often streams without a producer are looked for.
const LEASES: Duration = Duration::from_secs(1);
/// How often credentials in use are looked at: what is taken away elsewhere ends within this time.
const CREDENTIALS: Duration = Duration::from_millis(500);
/// How often what is in memory is compared with a store that other nodes write as well.
const COMPARE: Duration = Duration::from_millis(250);
/// How often events are looked at that wait for one before them.
const WAITING: Duration = Duration::from_millis(25);
/// How much less often where other nodes tell at once.
const LIVE: u32 = 4;
/// How often an organization's usage is compared with its limits.
const BUDGETS: Duration = Duration::from_secs(2);
/// How often what is counted in memory is written: what a crash loses at most.
const COUNTS: Duration = Duration::from_secs(5);
/// How often unused tails are forgotten and metrics tidied.
const TIDY: Duration = Duration::from_secs(10);

/// What was deleted is left alone for this long: other nodes may be about to hear of it.
const DELETED_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// Between two steps of the sweep.
const SWEEP_PAUSE: Duration = Duration::from_millis(20);

/// Runs until it is aborted. `lease` is how long a stream outlives the silence of its producer.
pub async fn run(
    rooms: Rooms,
    registry: Registry,
    auth: Auth,
    tenants: Tenants,
    metrics: PrometheusHandle,
    lease: Duration,
) {
    let every = |period| {
        let mut interval = interval(period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        interval
    };
    let (mut presence, mut leases) = (every(PRESENCE), every(LEASES));
    let (mut renew, mut tidy) = (every(lease / 3), every(TIDY));
    let (mut credentials, mut compare) = (every(CREDENTIALS), every(COMPARE));
    let mut waiting = every(WAITING);
    let shared = rooms.history().store().is_shared();
    let mut compared = 0u32;
    loop {
        tokio::select! {
            _ = presence.tick() => rooms.hub().tell_presence(),
            _ = renew.tick() => renew_leases(&rooms).await,
            _ = leases.tick() => end_leases(rooms.history()).await,
            _ = credentials.tick() => registry.close_ended(&auth, &tenants).await,
            () = registry.doubted() => registry.close_ended(&auth, &tenants).await,
            _ = compare.tick(), if shared => {
                compared = compared.wrapping_add(1);
                if compared.is_multiple_of(LIVE) || !rooms.is_live() {
                    compared_or_warn(rooms.hub().compare().await);
                }
            }
            _ = waiting.tick(), if rooms.is_live() => rooms.hub().doubt_waiting(),
            () = rooms.hub().doubted() => compared_or_warn(rooms.hub().settle_doubts().await),
            _ = tidy.tick() => {
                rooms.hub().sweep();
                metrics.run_upkeep();
            }
        }
    }
}

/// Removes what plans keep no longer and what was deleted, again and again, until it is aborted.
pub async fn sweep(store: Store, tenants: Tenants, every: Duration) {
    let mut turn = interval(every);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turn.tick().await;
        if let Err(error) = sweep_once(&store, &tenants).await {
            tracing::warn!(%error, "what is past its time was not removed; it is tried again");
        }
    }
}

/// One step after another, with a pause between them, so that whoever writes at the moment waits for one at most.
async fn sweep_once(store: &Store, tenants: &Tenants) -> Result<(), Error> {
    let before = |ms: i64| Timestamp::now().plus_ms(-ms);
    while store.remove_deleted(before(DELETED_MS)).await? == Rest::More {
        sleep(SWEEP_PAUSE).await;
    }
    for plan in tenants.plans() {
        let Some(days) = plan.retention() else {
            continue;
        };
        loop {
            let before = before(i64::from(days) * DAY_MS);
            let rooms = store.rooms_to_trim(&plan.key, before).await?;
            for room in &rooms {
                while store.trim_room(*room, before).await? == Rest::More {
                    sleep(SWEEP_PAUSE).await;
                }
            }
            if rooms.is_empty() {
                break;
            }
        }
    }
    store.forget_deliveries().await?;
    while store.remove_stream().await? == Rest::More {
        sleep(SWEEP_PAUSE).await;
    }
    Ok(())
}

/// What is counted in memory, and what organizations may still use.
#[derive(Clone)]
pub struct Metering {
    store: Store,
    budgets: Budgets,
    /// Calls of the API.
    pub calls: ApiCalls,
    agent_time: AgentTime,
}

impl Metering {
    /// Of these parts.
    pub fn new(store: &Store, budgets: &Budgets, registry: &Registry) -> Self {
        Self {
            store: store.clone(),
            budgets: budgets.clone(),
            calls: ApiCalls::default(),
            agent_time: registry.agent_time().clone(),
        }
    }

    /// Writes and looks at it again and again, until it is aborted.
    pub async fn run(self) {
        let (mut look, mut write) = (interval(BUDGETS), interval(COUNTS));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        write.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => self.budgets.refresh().await,
                _ = write.tick() => self.write().await,
            }
        }
    }

    /// Writes what was counted up to now.
    pub async fn write(&self) {
        let (calls, agent_time) = (&self.calls, &self.agent_time);
        for outcome in [
            calls.flush(&self.store).await,
            agent_time.flush(&self.store).await,
        ] {
            if let Err(error) = outcome {
                tracing::warn!(%error, "usage was not written; it is kept and tried again");
            }
        }
    }
}

fn compared_or_warn(outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "what other nodes have written was not looked for");
    }
}

async fn renew_leases(rooms: &Rooms) {
    let streams = rooms.hub().producing();
    if streams.is_empty() {
        return;
    }
    if let Err(error) = rooms.history().submit(Op::Renew { streams }).await {
        tracing::warn!(%error, "leases of streams were not renewed");
    }
}

async fn end_leases(history: &History) {
    let expired = match history.store().expired_streams(Timestamp::now()).await {
        Ok(expired) => expired,
        Err(error) => {
            return tracing::warn!(%error, "streams without a producer were not looked for");
        }
    };
    for (organization, workspace, stream) in expired {
        let tenant = Tenant {
            organization,
            workspace,
            actor: Actor::default(),
        };
        if let Err(error) = history.submit(Op::Expire { tenant, stream }).await {
            tracing::warn!(%stream, %error, "a stream without a producer was not closed");
        }
    }
}
