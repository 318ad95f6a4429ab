//! The window that is billed: a month of the calendar, in UTC.

use generic_corp_protocol::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A month, and how much of it has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// As `2026-11`.
    pub name: String,
    /// Its first day, as `2026-11-01`.
    pub first_day: String,
    /// When the next one begins.
    pub ends_at: Timestamp,
    /// Milliseconds that have passed.
    pub passed_ms: i64,
    /// Milliseconds that it has.
    pub length_ms: i64,
}

impl Month {
    /// The month of a time; the first of all for one that no calendar has.
    pub fn of(time: Timestamp) -> Self {
        let date = jiff::Timestamp::from_millisecond(time.0)
            .map(|time| time.to_zoned(TimeZone::UTC).date())
            .unwrap_or_default();
        let first = date.first_of_month();
        let next = date.last_of_month().tomorrow().unwrap_or(first);
        let (begins, ends) = (midnight(first), midnight(next));
        Self {
            name: first.strftime("%Y-%m").to_string(),
            first_day: first.to_string(),
            ends_at: Timestamp(ends),
            passed_ms: time.0 - begins,
            length_ms: ends - begins,
        }
    }
}

fn midnight(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC)
        .map_or(0, |time| time.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Month {
        Month::of(text.parse().expect("a time"))
    }

    #[test]
    fn months_begin_and_end_at_midnight_utc() {
        let november = of("2026-11-30T23:59:59.999Z");
        assert_eq!(
            (&*november.name, &*november.first_day),
            ("2026-11", "2026-11-01")
        );
        assert_eq!(november.length_ms, 30 * 86_400_000);
        assert_eq!(november.length_ms - november.passed_ms, 1);
        let december = of("2026-12-01T00:00:00Z");
        assert_eq!((&*december.name, december.passed_ms), ("2026-12", 0));
        assert_eq!(november.ends_at.to_string()[..10], *"2026-12-01");
        assert_eq!(of("2028-02-10T00:00:00Z").length_ms, 29 * 86_400_000);
    }
}
