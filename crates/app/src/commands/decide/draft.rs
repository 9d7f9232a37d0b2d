//! `--draft` of `portolan decide shift` and `faces`: the table that each of them reads, with what the workspace knows filled in and the
//! rest left empty.
//!
//! A channel's spend is that of the last thirteen weeks; who was won by it and what they are worth no table says. A segment's margin
//! of an order is what its orders brought in the mean, times the market's share of sales that is margin; what a face did only a test
//! says.

use super::{Opened, objects};
use crate::exit::{Exit, Stop};
use crate::pipeline::rates::Rates;
use crate::pipeline::rows::Rows;
use crate::{output, segments};
use anyhow::{Context, Result};
use domain::Market;
use std::collections::BTreeMap;
use std::path::Path;

/// Days of spend that are added up.
const DAYS: i32 = 91;

/// Where a table that is to be read is missing.
pub(super) fn absent(command: &str, path: &Path) -> Option<anyhow::Error> {
    let next = format!(
        "`portolan decide {command} {} --draft --market DE` writes it in a workspace, with what is known of that market, to be filled",
        path.display()
    );
    (!path.exists()).then(|| Stop::error(Exit::Missing, format!("there is no file {}", path.display()), next))
}

/// Writes the drafted table; a file that is there may be filled already, and stays.
fn write(path: &Path, header: &str, rows: &[Vec<String>], hint: &str) -> Result<()> {
    if path.exists() {
        let next = "name another file, or move this one";
        return Err(Stop::error(Exit::Usage, format!("{} is there already", path.display()), next));
    }
    let line = |cells: &Vec<String>| cells.iter().map(|c| segments::csv_cell(c)).collect::<Vec<_>>().join(",");
    let text: String = std::iter::once(header.to_owned()).chain(rows.iter().map(line)).map(|l| l + "\n").collect();
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    output::line(&format!("{}: {} rows to fill", path.display(), output::count(rows.len())));
    output::hint(hint);
    Ok(())
}

/// A row a channel of a market that money was spent on of late.
pub(super) async fn shift(opened: &Opened, market: Market, path: &Path) -> Result<()> {
    let sql = format!(
        "select channel, currency, sum(cast(spend as double)) as spend from clean.ad_spend where market = '{market}' and day > \
         (select max(day) from clean.ad_spend where market = '{market}') - interval '{DAYS} days' group by channel, currency"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (channels, codes, spend) = (rows.texts("channel")?, rows.texts("currency")?, rows.floats("spend")?);
    let rates = Rates::load(&opened.engine).await?;
    let mut of: BTreeMap<&str, f64> = BTreeMap::new();
    for ((channel, code), spend) in channels.iter().zip(&codes).zip(spend) {
        let rate = code.parse().ok().and_then(|code| rates.rate(code, opened.snapshot.currency?));
        if let (Some(rate), Some(spend)) = (rate, spend) {
            *of.entry(channel).or_default() += rate * spend;
        }
    }
    if of.is_empty() {
        return Err(Stop::error(
            Exit::Missing,
            format!("no advertising spend of {market} is known"),
            "`portolan ingest` takes a table: day, market, channel, campaign, spend, currency, impressions, clicks",
        ));
    }
    let row = |(channel, spent): (&str, f64)| {
        vec![channel.to_owned(), format!("{spent:.2}"), String::new(), String::new(), String::new()]
    };
    let rows: Vec<Vec<String>> = of.into_iter().map(row).collect();
    let hint = format!(
        "spent is that of the last {DAYS} days in {}; fill new_shoppers won by it and lifetime_value, the margin that one of them brings \
         before what winning it costs, and elasticity where a test told it; then `portolan decide shift {} --currency {0}`",
        base(opened),
        path.display()
    );
    write(path, "channel,spent,new_shoppers,lifetime_value,elasticity", &rows, &hint)
}

/// A row a segment of a market.
pub(super) async fn faces(opened: &Opened, market: Market, path: &Path) -> Result<()> {
    let share = format!(
        "select value from marts.decision_figures where market = '{market}' and figure = 'decide.margin_share'"
    );
    let share = objects(opened, &share).await?.first().and_then(|r| r["value"].as_f64()).filter(|s| *s > 0.0);
    let sql = format!(
        "select segment, count(*) as shoppers, sum(cast(monetary as double)) / nullif(sum(frequency), 0) as sales \
         from marts.segments where market = '{market}' group by segment order by segment"
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let (names, shoppers, sales) = (rows.texts("segment")?, rows.ints("shoppers")?, rows.floats("sales")?);
    if names.is_empty() {
        let next = "segments need orders that say who bought: `portolan quality` says how many do";
        return Err(Stop::error(Exit::Missing, format!("no segment of {market} is known"), next));
    }
    let row = |at: usize| {
        let margin = sales[at].zip(share).map_or_else(String::new, |(sales, share)| format!("{:.2}", sales * share));
        let empty = String::new;
        vec![names[at].clone(), shoppers[at].to_string(), empty(), margin, empty(), empty()]
    };
    let rows: Vec<Vec<String>> = (0..names.len()).map(row).collect();
    let hint = format!(
        "a row a face of your test: repeat a segment's row for each; fill buys_anyway and buys, the shares that bought without and with it, \
         and face, what it takes off, in {}; then `portolan decide faces {} --budget 500 --currency {0}`",
        base(opened),
        path.display()
    );
    write(path, "segment,shoppers,buys_anyway,margin,face,buys", &rows, &hint)
}

fn base(opened: &Opened) -> String {
    opened.snapshot.currency.map(|c| c.to_string()).unwrap_or_default()
}
