//! Products that probably repeat another: nearly the same title under two codes. Only a hint is
//! given (`likely_same_as`); nothing is merged, because a wrong merge cannot be seen afterwards.
//!
//! Titles are compared as sets of words of their case key. Two are nearly equal when they share at
//! least `fuzzy_similarity` of their words (Jaccard) and what is left over pairs off as misspellings
//! (Levenshtein distance 1, from five letters on) or is a filler word. Words with digits have to be
//! the same: a set of 6 is not a set of 12. A colour or a size is no misspelling of another, so
//! variants stay apart: `PINK MUG` and `BLUE MUG` share half of their words only.
//!
//! Blocking keeps it fast: candidates share one of a title's three rarest words, and words in more
//! than 100 titles find nobody. Cost: at most 300 comparisons a product.

use super::{Policy, RuleDoc};
use crate::CleanParams;
use crate::hash::{FastMap, Interner, NONE};
use rayon::prelude::*;

pub(crate) const DOC: RuleDoc = RuleDoc {
    name: "fuzzy_product",
    policy: Policy::Mark,
    doc: "a product whose title nearly equals that of a better-selling one is marked as likely the same; nothing is merged",
};

/// Titles that a word may stand in and still lead to candidates.
const MAX_TITLES_OF_WORD: usize = 100;
/// Words of a title that lead to candidates.
const RARE_WORDS: usize = 3;
const FILLERS: [&str; 12] = ["the", "a", "an", "of", "with", "and", "in", "for", "&", "der", "die", "mit"];

/// For each title (case key, lines sold) the number of the better-selling title that it probably
/// repeats, or [`NONE`]; an empty title repeats nothing. Equal sales: the earlier one is better.
pub(crate) fn likely_same(titles: &[(String, u64)], params: &CleanParams) -> Vec<u32> {
    let mut vocabulary = Interner::default();
    let words: Vec<Vec<u32>> = titles
        .iter()
        .map(|(title, _)| {
            let mut words: Vec<u32> = split(title).map(|w| vocabulary.intern(w.as_bytes())).collect();
            words.sort_unstable();
            words.dedup();
            words
        })
        .collect();
    let mut titles_of: Vec<Vec<u32>> = vec![Vec::new(); vocabulary.len()];
    let mut whole: FastMap<&[u32], Vec<u32>> = FastMap::default();
    for (t, words) in words.iter().enumerate() {
        words.iter().for_each(|w| titles_of[*w as usize].push(t as u32));
        if !words.is_empty() {
            whole.entry(words).or_default().push(t as u32);
        }
    }
    (0..titles.len() as u32)
        .into_par_iter()
        .map(|t| {
            let mine = &words[t as usize];
            let mut rare = mine.clone();
            rare.sort_by_key(|w| (titles_of[*w as usize].len(), *w));
            let by_words = rare
                .iter()
                .map(|w| titles_of[*w as usize].as_slice())
                .filter(|titles| titles.len() <= MAX_TITLES_OF_WORD)
                .take(RARE_WORDS)
                .chain(whole.get(mine.as_slice()).map(Vec::as_slice));
            by_words
                .flatten()
                .filter(|&&other| is_better(titles, other, t))
                .filter_map(|&other| Some((similarity(mine, &words[other as usize], &vocabulary, params)?, other)))
                .max_by(|a, b| {
                    // The most similar, then the best-selling, then the first.
                    let sold = |t: u32| titles[t as usize].1;
                    a.0.total_cmp(&b.0).then(sold(a.1).cmp(&sold(b.1))).then(b.1.cmp(&a.1))
                })
                .map_or(NONE, |(_, other)| other)
        })
        .collect()
}

fn is_better(titles: &[(String, u64)], other: u32, than: u32) -> bool {
    let (a, b) = (titles[other as usize].1, titles[than as usize].1);
    other != than && (a > b || (a == b && other < than))
}

fn split(title: &str) -> impl Iterator<Item = &str> {
    title
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '(' | ')' | '"' | '!' | '.' | ':'))
        .filter(|word| !word.is_empty())
}

/// Share of common words where the rest may be passed over, else `None`.
fn similarity(a: &[u32], b: &[u32], vocabulary: &Interner, params: &CleanParams) -> Option<f64> {
    if a.len().abs_diff(b.len()) > 2 {
        return None;
    }
    let only =
        |a: &[u32], b: &[u32]| -> Vec<u32> { a.iter().copied().filter(|w| b.binary_search(w).is_err()).collect() };
    let (mut left, mut right) = (only(a, b), only(b, a));
    let mut common = a.len() - left.len();
    let is_filler = |w: &u32| FILLERS.contains(&vocabulary.text(*w));
    left.retain(|w| !is_filler(w));
    right.retain(|w| !is_filler(w));
    let mut union = common;
    for word in left {
        let text = vocabulary.text(word);
        // A word without its misspelling on the other side makes two different titles.
        let twin = right.iter().position(|other| misspelt(text, vocabulary.text(*other)))?;
        right.swap_remove(twin);
        union += 1;
        // A misspelt word counts as nearly common.
        common += 1;
    }
    union += right.len();
    let share = common as f64 / union.max(1) as f64;
    (union > 0 && right.is_empty() && share >= params.fuzzy_similarity).then(|| {
        // Untouched words first: of two candidates the one with fewer misspellings is nearer.
        share - 0.001 * (union - (a.iter().filter(|w| b.binary_search(w).is_ok()).count())) as f64
    })
}

fn misspelt(a: &str, b: &str) -> bool {
    let long = |w: &str| w.chars().count() >= 5;
    let digits = |w: &str| w.chars().any(|c| c.is_ascii_digit());
    long(a) && long(b) && !digits(a) && !digits(b) && strsim::levenshtein(a, b) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(titles: &[(&str, u64)], expected: &[Option<u32>]) {
        let titles: Vec<(String, u64)> = titles.iter().map(|(t, n)| ((*t).to_owned(), *n)).collect();
        let expected: Vec<u32> = expected.iter().map(|e| e.unwrap_or(NONE)).collect();
        assert_eq!(likely_same(&titles, &CleanParams::default()), expected, "{titles:?}");
    }

    #[test]
    fn word_order_misspellings_and_fillers_are_passed_over() {
        check(
            &[
                ("white hanging heart t-light holder", 90),
                ("t-light holder white hanging heart", 3),
                ("white hangng heart t-light holder", 2),
                ("the white hanging heart t-light holder", 1),
            ],
            &[None, Some(0), Some(0), Some(0)],
        );
    }

    #[test]
    fn variants_are_not_repeats() {
        check(&[("pink spotty mug", 5), ("blue spotty mug", 4)], &[None, None]);
        check(&[("set of 6 spice jars", 5), ("set of 12 spice jars", 4)], &[None, None]);
        check(&[("retro kettle 1500w", 5), ("retro kettle 1600w", 4)], &[None, None]);
        check(&[("cake tin", 5), ("cake tin large", 4)], &[None, None]);
        check(&[("", 5), ("", 4)], &[None, None]);
    }

    #[test]
    fn the_better_seller_is_pointed_at_and_nothing_points_back() {
        check(
            &[("metal sign cupcake", 1), ("metal sign cupcake", 7), ("metal sign cupcake", 7)],
            &[Some(1), None, Some(1)],
        );
    }

    #[test] // 300 titles, each with one misspelt copy and one variant: labelled, so both rates can be counted.
    fn labelled_repeats_are_found_and_variants_are_not() {
        let names: Vec<String> = (0..300).map(|i| format!("{} lantern article{}", word(i), word(i * 7 + 3))).collect();
        let mut titles: Vec<(String, u64)> = names.iter().map(|n| (n.clone(), 10)).collect();
        titles.extend(names.iter().map(|n| (n.replacen("lantern", "lanten", 1), 5)));
        titles.extend(names.iter().map(|n| (format!("mini {n}"), 4)));
        let found = likely_same(&titles, &CleanParams::default());
        let right = (300..600).filter(|&i| found[i] == i as u32 - 300).count();
        let wrong = (0..900).filter(|&i| found[i] != NONE && !(300..600).contains(&i)).count();
        assert_eq!((right, wrong), (300, 0));
    }

    /// A made-up word a number, far from its neighbours.
    fn word(i: usize) -> String {
        (0..6).map(|k| (b'a' + ((i * (7 + 4 * k) + 3 * k * k + i / 26) % 26) as u8) as char).collect()
    }
}
