//! Counts and latencies of a run, in all and second by second.

use hdrhistogram::Histogram;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// An hour in microseconds: what takes longer counts as that long.
const MAX_US: u64 = 3_600_000_000;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latency {
    /// From the first packet to the welcome.
    Connect,
    /// From the intended time of a publish to its ack.
    Ack,
    /// From the intended time of a publish to each viewer.
    Delivery,
    /// The same before a fault is planted.
    Baseline,
    /// From the intended time of an append to its ack.
    Append,
    /// From the intended time of an append to each follower.
    Stream,
    /// From a cut to the moment the viewer has all it missed.
    Resume,
    /// From reading on to the moment the viewer has all it missed.
    CatchUp,
}

impl Latency {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 8] = [
        Self::Connect,
        Self::Ack,
        Self::Delivery,
        Self::Baseline,
        Self::Append,
        Self::Stream,
        Self::Resume,
        Self::CatchUp,
    ];

    /// Its name in metrics and thresholds.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Ack => "ack",
            Self::Delivery => "delivery",
            Self::Baseline => "delivery_before",
            Self::Append => "append",
            Self::Stream => "stream",
            Self::Resume => "resume",
            Self::CatchUp => "catch_up",
        }
    }
}

/// Microseconds since the run began.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// The run begins.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Now.
    pub fn us(self) -> u64 {
        self.0.elapsed().as_micros() as u64
    }

    /// That moment.
    pub fn at(self, us: u64) -> tokio::time::Instant {
        (self.0 + Duration::from_micros(us)).into()
    }
}

/// One second of a run.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Sample {
    /// When it ended, in seconds since sending began.
    pub second: f64,
    /// Publishes and appends.
    pub sent_per_second: f64,
    /// Events and pieces of streams that viewers got.
    pub delivered_per_second: f64,
    /// Latencies in milliseconds: of deliveries, or of what this run has instead.
    pub p50_ms: Option<f64>,
    /// See `p50_ms`.
    pub p99_ms: Option<f64>,
    /// The private hub's resident memory in bytes.
    pub hub_resident_bytes: Option<u64>,
}

/// See the module.
pub struct Tally {
    /// The clock of the run.
    pub clock: Clock,
    /// Publishes and appends that were sent.
    pub sent: Cell<u64>,
    /// Publishes and appends that were acked.
    pub acked: Cell<u64>,
    /// Events and pieces of streams that viewers got.
    pub delivered: Cell<u64>,
    /// Bytes that came, frames' headers not counted.
    pub bytes: Cell<u64>,
    /// Whether deliveries count as [`Latency::Baseline`].
    pub baseline: Cell<bool>,
    errors: RefCell<BTreeMap<String, u64>>,
    latencies: RefCell<Vec<Histogram<u64>>>,
    second: RefCell<Second>,
    samples: RefCell<Vec<Sample>>,
}

struct Second {
    shown: Latency,
    latency: Histogram<u64>,
    sent: u64,
    delivered: u64,
    ended: f64,
}

/// Microseconds up to an hour, to so many digits.
pub fn histogram(digits: u8) -> Histogram<u64> {
    let made = Histogram::new_with_bounds(1, MAX_US, digits);
    made.unwrap_or_else(|_| unreachable!("the bounds are sound"))
}

impl Tally {
    /// Nothing yet. `shown` is what the second-by-second series shows.
    pub fn new(clock: Clock, shown: Latency) -> Self {
        let second = Second {
            shown,
            latency: histogram(2),
            sent: 0,
            delivered: 0,
            ended: 0.0,
        };
        Self {
            clock,
            sent: Cell::new(0),
            acked: Cell::new(0),
            delivered: Cell::new(0),
            bytes: Cell::new(0),
            baseline: Cell::new(false),
            errors: RefCell::default(),
            latencies: RefCell::new(Latency::ALL.map(|_| histogram(3)).into()),
            second: RefCell::new(second),
            samples: RefCell::default(),
        }
    }

    /// Something took from `from` until now.
    pub fn took(&self, what: Latency, from: u64) {
        let what = match what {
            Latency::Delivery if self.baseline.get() => Latency::Baseline,
            what => what,
        };
        let us = self.clock.us().saturating_sub(from);
        self.latencies.borrow_mut()[what as usize].saturating_record(us);
        let mut second = self.second.borrow_mut();
        if second.shown == what {
            second.latency.saturating_record(us);
        }
    }

    /// Something went wrong; `code` says what.
    pub fn error(&self, code: impl Into<String>) {
        *self.errors.borrow_mut().entry(code.into()).or_default() += 1;
    }

    /// What the series shows.
    pub fn shown(&self) -> Latency {
        self.second.borrow().shown
    }

    /// What went wrong, by code.
    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.errors.borrow().clone()
    }

    /// A latency in all.
    pub fn latency(&self, what: Latency) -> Histogram<u64> {
        self.latencies.borrow()[what as usize].clone()
    }

    /// A latency since it was last taken.
    pub fn take(&self, what: Latency) -> Histogram<u64> {
        std::mem::replace(
            &mut self.latencies.borrow_mut()[what as usize],
            histogram(3),
        )
    }

    /// Ends a second of the series.
    pub fn sample(&self, second: f64, hub_resident_bytes: Option<u64>) -> Sample {
        let mut last = self.second.borrow_mut();
        let (sent, delivered) = (self.sent.get(), self.delivered.get());
        let quantile =
            |q| (!last.latency.is_empty()).then(|| last.latency.value_at_quantile(q) as f64 / 1e3);
        let rate = |count: u64| count as f64 / (second - last.ended).max(0.001);
        let sample = Sample {
            second,
            sent_per_second: rate(sent - last.sent),
            delivered_per_second: rate(delivered - last.delivered),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            hub_resident_bytes,
        };
        (last.sent, last.delivered, last.ended) = (sent, delivered, second);
        last.latency.reset();
        self.samples.borrow_mut().push(sample.clone());
        sample
    }

    /// The series.
    pub fn samples(&self) -> Vec<Sample> {
        self.samples.borrow().clone()
    }
}

/// Adds to a counter.
pub fn add(counter: &Cell<u64>, amount: u64) {
    counter.set(counter.get() + amount);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_what_came_in_it() {
        let tally = Tally::new(Clock::start(), Latency::Ack);
        add(&tally.sent, 3);
        tally.took(Latency::Ack, 0);
        tally.took(Latency::Delivery, 0);
        let first = tally.sample(1.0, None);
        assert_eq!((first.sent_per_second, first.p50_ms.is_some()), (3.0, true));
        let second = tally.sample(2.0, None);
        assert_eq!((second.sent_per_second, second.p50_ms), (0.0, None));
        assert_eq!(
            (
                tally.latency(Latency::Ack).len(),
                tally.latency(Latency::Connect).len()
            ),
            (1, 0)
        );
    }

    #[test]
    fn before_the_fault_deliveries_count_apart() {
        let tally = Tally::new(Clock::start(), Latency::Delivery);
        tally.baseline.set(true);
        tally.took(Latency::Delivery, 0);
        tally.baseline.set(false);
        tally.took(Latency::Delivery, 0);
        assert_eq!(
            (
                tally.latency(Latency::Baseline).len(),
                tally.latency(Latency::Delivery).len()
            ),
            (1, 1)
        );
    }
}
