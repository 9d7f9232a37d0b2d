//! `portolan personas`: who buys in a market, on one page.

use super::Environment;
use crate::cli;
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{output, pipeline};
use anyhow::{Context, Result};
use audience::persona::page::{Entry, Persona, Said};
use domain::Market;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Personas) -> Result<ExitCode> {
    let opened = env.opened().await?;
    pipeline::computed(&opened.workspace, &opened.snapshot, "personas")?;
    let rows =
        Rows::query(&opened.engine, "select market, page from marts.personas order by n_shoppers desc, market").await?;
    let (markets, pages) = (rows.markets("market")?, rows.texts("page")?);
    let asked = |market: &Market| args.market.is_none_or(|wanted| wanted == *market);
    let found: Vec<(Market, &String)> = markets.iter().copied().zip(&pages).filter(|(m, _)| asked(m)).collect();
    if found.is_empty() {
        let sql = "select market, why from marts.not_computed where stage = 'personas' and what = 'the persona of the market'";
        let rows = Rows::query(&opened.engine, sql).await?;
        let mut why = rows.markets("market")?.into_iter().zip(rows.texts("why")?).filter(|(m, _)| asked(m));
        let why = why.next().map_or_else(String::new, |(market, why)| format!(" ({market}: {why})"));
        return Err(Stop::error(
            Exit::Missing,
            format!("there is no persona{why}"),
            "`portolan markets rank` has the markets",
        ));
    }
    if args.json {
        let all: Vec<serde_json::Value> = found
            .iter()
            .map(|(_, page)| serde_json::from_str(page))
            .collect::<Result<_, _>>()
            .context("a persona as JSON")?;
        output::json(&all)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (at, (market, page)) in found.iter().enumerate() {
        if at > 0 {
            output::line("");
        }
        tell(*market, &serde_json::from_str(page).context("a persona as JSON")?, args.lang);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(market: Market, page: &Persona, lang: cli::Lang) {
    let say = |said: &Said| if lang == cli::Lang::Zh { said.zh.clone() } else { said.en.clone() };
    let head = |en: &str, zh: &str| output::line(&format!("\n{}", if lang == cli::Lang::Zh { zh } else { en }));
    let (en, zh) = page.counted.words();
    let of = if lang == cli::Lang::Zh { zh } else { en };
    output::line(&format!("{market}: {} ({} {of})", say(&page.name), output::count(page.n_shoppers)));
    page.name_rules.iter().for_each(|rule| output::line(&format!("  {}", say(rule))));
    let part = |entries: &[Entry]| {
        for entry in entries {
            output::line(&format!("  · {}", say(&entry.statement)));
            for quote in entry.quotes.iter().take(3) {
                let language = quote.language.map_or_else(String::new, |l| format!(" [{}]", l.code()));
                output::line(&format!("      “{}”{language} {}", quote.text, quote.text_id));
            }
        }
    };
    head("Basics", "基本情况");
    part(&page.basics);
    head("Consumption", "消费");
    part(&page.consumption);
    head("Interests", "兴趣");
    part(&page.interests);
    head("Motives", "动机");
    part(&page.motives);
    if !page.concerns.is_empty() {
        head("What is said, in every language", "各种语言的评价");
        part(&page.concerns);
    }
    head("Not known", "未知");
    page.unknown.iter().for_each(|said| output::line(&format!("  · {}", say(said))));
}
