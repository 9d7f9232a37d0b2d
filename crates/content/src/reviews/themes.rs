//! What a market complains of, praises and wishes for: themes with counts and quotes.
//!
//! Sentences come with a market and a voice (complaint, praise, wish). In each market and for each voice a term (a
//! word, two or three in a row, two to four signs where nothing parts words) is scored by how much more
//! frequent it is in that voice than in the market's other sentences: the log-odds ratio with a prior, divided by
//! its standard error,
//! `δ = ln((y_a + α)/(n_a + α₀ − y_a − α)) − ln((y_b + α)/(n_b + α₀ − y_b − α))`, `z = δ / √(1/(y_a + α) + 1/(y_b +
//! α))`, `y` the sentences with the term, `n` all sentences, `α` the term's share of all sentences times `prior` and
//! `α₀ = prior` (Monroe, Colaresi & Quinn, "Fightin' words", Political Analysis 16(4), 2008, counted by sentence).
//! Terms from the highest score on start a theme, or join the first one with which they share at least half of their
//! sentences. A term is told as the phrase that nearly all sentences with it share. Every theme says how many reviews it stands on and quotes sentences of different reviews. Markets are
//! not compared here: their languages differ, and so do their words. Cost: linear in the signs, plus themes × terms.

use super::judge::Judge;
use super::phrases::{grown, terms};
use super::sentences::sentences;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What a sentence does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// It complains: a pain point.
    Complaint,
    /// It praises.
    Praise,
    /// It says what could have been: a need that no product meets yet.
    Wish,
}

/// A review of a market.
#[derive(Clone, Copy, Debug)]
pub struct MarketReview<'a> {
    /// Its market.
    pub market: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThemesParams {
    /// Themes of each market and voice at most.
    pub n_themes: usize,
    /// Quotes of a theme at most.
    pub n_quotes: usize,
    /// Reviews that a term has to stand in, at least 1.
    pub min_reviews: usize,
    /// Least score: 1.96 is what chance exceeds in one of forty terms.
    pub min_z: f64,
    /// Sentences that the prior is worth, above 0.
    pub prior: f64,
    /// Share of sentences of a voice above which a term says nothing.
    pub max_share: f64,
}

impl Default for ThemesParams {
    fn default() -> Self {
        Self { n_themes: 12, n_quotes: 3, min_reviews: 3, min_z: 1.96, prior: 100.0, max_share: 0.5 }
    }
}

/// What a market says in one voice.
#[derive(Clone, Debug, PartialEq)]
pub struct MarketVoice {
    /// The market.
    pub market: String,
    /// The voice.
    pub voice: Voice,
    /// Reviews of the market.
    pub n_reviews: usize,
    /// Those with a sentence in this voice.
    pub n_voiced: usize,
    /// What they are about, by score.
    pub themes: Vec<Theme>,
}

/// One theme.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Terms, the most telling first.
    pub terms: Vec<String>,
    /// Score of the first term.
    pub z: f64,
    /// Reviews that say one of the terms in this voice, by their places in what was handed in, ascending: every
    /// count can be looked up.
    pub reviews: Vec<usize>,
    /// Reviews that say one of the terms in any voice.
    pub n_mentions: usize,
    /// Evidence, from different reviews.
    pub quotes: Vec<Quote>,
    /// Of each of [`Self::reviews`], the first sentence that says so.
    pub said: Vec<Quote>,
}

/// A sentence as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The review, by its place in what was handed in.
    pub review: usize,
    /// The sentence.
    pub sentence: String,
}

/// Terms of a theme that are grown to phrases at most: five are told, and some become parts of others.
const TOLD: usize = 12;

struct Said<'a> {
    review: usize,
    sentence: &'a str,
    voices: Vec<Voice>,
}

/// The voices of a sentence by two judges: `praise` says whether it is praise (kind 1) or complaint, `wish` whether
/// it says what could have been. A mood that is less sure than `sure` (0.5 to 1) counts for neither; a wish is a
/// wish whatever its mood.
pub fn voices(praise: &Judge, wish: Option<&Judge>, sure: f64, sentence: &str) -> Vec<Voice> {
    let mut out = Vec::new();
    if let Some(mood) = praise.judge(sentence) {
        if mood.probability >= sure {
            out.push(Voice::Praise);
        } else if 1.0 - mood.probability >= sure {
            out.push(Voice::Complaint);
        }
    }
    if wish.and_then(|wish| wish.judge(sentence)).is_some_and(|said| said.is) {
        out.push(Voice::Wish);
    }
    out
}

/// Finds the themes of every market, markets in alphabetical order, each with its three voices. `voices` says in
/// which voices a sentence speaks.
pub fn themes(
    reviews: &[MarketReview<'_>],
    voices: &dyn Fn(&str) -> Vec<Voice>,
    params: &ThemesParams,
) -> Vec<MarketVoice> {
    let mut markets: BTreeMap<&str, (usize, Vec<Said<'_>>)> = BTreeMap::new();
    for (review, said) in reviews.iter().enumerate() {
        let (n, all) = markets.entry(said.market).or_default();
        *n += 1;
        let each = sentences(said.text).into_iter();
        all.extend(each.map(|sentence| Said { review, sentence, voices: voices(sentence) }));
    }
    let mut out = Vec::new();
    for (market, (n_reviews, said)) in &markets {
        let mut holders: HashMap<String, Vec<u32>> = HashMap::new();
        for (at, one) in said.iter().enumerate() {
            terms(one.sentence).into_iter().for_each(|term| holders.entry(term).or_default().push(at as u32));
        }
        let mut holders: Vec<(String, Vec<u32>)> = holders.into_iter().collect();
        holders.sort_unstable();
        for voice in [Voice::Complaint, Voice::Praise, Voice::Wish] {
            let voiced: BTreeSet<usize> = said.iter().filter(|s| s.voices.contains(&voice)).map(|s| s.review).collect();
            out.push(MarketVoice {
                market: (*market).to_owned(),
                voice,
                n_reviews: *n_reviews,
                n_voiced: voiced.len(),
                themes: of_voice(said, &holders, voice, params),
            });
        }
    }
    out
}

/// How much more frequent a term is in `a` than in `b`, in standard errors: sentences with the term and all
/// sentences of each.
fn score(a: [f64; 2], b: [f64; 2], prior: f64) -> f64 {
    let alpha = prior * ((a[0] + b[0]) / (a[1] + b[1]).max(1.0)).max(1e-9);
    let odds = |[with, all]: [f64; 2]| ((with + alpha) / (all + prior - with - alpha).max(1e-9)).ln();
    (odds(a) - odds(b)) / ((a[0] + alpha).recip() + (b[0] + alpha).recip()).sqrt()
}

fn of_voice(said: &[Said<'_>], holders: &[(String, Vec<u32>)], voice: Voice, params: &ThemesParams) -> Vec<Theme> {
    let is: Vec<bool> = said.iter().map(|s| s.voices.contains(&voice)).collect();
    let n = is.iter().filter(|is| **is).count();
    let reviews = |rows: &BTreeSet<u32>| rows.iter().map(|&r| said[r as usize].review).collect::<BTreeSet<usize>>();
    let mut scored: Vec<(f64, usize, BTreeSet<u32>)> = Vec::new();
    for (at, (_, rows)) in holders.iter().enumerate() {
        let inside: BTreeSet<u32> = rows.iter().copied().filter(|&r| is[r as usize]).collect();
        if inside.len() as f64 > params.max_share * n as f64 || reviews(&inside).len() < params.min_reviews.max(1) {
            continue;
        }
        let (y, other) = (inside.len() as f64, (rows.len() - inside.len()) as f64);
        let z = score([y, n as f64], [other, (said.len() - n) as f64], params.prior.max(1e-9));
        if z >= params.min_z {
            scored.push((z, at, inside));
        }
    }
    // Of equal scores the longer term says more.
    let length = |at: usize| holders[at].0.chars().count();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| length(b.1).cmp(&length(a.1))).then(a.1.cmp(&b.1)));
    let mut found: Vec<(f64, Vec<usize>, BTreeSet<u32>)> = Vec::new();
    for (z, at, rows) in scored {
        let shares = |(_, _, of): &(f64, Vec<usize>, BTreeSet<u32>)| {
            let shared = rows.intersection(of).count();
            2 * shared >= rows.len().min(of.len())
        };
        match found.iter().position(shares) {
            Some(theme) => {
                let (_, terms, of) = &mut found[theme];
                terms.push(at);
                // A frequent word must not swallow the theme that it joined.
                if rows.len() <= 2 * of.len() {
                    of.extend(rows);
                }
            }
            None if found.len() < params.n_themes => found.push((z, vec![at], rows)),
            None => {}
        }
    }
    let theme = |(z, at, rows): (f64, Vec<usize>, BTreeSet<u32>)| {
        let phrase = |at: usize| {
            let rows = holders[at].1.iter().filter(|row| is[**row as usize]);
            grown(&holders[at].0, &rows.map(|&row| said[row as usize].sentence).collect::<Vec<_>>())
        };
        let phrases: Vec<String> = at.iter().take(TOLD).map(|&at| phrase(at)).collect();
        let terms = readable(phrases.iter().map(String::as_str));
        let mentions: BTreeSet<u32> =
            at.iter().take(1).flat_map(|&at| holders[at].1.iter().copied()).chain(rows.iter().copied()).collect();
        Theme {
            quotes: quotes(said, &rows, &terms, params.n_quotes),
            said: first_sentences(said, &rows),
            reviews: reviews(&rows).into_iter().collect(),
            n_mentions: reviews(&mentions).len(),
            terms,
            z,
        }
    };
    found.into_iter().map(theme).collect()
}

/// The first of the rows of each review, by review.
fn first_sentences(said: &[Said<'_>], rows: &BTreeSet<u32>) -> Vec<Quote> {
    let mut first: BTreeMap<usize, &str> = BTreeMap::new();
    for &row in rows {
        let Said { review, sentence, .. } = said[row as usize];
        first.entry(review).or_insert(sentence);
    }
    first.into_iter().map(|(review, sentence)| Quote { review, sentence: sentence.to_owned() }).collect()
}

/// The first few terms that are not a part of one another; of a term and its part the longer one.
fn readable<'a>(terms: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for term in terms {
        if let Some(part) = kept.iter_mut().find(|kept| term.contains(kept.as_str())) {
            term.clone_into(part);
        } else if kept.len() < 5 && !kept.iter().any(|kept| kept.contains(term)) {
            kept.push(term.to_owned());
        }
    }
    let mut seen = BTreeSet::new();
    kept.retain(|term| seen.insert(term.clone()));
    kept
}

/// Sentences with the most terms, then the shorter ones, one a review and each text once.
fn quotes(said: &[Said<'_>], rows: &BTreeSet<u32>, terms: &[String], n: usize) -> Vec<Quote> {
    let rank = |row: &u32| {
        let sentence = said[*row as usize].sentence;
        let lower = sentence.to_lowercase();
        let has = terms.iter().filter(|term| lower.contains(term.as_str())).count();
        (usize::MAX - has, sentence.chars().count(), *row)
    };
    let mut order: Vec<u32> = rows.iter().copied().collect();
    order.sort_by_key(rank);
    let (mut seen, mut from) = (BTreeSet::new(), BTreeSet::new());
    let mut out = Vec::new();
    for row in order {
        let Said { review, sentence, .. } = said[row as usize];
        if out.len() < n && !from.contains(&review) && seen.insert(sentence) {
            from.insert(review);
            out.push(Quote { review, sentence: sentence.to_owned() });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::judge::JudgeParams;
    use super::*;
    use domain::Seed;

    /// A planted complaint (the lid leaks, in a third of the German-market reviews) among praise.
    #[test]
    fn a_planted_pain_point_is_found_in_its_market_with_its_quotes() {
        let mut texts: Vec<(&str, String)> = Vec::new();
        for i in 0..60 {
            texts.push(("US", format!("Works fine on day {i}. I like the colour.")));
            let lid = if i % 3 == 0 { format!("The lid leaks badly, day {i}.") } else { "Nice lid!".to_owned() };
            texts.push(("DE", format!("Works fine on day {i}. {lid}")));
            texts.push((
                "CN",
                if i % 4 == 0 {
                    format!("质量好。第{i}天盖子漏水了！")
                } else {
                    "质量好，盖子不错。".to_owned()
                },
            ));
        }
        let reviews: Vec<MarketReview<'_>> = texts.iter().map(|(market, text)| MarketReview { market, text }).collect();
        let voices = |s: &str| {
            let bad = s.contains("leaks") || s.contains("漏水");
            vec![if bad { Voice::Complaint } else { Voice::Praise }]
        };
        let found = themes(&reviews, &voices, &ThemesParams { max_share: 1.0, ..ThemesParams::default() });
        assert_eq!(found.len(), 9);
        let of = |market: &str| found.iter().find(|m| m.market == market && m.voice == Voice::Complaint).unwrap();
        assert!(of("US").themes.is_empty());
        let german = of("DE");
        assert_eq!((german.n_reviews, german.n_voiced), (60, 20));
        let first = &german.themes[0];
        assert!(first.terms.iter().any(|t| t.contains("leaks")), "{first:?}");
        assert_eq!(first.reviews.len(), 20);
        assert_eq!(first.quotes.len(), 3);
        assert_eq!(first.said.len(), 20, "one sentence a review");
        assert!(first.said.iter().zip(&first.reviews).all(|(q, r)| q.review == *r && q.sentence.contains("leaks")));
        assert!(
            first.quotes.iter().all(|q| reviews[q.review].text.contains(&q.sentence) && q.sentence.contains("leaks"))
        );
        assert!(of("CN").themes[0].terms.iter().any(|t| t.contains("漏水")), "{:?}", of("CN").themes);
    }

    #[test]
    fn two_judges_give_a_sentence_its_voices() {
        let texts =
            ["good lid", "good cup", "good pan", "good pot", "bad lid", "bad cup", "bad pan", "bad pot"].repeat(3);
        let is: Vec<bool> = texts.iter().map(|t| t.starts_with("good")).collect();
        let judge = JudgeParams::default().fit(&texts, &is, Seed(1)).unwrap();
        let of = |wish: Option<&Judge>, sure, text: &str| voices(&judge, wish, sure, text);
        assert_eq!(of(None, 0.5, "good tin"), [Voice::Praise]);
        assert_eq!(of(None, 0.5, "bad tin"), [Voice::Complaint]);
        assert_eq!(of(Some(&judge), 1.1, "good tin"), [Voice::Wish], "nothing is that sure");
        assert!(of(Some(&judge), 0.5, "…").is_empty());
    }

    /// Equal shares: 0. With y 10 of 100 against 0 of 100, prior 20, α = 20 · 10/200 = 1: ln(11/109) − ln(1/119)
    /// over √(1/11 + 1).
    #[test]
    fn the_score_is_worked_by_hand() {
        assert!(score([5.0, 50.0], [10.0, 100.0], 20.0).abs() < 0.2);
        let want = ((11.0_f64 / 109.0).ln() - (1.0_f64 / 119.0).ln()) / (1.0_f64 / 11.0 + 1.0).sqrt();
        assert!((score([10.0, 100.0], [0.0, 100.0], 20.0) - want).abs() < 1e-12);
    }

    #[test]
    fn of_a_term_and_its_part_the_longer_one_is_told() {
        assert_eq!(readable(["lid", "lid leaks", "leaks", "cup"].into_iter()), ["lid leaks", "cup"]);
    }
}
