//! How lively the bots are. After the start, and after somebody came or wrote, they keep people company; a
//! demo that is left alone grows calm, so that its database hardly grows.

use std::ops::Range;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The first glance at a new hub should meet something.
const OPENING: Duration = Duration::from_secs(20);
const LIVELY: Duration = Duration::from_secs(10 * 60);
const CALM: Duration = Duration::from_secs(60 * 60);

/// Cheap to clone; all clones keep the same pace.
#[derive(Clone, Debug)]
pub struct Pace {
    started: Instant,
    /// When somebody last came or wrote.
    company: watch::Sender<Instant>,
}

impl Pace {
    /// Begins now.
    pub fn start() -> Self {
        let started = Instant::now();
        Self {
            started,
            company: watch::Sender::new(started),
        }
    }

    /// Somebody is here.
    pub fn liven(&self) {
        self.company.send_replace(Instant::now());
    }

    /// Waits for about so many seconds, or longer when nobody has been here for a while.
    pub async fn rest(&self, seconds: Range<f64>) {
        let begun = Instant::now();
        let length = Duration::from_secs_f64(rand::random_range(seconds));
        let mut company = self.company.subscribe();
        loop {
            let end = begun + length.mul_f64(self.stretch());
            tokio::select! {
                () = tokio::time::sleep_until(end) => return,
                // Cannot fail: this holds the sender.
                _ = company.changed() => {}
            }
        }
    }

    fn stretch(&self) -> f64 {
        stretch(self.started.elapsed(), self.company.borrow().elapsed())
    }
}

/// How much longer a rest is, so long after the start and with nobody there for so long.
fn stretch(age: Duration, alone: Duration) -> f64 {
    match alone {
        _ if age < OPENING => 0.4,
        _ if alone < LIVELY => 1.0,
        _ if alone < CALM => 5.0,
        _ => 30.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_while_nobody_is_there() {
        let day = Duration::from_secs(86_400);
        let rests = [Duration::ZERO, LIVELY, CALM].map(|alone| stretch(day, alone));
        assert_eq!(rests, [1.0, 5.0, 30.0]);
        assert!(stretch(Duration::ZERO, Duration::ZERO) < 1.0);
    }
}
