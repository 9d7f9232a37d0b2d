//! What people did in the last minutes, so that an event changes the next answer.
//!
//! Whoever takes events in calls [`Recent::note`] under each name that the person is known by: shopper, visitor or
//! session. It is memory and nothing else: the journal keeps events, a restart forgets what was only here. Bounded: so
//! many people, so many events each; who was idle longest goes first. Names go to one of [`SHARDS`] maps, so that
//! writers seldom wait for each other.
//! Products are kept by code, not by number: a snapshot that comes meanwhile counts anew.

use domain::Kind;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;

/// How much is remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecentParams {
    /// People, all together.
    pub(crate) people: usize,
    /// Events of one of them.
    pub(crate) events: usize,
    /// Milliseconds of silence after which a session is over.
    pub(crate) idle_ms: i64,
}

impl Default for RecentParams {
    fn default() -> Self {
        // The session of tracking ends after 30 minutes as well.
        Self { people: 200_000, events: 30, idle_ms: 30 * 60 * 1_000 }
    }
}

/// One event, oldest first in a trail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Noted {
    pub(crate) product: Box<str>,
    pub(crate) kind: Kind,
}

#[derive(Default)]
struct Trail {
    events: VecDeque<(i64, Noted)>,
    last: i64,
}

/// The people of the last minutes.
pub(crate) struct Recent {
    params: RecentParams,
    hasher: RandomState,
    shards: [Mutex<HashMap<String, Trail>>; SHARDS],
}

impl Recent {
    pub(crate) fn new(params: RecentParams) -> Self {
        Self { params, hasher: RandomState::new(), shards: std::array::from_fn(|_| Mutex::default()) }
    }

    fn shard(&self, who: &str) -> MutexGuard<'_, HashMap<String, Trail>> {
        let at = self.hasher.hash_one(who) as usize % SHARDS;
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event; `at` in milliseconds of the server's clock. Late ones go where they belong.
    pub(crate) fn note(&self, who: &str, product: &str, kind: Kind, at: i64) {
        let mut shard = self.shard(who);
        let most = (self.params.people / SHARDS).max(1);
        if shard.len() >= most && !shard.contains_key(who) {
            make_room(&mut shard, at - self.params.idle_ms);
        }
        let trail = shard.entry(who.to_owned()).or_default();
        let place = trail.events.partition_point(|(before, _)| *before <= at);
        trail.events.insert(place, (at, Noted { product: product.into(), kind }));
        if trail.events.len() > self.params.events {
            trail.events.pop_front();
        }
        trail.last = trail.last.max(at);
    }

    /// What somebody did in the session that is still on at `now`, oldest first.
    pub(crate) fn of(&self, who: &str, now: i64) -> Vec<(i64, Noted)> {
        let shard = self.shard(who);
        let Some(trail) = shard.get(who).filter(|trail| now - trail.last <= self.params.idle_ms) else {
            return Vec::new();
        };
        trail.events.iter().cloned().collect()
    }

    /// Forgets somebody, by each name.
    pub(crate) fn forget(&self, who: &str) {
        self.shard(who).remove(who);
    }

    /// People that are remembered.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|s| s.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }
}

/// Drops who was silent since `before`; where nobody was, the tenth that was silent longest.
fn make_room(shard: &mut HashMap<String, Trail>, before: i64) {
    let full = shard.len();
    shard.retain(|_, trail| trail.last >= before);
    if shard.len() < full {
        return;
    }
    let mut lasts: Vec<i64> = shard.values().map(|trail| trail.last).collect();
    let (_, &mut limit, _) = lasts.select_nth_unstable(full / 10);
    shard.retain(|_, trail| trail.last > limit);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn products(recent: &Recent, who: &str, now: i64) -> Vec<String> {
        recent.of(who, now).into_iter().map(|(_, noted)| noted.product.into()).collect()
    }

    #[test]
    fn events_come_back_in_the_order_in_which_they_happened_until_the_session_is_over() {
        let recent = Recent::new(RecentParams { people: 16, events: 2, idle_ms: 100 });
        for (product, at) in [("b", 20), ("c", 30), ("a", 10)] {
            recent.note("anna", product, Kind::View, at);
        }
        assert_eq!(products(&recent, "anna", 130), ["b", "c"], "two are kept, the late one is the oldest");
        assert!(products(&recent, "anna", 131).is_empty());
        assert!(products(&recent, "bert", 30).is_empty());
        recent.forget("anna");
        assert_eq!(recent.len(), 0);
    }

    #[test]
    fn memory_is_bounded_and_the_longest_silent_go_first() {
        let recent = Recent::new(RecentParams { people: 16 * 20, events: 5, idle_ms: 1_000_000 });
        for s in 0..5_000 {
            recent.note(&format!("s{s}"), "a", Kind::View, s);
        }
        assert!(recent.len() <= 16 * 20, "{}", recent.len());
        assert_eq!(products(&recent, "s4999", 5_000), ["a"]);
        assert!(products(&recent, "s0", 5_000).is_empty());
    }
}
