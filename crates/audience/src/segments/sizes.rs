//! How many are in a segment, how far segments overlap, what may be shown.
//!
//! - Jaccard index of two segments: `|A ∩ B| / |A ∪ B|` (Jaccard, "The distribution of the flora in the
//!   alpine zone", New Phytologist 11(2), 1912). 0 for two empty ones.
//! - **Privacy floor**: a segment whose rule asks for age, sex, education, job or income, itself or by
//!   reference, is shown with a count from `floor` shoppers on; below it says "fewer than". Where a
//!   breakdown has exactly one such bucket, the next smallest is withheld too: else the total less the
//!   others would tell it. The bucket of shoppers without the trait is always listed.
//!
//! Cost: one bit a shopper and segment; a pair of segments is `n / 64` counts of bits.

use super::SegmentBook;
use crate::figures::{MIN_OBSERVATIONS, share};
use domain::{Figure, Language, Unit};
use std::collections::BTreeMap;

/// Shoppers below which a demographic count is not shown.
pub const PRIVACY_FLOOR: u64 = 10;

/// Some of `n` shoppers, by their row numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSet {
    words: Vec<u64>,
    n_shoppers: usize,
}

impl MemberSet {
    /// None of `n_shoppers`.
    pub fn none(n_shoppers: usize) -> Self {
        Self { words: vec![0; n_shoppers.div_ceil(64)], n_shoppers }
    }

    /// From one answer a shopper.
    pub fn of(answers: impl IntoIterator<Item = bool>) -> Self {
        let mut set = Self { words: Vec::new(), n_shoppers: 0 };
        for yes in answers {
            if set.n_shoppers.is_multiple_of(64) {
                set.words.push(0);
            }
            if yes {
                set.words[set.n_shoppers / 64] |= 1 << (set.n_shoppers % 64);
            }
            set.n_shoppers += 1;
        }
        set
    }

    /// Adds a shopper; a row that there is not is left out.
    pub fn insert(&mut self, row: usize) {
        if row < self.n_shoppers {
            self.words[row / 64] |= 1 << (row % 64);
        }
    }

    /// Whether a row is in it.
    pub fn contains(&self, row: usize) -> bool {
        row < self.n_shoppers && self.words[row / 64] >> (row % 64) & 1 == 1
    }

    /// Shoppers in it.
    pub fn len(&self) -> u64 {
        self.words.iter().map(|w| u64::from(w.count_ones())).sum()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shoppers that it is taken from.
    pub fn n_shoppers(&self) -> usize {
        self.n_shoppers
    }

    /// Row numbers, ascending.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.n_shoppers).filter(|row| self.contains(*row))
    }

    /// In both. Sets of different populations share the rows that both have.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.joined(other, |a, b| a & b)
    }

    /// In one of the two.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.joined(other, |a, b| a | b)
    }

    /// In this and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.joined(other, |a, b| a & !b)
    }

    fn joined(&self, other: &Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let at = |words: &[u64], i: usize| words.get(i).copied().unwrap_or(0);
        let n_shoppers = self.n_shoppers.max(other.n_shoppers);
        let words = (0..n_shoppers.div_ceil(64)).map(|i| join(at(&self.words, i), at(&other.words, i))).collect();
        Self { words, n_shoppers }
    }

    fn n_both(&self, other: &Self) -> u64 {
        self.words.iter().zip(&other.words).map(|(a, b)| u64::from((a & b).count_ones())).sum()
    }
}

/// A count as a person may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The count.
    Count(u64),
    /// Below the privacy floor.
    FewerThan(u64),
    /// Large enough, but it would tell one that is not.
    Withheld,
}

impl Shown {
    /// A count under a floor; 0 says nothing of anybody and is shown.
    pub const fn under(n: u64, floor: u64) -> Self {
        if n > 0 && n < floor { Self::FewerThan(floor) } else { Self::Count(n) }
    }

    /// In words; English where the language is not Chinese.
    pub fn text(self, language: Language) -> String {
        match (self, language == Language::ZH) {
            (Self::Count(n), _) => n.to_string(),
            (Self::FewerThan(floor), false) => format!("fewer than {floor}"),
            (Self::FewerThan(floor), true) => format!("少于 {floor}"),
            (Self::Withheld, false) => "withheld, it would tell a small group".to_owned(),
            (Self::Withheld, true) => "不显示（否则可推算出小群体人数）".to_owned(),
        }
    }

    /// As a figure; where the count is hidden the figure does not hold it either.
    pub fn figure(self, key: &str) -> Figure {
        let formula = "shoppers for whom the rule says yes; hidden below the privacy floor";
        match self {
            Self::Count(n) => Figure::number(key, Unit::Count, n as f64, n, 0),
            Self::FewerThan(floor) => Figure::number(key, Unit::Count, 0.0, 0, floor),
            Self::Withheld => Figure::number(key, Unit::Count, f64::NAN, 0, 0),
        }
        .formula(formula)
    }
}

/// Sizes of segments and how far each pair overlaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// Names, in the order given.
    pub names: Vec<String>,
    /// Size of each.
    pub sizes: Vec<Shown>,
    /// Shoppers in both of a pair, row by row; the diagonal has the sizes.
    pub both: Vec<Vec<Shown>>,
    /// Jaccard index of a pair; `None` where a count behind it is hidden.
    pub jaccard: Vec<Vec<Option<f64>>>,
}

/// Sizes and overlaps. `floor` applies to the segments that [`SegmentBook::is_demographic`] names, and
/// to each pair with one of them.
pub fn overlap(book: &SegmentBook, sets: &[(&str, &MemberSet)], floor: u64) -> Overlap {
    let floors: Vec<u64> = sets.iter().map(|(name, _)| if book.is_demographic(name) { floor } else { 0 }).collect();
    let of = |i: usize, j: usize| {
        let (a, b) = (sets[i].1, sets[j].1);
        let (both, least) = (a.n_both(b), floors[i].max(floors[j]));
        // `A` without `B` is a group of its own: a pair that nearly equals a segment would tell it.
        let rests = [(a.len() - both, i != j), (b.len() - both, i != j)];
        let small = rests.iter().any(|(n, apart)| *apart && matches!(Shown::under(*n, least), Shown::FewerThan(_)));
        let shown = if small { Shown::Withheld } else { Shown::under(both, least) };
        let either = a.len() + b.len() - both;
        let index = if either == 0 { 0.0 } else { both as f64 / either as f64 };
        (shown, matches!(shown, Shown::Count(_)).then_some(index))
    };
    let n = sets.len();
    let pairs: Vec<Vec<(Shown, Option<f64>)>> = (0..n).map(|i| (0..n).map(|j| of(i, j)).collect()).collect();
    Overlap {
        names: sets.iter().map(|(name, _)| (*name).to_owned()).collect(),
        sizes: (0..n).map(|i| Shown::under(sets[i].1.len(), floors[i])).collect(),
        both: pairs.iter().map(|row| row.iter().map(|p| p.0).collect()).collect(),
        jaccard: pairs.iter().map(|row| row.iter().map(|p| p.1).collect()).collect(),
    }
}

/// Shoppers by the values of one trait.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakdown {
    /// Values with their counts, most frequent first, ties by name.
    pub values: Vec<(String, Shown)>,
    /// Shoppers without the trait: always listed.
    pub missing: u64,
    /// Share of the shoppers whose trait is known.
    pub coverage: Figure,
}

/// Counts shoppers by a trait, each `None` where it is missing.
pub fn breakdown<'a>(values: impl IntoIterator<Item = Option<&'a str>>, floor: u64) -> Breakdown {
    let (mut counts, mut missing, mut n) = (BTreeMap::<&str, u64>::new(), 0, 0);
    for value in values {
        n += 1;
        match value {
            Some(value) => *counts.entry(value).or_default() += 1,
            None => missing += 1,
        }
    }
    let mut rows: Vec<(&str, u64)> = counts.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut values: Vec<(String, Shown)> =
        rows.iter().map(|(value, n)| ((*value).to_owned(), Shown::under(*n, floor))).collect();
    let hidden = values.iter().filter(|v| matches!(v.1, Shown::FewerThan(_))).count();
    if hidden == 1
        && let Some(last) = values.iter_mut().rev().find(|v| matches!(v.1, Shown::Count(n) if n > 0))
    {
        last.1 = Shown::Withheld;
    }
    let coverage = share("segment.coverage", n - missing, n).formula("shoppers with the trait known / shoppers");
    Breakdown { values, missing, coverage }
}

/// The band of an age in whole years; `None` for an age that nobody has.
pub fn age_band(age: f64) -> Option<&'static str> {
    const BANDS: [(f64, &str); 7] = [
        (18.0, "under 18"),
        (25.0, "18-24"),
        (35.0, "25-34"),
        (45.0, "35-44"),
        (55.0, "45-54"),
        (65.0, "55-64"),
        (125.0, "65 and over"),
    ];
    if age >= 0.0 { BANDS.iter().find(|(end, _)| age < *end).map(|(_, name)| *name) } else { None }
}

/// Whether segments divide the shoppers: each of known place in exactly one.
#[derive(Clone, Debug, PartialEq)]
pub struct Division {
    /// Shoppers in at least one.
    pub covered: u64,
    /// Shoppers whose place is known and who are in none.
    pub left_out: u64,
    /// Shoppers whose place is not known: the missing bucket.
    pub missing: u64,
    /// Shoppers in more than one.
    pub in_several: u64,
    /// Pairs that share shoppers, with how many.
    pub overlapping: Vec<(String, String, u64)>,
    /// Share of the shoppers of known place that are in one.
    pub coverage: Figure,
}

impl Division {
    /// Whether nobody is in two.
    pub fn is_exclusive(&self) -> bool {
        self.in_several == 0
    }

    /// Whether everybody of known place is in one.
    pub fn is_complete(&self) -> bool {
        self.left_out == 0
    }
}

/// Checks segments by place for coverage and exclusivity; `known` are the shoppers whose place is known.
pub fn division(sets: &[(&str, &MemberSet)], known: &MemberSet) -> Division {
    let n = known.n_shoppers();
    let (mut once, mut twice) = (MemberSet::none(n), MemberSet::none(n));
    for (_, set) in sets {
        twice = twice.or(&once.and(set));
        once = once.or(set);
    }
    let mut overlapping = Vec::new();
    for (i, (a, left)) in sets.iter().enumerate() {
        for (b, right) in &sets[i + 1..] {
            let both = left.n_both(right);
            if both > 0 {
                overlapping.push(((*a).to_owned(), (*b).to_owned(), both));
            }
        }
    }
    let inside = known.and(&once).len();
    Division {
        covered: once.len(),
        left_out: known.len() - inside,
        missing: n as u64 - known.len(),
        in_several: twice.len(),
        overlapping,
        coverage: share("segment.place_coverage", inside, known.len())
            .formula(format!("shoppers of known place in a segment / all of known place, from {MIN_OBSERVATIONS} on")),
    }
}

/// What may leave the house: members who agreed, and how many are held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Members who agreed to marketing.
    pub allowed: MemberSet,
    /// Members who did not.
    pub refused: u64,
    /// Members of whom it is not known: held back too.
    pub unknown: u64,
}

/// Applies consent to a segment; `consent` has one answer a shopper, `None` where nobody asked.
pub fn with_consent(members: &MemberSet, consent: &[Option<bool>]) -> Audience {
    let answer = |row: usize| consent.get(row).copied().flatten();
    let mut allowed = MemberSet::none(members.n_shoppers());
    let (mut refused, mut unknown) = (0, 0);
    for row in members.rows() {
        match answer(row) {
            Some(true) => allowed.insert(row),
            Some(false) => refused += 1,
            None => unknown += 1,
        }
    }
    Audience { allowed, refused, unknown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segments::Definition;
    use proptest::prelude::*;

    fn set(n: usize, rows: &[usize]) -> MemberSet {
        let mut set = MemberSet::none(n);
        rows.iter().for_each(|row| set.insert(*row));
        set
    }

    #[test] // A = {0..20}, B = {10..30} of 100: 10 in both, 30 in either, Jaccard 1/3.
    fn overlap_by_hand_and_a_small_demographic_count_is_hidden() {
        let rules = [("a", "age >= 30"), ("b", "r >= 4"), ("c", "segment(a) and r = 1")];
        let book = SegmentBook::read(&rules.map(|(n, r)| Definition::new(n, r))).unwrap();
        let a = set(100, &(0..20).collect::<Vec<_>>());
        let b = set(100, &(10..30).collect::<Vec<_>>());
        let c = set(100, &[0, 1, 2]);
        let table = overlap(&book, &[("a", &a), ("b", &b), ("c", &c)], PRIVACY_FLOOR);
        assert_eq!(table.sizes, [Shown::Count(20), Shown::Count(20), Shown::FewerThan(10)]);
        assert_eq!(table.both[0][1], Shown::Count(10));
        assert!((table.jaccard[0][1].unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((table.both[0][2], table.jaccard[0][2]), (Shown::FewerThan(10), None), "c refers to age through a");
        assert_eq!(Shown::FewerThan(10).text(Language::EN), "fewer than 10");
        let figure = Shown::under(3, 10).figure("segment.size");
        assert!(!format!("{figure:?}").contains('3'), "a hidden count is nowhere in the figure: {figure:?}");
    }

    #[test] // A of 20 and 15 of them in B: the 5 outside would be told by 20 − 15.
    fn a_difference_below_the_floor_is_not_told_either() {
        let rules = [("a", "age >= 30"), ("b", "r >= 4")];
        let book = SegmentBook::read(&rules.map(|(n, r)| Definition::new(n, r))).unwrap();
        let a = set(100, &(0..20).collect::<Vec<_>>());
        let b = set(100, &(5..80).collect::<Vec<_>>());
        let table = overlap(&book, &[("a", &a), ("b", &b)], PRIVACY_FLOOR);
        assert_eq!((table.both[0][1], table.jaccard[0][1]), (Shown::Withheld, None));
    }

    #[test]
    fn one_small_bucket_hides_a_second_and_missing_is_listed() {
        let of = |value: &'static str, n: usize| std::iter::repeat_n(Some(value), n);
        let values: Vec<Option<&str>> = of("female", 40)
            .chain(of("male", 30))
            .chain(of("diverse", 4))
            .chain(std::iter::repeat_n(None, 26))
            .collect();
        let table = breakdown(values.iter().copied(), 10);
        assert_eq!(
            table.values,
            [
                ("female".to_owned(), Shown::Count(40)),
                ("male".to_owned(), Shown::Withheld),
                ("diverse".to_owned(), Shown::FewerThan(10))
            ]
        );
        assert_eq!((table.missing, table.coverage.as_f64()), (26, Some(0.74)));
        let none = breakdown([None, None], 10);
        assert_eq!((none.values.len(), none.missing), (0, 2));
    }

    #[test]
    fn bands_meet_without_a_gap() {
        let bands = [0.0, 17.9, 18.0, 24.0, 64.0, 65.0].map(|age| age_band(age).unwrap());
        assert_eq!(bands, ["under 18", "under 18", "18-24", "18-24", "55-64", "65 and over"]);
        assert_eq!((age_band(-1.0), age_band(200.0), age_band(f64::NAN)), (None, None, None));
    }

    #[test] // 6 shoppers, place of 5 known; north {0, 1, 2}, south {2, 3}: 4 is left out, 2 is in both.
    fn places_are_checked_for_coverage_and_exclusivity() {
        let (north, south, known) = (set(6, &[0, 1, 2]), set(6, &[2, 3]), set(6, &[0, 1, 2, 3, 4]));
        let checked = division(&[("north", &north), ("south", &south)], &known);
        assert_eq!((checked.covered, checked.left_out, checked.missing, checked.in_several), (4, 1, 1, 1));
        assert_eq!(checked.overlapping, [("north".to_owned(), "south".to_owned(), 1)]);
        assert!(!checked.is_exclusive() && !checked.is_complete());
        let right = division(&[("north", &north), ("rest", &known.minus(&north))], &known);
        assert!(right.is_exclusive() && right.is_complete());
    }

    #[test]
    fn without_consent_nobody_is_exported() {
        let audience = with_consent(&set(4, &[0, 1, 2]), &[Some(true), Some(false), None, Some(true)]);
        assert_eq!((audience.allowed, audience.refused, audience.unknown), (set(4, &[0]), 1, 1));
    }

    proptest! {
        #[test]
        fn sizes_add_up(pairs in prop::collection::vec(any::<(bool, bool)>(), 0..200)) {
            let a = MemberSet::of(pairs.iter().map(|p| p.0));
            let b = MemberSet::of(pairs.iter().map(|p| p.1));
            prop_assert_eq!(a.and(&b).len() + a.minus(&b).len(), a.len());
            prop_assert_eq!(a.or(&b).len() + a.and(&b).len(), a.len() + b.len());
            prop_assert_eq!(a.rows().collect::<Vec<_>>(), (0..pairs.len()).filter(|i| pairs[*i].0).collect::<Vec<_>>());
        }
    }
}
