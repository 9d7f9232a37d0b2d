//! `portolan personas`: who buys in a market, on one page, and the same as a brief.

use super::Environment;
use crate::cli;
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{output, pipeline};
use anyhow::{Context, Result};
use audience::persona::brief::{Brief, Material, Purpose, Reached, Returned, Theme, Voice, brief};
use audience::persona::page::{Entry, Persona, Said};
use decide::plan::{Lang, segment_name};
use domain::Market;
use lake::Engine;
use std::collections::BTreeMap;
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
    if let (Some(purpose), Some((market, page))) = (args.brief, found.first()) {
        let persona: Persona = serde_json::from_str(page).context("a persona as JSON")?;
        let purpose = match purpose {
            cli::BriefFor::Agency => Purpose::Agency,
            cli::BriefFor::Product => Purpose::Product,
        };
        return hand_over(&briefed(&opened.engine, *market, &persona, purpose).await?, args);
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

/// Puts the brief of a market together from its tables.
async fn briefed(engine: &Engine, market: Market, persona: &Persona, purpose: Purpose) -> Result<Brief> {
    let themes = themes(engine, market).await?;
    let sql = format!(
        "select reason, cast(sum(n_units) as bigint) as units from marts.return_reasons where market = '{market}' \
         group by reason order by units desc, reason"
    );
    let rows = Rows::query(engine, &sql).await?;
    let back = rows.texts("reason")?.into_iter().zip(rows.ints("units")?);
    let returned: Vec<Returned> =
        back.map(|(reason, units)| Returned { reason, units: units.unsigned_abs() }).collect();
    let sql =
        format!("select segment, n_shoppers, n_contactable from marts.reach where market = '{market}' order by place");
    let rows = Rows::query(engine, &sql).await?;
    let (segments, n, agreed) =
        (rows.texts("segment")?, rows.ints("n_shoppers")?, rows.optional_ints("n_contactable")?);
    let reach: Vec<Reached> = (0..segments.len())
        .map(|i| Reached {
            segment: Said::new(segment_name(&segments[i], Lang::En), segment_name(&segments[i], Lang::Zh)),
            n: n[i].unsigned_abs(),
            contactable: agreed[i].map(i64::unsigned_abs),
        })
        .collect();
    Ok(brief(purpose, &Material { market, persona, themes: &themes, returned: &returned, reach: &reach }))
}

/// Products named for a theme.
const PRODUCTS: usize = 3;

/// The themes of a market's reviews, with the products of which they are said most.
async fn themes(engine: &Engine, market: Market) -> Result<Vec<Theme>> {
    let sql = format!(
        "select v.theme, v.stance, coalesce(max(p.name), v.product_id) as product, count(distinct v.review_id) as n \
         from marts.voices v left join clean.products p on p.product_id = v.product_id \
         where v.market = '{market}' and v.product_id is not null group by v.theme, v.stance, v.product_id \
         order by n desc, product"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (names, stances, products, n) =
        (rows.texts("theme")?, rows.texts("stance")?, rows.texts("product")?, rows.ints("n")?);
    let mut said_of: BTreeMap<(&str, &str), Vec<(String, u64)>> = BTreeMap::new();
    for i in 0..names.len() {
        let of = said_of.entry((&stances[i], &names[i])).or_default();
        // A product that one review speaks of is chance.
        if of.len() < PRODUCTS && n[i] > 1 {
            of.push((products[i].clone(), n[i].unsigned_abs()));
        }
    }
    let sql = format!("select * from marts.review_themes where market = '{market}' order by voice, rank");
    let rows = Rows::query(engine, &sql).await?;
    let (voices, terms, quotes) = (rows.texts("voice")?, rows.texts("terms")?, rows.texts("quotes")?);
    let (n, judged) = (rows.ints("n_reviews")?, rows.ints("n_judged")?);
    let theme = |i: usize| {
        let quoted: Vec<serde_json::Value> = serde_json::from_str(&quotes[i]).context("quotes of a theme as JSON")?;
        let voice = match voices[i].as_str() {
            "complaint" => Voice::Complaint,
            "praise" => Voice::Praise,
            _ => Voice::Wish,
        };
        // A theme of marts.voices goes by the first two of the terms.
        let named = terms[i].split(", ").take(2).collect::<Vec<_>>().join(", ");
        let of = said_of.get(&(voices[i].as_str(), named.as_str()));
        Ok(Theme {
            voice,
            terms: terms[i].clone(),
            n: n[i].unsigned_abs(),
            of: judged[i].unsigned_abs(),
            quotes: quoted.iter().filter_map(|q| Some(q["sentence"].as_str()?.to_owned())).collect(),
            products: of.cloned().unwrap_or_default(),
        })
    };
    (0..terms.len()).map(theme).collect()
}

fn hand_over(made: &Brief, args: &cli::Personas) -> Result<ExitCode> {
    if args.json {
        output::json(made)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = made.markdown(args.lang == cli::Lang::Zh);
    match &args.out {
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
            output::line(&format!("written: {}", path.display()));
        }
        None => output::line(text.trim_end()),
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
