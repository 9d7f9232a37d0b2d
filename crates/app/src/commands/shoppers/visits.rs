//! `portolan shoppers carts` and `portolan shoppers channels`: what events say of carts, and of site and app together.

use super::super::Opened;
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::Result;
use serde_json::json;

/// Carts of marts.carts, those worth most first, those that became an order last.
pub(super) async fn carts(opened: &Opened, state: Option<&str>, n: usize, as_json: bool) -> Result<()> {
    // One of four words: the command line takes no other.
    let only = state.map_or_else(String::new, |state| format!("where state = '{state}'"));
    let sql = format!(
        "select owner, shopper_id is not null as known, market, state, units, products, cast(value as varchar) as value, currency, \
         cast(last_at as varchar) as last_at from marts.carts {only} order by state = 'ordered', value desc nulls last, units desc, owner limit {n}"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (owners, known, markets) = (rows.texts("owner")?, rows.truths("known")?, rows.texts("market")?);
    let (states, units, products) = (rows.texts("state")?, rows.ints("units")?, rows.texts("products")?);
    let (values, currencies, last) =
        (rows.optional_texts("value")?, rows.optional_texts("currency")?, rows.texts("last_at")?);
    if as_json {
        let row = |i: usize| {
            json!({"owner": owners[i], "known": known[i], "market": markets[i], "state": states[i], "units": units[i],
                "products": products[i], "value": values[i], "currency": currencies[i], "last": last[i]})
        };
        return output::json(&(0..rows.len()).map(row).collect::<Vec<_>>());
    }
    if rows.len() == 0 {
        output::line("no such cart: events such as Product Added make carts, see docs/tracking.md");
        return Ok(());
    }
    let line = |i: usize| {
        let value = match (&values[i], &currencies[i]) {
            (Some(value), Some(currency)) => {
                format!("{} {currency}", value.trim_end_matches('0').trim_end_matches('.'))
            }
            _ => "not known".to_owned(),
        };
        let who = if known[i] { owners[i].clone() } else { format!("{} (visitor)", owners[i]) };
        vec![
            who,
            markets[i].clone(),
            states[i].clone(),
            units[i].to_string(),
            value,
            products[i].clone(),
            last[i].clone(),
        ]
    };
    output::table(
        &["whose", "market", "state", "units", "value", "products", "last"],
        &[3, 4],
        (0..rows.len()).map(line).collect(),
    );
    Ok(())
}

/// Visitors by market and channel.
pub(super) async fn channels(opened: &Opened, as_json: bool) -> Result<()> {
    let sql = "select market, site, app, both_channels, visitors, known from marts.channel_visitors \
               order by case when market = 'all' then 1 else 0 end, visitors desc, market";
    let rows = Rows::query(&opened.engine, sql).await?;
    let markets = rows.texts("market")?;
    let names = ["site", "app", "both_channels", "visitors", "known"];
    let counts = names.map(|name| rows.ints(name)).into_iter().collect::<Result<Vec<_>>>()?;
    if as_json {
        let row = |i: usize| {
            json!({"market": markets[i], "site": counts[0][i], "app": counts[1][i], "both": counts[2][i],
                "visitors": counts[3][i], "known": counts[4][i]})
        };
        return output::json(&(0..rows.len()).map(row).collect::<Vec<_>>());
    }
    if rows.len() == 0 {
        output::line("no event says whether it came from the site or the app, see docs/tracking.md");
        return Ok(());
    }
    let line = |i: usize| {
        let counts = counts.iter().map(|column| output::count(column[i]));
        std::iter::once(markets[i].clone()).chain(counts).collect()
    };
    output::table(
        &["market", "site", "app", "both", "together", "known shoppers"],
        &[1, 2, 3, 4, 5],
        (0..rows.len()).map(line).collect(),
    );
    Ok(())
}
