//! A constant rate: what is sent when, whatever the hub does meanwhile (no coordinated omission).

use crate::tally::Clock;

/// Sends at most this many in a row before sockets are read again.
const BURST: u64 = 256;

/// Calls `send` with the number and the intended time of every message that is due from `begin` until
/// before `end`, at `rate` a second. A late start of a message does not move its intended time.
pub async fn run(clock: Clock, rate: f64, begin: u64, end: u64, mut send: impl FnMut(u64, u64)) {
    let due = |number: u64| begin + (number as f64 * 1e6 / rate) as u64;
    let mut number = 0;
    while due(number) < end {
        tokio::time::sleep_until(clock.at(due(number))).await;
        let now = clock.us();
        let burst = number + BURST;
        while number < burst && due(number) <= now.min(end.saturating_sub(1)) {
            send(number, due(number));
            number += 1;
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn intended_times_are_even_and_none_is_left_out() {
        let clock = Clock::start();
        let mut times = Vec::new();
        run(clock, 10_000.0, 0, 5_000, |number, at| {
            times.push((number, at))
        })
        .await;
        let expected: Vec<_> = (0..50).map(|number| (number, number * 100)).collect();
        assert_eq!(times, expected);
    }
}
