//! Two tables of offers made ready for comparing: what each offer holds, how rare each piece is, and which offers of
//! the other table come near it.
//!
//! How rare a piece is comes from the offers of both tables, without labels. Candidates are the nearest of the other
//! table by the cosine of title words, of three letters in a row of the title, and of the words of all fields,
//! `per_list` of each, in both directions; the same by each [`View`] that was added; and whoever shares a model code that few
//! offers have. Cost: the products of each record with those it shares pieces with, and those of the views.

use super::offer::{Offer, codes, numbers, sizes, words};
use super::sparse::{SparseRow, Turned, Weights, product};
use super::view::View;
use learn::LearnError;
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

/// Ways in which two offers are compared as a whole by their own words and letters.
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
    /// Ascending by what they are of, each once.
    pub(super) views: Vec<View>,
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

impl Tables {
    /// Takes offers apart. Prices have to be in one currency.
    pub fn new(left: &[Offer], right: &[Offer]) -> Self {
        let both: Vec<&Offer> = left.iter().chain(right).collect();
        let titles: Vec<Vec<String>> = both.par_iter().map(|o| words(&o.title)).collect();
        let all: Vec<Vec<String>> = both.par_iter().map(|o| words(&o.joined())).collect();
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
                all_squeezed: offer.joined().to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect(),
                numbers: numbers(&titles[at]),
                codes: codes(&titled),
                all_codes: codes(&offer.joined()),
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
        Self { left: prepared, right, words: words_of, turned, views: Vec::new() }
    }

    /// The same tables, compared by these vectors as well.
    ///
    /// # Errors
    /// [`LearnError::Shape`] unless there is one row an offer, [`LearnError::Param`] for a second view of the same text.
    pub fn with_view(mut self, view: View) -> Result<Self, LearnError> {
        let (left, right) = view.n_rows();
        let rows = [
            ("the vectors of the left table", left, self.n_left()),
            ("the vectors of the right table", right, self.n_right()),
        ];
        if let Some(&(what, got, need)) = rows.iter().find(|(_, got, need)| got != need) {
            return Err(LearnError::Shape { what, got, need });
        }
        match self.views.binary_search_by_key(&view.of(), View::of) {
            Ok(_) => Err(LearnError::Param { name: "views of the same text", rule: "at most 1", got: 2.0 }),
            Err(place) => {
                self.views.insert(place, view);
                Ok(self)
            }
        }
    }

    /// Ways in which two offers are compared as a whole, those of the views behind the others.
    pub(super) fn n_ways(&self) -> usize {
        N_VIEWS + self.views.len()
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

    /// Cosines of an offer with all offers of the other table, one way of [`Self::n_ways`].
    pub(super) fn near(&self, side: Side, at: u32, way: usize) -> Vec<f32> {
        if let Some(seen) = way.checked_sub(N_VIEWS) {
            return self.views[seen].near(side, at);
        }
        let row = &self.table(side)[at as usize].rows[way];
        match side {
            Side::Left => self.turned[1][way].all(row),
            Side::Right => self.turned[0][way].all(row),
        }
    }

    /// Pairs that may be one product, ascending.
    pub fn candidates(&self, params: &BlockParams) -> Vec<Pair> {
        let of = |side: Side| {
            (0..self.table(side).len() as u32).into_par_iter().flat_map_iter(move |at| {
                let nearest = (0..self.n_ways()).flat_map(move |way| {
                    let near = self.near(side, at, way);
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

    /// How near two offers are without anything learnt, 0 to 1: mean cosine of title words, title letters, all words and
    /// the views, 0 where a view knows nothing of an offer or less than nothing speaks for it.
    ///
    /// # Panics
    /// If there is no such offer.
    pub fn likeness(&self, (left, right): Pair) -> f64 {
        let rows = (&self.left[left as usize].rows, &self.right[right as usize].rows);
        let of_words = rows.0.iter().zip(rows.1).map(|(l, r)| f64::from(product(l, r))).sum::<f64>();
        let of_views = self.views.iter().map(|view| f64::from(view.likeness((left, right)).max(0.0))).sum::<f64>();
        (of_words + of_views) / self.n_ways() as f64
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
