//! Several models' scores of one list made comparable, so that their weighted sum ranks.
//!
//! *z-score*: `(s − mean) / deviation` over the list, 0 where all scores are alike (Montague and Aslam,
//! "Relevance score normalization for metasearch", CIKM 2001). Keeps how far ahead an item is.
//! *Reciprocal rank*: `1 / (k + rank)` with the list's ties broken as the marks break them (Cormack,
//! Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
//! methods", SIGIR 2009). Keeps the order alone. *Logarithm of the rank*: `−ln rank`, which falls as fast
//! between 1 and 2 as between 10 and 20. All look at nothing but the list that is ranked,
//! which a real system has, too. Cost: one pass, or one sort, a list.

use domain::ItemIdx;

/// How scores are made comparable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fuse {
    /// Deviations from the list's mean.
    ZScore,
    /// Reciprocal ranks.
    Rank {
        /// How little the first ranks stand out, at least 0; 60 in the paper.
        k: f32,
    },
    /// Logarithms of ranks, below 0.
    LogRank,
}

impl Fuse {
    /// Replaces scores by what may be added up.
    pub fn comparable(self, scores: &mut [f32], candidates: &[ItemIdx]) {
        match self {
            Self::ZScore => standardise(scores),
            Self::Rank { k } => by_rank(scores, candidates, |rank| 1.0 / (k + rank)),
            Self::LogRank => by_rank(scores, candidates, |rank| -rank.ln()),
        }
    }
}

/// Replaces each score by a value of its rank, from 1, as the marks would rank it.
fn by_rank(scores: &mut [f32], candidates: &[ItemIdx], value: impl Fn(f32) -> f32) {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(candidates[b].cmp(&candidates[a])));
    for (rank, at) in order.into_iter().enumerate() {
        scores[at] = value(rank as f32 + 1.0);
    }
}

fn standardise(scores: &mut [f32]) {
    let n = scores.len().max(1) as f64;
    let mean = scores.iter().map(|s| f64::from(*s)).sum::<f64>() / n;
    let deviation = (scores.iter().map(|s| (f64::from(*s) - mean).powi(2)).sum::<f64>() / n).sqrt();
    // Below what 32 bits tell apart, a spread is rounding.
    let scale = if deviation > 1e-6 * mean.abs() { 1.0 / deviation } else { 0.0 };
    scores.iter_mut().for_each(|s| *s = ((f64::from(*s) - mean) * scale) as f32);
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [ItemIdx; 4] = [ItemIdx(0), ItemIdx(1), ItemIdx(2), ItemIdx(3)];

    #[test] // Mean 3, deviations −2, 0, 0, 2: root of (4 + 4) / 4 = √2.
    fn z_scores_by_hand() {
        let mut scores = [1.0, 3.0, 3.0, 5.0];
        Fuse::ZScore.comparable(&mut scores, &IDS);
        assert_eq!(scores, [-(2_f32.sqrt()), 0.0, 0.0, 2_f32.sqrt()]);
        let mut flat = [0.1; 4];
        Fuse::ZScore.comparable(&mut flat, &IDS);
        assert_eq!(flat, [0.0; 4]);
    }

    #[test] // Ranks: item 3 first, then of the tie item 2 before item 1, then item 0.
    fn reciprocal_ranks_by_hand() {
        let mut scores = [1.0, 3.0, 3.0, 5.0];
        Fuse::Rank { k: 1.0 }.comparable(&mut scores, &IDS);
        assert_eq!(scores, [1.0 / 5.0, 1.0 / 4.0, 1.0 / 3.0, 1.0 / 2.0]);
        let mut scores = [1.0, 3.0, 3.0, 5.0];
        Fuse::LogRank.comparable(&mut scores, &IDS);
        assert_eq!(scores, [-(4_f32.ln()), -(3_f32.ln()), -(2_f32.ln()), 0.0]);
    }
}
