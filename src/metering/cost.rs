//! What a month costs: the plan's price, and what lies beyond its limits where the plan sells that.

use super::{Month, Used};
use crate::config::{Beyond, Plan};

const GIB: u64 = 1 << 30;

/// In US cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The plan's price.
    pub price: u64,
    /// What lies beyond the limits up to now.
    pub overage: u64,
    /// Price and overage at the month's end, when it goes on as it went up to now.
    pub projected: u64,
}

/// The cost of what was used in this month. Units begun are charged in part; cents are rounded up.
pub fn cost(plan: &Plan, used: &Used, month: &Month) -> Cost {
    let price = u64::from(plan.price_usd_per_month) * 100;
    let overage = overage(plan, used);
    let ahead = |amount: u64| {
        // In the first hour hardly anything can be said: it counts as an hour.
        let passed = month.passed_ms.max(3_600_000) as u128;
        let whole = u128::from(amount) * month.length_ms.max(1) as u128 / passed;
        u64::try_from(whole).unwrap_or(u64::MAX).max(amount)
    };
    let projected = Used {
        messages: ahead(used.messages),
        agent_ms: ahead(used.agent_ms),
        api_calls: ahead(used.api_calls),
        // What is stored is a level, not a flow.
        stored_bytes: used.stored_bytes,
    };
    Cost {
        price,
        overage,
        projected: price + self::overage(plan, &projected),
    }
}

fn overage(plan: &Plan, used: &Used) -> u64 {
    if plan.beyond == Beyond::Stop {
        return 0;
    }
    let beyond = |used: u64, allowed: u64, unit: u64, cents: u32| {
        let over = u128::from(used.saturating_sub(allowed));
        (over * u128::from(cents)).div_ceil(u128::from(unit))
    };
    let cents = beyond(
        used.agent_minutes(),
        plan.agent_minutes_per_month,
        1000,
        plan.overage_cents_agent_minutes,
    ) + beyond(
        used.api_calls,
        plan.api_calls_per_month,
        1000,
        plan.overage_cents_api_calls,
    ) + beyond(
        used.messages,
        plan.messages_per_month,
        1000,
        plan.overage_cents_messages,
    ) + beyond(
        used.stored_bytes,
        plan.stored_bytes,
        GIB,
        plan.overage_cents_stored_gib,
    );
    u64::try_from(cents).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Plans;

    fn month(text: &str) -> Month {
        Month::of(text.parse().expect("a time"))
    }

    #[test]
    fn half_a_month_is_projected_to_its_double() {
        let plans = Plans::load("").expect("built in");
        let starter = plans.get("starter").expect("built in");
        let used = Used {
            messages: starter.messages_per_month,
            ..Used::default()
        };
        let cost = cost(&starter, &used, &month("2026-11-16T00:00:00Z"));
        let beyond = starter.messages_per_month / 1000 * u64::from(starter.overage_cents_messages);
        assert_eq!((cost.price, cost.overage), (4_900, 0));
        assert_eq!(cost.projected, 4_900 + beyond);
    }

    #[test]
    fn a_plan_that_stops_costs_its_price_and_parts_are_rounded_up() {
        let plans = Plans::load("").expect("built in");
        let used = Used {
            agent_ms: u64::MAX / 2,
            messages: u64::MAX / 2,
            api_calls: 10_000_001,
            stored_bytes: 0,
        };
        let free = plans.get("free").expect("built in");
        assert_eq!(
            cost(&free, &used, &month("2026-11-01T00:00:00Z")),
            Cost::default()
        );
        let starter = plans.get("starter").expect("built in");
        let one = Used {
            api_calls: 10_000_001,
            ..Used::default()
        };
        assert_eq!(
            cost(&starter, &one, &month("2026-11-30T00:00:00Z")).overage,
            1
        );
        assert!(cost(&starter, &used, &month("2026-11-01T00:00:00Z")).projected > 0);
    }
}
