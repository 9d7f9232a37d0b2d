//! `portolan markets`: which market to enter, why not another, how large each is.

mod areas;
mod customers;
mod loyalty;
pub(crate) mod platforms;
mod position;

use super::{Environment, Opened};
use crate::cli::{self, MarketsWhat};
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{output, pipeline};
use anyhow::{Context, Result};
use audience::entry::facts::Fact;
use domain::{Language, Market};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Markets) -> Result<ExitCode> {
    match &args.what {
        MarketsWhat::Rank { json } => rank(env, *json).await?,
        MarketsWhat::Explain { market, json } => explain(env, *market, *json).await?,
        MarketsWhat::Size { json } => size(env, *json).await?,
        MarketsWhat::Facts => facts(),
        MarketsWhat::Template { out, markets } => template(out, markets)?,
        MarketsWhat::Platforms { template: true, .. } => platforms::draft(&env.workspace()?.root)?,
        MarketsWhat::Platforms { market: None, template: false, .. } => {
            let what = "which market?";
            return Err(Stop::error(Exit::Usage, what, "portolan markets platforms DE, or --template for a draft"));
        }
        MarketsWhat::Platforms { market: Some(market), order, orders_a_month, has, json, template: false } => {
            let asked =
                platforms::Asked { market: *market, order: *order, orders_a_month: *orders_a_month, has, json: *json };
            platforms::platforms(&env.opened().await?, &asked).await?;
        }
        MarketsWhat::Position { market, by, category, json } => {
            position::position(&env.opened().await?, *market, by, category.as_deref(), *json).await?;
        }
        MarketsWhat::Areas { market, by, treated, from, to, json } => {
            let column = by.map(|by| match by {
                cli::AreaBy::Postcode => "postcode_area",
                cli::AreaBy::Region => "region",
                cli::AreaBy::City => "city",
            });
            let done = from.as_deref().filter(|_| !treated.is_empty());
            let done = done.map(|from| areas::Treated { areas: treated, from, to: to.as_deref() });
            areas::areas(&env.opened().await?, *market, column, done, *json).await?;
        }
        MarketsWhat::Next { market, n, json } => customers::next(&opened(env).await?, *market, *n, *json).await?,
        MarketsWhat::Loyalty { market, json } => loyalty::loyalty(&opened(env).await?, *market, *json).await?,
        MarketsWhat::Needs { market, json } => customers::needs(&opened(env).await?, *market, *json).await?,
        MarketsWhat::Plan { market, json } => customers::plan(&opened(env).await?, *market, *json).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn opened(env: &Environment) -> Result<Opened> {
    let opened = env.opened().await?;
    pipeline::computed(&opened.workspace, &opened.snapshot, "markets")?;
    Ok(opened)
}

const CRITERIA: [&str; 6] = ["demand", "size", "competition", "distance", "cost", "transfer"];

async fn rank(env: &Environment, json: bool) -> Result<()> {
    let Opened { engine, workspace, .. } = opened(env).await?;
    let rows = Rows::query(&engine, "select * from marts.market_ranking order by rank").await?;
    let (markets, ranks, statuses) = (rows.texts("market")?, rows.ints("rank")?, rows.texts("status")?);
    let (scores, lows, highs) = (rows.floats("score")?, rows.floats("low")?, rows.floats("high")?);
    let (best, worst) = (rows.ints("rank_low")?, rows.ints("rank_high")?);
    let (first, known) = (rows.floats("first")?, rows.floats("known")?);
    let criteria: Vec<Vec<Option<f64>>> = CRITERIA.iter().map(|c| rows.floats(c)).collect::<Result<_>>()?;
    if markets.is_empty() {
        return Err(nothing(&engine).await?);
    }
    if json {
        let items: Vec<_> = (0..markets.len())
            .map(|i| {
                let of: BTreeMap<&str, Option<f64>> = CRITERIA.iter().zip(&criteria).map(|(c, v)| (*c, v[i])).collect();
                json!({"market": markets[i], "rank": ranks[i], "status": statuses[i], "score": scores[i], "low": lows[i], "high": highs[i],
                    "rank_low": best[i], "rank_high": worst[i], "first": first[i], "known": known[i], "criteria": of})
            })
            .collect();
        output::json(&json!({"markets": items, "weights": workspace.attractiveness.weights}))?;
        return Ok(());
    }
    let share = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{:.0} %", 100.0 * x));
    let score = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{x:.2}"));
    let cells = (0..markets.len()).map(|i| {
        let mut row = vec![
            ranks[i].to_string(),
            markets[i].clone(),
            statuses[i].clone(),
            format!("{} ({}–{})", score(scores[i]), score(lows[i]), score(highs[i])),
            if best[i] == worst[i] { best[i].to_string() } else { format!("{}–{}", best[i], worst[i]) },
            share(first[i]),
        ];
        row.extend(criteria.iter().map(|c| score(c[i])));
        row.push(share(known[i]));
        row
    });
    let mut head = vec!["", "market", "status", "score (95 %)", "rank holds in", "first in"];
    head.extend(CRITERIA);
    head.push("known");
    let right: Vec<usize> = (0..head.len()).filter(|c| ![1, 2].contains(c)).collect();
    output::table(&head, &right, cells.collect());
    output::hint(
        "portolan markets explain XX says why a market stands where it stands; weights are [markets.weights] in portolan.toml",
    );
    Ok(())
}

/// Why there is no ranking, as the run told it.
async fn nothing(engine: &lake::Engine) -> Result<anyhow::Error> {
    let sql = "select why from marts.not_computed where stage = 'entry' and market = 'ZZ' order by what limit 1";
    let why = Rows::query(engine, sql).await?.texts("why")?.into_iter().next();
    let why = why.unwrap_or_else(|| "nothing is known of any other market".to_owned());
    Ok(Stop::error(
        Exit::Missing,
        format!("there is no ranking of markets: {why}"),
        "`portolan markets template` drafts the table of facts",
    ))
}

async fn explain(env: &Environment, market: Market, json: bool) -> Result<()> {
    let Opened { engine, .. } = opened(env).await?;
    let sql = format!("select en, zh from marts.market_reasons where market = '{market}' order by place");
    let rows = Rows::query(&engine, &sql).await?;
    let (en, zh) = (rows.texts("en")?, rows.texts("zh")?);
    if en.is_empty() {
        let sql =
            format!("select what, why from marts.not_computed where stage = 'entry' and market in ('{market}', 'ZZ')");
        let rows = Rows::query(&engine, &sql).await?;
        let why: Vec<String> =
            rows.texts("what")?.into_iter().zip(rows.texts("why")?).map(|(a, b)| format!("{a}: {b}")).collect();
        let why = if why.is_empty() { "nothing is known of it".to_owned() } else { why.join("; ") };
        return Err(Stop::error(
            Exit::Missing,
            format!("{market} is not ranked ({why})"),
            "`portolan markets template` drafts the table of facts",
        ));
    }
    let figures = figures(&engine, Some(market), "market_figures").await?;
    if json {
        output::json(&json!({"market": market, "en": en, "zh": zh, "figures": figures}))?;
        return Ok(());
    }
    en.iter().for_each(|sentence| output::line(sentence));
    output::line("");
    zh.iter().for_each(|sentence| output::line(sentence));
    Ok(())
}

/// Rows of a mart of figures as JSON.
async fn figures(engine: &lake::Engine, market: Option<Market>, table: &str) -> Result<Vec<serde_json::Value>> {
    let filter = market.map_or_else(String::new, |m| format!("where market = '{m}'"));
    let rows = Rows::query(engine, &format!("select * from marts.{table} {filter} order by market, figure")).await?;
    let (markets, keys, units) = (rows.texts("market")?, rows.texts("figure")?, rows.texts("unit")?);
    let (values, lows, highs) = (rows.floats("value")?, rows.floats("low")?, rows.floats("high")?);
    let (missing, formulas) = (rows.optional_texts("missing")?, rows.texts("formula")?);
    Ok((0..keys.len())
        .map(|i| {
            json!({"market": markets[i], "figure": keys[i], "value": values[i], "low": lows[i], "high": highs[i], "unit": units[i],
                "missing": missing[i], "formula": formulas[i]})
        })
        .collect())
}

async fn size(env: &Environment, json: bool) -> Result<()> {
    let Opened { engine, .. } = opened(env).await?;
    let all = figures(&engine, None, "market_figures").await?;
    let sizes: Vec<_> =
        all.into_iter().filter(|f| f["figure"].as_str().is_some_and(|k| k.starts_with("market."))).collect();
    if sizes.is_empty() {
        let sql =
            "select market, why from marts.not_computed where stage = 'entry' and what like '%market' order by market";
        let rows = Rows::query(&engine, sql).await?;
        let why: Vec<String> =
            rows.texts("market")?.into_iter().zip(rows.texts("why")?).map(|(m, w)| format!("{m}: {w}")).collect();
        return Err(Stop::error(
            Exit::Missing,
            format!("no market can be sized ({})", why.join("; ")),
            "`portolan markets facts` lists what is needed",
        ));
    }
    if json {
        output::json(&json!({"figures": sizes}))?;
        return Ok(());
    }
    let amount = |x: &serde_json::Value| x.as_f64().map_or_else(|| "–".to_owned(), short);
    let rows = sizes.iter().filter(|f| f["figure"].as_str().is_some_and(|k| k.ends_with("_base"))).map(|f| {
        let name = f["figure"].as_str().unwrap_or_default().trim_start_matches("market.").trim_end_matches("_base");
        vec![
            f["market"].as_str().unwrap_or_default().to_owned(),
            name.to_uppercase(),
            format!("{} {}", amount(&f["value"]), f["unit"].as_str().unwrap_or_default()),
            format!("{} – {}", amount(&f["low"]), amount(&f["high"])),
            f["formula"].as_str().unwrap_or_default().split(';').next().unwrap_or_default().to_owned(),
        ]
    });
    output::table(&["market", "", "a year", "95 %", "how"], &[2, 3], rows.collect());
    Ok(())
}

/// 1234567 as 1.2 m.
fn short(x: f64) -> String {
    match x.abs() {
        a if a >= 1e9 => format!("{:.1} bn", x / 1e9),
        a if a >= 1e6 => format!("{:.1} m", x / 1e6),
        a if a >= 1e4 => format!("{:.0} k", x / 1e3),
        _ => format!("{x:.0}"),
    }
}

fn facts() {
    let rows = Fact::all().filter(|f| f.is_read()).map(|fact| {
        let spec = fact.spec();
        vec![
            spec.name.to_owned(),
            spec.en.to_owned(),
            spec.zh.to_owned(),
            format!("{} to {}", fact.shown(spec.low), fact.shown(spec.high)),
        ]
    });
    output::table(&["fact", "meaning", "含义", "from … to"], &[], rows.collect());
    output::line("languages: ISO 639-1 codes, the most read first, in the column `text`");
    let _ = Language::EN;
}

/// A table to fill: one row a market and fact, without a number.
fn template(out: &std::path::Path, markets: &[Market]) -> Result<()> {
    let mut text = String::from("day,market,fact,value,unit,text\n");
    let mut n = 0;
    for market in markets {
        for fact in Fact::all().filter(|f| f.is_read()) {
            let _ = writeln!(text, ",{market},{},,,", fact.name());
            n += 1;
        }
    }
    std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
    output::line(&format!("{}: {n} rows to fill; rows without a value may be deleted", out.display()));
    output::hint("day is the first day a figure is about; then: portolan ingest FILE");
    Ok(())
}
