//! How a purchase comes about in the shop: the funnel of sessions, search, reviews read, and how long a decision takes.
//!
//! A session is what one visitor does with pauses of at most 30 minutes. The funnel counts sessions that reached each step in
//! order (a product viewed, then something put into the basket, then the till, then an order); a session that orders without a
//! recorded view counts for the steps that it has recorded later as well, because a missing event is not a missing step.
//! Search and reviews: conversion of the sessions with and without, with a two-sided test. Who searches wants something already,
//! so the difference is an association. Decision time: days from a visitor's first view of a product to its first order of it.
//! Cost: one sort of the events.

use crate::figures::{LEVEL, MIN_OBSERVATIONS, share};
use domain::{Figure, Market, Unit};
use learn::interval::median_order;
use learn::quantile::{quantile_sorted, sorted};
use learn::two_by_two::two_shares;
use std::collections::BTreeMap;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Searched.
    Search,
    /// Looked at a product.
    View,
    /// Read reviews of a product.
    Reviews,
    /// Put a product into the basket.
    Basket,
    /// Went to the till.
    Checkout,
    /// Ordered.
    Order,
}

/// One event of a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Market.
    pub market: Market,
    /// Who, by any number: a shopper, or an anonymous visitor.
    pub visitor: u32,
    /// Microseconds since 1970, UTC.
    pub at: i64,
    /// What.
    pub step: Step,
    /// Product, by any number, where there is one.
    pub product: Option<u32>,
}

/// Pause after which a new session begins, microseconds.
pub const PAUSE: i64 = 30 * 60 * 1_000_000;

/// Conversion with and without something.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Share of the sessions that have it. Key `paths.<what>_share`.
    pub usage: Figure,
    /// Share of the sessions with it that order. Key `paths.order_with_<what>`.
    pub with: Figure,
    /// Share of the others that order. Key `paths.order_without_<what>`.
    pub without: Figure,
    /// p-value of no difference, an association; NaN where one side is empty.
    pub p_value: f64,
}

/// Paths of a market.
#[derive(Clone, Debug, PartialEq)]
pub struct Paths {
    /// The market.
    pub market: Market,
    /// Sessions.
    pub n_sessions: u64,
    /// Sessions that reached view, basket, checkout and order.
    pub reached: [u64; 4],
    /// Of the sessions of each step, those that go on to the next. Keys `paths.view_to_basket`, `basket_to_checkout`,
    /// `checkout_to_order`, and `paths.order` of all sessions.
    pub funnel: Vec<Figure>,
    /// Search.
    pub search: Effect,
    /// Reviews read.
    pub reviews: Effect,
    /// Median product views of a session with an order. Key `paths.views_before_order`.
    pub views: Figure,
    /// Median days from a visitor's first view of a product to its first order. Key `paths.decision_days`.
    pub decision: Figure,
}

#[derive(Default)]
struct Tally {
    n: u64,
    reached: [u64; 4],
    // Sessions with it, of these ordering, for search and reviews.
    search: [u64; 2],
    reviews: [u64; 2],
    views: Vec<f64>,
    decision: Vec<f64>,
}

/// Paths of every market, in order of its code; events in any order.
pub fn paths(events: &[Visit]) -> Vec<Paths> {
    let mut all = events.to_vec();
    all.sort_by_key(|e| (e.market, e.visitor, e.at, e.step, e.product));
    all.dedup();
    let mut tallies: BTreeMap<Market, Tally> = BTreeMap::new();
    for of_visitor in all.chunk_by(|a, b| (a.market, a.visitor) == (b.market, b.visitor)) {
        let tally = tallies.entry(of_visitor[0].market).or_default();
        for session in of_visitor.chunk_by(|a, b| b.at - a.at <= PAUSE) {
            tally.session(session);
        }
        tally.decisions(of_visitor);
    }
    tallies.into_iter().map(|(market, tally)| tally.finish(market)).collect()
}

impl Tally {
    fn session(&mut self, events: &[Visit]) {
        let has = |step: Step| events.iter().any(|e| e.step == step);
        self.n += 1;
        let steps = [Step::View, Step::Basket, Step::Checkout, Step::Order];
        // The furthest step that was recorded implies those before it.
        if let Some(furthest) = steps.iter().rposition(|s| has(*s)) {
            self.reached[..=furthest].iter_mut().for_each(|n| *n += 1);
        }
        let ordered = has(Step::Order);
        for (counts, step) in [(&mut self.search, Step::Search), (&mut self.reviews, Step::Reviews)] {
            if has(step) {
                counts[0] += 1;
                counts[1] += u64::from(ordered);
            }
        }
        if ordered {
            self.views.push(events.iter().filter(|e| e.step == Step::View).count() as f64);
        }
    }

    fn decisions(&mut self, events: &[Visit]) {
        let mut seen: BTreeMap<u32, i64> = BTreeMap::new();
        let mut ordered: BTreeMap<u32, i64> = BTreeMap::new();
        for event in events {
            let Some(product) = event.product else { continue };
            match event.step {
                Step::View => _ = seen.entry(product).or_insert(event.at),
                Step::Order => _ = ordered.entry(product).or_insert(event.at),
                Step::Search | Step::Reviews | Step::Basket | Step::Checkout => {}
            }
        }
        for (product, at) in ordered {
            if let Some(first) = seen.get(&product).filter(|first| **first <= at) {
                self.decision.push((at - first) as f64 / 86_400e6);
            }
        }
    }

    fn finish(self, market: Market) -> Paths {
        let [view, basket, checkout, order] = self.reached;
        let of = |key: &str, hits, n, formula: &str| share(key, hits, n).formula(formula.to_owned());
        let effect = |what: &str, [with, ordered]: [u64; 2]| Effect {
            usage: of(
                &format!("paths.{what}_share"),
                with,
                self.n,
                "sessions with it / sessions; 95 % Wilson interval",
            ),
            with: of(
                &format!("paths.order_with_{what}"),
                ordered,
                with,
                "sessions with it that order / sessions with it",
            ),
            without: of(
                &format!("paths.order_without_{what}"),
                order - ordered,
                self.n - with,
                "sessions without it that order / sessions without it",
            ),
            p_value: two_shares(ordered, with, order - ordered, self.n - with),
        };
        let middle = |key: &str, unit, values: &[f64], formula: &str| {
            let ascending = sorted(values);
            let figure = Figure::number(
                key,
                unit,
                quantile_sorted(&ascending, 0.5).unwrap_or(f64::NAN),
                values.len() as u64,
                MIN_OBSERVATIONS,
            )
            .formula(formula.to_owned());
            match median_order(&ascending, LEVEL) {
                Some(i) => figure.interval(i.low, i.high, i.level),
                None => figure,
            }
        };
        Paths {
            market,
            n_sessions: self.n,
            reached: self.reached,
            funnel: vec![
                of("paths.view_to_basket", basket, view, "sessions that reached the basket / that viewed a product"),
                of("paths.basket_to_checkout", checkout, basket, "sessions that reached the till / the basket"),
                of("paths.checkout_to_order", order, checkout, "sessions that ordered / reached the till"),
                of("paths.order", order, self.n, "sessions that ordered / sessions"),
            ],
            search: effect("search", self.search),
            reviews: effect("reviews", self.reviews),
            views: middle(
                "paths.views_before_order",
                Unit::Count,
                &self.views,
                "median product views of sessions with an order",
            ),
            decision: middle(
                "paths.decision_days",
                Unit::Days,
                &self.decision,
                "median days from a visitor's first view of a product to the first order of it",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(visitor: u32, minute: i64, step: Step, product: Option<u32>) -> Visit {
        Visit { market: "DE".parse().unwrap(), visitor, at: minute * 60_000_000, step, product }
    }

    // Visitor 1: search, view, basket; an hour later view, basket, till, order. Visitor 2: an order without a view, twice sent.
    // Sessions 3; view 3, basket 3, till 2, order 2; with search 1 of which 0 order.
    #[test]
    fn three_sessions_by_hand() {
        let list = [
            event(1, 0, Step::Search, None),
            event(1, 2, Step::View, Some(7)),
            event(1, 31, Step::Basket, Some(7)),
            event(1, 1440, Step::View, Some(7)),
            event(1, 1441, Step::View, Some(8)),
            event(1, 1445, Step::Basket, Some(7)),
            event(1, 1446, Step::Checkout, None),
            event(1, 1450, Step::Order, Some(7)),
            event(2, 10, Step::Order, Some(9)),
            event(2, 10, Step::Order, Some(9)),
        ];
        let all = paths(&list);
        assert_eq!((all.len(), all[0].n_sessions, all[0].reached), (1, 3, [3, 3, 2, 2]));
        assert_eq!((all[0].search.with.n, all[0].search.without.n), (1, 2));
        assert!((all[0].search.p_value - 2.0 * learn::special::normal_cdf(-(3.0_f64).sqrt())).abs() < 1e-9);
        assert_eq!((all[0].views.n, all[0].decision.n), (2, 1));
        assert!(
            all[0].funnel.iter().all(|f| f.as_f64().is_none() && !f.formula.is_empty()),
            "three sessions are too few to show"
        );
        assert!(all[0].reviews.p_value.is_nan());
    }

    #[test]
    fn shares_of_many_sessions_are_shown() {
        let list: Vec<Visit> = (0..200)
            .flat_map(|v| {
                let order = (v % 4 == 0).then(|| event(v, 5, Step::Order, Some(1)));
                [Some(event(v, 0, Step::View, Some(1))), order].into_iter().flatten()
            })
            .collect();
        let path = &paths(&list)[0];
        assert_eq!(path.funnel[3].as_f64(), Some(0.25));
        assert_eq!(path.views.as_f64(), Some(1.0));
        assert!((path.decision.as_f64().unwrap() - 5.0 / 1440.0).abs() < 1e-9);
    }
}
