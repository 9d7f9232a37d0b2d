//! Two tables of offers made ready for comparing: what each offer holds, how rare each piece is, and which offers of
//! the other table come near it.
//!
//! How rare a piece is comes from the offers of both tables, without labels. Candidates are the nearest of the other
//! table by the cosine of title words, of three letters in a row of the title, and of the words of all fields,
//! `per_list` of each, in both directions; and whoever shares a model code that few offers have. Cost: the products
//! of each record with those it shares pieces with.

use super::offer::{Offer, codes, numbers, sizes, words};
use super::sparse::{SparseRow, Turned, Weights, product};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// An offer taken apart.
pub(super) struct Prepared {
    pub(super) title: Vec<String>,
    pub(super) title_ids: Vec<u32>,
    /// Letters of the title without blanks.
    pub(super) squeezed: Vec<char>,
    /// The whole title in small letters, words joined by one blank.
    pub(super) plain: String,
    pub(super) brand: Vec<String>,
    /// All text without blanks and marks, for looking for codes.
    pub(super) all_squeezed: String,
    pub(super) numbers: Vec<u64>,
    pub(super) codes: Vec<String>,
    pub(super) all_codes: Vec<String>,
    pub(super) sizes: Vec<(u64, &'static str)>,
    pub(super) price: Option<f64>,
    /// Ids of the words of the description, ascending.
    pub(super) description_ids: Vec<u32>,
    /// Cosine rows: title words, title letters, all words.
    pub(super) rows: [SparseRow; N_VIEWS],
}

/// Ways in which two offers are compared as a whole.
pub(super) const N_VIEWS: usize = 3;

/// How candidates are found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockParams {
    /// Nearest offers of each list and direction, at least 1.
    pub per_list: usize,
    /// Offers of a table that may share a model code for it to count.
    pub rare_code: usize,
}

impl Default for BlockParams {
    fn default() -> Self {
        Self { per_list: 10, rare_code: 5 }
    }
}

/// A pair: place in the left table, place in the right one.
pub type Pair = (u32, u32);

/// Two tables of offers.
pub struct Tables {
    pub(super) left: Vec<Prepared>,
    pub(super) right: Vec<Prepared>,
    pub(super) words: Weights<String>,
    turned: [[Turned; N_VIEWS]; 2],
}

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// What candidates cost and keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockQuality {
    /// Candidates.
    pub n_candidates: usize,
    /// Share of the true pairs that are among them; `None` without true pairs.
    pub completeness: Option<f64>,
    /// Share of all pairs that need not be looked at.
    pub reduction: f64,
}

/// Three letters in a row of a text with its ends.
fn letters(plain: &str) -> Vec<[char; 3]> {
    let signs: Vec<char> = [' '].into_iter().chain(plain.chars()).chain([' ']).collect();
    signs.array_windows::<3>().copied().collect()
}

fn joined(offer: &Offer) -> String {
    let fields = [offer.brand.as_deref(), offer.model.as_deref(), offer.description.as_deref()];
    fields.iter().flatten().fold(offer.title.clone(), |text, field| text + " " + field)
}

impl Tables {
    /// Takes offers apart. Prices have to be in one currency.
    pub fn new(left: &[Offer], right: &[Offer]) -> Self {
        let both: Vec<&Offer> = left.iter().chain(right).collect();
        let titles: Vec<Vec<String>> = both.par_iter().map(|o| words(&o.title)).collect();
        let all: Vec<Vec<String>> = both.par_iter().map(|o| words(&joined(o))).collect();
        let plain: Vec<String> = titles.iter().map(|title| title.join(" ")).collect();
        let grams: Vec<Vec<[char; 3]>> = plain.par_iter().map(|plain| letters(plain)).collect();
        let (words_of, grams_of) = (Weights::new(&all), Weights::new(&grams));
        let prepare = |at: usize| {
            let offer = both[at];
            let ids = |words: &[String]| {
                let mut ids: Vec<u32> = words.iter().filter_map(|w| words_of.number(w)).collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            };
            let model = offer.model.as_deref().unwrap_or_default();
            let titled = format!("{} {model}", offer.title);
            Prepared {
                title_ids: ids(&titles[at]),
                squeezed: plain[at].chars().filter(|c| *c != ' ').collect(),
                brand: offer.brand.as_deref().map(words).unwrap_or_default(),
                all_squeezed: joined(offer).to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect(),
                numbers: numbers(&titles[at]),
                codes: codes(&titled),
                all_codes: codes(&joined(offer)),
                sizes: sizes(&all[at]),
                price: offer.price.filter(|price| price.is_finite() && *price > 0.0),
                description_ids: ids(&offer.description.as_deref().map(words).unwrap_or_default()),
                rows: [words_of.row(&titles[at]), grams_of.row(&grams[at]), words_of.row(&all[at])],
                plain: plain[at].clone(),
                title: titles[at].clone(),
            }
        };
        let mut prepared: Vec<Prepared> = (0..both.len()).into_par_iter().map(prepare).collect();
        let right = prepared.split_off(left.len());
        let turn = |table: &[Prepared]| {
            std::array::from_fn(|view| {
                let rows: Vec<SparseRow> = table.iter().map(|p| p.rows[view].clone()).collect();
                Turned::new(&rows, if view == 1 { grams_of.len() } else { words_of.len() })
            })
        };
        let turned = [turn(&prepared), turn(&right)];
        Self { left: prepared, right, words: words_of, turned }
    }

    /// Offers of the left table.
    pub fn n_left(&self) -> usize {
        self.left.len()
    }

    /// Offers of the right table.
    pub fn n_right(&self) -> usize {
        self.right.len()
    }

    pub(super) fn table(&self, side: Side) -> &[Prepared] {
        match side {
            Side::Left => &self.left,
            Side::Right => &self.right,
        }
    }

    /// Cosines of an offer with all offers of the other table.
    pub(super) fn near(&self, side: Side, at: u32, view: usize) -> Vec<f32> {
        let row = &self.table(side)[at as usize].rows[view];
        match side {
            Side::Left => self.turned[1][view].all(row),
            Side::Right => self.turned[0][view].all(row),
        }
    }

    /// Pairs that may be one product, ascending.
    pub fn candidates(&self, params: &BlockParams) -> Vec<Pair> {
        let of = |side: Side| {
            (0..self.table(side).len() as u32).into_par_iter().flat_map_iter(move |at| {
                let nearest = (0..N_VIEWS).flat_map(move |view| {
                    let near = self.near(side, at, view);
                    let mut order: Vec<u32> = (0..near.len() as u32).filter(|&o| near[o as usize] > 0.0).collect();
                    let by = |a: &u32, b: &u32| near[*b as usize].total_cmp(&near[*a as usize]).then(a.cmp(b));
                    if order.len() > params.per_list {
                        order.select_nth_unstable_by(params.per_list, by);
                        order.truncate(params.per_list);
                    }
                    order
                });
                nearest.map(move |other| if side == Side::Left { (at, other) } else { (other, at) })
            })
        };
        let mut pairs: BTreeSet<Pair> = of(Side::Left).collect::<Vec<Pair>>().into_iter().collect();
        pairs.extend(of(Side::Right).collect::<Vec<Pair>>());
        let mut holders: HashMap<&str, [Vec<u32>; 2]> = HashMap::new();
        for (side, table) in [&self.left, &self.right].into_iter().enumerate() {
            for (at, offer) in table.iter().enumerate() {
                offer.all_codes.iter().for_each(|code| holders.entry(code).or_default()[side].push(at as u32));
            }
        }
        for [left, right] in holders.values().filter(|h| h.iter().all(|side| side.len() <= params.rare_code)) {
            pairs.extend(left.iter().flat_map(|&l| right.iter().map(move |&r| (l, r))));
        }
        pairs.into_iter().collect()
    }

    /// How near two offers are without anything learnt, 0 to 1: mean cosine of title words, title letters and all words.
    ///
    /// # Panics
    /// If there is no such offer.
    pub fn likeness(&self, (left, right): Pair) -> f64 {
        let (left, right) = (&self.left[left as usize].rows, &self.right[right as usize].rows);
        left.iter().zip(right).map(|(l, r)| f64::from(product(l, r))).sum::<f64>() / N_VIEWS as f64
    }

    /// How good candidates are, given the true pairs.
    pub fn quality(&self, candidates: &[Pair], truth: &[Pair]) -> BlockQuality {
        let found = truth.iter().filter(|pair| candidates.binary_search(pair).is_ok()).count();
        let all = (self.left.len() * self.right.len()) as f64;
        BlockQuality {
            n_candidates: candidates.len(),
            completeness: (!truth.is_empty()).then(|| found as f64 / truth.len() as f64),
            reduction: if all > 0.0 { 1.0 - candidates.len() as f64 / all } else { 0.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(title: &str) -> Offer {
        Offer { title: title.to_owned(), ..Offer::default() }
    }

    #[test]
    fn candidates_are_the_near_ones_and_those_with_a_shared_code() {
        let left: Vec<Offer> = ["red kettle", "blue lamp", "sony camera dcr-hc52"].map(offer).to_vec();
        let mut right: Vec<Offer> =
            ["kettle in red", "lamp blue small", "handycam dcrhc52e dcrhc52"].map(offer).to_vec();
        right.extend((0..30).map(|i| offer(&format!("thing {i}"))));
        let tables = Tables::new(&left, &right);
        let candidates = tables.candidates(&BlockParams { per_list: 1, rare_code: 2 });
        let quality = tables.quality(&candidates, &[(0, 0), (1, 1), (2, 2)]);
        assert_eq!(quality.completeness, Some(1.0), "{candidates:?}");
        assert!(quality.reduction > 0.5, "{quality:?}");
        assert!(candidates.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(tables.quality(&candidates, &[]).completeness, None);
        assert!(tables.likeness((0, 0)) > 0.5 && tables.likeness((0, 1)) < 0.1, "{}", tables.likeness((0, 0)));
    }
}
