//! What was said, sent back, asked and searched for, as needs are counted from it.

use super::queries;
use crate::pipeline::asked::OTHER;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use audience::needs::aspects::{Quarter, QuarterTexts};
use audience::needs::rank::Texts;
use audience::needs::voice::{Source, Stance, Voice};
use lake::Engine;

/// Voices with the numbers of texts that they are shares of.
#[derive(Default)]
pub(super) struct Voices {
    pub(super) rows: Vec<Voice>,
    pub(super) texts: Texts,
    pub(super) quarters: QuarterTexts,
}

impl Voices {
    pub(super) async fn load(engine: &Engine) -> Result<Self> {
        let mut voices = Self::default();
        voices.reviews(engine).await?;
        voices.returns(engine).await?;
        voices.asked(engine).await?;
        Ok(voices)
    }

    async fn reviews(&mut self, engine: &Engine) -> Result<()> {
        let rows = Rows::query(
            engine,
            "select market, cast(reviewed_at as date) as day from clean.reviews where text is not null and junk is null \
             and reviewed_at is not null",
        )
        .await?;
        for (market, day) in rows.markets("market")?.into_iter().zip(rows.days("day")?) {
            *self.texts.entry((market, Source::Review)).or_default() += 1;
            *self.quarters.entry((market, Quarter::of(day))).or_default() += 1;
        }
        let rows = Rows::query(engine, queries::VOICES).await?;
        let (markets, ids, days) = (rows.markets("market")?, rows.texts("review_id")?, rows.days("day")?);
        let (languages, products) = (rows.optional_texts("language")?, rows.optional_texts("product_id")?);
        let (themes, stances, sentences) = (rows.texts("theme")?, rows.texts("stance")?, rows.texts("sentence")?);
        for i in 0..ids.len() {
            let stance = match stances[i].as_str() {
                "praise" => Stance::Praise,
                "wish" => Stance::Wish,
                _ => Stance::Blame,
            };
            self.rows.push(Voice {
                market: markets[i],
                language: languages[i].as_deref().and_then(|l| l.parse().ok()),
                day: days[i],
                product: products[i].clone(),
                aspect: themes[i].clone(),
                stance,
                source: Source::Review,
                text_id: ids[i].clone(),
                snippet: sentences[i].clone(),
            });
        }
        Ok(())
    }

    async fn returns(&mut self, engine: &Engine) -> Result<()> {
        let rows = Rows::query(engine, queries::RETURNS).await?;
        let (markets, days, products) = (rows.markets("market")?, rows.days("day")?, rows.texts("product_id")?);
        let (sources, lines, reasons) = (rows.texts("source")?, rows.ints("line")?, rows.texts("reason")?);
        for i in 0..markets.len() {
            *self.texts.entry((markets[i], Source::Return)).or_default() += 1;
            if reasons[i].is_empty() {
                continue;
            }
            self.rows.push(Voice {
                market: markets[i],
                language: None,
                day: days[i],
                product: Some(products[i].clone()),
                aspect: reasons[i].to_lowercase(),
                stance: Stance::Blame,
                source: Source::Return,
                text_id: format!("{}:{}", sources[i], lines[i]),
                snippet: String::new(),
            });
        }
        Ok(())
    }

    /// Questions, of which every one counts, and searches: those in vain of all.
    async fn asked(&mut self, engine: &Engine) -> Result<()> {
        let rows = Rows::query(engine, &queries::searches()).await?;
        for (market, n) in rows.markets("market")?.into_iter().zip(rows.ints("n")?) {
            self.texts.insert((market, Source::EmptySearch), n.unsigned_abs());
        }
        let rows = Rows::query(engine, queries::ASKED).await?;
        let (markets, kinds, ids) = (rows.markets("market")?, rows.texts("kind")?, rows.texts("text_id")?);
        let (languages, days, products) =
            (rows.texts("language")?, rows.days("day")?, rows.optional_texts("product_id")?);
        let (about, sentences) = (rows.texts("about")?, rows.texts("sentence")?);
        let mut before = None;
        for i in 0..ids.len() {
            let source = if kinds[i] == "search" { Source::EmptySearch } else { Source::Question };
            // Rows of a question stand together.
            let text = (markets[i], &kinds[i], &ids[i]);
            if source == Source::Question && before != Some(text) {
                *self.texts.entry((markets[i], source)).or_default() += 1;
            }
            before = Some(text);
            if about[i] == OTHER && source == Source::Question {
                continue;
            }
            self.rows.push(Voice {
                market: markets[i],
                language: languages[i].parse().ok().filter(|_| languages[i] != "und"),
                day: days[i],
                product: products[i].clone(),
                aspect: about[i].clone(),
                stance: Stance::Ask,
                source,
                text_id: format!("{}:{}", kinds[i], ids[i]),
                snippet: if source == Source::Question { sentences[i].clone() } else { String::new() },
            });
        }
        Ok(())
    }
}
