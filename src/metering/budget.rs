//! What an organization may still use in this month: looked up in the database every few seconds, by every
//! node for itself, and read by whoever is about to use something without a lock.
//!
//! So what is used between two looks may pass a limit; `docs/metering.md` says by how much at most.

use super::{Month, Standing, Used, UsedUp, Work, cost};
use crate::config::{Beyond, Plan, Plans};
use crate::store::limit::AlertRow;
use crate::store::{Error, Store};
use dashmap::DashMap;
use generic_corp_protocol::{OrganizationId, Sender, SenderKind, Timestamp};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use uuid::Uuid;

/// Per cent of a limit at which an alert is raised.
const LEVELS: [i64; 3] = [80, 100, 200];
/// An organization of which nothing was heard for this long is not looked at.
const IDLE_MS: i64 = 60_000;
/// Every so many looks what a plan limits by number is counted as well.
const COUNT_EVERY: u32 = 15;

// In the order of `Standing::of`; then the ceiling.
const MESSAGES: u32 = 1;
const AGENT_MINUTES: u32 = 1 << 1;
const API_CALLS: u32 = 1 << 2;
const STORED: u32 = 1 << 3;
const CEILING: u32 = 1 << 4;

/// One organization's, shared by its connections on this node.
#[derive(Debug)]
pub struct Budget {
    organization: OrganizationId,
    refused: AtomicU32,
    resets_at: AtomicI64,
    touched: AtomicI64,
    /// What was last seen, for those who are told.
    standings: Mutex<Arc<[Standing]>>,
    /// Alerts that were raised, by this node or another.
    raised: Mutex<HashSet<(&'static str, i64, String)>>,
}

impl Budget {
    fn new(organization: OrganizationId) -> Self {
        Self {
            organization,
            refused: AtomicU32::new(0),
            resets_at: AtomicI64::new(0),
            touched: AtomicI64::new(Timestamp::now().0),
            standings: Mutex::new(Arc::new([])),
            raised: Mutex::default(),
        }
    }

    /// Whether this may be done. Costs an atomic read.
    ///
    /// # Errors
    /// [`UsedUp`].
    pub fn check(&self, work: Work, who: SenderKind) -> Result<(), UsedUp> {
        let refused = self.refused.load(Ordering::Relaxed);
        if refused == 0 {
            return Ok(());
        }
        let concerned = CEILING
            | match work {
                Work::Publish => MESSAGES | STORED,
                Work::Stream => STORED,
                Work::Call => API_CALLS,
            }
            | if who == SenderKind::Agent {
                AGENT_MINUTES
            } else {
                0
            };
        let meter = match refused & concerned {
            0 => return Ok(()),
            bits if bits & CEILING != 0 => "overage_ceiling_cents",
            bits if bits & MESSAGES != 0 => "messages_per_month",
            bits if bits & AGENT_MINUTES != 0 => "agent_minutes_per_month",
            bits if bits & API_CALLS != 0 => "api_calls_per_month",
            _ => "stored_bytes",
        };
        let resets_at =
            (meter != "stored_bytes").then(|| Timestamp(self.resets_at.load(Ordering::Relaxed)));
        Err(UsedUp { meter, resets_at })
    }

    /// The limits that using changes, as they were last seen.
    pub fn standings(&self) -> Arc<[Standing]> {
        self.standings.lock().clone()
    }

    /// When the month ends.
    pub fn resets_at(&self) -> Timestamp {
        Timestamp(self.resets_at.load(Ordering::Relaxed))
    }

    /// Takes over what was seen.
    fn set(&self, plan: &Plan, used: &Used, ceiling: Option<i64>, month: &Month) {
        let standings = Standing::of(plan, used);
        let mut refused = 0;
        if plan.beyond == Beyond::Stop {
            for (at, standing) in standings.iter().enumerate() {
                refused |= u32::from(standing.is_at(100)) << at;
            }
        }
        let overage = cost(plan, used, month).overage;
        if ceiling.is_some_and(|ceiling| overage >= ceiling.max(1).unsigned_abs()) {
            refused |= CEILING;
        }
        self.resets_at.store(month.ends_at.0, Ordering::Relaxed);
        self.refused.store(refused, Ordering::Relaxed);
        *self.standings.lock() = Arc::new(standings);
    }
}

/// Those of all organizations that are at work on this node. A cheap handle.
#[derive(Clone)]
pub struct Budgets(Arc<Inner>);

struct Inner {
    store: Store,
    plans: Arc<Plans>,
    budgets: DashMap<OrganizationId, Arc<Budget>>,
    looks: AtomicU32,
}

impl Budgets {
    /// Over this store, of these plans.
    pub fn new(store: Store, plans: Arc<Plans>) -> Self {
        Self(Arc::new(Inner {
            store,
            plans,
            budgets: DashMap::new(),
            looks: AtomicU32::new(0),
        }))
    }

    /// The budget of an organization. Until it was looked at, nothing is refused.
    pub fn of(&self, organization: OrganizationId) -> Arc<Budget> {
        let make = || Arc::new(Budget::new(organization));
        let budget = self.0.budgets.entry(organization).or_insert_with(make);
        budget.touched.store(Timestamp::now().0, Ordering::Relaxed);
        budget.clone()
    }

    /// Looks at the organizations that are at work here, raises alerts, and forgets the others.
    pub async fn refresh(&self) {
        let now = Timestamp::now();
        let in_use = |budget: &Arc<Budget>| {
            let idle = now.0 - budget.touched.load(Ordering::Relaxed);
            Arc::strong_count(budget) > 1 || idle < IDLE_MS
        };
        self.0.budgets.retain(|_, budget| in_use(budget));
        let looks = self.0.looks.fetch_add(1, Ordering::Relaxed);
        let counting = looks.is_multiple_of(COUNT_EVERY);
        let budgets: Vec<_> = self.0.budgets.iter().map(|entry| entry.clone()).collect();
        for budget in budgets {
            if let Err(error) = self.look(&budget, now, counting).await {
                tracing::warn!(organization = %budget.organization, %error, "usage was not looked at");
            }
        }
    }

    async fn look(&self, budget: &Budget, now: Timestamp, counting: bool) -> Result<(), Error> {
        let (store, id) = (&self.0.store, budget.organization);
        let Some(plan) = store.plan_of(id).await? else {
            return Ok(());
        };
        let Some(plan) = self.0.plans.get(&plan) else {
            return Err(Error::Fault(format!(
                "the plan `{plan}` is in no plans file"
            )));
        };
        let month = Month::of(now);
        let used = Used::of(&store.totals(id, &month.first_day).await?);
        let ceiling = store.overage_ceiling(id).await?;
        budget.set(&plan, &used, ceiling, &month);
        let mut standings = Standing::of(&plan, &used).to_vec();
        if counting {
            standings.extend(Standing::counted(&plan, store.counts(id).await?));
        }
        for standing in standings {
            self.alert(budget, &standing, &month, now).await?;
        }
        Ok(())
    }

    async fn alert(
        &self,
        budget: &Budget,
        standing: &Standing,
        month: &Month,
        now: Timestamp,
    ) -> Result<(), Error> {
        for level in LEVELS.into_iter().filter(|level| standing.is_at(*level)) {
            let alert = (standing.meter, level, month.name.clone());
            if budget.raised.lock().contains(&alert) {
                continue;
            }
            let row = AlertRow {
                id: Uuid::now_v7(),
                organization: budget.organization,
                meter: standing.meter.to_owned(),
                level,
                period: month.name.clone(),
                used: i64::try_from(standing.used).unwrap_or(i64::MAX),
                allowed: i64::try_from(standing.limit).unwrap_or(i64::MAX),
                time: now,
            };
            if self.0.store.raise_alert(&row, &hub()).await? {
                let (organization, meter) = (budget.organization, standing.meter);
                tracing::info!(%organization, meter, level, "an organization is at a limit");
            }
            let mut raised = budget.raised.lock();
            raised.retain(|(_, _, period)| *period == month.name);
            raised.insert(alert);
        }
        Ok(())
    }
}

fn hub() -> Sender {
    Sender::system("hub")
}

#[cfg(test)]
mod tests {
    use super::*;
    use generic_corp_protocol::ErrorCode;

    fn seen(change: impl FnOnce(&mut Plan), used: Used, ceiling: Option<i64>) -> Budget {
        let plans = Plans::load("").expect("built in");
        let mut plan = (*plans.get("starter").expect("built in")).clone();
        change(&mut plan);
        let budget = Budget::new(OrganizationId(Uuid::nil()));
        budget.set(&plan, &used, ceiling, &Month::of(Timestamp::now()));
        budget
    }

    fn stop(plan: &mut Plan) {
        (plan.beyond, plan.messages_per_month, plan.stored_bytes) = (Beyond::Stop, 10, 1000);
        plan.agent_minutes_per_month = 1;
    }

    #[test]
    fn a_plan_that_stops_refuses_what_is_used_up_and_nothing_else() {
        let used = Used {
            messages: 10,
            ..Used::default()
        };
        let budget = seen(stop, used, None);
        let refused = budget
            .check(Work::Publish, SenderKind::User)
            .expect_err("used up");
        assert_eq!(
            (refused.meter, refused.code()),
            ("messages_per_month", ErrorCode::QuotaExceeded)
        );
        assert!(refused.retry_after_ms().is_some() && refused.to_string().contains("until"));
        assert!(budget.check(Work::Stream, SenderKind::User).is_ok());
        assert!(budget.check(Work::Call, SenderKind::User).is_ok());

        let budget = seen(
            stop,
            Used {
                stored_bytes: 1000,
                ..Used::default()
            },
            None,
        );
        let refused = budget
            .check(Work::Stream, SenderKind::Agent)
            .expect_err("used up");
        assert_eq!(
            (refused.code(), refused.retry_after_ms()),
            (ErrorCode::LimitReached, None)
        );

        let budget = seen(
            stop,
            Used {
                agent_ms: 60_000,
                ..Used::default()
            },
            None,
        );
        assert!(budget.check(Work::Publish, SenderKind::Agent).is_err());
        assert!(
            budget.check(Work::Publish, SenderKind::User).is_ok(),
            "people go on"
        );
    }

    #[test]
    fn overage_goes_on_up_to_the_ceiling() {
        let over = Used {
            messages: 5_001_000,
            ..Used::default()
        };
        let check = |ceiling| seen(|_| {}, over, ceiling).check(Work::Publish, SenderKind::User);
        assert!(check(None).is_ok());
        assert!(check(Some(21)).is_ok());
        assert_eq!(
            check(Some(20)).map_err(|used_up| used_up.meter),
            Err("overage_ceiling_cents")
        );
        assert!(check(Some(0)).is_err());
        let within = seen(|_| {}, Used::default(), Some(0));
        assert!(
            within.check(Work::Publish, SenderKind::User).is_ok(),
            "nothing beyond yet"
        );
    }
}
