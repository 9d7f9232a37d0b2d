//! The last steps of one identifier, in the order in which they happened.
//!
//! A step belongs where its time says, whenever it comes; one that is there already is not added again. The newest `limit`
//! steps are kept: which these are does not hang on the order in which they came, so neither does anything computed from
//! them. What is older than all of them when it comes late is told as such.

use super::bounded::text_bytes;
use crate::event::{Item, Millis, ShopEvent};
use crate::time::Micros;
use crate::vocabulary::Deed;

/// Something a visitor did, as much of it as is needed later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Micros,
    /// 128 bits of the hash of the event's identifier: what tells two steps of one instant apart.
    pub key: u128,
    /// What.
    pub deed: Deed,
    /// On which page.
    pub url: Option<String>,
    /// With which products.
    pub items: Vec<Item>,
    /// Which cart.
    pub cart_id: Option<String>,
    /// Which order.
    pub order_id: Option<String>,
    /// For how long the page was looked at since the last time this was said.
    pub engaged_ms: Option<Millis>,
}

impl Step {
    /// Of an event.
    pub fn of(event: &ShopEvent, key: u128) -> Self {
        Self {
            at: event.at,
            key,
            deed: event.deed,
            url: event.url.clone(),
            items: event.items.clone(),
            cart_id: event.cart_id.clone(),
            order_id: event.order_id.clone(),
            engaged_ms: event.engaged_ms,
        }
    }

    /// Bytes that it points to.
    fn heap(&self) -> usize {
        let texts = [&self.url, &self.cart_id, &self.order_id].into_iter().flatten();
        let item = |item: &Item| {
            size_of::<Item>() + [&item.code, &item.currency].into_iter().flatten().map(|t| text_bytes(t)).sum::<usize>()
        };
        texts.map(|text| text_bytes(text)).sum::<usize>() + self.items.iter().map(item).sum::<usize>()
    }
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// It is in its place.
    InPlace,
    /// It was there.
    Repeat,
    /// It is older than all that is kept, and the timeline is full.
    TooLate,
}

/// Steps in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    steps: Vec<Step>,
    /// Steps up to here were dropped.
    floor: Option<(Micros, u128)>,
    /// Bytes that the steps point to.
    heap: usize,
}

impl Timeline {
    /// The steps that are kept, the oldest first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Bytes of all steps.
    pub(crate) fn bytes(&self) -> usize {
        self.heap + self.steps.capacity() * size_of::<Step>()
    }

    pub(crate) fn insert(&mut self, step: Step, limit: usize) -> Inserted {
        let place = (step.at, step.key);
        if self.floor.is_some_and(|floor| place <= floor) {
            return Inserted::TooLate;
        }
        // Nearly always the newest.
        let at = self.steps.partition_point(|s| (s.at, s.key) < place);
        if self.steps.get(at).is_some_and(|s| (s.at, s.key) == place) {
            return Inserted::Repeat;
        }
        self.heap += step.heap();
        self.steps.insert(at, step);
        if self.steps.len() > limit.max(1) {
            let dropped = self.steps.remove(0);
            self.heap -= dropped.heap();
            let floor = (dropped.at, dropped.key);
            self.floor = Some(floor);
            if floor == place {
                return Inserted::TooLate;
            }
        }
        Inserted::InPlace
    }

    /// The steps of several timelines in one order.
    pub(crate) fn merged<'t>(parts: impl Iterator<Item = &'t Step>) -> Vec<Step> {
        let mut steps: Vec<Step> = parts.cloned().collect();
        steps.sort_by_key(|s| (s.at, s.key));
        steps.dedup_by_key(|s| (s.at, s.key));
        steps
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A step for tests: at so many seconds, this deed with this product and quantity.
    pub(crate) fn step(second: i64, deed: Deed, code: &str, quantity: Option<i64>) -> Step {
        let items = if code.is_empty() {
            Vec::new()
        } else {
            vec![Item { code: Some(code.into()), quantity, price: None, currency: None }]
        };
        Step { at: second * 1_000_000, key: 0, deed, url: None, items, cart_id: None, order_id: None, engaged_ms: None }
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_gives_the_same_timeline(
            seconds in prop::collection::vec(0_i64..40, 1..60), limit in 1_usize..30, seed in any::<u64>(),
        ) {
            let steps: Vec<Step> = seconds.iter().enumerate().map(|(i, s)| Step {
                key: i as u128, ..step(*s, Deed::PageViewed, "", None)
            }).collect();
            let mut sorted = steps.clone();
            sorted.sort_by_key(|s| (s.at, s.key));
            let mut shuffled = steps;
            // A shuffle from the seed, and one step twice.
            shuffled.sort_by_key(|s| (s.key as u64 + 1).wrapping_mul(seed | 1).rotate_left(17));
            shuffled.push(shuffled[0].clone());
            let mut of_sorted = Timeline::default();
            sorted.iter().for_each(|s| { of_sorted.insert(s.clone(), limit); });
            let mut of_shuffled = Timeline::default();
            shuffled.iter().for_each(|s| { of_shuffled.insert(s.clone(), limit); });
            prop_assert_eq!(of_sorted.steps(), of_shuffled.steps());
            let n = sorted.len();
            prop_assert_eq!(of_sorted.steps(), &sorted[n.saturating_sub(limit)..]);
            prop_assert_eq!(of_sorted.heap, of_sorted.steps.iter().map(Step::heap).sum::<usize>());
        }
    }
}
