//! Stage `voices`: what the reviews of each market complain of, praise and wish for, with counts and quotes.
//!
//! The mood of a sentence is told by a model of words that learns from the seller's own rated reviews, and only in
//! languages where the cleaning found that words can be trusted (`clean.sentiment_quality`); wishes are told by turns of
//! phrase. Beside them, what is said of trust, security, satisfaction and whatever shoppers everywhere judge, in one vocabulary
//! over nine languages ([`super::concerns`]), what is asked and searched for in vain ([`super::asked`]), and the values that each shopper's goods and reviews speak for ([`crate::values`]). What cannot be judged is said in `marts.not_computed`.

use super::asked;
use super::batch::Columns;
use super::concerns::{self, Reviews};
use super::rows::Rows;
use super::{Stage, Tables};
use crate::values::Searched;
use anyhow::Result;
use audience::segments::interests::ValueScore;
use content::reviews::{MarketReview, MarketVoice, Mood, ThemesParams, Voice, is_wish, themes};
use domain::Market;
use learn::{TextOdds, TextOddsParams};
use serde_json::json;
use std::collections::BTreeMap;

const REVIEWS: &str = "\
select r.review_id, r.market, coalesce(r.language, 'und') as language, r.rating, r.text, coalesce(q.used, false) as used,
  r.product_id, cast(coalesce(r.reviewed_at, timestamp '1970-01-01 00:00:00') as date) as day
from clean.reviews r left join clean.sentiment_quality q on q.language = coalesce(r.language, 'und')
where r.text is not null and r.junk is null
order by r.source, r.line";

/// Reviews that the model of words learns from at most: the first in the order of sources and lines.
const MOST_TRAIN: usize = 60_000;
/// How sure a mood has to be to count.
const SURE: f64 = 0.7;

pub(super) async fn compute(stage: &Stage<'_>) -> Result<Tables> {
    let rows = Rows::query(&stage.engine, REVIEWS).await?;
    let (ids, texts, markets) = (rows.texts("review_id")?, rows.texts("text")?, rows.markets("market")?);
    let (ratings, used, languages) = (rows.floats("rating")?, rows.truths("used")?, rows.texts("language")?);
    told_unjudged(stage, &markets, &languages, &used);
    let judged: Vec<usize> = (0..ids.len()).filter(|&at| used[at]).collect();
    let mood = mood(stage, &judged, &texts, &ratings)?;
    let found = match &mood {
        Some(mood) => {
            stage.bar.step("reading", "reviews", 0, judged.len() as u64);
            let codes: Vec<String> = judged.iter().map(|&at| markets[at].code().to_owned()).collect();
            let reviews: Vec<MarketReview<'_>> =
                codes.iter().zip(&judged).map(|(market, &at)| MarketReview { market, text: &texts[at] }).collect();
            themes(&reviews, &|sentence| voices(mood, sentence), &ThemesParams::default())
        }
        None => Vec::new(),
    };
    let said = said(&found);
    let (products, days) = (rows.texts("product_id")?, rows.days("day")?);
    let at = |review: usize| judged[review];
    let sided =
        |at: usize, sentence: &str| match mood.as_ref().filter(|_| used[at]).and_then(|m| m.probability(sentence)) {
            Some(p) if p >= SURE => Mood::Positive,
            Some(p) if 1.0 - p >= SURE => Mood::Negative,
            _ => Mood::Neutral,
        };
    let reviews = Reviews {
        ids: &ids,
        markets: &markets,
        languages: &languages,
        days: &days,
        products: &products,
        texts: &texts,
        mood: &sided,
    };
    let concerns = concerns::table(stage, &reviews)?;
    let voices = Columns::default()
        .text("market", said.iter().map(|s| markets[at(s.review)].code().to_owned()))
        .text("review_id", said.iter().map(|s| ids[at(s.review)].as_str()))
        .text("language", said.iter().map(|s| languages[at(s.review)].as_str()))
        .day("day", said.iter().map(|s| days[at(s.review)]))
        .text("product_id", said.iter().map(|s| products[at(s.review)].as_str()))
        .text("theme", said.iter().map(|s| s.theme.as_str()))
        .text("stance", said.iter().map(|s| word(s.voice)))
        .text("sentence", said.iter().map(|s| s.sentence))
        .batch()?;
    Ok(vec![
        ("review_themes", vec![table(&found, |at| &ids[judged[at]])?]),
        ("voices", vec![voices]),
        ("concerns", vec![concerns]),
        ("asked", vec![asked::table(stage).await?]),
        ("shopper_values", vec![values(stage).await?]),
    ])
}

/// What the goods that a shopper bought and the reviews that it wrote speak for.
async fn values(stage: &Stage<'_>) -> Result<arrow::array::RecordBatch> {
    let searched = Searched::load(&stage.engine, &stage.workspace.root).await?;
    let bought = "select distinct shopper_id, product_id as id from clean.order_lines \
                  where settled and shopper_id is not null and product_id is not null order by 1, 2";
    let written =
        "select shopper_id, review_id as id from clean.reviews where shopper_id is not null order by source, line";
    let mut texts: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
    for (kind, sql) in [bought, written].into_iter().enumerate() {
        let rows = Rows::query(&stage.engine, sql).await?;
        for (shopper, id) in rows.texts("shopper_id")?.into_iter().zip(rows.texts("id")?) {
            texts.entry(shopper).or_default()[kind].push(id);
        }
    }
    let found: Vec<(&str, ValueScore)> = texts
        .iter()
        .flat_map(|(shopper, [bought, written])| {
            let (bought, written): (Vec<&str>, Vec<&str>) =
                (bought.iter().map(String::as_str).collect(), written.iter().map(String::as_str).collect());
            searched.of(&bought, &written).into_iter().map(move |v| (shopper.as_str(), v))
        })
        .filter(|(_, v)| v.hits > 0)
        .collect();
    Columns::default()
        .text("shopper_id", found.iter().map(|(shopper, _)| *shopper))
        .text("value", found.iter().map(|(_, v)| v.value.as_str()))
        .float("score", found.iter().map(|(_, v)| v.score))
        .float("lift", found.iter().map(|(_, v)| v.lift))
        .int("n_hits", found.iter().map(|(_, v)| i64::from(v.hits)))
        .int("n_texts", found.iter().map(|(_, v)| i64::from(v.texts)))
        .batch()
}

/// A review that speaks of a theme, with the sentence that does.
struct Said<'a> {
    review: usize,
    theme: String,
    voice: Voice,
    sentence: &'a str,
}

/// Every review of every theme, once.
fn said(found: &[MarketVoice]) -> Vec<Said<'_>> {
    let mut all = Vec::new();
    for of in found {
        for theme in &of.themes {
            let name = theme.terms.iter().take(2).cloned().collect::<Vec<_>>().join(", ");
            all.extend(theme.said.iter().map(|quote| Said {
                review: quote.review,
                theme: name.clone(),
                voice: of.voice,
                sentence: &quote.sentence,
            }));
        }
    }
    all
}

fn voices(mood: &TextOdds, sentence: &str) -> Vec<Voice> {
    let mut out = Vec::new();
    if let Some(p) = mood.probability(sentence) {
        if p >= SURE {
            out.push(Voice::Praise);
        } else if 1.0 - p >= SURE {
            out.push(Voice::Complaint);
        }
    }
    if is_wish(sentence) {
        out.push(Voice::Wish);
    }
    out
}

/// The model of words: satisfied (4 or 5 stars) against dissatisfied (1 or 2).
fn mood(stage: &Stage<'_>, judged: &[usize], texts: &[String], ratings: &[Option<f64>]) -> Result<Option<TextOdds>> {
    let rated = judged.iter().filter_map(|&at| Some((texts[at].as_str(), ratings[at].filter(|r| *r != 3.0)? > 3.0)));
    let (texts, targets): (Vec<&str>, Vec<f32>) =
        rated.take(MOST_TRAIN).map(|(text, good)| (text, f32::from(u8::from(good)))).unzip();
    if texts.is_empty() {
        return Ok(None);
    }
    Ok(Some(TextOddsParams::default().fit(&texts, &targets, stage.seed)?))
}

/// Says of each market how many reviews are in languages whose words are not trusted.
fn told_unjudged(stage: &Stage<'_>, markets: &[Market], languages: &[String], used: &[bool]) {
    let mut left: BTreeMap<(Market, &str), usize> = BTreeMap::new();
    for ((market, language), used) in markets.iter().zip(languages).zip(used) {
        if !used {
            *left.entry((*market, language)).or_default() += 1;
        }
    }
    for ((market, language), n) in left {
        let why = format!(
            "{n} {} in the language `{language}`: too few rated ones to learn its words from, or words that say \
             little (clean.sentiment_quality has the figures)",
            if n == 1 { "review" } else { "reviews" }
        );
        stage.not_computed(market, &format!("what reviews in `{language}` complain of and praise"), &why);
    }
}

const fn word(voice: Voice) -> &'static str {
    match voice {
        Voice::Complaint => "complaint",
        Voice::Praise => "praise",
        Voice::Wish => "wish",
    }
}

fn table<'a>(found: &[MarketVoice], id: impl Fn(usize) -> &'a String) -> Result<arrow::array::RecordBatch> {
    let rows: Vec<(&MarketVoice, usize, &content::reviews::Theme)> =
        found.iter().flat_map(|v| v.themes.iter().zip(1..).map(move |(theme, rank)| (v, rank, theme))).collect();
    let quotes = |theme: &content::reviews::Theme| {
        let quotes: Vec<_> =
            theme.quotes.iter().map(|q| json!({"review": id(q.review), "sentence": q.sentence})).collect();
        serde_json::to_string(&quotes).unwrap_or_default()
    };
    Columns::default()
        .text("market", rows.iter().map(|(v, _, _)| v.market.as_str()))
        .text("voice", rows.iter().map(|(v, _, _)| word(v.voice)))
        .int("rank", rows.iter().map(|(_, rank, _)| *rank as i64))
        .text("terms", rows.iter().map(|(_, _, t)| t.terms.join(", ")))
        .float("z", rows.iter().map(|(_, _, t)| t.z))
        .int("n_reviews", rows.iter().map(|(_, _, t)| t.reviews.len() as i64))
        .int("n_mentions", rows.iter().map(|(_, _, t)| t.n_mentions as i64))
        .int("n_voiced", rows.iter().map(|(v, _, _)| v.n_voiced as i64))
        .int("n_judged", rows.iter().map(|(v, _, _)| v.n_reviews as i64))
        .text("quotes", rows.iter().map(|(_, _, t)| quotes(t)))
        .batch()
}
