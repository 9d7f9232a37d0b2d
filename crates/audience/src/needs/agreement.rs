//! Do shoppers who write in different languages say the same of a market? One score, and concern by concern where not.
//!
//! A text praises or blames concerns; each language has a distribution over (concern, praise or blame). With k languages of
//! weight 1/k each, the divergence is `H(mean of the distributions) − mean of their entropies`, at most `ln k`; the agreement is 1
//! less their ratio: 1 where all say the same in the same shares, 0 where no two speak of the same. Few texts disagree by chance,
//! so beside it stands what texts dealt out to languages at random would score; the interval is a basic bootstrap over the texts
//! of each language. Source: Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information
//! Theory 37(1), 1991. Per concern and language: the share of blame beside that of the other languages, two-sided test, q-values
//! over all. Cost: (draws) × (texts with an opinion).

use super::voice::{Source, Stance, Voice};
use crate::figures::share;
use domain::{Figure, Language, Rng, Seed, Unit};
use learn::multiple_tests::benjamini_hochberg;
use learn::two_by_two::two_shares;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AgreementParams {
    /// Fewest texts with an opinion of a language that is compared.
    pub min_texts: usize,
    /// Draws of the bootstrap, and deals of languages at random, at least 20.
    pub n_draws: u64,
    /// Coverage of the interval, in (0, 1).
    pub level: f64,
}

impl Default for AgreementParams {
    fn default() -> Self {
        Self { min_texts: 30, n_draws: 200, level: 0.9 }
    }
}

/// A concern in the texts of one language.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LanguageConcern {
    /// The concern.
    pub concern: String,
    /// The language.
    pub language: Language,
    /// Texts that praise it or blame it.
    pub n_valued: u64,
    /// Those that blame it: over [`Self::n_valued`]. Key `aspect.blame`.
    pub blame: Figure,
    /// The same share in the other languages together; `None` where none of them speaks of it.
    pub others: Option<f64>,
    /// Share of chance findings expected among differences no less clear; NaN without others.
    pub q_value: f64,
}

/// How far the languages of a group of texts agree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Languages compared, with their texts that have an opinion.
    pub languages: Vec<(Language, u64)>,
    /// The score, 0 to 1, with its interval. Key `persona.language_agreement`.
    pub score: Figure,
    /// What the same texts score when languages are dealt out at random, mean over the deals.
    pub by_chance: f64,
    /// Concerns by language, in the order of concerns.
    pub concerns: Vec<LanguageConcern>,
}

/// What a text says: kinds (concern × side) by number.
type Text = Vec<usize>;

impl AgreementParams {
    /// Compares the languages of some voices, reviews only; `None` with fewer than two languages of enough texts.
    pub fn compare(&self, voices: &[&Voice], seed: Seed) -> Option<Agreement> {
        let valued: Vec<(&Voice, Language)> = voices
            .iter()
            .filter(|v| v.source == Source::Review && matches!(v.stance, Stance::Praise | Stance::Blame))
            .filter_map(|v| Some((*v, v.language?)))
            .collect();
        let names: BTreeSet<&str> = valued.iter().map(|(v, _)| v.aspect.as_str()).collect();
        let number: BTreeMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let mut texts: BTreeMap<Language, BTreeMap<&str, BTreeSet<usize>>> = BTreeMap::new();
        for (voice, language) in &valued {
            let kind = 2 * number[voice.aspect.as_str()] + usize::from(voice.stance == Stance::Blame);
            texts.entry(*language).or_default().entry(&voice.text_id).or_default().insert(kind);
        }
        let kept: Vec<(Language, Vec<Text>)> = texts
            .into_iter()
            .filter(|(_, texts)| texts.len() >= self.min_texts)
            .map(|(language, texts)| (language, texts.into_values().map(|kinds| kinds.into_iter().collect()).collect()))
            .collect();
        if kept.len() < 2 {
            return None;
        }
        let n_kinds = 2 * names.len();
        let all: Vec<&[Text]> = kept.iter().map(|(_, texts)| texts.as_slice()).collect();
        let value = agreement(all.iter().map(|texts| texts.iter()), n_kinds);
        let (interval, by_chance) = self.draws(&all, n_kinds, value, seed);
        let n = all.iter().map(|texts| texts.len() as u64).sum();
        let score = Figure::number("persona.language_agreement", Unit::Ratio, value, n, self.min_texts as u64)
            .interval(interval.0, interval.1, self.level)
            .formula(format!(
                "1 − Jensen-Shannon divergence of the languages' praise and blame by concern / ln {}; by chance {by_chance:.3}",
                kept.len()
            ));
        Some(Agreement {
            concerns: concerns(&names, &kept),
            languages: kept.iter().map(|(language, texts)| (*language, texts.len() as u64)).collect(),
            score,
            by_chance,
        })
    }

    /// The basic bootstrap interval, and the mean of random deals.
    fn draws(&self, all: &[&[Text]], n_kinds: usize, value: f64, seed: Seed) -> ((f64, f64), f64) {
        let drawn = |i: u64| {
            let mut rng = seed.derive(1).stream(i);
            let mut one =
                |texts: &&[Text]| -> Vec<usize> { (0..texts.len()).map(|_| rng.below(texts.len())).collect() };
            let picks: Vec<Vec<usize>> = all.iter().map(&mut one).collect();
            agreement(all.iter().zip(&picks).map(|(texts, picks)| picks.iter().map(|&at| &texts[at])), n_kinds)
        };
        let mut values: Vec<f64> = (0..self.n_draws.max(20)).map(drawn).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        let tail = (1.0 - self.level) / 2.0;
        let interval = ((2.0 * value - at(1.0 - tail)).clamp(0.0, 1.0), (2.0 * value - at(tail)).clamp(0.0, 1.0));
        let mut pool: Vec<&Text> = all.iter().flat_map(|texts| texts.iter()).collect();
        let mut deal = |i: u64| {
            let mut rng: Rng = seed.derive(2).stream(i);
            rng.shuffle(&mut pool);
            let mut from = 0;
            let parts: Vec<&[&Text]> = all
                .iter()
                .map(|texts| {
                    from += texts.len();
                    &pool[from - texts.len()..from]
                })
                .collect();
            agreement(parts.iter().map(|part| part.iter().copied()), n_kinds)
        };
        let n = self.n_draws.max(20);
        ((interval.0, interval.1), (0..n).map(&mut deal).sum::<f64>() / n as f64)
    }
}

/// 1 less the divergence of the distributions over its largest value.
fn agreement<'a, T: Iterator<Item = &'a Text>>(languages: impl Iterator<Item = T>, n_kinds: usize) -> f64 {
    let (mut middle, mut inner, mut k) = (vec![0.0; n_kinds], 0.0, 0.0);
    for texts in languages {
        let mut counts = vec![0.0; n_kinds];
        texts.flatten().for_each(|&kind| counts[kind] += 1.0);
        let sum: f64 = counts.iter().sum();
        counts.iter_mut().for_each(|c| *c /= sum);
        inner += entropy(&counts);
        middle.iter_mut().zip(&counts).for_each(|(m, c)| *m += c);
        k += 1.0;
    }
    middle.iter_mut().for_each(|m| *m /= k);
    (1.0 - (entropy(&middle) - inner / k) / k.ln()).clamp(0.0, 1.0)
}

fn entropy(shares: &[f64]) -> f64 {
    -shares.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>()
}

fn concerns(names: &BTreeSet<&str>, kept: &[(Language, Vec<Text>)]) -> Vec<LanguageConcern> {
    let (mut all, mut p_values) = (Vec::new(), Vec::new());
    for (at, name) in names.iter().enumerate() {
        let counts: Vec<(u64, u64)> = kept
            .iter()
            .map(|(_, texts)| {
                let has = |kind: usize| texts.iter().filter(|t| t.contains(&kind)).count() as u64;
                // A text that does both blames.
                let praised =
                    texts.iter().filter(|t| t.contains(&(2 * at)) && !t.contains(&(2 * at + 1))).count() as u64;
                (praised + has(2 * at + 1), has(2 * at + 1))
            })
            .collect();
        let total = counts.iter().fold((0, 0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
        for ((language, _), (valued, blamed)) in kept.iter().zip(&counts) {
            let (rest, hits) = (total.0 - valued, total.1 - blamed);
            let compared = rest > 0 && *valued > 0;
            p_values.push(if compared { two_shares(*blamed, *valued, hits, rest) } else { f64::NAN });
            all.push(LanguageConcern {
                concern: (*name).to_owned(),
                language: *language,
                n_valued: *valued,
                blame: share("aspect.blame", *blamed, *valued)
                    .formula("texts that blame it / texts that praise or blame it; 95 % Wilson interval"),
                others: compared.then(|| hits as f64 / rest as f64),
                q_value: f64::NAN,
            });
        }
    }
    all.iter_mut().zip(benjamini_hochberg(&p_values)).for_each(|(c, q)| c.q_value = q);
    all
}

#[cfg(test)]
mod tests {
    use super::super::quotes::tests::voice;
    use super::*;

    fn said(language: &str, aspect: &str, stance: Stance, n: usize) -> Vec<Voice> {
        let of = |i| Voice {
            language: language.parse().ok(),
            ..voice(&format!("{language}{aspect}{stance:?}{i}"), "p", aspect, stance, "")
        };
        (0..n).map(of).collect()
    }

    fn compare(voices: &[Vec<Voice>]) -> Option<Agreement> {
        AgreementParams::default().compare(&voices.iter().flatten().collect::<Vec<_>>(), Seed(1))
    }

    #[test]
    fn the_same_words_agree_and_different_ones_do_not() {
        let equal = compare(&[
            said("de", "noise", Stance::Blame, 40),
            said("de", "trust", Stance::Praise, 60),
            said("en", "noise", Stance::Blame, 80),
            said("en", "trust", Stance::Praise, 120),
        ])
        .unwrap();
        assert!((equal.score.as_f64().unwrap() - 1.0).abs() < 1e-12 && equal.by_chance > 0.97, "{equal:?}");
        assert_eq!(equal.languages.iter().map(|(l, n)| (l.code(), *n)).collect::<Vec<_>>(), [("de", 100), ("en", 200)]);
        let apart =
            compare(&[said("de", "noise", Stance::Blame, 40), said("en", "noise", Stance::Praise, 40)]).unwrap();
        assert!(apart.score.as_f64().unwrap() < 1e-12 && apart.by_chance > 0.9, "{apart:?}");
        assert!(apart.concerns.iter().all(|c| c.q_value < 0.001), "{apart:?}");
        assert_eq!((apart.concerns[0].blame.as_f64(), apart.concerns[0].others), (Some(1.0), Some(0.0)));
    }

    // Shares (.5, .5) and (1, 0): mean (.75, .25), H = .562335; mean of entropies .346574; ratio .215762 / ln 2 = .311278.
    #[test]
    fn a_score_by_hand() {
        let found = compare(&[
            said("de", "noise", Stance::Blame, 30),
            said("de", "trust", Stance::Praise, 30),
            said("en", "noise", Stance::Blame, 60),
        ])
        .unwrap();
        assert!((found.score.as_f64().unwrap() - (1.0 - 0.311_278)).abs() < 1e-5, "{:?}", found.score);
        let interval = found.score.interval.unwrap();
        assert!(interval.low < 0.689 && 0.689 < interval.high && interval.high - interval.low < 0.3, "{interval:?}");
    }

    #[test]
    fn one_language_alone_or_too_few_texts_are_not_compared() {
        assert!(compare(&[said("de", "noise", Stance::Blame, 400)]).is_none());
        assert!(compare(&[said("de", "noise", Stance::Blame, 400), said("en", "noise", Stance::Blame, 29)]).is_none());
        assert!(compare(&[said("de", "noise", Stance::Ask, 40), said("en", "noise", Stance::Wish, 40)]).is_none());
    }
}
