//! Several models' scores of one list made comparable, so that their weighted sum ranks.
//!
//! *z-score*: `(s − mean) / deviation` over the list, 0 where all scores are alike (Montague and Aslam,
//! "Relevance score normalization for metasearch", CIKM 2001). Keeps how far ahead an item is.
//! *Reciprocal rank*: `1 / (k + rank)` (Cormack,
//! Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
//! methods", SIGIR 2009). Keeps the order alone. *Logarithm of the rank*: `−ln rank`, which falls as fast
//! between 1 and 2 as between 10 and 20. Items of one score share the mean of their ranks: a model that says
//! nothing of most of a list must not order these by chance. All look at nothing but the list that is ranked,
//! which a real system has, too. Cost: one pass, or one sort, a list.

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
    pub fn comparable(self, scores: &mut [f32]) {
        match self {
            Self::ZScore => standardise(scores),
            Self::Rank { k } => by_rank(scores, |rank| 1.0 / (k + rank)),
            Self::LogRank => by_rank(scores, |rank| -rank.ln()),
        }
    }
}

/// Replaces each score by a value of its rank, from 1, ties at the mean of their ranks.
fn by_rank(scores: &mut [f32], value: impl Fn(f32) -> f32) {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut ahead = 0;
    let given = scores.to_vec();
    for tied in order.chunk_by(|&a, &b| given[a] == given[b]) {
        let rank = ahead as f32 + (tied.len() as f32 + 1.0) / 2.0;
        tied.iter().for_each(|&at| scores[at] = value(rank));
        ahead += tied.len();
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

    #[test] // Mean 3, deviations −2, 0, 0, 2: root of (4 + 4) / 4 = √2.
    fn z_scores_by_hand() {
        let mut scores = [1.0, 3.0, 3.0, 5.0];
        Fuse::ZScore.comparable(&mut scores);
        assert_eq!(scores, [-(2_f32.sqrt()), 0.0, 0.0, 2_f32.sqrt()]);
        let mut flat = [0.1; 4];
        Fuse::ZScore.comparable(&mut flat);
        assert_eq!(flat, [0.0; 4]);
    }

    #[test] // Ranks: item 3 first, items 1 and 2 share 2 and 3, then item 0.
    fn ranks_by_hand() {
        let mut scores = [1.0, 3.0, 3.0, 5.0];
        Fuse::Rank { k: 1.0 }.comparable(&mut scores);
        assert_eq!(scores, [1.0 / 5.0, 1.0 / 3.5, 1.0 / 3.5, 1.0 / 2.0]);
        let mut scores = [1.0, 3.0, 3.0, 5.0];
        Fuse::LogRank.comparable(&mut scores);
        assert_eq!(scores, [-(4_f32.ln()), -(2.5_f32.ln()), -(2.5_f32.ln()), 0.0]);
    }
}
