//! `portolan similar`: products like a product.

use super::Environment;
use crate::exit::{Exit, Stop};
use crate::search::Found;
use crate::{cli, output};
use anyhow::Result;
use domain::Market;
use serde_json::json;
use std::process::ExitCode;

/// Languages in which titles are shown for a market, the first that a product has.
pub(crate) fn languages(market: Option<Market>) -> Vec<&'static str> {
    market.into_iter().flat_map(domain::languages).collect()
}

pub(crate) async fn run(env: &Environment, args: &cli::Similar) -> Result<ExitCode> {
    let (found, stock) = Found::open(env, args.json).await?;
    let allowed = found.allowed(&stock, args.market);
    let row = found.row(&args.product).ok_or_else(|| {
        Stop::error(
            Exit::Missing,
            format!("there is no product `{}`", args.product),
            "`portolan search WORDS` finds products and their codes",
        )
    })?;
    let near = found.search().similar(row, args.n, &allowed);
    let languages = languages(args.market);
    if args.json {
        let items: Vec<_> = near
            .iter()
            .zip(1..)
            .map(|((row, cosine), rank)| {
                let at = *row as usize;
                json!({"rank": rank, "product": found.ids[at], "title": found.title(at, &languages), "category": found.categories[at], "text": cosine})
            })
            .collect();
        output::json(&json!({"product": found.ids[row as usize], "market": args.market, "items": items}))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&format!("like {} {}:", found.ids[row as usize], found.title(row as usize, &languages)));
    if near.is_empty() {
        output::line("nothing: the texts of this product share nothing with those of others");
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
    output::table(&["", "product", "title", "category", "likeness of texts"], &[0, 4], rows.collect());
    Ok(ExitCode::SUCCESS)
}
