//! `portolan decide watch`: advertising that runs, the last days beside those before: spend beside the plan, click rates, and what the market
//! as a whole brings for it, with alarms where chance is no excuse.
//!
//! The tables of spend know no orders of a campaign, so return and orders are watched over all channels of a market together, and clicks and
//! pace a channel.

use super::{Opened, objects};
use crate::exit::{Exit, Stop};
use crate::pipeline::rows::Rows;
use crate::{cli, output};
use anyhow::Result;
use decide::channel::{AdDay, Watch, WatchParams};
use domain::Day;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) async fn watch(opened: &Opened, args: &cli::Watch) -> Result<()> {
    let market = args.market;
    let base = opened.snapshot.currency.map(|c| c.to_string()).unwrap_or_default();
    let rates = crate::pipeline::rates::Rates::load(&opened.engine).await?;
    let sql = format!(
        "select channel, day, currency, sum(cast(spend as double)) as spend, coalesce(sum(impressions), 0) as impressions, \
         coalesce(sum(clicks), 0) as clicks from clean.ad_spend where market = '{market}' group by channel, day, currency order by channel, day"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (channels, days, codes) = (rows.texts("channel")?, rows.days("day")?, rows.texts("currency")?);
    let (spend, shown, clicks) = (rows.floats("spend")?, rows.ints("impressions")?, rows.ints("clicks")?);
    let Some((first, last)) = days.iter().min().copied().zip(days.iter().max().copied()) else {
        return Err(Stop::error(
            Exit::Missing,
            format!("no advertising spend of {market} is known"),
            "`portolan ingest` takes a table: day, market, channel, campaign, spend, currency, impressions, clicks",
        ));
    };
    let n = usize::try_from(last.since(first)).unwrap_or(0) + 1;
    let plan: BTreeMap<String, f64> =
        objects(opened, &format!("select channel, advised from marts.budget where market = '{market}'"))
            .await?
            .iter()
            .filter_map(|r| Some((r["channel"].as_str()?.to_owned(), r["advised"].as_f64()?)))
            .collect();
    let mut of: BTreeMap<String, Vec<AdDay>> = BTreeMap::new();
    let mut all = vec![AdDay::default(); n];
    for i in 0..days.len() {
        let rate = codes[i].parse().ok().and_then(|c| rates.rate(c, opened.snapshot.currency?));
        let (Some(rate), Ok(at)) = (rate, usize::try_from(days[i].since(first))) else { continue };
        let of = of.entry(channels[i].clone()).or_insert_with(|| {
            let planned = plan.get(&channels[i]).map_or(0.0, |week| week / 7.0);
            vec![AdDay { planned, ..AdDay::default() }; n]
        });
        for day in [&mut of[at], &mut all[at]] {
            day.spend += rate * spend[i].unwrap_or(0.0);
            day.impressions += shown[i].unsigned_abs();
            day.clicks += clicks[i].unsigned_abs();
        }
    }
    for days in of.values() {
        days.iter().zip(&mut all).for_each(|(one, sum)| sum.planned += one.planned);
    }
    sold(opened, market, first, &mut all).await?;
    let share = objects(
        opened,
        &format!(
            "select value from marts.decision_figures where market = '{market}' and figure = 'decide.margin_share'"
        ),
    )
    .await?
    .first()
    .and_then(|r| r["value"].as_f64());
    let margin = share.filter(|s| *s > 0.0 && *s <= 1.0);
    let params = WatchParams { window: args.days, margin: margin.unwrap_or(1.0), ..WatchParams::default() };
    let stop = |e: decide::SpendError| Stop::error(Exit::Usage, e.to_string(), "--days is at most the days with spend");
    let mut looked: Vec<(String, Watch)> = vec![("all channels".to_owned(), params.look(&all).map_err(stop)?)];
    for (channel, days) in of {
        looked.push((channel, params.look(&days).map_err(stop)?));
    }
    if args.json {
        let rows: Vec<Value> = looked.iter().map(|(name, w)| watch_json(name, w)).collect();
        return output::json(
            &json!({"market": market, "currency": base, "from": last.plus(1 - args.days as i32), "to": last,
            "margin": margin, "channels": rows}),
        );
    }
    output::line(&format!("{market}, the {} days up to {last}, amounts in {base}", args.days));
    let cells = looked.iter().map(|(name, w)| {
        let number = |x: Option<f64>| x.map_or_else(String::new, |x| format!("{x:.2}"));
        let percent = |x: Option<f64>| x.map_or_else(String::new, |x| format!("{:.2} %", 100.0 * x));
        vec![
            name.clone(),
            format!("{:.0}", w.sums.spend),
            percent(w.pace),
            percent(w.click_rate),
            if w.sums.orders > 0 { number(w.return_on_spend) } else { String::new() },
            if w.sums.orders > 0 { number(w.cost_of_order) } else { String::new() },
        ]
    });
    output::table(
        &[
            "channel",
            "spent",
            "of the plan",
            "click rate",
            "sales of the market a unit spent",
            "spend an order of the market",
        ],
        &[1, 2, 3, 4, 5],
        cells.collect(),
    );
    let mut quiet = true;
    for (name, w) in &looked {
        for alarm in &w.alarms {
            quiet = false;
            output::line(&format!("! {}", alarm.said(name).en));
        }
    }
    if quiet {
        output::line("nothing that chance would not excuse");
    }
    if margin.is_none() {
        output::hint(
            "the margin share of the market is not known or not above 0, so a loss is told only below 1 for 1",
        );
    }
    Ok(())
}

fn watch_json(name: &str, w: &Watch) -> Value {
    let alarms: Vec<Value> = w.alarms.iter().map(|a| json!({"alarm": a, "said": a.said(name)})).collect();
    json!({"channel": name, "spend": w.sums.spend, "planned": w.sums.planned, "impressions": w.sums.impressions,
        "clicks": w.sums.clicks, "orders": w.sums.orders, "revenue": w.sums.revenue, "pace": w.pace, "click_rate": w.click_rate,
        "return_on_spend": w.return_on_spend, "cost_of_order": w.cost_of_order, "alarms": alarms})
}

/// Orders and sales of the market on the days with spend.
async fn sold(opened: &Opened, market: domain::Market, first: Day, all: &mut [AdDay]) -> Result<()> {
    let sql = format!(
        "select day, count(distinct order_key) as orders, sum(cast(amount_base as double)) as sales from clean.order_lines \
         where market = '{market}' and settled and not repeat and day >= date '{first}' group by day order by day"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (days, orders, sales) = (rows.days("day")?, rows.ints("orders")?, rows.floats("sales")?);
    for i in 0..days.len() {
        if let Some(day) = usize::try_from(days[i].since(first)).ok().and_then(|at| all.get_mut(at)) {
            day.orders += orders[i].unsigned_abs();
            day.revenue += sales[i].unwrap_or(0.0).max(0.0);
        }
    }
    Ok(())
}
