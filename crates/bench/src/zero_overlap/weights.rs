//! How much each score counts, from home alone.
//!
//! Home's products are cut in two once more, and its shoppers too. What home knows is learnt on one half, the choices of the
//! other shoppers among the other products say what each score is worth there: they stand for a market that home has never
//! sold to. As many of them are known as the half has fewer products, so that a product has as many sales as abroad.

use super::scorers::{Home, N_FEATURES, Scorers};
use super::{Baskets, Half, hashed};
use anyhow::Result;
use domain::ItemIdx;
use learn::choice::ChoiceParams;

/// Questions that weights are learnt from at most.
const QUESTIONS: usize = 3_000;

impl Half {
    /// Some of its products, in their order.
    fn of(&self, which: &[usize], width: usize) -> Self {
        Self {
            rows: which.iter().map(|at| self.rows[*at]).collect(),
            items: which.iter().map(|at| self.items[*at].clone()).collect(),
            vectors: which.iter().flat_map(|at| self.vectors[at * width..(at + 1) * width].to_vec()).collect(),
            kinds: which.iter().map(|at| self.kinds[*at]).collect(),
            brands: which.iter().map(|at| self.brands[*at]).collect(),
            colours: which.iter().map(|at| self.colours[*at]).collect(),
            sold: which.iter().map(|at| self.sold[*at]).collect(),
            prices: which.iter().map(|at| self.prices[*at]).collect(),
        }
    }
}

/// Baskets in the numbers of some products, those of two or more.
fn renumbered<'a>(baskets: impl Iterator<Item = &'a Vec<ItemIdx>>, which: &[usize]) -> Baskets {
    let one = |basket: &Vec<ItemIdx>| -> Vec<ItemIdx> {
        basket.iter().filter_map(|item| which.binary_search(&item.at()).ok()).map(|at| ItemIdx(at as u32)).collect()
    };
    baskets.map(one).filter(|basket| basket.len() > 1).collect()
}

/// What each of the scores is worth; those of `without` are kept out.
pub(super) fn learn_weights(
    half: &Half,
    width: usize,
    n_kinds: usize,
    baskets: &Baskets,
    n_known: usize,
    uses: impl Fn(usize) -> bool,
) -> Result<[f64; N_FEATURES]> {
    let is_first = |at: &usize| hashed(half.rows[*at] + 7_000_000).is_multiple_of(2);
    let (first, rest): (Vec<usize>, Vec<usize>) = (0..half.rows.len()).partition(is_first);
    let (mine, other) = (half.of(&first, width), half.of(&rest, width));
    let home = Home::learn(&mine, width, n_kinds, &renumbered(baskets.iter().step_by(2), &first))?;
    let others = renumbered(baskets.iter().skip(1).step_by(2), &rest);
    let (known, asked) = others.split_at((n_known * rest.len() / half.rows.len()).min(others.len() / 2));
    let scorers = Scorers::new(&other, width, &home, known)?;
    let used: Vec<usize> = (0..N_FEATURES).filter(|at| uses(*at)).collect();
    let (mut x, mut sizes, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
    for basket in asked.iter().take(QUESTIONS) {
        let Some((answer, history)) = basket.split_last() else { continue };
        let candidates = scorers.candidates(history);
        let Some(at) = candidates.iter().position(|item| item == answer) else { continue };
        x.extend(scorers.features(history, &candidates).iter().flat_map(|row| used.iter().map(|at| row[*at])));
        sizes.push(candidates.len());
        chosen.push(at);
    }
    let found = ChoiceParams::default().fit(&x, used.len(), &sizes, &chosen)?;
    let mut weights = [0.0; N_FEATURES];
    used.iter().zip(found).for_each(|(at, weight)| weights[*at] = weight);
    Ok(weights)
}
