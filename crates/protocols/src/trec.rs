//! Marks as `trec_eval` gives them, which is what the published figures come from.
//!
//! Scores are 32-bit, the best first, ties by *descending* document id. Items are numbered in the
//! order of their ids (see `task.rs`), so the higher number goes first. Whoever ties with the
//! answer is put by an arbitrary but fixed rule: a model that scores many items alike is marked by it.
//! An item about which the model cannot say anything has the floor of its list, the lowest score or 0,
//! whichever is lower: with scores above 0, as those of neighbourhoods, that is the 0 which a dense
//! score matrix would hold.
//!
//! nDCG@k and HR@k of a ranked list are [`eval::Metric`]'s; for one answer at rank `r` they are
//! `1 / log2(r + 1)` and 1 when `r ≤ k`, else 0. Cost: a partial sort of the list.

use domain::ItemIdx;

/// Scores without gaps; the position of the first one that is not finite as an error.
pub fn filled(scores: &[Option<f32>]) -> Result<Vec<f32>, usize> {
    if let Some(at) = scores.iter().position(|score| score.is_some_and(|s| !s.is_finite())) {
        return Err(at);
    }
    let floor = scores.iter().flatten().fold(0.0_f32, |low, score| low.min(*score));
    Ok(scores.iter().map(|score| score.unwrap_or(floor)).collect())
}

/// The first `depth` candidates, best first. Items that `left_out` (ascending) holds are not listed.
pub fn ranked(scores: &[f32], candidates: &[ItemIdx], left_out: &[ItemIdx], depth: usize) -> Vec<ItemIdx> {
    let better = |a: &(f32, ItemIdx), b: &(f32, ItemIdx)| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1));
    // Adding 0 makes −0 and 0 one score.
    let scored = candidates.iter().zip(scores).map(|(item, score)| (*score + 0.0, *item));
    let mut open: Vec<(f32, ItemIdx)> = scored.filter(|(_, item)| left_out.binary_search(item).is_err()).collect();
    if depth < open.len() {
        open.select_nth_unstable_by(depth, better);
        open.truncate(depth);
    }
    open.sort_unstable_by(better);
    open.into_iter().map(|(_, item)| item).collect()
}

/// The rank, from 1, of the candidate at a position, without sorting.
pub fn rank_of(at: usize, scores: &[f32], candidates: &[ItemIdx]) -> usize {
    let (score, item) = (scores[at], candidates[at]);
    let ahead = |(s, i): (&f32, &ItemIdx)| *s > score || *s == score && *i > item;
    1 + scores.iter().zip(candidates).filter(|pair| ahead(*pair)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use eval::Metric;
    use proptest::prelude::*;

    fn items(ids: &[u32]) -> Vec<ItemIdx> {
        ids.iter().copied().map(ItemIdx).collect()
    }

    /// Documents d0 to d4 with scores 0.5, 0.9, 0.5, 0.5, 0.1: d1, then the ties d3, d2, d0, then d4.
    /// Answer d2 is at rank 3, so nDCG@10 is 1 / log2(4) = 0.5, nDCG@2 and HR@2 are 0.
    #[test]
    fn ties_go_to_the_higher_document_id_by_hand() {
        let (scores, candidates) = ([0.5, 0.9, 0.5, 0.5, 0.1], items(&[0, 1, 2, 3, 4]));
        let list = ranked(&scores, &candidates, &[], 10);
        assert_eq!(list, items(&[1, 3, 2, 0, 4]));
        assert_eq!(Metric::Ndcg(10).mark(&list, &items(&[2])), Some(0.5));
        assert_eq!(Metric::HitRate(2).mark(&list, &items(&[2])), Some(0.0));
        assert_eq!((rank_of(2, &scores, &candidates), rank_of(0, &scores, &candidates)), (3, 4));
        assert_eq!(ranked(&scores, &candidates, &items(&[1, 2]), 2), items(&[3, 0]));
    }

    #[test]
    fn what_cannot_be_said_is_the_floor_of_its_list() {
        assert_eq!(filled(&[Some(2.0), None, Some(0.5)]), Ok(vec![2.0, 0.0, 0.5]));
        assert_eq!(filled(&[Some(-2.0), None, Some(0.5)]), Ok(vec![-2.0, -2.0, 0.5]));
        assert_eq!(filled(&[None, Some(f32::NAN)]), Err(1));
        assert_eq!(ranked(&[0.0, -0.0], &items(&[1, 2]), &[], 2), items(&[2, 1]), "0 and −0 tie");
    }

    proptest! {
        #[test]
        fn the_rank_is_the_place_in_the_list(scores in prop::collection::vec(-2_i8..3, 1..30), at in 0_usize..30) {
            let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
            let candidates: Vec<ItemIdx> = (0..scores.len() as u32).map(|i| ItemIdx(i * 7 % 31)).collect();
            let at = at % scores.len();
            let list = ranked(&scores, &candidates, &[], scores.len());
            prop_assert_eq!(list.iter().position(|i| *i == candidates[at]), Some(rank_of(at, &scores, &candidates) - 1));
        }
    }
}
