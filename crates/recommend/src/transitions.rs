//! What usually comes after: item neighbours that know the order of a history.
//!
//! Wherever a shopper took `i` at place `p` and `j` at place `q`, the step from `i` to `j` counts
//! `gap_decay^(|q − p| − 1)`, and `backward` times that when `j` came first. With `C(i, j)` the sum over
//! shoppers and `d` the number of buyers,
//! `W(i, j) = C(i, j) / (d(i)^from_exponent · d(j)^to_exponent) · C(i, j) / (C(i, j) + shrinkage)`, and
//! `score(j) = Σ_a history_decay^a · w(a) · W(h(a), j)` over the history from its newest item `a = 0` back.
//! With no decay and `backward` 1 it is plain item neighbours; with decays near 0 it is the chain of
//! single steps. Weights of the interactions scale what a shopper adds; an item that comes twice counts
//! at its newest place, and `a` counts the distinct items that the model knows.
//!
//! Sources: Rendle, Freudenthaler and Schmidt-Thieme, "Factorizing personalized Markov chains for
//! next-basket recommendation", WWW 2010 (the chain); Ludewig and Jannach, "Evaluation of session-based
//! recommendation algorithms", UMUAI 28, 2018 (sequential rules that fade with the gap). Cost: fitting
//! `O(Σ_s |history(s)|²)`; scoring `O(|history| · k + n_items)`.

use crate::Save;
use crate::links::{self, at_least_0, at_least_1};
use domain::{Explain, Fit, FitError, History, Interactions, ItemIdx, Reason, Score, Seed, ShopperIdx};
use learn::container::{ContainerError, Reader, Writer};
use learn::{Accumulator, Csr, keep_largest};
use rayon::prelude::*;

/// How steps are counted and added up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransitionsParams {
    /// What a step counts for each further place in between, from 0 (next places only) to 1.
    pub gap_decay: f32,
    /// What a step against the order counts, from 0 to 1.
    pub backward: f32,
    /// What an item of the history counts for each place that it lies further back, from 0 to 1.
    pub history_decay: f32,
    /// Power by which the buyers of the item that is left are divided out, at least 0.
    pub from_exponent: f32,
    /// Power for the buyers of the item that is reached, at least 0.
    pub to_exponent: f32,
    /// Steps at which a weight is halved for being seen seldom, at least 0.
    pub shrinkage: f32,
    /// Items kept for each item, at least 1.
    pub k: usize,
}

impl Default for TransitionsParams {
    fn default() -> Self {
        Self {
            gap_decay: 0.8,
            backward: 0.2,
            history_decay: 0.5,
            from_exponent: 0.5,
            to_exponent: 0.0,
            shrinkage: 0.5,
            k: 1_000,
        }
    }
}

/// Fitted model: `links(i, j)` is `W(i, j)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Transitions {
    links: Csr,
    history_decay: f32,
}

impl Fit for TransitionsParams {
    type Model = Transitions;

    /// # Errors
    /// [`FitError::Param`] for a parameter outside its range.
    fn fit(&self, train: &Interactions, _seed: Seed) -> Result<Transitions, FitError> {
        for (name, value) in
            [("gap_decay", self.gap_decay), ("backward", self.backward), ("history_decay", self.history_decay)]
        {
            if !(0.0..=1.0).contains(&value) {
                return Err(FitError::Param { name, rule: "from 0 to 1", got: f64::from(value) });
            }
        }
        at_least_0("from_exponent", self.from_exponent)?;
        at_least_0("to_exponent", self.to_exponent)?;
        at_least_0("shrinkage", self.shrinkage)?;
        at_least_1("k", self.k)?;
        Ok(Transitions { links: self.links(train), history_decay: self.history_decay })
    }
}

impl TransitionsParams {
    fn links(&self, train: &Interactions) -> Csr {
        let n = train.n_items();
        // Where each item stands: shopper and place.
        let mut places: Vec<Vec<(u32, usize)>> = vec![Vec::new(); n];
        for s in 0..train.n_shoppers() as u32 {
            for (place, item) in train.row(ShopperIdx(s)).iter().enumerate() {
                places[item.at()].push((s, place));
            }
        }
        let buyers: Vec<f32> = places.iter().map(|p| p.chunk_by(|a, b| a.0 == b.0).count() as f32).collect();
        let row = |sums: &mut Accumulator, i: usize| {
            for &(s, p) in &places[i] {
                let shopper = ShopperIdx(s);
                let weight = train.row_weights(shopper)[p];
                for (q, j) in train.row(shopper).iter().enumerate().filter(|(_, j)| j.at() != i) {
                    let direction = if q > p { 1.0 } else { self.backward };
                    let counts = weight * direction * self.gap_decay.powi(q.abs_diff(p) as i32 - 1);
                    if counts > 0.0 {
                        sums.add(j.0, counts);
                    }
                }
            }
            let mut cells = sums.take();
            for (j, value) in &mut cells {
                let scale = buyers[i].powf(self.from_exponent) * buyers[*j as usize].powf(self.to_exponent);
                *value *= *value / (*value + self.shrinkage) / scale;
            }
            keep_largest(&mut cells, self.k);
            cells
        };
        let rows: Vec<Vec<(u32, f32)>> = (0..n).into_par_iter().map_init(|| Accumulator::new(n), row).collect();
        Csr::from_rows(n, rows)
    }
}

impl Transitions {
    /// The distinct items of a history, newest first, with what their place leaves of their weight.
    fn asked(&self, history: History<'_>) -> Vec<(ItemIdx, f32)> {
        let mut items: Vec<(ItemIdx, f32)> = Vec::new();
        for (item, weight) in history.iter().rev() {
            if item.at() < self.links.n_rows() && !items.iter().any(|(known, _)| *known == item) {
                // What is unknown or comes again makes nobody older.
                items.push((item, weight * self.history_decay.powi(items.len() as i32)));
            }
        }
        items.retain(|(_, left)| *left > 0.0);
        items
    }
}

impl Score for Transitions {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        links::score(&self.links, &self.asked(history), candidates)
    }
}

impl Save for Transitions {
    fn save(&self, to: &mut Writer) {
        to.f32s("history decay", &[self.history_decay]);
        to.csr("links", &self.links);
    }

    fn load(from: &Reader<'_>) -> Result<Self, ContainerError> {
        let fault = || ContainerError::content("history decay", "one number from 0 to 1");
        let decay: [f32; 1] = from.f32s("history decay")?.as_slice().try_into().map_err(|_| fault())?;
        let [history_decay] = decay;
        if !(0.0..=1.0).contains(&history_decay) {
            return Err(fault());
        }
        Ok(Self { links: links::load(from)?, history_decay })
    }
}

impl Explain for Transitions {
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        links::explain(&self.links, &self.asked(history), candidate, "often follows")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: TransitionsParams = TransitionsParams {
        gap_decay: 0.5,
        backward: 0.25,
        history_decay: 0.5,
        from_exponent: 0.0,
        to_exponent: 0.0,
        shrinkage: 0.0,
        k: 9,
    };

    fn weight(params: TransitionsParams, from: u32, to: u32) -> Option<f32> {
        let train = Interactions::from_baskets(3, [&[0, 1, 2][..], &[0, 1]]);
        params.fit(&train, Seed(0)).unwrap().score(History::of(&[ItemIdx(from)]), &[ItemIdx(to)])[0]
    }

    /// Shoppers 0 1 2 and 0 1: from 0 to 1 two next steps; to 2 one over a gap, a half; from 1 back to 0
    /// two quarters.
    #[test]
    fn steps_by_hand() {
        assert_eq!([weight(PLAIN, 0, 1), weight(PLAIN, 0, 2), weight(PLAIN, 1, 0)], [Some(2.0), Some(0.5), Some(0.5)]);
        let forward = TransitionsParams { backward: 0.0, gap_decay: 0.0, ..PLAIN };
        assert_eq!([weight(forward, 0, 1), weight(forward, 0, 2), weight(forward, 1, 0)], [Some(2.0), None, None]);
        // 2 · 2 / (2 + 2) = 1, divided by the roots of 2 and 2 buyers.
        let scaled = TransitionsParams { from_exponent: 0.5, to_exponent: 0.5, shrinkage: 2.0, ..PLAIN };
        assert!((weight(scaled, 0, 1).unwrap() - 0.5).abs() < 1e-6);
    }

    /// History 0 then 1: item 2 gets 1 from the newest item 1 and half of ½ from 0. The other way round it
    /// is ½ + ½ · 1. An item that comes twice counts where it is newest.
    #[test]
    fn the_newest_item_counts_most() {
        let train = Interactions::from_baskets(3, [&[0, 1, 2][..], &[0, 1]]);
        let model = PLAIN.fit(&train, Seed(0)).unwrap();
        let of = |history: &[ItemIdx]| model.score(History::of(history), &[ItemIdx(2)])[0];
        assert_eq!(of(&[ItemIdx(0), ItemIdx(1)]), Some(1.25));
        assert_eq!(of(&[ItemIdx(1), ItemIdx(0)]), Some(1.0));
        assert_eq!(of(&[ItemIdx(1), ItemIdx(0), ItemIdx(1)]), Some(1.25));
    }

    #[test]
    fn parameters_outside_their_range_are_named() {
        let train = Interactions::from_baskets(1, [&[0][..]]);
        for (params, want) in [
            (TransitionsParams { gap_decay: 1.5, ..PLAIN }, "gap_decay"),
            (TransitionsParams { backward: -0.1, ..PLAIN }, "backward"),
            (TransitionsParams { history_decay: f32::NAN, ..PLAIN }, "history_decay"),
            (TransitionsParams { to_exponent: -1.0, ..PLAIN }, "to_exponent"),
            (TransitionsParams { shrinkage: -1.0, ..PLAIN }, "shrinkage"),
            (TransitionsParams { k: 0, ..PLAIN }, "k"),
        ] {
            assert!(matches!(params.fit(&train, Seed(0)), Err(FitError::Param { name, .. }) if name == want));
        }
    }
}
