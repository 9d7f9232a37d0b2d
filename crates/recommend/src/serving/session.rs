//! What to score somebody from: the purchases, what the events before today said, and the last minutes.
//!
//! A purchase weighs 1, an older event what the run measured it to be worth. The session's events, newest first, weigh
//! `kind · fade^age`, age counted in events, and are together never worth less than `share` of the whole: they are
//! multiplied by `max(1, share / (1 − share) · H / S)`, `H` and `S` the sums of both sides. So one view moves the list of
//! somebody with a hundred purchases, and is all there is for a newcomer. The share is a policy, not an estimate: nothing
//! offline says what the next click is worth.
//!
//! Cost: linear in the history.

use crate::Context;
use domain::{History, ItemIdx, Kind};
use std::collections::BTreeSet;

/// How the last minutes count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SessionParams {
    /// Weight of a view beside a purchase.
    pub view: f32,
    /// Weight of an item put on a wish list.
    pub wish: f32,
    /// Weight of an item put into the cart.
    pub cart: f32,
    /// What each newer event leaves of the weight of an older one, above 0 and at most 1.
    pub fade: f32,
    /// Least part of all weight that the session has, from 0 to below 1.
    pub share: f32,
    /// Events that count, the newest.
    pub events: usize,
}

impl Default for SessionParams {
    fn default() -> Self {
        Self { view: 0.5, wish: 0.7, cart: 0.9, fade: 0.9, share: 0.5, events: 20 }
    }
}

impl SessionParams {
    const fn of(&self, kind: Kind) -> f32 {
        match kind {
            Kind::View => self.view,
            Kind::Wish => self.wish,
            Kind::Cart => self.cart,
            Kind::Purchase => 1.0,
        }
    }
}

/// What a shopper is scored from, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taste {
    items: Vec<ItemIdx>,
    weights: Vec<f32>,
    /// Whether there is anything from before the session.
    pub has_past: bool,
    /// Whether the session says anything.
    pub has_session: bool,
}

impl Taste {
    /// Joins purchases, the context of earlier events, and the session's events (oldest first).
    #[must_use]
    pub fn new(bought: &[ItemIdx], context: &Context, session: &[(ItemIdx, Kind)], params: &SessionParams) -> Self {
        let (mut items, mut weights) = context.joined(History::of(bought));
        let has_past = !items.is_empty();
        let newest = &session[session.len().saturating_sub(params.events)..];
        let mut seen: BTreeSet<ItemIdx> = BTreeSet::new();
        let mut events: Vec<(ItemIdx, f32)> = Vec::with_capacity(newest.len());
        let mut faded = 1.0;
        for (item, kind) in newest.iter().rev() {
            // A second look at the same item is the first one's news.
            if seen.insert(*item) {
                events.push((*item, params.of(*kind) * faded));
            }
            faded *= params.fade;
        }
        let (past, now): (f32, f32) = (weights.iter().sum(), events.iter().map(|e| e.1).sum());
        let share = params.share.clamp(0.0, 0.99);
        let louder = if now > 0.0 { (share / (1.0 - share) * past / now).max(1.0) } else { 1.0 };
        for (item, weight) in events.iter().rev().filter(|(_, weight)| *weight > 0.0) {
            items.push(*item);
            weights.push(weight * louder);
        }
        Self { items, weights, has_past, has_session: !events.is_empty() }
    }

    /// As models are asked.
    pub fn history(&self) -> History<'_> {
        History::weighted(&self.items, &self.weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: SessionParams = SessionParams { view: 0.5, wish: 0.7, cart: 1.0, fade: 0.5, share: 0.5, events: 3 };

    fn weights(taste: &Taste) -> Vec<(u32, f32)> {
        taste.history().iter().map(|(item, weight)| (item.0, weight)).collect()
    }

    #[test] // Newest first: cart of 8 weighs 1, view of 7 weighs 0.5 · 0.5; nothing from before, so nothing is raised.
    fn a_newcomer_is_scored_from_the_session_alone() {
        let session = [(ItemIdx(7), Kind::View), (ItemIdx(8), Kind::Cart)];
        let taste = Taste::new(&[], &Context::default(), &session, &PARAMS);
        assert_eq!(weights(&taste), [(7, 0.25), (8, 1.0)]);
        assert!(!taste.has_past && taste.has_session);
    }

    #[test] // Past 4, session 0.5: it is raised to 4, one half of the whole.
    fn one_view_is_heard_beside_four_purchases() {
        let bought = [0, 1, 2, 3].map(ItemIdx);
        let taste = Taste::new(&bought, &Context::default(), &[(ItemIdx(9), Kind::View)], &PARAMS);
        assert_eq!(weights(&taste), [(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0), (9, 4.0)]);
    }

    #[test] // Past 0.3, session 1: it is not lowered. Events beyond the third and repeats of an item are not counted.
    fn a_loud_session_stays_and_old_events_fall_out() {
        let context = Context::new([(ItemIdx(1), 0.3)]);
        let session = [5, 4, 4, 4].map(|i| (ItemIdx(i), Kind::Cart));
        let taste = Taste::new(&[], &context, &session, &PARAMS);
        assert_eq!(weights(&taste), [(1, 0.3), (4, 1.0)]);
        let none = Taste::new(&[], &Context::default(), &[], &PARAMS);
        assert!(none.history().is_empty() && !none.has_past && !none.has_session);
    }
}
