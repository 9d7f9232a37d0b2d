//! A ranking of markets and how far it can be trusted.
//!
//! Each of `n_draws` draws takes weights from a Dirichlet around the set ones, every known fact from its uncertainty, and
//! every unknown measure around what stands for it (half of its variance is common to all that is unknown of a
//! market). From the draws: in which share a market is first or among the
//! first three, the 95 % intervals of score and rank, and how often one market is above another. Drawing weights as well as
//! figures is stochastic multicriteria acceptability analysis: Lahdelma, Hokkanen and Salminen, "SMAA", European Journal
//! of Operational Research 106(1), 1998; we report its rank acceptabilities, with weights near the set ones instead of all.
//!
//! The streams of a market are keyed by its code and the draw, so that neither the order of the candidates nor another
//! candidate moves them. The critical weights say from which weight of one criterion on, the others keeping their
//! proportions, the first two change places.
//!
//! Cost: draws × markets × measures; 2,000 draws of 20 markets take about a tenth of a second.

use super::attractiveness::{AttractivenessParams, Criterion, Scored, Weights, joined};
use super::estimate::{drawn_figure, middle95};
use super::market_facts::Candidate;
use super::shares::dirichlet;
use super::{EntryError, Estimate};
use domain::{Figure, Market, Seed, Unit};
use learn::quantile::quantiles;
use std::collections::BTreeSet;
use std::f64::consts::FRAC_1_SQRT_2;

/// A market with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedMarket {
    /// What is known of it.
    pub candidate: Candidate,
    /// From 1, by score.
    pub rank: usize,
    /// Score and what it is made of.
    pub scored: Scored,
    /// Score with the middle 95 % of its draws.
    pub score: Estimate,
    /// Rank that 2.5 % and 97.5 % of the draws stay within.
    pub rank_within: (usize, usize),
    /// Share of draws in which it is first.
    pub first: f64,
    /// Share of draws in which it is among the first three.
    pub top_three: f64,
}

/// At which weight of a criterion the first two change places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticalWeight {
    /// Which criterion.
    pub criterion: Criterion,
    /// Its weight as set, all adding up to 1.
    pub now: f64,
    /// The nearest weight at which both score the same; `None` where no weight in [0, 1] does it.
    pub flips_at: Option<f64>,
}

/// Markets by attractiveness.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketRanking {
    params: AttractivenessParams,
    weights: Weights,
    markets: Vec<RankedMarket>,
    /// `above[a][b]`: share of draws in which the market of rank `a + 1` scores above that of rank `b + 1`; ties half.
    above: Vec<Vec<f64>>,
    critical: Vec<CriticalWeight>,
    unranked: Vec<(Market, f64)>,
}

impl AttractivenessParams {
    /// Ranks the candidates. Those of which less than `min_known` of the weight is known are listed apart.
    ///
    /// # Errors
    /// [`EntryError::Param`], [`EntryError::Twice`], [`EntryError::TooLittle`] without a market to rank.
    pub fn rank(&self, candidates: &[Candidate], seed: Seed) -> Result<MarketRanking, EntryError> {
        let weights = self.checked()?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = candidates.iter().find(|c| !seen.insert(c.market())) {
            return Err(EntryError::Twice(twice.market()));
        }
        let scored = candidates.iter().map(|c| (c, self.score(&weights, &c.values())));
        let (mut known, mut unranked) = (Vec::new(), Vec::new());
        for (candidate, scored) in scored {
            match scored.score {
                Some(score) if scored.known >= self.min_known => known.push((candidate, scored, score)),
                _ => unranked.push((candidate.market(), scored.known)),
            }
        }
        if known.is_empty() {
            return Err(EntryError::TooLittle { what: "markets of which enough is known", have: 0, need: 1 });
        }
        known.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.market().cmp(&b.0.market())));
        unranked.sort_by_key(|(market, _)| *market);
        let n = known.len();
        let alphas = weights.map(|w| w * self.concentration);
        let mut scores = vec![Vec::with_capacity(self.n_draws); n];
        let mut ranks = vec![Vec::with_capacity(self.n_draws); n];
        let (mut first, mut top_three) = (vec![0_u32; n], vec![0_u32; n]);
        let mut above = vec![vec![0.0; n]; n];
        let weight_seed = seed.derive(1);
        let fact_seeds: Vec<Seed> = known.iter().map(|(c, ..)| seed.derive(2).derive(code(c.market()))).collect();
        for b in 0..self.n_draws {
            let drawn = dirichlet(&mut weight_seed.stream(b as u64), &alphas);
            let drawn: Weights = std::array::from_fn(|c| drawn[c]);
            let mut these = Vec::with_capacity(n);
            for (i, (candidate, scored, _)) in known.iter().enumerate() {
                let mut rng = fact_seeds[i].stream(b as u64);
                let values = candidate.draw(&mut rng);
                // Half of what is unknown moves together: where little is known, all of it may be better or worse.
                let shared = rng.normal();
                let s = self.score_drawn(&drawn, &values, scored, || FRAC_1_SQRT_2 * (shared + rng.normal()));
                scores[i].push(s);
                these.push(s);
            }
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&i, &j| these[j].total_cmp(&these[i]).then(i.cmp(&j)));
            for (at, &i) in order.iter().enumerate() {
                ranks[i].push((at + 1) as f64);
                first[i] += u32::from(at == 0);
                top_three[i] += u32::from(at < 3);
            }
            for i in 0..n {
                for j in 0..n {
                    above[i][j] += if these[i] > these[j] { 1.0 } else { if these[i] == these[j] { 0.5 } else { 0.0 } };
                }
            }
        }
        let draws = self.n_draws as f64;
        above.iter_mut().flatten().for_each(|x| *x /= draws);
        let critical = critical_weights(&weights, &known.iter().map(|k| k.1.counted).collect::<Vec<_>>());
        let markets = known
            .into_iter()
            .enumerate()
            .map(|(i, (candidate, scored, score))| {
                let (low, high) = middle95(&scores[i]).unwrap_or((score, score));
                let within = quantiles(&ranks[i], &[0.025, 0.975]).unwrap_or_default();
                RankedMarket {
                    candidate: candidate.clone(),
                    rank: i + 1,
                    scored,
                    score: Estimate { value: score, low: low.min(score), high: high.max(score) },
                    rank_within: (within[0].round() as usize, within[1].round() as usize),
                    first: f64::from(first[i]) / draws,
                    top_three: f64::from(top_three[i]) / draws,
                }
            })
            .collect();
        Ok(MarketRanking { params: self.clone(), weights, markets, above, critical, unranked })
    }
}

impl MarketRanking {
    /// Ranked markets, best first.
    pub fn markets(&self) -> &[RankedMarket] {
        &self.markets
    }

    /// One of them.
    ///
    /// # Errors
    /// [`EntryError::NotRanked`] naming those that are.
    pub fn market(&self, market: Market) -> Result<&RankedMarket, EntryError> {
        self.markets.iter().find(|m| m.candidate.market() == market).ok_or_else(|| {
            let ranked: Vec<&str> = self.markets.iter().map(|m| m.candidate.market_code()).collect();
            EntryError::NotRanked { market, ranked: ranked.join(" ") }
        })
    }

    /// Markets of which too little is known, with the known share of the weight.
    pub fn unranked(&self) -> &[(Market, f64)] {
        &self.unranked
    }

    /// Parameters that it was made with.
    pub fn params(&self) -> &AttractivenessParams {
        &self.params
    }

    /// Weights of the criteria, adding up to 1.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Share of draws in which `a` scores above `b`; ties count half.
    ///
    /// # Errors
    /// [`EntryError::NotRanked`].
    pub fn probability_above(&self, a: Market, b: Market) -> Result<f64, EntryError> {
        Ok(self.above[self.market(a)?.rank - 1][self.market(b)?.rank - 1])
    }

    /// For each criterion, the weight at which the first two change places; the smallest change first.
    pub fn critical_weights(&self) -> &[CriticalWeight] {
        &self.critical
    }

    /// Figures of one market: `entry.score`, `entry.rank`, `entry.first`, `entry.top_three`, `entry.known` and
    /// `entry.<criterion>` for each criterion.
    ///
    /// # Errors
    /// [`EntryError::NotRanked`].
    pub fn figures(&self, market: Market) -> Result<Vec<Figure>, EntryError> {
        let m = self.market(market)?;
        let n = self.params.n_draws as u64;
        let number = |key: &str, unit, value: f64| Figure::number(key, unit, value, n, 0);
        let weights: Vec<String> =
            Criterion::ALL.iter().zip(self.weights).map(|(c, w)| format!("{} {:.2}", c.key(), w)).collect();
        let mut figures = vec![
            number("entry.score", Unit::Score, m.score.value).interval(m.score.low, m.score.high, 0.95).formula(format!(
                "weighted mean of the criteria, weights {}; what is not known counts as what is, {} at most; interval: middle \
                 95 % of {n} draws of weights and facts",
                weights.join(", "),
                self.params.unknown_score
            )),
            number("entry.rank", Unit::Count, m.rank as f64)
                .interval(m.rank_within.0 as f64, m.rank_within.1 as f64, 0.95)
                .formula(format!("place among {} markets by score", self.markets.len())),
            number("entry.first", Unit::Share, m.first).formula(format!("draws of {n} in which it is first")),
            number("entry.top_three", Unit::Share, m.top_three)
                .formula(format!("draws of {n} in which it is among the first three")),
            number("entry.known", Unit::Share, m.scored.known).formula("weight of the known measures / whole weight"),
        ];
        for (c, criterion) in Criterion::ALL.iter().enumerate() {
            let key = format!("entry.{}", criterion.key());
            let score = m.scored.criteria[c].unwrap_or(f64::NAN);
            figures.push(number(&key, Unit::Score, score).formula(format!(
                "weighted mean of its known measures on fixed scales, 0 worst, 1 best; weight {:.2}; {:.0} % of it known",
                self.weights[c],
                100.0 * m.scored.known_of[c]
            )));
        }
        Ok(figures)
    }

    /// All pairs, `probability_above` as figures `entry.above.<A>.<B>` for the market of the better rank first.
    pub fn pair_figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for (i, a) in self.markets.iter().enumerate() {
            for (j, b) in self.markets.iter().enumerate().skip(i + 1) {
                let key = format!("entry.above.{}.{}", a.candidate.market_code(), b.candidate.market_code());
                let figure = drawn_figure(&key, Unit::Share, self.above[i][j], &[]);
                figures
                    .push(figure.formula(format!("draws of {} in which the first scores above", self.params.n_draws)));
            }
        }
        figures
    }
}

/// A number of a market's code, for its stream.
fn code(market: Market) -> u64 {
    market.code().bytes().fold(0, |key, byte| key << 8 | u64::from(byte))
}

/// For the first two of `criteria`, by the size of the change needed.
fn critical_weights(weights: &Weights, criteria: &[[Option<f64>; 6]]) -> Vec<CriticalWeight> {
    let [a, b, ..] = criteria else { return Vec::new() };
    let mut found: Vec<CriticalWeight> = Criterion::ALL
        .into_iter()
        .map(|criterion| {
            let c = criterion as usize;
            CriticalWeight { criterion, now: weights[c], flips_at: flip(weights, a, b, c) }
        })
        .collect();
    let change = |c: &CriticalWeight| c.flips_at.map_or(f64::INFINITY, |at| (at - c.now).abs());
    found.sort_by(|x, y| change(x).total_cmp(&change(y)).then(x.criterion.cmp(&y.criterion)));
    found
}

/// The weight of criterion `c` nearest to the set one at which both score the same. With the others in proportion, each
/// score is a quotient of two straight lines in that weight, so where both have a denominator the difference has the
/// sign of a quadratic: its roots are the candidates.
fn flip(weights: &Weights, a: &[Option<f64>; 6], b: &[Option<f64>; 6], c: usize) -> Option<f64> {
    let rest = 1.0 - weights[c];
    if rest <= 0.0 {
        return None;
    }
    // Numerator and denominator at w: w · (x, 1 if known) + (1 − w) · (sum, weight of the known others).
    let lines = |s: &[Option<f64>; 6]| {
        let others =
            (0..6).filter(|&j| j != c).filter_map(|j| s[j].map(|x| (weights[j] / rest * x, weights[j] / rest)));
        let (sum, known) = others.fold((0.0, 0.0), |t, o| (t.0 + o.0, t.1 + o.1));
        let (own, has) = s[c].map_or((0.0, 0.0), |x| (x, 1.0));
        ((sum, own - sum), (known, has - known))
    };
    let ((n0, n1), (d0, d1)) = lines(a);
    let ((m0, m1), (e0, e1)) = lines(b);
    // n · e − m · d, a quadratic in w.
    let (p0, p1, p2) = (n0 * e0 - m0 * d0, n0 * e1 + n1 * e0 - m0 * d1 - m1 * d0, n1 * e1 - m1 * d1);
    let roots = if p2.abs() < 1e-14 {
        if p1.abs() < 1e-14 { vec![] } else { vec![-p0 / p1] }
    } else {
        let under = p1 * p1 - 4.0 * p2 * p0;
        if under < 0.0 { vec![] } else { vec![(-p1 - under.sqrt()) / (2.0 * p2), (-p1 + under.sqrt()) / (2.0 * p2)] }
    };
    let at = |w: f64, s: &[Option<f64>; 6]| {
        let tried: Weights = std::array::from_fn(|j| if j == c { w } else { weights[j] / rest * (1.0 - w) });
        joined(&tried, s)
    };
    let valid = roots.into_iter().filter(|w| (0.0..=1.0).contains(w));
    // At a weight of 1 a market of which that criterion is unknown has no score at all.
    let valid = valid.filter(|w| at(*w, a).zip(at(*w, b)).is_some_and(|(x, y)| (x - y).abs() < 1e-9));
    valid.min_by(|x, y| (x - weights[c]).abs().total_cmp(&(y - weights[c]).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::facts::Fact;
    use crate::entry::market_facts::tests::{candidate, market, row};
    use crate::entry::market_facts::{FactRow, MarketStatus, OwnEvidence, PartEvidence};

    /// A market of some facts: competitors, top three, income, duty, growth of the category.
    fn some(code: &str, facts: [f64; 5]) -> Vec<FactRow> {
        vec![
            row(code, "competitor_count", facts[0], ""),
            row(code, "top3_share", facts[1], "share"),
            row(code, "income_per_head", facts[2], "usd_ppp"),
            row(code, "import_duty", facts[3], "share"),
            row(code, "category_growth", facts[4], "share"),
        ]
    }

    fn markets() -> Vec<Candidate> {
        let facts = [
            ("DE", [60.0, 0.4, 54_000.0, 0.03, 0.03]),
            ("VN", [40.0, 0.5, 14_000.0, 0.10, 0.10]),
            ("SA", [10.0, 0.6, 50_000.0, 0.05, 0.06]),
        ];
        facts.iter().map(|(code, f)| candidate(code, &some(code, *f))).collect()
    }

    fn params() -> AttractivenessParams {
        AttractivenessParams { min_known: 0.0, unknown_spread: 0.25, n_draws: 500, ..AttractivenessParams::default() }
    }

    #[test]
    fn shares_of_draws_add_up_and_the_order_of_candidates_does_not_matter() {
        let ranking = params().rank(&markets(), Seed(1)).unwrap();
        let first: f64 = ranking.markets().iter().map(|m| m.first).sum();
        assert!((first - 1.0).abs() < 1e-12);
        assert!(ranking.markets().iter().all(|m| m.top_three == 1.0), "three markets are always the first three");
        let (a, b) = (market("DE"), market("VN"));
        let both = ranking.probability_above(a, b).unwrap() + ranking.probability_above(b, a).unwrap();
        assert!((both - 1.0).abs() < 1e-12);
        assert_eq!(ranking.probability_above(a, a).unwrap(), 0.5);
        let mut turned = markets();
        turned.reverse();
        assert_eq!(params().rank(&turned, Seed(1)).unwrap(), ranking);
        assert_ne!(params().rank(&turned, Seed(2)).unwrap().markets()[0].score, ranking.markets()[0].score);
    }

    #[test]
    fn another_market_moves_no_score_and_no_pair() {
        let before = params().rank(&markets(), Seed(1)).unwrap();
        let mut more = markets();
        // Extreme on every scale: min-max or percentiles would be stretched by it.
        more.push(candidate("BR", &some("BR", [900.0, 0.95, 500.0, 2.5, 0.9])));
        let after = params().rank(&more, Seed(1)).unwrap();
        for m in before.markets() {
            let same = after.market(m.candidate.market()).unwrap();
            assert_eq!((same.scored, same.score), (m.scored, m.score));
        }
        let pair = |r: &MarketRanking| r.probability_above(market("DE"), market("SA")).unwrap();
        assert_eq!(pair(&before), pair(&after));
    }

    /// What the module warns of: the same facts on scales from least to most among the candidates. A is better by its
    /// first fact, B by its second; a third market that is far off on the second makes B's lead there look small.
    #[test]
    fn scales_made_by_the_candidates_would_flip() {
        let min_max = |rows: &[[f64; 2]]| -> Vec<f64> {
            let end = |j: usize, f: fn(f64, f64) -> f64, start| rows.iter().fold(start, |e, r| f(e, r[j]));
            let ends: Vec<(f64, f64)> =
                (0..2).map(|j| (end(j, f64::min, f64::INFINITY), end(j, f64::max, f64::NEG_INFINITY))).collect();
            rows.iter().map(|r| (0..2).map(|j| (r[j] - ends[j].0) / (ends[j].1 - ends[j].0)).sum()).collect()
        };
        let two = min_max(&[[3.0, 0.0], [0.0, 4.0], [2.0, 0.0]]);
        let three = min_max(&[[3.0, 0.0], [0.0, 4.0], [2.0, 0.0], [0.0, 40.0]]);
        assert!(two[1] >= two[0], "{two:?}");
        assert!(three[0] > three[1], "a market that nobody asked about puts A above B: {three:?}");
    }

    // Two criteria of weight 1/2 each. A: 0.8 and 0.3, B: 0.4 and 0.6: A 0.55, B 0.5. At weight w of the first:
    // 0.8 w + 0.3 (1 − w) = 0.4 w + 0.6 (1 − w) → 0.7 w = 0.3 → w = 3/7.
    #[test]
    fn the_critical_weight_by_hand() {
        let weights = [0.5, 0.5, 0.0, 0.0, 0.0, 0.0];
        let some = |x: f64, y: f64| [Some(x), Some(y), None, None, None, None];
        let found = critical_weights(&weights, &[some(0.8, 0.3), some(0.4, 0.6)]);
        assert_eq!(found[0].criterion, Criterion::Demand);
        assert!((found[0].flips_at.unwrap() - 3.0 / 7.0).abs() < 1e-12, "{found:?}");
        assert!((found[1].flips_at.unwrap() - 4.0 / 7.0).abs() < 1e-12, "{found:?}");
        // A market that is better in everything stays first at every weight.
        assert!(critical_weights(&weights, &[some(0.8, 0.7), some(0.4, 0.6)]).iter().all(|c| c.flips_at.is_none()));
    }

    // B's second criterion is unknown, so its score is 0.4 at any weight: 0.8 w + 0.3 (1 − w) = 0.4 → w = 0.2.
    #[test]
    fn the_critical_weight_where_a_criterion_is_unknown() {
        let weights = [0.5, 0.5, 0.0, 0.0, 0.0, 0.0];
        let a = [Some(0.8), Some(0.3), None, None, None, None];
        let b = [Some(0.4), None, None, None, None, None];
        let found = critical_weights(&weights, &[a, b]);
        assert!((found[0].flips_at.unwrap() - 0.2).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn less_known_means_a_wider_interval_and_hardly_anything_known_means_no_rank() {
        let full = some("DE", [60.0, 0.4, 54_000.0, 0.03, 0.03]);
        // Weights under which what is known here is more than a trifle.
        let weights = Criterion::ALL.into_iter().zip([0.25, 0.25, 0.12, 0.1, 0.16, 0.12]).collect();
        let even = AttractivenessParams { weights, ..params() };
        let width = |rows: &[FactRow]| {
            let ranking = even.rank(&[candidate("DE", rows)], Seed(1)).unwrap();
            let score = ranking.markets()[0].score;
            (score.high - score.low, ranking.markets()[0].scored.known)
        };
        let ((wide, little), (narrow, much)) = (width(&full[..1]), width(&full));
        assert!(little < much && wide > narrow, "{little} {wide}, {much} {narrow}");
        let strict = AttractivenessParams { min_known: 0.9, ..params() };
        assert!(matches!(strict.rank(&markets(), Seed(1)), Err(EntryError::TooLittle { .. })));
        let mut pair = markets();
        pair.push(candidate("FR", &[]));
        let ranking = AttractivenessParams { min_known: 0.12, ..even.clone() }.rank(&pair, Seed(1)).unwrap();
        assert_eq!(ranking.unranked().iter().map(|(m, _)| m.code()).collect::<Vec<_>>(), ["FR"]);
        let refused = ranking.market(market("FR")).unwrap_err().to_string();
        assert!(refused.starts_with("market FR is not among those ranked: "), "{refused}");
    }

    /// One flattering table and nothing else: it stood above a market of which all is known and good, and its place was called
    /// as sure. Now it stands below, its range is the wider one, and in some draws it is still the better.
    #[test]
    fn a_market_of_which_little_is_known_is_not_put_above_one_that_is_known_to_be_good() {
        let good = some("DE", [8.0, 0.3, 45_000.0, 0.05, 0.09]);
        let flattering = vec![row("VN", "competitor_count", 3.0, "")];
        let both = [candidate("VN", &flattering), candidate("DE", &good)];
        let weights = Criterion::ALL.into_iter().zip([0.0, 0.4, 0.4, 0.0, 0.2, 0.0]).collect();
        let even = AttractivenessParams { weights, ..params() };
        let ranking = even.rank(&both, Seed(1)).unwrap();
        let [first, second] = ranking.markets() else { panic!("{ranking:?}") };
        assert_eq!((first.candidate.market(), second.candidate.market()), (market("DE"), market("VN")));
        let width = |m: &RankedMarket| m.score.high - m.score.low;
        assert!(second.scored.known < first.scored.known && width(second) > width(first), "{first:?} {second:?}");
        assert!(second.first > 0.0, "{}", second.first);
        // Without the cap the flattering table speaks for all that is not known.
        let before = AttractivenessParams { unknown_score: 1.0, ..even }.rank(&both, Seed(1)).unwrap();
        assert_eq!(before.markets()[0].candidate.market(), market("VN"));
    }

    #[test] // Twice the visits of a served market, all else alike: above in nearly every draw.
    fn own_demand_counts_and_is_certain_where_there_is_much_of_it() {
        let with = |code: &str, visits: u64| {
            let own = OwnEvidence { months: 12.0, visits: Some(visits), ..OwnEvidence::default() };
            let table =
                crate::entry::market_facts::tests::params().read(&some(code, [60.0, 0.4, 54_000.0, 0.03, 0.03]));
            let none = PartEvidence::default();
            Candidate::new(market(code), MarketStatus::Candidate, &table, own, none, market("CN")).unwrap()
        };
        let exact = AttractivenessParams { unknown_spread: 0.0, ..params() };
        let ranking = exact.rank(&[with("AT", 1_200), with("DE", 120_000)], Seed(1)).unwrap();
        assert_eq!(ranking.markets()[0].candidate.market(), market("DE"));
        assert!(ranking.probability_above(market("DE"), market("AT")).unwrap() > 0.95);
        let figures = ranking.figures(market("DE")).unwrap();
        assert_eq!(figures.iter().filter(|f| f.key.starts_with("entry.")).count(), 11);
        assert_eq!(figures[0].as_f64(), Some(ranking.markets()[0].score.value));
        assert!(ranking.markets()[0].candidate.known(Fact::OwnVisits).is_some());
    }
}
