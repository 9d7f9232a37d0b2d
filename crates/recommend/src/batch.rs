//! Lists for many shoppers at once, from models that score by a product of two vectors.
//!
//! `score(s, j) = x_s · y_j`: all scores are one product of matrices, and the best of each row are picked
//! while it is computed (see [`learn::Panels`]). The items are those that [`Score`](domain::Score) would
//! rank, in the same order up to the rounding of a sum.
//! Cost: a fold-in for each history, then `n_histories · n_items · f` multiply-adds; memory for one copy
//! of the item vectors.

use crate::Owned;
use domain::{History, ItemIdx};
use learn::Panels;
use rayon::prelude::*;

/// A model that scores by the product of a taste and an item vector.
pub trait Factors: Sync {
    /// Length of a vector.
    fn n_factors(&self) -> usize;

    /// The vector of an item; `None` where the model knows nothing of it.
    fn item_vector(&self, item: ItemIdx) -> Option<&[f32]>;

    /// Items of the catalogue.
    fn n_items(&self) -> usize;

    /// The taste of somebody with this history, as long as an item vector; `None` when nothing is known.
    fn taste(&self, history: History<'_>) -> Option<Vec<f32>>;
}

/// The best `n` items for each history with their scores, best first, ties to the lower item. A history
/// that the model cannot say anything about gets an empty list.
pub fn best_for_all<M: Factors>(
    model: &M,
    histories: &[History<'_>],
    n: usize,
    owned: Owned,
) -> Vec<Vec<(ItemIdx, f32)>> {
    let f = model.n_factors();
    let tastes: Vec<Option<Vec<f32>>> = histories.par_iter().map(|h| model.taste(*h)).collect();
    let known: Vec<u32> = (0..model.n_items() as u32).filter(|i| model.item_vector(ItemIdx(*i)).is_some()).collect();
    let vectors: Vec<f32> = known.iter().filter_map(|i| model.item_vector(ItemIdx(*i))).flatten().copied().collect();
    // The kernel counts known items only.
    let place = |item: &ItemIdx| known.binary_search(&item.0).ok().map(|at| at as u32);
    let left_out = |history: &History<'_>| {
        let mut own: Vec<u32> = match owned {
            Owned::Exclude => history.items().iter().filter_map(place).collect(),
            Owned::Include => Vec::new(),
        };
        own.sort_unstable();
        own
    };
    let asked: Vec<usize> = (0..histories.len()).filter(|h| tastes[*h].is_some()).collect();
    let own: Vec<Vec<u32>> = asked.iter().map(|h| left_out(&histories[*h])).collect();
    let queries: Vec<f32> = tastes.iter().flatten().flatten().copied().collect();
    let found = Panels::pack(&vectors, f).top(&queries, n, |q| &own[q]);
    let mut lists = vec![Vec::new(); histories.len()];
    for (h, best) in asked.into_iter().zip(found) {
        lists[h] = best.into_iter().map(|(at, score)| (ItemIdx(known[at as usize]), score)).collect();
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BprParams, IalsParams};
    use domain::{Fit, Interactions, Score, Seed, ShopperIdx};

    fn check<M: Factors + Score>(model: &M, train: &Interactions) {
        let rows: Vec<&[ItemIdx]> = (0..train.n_shoppers()).map(|s| train.row(ShopperIdx(s as u32))).collect();
        let mut histories: Vec<History<'_>> = rows.iter().map(|row| History::of(row)).collect();
        histories.push(History::EMPTY);
        for owned in [Owned::Exclude, Owned::Include] {
            let lists = best_for_all(model, &histories, 5, owned);
            assert_eq!(lists.len(), histories.len());
            assert_eq!(lists[histories.len() - 1], []);
            for (history, list) in histories.iter().zip(&lists) {
                let items: Vec<ItemIdx> = (0..train.n_items() as u32).map(ItemIdx).collect();
                let offered = |i: &ItemIdx| owned == Owned::Include || !history.items().contains(i);
                let items: Vec<ItemIdx> = items.into_iter().filter(offered).collect();
                let scores = model.score(*history, &items);
                let mut want: Vec<(ItemIdx, f32)> =
                    items.into_iter().zip(scores).filter_map(|(i, s)| Some((i, s?))).collect();
                want.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                want.truncate(5);
                assert_eq!(list.len(), want.len());
                for (got, want) in list.iter().zip(&want) {
                    assert!((got.1 - want.1).abs() < 1e-5, "{got:?} {want:?}");
                }
            }
        }
    }

    #[test] // Item 9 was never bought: it is on no list.
    fn lists_are_those_that_scoring_one_by_one_gives() {
        let baskets = [&[0, 1][..], &[0, 1, 2], &[1, 2, 8], &[3, 4], &[3, 4, 5], &[4, 5, 6], &[6, 7], &[7, 8, 0]];
        let train = Interactions::from_baskets(10, baskets);
        check(&IalsParams { n_factors: 3, ..IalsParams::default() }.fit(&train, Seed(1)).unwrap(), &train);
        check(&BprParams { n_factors: 3, n_epochs: 20, ..BprParams::default() }.fit(&train, Seed(1)).unwrap(), &train);
    }
}
