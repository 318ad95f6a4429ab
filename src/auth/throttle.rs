//! Slows guessing: by account and address together, and by address. An account alone is never
//! slowed, so nobody can lock its owner out from elsewhere.

use super::Error;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::{num::NonZeroU32, time::Duration};

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Attempts in a window on one account from one address.
const PER_ACCOUNT: u32 = 10;
/// Attempts in a window from one address.
const PER_ADDRESS: u32 = 100;
/// Keys are counted in this many boxes each, chosen by a keyed hash: memory has a bound, and which
/// box is whose cannot be known.
const BOXES: u64 = 1 << 16;

pub(super) struct Throttle {
    hasher: RandomState,
    accounts: DefaultKeyedRateLimiter<u64>,
    addresses: DefaultKeyedRateLimiter<u64>,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            accounts: limiter(PER_ACCOUNT),
            addresses: limiter(PER_ADDRESS),
        }
    }

    /// Counts an attempt from an address.
    pub(super) fn address(&self, address: IpAddr) -> Result<(), Error> {
        check(&self.addresses, self.hasher.hash_one(network(address)))
    }

    /// Counts an attempt on an account from an address.
    pub(super) fn account(&self, account: &str, address: IpAddr) -> Result<(), Error> {
        let key = self.hasher.hash_one((account, network(address)));
        check(&self.accounts, key)
    }
}

fn limiter(attempts: u32) -> DefaultKeyedRateLimiter<u64> {
    let burst = NonZeroU32::new(attempts).expect("attempts are counted from one");
    let quota = Quota::with_period(WINDOW / attempts).expect("the window is not empty");
    RateLimiter::keyed(quota.allow_burst(burst))
}

fn check(limiter: &DefaultKeyedRateLimiter<u64>, hash: u64) -> Result<(), Error> {
    limiter.check_key(&(hash % BOXES)).map_err(|not_until| {
        Error::Throttled(not_until.wait_time_from(DefaultClock::default().now()))
    })
}

/// Who holds one IPv6 address holds its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn guessing_is_slowed_where_it_comes_from() {
        let throttle = Throttle::new();
        for _ in 0..PER_ACCOUNT {
            throttle
                .account("ann@example.com", ip("192.0.2.1"))
                .expect("free");
        }
        let refused = throttle.account("ann@example.com", ip("192.0.2.1"));
        assert!(matches!(refused, Err(Error::Throttled(wait)) if wait <= WINDOW / PER_ACCOUNT));
        throttle
            .account("ann@example.com", ip("192.0.2.2"))
            .expect("the owner elsewhere");
        throttle
            .account("bob@example.com", ip("192.0.2.1"))
            .expect("another account");
    }

    #[test]
    fn one_password_on_many_accounts_is_slowed() {
        let throttle = Throttle::new();
        let refused = (0..=PER_ADDRESS).find(|_| throttle.address(ip("192.0.2.1")).is_err());
        assert_eq!(refused, Some(PER_ADDRESS));
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(network(ip("2001:db8::1")), network(ip("2001:db8::ffff")));
        assert_ne!(network(ip("2001:db8::1")), network(ip("2001:db8:0:1::1")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
