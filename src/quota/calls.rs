//! Calls of the API by one caller: a bucket that fills evenly, shared by all nodes through Redis.
//!
//! A bucket is one number, the time at which it is full again (GCRA). While Redis is away a node goes by
//! its own buckets, which are its share of what the plan allows. Callers that are not known are counted by
//! address, by each node for itself: they cannot make work for Redis.

use crate::link::{Error, Link};
use dashmap::DashMap;
use redis::Script;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Buckets that are kept; one that is full again is forgotten first.
const MAX_BUCKETS: usize = 100_000;
const MINUTE_NS: u64 = 60_000_000_000;

/// The same as [`Rate::take`], in microseconds of Redis' own clock.
const TAKE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or now)
if full < now then full = now end
if full + each - now > most then return {0, string.format('%.0f', full - now)} end
full = full + each
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
return {1, string.format('%.0f', full - now)}
";

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A person or a key.
    Known(Uuid),
    /// Anybody from this address; of IPv6, from its /64.
    Address(IpAddr),
    /// Anybody from an address for which there is no room.
    Crowd,
}

/// How fast calls may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Sustained.
    pub per_minute: u32,
    /// At once.
    pub burst: u32,
}

/// Where a caller stands after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the call may go on.
    pub allowed: bool,
    /// Calls at once.
    pub burst: u32,
    /// How long an empty bucket takes to fill.
    pub window: Duration,
    /// Calls that may follow at once.
    pub remaining: u32,
    /// After a refusal, when the next call may come; else when the bucket is full again.
    pub reset: Duration,
}

impl Rate {
    fn each_ns(self) -> u64 {
        MINUTE_NS / u64::from(self.per_minute.max(1))
    }

    fn most_ns(self) -> u64 {
        self.each_ns() * u64::from(self.burst.max(1))
    }

    /// Takes a call out of the bucket that is full again at `full_at`, if there is one in it.
    fn take(self, full_at: &mut u64, now: u64) -> Standing {
        let full = (*full_at).max(now);
        let allowed = full + self.each_ns() - now <= self.most_ns();
        if allowed {
            *full_at = full + self.each_ns();
        }
        self.standing(allowed, (*full_at).max(now) - now)
    }

    fn standing(self, allowed: bool, missing_ns: u64) -> Standing {
        let (each, most) = (self.each_ns().max(1), self.most_ns());
        let remaining = (most.saturating_sub(missing_ns) / each).min(u64::from(self.burst));
        let wait = match allowed {
            true => missing_ns,
            false => (missing_ns + each).saturating_sub(most),
        };
        Standing {
            allowed,
            burst: self.burst,
            window: Duration::from_nanos(most),
            remaining: if allowed { remaining as u32 } else { 0 },
            reset: Duration::from_nanos(wait),
        }
    }

    /// What one of so many nodes may let through by itself.
    fn share(self, nodes: usize) -> Self {
        let nodes = u32::try_from(nodes).unwrap_or(u32::MAX).max(1);
        Self {
            per_minute: (self.per_minute / nodes).max(1),
            burst: self.burst.div_ceil(nodes),
        }
    }
}

/// A cheap handle; see the module.
#[derive(Clone)]
pub struct Calls(Arc<Inner>);

struct Inner {
    link: Option<Link>,
    start: Instant,
    full_at: DashMap<Caller, u64>,
}

impl Default for Calls {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Calls {
    /// Buckets of nodes that share this Redis, or of one.
    pub fn new(link: Option<Link>) -> Self {
        Self(Arc::new(Inner {
            link,
            start: Instant::now(),
            full_at: DashMap::new(),
        }))
    }

    /// Counts a call, unless it is one too many.
    pub async fn take(&self, caller: Caller, rate: Rate) -> Standing {
        match (&self.0.link, caller) {
            (Some(link), Caller::Known(id)) => match self.ask(link, id, rate).await {
                Ok(standing) => standing,
                Err(_) => self.take_here(caller, rate.share(link.nodes())),
            },
            _ => self.take_here(caller, rate),
        }
    }

    /// The same by this node alone.
    pub fn take_here(&self, caller: Caller, rate: Rate) -> Standing {
        let now = u64::try_from(self.0.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let mut caller = network(caller);
        if self.0.full_at.len() >= MAX_BUCKETS && !self.0.full_at.contains_key(&caller) {
            self.forget(now);
            if self.0.full_at.len() >= MAX_BUCKETS && matches!(caller, Caller::Address(_)) {
                caller = Caller::Crowd;
            }
        }
        let mut full_at = self.0.full_at.entry(caller).or_insert(now);
        rate.take(&mut full_at, now)
    }

    /// Forgets the buckets that are full again.
    fn forget(&self, now: u64) {
        self.0.full_at.retain(|_, full_at| *full_at > now);
    }

    async fn ask(&self, link: &Link, id: Uuid, rate: Rate) -> Result<Standing, Error> {
        let script = Script::new(TAKE);
        let mut call = script.key(link.key(&["calls", &id.to_string()]));
        // Whole microseconds: a bucket holds exactly its burst.
        let each = (rate.each_ns() / 1000).max(1);
        call.arg(each).arg(each * u64::from(rate.burst.max(1)));
        let (allowed, missing): (i64, f64) = link
            .ask(async |redis| call.invoke_async(redis).await)
            .await?;
        Ok(rate.standing(allowed == 1, (missing.max(0.0) * 1000.0) as u64))
    }
}

/// Who holds one IPv6 address holds its /64.
fn network(caller: Caller) -> Caller {
    let Caller::Address(address) = caller else {
        return caller;
    };
    Caller::Address(match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        address => address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const RATE: Rate = Rate {
        per_minute: 60,
        burst: 10,
    };

    #[test]
    fn a_burst_passes_and_then_one_a_second() {
        let mut full_at = 0;
        for left in (0..10).rev() {
            let standing = RATE.take(&mut full_at, 5 * SECOND);
            assert_eq!((standing.allowed, standing.remaining), (true, left));
        }
        let refused = RATE.take(&mut full_at, 5 * SECOND);
        assert_eq!((refused.allowed, refused.remaining), (false, 0));
        assert_eq!(refused.reset, Duration::from_secs(1));
        assert!(RATE.take(&mut full_at, 6 * SECOND).allowed);
        assert!(!RATE.take(&mut full_at, 6 * SECOND).allowed);
        let full = RATE.take(&mut full_at, 60 * SECOND);
        assert_eq!((full.remaining, full.window), (9, Duration::from_secs(10)));
    }

    #[tokio::test]
    async fn callers_do_not_share_buckets_but_a_network_does() {
        let (calls, one) = (
            Calls::default(),
            Rate {
                per_minute: 1,
                burst: 1,
            },
        );
        for id in 0..3 {
            let caller = Caller::Known(Uuid::from_u128(id));
            assert!(calls.take(caller, one).await.allowed);
            assert!(!calls.take(caller, one).await.allowed);
        }
        let from = |text: &str| Caller::Address(text.parse().expect("an address"));
        assert!(calls.take(from("2001:db8::1"), one).await.allowed);
        assert!(!calls.take(from("2001:db8::2"), one).await.allowed);
        assert!(calls.take(from("192.0.2.1"), one).await.allowed);
        assert!(!calls.take(from("::ffff:192.0.2.1"), one).await.allowed);
    }

    #[test]
    fn no_limit_is_no_limit() {
        let (calls, rate) = (
            Calls::default(),
            Rate {
                per_minute: u32::MAX,
                burst: u32::MAX,
            },
        );
        for _ in 0..1000 {
            assert!(calls.take_here(Caller::Crowd, rate).allowed);
        }
    }
}
