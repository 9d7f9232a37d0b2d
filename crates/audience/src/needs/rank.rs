//! The ranked needs of a market: what hurts, what is wished for, what is asked for and not found.
//!
//! For each aspect: the texts that blame it, wish for it or ask for it (each text once), by source, their share of all
//! texts of that source in the market with Wilson's interval, how that compares with home (two-sided test, q-values over the
//! aspects of the market), and quotes. The rank is by `pressure`, the sum over sources of the lower end of the share's interval:
//! a need seen in many reviews and returns stands above one seen three times, however loud. Sources count alike, since ten
//! searches and ten returns are different losses that nobody has priced yet. Praise is listed apart, as motive.
//! Cost: one sort of the voices.

use super::quotes::{Quote, QuoteParams};
use super::voice::{Source, Stance, Voice};
use crate::AudienceError;
use crate::figures::{LEVEL, share};
use domain::{Figure, Market};
use learn::interval::wilson;
use learn::multiple_tests::benjamini_hochberg;
use learn::two_by_two::two_shares;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Texts of each source in each market: what shares are of. Returns count order lines sent back, searches count searches.
pub type Texts = BTreeMap<(Market, Source), u64>;

/// Evidence of one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// The source.
    pub source: Source,
    /// Texts of it that speak of the aspect so.
    pub n: u64,
    /// Their share of all texts of the source in the market. Key `needs.<source>`.
    pub share: Figure,
}

/// A need, or with praise a motive.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Need {
    /// The aspect or theme.
    pub aspect: String,
    /// Its name in Chinese, where it has one of its own; else as `aspect`.
    pub aspect_zh: String,
    /// Evidence by source.
    pub evidence: Vec<Evidence>,
    /// Texts that wish for it, of these.
    pub n_wishes: u64,
    /// Sum of the lower ends of the shares: what it is ranked by.
    pub pressure: f64,
    /// Share of home's review texts that say the same; `None` where home has none.
    pub at_home: Option<f64>,
    /// Share of chance findings expected among differences from home no less clear; NaN without home.
    pub q_value: f64,
    /// What was said.
    pub quotes: Vec<Quote>,
}

/// Needs and motives of a market.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Needs {
    /// The market.
    pub market: Market,
    /// What hurts or is missing, the strongest first.
    pub needs: Vec<Need>,
    /// What is praised, the strongest first.
    pub motives: Vec<Need>,
    /// Texts by source.
    pub texts: Vec<(Source, u64)>,
}

/// How needs are ranked.
#[derive(Clone, Debug, PartialEq)]
pub struct NeedParams {
    /// Fewest texts of an aspect that is listed.
    pub min_texts: u64,
    /// What is quoted.
    pub quotes: QuoteParams,
    /// Chinese names of aspects that have one: a theme is words of its market and has none.
    pub names_zh: BTreeMap<String, String>,
}

impl Default for NeedParams {
    fn default() -> Self {
        Self { min_texts: 5, quotes: QuoteParams::default(), names_zh: BTreeMap::new() }
    }
}

impl NeedParams {
    /// Ranks the needs of every market that has voices.
    ///
    /// # Errors
    /// [`AudienceError::Counts`] where a market has more texts with a voice than texts.
    pub fn rank(&self, voices: &[Voice], texts: &Texts, home: Option<Market>) -> Result<Vec<Needs>, AudienceError> {
        let markets: BTreeSet<Market> = voices.iter().map(|v| v.market).collect();
        markets.into_iter().map(|market| self.market(market, voices, texts, home)).collect()
    }

    fn market(
        &self,
        market: Market,
        all: &[Voice],
        texts: &Texts,
        home: Option<Market>,
    ) -> Result<Needs, AudienceError> {
        let here: Vec<&Voice> = all.iter().filter(|v| v.market == market).collect();
        let there: Vec<&Voice> = all.iter().filter(|v| home.is_some_and(|h| h == v.market && h != market)).collect();
        let home = home.filter(|h| *h != market);
        let is_need = |v: &&Voice| v.stance != Stance::Praise;
        let is_praise = |v: &&Voice| v.stance == Stance::Praise;
        Ok(Needs {
            market,
            needs: self.list(market, &here, &there, texts, home, is_need)?,
            motives: self.list(market, &here, &there, texts, home, is_praise)?,
            texts: Source::ALL.iter().filter_map(|s| Some((*s, *texts.get(&(market, *s))?))).collect(),
        })
    }

    fn list(
        &self,
        market: Market,
        here: &[&Voice],
        there: &[&Voice],
        texts: &Texts,
        home: Option<Market>,
        keep: impl Fn(&&Voice) -> bool,
    ) -> Result<Vec<Need>, AudienceError> {
        let mut of_aspect: BTreeMap<&str, Vec<&Voice>> = BTreeMap::new();
        for voice in here.iter().filter(|v| keep(v)) {
            of_aspect.entry(&voice.aspect).or_default().push(voice);
        }
        let (mut needs, mut p_values) = (Vec::new(), Vec::new());
        for (aspect, voices) in of_aspect {
            let mut evidence = Vec::new();
            let mut pressure = 0.0;
            for source in Source::ALL {
                let n = distinct(voices.iter().filter(|v| v.source == source));
                let of = texts.get(&(market, source)).copied().unwrap_or(0);
                if n > of {
                    let got = format!("{n} of {of} in {market}");
                    return Err(AudienceError::Counts { field: "texts with a voice", got, rule: "at most the texts" });
                }
                if n > 0 {
                    pressure += wilson(n, of, LEVEL).map_or(0.0, |i| i.low);
                    let key = format!("needs.{}", source_key(source));
                    let formula =
                        format!("{} that speak of it so / {0} of the market; 95 % Wilson interval", source.words().0);
                    evidence.push(Evidence { source, n, share: share(&key, n, of).formula(formula) });
                }
            }
            if evidence.iter().map(|e| e.n).sum::<u64>() < self.min_texts {
                continue;
            }
            let in_reviews = |voices: &[&Voice]| {
                let of_it = voices.iter().filter(|v| v.source == Source::Review && v.aspect == aspect && keep(v));
                distinct(of_it)
            };
            let reviews = |m: Market| texts.get(&(m, Source::Review)).copied().unwrap_or(0);
            let compared = home.filter(|h| reviews(*h) > 0 && reviews(market) > 0);
            let pair = compared.map(|h| (in_reviews(here), reviews(market), in_reviews(there), reviews(h)));
            p_values.push(pair.map_or(f64::NAN, |(a, n, b, m)| two_shares(a, n, b, m)));
            needs.push(Need {
                aspect: aspect.to_owned(),
                aspect_zh: self.names_zh.get(aspect).map_or(aspect, String::as_str).to_owned(),
                evidence,
                n_wishes: distinct(voices.iter().filter(|v| v.stance == Stance::Wish)),
                pressure,
                at_home: pair.map(|(_, _, b, m)| b as f64 / m as f64),
                q_value: f64::NAN,
                quotes: self.quotes.choose(&voices),
            });
        }
        needs.iter_mut().zip(benjamini_hochberg(&p_values)).for_each(|(need, q)| need.q_value = q);
        needs.sort_by(|a, b| b.pressure.total_cmp(&a.pressure).then_with(|| a.aspect.cmp(&b.aspect)));
        Ok(needs)
    }
}

fn source_key(source: Source) -> &'static str {
    match source {
        Source::Review => "reviews",
        Source::Question => "questions",
        Source::EmptySearch => "searches",
        Source::Return => "returns",
    }
}

fn distinct<'a, 'b: 'a>(voices: impl Iterator<Item = &'a &'b Voice>) -> u64 {
    voices.map(|v| v.text_id.as_str()).collect::<BTreeSet<_>>().len() as u64
}

#[cfg(test)]
mod tests {
    use super::super::quotes::tests::voice;
    use super::*;

    fn texts(list: &[(&str, Source, u64)]) -> Texts {
        list.iter().map(|(m, s, n)| ((m.parse().unwrap(), *s), *n)).collect()
    }

    // DE: 40 of 100 reviews blame noise, 10 blame size of which one text says it twice, 6 of 60 returns are of noise; CN: 4 of
    // 100 reviews blame noise. Wilson's lower ends: .3094 (40/100), .0466 (6/60), .0552 (10/100).
    #[test]
    fn needs_are_ranked_by_what_is_sure() {
        let words = "Das Gerät ist im Betrieb leider viel zu laut geworden";
        let mut voices: Vec<Voice> =
            (0..40).map(|i| voice(&format!("n{i}"), "p", "noise", Stance::Blame, words)).collect();
        voices.extend((0..10).map(|i| voice(&format!("s{i}"), "p", "size", Stance::Blame, "")));
        voices.push(voice("s0", "p", "size", Stance::Wish, ""));
        voices.extend(
            (0..6)
                .map(|i| Voice { source: Source::Return, ..voice(&format!("r{i}"), "p", "noise", Stance::Blame, "") }),
        );
        voices.extend((0..50).map(|i| voice(&format!("q{i}"), "p", "ease", Stance::Praise, "")));
        voices.extend((0..2).map(|i| voice(&format!("t{i}"), "p", "price", Stance::Blame, "")));
        let at_home = (0..4).map(|i| Voice {
            market: "CN".parse().unwrap(),
            ..voice(&format!("c{i}"), "p", "noise", Stance::Blame, "")
        });
        voices.extend(at_home);
        let of = texts(&[("DE", Source::Review, 100), ("DE", Source::Return, 60), ("CN", Source::Review, 100)]);
        let all = NeedParams::default().rank(&voices, &of, Some("CN".parse().unwrap())).unwrap();
        let de = &all[1];
        let names: Vec<&str> = de.needs.iter().map(|n| n.aspect.as_str()).collect();
        assert_eq!(names, ["noise", "size"], "two texts about the price are too few to list");
        let noise = &de.needs[0];
        assert!((noise.pressure - 0.3094 - 0.0466).abs() < 1e-3, "{}", noise.pressure);
        assert_eq!((noise.evidence[0].n, noise.evidence[1].n, noise.at_home), (40, 6, Some(0.04)));
        assert!(noise.q_value < 0.001 && noise.quotes.len() == 1);
        assert_eq!((de.needs[1].evidence[0].n, de.needs[1].n_wishes), (10, 1));
        assert_eq!((de.motives.len(), de.motives[0].aspect.as_str()), (1, "ease"));
        assert!(all[0].needs.is_empty(), "four texts are too few");
        assert_eq!(
            (noise.aspect_zh.as_str(), de.needs[1].aspect_zh.as_str()),
            ("noise", "size"),
            "no names were given"
        );
        let wrong = texts(&[("DE", Source::Review, 5), ("CN", Source::Review, 5)]);
        assert!(NeedParams::default().rank(&voices, &wrong, None).is_err());
    }

    // 30 of 40 questions ask about the plug, 12 of 600 searches are for a steam mop that nobody sells: lower ends .598 and .0115.
    #[test]
    fn questions_and_searches_in_vain_are_needs_of_their_own() {
        let asked = |source, aspect: &'static str| {
            move |i: usize| Voice { source, ..voice(&format!("{aspect}{i}"), "p", aspect, Stance::Ask, "") }
        };
        let mut voices: Vec<Voice> = (0..30).map(asked(Source::Question, "fit")).collect();
        voices.extend((0..12).map(asked(Source::EmptySearch, "steam mop")));
        let of = texts(&[("DE", Source::Question, 40), ("DE", Source::EmptySearch, 600)]);
        let params = NeedParams { names_zh: [("fit".to_owned(), "适配".to_owned())].into(), ..NeedParams::default() };
        let all = params.rank(&voices, &of, None).unwrap();
        let named: Vec<(&str, &str)> = all[0].needs.iter().map(|n| (n.aspect.as_str(), n.aspect_zh.as_str())).collect();
        assert_eq!(named, [("fit", "适配"), ("steam mop", "steam mop")]);
        assert!((all[0].needs[0].pressure - 0.5981).abs() < 1e-3, "{}", all[0].needs[0].pressure);
        assert!((all[0].needs[1].pressure - 0.0115).abs() < 1e-3, "{}", all[0].needs[1].pressure);
        assert_eq!(all[0].needs[1].evidence[0].share.as_f64(), Some(0.02));
    }
}
