//! The quota of one connection: messages and bytes a second, messages an hour, and what happens beyond.

use super::Bucket;
use crate::config::Plan;
use generic_corp_protocol::Timestamp;
use generic_corp_protocol::frame::{Quota, Usage, UsageLevel};
use std::sync::Arc;
use std::time::{Duration, Instant};

const HOUR: Duration = Duration::from_secs(3600);
/// Refused requests within [`ABUSE_WINDOW`] after which a connection is closed.
const ABUSE_LIMIT: u32 = 200;
/// See [`ABUSE_LIMIT`].
const ABUSE_WINDOW: Duration = Duration::from_secs(10);

/// What a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Messages, against the rate.
    pub messages: u64,
    /// Payload bytes, against the rate.
    pub bytes: u64,
    /// Whether it counts in the hour.
    pub hourly: bool,
}

/// Why a request is not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Too fast; `closing` when the connection keeps ignoring it.
    Rate {
        /// Wait this long.
        retry_after: Duration,
        /// Whether to end the connection.
        closing: bool,
    },
    /// The hour's messages are used up.
    Hour {
        /// When the next hour begins.
        resets_at: Timestamp,
        /// Wait this long.
        retry_after: Duration,
        /// Whether to end the connection.
        closing: bool,
    },
}

/// Counts what one connection sends.
#[derive(Debug)]
pub struct Meter {
    plan: Arc<Plan>,
    messages: Bucket,
    bytes: Bucket,
    hour_began: Option<Instant>,
    this_hour: u64,
    warned: bool,
    /// Requests refused since `abuse_since`.
    refused: u32,
    abuse_since: Instant,
}

impl Meter {
    /// A fresh count for a connection on `plan`.
    pub fn new(plan: Arc<Plan>, now: Instant) -> Self {
        Self {
            messages: Bucket::full(u64::from(plan.message_burst), now),
            bytes: Bucket::full(plan.byte_burst, now),
            plan,
            hour_began: None,
            this_hour: 0,
            warned: false,
            refused: 0,
            abuse_since: now,
        }
    }

    /// Goes on with another plan. What this hour counted stays counted; buckets hold at most its bursts.
    pub fn change_plan(&mut self, plan: &Arc<Plan>) {
        if self.plan != *plan {
            self.plan = plan.clone();
            self.warned = false;
        }
    }

    /// Charges a request, wholly or not at all.
    ///
    /// # Errors
    /// [`Excess`], with how long to wait.
    pub fn charge(&mut self, charge: Charge, now: Instant) -> Result<Option<Usage>, Excess> {
        self.turn_hour(now);
        let plan = self.plan.clone();
        let (rate, burst) = (
            u64::from(plan.messages_per_second),
            u64::from(plan.message_burst),
        );
        let messages = self.messages.check(charge.messages, rate, burst, now);
        let bytes = self
            .bytes
            .check(charge.bytes, plan.bytes_per_second, plan.byte_burst, now);
        let wait = messages.err().max(bytes.err());
        if let Some(retry_after) = wait {
            return Err(Excess::Rate {
                retry_after,
                closing: self.refuse(now),
            });
        }
        if charge.hourly && self.this_hour + charge.messages > plan.messages_per_hour {
            let retry_after = self.hour_left(now);
            let resets_at = self.resets_at(now);
            return Err(Excess::Hour {
                resets_at,
                retry_after,
                closing: self.refuse(now),
            });
        }
        self.messages.take(charge.messages);
        self.bytes.take(charge.bytes);
        if !charge.hourly {
            return Ok(None);
        }
        self.hour_began.get_or_insert(now);
        self.this_hour += charge.messages;
        Ok(self.warning(now))
    }

    /// Told once an hour, at 80 %.
    fn warning(&mut self, now: Instant) -> Option<Usage> {
        let limit = self.plan.messages_per_hour;
        if self.warned || self.this_hour * 5 < limit * 4 {
            return None;
        }
        self.warned = true;
        Some(self.usage(UsageLevel::Warn, now))
    }

    /// Where the hour's count stands.
    pub fn usage(&self, level: UsageLevel, now: Instant) -> Usage {
        Usage {
            level,
            meter: "messages_per_hour".into(),
            used: self.this_hour,
            limit: self.plan.messages_per_hour,
            resets_at: self.resets_at(now),
        }
    }

    /// What the plan gives and what is used.
    pub fn quota(&self, now: Instant) -> Quota {
        Quota {
            plan: self.plan.key.clone(),
            messages_per_second: self.plan.messages_per_second,
            message_burst: self.plan.message_burst,
            bytes_per_second: self.plan.bytes_per_second,
            byte_burst: self.plan.byte_burst,
            messages_per_hour: self.plan.messages_per_hour,
            messages_this_hour: self.this_hour,
            hour_resets_at: self.resets_at(now),
        }
    }

    fn refuse(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.abuse_since) > ABUSE_WINDOW {
            (self.refused, self.abuse_since) = (0, now);
        }
        self.refused += 1;
        self.refused > ABUSE_LIMIT
    }

    fn turn_hour(&mut self, now: Instant) {
        if self
            .hour_began
            .is_some_and(|began| now.saturating_duration_since(began) >= HOUR)
        {
            (self.hour_began, self.this_hour, self.warned) = (None, 0, false);
        }
    }

    fn hour_left(&self, now: Instant) -> Duration {
        let began = self.hour_began.unwrap_or(now);
        HOUR.saturating_sub(now.saturating_duration_since(began))
    }

    fn resets_at(&self, now: Instant) -> Timestamp {
        Timestamp::now().plus_ms(self.hour_left(now).as_millis() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Plans;

    fn meter(change: impl FnOnce(&mut Plan), now: Instant) -> Meter {
        let plans = Plans::load("").expect("the built-in plans");
        let mut plan = (*plans.get("free").expect("free")).clone();
        change(&mut plan);
        Meter::new(Arc::new(plan), now)
    }

    const ONE: Charge = Charge {
        messages: 1,
        bytes: 100,
        hourly: true,
    };

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let now = Instant::now();
        let mut meter = meter(
            |plan| (plan.message_burst, plan.messages_per_second) = (5, 2),
            now,
        );
        for _ in 0..5 {
            assert_eq!(meter.charge(ONE, now), Ok(None));
        }
        let wait = Duration::from_millis(500);
        assert_eq!(
            meter.charge(ONE, now),
            Err(Excess::Rate {
                retry_after: wait,
                closing: false
            })
        );
        assert_eq!(meter.charge(ONE, now + wait), Ok(None));
    }

    #[test]
    fn bytes_are_limited_apart() {
        let now = Instant::now();
        let mut meter = meter(
            |plan| (plan.byte_burst, plan.bytes_per_second) = (250, 100),
            now,
        );
        assert!(meter.charge(ONE, now).is_ok());
        assert!(meter.charge(ONE, now).is_ok());
        let excess = meter.charge(ONE, now).expect_err("over");
        assert_eq!(
            excess,
            Excess::Rate {
                retry_after: Duration::from_millis(500),
                closing: false
            }
        );
    }

    #[test]
    fn the_hour_warns_at_80_percent_stops_at_100_and_begins_anew() {
        let now = Instant::now();
        let mut meter = meter(|plan| plan.messages_per_hour = 10, now);
        let levels: Vec<_> = (0..10)
            .map(|_| meter.charge(ONE, now).expect("within"))
            .collect();
        assert_eq!(levels.iter().flatten().count(), 1, "one warning");
        assert_eq!(
            levels[7].as_ref().map(|usage| (usage.level, usage.used)),
            Some((UsageLevel::Warn, 8))
        );
        assert!(matches!(meter.charge(ONE, now), Err(Excess::Hour { .. })));
        let reading = Charge {
            hourly: false,
            ..ONE
        };
        assert!(meter.charge(reading, now).is_ok(), "reading goes on");
        assert!(meter.charge(ONE, now + HOUR).is_ok(), "the next hour");
    }

    #[test]
    fn persistent_abuse_ends_the_connection() {
        let now = Instant::now();
        let mut meter = meter(
            |plan| (plan.message_burst, plan.messages_per_second) = (1, 1),
            now,
        );
        assert!(meter.charge(ONE, now).is_ok());
        let closing = |excess| matches!(excess, Err(Excess::Rate { closing: true, .. }));
        let refused: Vec<bool> = (0..=ABUSE_LIMIT)
            .map(|_| closing(meter.charge(ONE, now)))
            .collect();
        assert_eq!(refused.iter().filter(|closing| **closing).count(), 1);
        assert!(refused[ABUSE_LIMIT as usize]);
    }
}
