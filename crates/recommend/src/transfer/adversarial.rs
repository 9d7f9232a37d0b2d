//! Tastes that do not betray their market: a linear network trained against a discriminator.
//!
//! A shopper is the bag of what was bought; vectors of the items come from the singular values of all rows. The
//! network of [`learn::adversarial`] learns features of a shopper that say what is bought next and do not say
//! which market the shopper is from, so that what the sources' shoppers taught holds for the target's.
//! [`Betrayal`] says how well a fresh classifier tells the markets apart before and after: 0.5 is chance.
//!
//! Source: Ganin et al., "Domain-adversarial training of neural networks", JMLR 17, 2016.
//! Cost: `n_steps · width²`; scoring adds one vector an item of the history.

use super::Ground;
use super::source_score::item_vectors_of;
use crate::links::sorted;
use crate::signal::distinct;
use domain::{Explain, FitError, History, Interactions, ItemIdx, Reason, Score, Seed, ShopperIdx};
use learn::adversarial::{Adversarial, AdversarialParams, probe};
use learn::lanes::dot;

/// How the network is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscriminatorParams {
    /// Length of the vectors, at least 1.
    pub width: usize,
    /// Steps a row of the data, at least 1.
    pub n_epochs: usize,
    /// How strongly features are kept from betraying the market, at least 0.
    pub reversal: f32,
}

impl Default for DiscriminatorParams {
    fn default() -> Self {
        Self { width: 32, n_epochs: 6, reversal: 1.0 }
    }
}

/// Balanced accuracy of telling target and sources apart, on shoppers that the classifier has not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Betrayal {
    /// By what went into the network.
    pub before: f64,
    /// By the features that it learnt.
    pub after: f64,
}

/// Fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketBlind {
    network: Adversarial,
    known: Vec<bool>,
    betrayal: Option<Betrayal>,
}

/// Shoppers of a side that are told apart.
const PROBED: usize = 1000;

impl DiscriminatorParams {
    /// Trains on target and sources.
    ///
    /// # Errors
    /// [`FitError`] for a parameter outside its range.
    pub fn adapt(&self, ground: &Ground, seed: Seed) -> Result<MarketBlind, FitError> {
        crate::links::at_least_1("width", self.width)?;
        crate::links::at_least_1("n_epochs", self.n_epochs)?;
        crate::links::at_least_0("reversal", self.reversal)?;
        let taught = ground.taught(&vec![1.0; ground.sources().len()])?;
        let all = ground.pooled(&vec![1.0; ground.sources().len()])?;
        let mut vectors = item_vectors_of(&all, self.width, seed)?;
        // Rows of length 1 suit one step length for all data.
        for row in vectors.chunks_exact_mut(self.width) {
            let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|x| *x /= length);
            }
        }
        let (there, here) = (bags(&taught), bags(ground.target()));
        let n_steps = self.n_epochs * all.len();
        let params = AdversarialParams { width: self.width, n_steps, rate: 0.03, reversal: self.reversal, reg: 1e-3 };
        let network = Adversarial::train(&params, vectors, [&there, &here], seed);
        let known = all.buyers_by_item().iter().map(|buyers| !buyers.is_empty()).collect();
        let side = |bags: &[Vec<u32>], features: bool| -> Vec<f32> {
            let step = bags.len().div_ceil(PROBED).max(1);
            let row = |bag: &Vec<u32>| {
                let input = network.input(bag);
                if features { network.features(&input) } else { input }
            };
            bags.iter().step_by(step).flat_map(row).collect()
        };
        let told = |features| probe(&side(&there, features), &side(&here, features), self.width);
        let betrayal = told(false).zip(told(true)).map(|(before, after)| Betrayal { before, after });
        Ok(MarketBlind { network, known, betrayal })
    }
}

/// The distinct items of every shopper who has some.
fn bags(rows: &Interactions) -> Vec<Vec<u32>> {
    let bag = |s: u32| {
        let mut items: Vec<u32> = rows.row(ShopperIdx(s)).iter().map(|item| item.0).collect();
        items.sort_unstable();
        items.dedup();
        items
    };
    (0..rows.n_shoppers() as u32).map(bag).filter(|bag| !bag.is_empty()).collect()
}

impl MarketBlind {
    /// How well markets can be told apart; nothing where a side has fewer than two shoppers.
    pub const fn betrayal(&self) -> Option<Betrayal> {
        self.betrayal
    }

    fn bag(&self, history: History<'_>) -> Vec<u32> {
        let items = distinct(history, self.known.len());
        items.into_iter().filter(|(item, _)| self.known[item.at()]).map(|(item, _)| item.0).collect()
    }
}

impl Score for MarketBlind {
    fn score(&self, history: History<'_>, candidates: &[ItemIdx]) -> Vec<Option<f32>> {
        let bag = self.bag(history);
        if bag.is_empty() {
            return vec![None; candidates.len()];
        }
        let h = self.network.features(&self.network.input(&bag));
        let score = |c: &ItemIdx| (self.known.get(c.at()) == Some(&true)).then(|| dot(&h, self.network.task(c.0)));
        candidates.iter().map(score).collect()
    }
}

impl Explain for MarketBlind {
    /// Features are linear in the bag, so each item adds a part; the rest is what everybody likes.
    fn explain(&self, history: History<'_>, candidate: ItemIdx) -> Vec<Reason> {
        let bag = self.bag(history);
        if bag.is_empty() || self.known.get(candidate.at()) != Some(&true) {
            return Vec::new();
        }
        let task = self.network.task(candidate.0);
        let base = dot(&self.network.bias, task);
        let scale = 1.0 / (bag.len() as f32).sqrt();
        let part = |item: &u32| {
            let alone = self.network.features(&self.network.input(&[*item]));
            Reason { term: "close in taste to", item: Some(ItemIdx(*item)), part: scale * (dot(&alone, task) - base) }
        };
        let mut reasons: Vec<Reason> = bag.iter().map(part).collect();
        reasons.push(Reason { term: "liked everywhere", item: None, part: base });
        sorted(reasons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;

    /// Items 0 to 23 in 4 groups of 6; a shopper has 4 of one group. Nine of ten shoppers of the source have item 24
    /// too, of the target item 25.
    fn marked() -> Ground {
        let baskets = |mark: u32, seed: u64| -> Vec<Vec<u32>> {
            let basket = |s: u64| {
                let mut rng = Seed(seed).stream(s);
                let group = rng.below(4) as u32;
                let mut within: Vec<u32> = (0..6).map(|i| 6 * group + i).collect();
                rng.shuffle(&mut within);
                within.truncate(4);
                if rng.uniform() < 0.9 {
                    within.push(mark);
                }
                within
            };
            (0..100).map(basket).collect()
        };
        let (own, theirs) = (baskets(25, 1), baskets(24, 2));
        let own: Vec<&[u32]> = own.iter().map(Vec::as_slice).collect();
        let theirs: Vec<&[u32]> = theirs.iter().map(Vec::as_slice).collect();
        ground(26, &own, &theirs)
    }

    #[test]
    fn the_market_is_hidden_and_the_taste_is_kept() {
        let params = DiscriminatorParams { width: 8, n_epochs: 20, reversal: 1.0 };
        let model = params.adapt(&marked(), Seed(1)).unwrap();
        let told = model.betrayal().unwrap();
        assert!(told.before > 0.75 && told.after < 0.7, "{told:?}");
        let scores = model.score(History::of(&[0, 1, 25].map(ItemIdx)), &(2..24).map(ItemIdx).collect::<Vec<_>>());
        let mean = |of: &[Option<f32>]| of.iter().flatten().sum::<f32>() / of.len() as f32;
        assert!(mean(&scores[..4]) > mean(&scores[4..]), "{scores:?}");
    }

    #[test]
    fn reasons_add_up_to_the_score() {
        let model =
            DiscriminatorParams { width: 3, ..DiscriminatorParams::default() }.adapt(&marked(), Seed(1)).unwrap();
        let history = [0, 5].map(ItemIdx);
        let score = model.score(History::of(&history), &[ItemIdx(1)])[0].unwrap();
        let sum: f32 = model.explain(History::of(&history), ItemIdx(1)).iter().map(|r| r.part).sum();
        assert!((sum - score).abs() < 1e-4, "{sum} {score}");
        assert_eq!(model.score(History::EMPTY, &[ItemIdx(1)]), [None]);
    }
}
