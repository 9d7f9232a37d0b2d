//! RP3beta: the probability to get from an item to another one over a shopper who has both, with
//! what is popular discounted.
//!
//! `W(i, j) = Σ_s p(i → s)^alpha · p(s → j)^alpha / d(j)^beta`, `p` the shares of a row's weight, `d` the
//! summed weight of an item; the score of `j` is `Σ w(i) W(i, j)` over the history. See `walk.rs` for the step.
//! Source: Paudel, Christoffel, Newell and Bernstein, "Updatable, accurate, diverse, and scalable
//! recommendations for interactive applications", ACM TiiS 7(1), 2017.
//! Cost: fitting `O(Σ_s |history(s)|²)`; scoring `O(|history| · k + n_items)`.

use crate::links::{self, at_least_1};
use crate::saved::Save;
use crate::signal::distinct;
use crate::walk::{Exponents, step};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed};
use learn::Csr;
use learn::container::{ContainerError, Reader, Writer};

/// How the walk is weighted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rp3BetaParams {
    /// Power of the probabilities, at least 0.
    pub alpha: f32,
    /// Power of the popularity that is divided by, at least 0.
    pub beta: f32,
    /// Items kept for each item, at least 1.
    pub k: usize,
}

impl Default for Rp3BetaParams {
    fn default() -> Self {
        Self { alpha: 0.8, beta: 0.5, k: 1_000 }
    }
}

/// Fitted model: `links(i, j)` is `W(i, j)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rp3Beta {
    links: Csr,
}

impl Fit for Rp3BetaParams {
    type Model = Rp3Beta;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<Rp3Beta, FitError> {
        at_least_1("k", self.k)?;
        let exponents = Exponents { from: self.alpha, via: self.alpha, to: self.beta };
        exponents.check(["alpha", "alpha", "beta"])?;
        Ok(Rp3Beta { links: step(train, exponents, self.k) })
    }
}

impl Score for Rp3Beta {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        links::score(&self.links, &distinct(history, self.links.n_rows()), candidates)
    }
}

impl Save for Rp3Beta {
    fn save(&self, to: &mut Writer) {
        to.csr("links", &self.links);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        Ok(Self { links: links::load(from)? })
    }
}

impl Explain for Rp3Beta {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let items = distinct(history, self.links.n_rows());
        links::explain(&self.links, &items, candidate, "reached over shoppers who bought")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shoppers {0, 1}, {0, 1, 2}; alpha 2, beta 1: to item 1 ((½)² (½)² + (½)² (⅓)²) / 2 = (1/16 + 1/36) / 2,
    /// to item 2 (½)² (⅓)² / 1.
    #[test]
    fn two_shoppers_by_hand() {
        let train = Interactions::from_baskets(3, [&[0, 1][..], &[0, 1, 2]]);
        let model = Rp3BetaParams { alpha: 2.0, beta: 1.0, k: 9 }.fit(&train, Seed(0)).unwrap();
        let got = model.score(History::of(&[ItemIdx(0)]), &[ItemIdx(0), ItemIdx(1), ItemIdx(2)]);
        assert_eq!(got[0], None);
        assert!((got[1].unwrap() - (1.0 / 16.0 + 1.0 / 36.0) / 2.0).abs() < 1e-6, "{got:?}");
        assert!((got[2].unwrap() - 1.0 / 36.0).abs() < 1e-6, "{got:?}");
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        let plain = Rp3BetaParams::default();
        for (params, want) in [
            (Rp3BetaParams { k: 0, ..plain }, "k"),
            (Rp3BetaParams { alpha: -1.0, ..plain }, "alpha"),
            (Rp3BetaParams { beta: f32::NAN, ..plain }, "beta"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }
}
