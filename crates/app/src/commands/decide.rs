//! `portolan decide`: what was decided, why, what is missing for more, and what other assumptions would change.

mod bands;
mod bids;
mod budget;
mod changes;
mod channels;
mod checklist;
mod coupons;
mod demand;
mod draft;
mod exposure;
mod growth;
mod missing;
mod posts;
mod rehearse;
mod results;
mod rivals;
mod target;
mod trade;
mod trend;
mod verify;
mod watch;

use super::{Environment, Opened, rules};
use crate::cli::{self, DecideWhat};
use crate::exit::{Exit, Stop};
use crate::pipeline::decisions::tables::{FILES, Tables, rulebook};
use crate::pipeline::decisions::{Assumptions, CHANNELS, Taught, backtest, channel_facts, what_if};
use crate::pipeline::rows::Rows;
use crate::{output, pipeline};
use anyhow::Result;
use decide::sellability::Rulebook;
use domain::{Decimal, Market, Seed};
use serde_json::{Value, json};
use std::process::ExitCode;

pub(crate) async fn run(env: &Environment, args: &cli::Decide) -> Result<ExitCode> {
    match &args.what {
        DecideWhat::Bids(args) => return bids::bids(args),
        DecideWhat::Ab(args) => return results::ab(args),
        DecideWhat::Campaigns(args) => return results::campaigns(args),
        DecideWhat::Shift(args) if !args.draft => return growth::shift(args),
        DecideWhat::Faces(args) if !args.draft => return growth::faces(args),
        _ => {}
    }
    if matches!(args.what, DecideWhat::Check) {
        return check(env);
    }
    let opened = env.opened().await?;
    if let DecideWhat::Backtest { seed, json } = &args.what {
        past(&opened, Seed(*seed), *json).await?;
        return Ok(ExitCode::SUCCESS);
    }
    pipeline::computed(&opened.workspace, &opened.snapshot, "decide")?;
    match &args.what {
        DecideWhat::Next { market, json } => next(&opened, *market, *json).await?,
        DecideWhat::Prices { market, n, json } => prices(&opened, *market, *n, *json).await?,
        DecideWhat::Sell { market, product, json } => sell(&opened, *market, product.as_deref(), *json).await?,
        DecideWhat::Cost { market, product, json } => cost(&opened, *market, product, *json).await?,
        DecideWhat::Bands { market, product, json } => bands::bands_of(&opened, *market, product, *json).await?,
        DecideWhat::Rivals(args) => rivals::rivals(&opened, args).await?,
        DecideWhat::Trend(args) => trend::trend(&opened, args).await?,
        DecideWhat::Checklist(args) => checklist::checklist(&opened, args).await?,
        DecideWhat::Exposure { json } => exposure::exposure(&opened, *json).await?,
        DecideWhat::Watch(args) => watch::watch(&opened, args).await?,
        DecideWhat::Posts(args) => posts::posts(&opened, args).await?,
        DecideWhat::Changes(args) => changes::changes(&opened, args).await?,
        DecideWhat::Demand(args) => demand::demand(&opened, args).await?,
        DecideWhat::Rehearse { market, json } => rehearse::rehearse(&opened, *market, *json).await?,
        DecideWhat::Calendar { market, json } => calendar(&opened, *market, *json).await?,
        DecideWhat::Promote { market, product, n, all, json } => {
            trade::promote(&opened, *market, product.as_deref(), *n, *all, *json).await?;
        }
        DecideWhat::Parity { market, product, n, json } => {
            trade::parity(&opened, market.get(), product.as_deref(), *n, *json).await?;
        }
        DecideWhat::Clearance { market, n, json } => trade::clearance(&opened, *market, *n, *json).await?,
        DecideWhat::FirstSend { market, n, json } => trade::first_send(&opened, *market, *n, *json).await?,
        DecideWhat::Budget(args) => budget::budget(&opened, args).await?,
        DecideWhat::Coupons(args) => coupons::coupons(&opened, args).await?,
        DecideWhat::Channels(args) => channels::channels(&opened, args).await?,
        DecideWhat::Target(args) => target::target(&opened, args).await?,
        DecideWhat::Shift(args) => {
            if let Some(market) = args.market {
                draft::shift(&opened, market, &args.channels).await?;
            }
        }
        DecideWhat::Faces(args) => {
            if let Some(market) = args.market {
                draft::faces(&opened, market, &args.segments).await?;
            }
        }
        DecideWhat::Check
        | DecideWhat::Bids(_)
        | DecideWhat::Ab(_)
        | DecideWhat::Campaigns(_)
        | DecideWhat::Backtest { .. } => {}
        DecideWhat::Trace { market, n, seed, json } => {
            super::trace::run(&opened, *market, *n, Seed(*seed), *json).await?;
        }
        DecideWhat::Missing { out } => missing::missing(&opened, out).await?,
        DecideWhat::WhatIf { market, budget, fx, margin, channel, json } => {
            let asked = assumed(*budget, *fx, *margin, channel.clone(), Taught::Together)?;
            alternatives(env, &opened, market.get(), &asked, *json).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The rows of a query as JSON objects, as the marts have them.
async fn objects(opened: &Opened, sql: &str) -> Result<Vec<Value>> {
    let batches = opened.engine.sql(sql).await?;
    let mut writer = arrow::json::ArrayWriter::new(Vec::new());
    for batch in &batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    let bytes = writer.into_inner();
    Ok(if bytes.is_empty() { Vec::new() } else { serde_json::from_slice(&bytes)? })
}

fn none(market: Market, what: &str) -> anyhow::Error {
    Stop::error(
        Exit::Missing,
        format!("{what} of {market} was decided"),
        "`portolan sql \"select * from marts.not_computed where stage = 'decisions'\"` says what was missing",
    )
}

/// Why there is nothing of one product: it is unknown, its cost is, or the market is not decided about.
async fn none_of(opened: &Opened, market: Market, product: &str, what: &str) -> Result<anyhow::Error> {
    let id = product.replace('\'', "''");
    let sql = format!(
        "select p.unit_cost is null and c.product_id is null as cost, p.weight_kg is null as weight, \
         p.length_cm is null or p.width_cm is null or p.height_cm is null as size from clean.products p \
         left join (select distinct product_id from clean.costs) c on c.product_id = p.product_id where p.product_id = '{id}'"
    );
    let Some(row) = objects(opened, &sql).await?.into_iter().next() else {
        let next = "`portolan search WORDS` finds products, with the ids that they are asked by";
        return Ok(Stop::error(Exit::Missing, format!("there is no product `{product}` in the catalogue"), next));
    };
    let unknown: Vec<&str> = ["cost", "weight", "size"].into_iter().filter(|key| row[*key] == true).collect();
    if unknown.is_empty() {
        return Ok(none(market, &format!("{what} of `{product}`")));
    }
    Ok(Stop::error(
        Exit::Missing,
        format!("{what} of `{product}` in {market}: its {} is not known", unknown.join(", its ")),
        "`portolan decide missing --out missing.csv` drafts the table to fill in",
    ))
}

async fn next(opened: &Opened, market: Market, json: bool) -> Result<()> {
    let figures = format!(
        "select figure, value, low, high, level, unit from marts.decision_figures where market = '{market}' order by figure"
    );
    let said = format!(
        "select kind, place, en, zh from marts.decision_actions where market = '{market}' order by kind, place"
    );
    let (figures, said) = (objects(opened, &figures).await?, objects(opened, &said).await?);
    if figures.is_empty() && said.is_empty() {
        return Err(none(market, "nothing"));
    }
    if json {
        return output::json(&json!({"market": market, "figures": figures, "said": said}));
    }
    let of =
        |kind: &str| said.iter().filter(|s| s["kind"] == kind).filter_map(|s| s["en"].as_str()).collect::<Vec<_>>();
    for (title, kind) in [("next", "action"), ("can go wrong", "risk"), ("would change our mind", "change")] {
        for (i, sentence) in of(kind).iter().enumerate() {
            output::line(&format!("{title} {}. {sentence}", i + 1));
        }
    }
    let number = |v: &Value| v.as_f64().map_or_else(String::new, |x| format!("{x:.2}"));
    let cells = figures.iter().map(|f| {
        let text = |key: &str| f[key].as_str().unwrap_or_default().to_owned();
        vec![text("figure"), number(&f["value"]), number(&f["low"]), number(&f["high"]), text("unit")]
    });
    output::table(&["figure", "expected", "from", "to", "unit"], &[1, 2, 3], cells.collect());
    Ok(())
}

async fn prices(opened: &Opened, market: Market, n: usize, json: bool) -> Result<()> {
    let sql = format!(
        "select p.product_id, q.name, p.currency, cast(p.price as double) as price, cast(p.floor as double) as floor, \
           cast(p.optimum as double) as optimum, cast(p.rivals_mid as double) as rivals, cast(p.advised as double) as advised, p.en, p.zh \
         from marts.prices p left join clean.products q on q.product_id = p.product_id \
         left join (select product_id, sum(units) as units from marts.demand where market = '{market}' group by product_id) d \
           on d.product_id = p.product_id where p.market = '{market}' order by coalesce(d.units, 0) desc, p.product_id limit {n}"
    );
    let rows = objects(opened, &sql).await?;
    if rows.is_empty() {
        return Err(none(market, "no price"));
    }
    let verify = verify::floors(opened, Some(market)).await?;
    if json {
        return output::json(&json!({"market": market, "verify": verify, "prices": rows}));
    }
    let cells = rows.iter().map(|r| {
        let text = |key: &str| r[key].as_str().unwrap_or_default().to_owned();
        let amount = |key: &str| r[key].as_f64().map_or_else(String::new, |x| format!("{x:.2}"));
        vec![
            text("name"),
            amount("price"),
            amount("floor"),
            amount("optimum"),
            amount("rivals"),
            amount("advised"),
            text("currency"),
        ]
    });
    output::table(
        &["product", "now", "floor", "best margin", "competitors", "advised", "in"],
        &[1, 2, 3, 4, 5],
        cells.collect(),
    );
    verify::say(verify);
    output::hint("--json has the reasons; `portolan decide cost MARKET PRODUCT` takes a floor apart");
    Ok(())
}

async fn sell(opened: &Opened, market: Market, product: Option<&str>, json: bool) -> Result<()> {
    let which = match product {
        Some(id) => format!("s.product_id = '{}'", id.replace('\'', "''")),
        None => "s.verdict <> 'sell'".to_owned(),
    };
    let sql = format!(
        "select s.product_id, q.name, s.verdict, s.rules, s.verify, s.en, s.zh, s.changes from marts.sellability s \
         left join clean.products q on q.product_id = s.product_id where s.market = '{market}' and {which} order by s.verdict, s.product_id"
    );
    let mut rows = objects(opened, &sql).await?;
    if rows.is_empty() && product.is_some() {
        return Err(none_of(opened, market, product.unwrap_or_default(), "no verdict").await?);
    }
    if json {
        let book = rulebook(&opened.workspace.root)?;
        for row in &mut rows {
            row["changes"] = serde_json::from_str(row["changes"].as_str().unwrap_or("[]"))?;
            row["cited"] = cited(&book, row["rules"].as_str().unwrap_or_default())?;
        }
        return output::json(&json!({"market": market, "products": rows}));
    }
    let cells = rows.iter().map(|r| {
        let text = |key: &str| r[key].as_str().unwrap_or_default().to_owned();
        vec![text("product_id"), text("name"), text("verdict").replace('_', " "), text("en")]
    });
    output::table(&["product", "name", "verdict", "why"], &[], cells.collect());
    if let (Some(_), Some(row)) = (product, rows.first()) {
        let book = rulebook(&opened.workspace.root)?;
        for id in row["rules"].as_str().unwrap_or_default().split(' ') {
            if let Some(rule) = book.find(id) {
                output::line(&format!("  {id}, from {}: {} ({})", rule.from, rule.said.en, rule.source));
            }
        }
        output::hint("`portolan rules show ID` has every field of a rule, and how to replace it");
    }
    Ok(())
}

/// The rules of a verdict with their fields: dates, source, how sure, whose.
fn cited(book: &Rulebook, ids: &str) -> Result<Value> {
    let rules = ids.split(' ').filter_map(|id| book.find(id));
    Ok(Value::Array(rules.map(|rule| rules::whole(book, rule)).collect::<Result<_>>()?))
}

async fn cost(opened: &Opened, market: Market, product: &str, json: bool) -> Result<()> {
    let id = product.replace('\'', "''");
    let sql = format!(
        "select place, part, zh, cast(amount as double) as amount, currency, how, lane from marts.landed_costs \
         where market = '{market}' and product_id = '{id}' order by place"
    );
    let rows = objects(opened, &sql).await?;
    if rows.is_empty() {
        return Err(none_of(opened, market, product, "no cost").await?);
    }
    let sql = format!(
        "select channel, fees, currency, cast(price as double) as price, cast(floor as double) as floor, below, en, zh \
         from marts.channel_floors where market = '{market}' and product_id = '{id}' order by channel"
    );
    let floors = objects(opened, &sql).await?;
    if json {
        return output::json(&json!({"market": market, "product": product, "parts": rows, "channels": floors}));
    }
    let cells = rows.iter().map(|r| {
        let text = |key: &str| r[key].as_str().unwrap_or_default().to_owned();
        vec![
            text("part"),
            r["amount"].as_f64().map_or_else(String::new, |x| format!("{x:.2}")),
            text("currency"),
            text("how"),
        ]
    });
    output::table(&["part", "amount", "in", "how"], &[1], cells.collect());
    if let Some(lane) = rows.first().and_then(|r| r["lane"].as_str()) {
        output::line(&format!("sent by {lane}"));
    }
    for floor in &floors {
        output::line(&format!("  {}", floor["en"].as_str().unwrap_or_default()));
    }
    Ok(())
}

async fn calendar(opened: &Opened, market: Market, json: bool) -> Result<()> {
    let sql = format!(
        "select day, until, event, zh, kind, order_by, ship_by, verify, lift, lift_low, lift_high from marts.calendar where market = '{market}' order by day, event"
    );
    let rows = objects(opened, &sql).await?;
    if rows.is_empty() {
        return Err(none(market, "no calendar"));
    }
    if json {
        return output::json(&json!({"market": market, "days": rows}));
    }
    let cells = rows.iter().map(|r| {
        let text = |key: &str| r[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| r[key].as_f64().map(|x| format!("{x:.2}"));
        let lift = number("lift").map_or_else(String::new, |x| match (number("lift_low"), number("lift_high")) {
            (Some(low), Some(high)) => format!("{x} ({low}–{high})"),
            _ => x,
        });
        let verify = if r["verify"].as_bool() == Some(true) { "verify" } else { "" };
        vec![
            text("day"),
            text("until"),
            text("event"),
            text("kind").replace('_', " "),
            text("order_by"),
            text("ship_by"),
            lift,
            verify.to_owned(),
        ]
    });
    let header = ["from", "to", "what", "kind", "shoppers order by", "stock leaves by", "against usual", ""];
    output::table(&header, &[], cells.collect());
    output::hint("a last day that is past, or where no stock goes in bulk, is left out");
    Ok(())
}

/// The seller's own tables, read; without a lake.
fn check(env: &Environment) -> Result<ExitCode> {
    let workspace = env.workspace()?;
    let tables = Tables::load(&workspace.root)?;
    let channels = channel_facts(&workspace.root)?;
    for name in FILES.into_iter().chain([CHANNELS]) {
        let there = workspace.root.join(name).is_file();
        output::line(&format!("{name}: {}", if there { "read" } else { "not there; the built-in tables count" }));
    }
    output::line(&format!(
        "{} ({} replaced or removed by yours), {}, {} of the calendar, {}",
        output::counted(tables.rules.rules().len(), "rule", "rules"),
        tables.rules.retired().len(),
        output::counted(tables.lanes.lanes.len(), "lane", "lanes"),
        output::counted(tables.calendar.recurring.len(), "event", "events"),
        output::counted(tables.promotions.offers.len(), "own promotion", "own promotions")
    ));
    output::line(&format!(
        "{} experiments, {} rows of platforms, {} partners",
        tables.experiments.len(),
        channels.platforms.len(),
        channels.partners.len()
    ));
    Ok(ExitCode::SUCCESS)
}

/// What the plan's figures of thirteen weeks ago would have been worth.
async fn past(opened: &Opened, seed: Seed, json: bool) -> Result<()> {
    let rows = backtest(&opened.workspace, &opened.engine, opened.snapshot.currency, seed).await?;
    if json {
        return output::json(&rows);
    }
    let Some(first) = rows.first() else {
        return Err(Stop::error(
            Exit::Missing,
            "no market has enough weeks to look back on",
            "half a year of orders is needed",
        ));
    };
    let cells = rows.iter().map(|row| {
        let number = |x: f64| format!("{x:.0}");
        let inside = if row.inside { "yes" } else { "no" };
        let unit = if row.unit.is_empty() { "count" } else { row.unit.as_str() };
        let [expected, low, high, came] = [row.expected, row.low, row.high, row.came].map(number);
        let figure = row.category.as_ref().map_or_else(|| row.figure.clone(), |of| format!("{}, {of}", row.figure));
        let said = [row.market.to_string(), figure, expected, low, high, came];
        said.into_iter().chain([inside.to_owned(), unit.to_owned()]).collect()
    });
    output::line(&format!("the weeks from {} to before {}, decided before they came", first.from, first.to));
    output::table(
        &["market", "figure", "expected", "from", "to", "came", "inside", "unit"],
        &[2, 3, 4, 5],
        cells.collect(),
    );
    let n = rows.iter().filter(|r| r.inside).count();
    output::line(&format!("{n} of {} inside intervals that promise {:.0} %", rows.len(), 100.0 * first.level));
    Ok(())
}

/// Assumptions that were asked for, checked.
pub(crate) fn assumed(
    budget: Option<f64>,
    fx: Option<f64>,
    margin: Option<f64>,
    channel: Option<String>,
    taught: Taught,
) -> Result<Assumptions> {
    if budget.is_none() && fx.is_none() && margin.is_none() && channel.is_none() && taught == Taught::Together {
        return Err(Stop::error(
            Exit::Usage,
            "nothing is assumed otherwise",
            "add --budget, --fx, --margin or --channel",
        ));
    }
    if let Some(x) = budget.filter(|x| !(*x >= 0.0 && x.is_finite())) {
        return Err(Stop::error(Exit::Usage, format!("--budget {x}"), "an amount a week, 0 or more"));
    }
    if let Some(x) = fx.filter(|x| !(*x > -90.0 && *x < 900.0)) {
        return Err(Stop::error(Exit::Usage, format!("--fx {x}"), "per cent, above -90"));
    }
    let share = |x: f64| {
        let fits = (0.0..1.0).contains(&x).then(|| Decimal::try_from(x).ok()).flatten();
        fits.ok_or_else(|| Stop::error(Exit::Usage, format!("--margin {x}"), "a share from 0 to below 1, such as 0.2"))
    };
    Ok(Assumptions { budget, fx_percent: fx, margin: margin.map(share).transpose()?, channel, taught })
}

async fn alternatives(
    env: &Environment,
    opened: &Opened,
    market: Option<Market>,
    asked: &Assumptions,
    json: bool,
) -> Result<()> {
    let bar = output::Bar::new(env.quiet || json);
    let changes = what_if(&opened.workspace, &opened.engine, opened.snapshot.currency, asked, &bar).await?;
    bar.clear();
    let kept: Vec<_> = changes.iter().filter(|c| market.is_none_or(|m| c.market == m)).collect();
    if json {
        return output::json(&json!({"changes": kept}));
    }
    if kept.is_empty() {
        output::line("nothing changes");
        if asked.budget.is_some() {
            let markets = match market {
                Some(market) => vec![market],
                None => Rows::query(&opened.engine, "select distinct market from marts.media order by market")
                    .await?
                    .markets("market")?,
            };
            super::plan::scenario::why_spend_stays(&opened.engine, &markets).await?;
        }
        return Ok(());
    }
    let cells = kept.iter().map(|c| {
        let number = |x: Option<f64>| x.map_or_else(|| "none".to_owned(), |x| format!("{x:.2}"));
        vec![c.market.to_string(), c.what.clone(), number(c.before), number(c.after), c.unit.clone()]
    });
    output::table(&["market", "what", "as decided", "under these assumptions", "unit"], &[2, 3], cells.collect());
    Ok(())
}
