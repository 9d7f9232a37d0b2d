//! What a source knows, and what its knowledge makes of another catalogue.

use super::goods::{Goods, UNSAID};
use crate::transfer::{ContentMap, ContentMapParams, KindLinkParams, KindLinks, KindredParams};
use domain::{FitError, Interactions};
use learn::dense::spd_inverse;

/// Purchases of a shopper in their order, items by their row in a list of goods, each once.
pub(super) type Basket = Vec<u32>;

/// Features that no history enters: sales, sales with those of its like, its like's alone, its kind's, its like's at the source, and
/// the source's sales as a function of what a product says.
pub(super) const STILL: usize = 6;
/// Features of a history: what follows on the kinds bought, on the last kind, brand, what follows of the same brand, of the same brand
/// and colour, likeness, the content map.
pub(super) const MOVED: usize = 7;
/// All features.
pub(super) const N_FEATURES: usize = STILL + MOVED;

/// Products of a market in numbers of its own: buyers of each.
pub(super) fn buyers(n: usize, baskets: &[Basket]) -> Vec<f32> {
    let mut counts = vec![0.0_f32; n];
    baskets.iter().flatten().for_each(|item| counts[*item as usize] += 1.0);
    counts
}

pub(super) fn interactions(n: usize, baskets: &[Basket]) -> Interactions {
    Interactions::from_baskets(n, baskets.iter().map(Vec::as_slice))
}

/// What a source knows.
pub(super) struct Knowledge {
    pub(super) map: ContentMap,
    pub(super) links: KindLinks,
    taste: Vec<f64>,
    goods: Goods,
    counts: Vec<f32>,
}

impl Knowledge {
    pub(super) fn learn(goods: Goods, baskets: &[Basket]) -> Result<Self, FitError> {
        let source = interactions(goods.len(), baskets);
        let map = ContentMapParams::default().fit(&goods.vectors, goods.width, &source)?;
        // What has no category is of a kind of its own.
        let kind =
            |item: &u32| Some(goods.kinds[*item as usize]).filter(|k| *k != UNSAID).unwrap_or(goods.n_kinds as u32);
        let kinds: Vec<Vec<u32>> = baskets.iter().map(|basket| basket.iter().map(kind).collect()).collect();
        let links = KindLinkParams::default().fit(goods.n_kinds + 1, &kinds)?;
        let counts = buyers(goods.len(), baskets);
        let taste = taste(&goods, &counts)?;
        Ok(Self { map, links, taste, goods, counts })
    }
}

/// The logarithm of buyers as a linear function of content, by ridge regression around its mean.
fn taste(goods: &Goods, counts: &[f32]) -> Result<Vec<f64>, FitError> {
    let width = goods.width;
    let logs: Vec<f64> = counts.iter().map(|c| (f64::from(*c) + 0.5).ln()).collect();
    let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
    let (mut square, mut side) = (vec![0.0_f64; width * width], vec![0.0_f64; width]);
    for (row, y) in goods.vectors.chunks_exact(width).zip(&logs) {
        for (k, x) in row.iter().enumerate() {
            side[k] += f64::from(*x) * (y - mean);
            let line = &mut square[k * width..(k + 1) * width];
            line.iter_mut().zip(row).for_each(|(s, v)| *s += f64::from(*x) * f64::from(*v));
        }
    }
    // As strong as a tenth of the mean spread of all columns together.
    let ridge = 0.1 * (0..width).map(|k| square[k * width + k]).sum::<f64>() / width as f64;
    (0..width).for_each(|k| square[k * width + k] += ridge.max(f64::MIN_POSITIVE));
    spd_inverse(&mut square, width).map_err(|why| FitError::Diverged(format!("sales by content, {why}")))?;
    Ok(square.chunks_exact(width).map(|line| line.iter().zip(&side).map(|(a, b)| a * b).sum()).collect())
}

/// What a history says of products.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tastes {
    pub(super) goods: Goods,
    /// The content map's image of each product, `n × (width + 1)`.
    pub(super) to: Vec<f32>,
    /// `(n_kinds + 1)²`: what follows on what.
    pub(super) links: Vec<f32>,
}

impl Tastes {
    fn new(goods: Goods, knowledge: &Knowledge) -> Self {
        let n = goods.n_kinds as u32 + 1;
        let links = (0..n).flat_map(|from| (0..n).map(move |to| (from, to)));
        Self {
            to: knowledge.map.over(&goods.vectors).images().to_vec(),
            links: links.map(|(from, to)| knowledge.links.link(from, to)).collect(),
            goods,
        }
    }

    fn kind(&self, item: u32) -> usize {
        (self.goods.kinds[item as usize] as usize).min(self.goods.n_kinds)
    }

    /// How much more a kind is bought after another one than by itself, as a logarithm; 0 where one is not said.
    fn link(&self, from: u32, to: u32) -> f32 {
        let (n, from, to) = (self.goods.n_kinds, self.kind(from), self.kind(to));
        if from == n || to == n { 0.0 } else { self.links[from * (n + 1) + to] }
    }

    /// The features of a product after a history, with the item of the history that each is owed to most.
    pub(super) fn moved(&self, history: &[u32], item: u32) -> [(f32, Option<u32>); MOVED] {
        let Some(last) = history.last() else { return [(0.0, None); MOVED] };
        let (goods, i, n) = (&self.goods, item as usize, history.len() as f32);
        let width = goods.width + 1;
        let same = |values: &[u32], other: u32| values[i] != UNSAID && values[other as usize] == values[i];
        let image = &self.to[i * width..][..width];
        let mut found = [(0.0_f32, None); MOVED];
        let mut largest = [f32::NEG_INFINITY; MOVED];
        let mut add = |at: usize, part: f32, other: u32, is_sum: bool| {
            if part > largest[at] {
                (largest[at], found[at].1) = (part, Some(other));
            }
            found[at].0 = if is_sum { found[at].0 + part } else { found[at].0.max(part) };
        };
        for (at, other) in history.iter().enumerate() {
            let follows = self.link(*other, item);
            if !history[..at].iter().any(|earlier| self.kind(*earlier) == self.kind(*other)) {
                add(0, follows, *other, true);
            }
            if same(&goods.brands, *other) {
                add(2, 1.0 / n, *other, true);
                add(3, follows.max(0.0), *other, false);
                if same(&goods.colours, *other) {
                    add(4, follows.max(0.0), *other, false);
                }
            }
            let row = goods.row(*other);
            let cosine: f32 = row.iter().zip(goods.row(item)).map(|(a, b)| a * b).sum();
            add(5, cosine / n, *other, true);
            let says = f32::from(u8::from(row.iter().any(|v| *v != 0.0)));
            let goes: f32 = row.iter().chain([&says]).zip(image).map(|(a, b)| a * b).sum();
            // Shares of common buyers are small numbers; a hundred times them is of the size of the others.
            add(6, 100.0 * goes / n, *other, true);
        }
        add(1, self.link(*last, item), *last, true);
        found
    }
}

/// A market by what a source knows and what few shoppers bought there.
pub(super) struct Shop {
    pub(super) tastes: Tastes,
    pub(super) counts: Vec<f32>,
    pub(super) still: Vec<[f32; STILL]>,
}

impl Shop {
    pub(super) fn new(goods: Goods, knowledge: &Knowledge, known: &[Basket]) -> Result<Self, FitError> {
        let (n, width) = (goods.len(), goods.width);
        let counts = buyers(n, known);
        let usual = KindredParams::default();
        let wide = usual.popularity(&goods.vectors, width, &counts)?;
        // Nearly nothing of its own: what is left is what its like sell.
        let close = KindredParams { sharpness: 40.0, strength: 1e3 }.popularity(&goods.vectors, width, &counts)?;
        let of_kind = per_kind(&goods, &counts);
        let mean = knowledge.counts.iter().sum::<f32>() / knowledge.counts.len().max(1) as f32;
        let there: Vec<f32> = knowledge.counts.iter().map(|c| c / mean.max(f32::MIN_POSITIVE)).collect();
        let at_source = KindredParams { sharpness: 24.0, ..usual };
        let at_source = at_source.expected(&goods.vectors, &knowledge.goods.vectors, width, &there)?;
        let taste = |row: &[f32]| row.iter().zip(&knowledge.taste).map(|(v, w)| f64::from(*v) * w).sum::<f64>() as f32;
        let still = |(i, row): (usize, &[f32])| {
            [(counts[i] + 0.5).ln(), wide[i], close[i], of_kind[i], at_source[i].max(1e-3).ln(), taste(row)]
        };
        let still = goods.vectors.chunks_exact(width).enumerate().map(still).collect();
        Ok(Self { still, counts, tastes: Tastes::new(goods, knowledge) })
    }

    pub(super) fn features(&self, history: &[u32], item: u32) -> [f32; N_FEATURES] {
        let moved = self.tastes.moved(history, item).map(|(value, _)| value);
        let mut row = [0.0; N_FEATURES];
        row[..STILL].copy_from_slice(&self.still[item as usize]);
        row[STILL..].copy_from_slice(&moved);
        row
    }

    /// As [`Self::features`], as if one of the market's known shoppers had not bought the item.
    pub(super) fn features_but_one(&self, history: &[u32], item: u32) -> [f32; N_FEATURES] {
        let mut row = self.features(history, item);
        row[0] = ((self.counts[item as usize] - 1.0).max(0.0) + 0.5).ln();
        for at in [1, 2] {
            row[at] = (row[at].exp() - 1.0).max(5e-3).ln();
        }
        row
    }
}

/// The logarithm of the mean buyers of the other products of its kind; half a buyer more, so that it can be taken.
fn per_kind(goods: &Goods, counts: &[f32]) -> Vec<f32> {
    let kind = |kind: &u32| (*kind as usize).min(goods.n_kinds);
    let mut sums = vec![(0.0_f32, 0.0_f32); goods.n_kinds + 1];
    for (of, count) in goods.kinds.iter().zip(counts) {
        sums[kind(of)].0 += count;
        sums[kind(of)].1 += 1.0;
    }
    let mean = counts.iter().sum::<f32>() / counts.len().max(1) as f32;
    let one = |(of, count): (&u32, &f32)| {
        let (sum, n) = sums[kind(of)];
        ((sum - count + mean) / n).max(1e-3).ln()
    };
    goods.kinds.iter().zip(counts).map(one).collect()
}
