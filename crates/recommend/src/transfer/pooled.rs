//! Pooling: the target market's rows together with those of source markets, at a weight.
//!
//! Items are shared by catalogue identity, shoppers are not. A source row of weight `w` enters with
//! `weight · w`: 1 treats all shoppers alike, less lets the target's own shoppers decide where they
//! can, 0 would be the target alone. Neighbourhood models feel the square of it (a pair of items
//! counts by the product of its weights), the confidence of iALS and popularity feel it once.
//! The weight is chosen on held-out shoppers of the target only.
//!
//! Source: pooling is the baseline of cross-market recommendation: Bonab et al., "Cross-market
//! product recommendation", CIKM 2021. Cost: one pass over the rows.

use crate::{ModelKind, Recommender};
use domain::{FitError, Interaction, Interactions, Market, Seed};
use std::collections::BTreeSet;

/// Where a target may learn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sources {
    /// Every other market.
    AllOthers,
    /// These; the target itself is never its own source.
    These(BTreeSet<Market>),
}

/// A target market and what it may learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// The market that is to be served.
    pub target: Market,
    /// The markets that it may learn from.
    pub sources: Sources,
    /// Factor on the weights of source rows, above 0.
    pub weight: f32,
}

impl Pool {
    /// The target's own rows.
    #[must_use]
    pub fn local(&self, all: &Interactions) -> Interactions {
        all.filter(|row| all.markets()[row.shopper.at()] == self.target)
    }

    /// The target's rows and the weighted rows of the sources.
    ///
    /// # Errors
    /// [`FitError::Param`] for a weight that is not a positive number.
    pub fn pooled(&self, all: &Interactions) -> Result<Interactions, FitError> {
        let rule = "above 0; 0 is the target alone";
        let wrong = || FitError::Param { name: "weight of the source markets", rule, got: f64::from(self.weight) };
        if !(self.weight > 0.0 && self.weight.is_finite()) {
            return Err(wrong());
        }
        let enters = |row: Interaction| {
            let market = all.markets()[row.shopper.at()];
            let factor = match &self.sources {
                _ if market == self.target => 1.0,
                Sources::AllOthers => self.weight,
                Sources::These(markets) if markets.contains(&market) => self.weight,
                Sources::These(_) => return None,
            };
            Some(Interaction { weight: row.weight * factor, ..row })
        };
        let rows = all.iter().filter_map(enters).collect();
        // Only a weight that falls out of the range of `f32` can be refused here.
        Interactions::new(all.n_items(), all.markets().to_vec(), rows).map_err(|_| wrong())
    }
}

/// The two models that are compared.
pub struct TransferPair {
    /// Fitted on the target alone.
    pub local: Box<dyn Recommender>,
    /// Fitted on the target and its sources.
    pub pooled: Box<dyn Recommender>,
}

/// Fits a model on the target alone and on the pool.
///
/// # Errors
/// [`FitError`] of either fit, or of the pool's weight.
pub fn fit_pair(kind: &ModelKind, all: &Interactions, pool: &Pool, seed: Seed) -> Result<TransferPair, FitError> {
    Ok(TransferPair { local: kind.fit(&pool.local(all), seed)?, pooled: kind.fit(&pool.pooled(all)?, seed)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Day, History, ItemIdx, Kind, ShopperIdx};

    /// Germans (0), Britons (1) and a Frenchman (2) buy one item each, of the same number.
    fn all() -> Interactions {
        let cell = |s| Interaction {
            shopper: ShopperIdx(s),
            item: ItemIdx(s),
            kind: Kind::Purchase,
            day: Day(0),
            weight: 2.0,
        };
        let markets = [*b"DE", *b"GB", *b"FR"].map(|m| Market::from_code(m).unwrap()).to_vec();
        Interactions::new(3, markets, (0..3).map(cell).collect()).unwrap()
    }

    #[test]
    fn source_rows_enter_with_their_weight_and_others_stay_out() {
        let (de, gb) = (all().markets()[0], all().markets()[1]);
        let weights = |rows: Interactions| rows.iter().map(|r| (r.item.0, r.weight)).collect::<Vec<_>>();
        let pool = Pool { target: de, sources: Sources::These([gb, de].into()), weight: 0.25 };
        assert_eq!(weights(pool.local(&all())), [(0, 2.0)]);
        assert_eq!(weights(pool.pooled(&all()).unwrap()), [(0, 2.0), (1, 0.5)]);
        let everybody = Pool { sources: Sources::AllOthers, ..pool.clone() };
        assert_eq!(weights(everybody.pooled(&all()).unwrap()), [(0, 2.0), (1, 0.5), (2, 0.5)]);
        for weight in [0.0, -1.0, f32::NAN] {
            assert!(Pool { weight, ..pool.clone() }.pooled(&all()).is_err());
        }
    }

    #[test]
    fn the_local_model_knows_only_the_target() {
        let pool = Pool { target: all().markets()[0], sources: Sources::AllOthers, weight: 1.0 };
        let pair = fit_pair(&ModelKind::PopularityGlobal, &all(), &pool, Seed(0)).unwrap();
        let items = [0, 1].map(ItemIdx);
        assert_eq!(pair.local.score(History::EMPTY, &items), [Some(2.0), None]);
        assert_eq!(pair.pooled.score(History::EMPTY, &items), [Some(2.0), Some(2.0)]);
    }
}
