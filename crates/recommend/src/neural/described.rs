//! Described shoppers or items: what is known of each row, as fields of categories, words and numbers.
//!
//! A field with values of its own (a country, a category, hashed words of a title) has a vector a value; a row's
//! field is the weighted sum of its values' vectors. A value that nobody had in training has the vector that it
//! began with, which is short. Numbers go in as they are: standardise them first. Rows of two descriptions side by
//! side ([`Described::paired`]) share what is known with them.

use domain::{FitError, Rng};
use learn::container::Fingerprint;
use learn::net::{Leaves, Rows, Start, Tape, Var, Weights};
use std::sync::Arc;

/// One field: for each row the values that it has, with weights.
#[derive(Clone, Debug, PartialEq)]
struct Field {
    name: String,
    n_values: usize,
    ends: Arc<[u32]>,
    members: Arc<[(u32, f32)]>,
    /// The list of values of each row, where rows share lists; else every row has its own.
    lists: Option<Arc<[u32]>>,
}

impl Field {
    fn list(&self, row: u32) -> u32 {
        self.lists.as_ref().map_or(row, |lists| lists[row as usize])
    }
}

/// Rows with what is known of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    n_rows: usize,
    fields: Vec<Field>,
    /// Numbers a row, and all of them row by row.
    n_numbers: usize,
    numbers: Vec<f32>,
}

impl Described {
    /// Rows of which nothing is known yet.
    pub const fn new(n_rows: usize) -> Self {
        Self { n_rows, fields: Vec::new(), n_numbers: 0, numbers: Vec::new() }
    }

    /// How many rows.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Adds a field of one value in `0..n_values` a row.
    ///
    /// # Errors
    /// [`FitError::Param`] named `values` for a wrong number of rows or a value outside.
    pub fn category(self, name: &str, n_values: usize, values: &[u32]) -> Result<Self, FitError> {
        self.words(name, n_values, values.iter().map(|v| vec![(*v, 1.0)]))
    }

    /// Adds a field of any number of weighted values in `0..n_values` a row, such as [`hashed_words`].
    ///
    /// # Errors
    /// As for a category, and for a weight that is not finite.
    pub fn words(
        mut self,
        name: &str,
        n_values: usize,
        rows: impl IntoIterator<Item = Vec<(u32, f32)>>,
    ) -> Result<Self, FitError> {
        let wrong = |rule, got| FitError::Param { name: "values", rule, got };
        let (mut ends, mut members) = (Vec::with_capacity(self.n_rows), Vec::new());
        for row in rows {
            if let Some((value, _)) = row.iter().find(|(v, w)| *v as usize >= n_values || !w.is_finite()) {
                return Err(wrong("below the number of values, with a finite weight", f64::from(*value)));
            }
            members.extend(row);
            ends.push(members.len() as u32);
        }
        if ends.len() != self.n_rows {
            return Err(wrong("one list of values a row", ends.len() as f64));
        }
        let (ends, members) = (ends.into(), members.into());
        self.fields.push(Field { name: name.to_owned(), n_values, ends, members, lists: None });
        Ok(self)
    }

    /// Rows side by side: row `i` has what is known of row `pairs[i].0` of `left` and of row `pairs[i].1` of `right`.
    ///
    /// # Errors
    /// [`FitError::Param`] named `pairs` for a row outside.
    pub fn paired(left: &Self, right: &Self, pairs: &[(u32, u32)]) -> Result<Self, FitError> {
        if let Some(bad) = pairs.iter().find(|p| p.0 as usize >= left.n_rows || p.1 as usize >= right.n_rows) {
            let got = f64::from(bad.0.max(bad.1));
            return Err(FitError::Param { name: "pairs", rule: "rows of the descriptions", got });
        }
        let side = |whole: &Self, rows: &[u32]| -> Vec<Field> {
            let of = |f: &Field| Field { lists: Some(rows.iter().map(|r| f.list(*r)).collect()), ..f.clone() };
            whole.fields.iter().map(of).collect()
        };
        let (of_left, of_right): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
        let mut fields = side(left, &of_left);
        fields.extend(side(right, &of_right));
        let numbers = pairs.iter().flat_map(|(l, r)| left.numbers_of(*l).iter().chain(right.numbers_of(*r))).copied();
        let n_numbers = left.n_numbers + right.n_numbers;
        Ok(Self { n_rows: pairs.len(), fields, n_numbers, numbers: numbers.collect() })
    }

    fn numbers_of(&self, row: u32) -> &[f32] {
        &self.numbers[row as usize * self.n_numbers..][..self.n_numbers]
    }

    /// Sets `n_numbers` finite numbers a row, row by row.
    ///
    /// # Errors
    /// [`FitError::Param`] named `numbers` for a wrong length or a number that is not finite.
    pub fn numbers(mut self, n_numbers: usize, numbers: Vec<f32>) -> Result<Self, FitError> {
        let wrong = |rule, got| FitError::Param { name: "numbers", rule, got };
        if numbers.len() != n_numbers * self.n_rows {
            return Err(wrong("as many as rows times numbers a row", numbers.len() as f64));
        }
        if let Some(bad) = numbers.iter().find(|v| !v.is_finite()) {
            return Err(wrong("finite", f64::from(*bad)));
        }
        (self.n_numbers, self.numbers) = (n_numbers, numbers);
        Ok(self)
    }

    /// Whether rows of `other` have the same fields and numbers.
    pub fn is_like(&self, other: &Self) -> bool {
        let shape =
            |d: &Self| -> Vec<(String, usize)> { d.fields.iter().map(|f| (f.name.clone(), f.n_values)).collect() };
        shape(self) == shape(other) && self.n_numbers == other.n_numbers
    }

    /// Adds everything that is known of every row.
    pub(super) fn print(&self, to: &mut Fingerprint) {
        to.add(self.n_rows as u64);
        for field in &self.fields {
            to.add_text(&field.name);
            to.add(field.n_values as u64);
            field.ends.iter().for_each(|end| to.add(u64::from(*end)));
            field.members.iter().for_each(|(v, w)| to.add(u64::from(*v) << 32 | u64::from(w.to_bits())));
            field.lists.iter().flat_map(|lists| lists.iter()).for_each(|list| to.add(u64::from(*list)));
        }
        to.add(self.n_numbers as u64);
        self.numbers.iter().for_each(|v| to.add(u64::from(v.to_bits())));
    }

    pub(super) const fn n_fields(&self) -> usize {
        self.fields.len()
    }

    pub(super) fn n_values(&self, field: usize) -> usize {
        self.fields[field].n_values
    }

    /// The values of a row's field.
    pub(super) fn members(&self, field: usize, row: u32) -> &[(u32, f32)] {
        let field = &self.fields[field];
        let (list, ends) = (field.list(row) as usize, &field.ends);
        let start = if list == 0 { 0 } else { ends[list - 1] as usize };
        &field.members[start..ends[list] as usize]
    }

    /// Columns of [`Self::embed`].
    pub(super) fn width(&self, width: usize) -> usize {
        self.fields.len() * width + self.n_numbers
    }

    /// Adds a table for each field.
    pub(super) fn start(&self, weights: &mut Weights, whose: &str, width: usize, rng: &mut Rng) {
        for field in &self.fields {
            weights.table(&format!("{whose}: {}", field.name), (field.n_values, width), Start::Normal(0.05), rng);
        }
    }

    /// Rows of the tables that these rows of the description need.
    pub(super) fn rows(&self, rows: impl Iterator<Item = u32> + Clone) -> Vec<Rows> {
        let of = |f| Rows::Some(rows.clone().flat_map(|r| self.members(f, r)).map(|(v, _)| *v).collect());
        (0..self.fields.len()).map(of).collect()
    }

    /// The rows as one matrix: vectors of the fields side by side, then the numbers. `first` is the number of the
    /// first field's table.
    ///
    /// # Panics
    /// If nothing at all is known of the rows.
    pub(super) fn embed(&self, tape: &mut Tape<'_>, leaves: Leaves<'_>, first: usize, rows: &[u32]) -> Var {
        let mut parts = Vec::new();
        for f in 0..self.fields.len() {
            let (mut ends, mut members) = (Vec::with_capacity(rows.len()), Vec::new());
            for r in rows {
                members.extend(self.members(f, *r).iter().map(|(v, w)| (leaves.local(first + f, *v), *w)));
                ends.push(members.len() as u32);
            }
            parts.push(tape.bag(leaves.tables[first + f], ends, members));
        }
        if self.n_numbers > 0 {
            let numbers = rows.iter().flat_map(|r| self.numbers_of(*r)).copied().collect();
            parts.push(tape.constant(numbers, rows.len(), self.n_numbers));
        }
        tape.beside(&parts)
    }

    /// The same fields without rows.
    pub(super) fn without_rows(&self) -> Self {
        let bare = |f: &Field| Field { ends: [].into(), members: [].into(), lists: None, ..f.clone() };
        Self {
            n_rows: 0,
            fields: self.fields.iter().map(bare).collect(),
            n_numbers: self.n_numbers,
            numbers: Vec::new(),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.n_numbers == 0
    }
}

/// Words of a text and their three-letter parts, hashed into `n_values` values: texts that share words or stems
/// share values, in any language that separates words; others share parts. All weights are `1 / √count`.
pub fn hashed_words(text: &str, n_values: usize) -> Vec<(u32, f32)> {
    let mut values = Vec::new();
    let mut put = |letters: &[char]| values.push(hashed(letters.iter().copied(), n_values));
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        let letters: Vec<char> = word.chars().collect();
        put(&letters);
        letters.windows(3).filter(|part| part.len() < letters.len()).for_each(&mut put);
    }
    values.sort_unstable();
    let weight = 1.0 / (values.len().max(1) as f32).sqrt();
    values.into_iter().map(|v| (v, weight)).collect()
}

/// One value in `0..n_values` for a text as a whole.
pub(super) fn hashed(letters: impl Iterator<Item = char>, n_values: usize) -> u32 {
    let step = |h: u64, c: char| (h ^ u64::from(u32::from(c))).wrapping_mul(0x0000_0100_0000_01B3);
    let hash = letters.fold(0xCBF2_9CE4_8422_2325_u64, step);
    // The upper bits are the better mixed ones.
    ((u128::from(hash) * n_values as u128) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test] // "red mugs": red, mugs, mug, ugs. "Mug": mug alone, which is a part of the other.
    fn texts_that_share_a_stem_share_a_value() {
        let (a, b) = (hashed_words("Red mugs!", 1 << 20), hashed_words("mug", 1 << 20));
        assert_eq!((a.len(), b.len(), a[0].1), (4, 1, 0.5));
        assert!(a.iter().any(|(v, _)| *v == b[0].0));
        assert_eq!(hashed_words(" - ", 8), []);
    }

    #[test] // Row 1 of the left beside row 0 of the right, and row 0 beside row 1; then these in the other order.
    fn rows_side_by_side_have_what_both_have() {
        let left = Described::new(2).category("country", 3, &[0, 2]).unwrap().numbers(1, vec![0.5, 1.5]).unwrap();
        let right = Described::new(2).words("title", 9, [vec![(4, 1.0), (5, 0.5)], vec![]]).unwrap();
        let both = Described::paired(&left, &right, &[(1, 0), (0, 1)]).unwrap();
        assert_eq!(
            (both.n_rows(), both.n_fields(), both.numbers_of(0), both.numbers_of(1)),
            (2, 2, &[1.5][..], &[0.5][..])
        );
        assert_eq!((both.members(0, 0), both.members(1, 0)), (&[(2, 1.0)][..], &[(4, 1.0), (5, 0.5)][..]));
        assert_eq!((both.members(0, 1), both.members(1, 1)), (&[(0, 1.0)][..], &[][..]));
        let turned = Described::paired(&both, &Described::new(1), &[(1, 0), (0, 0)]).unwrap();
        assert_eq!((turned.members(0, 0), turned.members(1, 1)), (both.members(0, 1), both.members(1, 0)));
        let print = |d: &Described| {
            let mut print = Fingerprint::default();
            d.print(&mut print);
            print.value()
        };
        assert_ne!(print(&both), print(&turned));
        assert!(Described::paired(&left, &right, &[(0, 2)]).is_err());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let two = Described::new(2);
        assert!(two.clone().category("country", 3, &[0, 3]).is_err());
        assert!(two.clone().category("country", 3, &[0]).is_err());
        assert!(two.clone().numbers(1, vec![0.0, f32::NAN]).is_err());
        let fine = two.category("country", 3, &[0, 2]).unwrap().numbers(1, vec![0.5, 1.0]).unwrap();
        assert_eq!((fine.members(0, 1), fine.width(4)), (&[(2, 1.0)][..], 5));
        assert!(!fine.is_like(&Described::new(2)));
    }
}
