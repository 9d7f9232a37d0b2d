//! How many requests a caller may send: token buckets by key, by address, and for sign-ins by address.
//!
//! An address of IPv6 counts by its /64, which one customer has for itself. Buckets that are full again are thrown
//! away now and then, so that the memory stays bounded by the callers of the last seconds.

use crate::config::{Rate, ServeConfig};
use crate::problem::Refusal;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// After how many checks full buckets are thrown away.
const SWEEP: u32 = 4_096;

pub(crate) struct Rates {
    keys: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    sign_ins: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    checks: AtomicU32,
}

fn quota(rate: Rate) -> Quota {
    let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(rate.per_second)).allow_burst(at_least_one(rate.burst))
}

/// The part of an address that one caller has for itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

impl Rates {
    pub(crate) fn new(config: &ServeConfig) -> Self {
        Self {
            keys: RateLimiter::dashmap(quota(config.per_key)),
            addresses: RateLimiter::dashmap(quota(config.per_address)),
            sign_ins: RateLimiter::dashmap(quota(config.sign_ins)),
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    pub(crate) fn key(&self, id: &str) -> Result<(), Refusal> {
        self.sweep();
        self.keys.check_key(&id.to_owned()).map_err(|not_until| {
            self.refusal("this key sends too many requests", not_until.wait_time_from(self.clock.now()))
        })
    }

    pub(crate) fn address(&self, address: IpAddr) -> Result<(), Refusal> {
        self.sweep();
        self.addresses.check_key(&network(address)).map_err(|not_until| {
            self.refusal("too many requests from this address", not_until.wait_time_from(self.clock.now()))
        })
    }

    pub(crate) fn sign_in(&self, address: IpAddr) -> Result<(), Refusal> {
        self.sign_ins.check_key(&network(address)).map_err(|not_until| {
            self.refusal("too many sign-ins from this address", not_until.wait_time_from(self.clock.now()))
        })
    }

    fn refusal(&self, detail: &str, wait: Duration) -> Refusal {
        Refusal::too_many(detail, wait)
    }

    fn sweep(&self) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.keys.retain_recent();
            self.addresses.retain_recent();
            self.sign_ins.retain_recent();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_is_told_to_wait() {
        let rate = Rate { per_second: 1, burst: 3 };
        let rates = Rates::new(&ServeConfig { per_key: rate, per_address: rate, ..ServeConfig::default() });
        for _ in 0..3 {
            assert!(rates.key("one").is_ok());
        }
        assert!(rates.key("one").is_err());
        assert!(rates.key("two").is_ok(), "each key has its own");
        let (a, b) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        for _ in 0..3 {
            assert!(rates.address(a).is_ok());
        }
        assert!(rates.address(b).is_err(), "one network is one caller");
        assert!(rates.address("::ffff:10.0.0.1".parse().unwrap()).is_ok());
    }
}
