//! Marks of one ranked list against the items that turned out relevant.
//!
//! With `rel(r)` 1 when the item at rank `r` (from 1) is relevant, `n` relevant items, depth `k`:
//!
//! | metric | formula | range |
//! |---|---|---|
//! | nDCG@k | `Σ_{r≤k} rel(r) / log2(r+1)` over the same sum of the ideal list, `Σ_{r≤min(n,k)} 1 / log2(r+1)` | [0, 1] |
//! | recall@k | hits in the first `k` over `n` | [0, 1] |
//! | precision@k | hits in the first `k` over `k`, also when the list is shorter | [0, 1] |
//! | HR@k | 1 when there is a hit in the first `k` | {0, 1} |
//! | MRR@k | `1 / r` of the first hit within `k`, else 0; without `k` over the whole list | [0, 1] |
//! | MAP@k | `Σ_{r≤k} rel(r) · precision@r / min(n, k)` | [0, 1] |
//!
//! nDCG follows Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM
//! TOIS 20(4), 2002, with binary gains; the others Manning, Raghavan and Schütze, "Introduction to
//! Information Retrieval", CUP 2008, chapter 8. Rankings are over the whole catalogue unless a case
//! brings candidates: sampled candidates reorder models (Krichene and Rendle, KDD 2020).
//!
//! A list may be short or empty (a model that cannot say): what is missing counts as missed.
//! Without a relevant item no metric is defined, and the value is `None`.

use domain::ItemIdx;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a ranked list is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Normalised discounted cumulative gain of the first `k`.
    Ndcg(usize),
    /// Share of the relevant items found in the first `k`.
    Recall(usize),
    /// Share of the first `k` that is relevant.
    Precision(usize),
    /// Whether one of the first `k` is relevant.
    HitRate(usize),
    /// Reciprocal rank of the first hit within `k`.
    Mrr(usize),
    /// Reciprocal rank of the first hit in the whole list.
    MrrFull,
    /// Average precision of the first `k`.
    Map(usize),
}

impl Metric {
    /// How deep the list has to be ranked; `None` for the whole list.
    pub const fn depth(self) -> Option<usize> {
        match self {
            Self::Ndcg(k) | Self::Recall(k) | Self::Precision(k) | Self::HitRate(k) | Self::Mrr(k) | Self::Map(k) => {
                Some(k)
            }
            Self::MrrFull => None,
        }
    }

    /// The mark of `ranked` (best first, no repeats). `None` when nothing is relevant or `k` is 0.
    pub fn mark(self, ranked: &[ItemIdx], relevant: &[ItemIdx]) -> Option<f64> {
        let depth = self.depth().unwrap_or(ranked.len().max(1));
        if relevant.is_empty() || depth == 0 {
            return None;
        }
        let n = relevant.len();
        // Ranks from 1 of the hits within the depth, ascending.
        let hits: Vec<usize> =
            (1..).zip(ranked).take(depth).filter(|(_, i)| relevant.contains(i)).map(|h| h.0).collect();
        let n_hits = hits.len() as f64;
        Some(match self {
            Self::Ndcg(k) => sum(hits.iter().map(|r| gain(*r))) / sum((1..=n.min(k)).map(gain)),
            Self::Recall(_) => n_hits / n as f64,
            Self::Precision(k) => n_hits / k as f64,
            Self::HitRate(_) => f64::from(u8::from(!hits.is_empty())),
            Self::Mrr(_) | Self::MrrFull => hits.first().map_or(0.0, |r| 1.0 / *r as f64),
            Self::Map(k) => {
                let precisions = (1..).zip(&hits).map(|(found, r)| f64::from(found) / *r as f64);
                sum(precisions) / n.min(k) as f64
            }
        })
    }
}

/// From +0: the sum of nothing is −0 in the standard library, which would be printed as such.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |a, b| a + b)
}

fn gain(rank: usize) -> f64 {
    1.0 / (rank as f64 + 1.0).log2()
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ndcg(k) => write!(f, "nDCG@{k}"),
            Self::Recall(k) => write!(f, "recall@{k}"),
            Self::Precision(k) => write!(f, "precision@{k}"),
            Self::HitRate(k) => write!(f, "HR@{k}"),
            Self::Mrr(k) => write!(f, "MRR@{k}"),
            Self::MrrFull => f.write_str("MRR"),
            Self::Map(k) => write!(f, "MAP@{k}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(ids: &[u32]) -> Vec<ItemIdx> {
        ids.iter().copied().map(ItemIdx).collect()
    }

    fn near(metric: Metric, ranked: &[u32], relevant: &[u32], want: f64) {
        let got = metric.mark(&items(ranked), &items(relevant)).unwrap();
        assert!((got - want).abs() < 1e-12, "{metric} is {got}, by hand {want}");
    }

    /// Ranked 7 3 9 1 5, relevant 3, 5, 8: hits at ranks 2 and 5, one item missed.
    #[test]
    fn every_metric_by_hand_on_one_list() {
        let (ranked, relevant) = (&[7, 3, 9, 1, 5], &[3, 5, 8]);
        // DCG 1/log2(3) + 1/log2(6) = 0.630930 + 0.386853; ideal 1 + 0.630930 + 0.5 = 2.130930.
        near(Metric::Ndcg(5), ranked, relevant, (1.0 / 3_f64.log2() + 1.0 / 6_f64.log2()) / (1.5 + 1.0 / 3_f64.log2()));
        // Depth 2: only rank 2 is seen, and the ideal list has two places: 0.630930 / 1.630930.
        near(Metric::Ndcg(2), ranked, relevant, (1.0 / 3_f64.log2()) / (1.0 + 1.0 / 3_f64.log2()));
        near(Metric::Recall(5), ranked, relevant, 2.0 / 3.0);
        near(Metric::Recall(4), ranked, relevant, 1.0 / 3.0);
        near(Metric::Precision(4), ranked, relevant, 1.0 / 4.0);
        near(Metric::Precision(10), ranked, relevant, 2.0 / 10.0); // five places are empty
        near(Metric::HitRate(1), ranked, relevant, 0.0);
        near(Metric::HitRate(2), ranked, relevant, 1.0);
        near(Metric::Mrr(1), ranked, relevant, 0.0);
        near(Metric::MrrFull, ranked, relevant, 1.0 / 2.0);
        // Precision is 1/2 at rank 2 and 2/5 at rank 5; three relevant items fit into the depth.
        near(Metric::Map(5), ranked, relevant, (0.5 + 0.4) / 3.0);
    }

    #[test]
    fn a_perfect_list_is_marked_one_and_an_empty_one_zero() {
        for metric in [Metric::Ndcg(3), Metric::Recall(3), Metric::HitRate(3), Metric::MrrFull, Metric::Map(3)] {
            near(metric, &[4, 2, 9, 1], &[2, 4, 9], 1.0);
            near(metric, &[], &[2, 4, 9], 0.0);
            assert!(metric.mark(&[], &items(&[2])).unwrap().is_sign_positive(), "{metric} prints as -0");
        }
    }

    #[test]
    fn without_a_relevant_item_nothing_is_defined() {
        assert_eq!(Metric::Ndcg(10).mark(&items(&[1, 2]), &[]), None);
        assert_eq!(Metric::Precision(0).mark(&items(&[1, 2]), &items(&[1])), None);
    }

    const ALL: [Metric; 7] = [
        Metric::Ndcg(6),
        Metric::Recall(6),
        Metric::Precision(6),
        Metric::HitRate(6),
        Metric::Mrr(6),
        Metric::MrrFull,
        Metric::Map(6),
    ];

    fn lists() -> impl Strategy<Value = (Vec<ItemIdx>, Vec<ItemIdx>)> {
        let ranked = Just((0_u32..12).collect::<Vec<u32>>()).prop_shuffle();
        let relevant = prop::sample::subsequence((0_u32..14).collect::<Vec<u32>>(), 1..6);
        (ranked, relevant).prop_map(|(a, b)| (items(&a), items(&b)))
    }

    proptest! {
        #[test]
        fn marks_lie_between_zero_and_one((ranked, relevant) in lists(), n in 0_usize..12) {
            for metric in ALL {
                let mark = metric.mark(&ranked[..n], &relevant).unwrap();
                prop_assert!((0.0..=1.0 + 1e-12).contains(&mark), "{} {}", metric, mark);
            }
        }

        #[test]
        fn the_order_of_the_relevant_items_does_not_matter((ranked, mut relevant) in lists()) {
            let before = ALL.map(|m| m.mark(&ranked, &relevant));
            relevant.reverse();
            prop_assert_eq!(before, ALL.map(|m| m.mark(&ranked, &relevant)));
        }

        #[test]
        fn new_names_for_the_items_do_not_matter((ranked, relevant) in lists(), names in Just((100_u32..114).collect::<Vec<u32>>()).prop_shuffle()) {
            let rename = |list: &[ItemIdx]| -> Vec<ItemIdx> { list.iter().map(|i| ItemIdx(names[i.at()])).collect() };
            for metric in ALL {
                prop_assert_eq!(metric.mark(&ranked, &relevant), metric.mark(&rename(&ranked), &rename(&relevant)));
            }
        }

        #[test]
        fn moving_a_relevant_item_up_never_lowers_a_mark((ranked, relevant) in lists(), a in 0_usize..12, b in 0_usize..12) {
            let (up, down) = (a.min(b), a.max(b));
            let mut better = ranked.clone();
            if relevant.contains(&ranked[down]) && !relevant.contains(&ranked[up]) {
                better.swap(up, down);
            }
            for metric in ALL {
                prop_assert!(metric.mark(&better, &relevant) >= metric.mark(&ranked, &relevant), "{}", metric);
            }
        }
    }
}
