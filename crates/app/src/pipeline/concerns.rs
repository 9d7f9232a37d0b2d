//! What reviews say in any language, in one vocabulary: read in the stage `voices` (`marts.concerns`), followed over time, beside home
//! and from language to language in the stage `personas` (`marts.concern_history`, `concern_languages`, `language_agreement`).

use super::batch::Columns;
use super::rows::Rows;
use super::{Stage, Tables};
use anyhow::Result;
use arrow::array::RecordBatch;
use audience::needs::agreement::{Agreement, AgreementParams};
use audience::needs::aspects::{AspectHistory, QuarterTexts, histories};
use audience::needs::quotes::{Quote, QuoteParams};
use audience::needs::voice::{Source, Stance, Voice};
use audience::persona::facts::Concern as Told;
use content::reviews::{CONCERN_LANGUAGES, Concern, Mood, concerns, sentences};
use domain::{Day, Figure, Market};
use lake::Engine;
use std::collections::BTreeMap;

/// Languages of which a persona quotes one text each.
const QUOTED_LANGUAGES: usize = 3;
/// The quarter of rows over the whole period.
const WHOLE: &str = "all";

/// Reviews as they were read, position by position.
pub(super) struct Reviews<'a> {
    pub(super) ids: &'a [String],
    pub(super) markets: &'a [Market],
    pub(super) languages: &'a [String],
    pub(super) days: &'a [Day],
    pub(super) products: &'a [String],
    pub(super) texts: &'a [String],
    /// The mood of a sentence where the words of its language are trusted: praise, blame, or neither for sure.
    pub(super) mood: &'a (dyn Fn(usize, &str) -> Mood + Sync),
}

/// Every concern of every review once, with the sentence that says most: blame before praise before naming.
pub(super) fn table(stage: &Stage<'_>, reviews: &Reviews<'_>) -> Result<RecordBatch> {
    let mut unread: BTreeMap<(Market, &str), usize> = BTreeMap::new();
    let mut found: Vec<(usize, Concern, Mood, &str)> = Vec::new();
    for (at, text) in reviews.texts.iter().enumerate() {
        let language = reviews.languages[at].as_str();
        if !CONCERN_LANGUAGES.contains(&language) && language != "und" {
            *unread.entry((reviews.markets[at], language)).or_default() += 1;
            continue;
        }
        let mut of_one: BTreeMap<Concern, (Mood, &str)> = BTreeMap::new();
        for sentence in sentences(text) {
            for spoken in concerns(sentence) {
                let mood = match spoken.mood {
                    Mood::Neutral => (reviews.mood)(at, sentence),
                    said => said,
                };
                let weight =
                    |mood: Mood| [Mood::Neutral, Mood::Positive, Mood::Negative].iter().position(|m| *m == mood);
                let kept = of_one.entry(spoken.concern).or_insert((mood, sentence));
                if weight(mood) > weight(kept.0) {
                    *kept = (mood, sentence);
                }
            }
        }
        found.extend(of_one.into_iter().map(|(concern, (mood, sentence))| (at, concern, mood, sentence)));
    }
    for ((market, language), n) in unread {
        let why = format!(
            "{n} of its reviews: the vocabulary of concerns has {} and not `{language}`",
            CONCERN_LANGUAGES.join(", ")
        );
        stage.not_computed(
            market,
            &format!("what reviews in `{language}` say of trust, security and satisfaction"),
            &why,
        );
    }
    Columns::default()
        .text("market", found.iter().map(|f| reviews.markets[f.0].code().to_owned()))
        .text("review_id", found.iter().map(|f| reviews.ids[f.0].as_str()))
        .text("language", found.iter().map(|f| reviews.languages[f.0].as_str()))
        .day("day", found.iter().map(|f| reviews.days[f.0]))
        .text("product_id", found.iter().map(|f| reviews.products[f.0].as_str()))
        .text("concern", found.iter().map(|f| f.1.name()))
        .text(
            "stance",
            found.iter().map(|f| match f.2 {
                Mood::Positive => "praise",
                Mood::Negative => "complaint",
                Mood::Neutral => "named",
            }),
        )
        .text("sentence", found.iter().map(|f| f.3))
        .batch()
}

/// What was read, followed.
#[derive(Default)]
pub(super) struct Followed {
    rows: BTreeMap<Market, Vec<Voice>>,
    histories: BTreeMap<Market, Vec<AspectHistory>>,
    /// Of each market, and of all together ([`Market::UNKNOWN`]).
    agreement: BTreeMap<Market, Agreement>,
}

const ROWS: &str = "\
select market, review_id, language, day, product_id, concern, stance, sentence from marts.concerns
where day > date '1970-01-01' order by market, review_id, concern";

impl Followed {
    pub(super) async fn load(stage: &Stage<'_>, texts: &QuarterTexts, home: Market) -> Result<Self> {
        let voices = load(&stage.engine).await?;
        let mut followed = Self::default();
        for history in histories(&voices, texts, Some(home)) {
            followed.histories.entry(history.market).or_default().push(history);
        }
        let params = AgreementParams::default();
        let all: Vec<&Voice> = voices.iter().collect();
        followed.agreement.extend(params.compare(&all, stage.seed).map(|a| (Market::UNKNOWN, a)));
        for market in followed.histories.keys() {
            let here: Vec<&Voice> = voices.iter().filter(|v| v.market == *market).collect();
            followed.agreement.extend(params.compare(&here, stage.seed).map(|a| (*market, a)));
        }
        for voice in voices {
            followed.rows.entry(voice.market).or_default().push(voice);
        }
        Ok(followed)
    }

    /// The concerns of a market in the order in which they are told: trust, security, satisfaction, then by the texts that judge
    /// them; a concern without a sentence is among the first three only.
    pub(super) fn of(&self, market: Market) -> Vec<Told> {
        let histories = self.histories.get(&market).map_or(&[][..], Vec::as_slice);
        let mut all: Vec<Told> = Concern::ALL
            .into_iter()
            .filter_map(|concern| {
                let psychology = matches!(concern, Concern::Trust | Concern::Security | Concern::Satisfaction);
                let history = histories.iter().find(|h| h.aspect == concern.name()).cloned();
                let words = (concern.words().0.to_owned(), concern.words().1.to_owned());
                let told =
                    Told { words, psychology, quotes: self.quotes(market, concern.name(), history.as_ref()), history };
                (psychology || told.history.is_some()).then_some(told)
            })
            .collect();
        let judged = |told: &Told| told.history.as_ref().map_or(0, |h| h.blame.n);
        let first = all.len().min(3);
        all[first..].sort_by_key(|told| std::cmp::Reverse(judged(told)));
        all
    }

    /// One quote a language, of the side that most texts of the market take; two where there is one language.
    fn quotes(&self, market: Market, concern: &str, history: Option<&AspectHistory>) -> Vec<Quote> {
        let Some(blame) = history.and_then(|h| h.blame.as_f64()) else { return Vec::new() };
        let stance = if blame > 0.5 { Stance::Blame } else { Stance::Praise };
        let mut of_language: BTreeMap<_, Vec<&Voice>> = BTreeMap::new();
        for voice in self.rows.get(&market).into_iter().flatten() {
            if voice.aspect == concern && voice.stance == stance {
                of_language.entry(voice.language).or_default().push(voice);
            }
        }
        let mut languages: Vec<Vec<&Voice>> = of_language.into_values().collect();
        languages.sort_by_key(|voices| std::cmp::Reverse(voices.len()));
        let n = if languages.len() == 1 { 2 } else { 1 };
        let params = QuoteParams { n, ..QuoteParams::default() };
        languages.iter().take(QUOTED_LANGUAGES).flat_map(|voices| params.choose(voices)).collect()
    }

    pub(super) fn agreement(&self, market: Market) -> Option<Agreement> {
        self.agreement.get(&market).cloned()
    }

    pub(super) fn tables(&self) -> Result<Tables> {
        Ok(vec![
            ("concern_history", vec![self.over_time()?]),
            ("concern_languages", vec![self.by_language()?]),
            ("language_agreement", vec![self.agreements()?]),
        ])
    }

    fn over_time(&self) -> Result<RecordBatch> {
        let all = self.histories.values().flatten();
        let rows: Vec<(&AspectHistory, String, &Figure, &Figure, bool)> = all
            .flat_map(|h| {
                let whole = std::iter::once((h, WHOLE.to_owned(), &h.mentions, &h.blame, true));
                whole.chain(h.quarters.iter().map(move |q| (h, q.quarter.to_string(), &q.mentions, &q.blame, false)))
            })
            .collect();
        let zh = |name: &str| Concern::from_name(name).map_or("", |c| c.words().1);
        let end = |f: &Figure, high: bool| f.interval.map(|i| if high { i.high } else { i.low });
        let finite = |whole: bool, x: f64| Some(x).filter(|x| whole && x.is_finite());
        Columns::default()
            .text("market", rows.iter().map(|r| r.0.market.code().to_owned()))
            .text("concern", rows.iter().map(|r| r.0.aspect.as_str()))
            .text("concern_zh", rows.iter().map(|r| zh(&r.0.aspect)))
            .text("quarter", rows.iter().map(|r| r.1.as_str()))
            .int("n_reviews", rows.iter().map(|r| r.2.n as i64))
            .optional_float("mentions", rows.iter().map(|r| r.2.as_f64()))
            .optional_float("mentions_low", rows.iter().map(|r| end(r.2, false)))
            .optional_float("mentions_high", rows.iter().map(|r| end(r.2, true)))
            .int("n_judged", rows.iter().map(|r| r.3.n as i64))
            .optional_float("blame", rows.iter().map(|r| r.3.as_f64()))
            .optional_float("blame_low", rows.iter().map(|r| end(r.3, false)))
            .optional_float("blame_high", rows.iter().map(|r| end(r.3, true)))
            .optional_float("trend", rows.iter().map(|r| finite(r.4, r.0.trend)))
            .optional_float("trend_q", rows.iter().map(|r| finite(r.4, r.0.trend_q)))
            .optional_float("at_home", rows.iter().map(|r| r.0.at_home.filter(|_| r.4)))
            .optional_float("home_q", rows.iter().map(|r| finite(r.4, r.0.home_q)))
            .batch()
    }

    fn by_language(&self) -> Result<RecordBatch> {
        let rows: Vec<_> = self.agreement.iter().flat_map(|(m, a)| a.concerns.iter().map(move |c| (m, c))).collect();
        Columns::default()
            .text("market", rows.iter().map(|(m, _)| m.code().to_owned()))
            .text("concern", rows.iter().map(|(_, c)| c.concern.as_str()))
            .text("language", rows.iter().map(|(_, c)| c.language.code().to_owned()))
            .int("n_judged", rows.iter().map(|(_, c)| c.n_valued as i64))
            .optional_float("blame", rows.iter().map(|(_, c)| c.blame.as_f64()))
            .optional_float("blame_low", rows.iter().map(|(_, c)| c.blame.interval.map(|i| i.low)))
            .optional_float("blame_high", rows.iter().map(|(_, c)| c.blame.interval.map(|i| i.high)))
            .optional_float("others", rows.iter().map(|(_, c)| c.others))
            .optional_float("q_value", rows.iter().map(|(_, c)| Some(c.q_value).filter(|q| q.is_finite())))
            .batch()
    }

    fn agreements(&self) -> Result<RecordBatch> {
        let rows: Vec<_> = self.agreement.iter().collect();
        let languages = |a: &Agreement| {
            let each = a.languages.iter().map(|(language, n)| format!("{} {n}", language.code()));
            each.collect::<Vec<_>>().join(", ")
        };
        Columns::default()
            .text("market", rows.iter().map(|(m, _)| m.code().to_owned()))
            .text("languages", rows.iter().map(|(_, a)| languages(a)))
            .int("n_reviews", rows.iter().map(|(_, a)| a.score.n as i64))
            .optional_float("agreement", rows.iter().map(|(_, a)| a.score.as_f64()))
            .optional_float("low", rows.iter().map(|(_, a)| a.score.interval.map(|i| i.low)))
            .optional_float("high", rows.iter().map(|(_, a)| a.score.interval.map(|i| i.high)))
            .float("by_chance", rows.iter().map(|(_, a)| a.by_chance))
            .batch()
    }
}

async fn load(engine: &Engine) -> Result<Vec<Voice>> {
    let rows = Rows::query(engine, ROWS).await?;
    let (markets, ids, days) = (rows.markets("market")?, rows.texts("review_id")?, rows.days("day")?);
    let (languages, products) = (rows.texts("language")?, rows.texts("product_id")?);
    let (names, stances, sentences) = (rows.texts("concern")?, rows.texts("stance")?, rows.texts("sentence")?);
    let voice = |i: usize| Voice {
        market: markets[i],
        language: languages[i].parse().ok().filter(|_| languages[i] != "und"),
        day: days[i],
        product: Some(products[i].clone()).filter(|p| !p.is_empty()),
        aspect: names[i].clone(),
        stance: match stances[i].as_str() {
            "praise" => Stance::Praise,
            "complaint" => Stance::Blame,
            // Named only: neither side is taken.
            _ => Stance::Ask,
        },
        source: Source::Review,
        text_id: ids[i].clone(),
        snippet: sentences[i].clone(),
    };
    Ok((0..ids.len()).map(voice).collect())
}
