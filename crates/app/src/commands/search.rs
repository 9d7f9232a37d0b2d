//! `portolan search`: products by what somebody types, or by a picture.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::looks::Looks;
use crate::search::Found;
use crate::{cli, output};
use anyhow::Result;
use content::search::Reading;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Search) -> Result<ExitCode> {
    let Some(query) = &args.query else {
        let (market, n, json) = (args.market, args.n, args.json);
        let like = cli::Similar { product: None, image: args.image.clone(), by: cli::Like::Picture, market, n, json };
        return super::similar::run(env, &like).await;
    };
    let (found, stock) = Found::open(env, args.json).await?;
    let allowed = found.allowed(&stock, args.market);
    if args.pictures {
        return shown(env, args, query, &found, &allowed).await;
    }
    let answer = found.find(query, args.n, &allowed)?;
    let languages = super::similar::languages(args.market);
    let how = |words: Option<u32>, meaning: Option<u32>| match (words, meaning) {
        (Some(_), Some(_)) => "words and meaning",
        (Some(_), None) => "words",
        (None, _) => "meaning",
    };
    if args.json {
        let hits: Vec<_> = answer
            .hits
            .iter()
            .zip(1..)
            .map(|(hit, rank)| {
                let at = hit.row as usize;
                json!({"rank": rank, "product": found.ids[at], "title": found.title(at, &languages), "category": found.categories[at],
                    "brand": found.brands[at], "median_price": found.prices[at], "rank_by_words": hit.by_words, "rank_by_meaning": hit.by_meaning})
            })
            .collect();
        let words: Vec<_> = answer
            .words
            .iter()
            .map(|w| {
                json!({"word": w.word, "read": match w.reading {
                Reading::Exact => "exact", Reading::Near => "near", Reading::Unknown => "unknown" }})
            })
            .collect();
        let currency = found.currency.map(|c| c.to_string());
        output::json(
            &json!({"query": query, "market": args.market, "currency": currency, "words": words, "items": hits}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let of = |reading| {
        let words = answer.words.iter().filter(|w| w.reading == reading).map(|w| format!("`{}`", w.word));
        words.collect::<Vec<_>>().join(", ")
    };
    for (reading, said) in [
        (Reading::Near, "no product has this word, words that differ in one letter were taken"),
        (Reading::Unknown, "no product has this word"),
    ] {
        let words = of(reading);
        if !words.is_empty() {
            output::note(&format!("{words}: {said}"));
        }
    }
    if answer.hits.is_empty() {
        output::line("nothing was found");
        if args.market.is_some() {
            output::hint("without --market, what is out of stock there is shown, too");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let rows = answer.hits.iter().zip(1..).map(|(hit, rank)| {
        let at = hit.row as usize;
        vec![
            rank.to_string(),
            found.ids[at].clone(),
            found.title(at, &languages),
            found.categories[at].clone(),
            found.prices[at].clone(),
            how(hit.by_words, hit.by_meaning).to_owned(),
        ]
    });
    let price = found.currency.map_or_else(|| "median price".to_owned(), |c| format!("median price, {c}"));
    output::table(&["", "product", "title", "category", &price, "found by"], &[0, 4], rows.collect());
    Ok(ExitCode::SUCCESS)
}

/// Products whose pictures show what the words say, by an encoder of texts and pictures.
async fn shown(
    env: &Environment,
    args: &cli::Search,
    query: &str,
    found: &Found,
    allowed: &[bool],
) -> Result<ExitCode> {
    let opened = env.opened().await?;
    let bar = output::Bar::new(env.quiet || args.json);
    let looks = Looks::load(&opened.workspace, &opened.engine, &opened.snapshot, &found.ids, &bar).await?;
    if looks.likeness.n_present() == 0 {
        return Err(super::similar::no_pictures());
    }
    let near = looks.shown(query, args.n, allowed)?.ok_or_else(|| {
        Stop::error(
            Exit::Missing,
            "no encoder reads words and looks at pictures",
            "`portolan models add FOLDER` takes in CLIP or SigLIP; portolan.toml names it under [search] pictures",
        )
    })?;
    let languages = super::similar::languages(args.market);
    if args.json {
        let hits: Vec<_> = near
            .iter()
            .zip(1..)
            .map(|((row, cosine), rank)| {
                let at = *row as usize;
                json!({"rank": rank, "product": found.ids[at], "title": found.title(at, &languages),
                    "category": found.categories[at], "picture": cosine})
            })
            .collect();
        output::json(&json!({"query": query, "market": args.market, "by": "pictures", "items": hits}))?;
        return Ok(ExitCode::SUCCESS);
    }
    if near.is_empty() {
        output::line("nothing was found");
        return Ok(ExitCode::SUCCESS);
    }
    let rows = near.iter().zip(1..).map(|((row, cosine), rank)| {
        let at = *row as usize;
        vec![
            rank.to_string(),
            found.ids[at].clone(),
            found.title(at, &languages),
            found.categories[at].clone(),
            format!("{cosine:.3}"),
        ]
    });
    output::table(&["", "product", "title", "category", "shows"], &[0, 4], rows.collect());
    Ok(ExitCode::SUCCESS)
}
