//! What a market without a past can be scored by.

use super::{Baskets, Half, interactions};
use anyhow::{Context, Result};
use domain::{History, ItemIdx, Market, Score, Seed};
use recommend::transfer::{ContentMap, KindLinkParams, KindLinks, KindredParams, MappedContent};
use recommend::{Content, ContentParams, ModelKind};
use std::collections::BTreeMap;

/// What is weighed, in the order of the features.
pub(super) const FEATURES: [&str; 15] = [
    "popularity",
    "popularity with its like",
    "its like, closely",
    "its kind",
    "its like at home",
    "what follows on the kinds bought",
    "what follows on the last kind",
    "of a brand bought",
    "what follows, of the same brand",
    "what follows, of the same brand and colour",
    "price beside those paid",
    "cheaper than its kind",
    "likeness",
    "content map",
    "home's taste",
];
/// Scores that are weighed.
pub(super) const N_FEATURES: usize = FEATURES.len();
/// Where the features are that no shopper's history enters.
pub(super) const WITHOUT_HISTORY: std::ops::Range<usize> = 0..5;
/// Where the features of kinds are.
pub(super) const KINDS: usize = 5;

/// What home knows, whatever market asks.
pub(super) struct Home {
    pub(super) map: ContentMap,
    pub(super) links: KindLinks,
    /// The logarithm of buyers as a function of what products say.
    pub(super) taste: Vec<f64>,
    /// Content and buyers of its products.
    pub(super) vectors: Vec<f32>,
    pub(super) counts: Vec<f32>,
}

impl Home {
    /// From some of home's products and their purchases, items numbered within the half.
    pub(super) fn learn(half: &Half, width: usize, n_kinds: usize, baskets: &Baskets) -> Result<Self> {
        let map = recommend::transfer::ContentMapParams::default().fit(
            &half.vectors,
            width,
            &interactions(half.rows.len(), baskets),
        )?;
        let kinds: Vec<Vec<u32>> =
            baskets.iter().map(|b| b.iter().map(|item| half.kinds[item.at()]).collect()).collect();
        let links = KindLinkParams::default().fit(n_kinds, &kinds)?;
        let counts = buyers(half.rows.len(), baskets);
        let taste = taste(&half.vectors, width, &counts)?;
        Ok(Self { map, links, taste, vectors: half.vectors.clone(), counts })
    }
}

/// How many bought each item.
fn buyers(n: usize, baskets: &[Vec<ItemIdx>]) -> Vec<f32> {
    let mut counts = vec![0.0_f32; n];
    baskets.iter().flatten().for_each(|item| counts[item.at()] += 1.0);
    counts
}

/// A market's products and what is known of them.
pub(super) struct Scorers<'a> {
    half: &'a Half,
    home: &'a Home,
    width: usize,
    /// The features that no history enters, by product.
    still: Vec<[f32; 5]>,
    taste: Vec<f32>,
    /// How much less than usual for its kind a product costs, as a logarithm.
    cheaper: Vec<f32>,
    mapped: MappedContent,
    pub(super) content: Content,
    /// A neighbourhood of the few shoppers that are known.
    pub(super) own: Box<dyn recommend::Recommender>,
}

impl<'a> Scorers<'a> {
    pub(super) fn new(half: &'a Half, width: usize, home: &'a Home, known: &[Vec<ItemIdx>]) -> Result<Self> {
        let n_items = half.items.len();
        let counts = buyers(n_items, known);
        let kind = ModelKind::all(Market::UNKNOWN).into_iter().find(|kind| kind.name() == "item-knn");
        let own = kind.context("item-knn among the models")?.fit(&interactions(n_items, known), Seed(1))?;
        let usual = KindredParams::default();
        let wide = usual.popularity(&half.vectors, width, &counts)?;
        // Nearly nothing of its own: what is left is what its like sell.
        let close = KindredParams { sharpness: 40.0, strength: 1e3 }.popularity(&half.vectors, width, &counts)?;
        let of_kind = per_kind(half, &counts);
        let home_counts = mean_one(&home.counts);
        let at_home = KindredParams { sharpness: 24.0, ..usual };
        let at_home = at_home.expected(&half.vectors, &home.vectors, width, &home_counts)?;
        let still = (0..n_items)
            .map(|at| [(counts[at] + 0.5).ln(), wide[at], close[at], of_kind[at], at_home[at].max(1e-3).ln()])
            .collect();
        Ok(Self {
            half,
            home,
            width,
            still,
            taste: half.vectors.chunks_exact(width).map(|row| dot(row, &home.taste)).collect(),
            cheaper: cheaper(half),
            mapped: home.map.over(&half.vectors),
            content: ContentParams::default().fit(&half.items)?,
            own,
        })
    }

    pub(super) fn n_items(&self) -> usize {
        self.half.items.len()
    }

    /// Everything the market sells that the history has not.
    pub(super) fn candidates(&self, history: &[ItemIdx]) -> Vec<ItemIdx> {
        (0..self.n_items() as u32)
            .map(ItemIdx)
            .filter(|item| self.half.sold[item.at()] && !history.contains(item))
            .collect()
    }

    /// One row of [`FEATURES`] a candidate.
    pub(super) fn features(&self, history: &[ItemIdx], candidates: &[ItemIdx]) -> Vec<[f32; N_FEATURES]> {
        let half = self.half;
        let kinds: Vec<u32> = history.iter().map(|item| half.kinds[item.at()]).collect();
        let last = kinds.last().copied();
        let paid = history.iter().map(|item| half.prices[item.at()]).sum::<f32>() / history.len().max(1) as f32;
        let alike = standard(&self.alike(history, candidates));
        let mapped = standard(&filled(self.mapped.score(History::of(history), candidates)));
        let taste = standard(&candidates.iter().map(|item| self.taste[item.at()]).collect::<Vec<f32>>());
        let row = |(at, item): (usize, &ItemIdx)| {
            let i = item.at();
            let [popularity, wide, close, of_kind, at_home] = self.still[i];
            let same_brand = |other: &&ItemIdx| half.brands[other.at()] == half.brands[i];
            let brands = history.iter().filter(same_brand).count() as f32 / history.len().max(1) as f32;
            // The part that goes with something of the same brand: sets are bought to match.
            let follows = |other: &&ItemIdx| self.home.links.link(half.kinds[other.at()], half.kinds[i]).max(0.0);
            let matching = history.iter().filter(same_brand).map(|o| follows(&o)).fold(0.0, f32::max);
            let same_colour = |other: &&ItemIdx| half.colours[other.at()] == half.colours[i];
            let twice = history.iter().filter(same_brand).filter(same_colour).map(|o| follows(&o)).fold(0.0, f32::max);
            [
                popularity,
                wide,
                close,
                of_kind,
                at_home,
                self.home.links.after(&kinds, half.kinds[i]),
                last.map_or(0.0, |last| self.home.links.link(last, half.kinds[i])),
                brands,
                matching,
                twice,
                -(half.prices[i] - paid).abs(),
                self.cheaper[i],
                alike[at],
                mapped[at],
                taste[at],
            ]
        };
        candidates.iter().enumerate().map(row).collect()
    }

    /// Mean cosine of the texts with those of the history.
    fn alike(&self, history: &[ItemIdx], candidates: &[ItemIdx]) -> Vec<f32> {
        let row = |item: ItemIdx| &self.half.vectors[item.at() * self.width..][..self.width];
        let mut profile = vec![0.0_f32; self.width];
        for item in history {
            profile.iter_mut().zip(row(*item)).for_each(|(p, v)| *p += v);
        }
        candidates.iter().map(|item| row(*item).iter().zip(&profile).map(|(v, p)| v * p).sum()).collect()
    }
}

fn cheaper(half: &Half) -> Vec<f32> {
    let mut by_kind: BTreeMap<u32, Vec<f32>> = BTreeMap::new();
    half.kinds.iter().zip(&half.prices).for_each(|(kind, price)| by_kind.entry(*kind).or_default().push(*price));
    let mean = |kind: &u32| by_kind[kind].iter().sum::<f32>() / by_kind[kind].len() as f32;
    half.kinds.iter().zip(&half.prices).map(|(kind, price)| mean(kind) - price).collect()
}

/// The logarithm of the mean buyers of the other products of its kind; half a buyer more, so that it can be taken.
fn per_kind(half: &Half, counts: &[f32]) -> Vec<f32> {
    let n_kinds = half.kinds.iter().max().map_or(0, |kind| *kind as usize + 1);
    let mut sums = vec![(0.0_f32, 0.0_f32); n_kinds];
    for (kind, count) in half.kinds.iter().zip(counts) {
        sums[*kind as usize].0 += count;
        sums[*kind as usize].1 += 1.0;
    }
    let mean = counts.iter().sum::<f32>() / counts.len().max(1) as f32;
    let one = |(kind, count): (&u32, &f32)| {
        let (sum, n) = sums[*kind as usize];
        ((sum - count + mean) / n).max(1e-3).ln()
    };
    half.kinds.iter().zip(counts).map(one).collect()
}

fn mean_one(counts: &[f32]) -> Vec<f32> {
    let mean = counts.iter().sum::<f32>() / counts.len().max(1) as f32;
    counts.iter().map(|c| c / mean.max(f32::MIN_POSITIVE)).collect()
}

fn dot(row: &[f32], weights: &[f64]) -> f32 {
    row.iter().zip(weights).map(|(v, w)| f64::from(*v) * w).sum::<f64>() as f32
}

/// The logarithm of buyers as a linear function of content, by ridge regression around its mean.
fn taste(vectors: &[f32], width: usize, counts: &[f32]) -> Result<Vec<f64>> {
    let n = vectors.len() / width;
    let logs: Vec<f64> = counts.iter().map(|c| (f64::from(*c) + 0.5).ln()).collect();
    let mean = logs.iter().sum::<f64>() / n.max(1) as f64;
    let (mut square, mut side) = (vec![0.0_f64; width * width], vec![0.0_f64; width]);
    for (row, y) in vectors.chunks_exact(width).zip(&logs) {
        for (k, x) in row.iter().enumerate() {
            side[k] += f64::from(*x) * (y - mean);
            let line = &mut square[k * width..(k + 1) * width];
            line.iter_mut().zip(row).for_each(|(s, v)| *s += f64::from(*x) * f64::from(*v));
        }
    }
    // As strong as a tenth of the mean spread of all columns together.
    let ridge = 0.1 * (0..width).map(|k| square[k * width + k]).sum::<f64>() / width as f64;
    (0..width).for_each(|k| square[k * width + k] += ridge);
    learn::dense::spd_inverse(&mut square, width)?;
    Ok(square.chunks_exact(width).map(|line| line.iter().zip(&side).map(|(a, b)| a * b).sum()).collect())
}

/// What a model cannot say is worse than all it says.
pub(super) fn filled(scores: Vec<Option<f32>>) -> Vec<f32> {
    let least = scores.iter().flatten().copied().fold(f32::INFINITY, f32::min);
    scores.into_iter().map(|s| s.unwrap_or(if least.is_finite() { least } else { 0.0 })).collect()
}

fn standard(scores: &[f32]) -> Vec<f32> {
    let n = scores.len().max(1) as f32;
    let mean = scores.iter().sum::<f32>() / n;
    let deviation = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f32>() / n).sqrt();
    scores.iter().map(|s| if deviation > 0.0 { (s - mean) / deviation } else { 0.0 }).collect()
}
