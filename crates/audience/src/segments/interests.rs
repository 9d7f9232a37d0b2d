//! What a shopper is interested in, and what it seems to value.
//!
//! - **Interests** by category: each purchase, view or search of a day adds its weight, halved every
//!   `half_life_days` since; a shopper's scores are divided by their sum, so they say how attention is
//!   spread, 0 to 1. `score_c = Σ w · 2^(−age / half-life) / Σ_all`. Exponential forgetting of preferences as in
//!   Ding and Li, "Time weight collaborative filtering", CIKM 2005.
//! - **Values**: share of the goods bought and the reviews written whose words speak for a value (quiet, saving energy,
//!   design …), by a lexicon that the caller gives in any languages, shrunk towards the share among all goods by `prior`
//!   goods: `(hits + prior · base) / (texts + prior)`; `lift` is that over what as many usual goods and reviews would have
//!   come to. Each has snippets as evidence. It says what was bought and written, and is no test of personality.
//!
//! Cost: `O(words)` a product, `O(deeds)` a shopper.

use crate::AudienceError;
use domain::Day;
use std::collections::BTreeMap;

/// How interests are weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct InterestParams {
    /// Days after which a deed counts half, above 0.
    pub half_life_days: f64,
    /// Weight of a purchase.
    pub bought: f64,
    /// Weight of a view.
    pub viewed: f64,
    /// Weight of a search.
    pub searched: f64,
}

impl Default for InterestParams {
    fn default() -> Self {
        Self { half_life_days: 90.0, bought: 1.0, viewed: 0.2, searched: 0.3 }
    }
}

/// What was done with a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InterestKind {
    /// Bought.
    Bought,
    /// Viewed.
    Viewed,
    /// Searched for.
    Searched,
}

/// One deed of a shopper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterestDeed {
    /// When.
    pub day: Day,
    /// Category, as it shall be named.
    pub category: String,
    /// What.
    pub kind: InterestKind,
}

/// A shopper's interests.
#[derive(Clone, Debug, PartialEq)]
pub struct Interests {
    /// Category with its share, largest first, ties by name.
    pub shares: Vec<(String, f64)>,
    /// Sum of the decayed weights: how much the shares rest on. Below 1 it is less than one purchase of today.
    pub evidence: f64,
}

impl InterestParams {
    /// The interests before `as_of`; later deeds are not seen. No deed, no interest.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for a half-life or a weight outside its range.
    pub fn of(&self, deeds: &[InterestDeed], as_of: Day) -> Result<Interests, AudienceError> {
        let finite = self.half_life_days.is_finite() && self.half_life_days > 0.0;
        if !finite {
            let rule = "a positive number of days";
            return Err(AudienceError::Param { name: "half_life_days", rule, got: self.half_life_days });
        }
        for (name, got) in [("bought", self.bought), ("viewed", self.viewed), ("searched", self.searched)] {
            if !(got >= 0.0 && got.is_finite()) {
                return Err(AudienceError::Param { name, rule: "zero or a positive number", got });
            }
        }
        // Summed in the order of days and names: the same bits for any order of the input.
        let mut seen: Vec<&InterestDeed> = deeds.iter().filter(|d| d.day < as_of).collect();
        seen.sort_by(|a, b| (a.day, &a.category, a.kind).cmp(&(b.day, &b.category, b.kind)));
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for deed in seen {
            let weight = match deed.kind {
                InterestKind::Bought => self.bought,
                InterestKind::Viewed => self.viewed,
                InterestKind::Searched => self.searched,
            };
            let age = f64::from(as_of.since(deed.day) - 1);
            *sums.entry(&deed.category).or_default() += weight * (-age / self.half_life_days).exp2();
        }
        let evidence: f64 = sums.values().sum();
        let share = |(category, sum): (&str, f64)| (category.to_owned(), sum / evidence);
        let mut shares: Vec<(String, f64)> = sums.into_iter().filter(|(_, sum)| *sum > 0.0).map(share).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(Interests { shares, evidence })
    }
}

/// Words that speak for a value: the value's name and its words in small letters, of any languages. A word
/// that ends in `*` is met by every word that starts so; where there are no blanks between words
/// (Chinese, Japanese, Thai) a word is met anywhere in the text.
pub type Lexicon = BTreeMap<String, Vec<String>>;

/// A value that a shopper's goods speak for.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueScore {
    /// Name of the value.
    pub value: String,
    /// Shrunken share of the goods, 0 to 1.
    pub score: f64,
    /// The same over what as many usual texts would have: above 1 it is more than usual.
    pub lift: f64,
    /// Goods bought and reviews written that speak for it.
    pub hits: u32,
    /// Goods bought and reviews written.
    pub texts: u32,
    /// Words around what was met, at most three.
    pub evidence: Vec<String>,
}

/// The words of goods, searched once for all shoppers.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    names: Vec<String>,
    /// By product: the values that it speaks for, with a snippet.
    of: BTreeMap<String, Vec<(usize, String)>>,
    base: Vec<f64>,
    prior: f64,
}

impl Values {
    /// Searches the texts of all goods; `prior` is how many usual goods each shopper is taken to have bought
    /// besides its own, above 0.
    ///
    /// # Errors
    /// [`AudienceError::Param`] for another prior, [`AudienceError::TooLittleData`] without goods.
    pub fn learn<'a>(
        goods: impl IntoIterator<Item = (&'a str, &'a str)>,
        lexicon: &Lexicon,
        prior: f64,
    ) -> Result<Self, AudienceError> {
        if !(prior > 0.0 && prior.is_finite()) {
            return Err(AudienceError::Param { name: "prior", rule: "a positive number", got: prior });
        }
        let names: Vec<String> = lexicon.keys().cloned().collect();
        let (mut of, mut counts): (BTreeMap<String, Vec<(usize, String)>>, _) =
            (BTreeMap::new(), vec![0_u32; names.len()]);
        for (product, text) in goods {
            let lower = text.to_lowercase();
            let met = lexicon.values().enumerate().filter_map(|(at, words)| {
                let place = words.iter().find_map(|word| place_of(&lower, word))?;
                Some((at, snippet(&lower, place)))
            });
            let met: Vec<(usize, String)> = met.collect();
            if of.insert(product.to_owned(), met.clone()).is_none() {
                met.iter().for_each(|(at, _)| counts[*at] += 1);
            }
        }
        if of.is_empty() {
            return Err(AudienceError::TooLittleData { what: "goods", have: 0, need: 1 });
        }
        let n = of.len() as f64;
        Ok(Self { names, base: counts.iter().map(|c| f64::from(*c) / n).collect(), of, prior })
    }

    /// The values of one shopper by the goods it bought, the largest lift first; goods without a text
    /// are left out.
    pub fn of<'a>(&self, bought: impl IntoIterator<Item = &'a str>) -> Vec<ValueScore> {
        self.with_words(bought, None)
    }

    /// The same by the goods bought and by what was written: the words of reviews, learnt by the same lexicon, and which
    /// reviews are the shopper's.
    pub fn with_words<'a>(
        &self,
        bought: impl IntoIterator<Item = &'a str>,
        written: Option<(&Self, &[&'a str])>,
    ) -> Vec<ValueScore> {
        let (mut texts, mut expected) = (0_u32, vec![0.0; self.names.len()]);
        let mut hits = vec![(0_u32, Vec::new()); self.names.len()];
        let mut add = |values: &Self, id: &str| {
            let Some(met) = values.of.get(id) else { return };
            texts += 1;
            expected.iter_mut().zip(&values.base).for_each(|(e, base)| *e += base);
            for (at, snippet) in met {
                hits[*at].0 += 1;
                if hits[*at].1.len() < 3 && !hits[*at].1.contains(snippet) {
                    hits[*at].1.push(snippet.clone());
                }
            }
        };
        bought.into_iter().for_each(|product| add(self, product));
        if let Some((words, reviews)) = written {
            reviews.iter().for_each(|review| add(words, review));
        }
        let score = |(at, (hits, evidence)): (usize, (u32, Vec<String>))| {
            let usual = self.prior * self.base[at];
            let score = (f64::from(hits) + usual) / (f64::from(texts) + self.prior);
            let among = expected[at] + usual;
            let lift = if among > 0.0 { (f64::from(hits) + usual) / among } else { 1.0 };
            ValueScore { value: self.names[at].clone(), score, lift, hits, texts, evidence }
        };
        let mut scores: Vec<ValueScore> = hits.into_iter().enumerate().map(score).collect();
        scores.sort_by(|a, b| b.lift.total_cmp(&a.lift).then_with(|| a.value.cmp(&b.value)));
        scores
    }
}

/// Where a word of the lexicon starts in a text in small letters.
fn place_of(text: &str, word: &str) -> Option<usize> {
    let (stem, open) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
    if stem.is_empty() {
        return None;
    }
    let blanks = stem.chars().all(|c| c.is_ascii() || ('\u{80}'..'\u{250}').contains(&c));
    text.match_indices(stem).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let after = text[at + stem.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric());
        !blanks || (before && (open || after))
    })
}

/// Up to twenty characters before and forty after.
fn snippet(text: &str, at: usize) -> String {
    let before: Vec<char> = text[..at].chars().rev().take(20).collect();
    let after = text[at..].chars().take(40);
    before.into_iter().rev().chain(after).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn deed(day: i32, category: &str, kind: InterestKind) -> InterestDeed {
        InterestDeed { day: Day(day), category: category.to_owned(), kind }
    }

    const PLAIN: InterestParams = InterestParams { half_life_days: 10.0, bought: 1.0, viewed: 0.5, searched: 0.25 };

    // As of day 21: bought tea on day 20 (age 0: 1), coffee on day 10 (age 10: 1/2), viewed coffee on day 0 (age 20: 1/8).
    #[test]
    fn a_half_life_by_hand() {
        let deeds = [
            deed(10, "coffee", InterestKind::Bought),
            deed(20, "tea", InterestKind::Bought),
            deed(0, "coffee", InterestKind::Viewed),
            deed(21, "coffee", InterestKind::Bought), // The future.
        ];
        let found = PLAIN.of(&deeds, Day(21)).unwrap();
        assert!((found.evidence - 1.625).abs() < 1e-12);
        assert_eq!(found.shares[0].0, "tea");
        assert!((found.shares[0].1 - 1.0 / 1.625).abs() < 1e-12 && (found.shares[1].1 - 0.625 / 1.625).abs() < 1e-12);
        assert!(PLAIN.of(&[], Day(21)).unwrap().shares.is_empty());
        assert!(InterestParams { half_life_days: 0.0, ..PLAIN }.of(&deeds, Day(21)).is_err());
    }

    #[test]
    fn values_are_found_in_several_languages_with_evidence() {
        let lexicon: Lexicon = [("quiet", vec!["quiet*", "leise", "静音"]), ("eco", vec!["energy saving", "sparsam"])]
            .map(|(name, words)| (name.to_owned(), words.into_iter().map(str::to_owned).collect()))
            .into();
        let goods = [
            ("a", "A very QUIETLY running fan for the night"),
            ("b", "Leise Kaffeemühle, sparsam im Verbrauch"),
            ("c", "超静音加湿器"),
            ("d", "Unquiet disquiet kettle"), // No word starts so.
        ];
        let values = Values::learn(goods, &lexicon, 2.0).unwrap();
        // quiet in 3 of 4 goods, eco in 1. Bought a, b, c: quiet (3 + 2 · 0.75) / 5 = 0.9, eco (1 + 0.5) / 5 = 0.3.
        let scores = values.of(["a", "b", "c", "unknown"]);
        let of = |name: &str| scores.iter().find(|s| s.value == name).unwrap();
        assert!((of("quiet").score - 0.9).abs() < 1e-12 && (of("eco").score - 0.3).abs() < 1e-12);
        assert_eq!((of("quiet").hits, of("quiet").texts, of("eco").hits), (3, 3, 1));
        assert_eq!(of("quiet").evidence[0], "a very quietly running fan for the night");
        assert_eq!(of("quiet").evidence[2], "超静音加湿器");
        let nobody = values.of([]);
        assert!(nobody.iter().all(|s| (s.lift - 1.0).abs() < 1e-12), "without goods nothing is said: {nobody:?}");
    }

    proptest! {
        #[test]
        fn shares_are_shares_and_waiting_changes_only_the_evidence(
            days in prop::collection::vec((0_i32..50, 0_usize..4), 1..20), wait in 0_i32..60,
        ) {
            let names = ["a", "b", "c", "d"];
            let deeds: Vec<InterestDeed> = days.iter().map(|(d, c)| deed(*d, names[*c], InterestKind::Bought)).collect();
            let (now, later) = (PLAIN.of(&deeds, Day(50)).unwrap(), PLAIN.of(&deeds, Day(50 + wait)).unwrap());
            prop_assert!((now.shares.iter().map(|s| s.1).sum::<f64>() - 1.0).abs() < 1e-9);
            // Exponential decay: time passes for all categories alike.
            for ((a, x), (b, y)) in now.shares.iter().zip(&later.shares) {
                prop_assert!((x - y).abs() < 1e-9, "{a} {b}");
            }
            let expected = now.evidence * (-f64::from(wait) / 10.0).exp2();
            prop_assert!((later.evidence - expected).abs() < 1e-9);
            let mut turned = deeds.clone();
            turned.reverse();
            prop_assert_eq!(PLAIN.of(&turned, Day(50)).unwrap(), now);
        }
    }

    // Two of ten goods are quiet, two of four reviews say so. Two goods bought, one of them quiet, and a review that says so,
    // five usual goods before: (2 + 5 · .2) / (3 + 5) = .375; usual were 2 · .2 + .5 + 1 = 1.9 of them, 3 / 1.9 = 1.579.
    #[test]
    fn what_was_written_counts_beside_what_was_bought() {
        let lexicon: Lexicon = [("quiet".to_owned(), vec!["quiet*".to_owned(), "静音".to_owned()])].into();
        let goods: Vec<(String, String)> =
            (0..10).map(|i| (format!("p{i}"), if i < 2 { "A quiet fan" } else { "A fan" }.to_owned())).collect();
        let said = ["it is quietly humming", "非常静音", "loud", "broke"];
        let reviews: Vec<(String, &str)> = said.iter().enumerate().map(|(i, s)| (format!("r{i}"), *s)).collect();
        let goods = Values::learn(goods.iter().map(|(a, b)| (a.as_str(), b.as_str())), &lexicon, 5.0).unwrap();
        let words = Values::learn(reviews.iter().map(|(a, b)| (a.as_str(), *b)), &lexicon, 5.0).unwrap();
        let found = goods.with_words(["p0", "p5"], Some((&words, &["r1", "unknown"])));
        let [quiet] = &found[..] else { panic!("one value") };
        assert_eq!((quiet.hits, quiet.texts), (2, 3));
        assert!((quiet.score - 0.375).abs() < 1e-12 && (quiet.lift - 3.0 / 1.9).abs() < 1e-12, "{quiet:?}");
        assert_eq!(quiet.evidence, ["a quiet fan", "非常静音"]);
        assert_eq!(goods.of(["p0", "p5"])[0].texts, 2);
    }
}
