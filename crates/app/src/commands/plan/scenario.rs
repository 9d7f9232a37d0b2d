//! `portolan plan --budget … --fx … --no-transfer`: what the plan of the last run would change to. Nothing is written.
//!
//! Without transfer a market is judged by its own orders alone: recommendations come from the best model of the market alone,
//! totals and price responses are estimated from its own weeks without drawing them towards the other markets', and the expected
//! uptake of a product knows nothing of its buyers at home. What may be sold, costs, the calendar and what channels brought are
//! the market's own in either case.

use crate::commands::decide::assumed;
use crate::exit::{Exit, Stop};
use crate::pipeline::decisions::{Changed, Taught, what_if};
use crate::pipeline::offers;
use crate::pipeline::rows::Rows;
use crate::workspace::Workspace;
use crate::{cli, output};
use anyhow::Result;
use decide::plan::{Metric, Uptake, UptakeParams};
use domain::{Currency, Figure, Market};
use lake::Engine;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Products of a list that are compared.
const LISTED: usize = 20;
/// Products whose expected uptake is compared.
const UPTAKES: usize = 5;

/// A list of products with and without the other markets.
#[derive(Debug, Serialize)]
struct Offers {
    market: Market,
    /// The model and its training in the plan, and alone.
    model: String,
    model_alone: String,
    /// Products that the list would gain and lose.
    enter: Vec<String>,
    leave: Vec<String>,
    /// Products of both lists.
    stay: usize,
}

/// What is asked of the last run.
pub(super) struct Asked<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) engine: &'a Engine,
    pub(super) base: Currency,
    pub(super) home: Market,
    pub(super) markets: &'a [Market],
}

pub(super) async fn scenario(asked: &Asked<'_>, args: &cli::Plan, bar: &output::Bar) -> Result<()> {
    let taught = if args.no_transfer { Taught::Alone } else { Taught::Together };
    let assumptions = assumed(args.budget, args.fx, None, None, taught)?;
    let mut changes = what_if(asked.workspace, asked.engine, Some(asked.base), &assumptions, bar).await?;
    changes.retain(|c| asked.markets.contains(&c.market));
    let mut offers = Vec::new();
    if args.no_transfer {
        for market in asked.markets {
            offers.extend(without_others(asked.engine, *market).await?);
            changes.extend(uptakes(asked, *market).await?);
        }
    }
    bar.clear();
    changes.sort_by(|a, b| (a.market, &a.what).cmp(&(b.market, &b.what)));
    if args.json {
        return output::json(&json!({
            "assumed": {"budget": args.budget, "fx_percent": args.fx, "no_transfer": args.no_transfer},
            "changes": changes, "offers": offers,
        }));
    }
    if changes.is_empty() && offers.iter().all(|o| o.enter.is_empty() && o.leave.is_empty()) {
        output::line("nothing changes");
        if args.budget.is_some() {
            why_spend_stays(asked.engine, asked.markets).await?;
        }
        return Ok(());
    }
    let cells = changes.iter().map(|c| {
        let number = |x: Option<f64>| x.map_or_else(|| "none".to_owned(), |x| format!("{x:.2}"));
        let change = match (c.before, c.after) {
            (Some(a), Some(b)) if a != 0.0 => format!("{:+.1} %", 100.0 * (b - a) / a.abs()),
            _ => String::new(),
        };
        vec![c.market.to_string(), c.what.clone(), number(c.before), number(c.after), c.unit.clone(), change]
    });
    output::table(&["market", "what", "in the plan", "then", "unit", "change"], &[2, 3, 5], cells.collect());
    for o in &offers {
        output::line(&format!(
            "{}: recommendations of {} instead of {}: {} of {} stay",
            o.market,
            o.model_alone,
            o.model,
            o.stay,
            o.stay + o.leave.len()
        ));
        for (word, products) in [("enter", &o.enter), ("leave", &o.leave)] {
            if !products.is_empty() {
                output::line(&format!("  {word}: {}", products.join(", ")));
            }
        }
    }
    if args.no_transfer {
        output::hint("what may be sold, costs, the calendar and what channels brought never come from other markets");
    }
    Ok(())
}

/// Why another budget moves no spend: money moves only between channels whose effect can be told.
pub(crate) async fn why_spend_stays(engine: &Engine, markets: &[Market]) -> Result<()> {
    for market in markets {
        let sql = format!(
            "select channel, coalesce(refused, '') as refused from marts.media where market = '{market}' order by channel"
        );
        let rows = Rows::query(engine, &sql).await?;
        output::line(&spend_stays(*market, &rows.texts("channel")?, &rows.texts("refused")?));
    }
    Ok(())
}

/// In words, for a market's channels and why each cannot be told; empty for one that can.
fn spend_stays(market: Market, channels: &[String], refused: &[String]) -> String {
    let untold: Vec<String> = channels
        .iter()
        .zip(refused)
        .filter(|(_, why)| !why.is_empty())
        .map(|(channel, why)| format!("{channel} ({why})"))
        .collect();
    match (channels.len(), untold.len()) {
        (0, _) => format!("{market}: no channel's spend is known, so no budget can be split"),
        (all, n) if all == n => {
            format!(
                "{market}: it cannot be told of any channel what it brings, so all spend stays as it is: {}",
                untold.join("; ")
            )
        }
        (_, 0) => format!(
            "{market}: the budget asked for splits as in the plan, or lies beyond what was ever spent in a week"
        ),
        _ => format!(
            "{market}: the channels that can be told keep their split; these cannot, and stay as they are: {}",
            untold.join("; ")
        ),
    }
}

/// The market's list beside the one of the best model of the market alone; nothing where it has no list.
async fn without_others(engine: &Engine, market: Market) -> Result<Option<Offers>> {
    let sql = format!(
        "select r.product_id, r.model, r.training, q.name from marts.recommendations r left join clean.products q \
         on q.product_id = r.product_id where r.market = '{market}' and r.product_id not in (select product_id \
         from marts.sellability where market = '{market}' and verdict = 'blocked') order by r.rank limit {LISTED}"
    );
    let rows = Rows::query(engine, &sql).await?;
    let (ids, models, training) = (rows.texts("product_id")?, rows.texts("model")?, rows.texts("training")?);
    let Some((model, alone)) = offers::alone(engine, market, LISTED).await? else { return Ok(None) };
    let names = Rows::query(engine, "select product_id, name from clean.products").await?;
    let names: BTreeMap<String, String> = names.texts("product_id")?.into_iter().zip(names.texts("name")?).collect();
    let name = |id: &String| names.get(id).filter(|n| !n.is_empty()).unwrap_or(id).clone();
    let enter: Vec<String> = alone.iter().filter(|id| !ids.contains(id)).map(name).collect();
    let leave: Vec<String> = ids.iter().filter(|id| !alone.contains(id)).map(name).collect();
    let of = |i: usize| format!("{} ({})", models[i], training[i]);
    let model_now = if ids.is_empty() { String::new() } else { of(0) };
    let stay = ids.len() - leave.len();
    Ok(Some(Offers { market, model: model_now, model_alone: format!("{model} (market)"), enter, leave, stay }))
}

/// Expected uptake of the first products with the buyers at home and without them.
async fn uptakes(asked: &Asked<'_>, market: Market) -> Result<Vec<Changed>> {
    if market == asked.home {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select r.product_id, q.name, coalesce(h.n_buyers, 0) as here, coalesce(o.n_buyers, 0) as at_home, \
         s.n as shoppers, t.n as shoppers_home \
         from marts.recommendations r left join clean.products q on q.product_id = r.product_id \
         left join marts.product_market h on h.product_id = r.product_id and h.market = '{market}' \
         left join marts.product_market o on o.product_id = r.product_id and o.market = '{home}' \
         cross join (select coalesce(max(n_shoppers), 0) as n from marts.market_summary where market = '{market}') s \
         cross join (select coalesce(max(n_shoppers), 0) as n from marts.market_summary where market = '{home}') t \
         where r.market = '{market}' order by r.rank limit {UPTAKES}",
        home = asked.home
    );
    let rows = Rows::query(asked.engine, &sql).await?;
    let (ids, names) = (rows.texts("product_id")?, rows.texts("name")?);
    let [here, at_home, shoppers, shoppers_home] =
        ["here", "at_home", "shoppers", "shoppers_home"].map(|name| rows.ints(name));
    let (here, at_home, shoppers, shoppers_home) = (here?, at_home?, shoppers?, shoppers_home?);
    let mut found = Vec::new();
    for i in 0..ids.len() {
        let of = |buyers_home: i64, shoppers_home: i64| {
            let seen = Uptake {
                buyers: here[i].unsigned_abs(),
                shoppers: shoppers[i].unsigned_abs(),
                buyers_home: buyers_home.unsigned_abs(),
                shoppers_home: shoppers_home.unsigned_abs(),
            };
            UptakeParams::default().estimate(seen, &sql).ok().as_ref().and_then(Figure::as_f64)
        };
        let name = if names[i].is_empty() { &ids[i] } else { &names[i] };
        let what = format!("{}, {name}", Metric::ProductUptake.key());
        let (before, after) = (of(at_home[i], shoppers_home[i]), of(0, 0));
        if before != after {
            found.push(Changed { market, what, before, after, unit: "share".to_owned() });
        }
    }
    Ok(found)
}

/// Whether other assumptions are asked about; without a market or `--all` there is nothing to compare.
pub(super) fn is_asked(args: &cli::Plan) -> Result<bool> {
    let asked = args.budget.is_some() || args.fx.is_some() || args.no_transfer;
    if asked && args.out.is_some() {
        return Err(Stop::error(
            Exit::Usage,
            "--out beside other assumptions",
            "leave --out away: a plan under assumptions is printed as what changes, and writes no page",
        ));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_moves_nothing_says_which_channels_cannot_be_told() {
        let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let market = "VN".parse().unwrap();
        let channels = texts(&["search", "social"]);
        let none = spend_stays(market, &channels, &texts(&["hardly varied", "moves with search"]));
        assert!(
            none.contains("all spend stays as it is: search (hardly varied); social (moves with search)"),
            "{none}"
        );
        let one = spend_stays(market, &channels, &texts(&["", "hardly varied"]));
        assert!(one.ends_with("stay as they are: social (hardly varied)"), "{one}");
        assert!(spend_stays(market, &[], &[]).contains("no channel's spend is known"));
    }
}
