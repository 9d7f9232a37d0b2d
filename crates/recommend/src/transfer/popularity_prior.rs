//! What sells in the target, with what sells in the sources as a prior.
//!
//! A new market has sold most items to nobody yet. Each source says which share `p` of its purchases an item
//! has; the mean of these shares, so that a large source does not outvote the others, is what is believed before the
//! target has said anything, worth `strength` purchases. Then the `c` purchases of the target move it:
//! `ln(1 + c + strength · p)`, which orders items like the expected number of purchases. With a new market it is
//! what the sources sell, with an old one what itself does: `strength` does not grow with the data.
//!
//! Source: the posterior mean of a purchase rate under a gamma prior, Gelman et al., "Bayesian data analysis", 3rd
//! edition, CRC 2013, section 2.6. Cost: one pass over the rows; the model keeps one number an item.

use super::Ground;
use crate::links::at_least_0;
use domain::{Explain, FitError, History, Interactions, ItemIdx, Reason, Score};

/// How much the sources are believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PopularityPriorParams {
    /// Purchases of the target that the sources' word is worth, at least 0.
    pub strength: f32,
}

impl Default for PopularityPriorParams {
    fn default() -> Self {
        Self { strength: 100.0 }
    }
}

/// Fitted model: a score an item, 0 for what nobody has bought anywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct PopularityPrior {
    scores: Vec<f32>,
}

/// Purchases of each item, by their weights.
fn counts(rows: &Interactions) -> Vec<f64> {
    let mut counts = vec![0.0; rows.n_items()];
    rows.iter().for_each(|row| counts[row.item.at()] += f64::from(row.weight));
    counts
}

impl PopularityPriorParams {
    /// Counts what is sold.
    ///
    /// # Errors
    /// [`FitError::Param`] for a strength below 0.
    pub fn adapt(&self, ground: &Ground) -> Result<PopularityPrior, FitError> {
        at_least_0("strength", self.strength)?;
        let of_sources: Vec<Vec<f64>> = ground.sources().iter().map(|source| counts(&source.rows)).collect();
        let totals: Vec<f64> = of_sources.iter().map(|c| c.iter().sum()).collect();
        let n_sources = totals.iter().filter(|total| **total > 0.0).count().max(1) as f64;
        let share = |i: usize| {
            let shares = of_sources.iter().zip(&totals).filter(|(_, total)| **total > 0.0);
            shares.map(|(counts, total)| counts[i] / total).sum::<f64>() / n_sources
        };
        let own = counts(ground.target());
        let score = |(i, c): (usize, &f64)| (c + f64::from(self.strength) * share(i)).ln_1p() as f32;
        Ok(PopularityPrior { scores: own.iter().enumerate().map(score).collect() })
    }
}

impl Score for PopularityPrior {
    fn score(&self, _history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        candidates.iter().map(|c| self.scores.get(c.at()).copied().filter(|score| *score > 0.0)).collect()
    }
}

impl Explain for PopularityPrior {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let score = self.score(history, &[candidate])[0];
        score.map(|part| Reason { term: "bought by others", item: None, part }).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;
    use crate::transfer::{Ground, Source};

    const ALL: [ItemIdx; 4] = [ItemIdx(0), ItemIdx(1), ItemIdx(2), ItemIdx(3)];

    fn scores(ground: &Ground, strength: f32) -> Vec<Option<f32>> {
        PopularityPriorParams { strength }.adapt(ground).unwrap().score(History::EMPTY, &ALL)
    }

    #[test] // Target: item 0 twice, item 1 once. Source: of four purchases three are of item 1, one of item 2.
    fn the_posterior_by_hand() {
        let two = ground(4, &[&[0, 1], &[0]], &[&[1, 2], &[1], &[1]]);
        let want = [2.0, 1.0 + 4.0 * 0.75, 4.0 * 0.25].map(|c: f32| Some(c.ln_1p()));
        for (got, want) in scores(&two, 4.0).into_iter().zip(want) {
            assert!((got.unwrap() - want.unwrap()).abs() < 1e-6);
        }
        assert_eq!(scores(&two, 4.0)[3], None, "sold nowhere");
        assert_eq!(scores(&two, 0.0)[2], None, "without strength the target alone speaks");
        assert!(PopularityPriorParams { strength: -1.0 }.adapt(&two).is_err());
    }

    #[test] // A source of one purchase says as much as one of three: item 1 has half of what is believed, like item 2.
    fn a_large_source_does_not_outvote_a_small_one_and_an_empty_one_is_silent() {
        let base = ground(4, &[&[]], &[&[1], &[2], &[2], &[2]]);
        let rows = &base.sources()[0].rows;
        let first = rows.row(domain::ShopperIdx(1)).to_vec();
        assert_eq!(first, [ItemIdx(1)]);
        let of = |name: &str, shoppers: &[u32]| Source {
            name: name.to_owned(),
            rows: rows.filter(|row| shoppers.contains(&row.shopper.0)),
        };
        let sources = vec![of("small", &[1]), of("large", &[2, 3, 4]), of("empty", &[])];
        let three = Ground::new(base.target().clone(), sources).unwrap();
        let got = scores(&three, 2.0);
        assert_eq!(got, [None, Some(2.0_f32.ln()), Some(2.0_f32.ln()), None]);
    }

    #[test]
    fn the_reason_is_the_score() {
        let two = ground(4, &[&[0, 1], &[0]], &[&[1, 2], &[1], &[1]]);
        let model = PopularityPriorParams::default().adapt(&two).unwrap();
        let [reason] = &model.explain(History::EMPTY, ALL[1])[..] else { panic!("one reason") };
        assert_eq!(Some(reason.part), model.score(History::EMPTY, &[ALL[1]])[0]);
        assert_eq!(model.explain(History::EMPTY, ALL[3]), []);
    }
}
