//! `marts.asked`: what questions are about, and what was searched for and not found.
//!
//! Questions are those of clean.questions, and comments on networks that end like one. A search found nothing where no title
//! has all of its words and its visitor looked at no product in the half hour after: a shop that finds more than titles say
//! is believed by what visitors did. Repeats of a search on one day are one.

use super::Stage;
use super::batch::Columns;
use super::queries::{PLACED_EVENTS, searches as searched};
use super::rows::Rows;
use super::titles::Titles;
use anyhow::Result;
use arrow::array::RecordBatch;
use content::reviews::{CONCERN_LANGUAGES, asked_about, is_question};
use domain::{Day, Market};
use std::collections::BTreeMap;

/// About what a question is that names no concern.
pub(super) const OTHER: &str = "other";

const QUESTIONS: &str = "\
select 'question' as kind, market, question_id as text_id, coalesce(language, 'und') as language, product_id, text,
  cast(coalesce(asked_at, timestamp '1970-01-01 00:00:00') as date) as day from clean.questions
union all
select 'comment' as kind, market, concat(platform, ':', interaction_id) as text_id, coalesce(language, 'und') as language, product_id,
  text, cast(occurred_at as date) as day from clean.interactions where text is not null
order by kind, market, text_id";

/// Searches after which nothing was looked at. Rows of a visitor run from the last to the first, so that the smallest time of a
/// look at a product so far is that of the next one.
fn in_vain() -> String {
    let looked = "having bool_and(looked is null or looked - occurred_at > interval '30 minutes')";
    format!(
        "with e as ({PLACED_EVENTS} where v.query is not null or v.product_id is not null), \
        n as (select *, min(case when product_id is not null then occurred_at end) over (\
          partition by coalesce(shopper_id, anonymous_id, message_id) \
          order by occurred_at desc rows between unbounded preceding and current row) as looked from e), \
        s as ({}) select market, query, day, message_id, written, language from s order by market, query, day, message_id",
        searched("n", looked)
    )
}

/// A row of the table.
struct Asked {
    kind: &'static str,
    market: Market,
    text_id: String,
    language: String,
    day: Day,
    product: Option<String>,
    about: String,
    sentence: String,
}

pub(super) async fn table(stage: &Stage<'_>) -> Result<RecordBatch> {
    let mut rows = questions(stage).await?;
    rows.extend(searches(stage).await?);
    Columns::default()
        .text("market", rows.iter().map(|r| r.market.code().to_owned()))
        .text("kind", rows.iter().map(|r| r.kind))
        .text("text_id", rows.iter().map(|r| r.text_id.as_str()))
        .text("language", rows.iter().map(|r| r.language.as_str()))
        .day("day", rows.iter().map(|r| r.day))
        .optional_text("product_id", rows.iter().map(|r| r.product.as_deref()))
        .text("about", rows.iter().map(|r| r.about.as_str()))
        .text("sentence", rows.iter().map(|r| r.sentence.as_str()))
        .batch()
}

async fn questions(stage: &Stage<'_>) -> Result<Vec<Asked>> {
    let rows = Rows::query(&stage.engine, QUESTIONS).await?;
    let (kinds, markets, ids) = (rows.texts("kind")?, rows.markets("market")?, rows.texts("text_id")?);
    let (languages, products) = (rows.texts("language")?, rows.optional_texts("product_id")?);
    let (texts, days) = (rows.texts("text")?, rows.days("day")?);
    let mut unread: BTreeMap<(Market, &str), usize> = BTreeMap::new();
    let mut found = Vec::new();
    for i in 0..rows.len() {
        let kind = if kinds[i] == "question" { "question" } else { "comment" };
        if kind == "comment" && !is_question(&texts[i]) {
            continue;
        }
        let language = languages[i].as_str();
        if !CONCERN_LANGUAGES.contains(&language) && language != "und" {
            *unread.entry((markets[i], language)).or_default() += 1;
        }
        let mut about: Vec<&str> = asked_about(&texts[i]).into_iter().map(|concern| concern.name()).collect();
        if about.is_empty() {
            about.push(OTHER);
        }
        found.extend(about.into_iter().map(|about| Asked {
            kind,
            market: markets[i],
            text_id: ids[i].clone(),
            language: languages[i].clone(),
            day: days[i],
            product: products[i].clone(),
            about: about.to_owned(),
            sentence: texts[i].clone(),
        }));
    }
    for ((market, language), n) in unread {
        let why = format!(
            "{n} of its questions: the vocabulary of concerns has {} and not `{language}`",
            CONCERN_LANGUAGES.join(", ")
        );
        stage.not_computed(market, &format!("what questions in `{language}` are about"), &why);
    }
    Ok(found)
}

async fn searches(stage: &Stage<'_>) -> Result<Vec<Asked>> {
    let rows = Rows::query(&stage.engine, &in_vain()).await?;
    let queries = rows.texts("query")?;
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let titles = Titles::load(&stage.engine).await?;
    let (markets, ids, written) = (rows.markets("market")?, rows.texts("message_id")?, rows.texts("written")?);
    let (languages, days) = (rows.texts("language")?, rows.days("day")?);
    let mut missed: BTreeMap<&str, bool> = BTreeMap::new();
    let mut found = Vec::new();
    for i in 0..rows.len() {
        let query = queries[i].as_str();
        if *missed
            .entry(query)
            .or_insert_with(|| titles.with_all_words(query).is_some_and(|products| products.is_empty()))
        {
            found.push(Asked {
                kind: "search",
                market: markets[i],
                text_id: ids[i].clone(),
                language: languages[i].clone(),
                day: days[i],
                product: None,
                about: query.to_owned(),
                sentence: written[i].clone(),
            });
        }
    }
    Ok(found)
}
