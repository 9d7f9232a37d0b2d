//! Popularity: what most shoppers wanted. The baseline that every other model has to beat.
//!
//! `score(i) = Σ w(s, i)` over the interactions with `i`: with prepared data the number of buyers.
//! Decayed by a half-life `h` in days it is `Σ w · 2^(−age / h)`, the age counted back from the last
//! day of the training data. An item that nobody touched has no score.
//!
//! One list for everybody, or one for each market, because what sells at home need not sell abroad.
//! Source: decay as in Ji et al., "A re-visit of the popularity baseline in recommender systems",
//! SIGIR 2020. Cost: one pass to fit, a look-up to score.

use crate::saved::Save;
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Market, Reason, Score, Seed};
use learn::container::{ContainerError, Reader, Writer};
use std::collections::BTreeMap;

/// How old interactions count.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct PopularityParams {
    /// Days after which an interaction counts half, above 0; `None` never forgets.
    pub half_life_days: Option<f32>,
}

/// One list for everybody: `scores[i]` is the weight of item `i`, 0 for never touched.
#[derive(Clone, Debug, PartialEq)]
pub struct Popularity {
    scores: Vec<f32>,
    term: &'static str,
}

impl Fit for PopularityParams {
    type Model = Popularity;

    /// # Errors
    /// [`FitError::Param`] for a half-life that is not a positive number.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<Popularity, FitError> {
        if let Some(days) = self.half_life_days.filter(|days| !(*days > 0.0 && days.is_finite())) {
            return Err(FitError::Param { name: "half_life_days", rule: "above 0", got: f64::from(days) });
        }
        let last = train.iter().map(|cell| cell.day).max();
        let mut scores = vec![0.0_f64; train.n_items()];
        for cell in train.iter() {
            let age = last.map_or(0, |last| last.since(cell.day));
            let decay = self.half_life_days.map_or(1.0, |days| (-f64::from(age) / f64::from(days)).exp2());
            scores[cell.item.at()] += f64::from(cell.weight) * decay;
        }
        let term = TERMS[usize::from(self.half_life_days.is_some())];
        // The age may be many half-lives: an item once bought keeps a score above 0.
        let score = |s: f64| if s > 0.0 { (s as f32).max(f32::MIN_POSITIVE) } else { 0.0 };
        Ok(Popularity { scores: scores.into_iter().map(score).collect(), term })
    }
}

impl Score for Popularity {
    fn score(&self, _history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        candidates.iter().map(|c| self.scores.get(c.at()).copied().filter(|score| *score > 0.0)).collect()
    }
}

/// What a popularity's reason can be called; the place is what a file holds.
const TERMS: [&str; 3] = ["bought by others", "bought lately by others", "bought by others in this market"];

impl Save for Popularity {
    fn save(&self, to: &mut Writer) {
        to.f32s("scores", &self.scores);
        let term = TERMS.iter().position(|t| *t == self.term).unwrap_or(0);
        to.u64s("term", &[term as u64]);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let [term] = from.sizes("term", TERMS.len() - 1)?;
        Ok(Self { scores: from.f32s("scores")?, term: TERMS[term] })
    }
}

impl Explain for Popularity {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let score = self.score(history, &[candidate])[0];
        score.map(|part| Reason { term: self.term, item: None, part }).into_iter().collect()
    }
}

/// One list a market.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct MarketPopularityParams {
    /// As for one list.
    pub each: PopularityParams,
}

/// The lists of all markets that have a shopper.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketPopularity {
    markets: BTreeMap<Market, Popularity>,
}

impl Fit for MarketPopularityParams {
    type Model = MarketPopularity;

    /// # Errors
    /// As for one list.
    fn fit(&self, train: &Interactions, seed: Seed) -> Result<MarketPopularity, FitError> {
        let of = train.markets();
        let distinct: std::collections::BTreeSet<Market> = of.iter().copied().collect();
        let fit_one = |market: Market| {
            let own = train.filter(|cell| of[cell.shopper.at()] == market);
            let mut model = self.each.fit(&own, seed)?;
            if self.each.half_life_days.is_none() {
                model.term = TERMS[2];
            }
            Ok((market, model))
        };
        Ok(MarketPopularity { markets: distinct.into_iter().map(fit_one).collect::<Result<_, FitError>>()? })
    }
}

impl MarketPopularity {
    /// The list of one market; `None` for a market without a shopper.
    pub fn for_market(&self, market: Market) -> Option<&Popularity> {
        self.markets.get(&market)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, Interaction, Kind, ShopperIdx};

    fn train() -> Interactions {
        let cell = |s, i, d, weight| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(i),
            kind: Kind::Purchase,
            day: Day(d),
            weight,
        };
        let markets = ["DE", "GB"].map(|m| m.parse().unwrap()).to_vec();
        Interactions::new(4, markets, vec![cell(0, 0, 0, 1.0), cell(0, 1, 10, 1.0), cell(1, 0, 20, 2.0)]).unwrap()
    }

    const ALL: [ItemIdx; 4] = [ItemIdx(0), ItemIdx(1), ItemIdx(2), ItemIdx(9)];

    #[test] // Half-life 10, last day 20: item 0 is 1/4 + 2, item 1 is 1/2; items 2 and 9 have no score.
    fn an_old_purchase_counts_less_by_hand() {
        let plain = PopularityParams::default().fit(&train(), Seed(0)).unwrap();
        assert_eq!(plain.score(History::EMPTY, &ALL), [Some(3.0), Some(1.0), None, None]);
        let decayed = PopularityParams { half_life_days: Some(10.0) }.fit(&train(), Seed(0)).unwrap();
        assert_eq!(decayed.score(History::EMPTY, &ALL), [Some(2.25), Some(0.5), None, None]);
        assert_eq!(decayed.explain(History::EMPTY, ItemIdx(1))[0].part, 0.5);
        assert!(PopularityParams { half_life_days: Some(0.0) }.fit(&train(), Seed(0)).is_err());
    }

    #[test]
    fn each_market_has_its_own_list() {
        let model = MarketPopularityParams::default().fit(&train(), Seed(0)).unwrap();
        let of = |m: &str| model.for_market(m.parse().unwrap());
        assert_eq!(of("DE").unwrap().score(History::EMPTY, &ALL), [Some(1.0), Some(1.0), None, None]);
        assert_eq!(of("GB").unwrap().score(History::EMPTY, &ALL), [Some(2.0), None, None, None]);
        assert_eq!(of("CN"), None);
        assert_eq!(of("DE").unwrap().explain(History::EMPTY, ItemIdx(2)), []);
    }
}
