//! How much each score counts, from home alone.
//!
//! Home's products are cut in two once more, and its shoppers too. What home knows is learnt on one half, the choices of the other
//! shoppers among the other products say what each score is worth there: they stand for a market that home has never
//! sold to. The few shoppers abroad who are known then say how much of what home learnt holds there ([`adapted`]). As many of them are known as the half has fewer products, so that a product has as many sales as abroad.

use super::scorers::{Home, N_FEATURES, OF_HISTORY, Scorers, WITHOUT_HISTORY};
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

/// What home's weights of what a history says, and of price and taste, are multiplied by.
const SHARES: [f64; 4] = [0.0, 0.35, 0.7, 1.0];

/// Home's weights, less where the known shoppers of the market do not choose like home's: of each group the share under which their own
/// last purchases were likeliest, each half of them asked of what the other half sold. Two numbers from a hundred questions.
pub(super) fn adapted(
    half: &Half,
    width: usize,
    home: &Home,
    known: &[Vec<ItemIdx>],
    weights: &[f64; N_FEATURES],
) -> Result<[f64; N_FEATURES]> {
    let (first, second) = known.split_at(known.len() / 2);
    let mut questions = Vec::new();
    for (sold, asked) in [(first, second), (second, first)] {
        let scorers = Scorers::new(half, width, home, sold)?;
        for basket in asked {
            let Some((answer, history)) = basket.split_last() else { continue };
            let candidates = scorers.candidates(history);
            if let Some(at) = candidates.iter().position(|item| item == answer) {
                questions.push((scorers.features(history, &candidates), at));
            }
        }
    }
    let shared = |of_history: f64, rest: f64| -> [f64; N_FEATURES] {
        std::array::from_fn(|at| match at {
            _ if WITHOUT_HISTORY.contains(&at) => weights[at],
            _ if OF_HISTORY.contains(&at) => of_history * weights[at],
            _ => rest * weights[at],
        })
    };
    let likelihood = |weights: &[f64; N_FEATURES]| -> f64 {
        let of = |(features, at): &(Vec<[f32; N_FEATURES]>, usize)| {
            let sum = |row: &[f32; N_FEATURES]| row.iter().zip(weights).map(|(f, w)| f64::from(*f) * w).sum::<f64>();
            let scores: Vec<f64> = features.iter().map(sum).collect();
            let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            scores[*at] - top - scores.iter().map(|s| (s - top).exp()).sum::<f64>().ln()
        };
        questions.iter().map(of).sum()
    };
    let all = SHARES.iter().flat_map(|of_history| SHARES.iter().map(move |rest| (*of_history, *rest)));
    let best = all.map(|(h, r)| shared(h, r)).map(|w| (likelihood(&w), w));
    // Of shares that are as likely the first, which take less from home.
    let best = best.fold((f64::NEG_INFINITY, *weights), |best, one| if one.0 > best.0 { one } else { best });
    Ok(best.1)
}
