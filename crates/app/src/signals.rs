//! What views, searches, wish lists, carts and shares add to purchases, measured.
//!
//! The windows are those of the transfer table (`evidence.rs`). On the validation window every signal alone and
//! all together are tried at a few weights beside a purchase; whether the choice helps is judged by marks that
//! are cross-fitted, each shopper's by what the other half of the shoppers chooses. On the test window,
//! where nothing is chosen, the same is measured once more: that is the ablation that is shown.
//!
//! Lists are marked as they are served, filled up with what sells in the market.
//!
//! This file joins `eval` and `recommend`. Cost: some twenty fits of one model on all rows.

use domain::{Day, FitError, History, Interactions, ItemIdx, Market, Score, Seed};
use eval::{Case, Estimate, EvalError, Folds, Nested, Protocol, Report, TemporalSplit};
use eval::{choose, cross_fitted, evaluate_with};
use recommend::transfer::{EvidenceRule, TransferVerdict, judge};
use recommend::{Context, InContext, ModelKind, Recommender, Signal, Strength, prepare, with_signals};
use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::{EvidenceError, FitModel, MOST_CASES};

/// A kind of evidence beside purchases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SignalKind {
    /// Looked at a product.
    View,
    /// Searched for words that stand in its title.
    Search,
    /// Put it on a wish list.
    Wish,
    /// Put it into the cart, or went to the till with it.
    Cart,
    /// Told somebody about it.
    Share,
}

impl SignalKind {
    pub(crate) const ALL: [Self; 5] = [Self::View, Self::Search, Self::Wish, Self::Cart, Self::Share];

    /// As `marts.signals` writes it.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Search => "search",
            Self::Wish => "wish",
            Self::Cart => "cart",
            Self::Share => "share",
        }
    }
}

/// The rows of each signal that has any, in the numbering of the purchases.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Signals {
    pub(crate) tables: BTreeMap<SignalKind, Interactions>,
}

/// Signals with what a row of each is worth beside a purchase.
pub(crate) type Weights = BTreeMap<SignalKind, f32>;

impl Signals {
    /// The rows before a day.
    fn before(&self, day: Day) -> Self {
        let earlier = |rows: &Interactions| rows.filter(|row| row.day < day);
        Self { tables: self.tables.iter().map(|(kind, rows)| (*kind, earlier(rows))).collect() }
    }

    /// The signals that have a weight.
    pub(crate) fn weighted(&self, weights: &Weights) -> Vec<Signal<'_>> {
        let with = |(kind, weight): (&SignalKind, &f32)| Some(Signal { rows: self.tables.get(kind)?, weight: *weight });
        weights.iter().filter_map(with).collect()
    }
}

/// Weights that are tried.
const WEIGHTS: [f32; 3] = [0.1, 0.3, 1.0];

/// How the study is made.
#[derive(Clone, Debug)]
pub(crate) struct SignalPlan {
    /// The model, fitted on all markets alike.
    pub(crate) model: ModelKind,
    /// Length of the validation and of the test window in days.
    pub(crate) window_days: i32,
    /// Metrics and intervals; the first metric decides.
    pub(crate) protocol: Protocol,
    /// What it takes to use signals.
    pub(crate) rule: EvidenceRule,
}

/// A line of the ablation, on the test window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SignalRow {
    /// The signals; empty for purchases alone.
    pub(crate) weights: Weights,
    /// Mean of the deciding metric on the validation window.
    pub(crate) validation: f64,
    /// The deciding metric on the test window.
    pub(crate) estimate: Estimate,
    /// Its difference to purchases alone; `None` for these.
    pub(crate) gain: Option<Estimate>,
}

/// The ablation and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SignalStudy {
    /// Purchases alone, each signal at its best weight, then all together where there are several.
    pub(crate) rows: Vec<SignalRow>,
    /// The verdict of the validation window on the best option.
    pub(crate) verdict: TransferVerdict,
    /// What serves: the best option if it was accepted, else nothing.
    pub(crate) used: Weights,
    /// Name of the model.
    pub(crate) model: &'static str,
}

/// Measures; `None` where there is no signal before the test window.
///
/// # Errors
/// As [`crate::evidence::transfer_table`].
pub(crate) fn study(
    purchases: &Interactions,
    signals: &Signals,
    plan: &SignalPlan,
    fit: FitModel<'_>,
    seed: Seed,
) -> Result<Option<SignalStudy>, EvidenceError> {
    let last_day = purchases.iter().map(|row| row.day).max().ok_or(EvalError::NoCases { what: "signals" })?;
    let test_from = last_day.plus(1 - plan.window_days);
    let validation_from = test_from.plus(-plan.window_days);
    let known = signals.before(validation_from);
    let kinds: Vec<SignalKind> = known.tables.iter().filter(|(_, rows)| !rows.is_empty()).map(|(k, _)| *k).collect();
    if kinds.is_empty() {
        return Ok(None);
    }
    let splits = Nested::new(purchases, &TemporalSplit::at(test_from), plan.window_days)?.at_most(MOST_CASES, seed);
    let mut sets: Vec<Vec<SignalKind>> = kinds.iter().map(|kind| vec![*kind]).collect();
    if kinds.len() > 1 {
        sets.push(kinds);
    }
    let train = prepare(&splits.validation.train, Strength::Presence);
    let sellers = best_sellers(&train, &splits.validation.cases, seed)?;
    let cases = &splits.validation.cases;
    let ask = Asking { train: &train, cases, signals: &known, sellers: &sellers, plan, fit, seed };
    let mut options: Vec<Weights> = vec![Weights::new()];
    for set in &sets {
        options.extend(WEIGHTS.map(|weight| set.iter().map(|kind| (*kind, weight)).collect::<Weights>()));
    }
    let metric = plan.protocol.metrics[0];
    let marks = |weights: &Weights| Ok::<_, EvidenceError>(ask.report(weights)?.marks(metric, None)?);
    let marks = options.iter().map(marks).collect::<Result<Vec<_>, _>>()?;
    let chosen = choose(&marks)?;
    let asked_in: Vec<_> = ask.cases.iter().map(|case| case.market).collect();
    let honest = cross_fitted(&marks, &Folds::by_group(&asked_in, 2)?)?;
    let verdict = judge(&marks[0], &honest, &plan.rule, seed)?;
    let used = if verdict.accepted() { options[chosen.index].clone() } else { Weights::new() };

    // The best weight of each set, purchases alone first.
    let mut shown = vec![0];
    for at in 0..sets.len() {
        let first = 1 + at * WEIGHTS.len();
        let best = (first..first + WEIGHTS.len()).rev().max_by(|a, b| chosen.means[*a].total_cmp(&chosen.means[*b]));
        shown.extend(best);
    }
    let train = prepare(&splits.test.train, Strength::Presence);
    let known = signals.before(test_from);
    let sellers = best_sellers(&train, &splits.test.cases, seed)?;
    let ask = Asking { train: &train, cases: &splits.test.cases, signals: &known, sellers: &sellers, plan, fit, seed };
    let reports = shown.iter().map(|at| ask.report(&options[*at])).collect::<Result<Vec<_>, EvidenceError>>()?;
    let row = |(at, report): (&usize, &Report)| {
        let gain = (*at > 0).then(|| report.better_than(&reports[0], metric, None)).transpose()?.map(|d| d.difference);
        let estimate = report.estimate(metric, None)?;
        Ok(SignalRow { weights: options[*at].clone(), validation: chosen.means[*at], estimate, gain })
    };
    let rows = shown.iter().zip(&reports).map(row).collect::<Result<Vec<_>, EvalError>>()?;
    Ok(Some(SignalStudy { rows, verdict, used, model: plan.model.name() }))
}

/// What sells in each market that is asked about.
fn best_sellers(train: &Interactions, cases: &[Case], seed: Seed) -> Result<Models, FitError> {
    let markets: BTreeSet<Market> = cases.iter().map(|case| case.market).collect();
    let fit = |market| Ok((market, ModelKind::PopularityMarket(market).fit(train, seed)?));
    markets.into_iter().map(fit).collect()
}

type Models = BTreeMap<Market, Box<dyn Recommender>>;

/// A list as it is served: what the model can score, then what sells.
struct Filled<'a> {
    model: InContext<'a>,
    sellers: &'a dyn Recommender,
}

impl Score for Filled<'_> {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let mut scores = self.model.score(history, candidates);
        let least = scores.iter().flatten().copied().fold(0.0, f32::min);
        for (score, sold) in scores.iter_mut().zip(self.sellers.score(history, candidates)) {
            // Buyers are counted from 0 up: half a step below the least score is left for the most of them.
            *score = score.or(sold.map(|buyers| least - 0.5 - 1.0 / (1.0 + buyers)));
        }
        scores
    }
}

/// One window.
struct Asking<'a> {
    train: &'a Interactions,
    cases: &'a [Case],
    signals: &'a Signals,
    sellers: &'a Models,
    plan: &'a SignalPlan,
    fit: FitModel<'a>,
    seed: Seed,
}

impl Asking<'_> {
    /// The model with these signals in training and in the histories. What was bought is left out of the lists, what
    /// was only looked at is not.
    fn report(&self, weights: &Weights) -> Result<Report, EvidenceError> {
        let signals = self.signals.weighted(weights);
        let model = (self.fit)(&self.plan.model, &with_signals(self.train, &signals), self.seed)?;
        let model: &dyn Recommender = &*model;
        let contexts: BTreeMap<_, Context> =
            self.cases.iter().map(|case| (case.shopper, Context::of(case.shopper, &signals))).collect();
        let scorer = |case: &Case| {
            let context = contexts.get(&case.shopper)?;
            let sellers = &**self.sellers.get(&case.market)?;
            Some((case.shopper, Filled { model: InContext { model, context }, sellers }))
        };
        let scorers: BTreeMap<_, Filled<'_>> = self.cases.iter().filter_map(scorer).collect();
        let of = |case: &Case| scorers.get(&case.shopper).map(|s| s as &dyn Score);
        Ok(evaluate_with(of, self.cases, self.train.n_items(), &self.plan.protocol)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Interaction, Kind, ShopperIdx};
    use eval::Metric;
    use recommend::{ItemKnnParams, Similarity};

    /// 600 shoppers of eight tastes, five products each. A third has bought three products of the taste long ago. The
    /// others have bought something as a present and looked at two products, of the own taste or of any; they buy
    /// one of the taste, one half of them in each window.
    fn shop(own_taste: bool) -> (Interactions, Signals) {
        let (n, tastes, each) = (600_u32, 8_usize, 5_usize);
        let mut rng = Seed(5).stream(0);
        let (mut bought, mut seen) = (Vec::new(), Vec::new());
        for s in 0..n {
            let row = |item: usize, day: i32, kind: Kind| Interaction {
                shopper: ShopperIdx(s),
                item: ItemIdx(item as u32),
                kind,
                day: Day(day),
                weight: 1.0,
            };
            let (taste, nth) = (s as usize % tastes, s as usize / tastes);
            let mut of_taste: Vec<usize> = (0..each).map(|i| taste * each + i).collect();
            rng.shuffle(&mut of_taste);
            if nth % 3 == 0 {
                bought.extend(of_taste[..3].iter().map(|item| row(*item, 1, Kind::Purchase)));
                continue;
            }
            bought.push(row(rng.below(tastes * each), 1, Kind::Purchase));
            bought.push(row(of_taste[0], if nth % 3 == 1 { 45 } else { 75 }, Kind::Purchase));
            for _ in 0..2 {
                let taste = if own_taste { taste } else { rng.below(tastes) };
                seen.push(row(taste * each + rng.below(each), 2, Kind::View));
            }
        }
        let table =
            |rows| Interactions::new(tastes * each, vec![Market::UNKNOWN; n as usize], rows).expect("valid rows");
        (table(bought), Signals { tables: [(SignalKind::View, table(seen))].into() })
    }

    fn fit(kind: &ModelKind, train: &Interactions, seed: Seed) -> Result<Box<dyn Recommender>, FitError> {
        kind.fit(train, seed)
    }

    fn plan() -> SignalPlan {
        SignalPlan {
            model: ModelKind::ItemKnn(ItemKnnParams { similarity: Similarity::Cosine, k: 20, shrinkage: 0.0 }),
            window_days: 30,
            protocol: Protocol { metrics: vec![Metric::Ndcg(10)], ..Protocol::default() },
            rule: EvidenceRule::default(),
        }
    }

    #[test]
    fn views_that_show_the_taste_are_used_and_idle_ones_are_not() {
        let (bought, views) = shop(true);
        let found = study(&bought, &views, &plan(), &fit, Seed(1)).unwrap().unwrap();
        assert!(found.verdict.accepted() && found.used.contains_key(&SignalKind::View), "{found:?}");
        let gain = found.rows[1].gain.as_ref().unwrap();
        assert!(gain.interval.low > 0.05, "{gain:?}");

        let (bought, views) = shop(false);
        let found = study(&bought, &views, &plan(), &fit, Seed(1)).unwrap().unwrap();
        assert!(!found.verdict.accepted() && found.used.is_empty(), "{found:?}");
    }

    #[test]
    fn what_was_seen_in_a_window_is_not_known_before_it() {
        let (bought, views) = shop(true);
        let late = views.tables[&SignalKind::View].iter().map(|row| Interaction { day: Day(60), ..row }).collect();
        let rows = Interactions::new(bought.n_items(), bought.markets().to_vec(), late).unwrap();
        let late = Signals { tables: [(SignalKind::View, rows)].into() };
        assert_eq!(
            study(&bought, &late, &plan(), &fit, Seed(1)).unwrap(),
            None,
            "nothing before the validation window"
        );
        assert_eq!(study(&bought, &Signals::default(), &plan(), &fit, Seed(1)).unwrap(), None);
    }
}
