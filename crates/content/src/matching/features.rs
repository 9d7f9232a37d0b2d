//! What can be said of a pair of offers in numbers: the columns that the classifier learns from.
//!
//! Most compare the two offers; *rivals* compare the pair with every other pair that one of its offers could be in:
//! how many offers of the other table are nearer, and how far ahead of the best other one this one is. A number that
//! cannot be said (a price is missing) is NaN, which trees read as missing. No label is looked at.

use super::columns::{COMPARED, Columns, Look};
use super::likeness::{codes_alike, longest_common, monge_elkan, soft_share};
use super::sparse::product;
use super::table::{Pair, Prepared, Side, Tables};
use super::view::View;
use learn::LearnError;
use learn::trees::Features;
use rayon::prelude::*;

impl Tables {
    /// Which columns [`Self::features`] gives.
    pub fn columns(&self, look: Look) -> Columns {
        Columns { look, views: self.views.iter().map(View::of).collect() }
    }

    /// The columns of pairs, a row each: `n_pairs × n_columns`.
    ///
    /// # Errors
    /// [`LearnError::Shape`] never in practice: rows are whole.
    ///
    /// # Panics
    /// For a pair whose offers are not in the tables.
    pub fn features(&self, pairs: &[Pair], look: Look) -> Result<Features, LearnError> {
        let rivals = match look {
            Look::Pair => Vec::new(),
            Look::Rivals | Look::Twice => vec![self.rivals(pairs, Side::Left), self.rivals(pairs, Side::Right)],
        };
        let row = |(at, &(l, r)): (usize, &Pair)| {
            let mut row = self.compared(&self.left[l as usize], &self.right[r as usize]);
            debug_assert_eq!(row.len(), COMPARED.len(), "one number a name");
            row.extend(self.views.iter().map(|view| view.likeness((l, r))));
            for way in 0..if rivals.is_empty() { 0 } else { self.n_ways() } {
                for k in 0..4 {
                    row.extend(rivals.iter().map(|side| side[at][way][k]));
                }
            }
            row
        };
        let rows: Vec<Vec<f32>> = pairs.par_iter().enumerate().map(row).collect();
        Features::new(rows.concat(), self.columns(look).n())
    }

    /// For each pair and way of comparing as a whole: how many of the other table are nearer to its offer of this side, how far ahead of
    /// the best other one it is, its share of the nearest, and how many come within nine tenths of the nearest.
    fn rivals(&self, pairs: &[Pair], side: Side) -> Vec<Vec<[f32; 4]>> {
        let ends = |pair: &Pair| if side == Side::Left { (pair.0, pair.1) } else { (pair.1, pair.0) };
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_unstable_by_key(|&at| ends(&pairs[at]));
        let groups: Vec<&[usize]> = order.chunk_by(|&a, &b| ends(&pairs[a]).0 == ends(&pairs[b]).0).collect();
        let found: Vec<(usize, Vec<[f32; 4]>)> = groups
            .into_par_iter()
            .flat_map_iter(|group| {
                let from = ends(&pairs[group[0]]).0;
                let near: Vec<Vec<f32>> = (0..self.n_ways()).map(|way| self.near(side, from, way)).collect();
                let of = |&at: &usize| {
                    let to = ends(&pairs[at]).1 as usize;
                    (at, near.iter().map(|near| rival(near, to)).collect())
                };
                group.iter().map(of).collect::<Vec<(usize, Vec<[f32; 4]>)>>()
            })
            .collect();
        let mut out = vec![Vec::new(); pairs.len()];
        found.into_iter().for_each(|(at, ways)| out[at] = ways);
        out
    }

    fn compared(&self, l: &Prepared, r: &Prepared) -> Vec<f32> {
        let rare = |word: &str| self.words.number(&word.to_owned()).map_or(1.0, |id| self.words.rare(id));
        let weight = |ids: &[u32]| ids.iter().map(|id| self.words.rare(*id)).sum::<f32>();
        let rarest = |ids: &[u32]| ids.iter().map(|id| self.words.rare(*id)).fold(0.0, f32::max);
        let split = |a: &[u32], b: &[u32]| -> (Vec<u32>, Vec<u32>) {
            a.iter().copied().partition(|id| b.binary_search(id).is_ok())
        };
        let in_row = |prepared: &Prepared| prepared.rows[2].iter().map(|(id, _)| *id).collect::<Vec<u32>>();
        let (all_l, all_r) = (in_row(l), in_row(r));
        let (shared, only_l) = split(&l.title_ids, &r.title_ids);
        let (_, only_r) = split(&r.title_ids, &l.title_ids);
        let (in_r, not_in_r) = split(&l.title_ids, &all_r);
        let (in_l, not_in_l) = split(&r.title_ids, &all_l);
        let share = |part: f32, whole: f32| if whole > 0.0 { part / whole } else { f32::NAN };
        let (whole_l, whole_r) = (weight(&l.title_ids), weight(&r.title_ids));
        let common = longest_common(&l.squeezed, &r.squeezed) as f32;
        let (long, short) =
            (l.squeezed.len().max(r.squeezed.len()) as f32, l.squeezed.len().min(r.squeezed.len()) as f32);
        let beginning = |text: &str| text.chars().take(12).collect::<String>();
        let mut row = vec![
            product(&l.rows[0], &r.rows[0]),
            product(&l.rows[1], &r.rows[1]),
            product(&l.rows[2], &r.rows[2]),
            share(weight(&shared), whole_l),
            share(weight(&shared), whole_r),
            share(weight(&in_r), whole_l),
            share(weight(&in_l), whole_r),
            soft_share(&l.title, &r.title, 0.88, rare),
            soft_share(&r.title, &l.title, 0.88, rare),
            monge_elkan(&l.title, &r.title),
            monge_elkan(&r.title, &l.title),
            strsim::jaro_winkler(&l.plain, &r.plain) as f32,
            strsim::jaro_winkler(&beginning(&l.plain), &beginning(&r.plain)) as f32,
            share(common, long),
            share(common, short),
            shared.len() as f32,
            only_l.len() as f32,
            only_r.len() as f32,
            rarest(&shared),
            rarest(&only_l),
            rarest(&only_r),
            weight(&only_l),
            weight(&only_r),
            weight(&shared),
            rarest(&not_in_r),
            rarest(&not_in_l),
            l.title.len() as f32,
            r.title.len() as f32,
            f32::from(u8::from(l.title.first() == r.title.first())),
            order_kept(&l.title, &r.title),
        ];
        row.extend(compare_numbers(&l.numbers, &r.numbers));
        row.extend(compare_codes(l, r));
        row.extend(compare_sizes(&l.sizes, &r.sizes));
        row.extend(compare_brands(l, r));
        row.extend(compare_prices(l.price, r.price));
        let described = |a: &Prepared, b: &Prepared| {
            let (shared, _) = split(&b.title_ids, &a.description_ids);
            if a.description_ids.is_empty() { f32::NAN } else { share(weight(&shared), weight(&b.title_ids)) }
        };
        let (both, _) = split(&l.description_ids, &r.description_ids);
        let smaller = weight(&l.description_ids).min(weight(&r.description_ids));
        row.extend([described(l, r), described(r, l), share(weight(&both), smaller)]);
        row.extend([l, r].map(|offer| offer.description_ids.len() as f32));
        row.push(strsim::normalized_levenshtein(&l.plain, &r.plain) as f32);
        row
    }
}

/// See [`Tables::rivals`].
fn rival(near: &[f32], to: usize) -> [f32; 4] {
    let own = near[to];
    let (mut nearer, mut best_other) = (0.0, 0.0_f32);
    for (at, &value) in near.iter().enumerate() {
        if at != to {
            nearer += if value > own { 1.0 } else { 0.0 };
            best_other = best_other.max(value);
        }
    }
    let best = best_other.max(own);
    let close = near.iter().filter(|value| **value > 0.9 * best).count() as f32;
    [nearer, own - best_other, if best > 0.0 { own / best } else { 0.0 }, close]
}

/// Share of neighbouring shared words that stand in the same order in both.
fn order_kept(a: &[String], b: &[String]) -> f32 {
    let places: Vec<usize> = a.iter().filter_map(|word| b.iter().position(|other| other == word)).collect();
    if places.len() < 2 {
        return f32::NAN;
    }
    places.windows(2).filter(|w| w[0] < w[1]).count() as f32 / (places.len() - 1) as f32
}

fn contradict<T: PartialEq>(a: &[T], b: &[T]) -> f32 {
    if a.is_empty() || b.is_empty() {
        return f32::NAN;
    }
    f32::from(u8::from(!a.iter().any(|x| b.contains(x))))
}

fn compare_numbers(a: &[u64], b: &[u64]) -> [f32; 6] {
    let shared = a.iter().filter(|x| b.contains(x)).count();
    let some = |all: &[u64], is: fn(u64) -> bool| all.iter().copied().filter(|x| is(*x)).collect::<Vec<u64>>();
    let year = |x: u64| (1_990_000..=2_030_000).contains(&x) && x.is_multiple_of(1000);
    let version = |x: u64| x < 100_000;
    [
        shared as f32,
        (a.len() - shared) as f32,
        (b.len() - shared) as f32,
        contradict(a, b),
        contradict(&some(a, year), &some(b, year)),
        contradict(&some(a, version), &some(b, version)),
    ]
}

fn compare_codes(l: &Prepared, r: &Prepared) -> [f32; 8] {
    let found = |codes: &[String], text: &str| {
        let longest = codes.iter().filter(|code| text.contains(*code)).map(String::len).max();
        (if codes.is_empty() { f32::NAN } else { f32::from(u8::from(longest.is_some())) }, longest.unwrap_or(0))
    };
    let ((in_r, long_r), (in_l, long_l)) = (found(&l.codes, &r.all_squeezed), found(&r.codes, &l.all_squeezed));
    let digits = |codes: &[String]| {
        let runs = |code: &String| {
            let runs = code.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() > 1);
            runs.map(str::to_owned).collect::<Vec<String>>()
        };
        codes.iter().flat_map(runs).collect::<Vec<String>>()
    };
    let (digits_l, digits_r) = (digits(&l.codes), digits(&r.codes));
    let longest = digits_l.iter().filter(|run| digits_r.contains(run)).map(String::len).max().unwrap_or(0);
    [
        codes_alike(&l.codes, &r.codes).unwrap_or(f32::NAN),
        codes_alike(&l.all_codes, &r.all_codes).unwrap_or(f32::NAN),
        in_r,
        in_l,
        long_l.max(long_r) as f32,
        l.codes.len() as f32,
        r.codes.len() as f32,
        longest as f32,
    ]
}

fn compare_sizes(a: &[(u64, &'static str)], b: &[(u64, &'static str)]) -> [f32; 2] {
    let agree = a.iter().filter(|size| b.contains(size)).count();
    let other = |size: &(u64, &'static str)| {
        let same_unit: Vec<&(u64, &'static str)> = b.iter().filter(|other| other.1 == size.1).collect();
        !same_unit.is_empty() && !same_unit.contains(&size)
    };
    [agree as f32, a.iter().filter(|size| other(size)).count() as f32]
}

fn compare_brands(l: &Prepared, r: &Prepared) -> [f32; 4] {
    let in_title = |brand: &[String], title: &[String]| match brand.first() {
        Some(first) => title.iter().map(|word| strsim::jaro_winkler(first, word)).fold(0.0, f64::max) as f32,
        None => f32::NAN,
    };
    let both = !(l.brand.is_empty() || r.brand.is_empty());
    [
        if both { monge_elkan(&l.brand, &r.brand).max(monge_elkan(&r.brand, &l.brand)) } else { f32::NAN },
        in_title(&l.brand, &r.title),
        in_title(&r.brand, &l.title),
        f32::from(u8::from(!l.brand.is_empty()) + u8::from(!r.brand.is_empty())),
    ]
}

fn compare_prices(a: Option<f64>, b: Option<f64>) -> [f32; 5] {
    let given = f32::from(u8::from(a.is_some()) + u8::from(b.is_some()));
    let of = |price: Option<f64>| price.map_or(f32::NAN, |price| price.ln() as f32);
    let (ratio, apart) = match (a, b) {
        (Some(a), Some(b)) => ((a.min(b) / a.max(b)) as f32, (a / b).ln() as f32),
        _ => (f32::NAN, f32::NAN),
    };
    [ratio, apart, given, of(a), of(b)]
}

#[cfg(test)]
mod tests {
    use super::super::offer::Offer;
    use super::*;

    #[test]
    fn a_pair_has_a_number_a_name_and_missing_prices_are_missing() {
        let offer = |title: &str, price| Offer { title: title.to_owned(), price, ..Offer::default() };
        let left = [offer("red kettle 2 l", Some(10.0)), offer("blue lamp", None)];
        let right = [offer("kettle red 2l", Some(20.0)), offer("blue lamp 5", Some(5.0))];
        let tables = Tables::new(&left, &right);
        let pairs = [(0, 0), (1, 1), (0, 1)];
        let (alone, features) =
            (tables.features(&pairs, Look::Pair).unwrap(), tables.features(&pairs, Look::Rivals).unwrap());
        let names = tables.columns(Look::Rivals).names();
        assert_eq!((features.n_rows(), features.n_columns(), names.len()), (3, tables.columns(Look::Rivals).n(), 85));
        assert_eq!((alone.n_rows(), alone.row(1)[3]), (3, features.row(1)[3]));
        let at = |name: &str| names.iter().position(|other| *other == name).unwrap();
        assert_eq!(tables.columns(Look::Pair).all_names()[alone.n_columns()], "which words differ");
        assert_eq!(features.row(0)[at("price ratio")], 0.5);
        assert!(features.row(1)[at("price ratio")].is_nan());
        assert_eq!(features.row(0)[at("sizes agree")], 1.0);
        assert_eq!(features.row(0)[at("right offers nearer by title words")], 0.0);
        assert_eq!(features.row(2)[at("right offers nearer by title words")], 1.0, "the kettle is nearer");
        assert!(features.row(2)[at("ahead of other right offers by title words")] < 0.0);
    }

    #[test]
    fn numbers_contradict_only_where_both_have_some() {
        assert_eq!(compare_numbers(&[2_007_000, 5_000], &[2_006_000, 5_000])[..4], [1.0, 1.0, 1.0, 0.0]);
        assert_eq!(compare_numbers(&[2_007_000, 5_000], &[2_006_000, 5_000])[4], 1.0);
        assert!(compare_numbers(&[], &[1])[3].is_nan());
        assert_eq!(compare_sizes(&[(2000, "gb")], &[(4000, "gb"), (2000, "mb")]), [0.0, 1.0]);
    }

    #[test] // Own 0.5; 0.6 is nearer; ahead −0.1; share 5/6; above 0.54: only 0.6.
    fn rivals_are_worked_by_hand() {
        let [nearer, ahead, share, close] = rival(&[0.5, 0.6, 0.1], 0);
        assert_eq!((nearer, close), (1.0, 1.0));
        assert!((ahead + 0.1).abs() < 1e-6 && (share - 5.0 / 6.0).abs() < 1e-6);
    }
}
