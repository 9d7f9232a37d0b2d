//! LambdaRank: pushing documents apart in proportion to what their exchange would do to nDCG.
//!
//! Within a group sorted by score, for every pair `(i, j)` with different grades of which the upper
//! stands above the truncation, with `h` the better one and `l` the worse one:
//!
//! `Δ = |gain_h − gain_l| · |discount_h − discount_l| / ideal`, `p = 1 / (1 + e^(σ (s_h − s_l)))`,
//! gradient `−σ Δ p` for `h` and `+σ Δ p` for `l`, curvature `σ² Δ p (1 − p)` for both;
//! `discount = 1 / log2(2 + rank)`, `ideal` the largest DCG down to the truncation.
//!
//! Normalised, `Δ` is divided by `0.01 + |s_h − s_l|` where scores differ, and a group's gradients
//! and curvatures are scaled by `log2(1 + S) / S`, `S = Σ |λ|` over both ends of all pairs.
//! Otherwise groups with many pairs would drown the others. This is LightGBM's normalisation.
//!
//! Sources: Burges, Ragno & Le, "Learning to rank with nonsmooth cost functions", NIPS 2006; Wu,
//! Burges, Svore & Gao, "Adapting boosting for information retrieval measures", Information
//! Retrieval 13(3), 2010 (LambdaMART). Cost: `O(truncation · size)` a group and round, eight pairs
//! at a time.

use super::features::Samples;
use super::objective::{Pull, exp};
use crate::LearnError;
use rayon::prelude::*;

/// How pairs are weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct LambdaRankParams {
    /// Ranks that count, at least 1. A little more than the length of the list that is judged.
    pub truncation: usize,
    /// Steepness of the sigmoid, above 0.
    pub sigma: f32,
    /// Worth of grades 0, 1, 2 …; empty for `2^grade − 1`.
    pub label_gain: Vec<f32>,
    /// Whether groups with many pairs are scaled down.
    pub normalise: Normalise,
}

/// Whether groups with many pairs are scaled down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalise {
    /// As LightGBM does by default.
    Groups,
    /// The plain formula.
    Off,
}

impl Default for LambdaRankParams {
    fn default() -> Self {
        Self { truncation: 30, sigma: 1.0, label_gain: Vec::new(), normalise: Normalise::Groups }
    }
}

const LANES: usize = 8;

/// Labels of the training groups, ready to be asked every round.
pub(super) struct LambdaRank<'a> {
    params: &'a LambdaRankParams,
    samples: Samples<'a>,
    /// Worth of each row.
    gains: Vec<f32>,
    /// 1 over the ideal DCG of each group; 0 for a group in which nothing is worth anything.
    inverse_ideal: Vec<f32>,
    /// By rank, for the longest group.
    discounts: Vec<f32>,
}

impl<'a> LambdaRank<'a> {
    pub(super) fn new(params: &'a LambdaRankParams, samples: Samples<'a>) -> Result<Self, LearnError> {
        if params.truncation == 0 {
            return Err(LearnError::Param { name: "truncation", rule: "at least 1", got: 0.0 });
        }
        if !(params.sigma > 0.0 && params.sigma.is_finite()) {
            return Err(LearnError::Param { name: "sigma", rule: "above 0", got: f64::from(params.sigma) });
        }
        if samples.groups().is_empty() {
            return Err(LearnError::TooLittleData { what: "groups", have: 0, need: 1 });
        }
        let gains: Result<Vec<f32>, LearnError> =
            samples.labels().iter().map(|label| gain(*label, &params.label_gain)).collect();
        let gains = gains?;
        let longest = samples.groups().iter().copied().max().unwrap_or(0);
        let discounts: Vec<f32> = (0..longest).map(|rank| discount(rank) as f32).collect();
        let inverse_ideal = in_groups(samples.groups(), &gains)
            .map(|gains| match ideal(gains, params.truncation) {
                ideal if ideal > 0.0 => (1.0 / ideal) as f32,
                _ => 0.0,
            })
            .collect();
        Ok(Self { params, samples, gains, inverse_ideal, discounts })
    }

    pub(super) fn pull(&self, scores: &[f64], out: &mut [Pull]) {
        let groups = self.samples.groups();
        let mut rest = &mut *out;
        let mut outs: Vec<&mut [Pull]> = Vec::with_capacity(groups.len());
        for &size in groups {
            let (group, tail) = rest.split_at_mut(size);
            outs.push(group);
            rest = tail;
        }
        let parts: Vec<(&[f32], &[f64])> = in_groups(groups, &self.gains).zip(in_groups(groups, scores)).collect();
        outs.into_par_iter().zip(parts).zip(&self.inverse_ideal).with_min_len(16).for_each_init(
            Room::default,
            |room, ((out, (gains, scores)), inverse_ideal)| {
                self.pull_group(gains, scores, *inverse_ideal, room, out);
            },
        );
        if let Some(weights) = self.samples.weights() {
            out.iter_mut().zip(weights).for_each(|(pull, w)| *pull = pull.map(|part| part * w));
        }
    }

    fn pull_group(&self, gains: &[f32], scores: &[f64], inverse_ideal: f32, room: &mut Room, out: &mut [Pull]) {
        let n = out.len();
        if n < 2 || inverse_ideal == 0.0 {
            return out.fill([0.0; 2]);
        }
        room.sort(gains, scores, &self.discounts[..n]);
        let differ = room.scores[0] != room.scores[n - 1];
        let (floor, slope) = match self.params.normalise {
            Normalise::Groups if differ => (0.01, 1.0),
            Normalise::Groups | Normalise::Off => (1.0, 0.0),
        };
        let pairs = Pairs { sigma: self.params.sigma, inverse_ideal, floor, slope };
        let total: f32 = (0..self.params.truncation.min(n - 1)).map(|i| room.pull_one(i, &pairs)).sum();
        let scale = match self.params.normalise {
            Normalise::Groups if total > 0.0 => (1.0 + total).log2() / total,
            Normalise::Groups | Normalise::Off => 1.0,
        };
        for (at, &row) in room.order.iter().enumerate() {
            out[row as usize] = [room.gradient[at] * scale, room.curvature[at] * scale];
        }
    }
}

/// One group by descending score. The lists have [`LANES`] places more than there are documents.
#[derive(Default)]
struct Room {
    order: Vec<u32>,
    scores: Vec<f32>,
    gains: Vec<f32>,
    discounts: Vec<f32>,
    /// Terms of one document's pairs: what the lower one is pushed down by, and the curvature.
    pushes: Vec<f32>,
    bends: Vec<f32>,
    gradient: Vec<f32>,
    curvature: Vec<f32>,
}

impl Room {
    fn sort(&mut self, gains: &[f32], scores: &[f64], discounts: &[f32]) {
        let n = scores.len();
        self.order.clear();
        self.order.extend(0..n as u32);
        self.order.sort_unstable_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]).then(a.cmp(&b)));
        let best = scores[self.order[0] as usize];
        let fill = |to: &mut Vec<f32>, from: &mut dyn Iterator<Item = f32>| {
            to.clear();
            to.extend(from);
            to.resize(n + LANES, 0.0);
        };
        // Relative to the best one, for precision.
        fill(&mut self.scores, &mut self.order.iter().map(|&row| (scores[row as usize] - best) as f32));
        fill(&mut self.gains, &mut self.order.iter().map(|&row| gains[row as usize]));
        fill(&mut self.discounts, &mut discounts.iter().copied());
        for sums in [&mut self.pushes, &mut self.bends, &mut self.gradient, &mut self.curvature] {
            fill(sums, &mut std::iter::empty());
        }
    }

    /// All pairs of document `i` with those below it; returns `2 Σ |λ|`.
    fn pull_one(&mut self, i: usize, pairs: &Pairs) -> f32 {
        let n = self.order.len();
        // Whole vectors only: what lies behind the last document is made like document i, and a pair
        // of equals comes to nothing.
        let (score, gain) = (self.scores[i], self.gains[i]);
        self.scores[n..].fill(score);
        self.gains[n..].fill(gain);
        let below = i + 1..i + 1 + (n - i - 1).next_multiple_of(LANES);
        let upper = (score, gain, self.discounts[i]);
        let (pushes, bends) = (&mut self.pushes[below.clone()], &mut self.bends[below.clone()]);
        let (scores, gains) = (&self.scores[below.clone()], &self.gains[below.clone()]);
        pairs.terms(upper, scores, gains, &self.discounts[below.clone()], pushes, bends);
        self.gradient[below.clone()].iter_mut().zip(&*pushes).for_each(|(sum, push)| *sum += push);
        self.curvature[below].iter_mut().zip(&*bends).for_each(|(sum, bend)| *sum += bend);
        self.gradient[i] -= lanes(pushes, |push| push);
        self.curvature[i] += lanes(bends, |bend| bend);
        2.0 * lanes(pushes, f32::abs)
    }
}

/// How a pair is weighed: `Δ` is divided by `floor + slope · |s_h − s_l|`.
struct Pairs {
    sigma: f32,
    inverse_ideal: f32,
    floor: f32,
    slope: f32,
}

impl Pairs {
    /// A function of its own, without branches, so that the compiler turns it into vector instructions.
    #[inline(never)]
    fn terms(
        &self,
        (score, gain, discount): (f32, f32, f32),
        scores: &[f32],
        gains: &[f32],
        discounts: &[f32],
        pushes: &mut [f32],
        bends: &mut [f32],
    ) {
        let Self { sigma, inverse_ideal, floor, slope } = *self;
        let n = pushes.len();
        let (scores, gains, discounts, bends) = (&scores[..n], &gains[..n], &discounts[..n], &mut bends[..n]);
        for j in 0..n {
            let apart = score - scores[j];
            let worth = gain - gains[j];
            // +1 where the upper document is the better one, −1 where the lower one is.
            let sign = if worth > 0.0 { 1.0 } else { -1.0 };
            let delta = worth * (discount - discounts[j]) * inverse_ideal / (floor + slope * apart);
            let p = 1.0 / (1.0 + exp(sigma * sign * apart));
            let push = sigma * delta * p;
            pushes[j] = push;
            bends[j] = sigma * sign * push * (1.0 - p);
        }
    }
}

/// The sum in eight lanes, in a fixed order; the length is a multiple of [`LANES`].
fn lanes(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    for eight in values.as_chunks::<LANES>().0 {
        sums.iter_mut().zip(eight).for_each(|(sum, value)| *sum += of(*value));
    }
    sums.iter().sum()
}

fn gain(label: f32, gains: &[f32]) -> Result<f32, LearnError> {
    let most = if gains.is_empty() { 30 } else { gains.len() - 1 };
    if !(label >= 0.0 && label.fract() == 0.0 && label <= most as f32) {
        let rule = "a whole number from 0 on that has a gain";
        return Err(LearnError::Param { name: "label", rule, got: f64::from(label) });
    }
    Ok(gains.get(label as usize).copied().unwrap_or_else(|| label.exp2() - 1.0))
}

fn discount(rank: usize) -> f64 {
    1.0 / (2.0 + rank as f64).log2()
}

fn ideal(gains: &[f32], k: usize) -> f64 {
    let mut sorted = gains.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    sorted.iter().take(k).enumerate().map(|(rank, gain)| f64::from(*gain) * discount(rank)).sum()
}

fn in_groups<'v, T>(groups: &'v [usize], mut values: &'v [T]) -> impl Iterator<Item = &'v [T]> {
    groups.iter().map(move |&size| {
        let (group, rest) = values.split_at(size);
        values = rest;
        group
    })
}

/// Mean nDCG at `k` with gains `2^label − 1`, over the groups that have a label above 0; `None`
/// where none has. Equal scores keep the order of rows.
///
/// # Panics
/// If the groups do not add up to the number of labels and scores.
pub fn ndcg(groups: &[usize], labels: &[f32], scores: &[f64], k: usize) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0);
    for (labels, scores) in in_groups(groups, labels).zip(in_groups(groups, scores)) {
        let gains: Vec<f32> = labels.iter().map(|label| label.exp2() - 1.0).collect();
        let ideal = ideal(&gains, k);
        if ideal > 0.0 {
            let mut order: Vec<usize> = (0..gains.len()).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            let top = order.iter().take(k).enumerate();
            sum += top.map(|(rank, &row)| f64::from(gains[row]) * discount(rank)).sum::<f64>() / ideal;
            n += 1;
        }
    }
    (n > 0).then(|| sum / f64::from(n))
}

#[cfg(test)]
mod tests {
    use super::super::features::Features;
    use super::*;
    use proptest::prelude::*;

    fn pull(params: &LambdaRankParams, labels: &[f32], scores: &[f64]) -> Vec<Pull> {
        let table = Features::new(vec![0.0; labels.len()], 1).unwrap();
        let groups = [labels.len()];
        let samples = Samples::new(&table, labels).unwrap().grouped(&groups).unwrap();
        let mut out = vec![[9.0; 2]; labels.len()];
        LambdaRank::new(params, samples).unwrap().pull(scores, &mut out);
        out
    }

    // Labels 0, 2, 1 at scores 2, 1, 0, so ranks 0, 1, 2 with discounts 1, 0.63093, 0.5 and gains 0, 3, 1.
    // Ideal: 3 · 1 + 1 · 0.63093 = 3.63093.
    // (0, 1): Δ = 3 · 0.36907 / 3.63093 = 0.304939; the lower is better, s_h − s_l = −1, p = 0.731059: λ = 0.222928.
    // (0, 2): Δ = 1 · 0.5 / 3.63093 = 0.137706; s_h − s_l = −2, p = 0.880797: λ = 0.121291.
    // (1, 2): Δ = 2 · 0.13093 / 3.63093 = 0.072119; s_h − s_l = 1, p = 0.268941: λ = 0.019396.
    // Gradients: 0.222928 + 0.121291, −0.222928 − 0.019396, −0.121291 + 0.019396.
    // Curvatures: λ (1 − p) = 0.059954, 0.014458, 0.014179.
    #[test]
    fn a_list_of_three_is_worked_by_hand() {
        let plain = LambdaRankParams { normalise: Normalise::Off, ..LambdaRankParams::default() };
        let got = pull(&plain, &[0.0, 2.0, 1.0], &[2.0, 1.0, 0.0]);
        let want = [[0.344_219, 0.074_412], [-0.242_324, 0.074_133], [-0.101_895, 0.028_637]];
        for (got, want) in got.iter().flatten().zip(want.iter().flatten()) {
            assert!((got - want).abs() < 2e-6, "{got} {want}");
        }
    }

    // The same list, normalised: Δ over 0.01 + |s_h − s_l| gives λ = 0.222928 / 1.01 = 0.220721,
    // 0.121291 / 2.01 = 0.060344, 0.019396 / 1.01 = 0.019204. S = 2 · 0.300269 = 0.600537,
    // log2(1.600537) / 0.600537 = 1.129915. Gradient of the first: (0.220721 + 0.060344) · 1.129915 = 0.317579.
    #[test]
    fn the_normalised_list_is_worked_by_hand() {
        let got = pull(&LambdaRankParams::default(), &[0.0, 2.0, 1.0], &[2.0, 1.0, 0.0]);
        assert!((got[0][0] - 0.317_579).abs() < 3e-6, "{}", got[0][0]);
    }

    #[test] // Every tail of nine has a length of its own; scores 0.01 apart would meet a denominator of 0.
    fn what_is_filled_up_to_whole_vectors_adds_nothing() {
        let labels: Vec<f32> = (0..9).map(|i| (i % 3) as f32).collect();
        let scores: Vec<f64> = (0..9).map(|i| f64::from(i) * -0.01).collect();
        let got = pull(&LambdaRankParams::default(), &labels, &scores);
        assert!(got.iter().flatten().all(|part| part.is_finite()), "{got:?}");
        let sum: f32 = got.iter().map(|pull| pull[0]).sum();
        assert!(sum.abs() < 1e-5, "what one document gains another loses: {sum}");
    }

    #[test] // Only rank 0 has pairs: documents 1 and 2 are not compared with each other.
    fn pairs_below_the_truncation_do_not_count() {
        let params = LambdaRankParams { truncation: 1, normalise: Normalise::Off, ..LambdaRankParams::default() };
        let got = pull(&params, &[0.0, 2.0, 0.0], &[2.0, 1.0, 0.0]);
        assert_eq!(got[2], [0.0; 2]);
        assert!(got[0][0] > 0.0 && got[1][0] < 0.0);
    }

    #[test] // 3/log2(3) at rank 1 over 3: DCG 1 · 1 + 3 · 0.63093 of 3.63093 = 0.796706; the empty group is left out.
    fn ndcg_is_worked_by_hand() {
        let got = ndcg(&[2, 2], &[1.0, 2.0, 0.0, 0.0], &[2.0, 1.0, 0.0, 1.0], 10).unwrap();
        assert!((got - 0.796_706).abs() < 1e-5, "{got}");
        assert_eq!(ndcg(&[1], &[0.0], &[0.0], 10), None);
    }

    #[test]
    fn grades_without_a_gain_are_refused() {
        let table = Features::new(vec![0.0; 2], 1).unwrap();
        let samples = |labels| Samples::new(&table, labels).unwrap().grouped(&[2]).unwrap();
        let three = LambdaRankParams { label_gain: vec![0.0, 1.0, 3.0], ..LambdaRankParams::default() };
        assert!(LambdaRank::new(&three, samples(&[0.0, 2.0])).is_ok());
        assert!(LambdaRank::new(&three, samples(&[0.0, 3.0])).is_err());
        assert!(LambdaRank::new(&three, samples(&[0.0, 0.5])).is_err());
        assert!(LambdaRank::new(&three, Samples::new(&table, &[0.0, 1.0]).unwrap()).is_err());
    }

    proptest! {
        // Without normalisation and with Δ held, the gradient is that of Σ Δ ln(1 + e^(−σ (s_h − s_l))) / σ · σ.
        #[test]
        fn lambdas_are_the_gradient_of_the_weighted_pair_loss(
            labels in prop::collection::vec(0_u8..4, 2..14), seed in 0_u64..1000,
        ) {
            let labels: Vec<f32> = labels.into_iter().map(f32::from).collect();
            let mut rng = domain::Seed(seed).stream(0);
            let scores: Vec<f64> = labels.iter().map(|_| rng.normal()).collect();
            let params =
                LambdaRankParams { normalise: Normalise::Off, sigma: 1.5, truncation: 3, ..LambdaRankParams::default() };
            let mut order: Vec<usize> = (0..labels.len()).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            let gains: Vec<f32> = labels.iter().map(|l| l.exp2() - 1.0).collect();
            let ideal = ideal(&gains, 3);
            let loss = |s: &[f64]| {
                let mut sum = 0.0;
                for upper in 0..3.min(order.len()) {
                    for lower in upper + 1..order.len() {
                        let (a, b) = (order[upper], order[lower]);
                        let worth = f64::from(gains[a] - gains[b]);
                        let delta = worth.abs() * (discount(upper) - discount(lower)) / ideal;
                        sum += delta * (-1.5 * worth.signum() * (s[a] - s[b])).exp().ln_1p();
                    }
                }
                sum
            };
            let got = pull(&params, &labels, &scores);
            for row in 0..labels.len() {
                let moved = |step: f64| {
                    let mut s = scores.clone();
                    s[row] += step;
                    loss(&s)
                };
                let want = if ideal > 0.0 { (moved(1e-5) - moved(-1e-5)) / 2e-5 } else { 0.0 };
                prop_assert!((f64::from(got[row][0]) - want).abs() < 1e-4, "{} {want}", got[row][0]);
            }
        }
    }
}
