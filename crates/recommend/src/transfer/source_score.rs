//! How much a source promises, before anything is trained on it.
//!
//! | part | what it is | range |
//! |---|---|---|
//! | overlap | share of the target's rows whose item the sources have sold | 0 to 1 |
//! | volume | ln of the sources' rows on the target's items over the target's own rows | any |
//! | thinness | −ln of the target's rows an item | any |
//! | popularity | rank correlation of buyers, over items that both sell | −1 to 1 |
//! | pairs | share of the target's pairs bought together that the sources know too | 0 to 1 |
//! | graph | cosine of the shares (Jaccard) of all pairs, target and sources | 0 to 1 |
//! | alignment | how well the sources' item vectors, turned, fit the target's (Procrustes) | 0 to 1 |
//! | coral | 1 − how different the covariances of shoppers' vectors are | 0 to 1 |
//! | mmd | −squared maximum mean discrepancy of shoppers' vectors | −2 to 0 |
//!
//! The score is `Σ weight · (part − centre) / spread`, in points of relative gain: [`ScoreWeights::learnt`]
//! fits it by ridge regression, without weights below 0, to gains that were measured, and [`ScoreWeights::published`] holds what came
//! out of the public markets (docs/transfer.md). Several sources are scored as one: their rows together.
//!
//! Sources: what makes a good source is asked in Bonab et al., "Cross-market product recommendation", CIKM
//! 2021; discrepancies as in [`learn::align`]; ridge regression is Hoerl and Kennard, 1970.
//! Cost: one pass over the pairs of both sides and three factorisations of short vectors.

use super::Ground;
use super::similarity_prior::Shares;
use domain::{FitError, Interactions, ItemIdx, Seed, ShopperIdx};
use learn::Csr;
use learn::align::{coral_distance, mmd, procrustes};
use learn::low_rank::{LowRankParams, low_rank};
use std::collections::BTreeSet;

/// Length of the vectors that are compared.
const WIDTH: usize = 12;
/// Shoppers of a side whose vectors are compared.
const SHOPPERS: usize = 300;
/// Rounds of coordinate descent over at most [`N_PARTS`] weights, far more than they need.
const ROUNDS: usize = 300;
/// Parts of a score.
pub const N_PARTS: usize = 9;
/// Their names, in the order of the values.
pub const PARTS: [&str; N_PARTS] =
    ["overlap", "volume", "thinness", "popularity", "pairs", "graph", "alignment", "coral", "mmd"];

/// Position of *volume* among them.
pub const VOLUME: usize = 1;

/// The parts of a score, in the order of [`PARTS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceParts(pub [f64; N_PARTS]);

impl SourceParts {
    /// Looks at the sources of a ground together.
    ///
    /// # Errors
    /// [`FitError::TooLittleData`] when the target or the sources have no row.
    pub fn of(ground: &Ground, seed: Seed) -> Result<Self, FitError> {
        let own = ground.target();
        let taught = ground.taught(&vec![1.0; ground.sources().len()])?;
        for (what, rows) in [("rows of the target", own), ("rows of the sources", &taught)] {
            if rows.is_empty() {
                return Err(FitError::TooLittleData { what, have: 0, need: 1 });
            }
        }
        let (here, there) = (buyers(own), buyers(&taught));
        let n_own = own.len() as f64;
        let known: usize = own.iter().filter(|row| there[row.item.at()] > 0.0).count();
        let useful: usize = taught.iter().filter(|row| here[row.item.at()] > 0.0).count();
        let sold = here.iter().filter(|n| **n > 0.0).count() as f64;
        let (pairs, graph) = graphs(own, &taught);
        let [alignment, coral, mmd] = vectors(ground, own, &taught, seed)?;
        Ok(Self([
            known as f64 / n_own,
            ((useful as f64 + 1.0) / n_own).ln(),
            -(n_own / sold).ln(),
            rank_correlation(&here, &there),
            pairs,
            graph,
            alignment,
            coral,
            mmd,
        ]))
    }
}

fn buyers(rows: &Interactions) -> Vec<f64> {
    rows.buyers_by_item().iter().map(|list| list.len() as f64).collect()
}

/// Spearman's correlation of two lists over the places where both are above 0; 0 where there is none.
fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    let both: Vec<(f64, f64)> =
        a.iter().zip(b).filter(|(a, b)| **a > 0.0 && **b > 0.0).map(|(a, b)| (*a, *b)).collect();
    let (x, y): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
    spearman(&x, &y).unwrap_or(0.0)
}

/// Spearman's rank correlation, ties at their mean rank; nothing where a side does not vary.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let n = a.len() as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n;
    let (ma, mb) = (mean(&a), mean(&b));
    let of = |x: &[f64], mx: f64, y: &[f64], my: f64| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    let spread = (of(&a, ma, &a, ma) * of(&b, mb, &b, mb)).sqrt();
    (spread > 0.0).then(|| of(&a, ma, &b, mb) / spread)
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|x, y| values[*x].total_cmp(&values[*y]).then(x.cmp(y)));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for group in order.chunk_by(|x, y| values[*x] == values[*y]) {
        let rank = start as f64 + (group.len() as f64 - 1.0) / 2.0;
        group.iter().for_each(|at| ranks[*at] = rank);
        start += group.len();
    }
    ranks
}

/// Share of the target's pairs that the sources know, and the cosine of both graphs.
fn graphs(own: &Interactions, taught: &Interactions) -> (f64, f64) {
    let (own, taught) = (Shares::of(own), Shares::of(taught));
    let n = own.n_items();
    let (mut here, mut there) = (vec![0.0_f32; n], vec![0.0_f32; n]);
    let (mut touched, mut others) = (Vec::new(), Vec::new());
    let (mut all, mut known) = (0.0_f64, 0.0_f64);
    let (mut tt, mut ss, mut ts) = (0.0_f64, 0.0_f64, 0.0_f64);
    for i in 0..n {
        own.add(i, &mut here, &mut touched);
        taught.add(i, &mut there, &mut others);
        touched.append(&mut others);
        touched.sort_unstable();
        touched.dedup();
        for j in touched.drain(..) {
            let at = j as usize;
            let (c, s) = (std::mem::take(&mut here[at]), std::mem::take(&mut there[at]));
            if at <= i {
                continue;
            }
            let share =
                |both: f32, of: &Shares| if both > 0.0 { f64::from(both / of.joined(i, at, both)) } else { 0.0 };
            let (t, s_share) = (share(c, &own), share(s, &taught));
            all += f64::from(c);
            known += if s > 0.0 { f64::from(c) } else { 0.0 };
            (tt, ss, ts) = (tt + t * t, ss + s_share * s_share, ts + t * s_share);
        }
    }
    let cosine = if tt > 0.0 && ss > 0.0 { ts / (tt * ss).sqrt() } else { 0.0 };
    (if all > 0.0 { known / all } else { 0.0 }, cosine)
}

/// Shoppers × items, each item divided by the root of its buyers, so that vectors are not popularity.
fn scaled(rows: &Interactions) -> (Csr, Csr) {
    let n = buyers(rows);
    let plain = crate::signal::matrix(rows).map(|_, item, _| (1.0 / n[item as usize].max(1.0).sqrt()) as f32);
    let transposed = plain.transpose();
    (plain, transposed)
}

/// Item vectors, [`WIDTH`] numbers each, by singular values; directions that are missing are 0.
fn item_vectors(rows: &Interactions, seed: Seed) -> Result<Vec<f32>, FitError> {
    item_vectors_of(rows, WIDTH, seed)
}

/// As [`item_vectors`], of another width.
pub(super) fn item_vectors_of(rows: &Interactions, width: usize, seed: Seed) -> Result<Vec<f32>, FitError> {
    let (by_shopper, by_item) = scaled(rows);
    let params = LowRankParams { rank: width, oversampling: 8, n_iterations: 4 };
    let found = low_rank(&by_shopper, &by_item, &params, seed).map_err(|e| FitError::Diverged(e.to_string()))?;
    let mut out = vec![0.0; rows.n_items() * width];
    if found.rank > 0 {
        for (to, from) in out.chunks_exact_mut(width).zip(found.vectors.chunks_exact(found.rank)) {
            to.iter_mut().zip(from.iter().zip(&found.values)).for_each(|(t, (v, s))| *t = v * s);
        }
    }
    Ok(out)
}

/// Alignment of the item vectors and closeness of the shoppers' vectors.
fn vectors(ground: &Ground, own: &Interactions, taught: &Interactions, seed: Seed) -> Result<[f64; 3], FitError> {
    let (target, source) = (item_vectors(own, seed)?, item_vectors(taught, seed)?);
    let (here, there) = (buyers(own), buyers(taught));
    let shared: Vec<usize> = (0..here.len()).filter(|i| here[*i] > 0.0 && there[*i] > 0.0).collect();
    let pick =
        |of: &[f32]| -> Vec<f32> { shared.iter().flat_map(|i| of[i * WIDTH..(i + 1) * WIDTH].to_vec()).collect() };
    let (_, alignment) = procrustes(&pick(&source), &pick(&target), WIDTH);
    let common = item_vectors(&ground.pooled(&vec![1.0; ground.sources().len()])?, seed)?;
    let (a, b) = (profiles(taught, &common), profiles(own, &common));
    Ok([alignment, 1.0 - coral_distance(&a, &b, WIDTH), -mmd(&a, &b, WIDTH)])
}

/// The mean vector of what a shopper bought, of length 1; of at most [`SHOPPERS`] shoppers, evenly taken.
pub(super) fn profiles(rows: &Interactions, items: &[f32]) -> Vec<f32> {
    let active: Vec<u32> = (0..rows.n_shoppers() as u32).filter(|s| !rows.row(ShopperIdx(*s)).is_empty()).collect();
    let step = active.len().div_ceil(SHOPPERS).max(1);
    let profile = |s: &u32| {
        let mut sum = vec![0.0_f32; WIDTH];
        let bought: BTreeSet<ItemIdx> = rows.row(ShopperIdx(*s)).iter().copied().collect();
        for item in bought {
            sum.iter_mut().zip(&items[item.at() * WIDTH..]).for_each(|(s, x)| *s += x);
        }
        let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length > 0.0 {
            sum.iter_mut().for_each(|x| *x /= length);
        }
        sum
    };
    active.iter().step_by(step).flat_map(profile).collect()
}

/// How the parts are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreWeights {
    /// Gain that is expected where all parts are at their centre.
    pub level: f64,
    /// Mean of each part where the weights were learnt.
    pub centres: [f64; N_PARTS],
    /// Deviation of each part there.
    pub spreads: [f64; N_PARTS],
    /// Gain that one deviation adds.
    pub weights: [f64; N_PARTS],
}

impl ScoreWeights {
    /// Weights that predict the gains from the parts `which` (positions in [`PARTS`]), by ridge regression on the
    /// standardised parts, none of them below 0: every part is such that more of it promises more, and a few
    /// markets should not unlearn that. Other parts weigh 0.
    ///
    /// # Errors
    /// [`FitError::TooLittleData`] for fewer than three examples, [`FitError::Param`] for a `ridge` not above 0.
    ///
    /// # Panics
    /// If a position is not one of a part.
    pub fn learnt(parts: &[SourceParts], gains: &[f64], which: &[usize], ridge: f64) -> Result<Self, FitError> {
        crate::links::above_0("ridge", ridge as f32)?;
        let have = parts.len().min(gains.len());
        if have < 3 {
            return Err(FitError::TooLittleData { what: "measured transfers", have, need: 3 });
        }
        let n = have as f64;
        let mut learnt = Self { level: gains.iter().sum::<f64>() / n, ..Self::ZERO };
        for k in 0..N_PARTS {
            let mean = parts.iter().map(|p| p.0[k]).sum::<f64>() / n;
            let spread = (parts.iter().map(|p| (p.0[k] - mean).powi(2)).sum::<f64>() / n).sqrt();
            learnt.centres[k] = mean;
            learnt.spreads[k] = if spread > 1e-9 { spread } else { 1.0 };
        }
        let rows: Vec<[f64; N_PARTS]> = parts.iter().map(|p| learnt.standardised(p)).collect();
        let product = |i: usize, j: usize| rows.iter().map(|r| r[i] * r[j]).sum::<f64>() / n;
        let gram: [[f64; N_PARTS]; N_PARTS] = std::array::from_fn(|i| std::array::from_fn(|j| product(i, j)));
        let with_gain = |i: usize| rows.iter().zip(gains).map(|(r, g)| r[i] * (g - learnt.level)).sum::<f64>() / n;
        let rhs: [f64; N_PARTS] = std::array::from_fn(with_gain);
        for _ in 0..ROUNDS {
            for &i in which {
                let others: f64 = (0..N_PARTS).filter(|j| *j != i).map(|j| gram[i][j] * learnt.weights[j]).sum();
                learnt.weights[i] = ((rhs[i] - others) / (gram[i][i] + ridge)).max(0.0);
            }
        }
        Ok(learnt)
    }

    /// What came out of the public markets, see docs/transfer.md: 150 sets of sources for ten targets.
    pub const fn published() -> Self {
        Self {
            level: 0.00348,
            centres: [0.7249, 0.1041, -2.4744, 0.4073, 0.1956, 0.1637, 0.2401, 0.6136, -0.1001],
            spreads: [0.1983, 0.6822, 0.3697, 0.1155, 0.1224, 0.0933, 0.0486, 0.1060, 0.0783],
            weights: [0.0, 0.00144, 0.00121, 0.0, 0.0, 0.0, 0.0, 0.0, 0.00079],
        }
    }

    const ZERO: Self = Self { level: 0.0, centres: [0.0; N_PARTS], spreads: [1.0; N_PARTS], weights: [0.0; N_PARTS] };

    fn standardised(&self, parts: &SourceParts) -> [f64; N_PARTS] {
        std::array::from_fn(|k| (parts.0[k] - self.centres[k]) / self.spreads[k])
    }

    /// What each part adds to the score, in the order of [`PARTS`].
    pub fn contributions(&self, parts: &SourceParts) -> [f64; N_PARTS] {
        let z = self.standardised(parts);
        std::array::from_fn(|k| self.weights[k] * z[k])
    }

    /// The score: the relative gain that is expected.
    pub fn score(&self, parts: &SourceParts) -> f64 {
        self.level + self.contributions(parts).iter().sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::tests::ground;

    fn part(parts: &SourceParts, name: &str) -> f64 {
        parts.0[PARTS.iter().position(|p| *p == name).unwrap()]
    }

    /// Target: {0, 1}, {1, 2}, {3}: five rows, four items. Source: {0, 1}, {0, 1}, {1}, {4}: items 0, 1, 4.
    #[test]
    fn the_parts_that_count_by_hand() {
        let ground = ground(5, &[&[0, 1], &[1, 2], &[3]], &[&[0, 1], &[0, 1], &[1], &[4]]);
        let parts = SourceParts::of(&ground, Seed(1)).unwrap();
        assert_eq!(part(&parts, "overlap"), 3.0 / 5.0);
        assert!((part(&parts, "volume") - (6.0_f64 / 5.0).ln()).abs() < 1e-12, "rows of items 0 and 1: five, and one");
        assert!((part(&parts, "thinness") + (5.0_f64 / 4.0).ln()).abs() < 1e-12);
        assert_eq!(part(&parts, "popularity"), 1.0, "1 and 2 buyers here, 2 and 3 there");
        assert_eq!(part(&parts, "pairs"), 0.5, "0 with 1 is known, 1 with 2 is not");
        // Shares: here 0,1 1/2 and 1,2 1/2; there 0,1 2/3: cosine (1/2 · 2/3) / (√(1/2) · 2/3) = 1/√2.
        assert!((part(&parts, "graph") - 0.5_f64.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_source_that_is_the_target_again_is_as_close_as_can_be() {
        let rows: [&[u32]; 6] = [&[0, 1], &[1, 2], &[0, 2, 3], &[4, 5], &[3, 4], &[5, 0]];
        let parts = SourceParts::of(&ground(6, &rows, &rows), Seed(1)).unwrap();
        for name in ["overlap", "popularity", "pairs", "graph", "alignment", "coral"] {
            assert!((part(&parts, name) - 1.0).abs() < 1e-4, "{name}: {}", part(&parts, name));
        }
        assert!(part(&parts, "mmd").abs() < 1e-4);
        let nothing = ground(6, &rows, &[]);
        assert!(SourceParts::of(&nothing, Seed(1)).is_err());
    }

    #[test] // Ranks 0, 1.5, 1.5, 3 against 0 to 3: (2.25 + 0 + 0 + 2.25) / √(4.5 · 5).
    fn rank_correlation_with_a_tie_by_hand() {
        assert!(
            (spearman(&[1.0, 2.0, 2.0, 9.0], &[1.0, 2.0, 3.0, 4.0]).unwrap() - 4.5 / 22.5_f64.sqrt()).abs() < 1e-12
        );
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn weights_are_learnt_from_gains() {
        let mut rng = Seed(3).stream(0);
        let parts: Vec<SourceParts> = (0..200).map(|_| SourceParts(std::array::from_fn(|_| rng.normal()))).collect();
        let gains: Vec<f64> = parts.iter().map(|p| 0.1 + 0.05 * p.0[0] + 0.02 * p.0[4]).collect();
        let every: Vec<usize> = (0..N_PARTS).collect();
        let learnt = ScoreWeights::learnt(&parts, &gains, &every, 1e-3).unwrap();
        for (parts, gain) in parts.iter().zip(&gains) {
            assert!((learnt.score(parts) - gain).abs() < 2e-3);
        }
        assert!(learnt.contributions(&parts[0])[2].abs() < 1e-3);
        let few = ScoreWeights::learnt(&parts, &gains, &[4, 7], 1e-3).unwrap();
        assert_eq!((few.weights[0], few.weights[4] > 0.015), (0.0, true), "what is not asked for weighs nothing");
        let against: Vec<f64> = gains.iter().map(|g| -g).collect();
        assert_eq!(ScoreWeights::learnt(&parts, &against, &[0, 4], 0.1).unwrap().weights, [0.0; N_PARTS]);
        assert!(ScoreWeights::learnt(&parts[..2], &gains[..2], &every, 0.1).is_err());
    }
}
