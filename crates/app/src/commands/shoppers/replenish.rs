//! `portolan shoppers replenish`: what is bought again, after how long, and for whom it is time.
//!
//! A shopper is due for a thing from the first to the third quarter of the days after which those who buy it again do
//! ([`audience::timing`]), counted from its last purchase of it, so whoever bought it meanwhile is not. How good the shares
//! are is told beside them: they are learnt once more from what was known before the horizon, and held against what came.

use super::super::{Opened, serve as server};
use crate::cli::ReplenishBy;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::rows::Rows;
use crate::segments::{csv_cell, cutoff};
use ::serve::consents::MARKETING;
use anyhow::{Context, Result};
use audience::sequences::Purchase;
use audience::timing::{Timing, TimingBacktest, TimingParams};
use domain::{Day, Market};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What was asked.
pub(super) struct Asked<'a> {
    pub(super) market: Option<Market>,
    pub(super) by: ReplenishBy,
    pub(super) within: u16,
    pub(super) out: Option<&'a Path>,
    pub(super) json: bool,
}

/// Purchases of things by shoppers, both by their number.
struct Bought {
    things: Vec<String>,
    shoppers: Vec<String>,
    purchases: Vec<Purchase>,
}

/// One line of the list.
#[derive(Serialize)]
struct Line<'a> {
    thing: &'a str,
    share: Option<f64>,
    share_low: Option<f64>,
    share_high: Option<f64>,
    days: Option<f64>,
    due_from: Option<f64>,
    due_to: Option<f64>,
    purchases: u64,
    /// Shoppers for whom it is time now.
    due: usize,
}

/// Somebody for whom it is time.
struct Due {
    shopper: usize,
    thing: usize,
    last: Day,
}

async fn bought(opened: &Opened, asked: &Asked<'_>) -> Result<Bought> {
    let name = match asked.by {
        ReplenishBy::Category => "coalesce(p.category, '')",
        ReplenishBy::Product => "l.product_id",
    };
    let market = asked.market.map(|m| format!(" and s.market = '{}'", m.code())).unwrap_or_default();
    let sql = format!(
        "select distinct l.shopper_id, l.day, {name} as thing from clean.order_lines l \
         join clean.shoppers s on s.shopper_id = l.shopper_id \
         left join clean.products p on p.product_id = l.product_id where l.settled{market} order by 1, 2, 3"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (who, days, what) = (rows.texts("shopper_id")?, rows.days("day")?, rows.texts("thing")?);
    let things: Vec<String> =
        what.iter().filter(|t| !t.is_empty()).collect::<BTreeSet<_>>().into_iter().cloned().collect();
    let shoppers: Vec<String> = who.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
    let at = |list: &[String], name: &String| list.binary_search(name).ok().and_then(|at| u32::try_from(at).ok());
    let purchases = (0..days.len()).filter_map(|i| {
        Some(Purchase { shopper: at(&shoppers, &who[i])?, day: days[i], thing: at(&things, &what[i])? })
    });
    let purchases = purchases.collect();
    Ok(Bought { things, shoppers, purchases })
}

/// Who is due for what: the last purchase lies within the window.
fn due(bought: &Bought, timings: &[Timing], end: Day) -> Vec<Due> {
    let mut last: BTreeMap<(u32, u32), Day> = BTreeMap::new();
    for p in &bought.purchases {
        let day = last.entry((p.thing, p.shopper)).or_insert(p.day);
        *day = p.day.max(*day);
    }
    let window: BTreeMap<u32, (f64, f64)> = timings.iter().filter_map(|t| Some((t.thing, t.due_window?))).collect();
    let is_due = |((thing, shopper), last): (&(u32, u32), &Day)| {
        let (from, to) = window.get(thing)?;
        let days = f64::from(end.since(*last));
        (*from..=*to).contains(&days).then_some(Due { shopper: *shopper as usize, thing: *thing as usize, last: *last })
    };
    last.iter().filter_map(is_due).collect()
}

pub(super) async fn replenish(opened: &Opened, asked: &Asked<'_>) -> Result<()> {
    let end = cutoff(&opened.engine).await?;
    let bought = bought(opened, asked).await?;
    let params = TimingParams { horizon_days: i32::from(asked.within), ..TimingParams::default() };
    let mut timings = params.fit(&bought.purchases, end)?;
    if timings.is_empty() {
        let what = format!("no thing was bought {} times or more by shoppers that are known", params.min_spells);
        let next = "ask all markets (leave --market out), or by category; `portolan ingest FILE` takes more orders";
        return Err(Stop::error(Exit::Missing, what, next));
    }
    let share = |t: &Timing| t.by_horizon.as_f64().unwrap_or(-1.0);
    timings.sort_by(|a, b| share(b).total_cmp(&share(a)).then(a.thing.cmp(&b.thing)));
    let due = due(&bought, &timings, end);
    let lines: Vec<Line<'_>> = timings.iter().map(|t| line(t, &bought, &due)).collect();
    let test = params.backtest(&bought.purchases, end.plus(-2 * params.horizon_days), end)?;
    let written = match asked.out {
        Some(out) => Some(write(opened, out, &bought, &due, end).await?),
        None => None,
    };
    if asked.json {
        return output::json(&json!({
            "as_of": end, "market": asked.market, "within_days": asked.within, "things": lines, "backtest": test.as_ref().map(tested),
            "file": asked.out, "written": written.map(|w| w.0), "left_out_without_consent": written.map(|w| w.1),
        }));
    }
    show(&lines, test.as_ref(), asked, end);
    if let (Some((n, left)), Some(out)) = (written, asked.out) {
        output::line(&format!(
            "{}: {} reminders; {} left out, who did not agree to marketing",
            out.display(),
            output::count(n as i64),
            output::count(left as i64)
        ));
    }
    Ok(())
}

fn line<'a>(t: &Timing, bought: &'a Bought, due: &[Due]) -> Line<'a> {
    Line {
        thing: &bought.things[t.thing as usize],
        share: t.by_horizon.as_f64(),
        share_low: t.by_horizon.interval.map(|i| i.low),
        share_high: t.by_horizon.interval.map(|i| i.high),
        days: t.due_days.as_f64(),
        due_from: t.due_window.map(|w| w.0),
        due_to: t.due_window.map(|w| w.1),
        purchases: t.curve.n(),
        due: due.iter().filter(|d| d.thing == t.thing as usize).count(),
    }
}

fn tested(test: &TimingBacktest) -> serde_json::Value {
    json!({"things": test.n_things, "purchases": test.n_spells, "foretold": test.foretold, "came": test.came.as_f64(),
        "error": test.error.0, "error_of_gaps_alone": test.error.1})
}

fn show(lines: &[Line<'_>], test: Option<&TimingBacktest>, asked: &Asked<'_>, end: Day) {
    let percent = |x: f64| format!("{:.0} %", 100.0 * x);
    let cells = lines.iter().map(|l| {
        let share = l.share.map_or_else(|| "too few".to_owned(), percent);
        let range =
            l.share_low.zip(l.share_high).map_or_else(String::new, |(a, b)| format!("{}–{}", percent(a), percent(b)));
        let window =
            l.due_from.zip(l.due_to).map_or_else(|| "too few".to_owned(), |(a, b)| format!("{a:.0}–{b:.0} days"));
        vec![l.thing.to_owned(), output::count(l.purchases as i64), share, range, window, output::count(l.due as i64)]
    });
    let heads = ["what", "purchases", "bought again", "95 %", "a reminder belongs after", "due now"];
    output::table(&heads, &[1, 2, 3, 4, 5], cells.collect());
    output::line(&format!(
        "bought again: within {} days, those counted who have not yet; due now: last bought so long before {end}",
        asked.within
    ));
    match test {
        Some(t) => output::line(&format!(
            "held against what came: {} foretold, {} came ({} purchases); off by {} a thing, the gaps seen alone by {}",
            percent(t.foretold),
            t.came.as_f64().map_or_else(|| "too few".to_owned(), percent),
            output::count(t.n_spells as i64),
            percent(t.error.0),
            percent(t.error.1)
        )),
        None => output::note("the data do not reach back far enough to hold the shares against what came"),
    }
    if asked.out.is_none() {
        output::hint("--out FILE writes who is due, only those who agreed to marketing");
    }
}

/// The list of those who are due and agreed; how many were written and how many were left out.
async fn write(opened: &Opened, out: &Path, bought: &Bought, due: &[Due], end: Day) -> Result<(usize, usize)> {
    let sql = "select shopper_id, market, coalesce(accepts_marketing, false) as consent from clean.shoppers";
    let rows = Rows::query(&opened.engine, sql).await?;
    let known: BTreeMap<String, (Market, bool)> = rows
        .texts("shopper_id")?
        .into_iter()
        .zip(rows.markets("market")?.into_iter().zip(rows.truths("consent")?))
        .collect();
    // What a person decided over HTTP counts more than what a file said.
    let decided = server::consents(&opened.workspace.root).await?;
    let mut text = String::from("shopper_id,market,what,last_bought,days_since\n");
    let mut n = 0;
    for d in due {
        let id = &bought.shoppers[d.shopper];
        let (market, file) = known.get(id).copied().unwrap_or((Market::UNKNOWN, false));
        if !decided.of(id, MARKETING).unwrap_or(file) {
            continue;
        }
        let what = csv_cell(&bought.things[d.thing]);
        text.push_str(&format!("{},{},{what},{},{}\n", csv_cell(id), market.code(), d.last, end.since(d.last)));
        n += 1;
    }
    std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
    Ok((n, due.len() - n))
}
