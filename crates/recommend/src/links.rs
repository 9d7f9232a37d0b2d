//! Weighted links from items to items: how every model that is such a matrix scores and explains.
//!
//! `links` is items × items; row `i` says what having `i` in a history adds to other items:
//! `score(j) = Σ w(i) · links(i, j)` over the distinct items of the history. An item that no item of
//! the history links to has no score.
//! Cost: `O(Σ_{i in history} links(i) + n_items)`, whatever the number of candidates.

use crate::signal::matrix;
use domain::{FitError, Interactions, ItemIdx, Reason};
use learn::Csr;
use learn::container::{ContainerError, Reader};

/// One score a candidate for items with their weights, each item once.
pub(crate) fn score(links: &Csr, items: &[(ItemIdx, f32)], candidates: &[ItemIdx]) -> Vec<Option<f32>> {
    let mut sums: Vec<Option<f32>> = vec![None; links.n_cols()];
    for &(item, weight) in items {
        for (to, link) in links.cells(item.at()) {
            *sums[to as usize].get_or_insert(0.0) += weight * link;
        }
    }
    candidates.iter().map(|c| sums.get(c.at()).copied().flatten()).collect()
}

/// What each item adds to the score of a candidate, largest first.
pub(crate) fn explain(links: &Csr, items: &[(ItemIdx, f32)], candidate: ItemIdx, term: &'static str) -> Vec<Reason> {
    let part = |&(item, weight): &(ItemIdx, f32)| {
        let (columns, values) = links.row(item.at());
        let at = columns.binary_search(&candidate.0).ok()?;
        Some(Reason { term, item: Some(item), part: weight * values[at] })
    };
    sorted(items.iter().filter_map(part).collect())
}

/// Reasons in the order in which they are given: largest first, ties by item.
pub(crate) fn sorted(mut reasons: Vec<Reason>) -> Vec<Reason> {
    reasons.sort_by(|a, b| b.part.total_cmp(&a.part).then(a.item.cmp(&b.item)));
    reasons
}

/// Reads links that [`score`] can use: as many rows as columns.
pub(crate) fn load(from: &Reader<'_>) -> Result<Csr, ContainerError> {
    let links = from.csr("links")?;
    let square = links.n_rows() == links.n_cols();
    if square { Ok(links) } else { Err(ContainerError::content("links", "as many rows as columns")) }
}

/// Shoppers × items with the square roots of the weights, and its transpose. In the products of a
/// linear model a shopper of weight `w` then counts like `w` shoppers, which is what weakening the
/// rows of a source market means.
pub(crate) fn rooted(train: &Interactions) -> (Csr, Csr) {
    let by_shopper = matrix(train).map(|_, _, weight| weight.sqrt());
    let by_item = by_shopper.transpose();
    (by_shopper, by_item)
}

/// A history as [`rooted`] sees it.
pub(crate) fn roots(mut items: Vec<(ItemIdx, f32)>) -> Vec<(ItemIdx, f32)> {
    items.iter_mut().for_each(|(_, weight)| *weight = weight.sqrt());
    items
}

/// Refuses a number that is not at least 0.
pub(crate) fn at_least_0(name: &'static str, value: f32) -> Result<(), FitError> {
    let fine = value >= 0.0 && value.is_finite();
    if fine { Ok(()) } else { Err(FitError::Param { name, rule: "at least 0", got: f64::from(value) }) }
}

/// Refuses a number that is not above 0.
pub(crate) fn above_0(name: &'static str, value: f32) -> Result<(), FitError> {
    let fine = value > 0.0 && value.is_finite();
    if fine { Ok(()) } else { Err(FitError::Param { name, rule: "above 0", got: f64::from(value) }) }
}

/// Refuses a number that is not from 0 to 1.
pub(crate) fn from_0_to_1(name: &'static str, value: f32) -> Result<(), FitError> {
    let fine = (0.0..=1.0).contains(&value);
    if fine { Ok(()) } else { Err(FitError::Param { name, rule: "from 0 to 1", got: f64::from(value) }) }
}

/// Refuses a factor that does not let something fade: above 0 and at most 1.
pub(crate) fn fading(name: &'static str, value: f32) -> Result<(), FitError> {
    let fine = value > 0.0 && value <= 1.0;
    if fine { Ok(()) } else { Err(FitError::Param { name, rule: "above 0 and at most 1", got: f64::from(value) }) }
}

/// Refuses a count of 0.
pub(crate) fn at_least_1(name: &'static str, value: usize) -> Result<(), FitError> {
    if value > 0 { Ok(()) } else { Err(FitError::Param { name, rule: "at least 1", got: 0.0 }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // Item 1: 2 · 0.5 − 1 · 1 = 0, which is a score; item 0 and 3 are linked from nowhere.
    fn parts_that_cancel_are_a_score_of_zero_and_not_silence() {
        let links = Csr::from_rows(4, [vec![(1, 0.5)], vec![], vec![(1, -1.0)], vec![]]);
        let history = [(ItemIdx(0), 2.0), (ItemIdx(2), 1.0)];
        let all = [ItemIdx(0), ItemIdx(1), ItemIdx(3), ItemIdx(9)];
        assert_eq!(score(&links, &history, &all), [None, Some(0.0), None, None]);
        let parts: Vec<f32> = explain(&links, &history, ItemIdx(1), "x").iter().map(|r| r.part).collect();
        assert_eq!(parts, [1.0, -1.0]);
        assert_eq!(explain(&links, &history, ItemIdx(9), "x"), []);
    }
}
