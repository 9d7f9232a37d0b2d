//! `portolan markets platforms`: on which selling platform to offer in a market, from a table of facts that the seller keeps.
//!
//! `platforms.toml` beside portolan.toml holds one `[[platform]]` a platform and market, with the keys of
//! [`audience::entry::platform::COLUMNS`]; `--template` drafts it. The order that fees are compared on is the market's mean order
//! where it has thirty, else one has to be given.

use super::super::Opened;
use crate::exit::{Exit, Stop};
use crate::output;
use crate::pipeline::rows::Rows;
use anyhow::{Context, Result};
use audience::entry::platform::{COLUMNS, PlatformChoice, PlatformFacts, PlatformParams, template};
use domain::{Currency, Decimal, Market, Money, Rounding, country};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Name of the table of facts.
pub(crate) const FILE: &str = "platforms.toml";

/// Orders that make a mean order worth comparing fees on.
const ENOUGH: i64 = 30;

/// What the command was asked.
pub(super) struct Asked<'a> {
    pub(super) market: Market,
    /// Value of an order in the market's currency.
    pub(super) order: Option<Decimal>,
    /// Orders a month on the platform.
    pub(super) orders_a_month: f64,
    /// Requirements that the seller meets.
    pub(super) has: &'a [String],
    pub(super) json: bool,
}

/// The facts that the seller keeps; none where there is no file.
pub(crate) fn read(root: &Path) -> Result<Option<Vec<PlatformFacts>>> {
    let path = root.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let wrong = |why: String| {
        let next = format!("an entry is [[platform]] with the keys {}", COLUMNS.join(", "));
        Stop::error(Exit::Usage, format!("{}: {why}", path.display()), next)
    };
    let table: toml::Table = toml::from_str(&text).map_err(|e| wrong(e.to_string().trim_end().to_owned()))?;
    if let Some(other) = table.keys().find(|key| *key != "platform") {
        return Err(wrong(format!("`{other}` is not understood")));
    }
    let rows = table.get("platform").and_then(|v| v.as_array()).cloned().unwrap_or_default();
    let row = |row: &toml::Value| -> Result<PlatformFacts> {
        let entry = row.as_table().ok_or_else(|| wrong("an entry is no table".to_owned()))?;
        let cells: BTreeMap<&str, String> = entry.iter().map(|(k, v)| (k.as_str(), cell(v))).collect();
        let cells: BTreeMap<&str, &str> = cells.iter().map(|(k, v)| (*k, v.as_str())).collect();
        PlatformFacts::from_cells(&cells).map_err(|e| wrong(e.to_string()))
    };
    rows.iter().map(row).collect::<Result<Vec<_>>>().map(Some)
}

/// A value as a cell of the table.
fn cell(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Drafts the table: names and requirements to be verified, every number to be filled in.
pub(super) fn draft(root: &Path) -> Result<()> {
    let path = root.join(FILE);
    if path.exists() {
        let next = "edit it, or move it away to have a new draft";
        return Err(Stop::error(Exit::Usage, format!("{} is there already", path.display()), next));
    }
    let mut text = String::from(
        "# Selling platforms. What is not known is left out. Fees change several times a year: write where each comes from.\n",
    );
    let rows = template();
    for row in &rows {
        let needs: Vec<String> = row.requirements.iter().map(|r| format!("\"{r}\"")).collect();
        let _ = write!(
            text,
            "\n[[platform]]\nplatform = \"{}\"\nmarket = \"{}\"\nrequirements = [{}]\nnote = \"{}\"\n# reach = 0.3\n# trust = 4\n# fee_percent = 15\n# fixed_fee = \"0.30\"\n# monthly_fee = \"39.00\"\n# settlement_days = 14\n# services = 4\n# data_access = 1\n",
            row.platform,
            row.market,
            needs.join(", "),
            row.note
        );
    }
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    output::line(&format!("{}: {} platforms to fill in and verify", path.display(), rows.len()));
    output::hint("then: portolan markets platforms DE");
    Ok(())
}

/// The mean order of a market in its own currency, where it has enough orders in that currency.
async fn mean_order(opened: &Opened, market: Market, currency: Currency) -> Result<Option<Money>> {
    let sql = format!(
        "select count(*) as n, cast(avg(cast(total as double)) as double) as mean from clean.orders \
         where market = '{market}' and currency = '{}' and kind = 'sale' and total > 0",
        currency.code()
    );
    let rows = Rows::query(&opened.engine, &sql).await?;
    let n = rows.ints("n")?.first().copied().unwrap_or(0);
    let mean = rows.floats("mean")?.into_iter().flatten().next().filter(|_| n >= ENOUGH);
    let money = |mean| Money::from_decimal(Decimal::try_from(mean).ok()?, currency, Rounding::HalfEven).ok();
    Ok(mean.and_then(money))
}

/// The platforms of a market compared on an order; `None` where the table has none of that market.
pub(crate) fn choose(
    facts: &[PlatformFacts],
    market: Market,
    order: Money,
    params: &PlatformParams,
) -> Result<Option<PlatformChoice>> {
    let own: Vec<PlatformFacts> = facts.iter().filter(|f| f.market == market).cloned().collect();
    if own.is_empty() {
        return Ok(None);
    }
    let choice = params.choose(&own, order).map_err(|e| {
        Stop::error(Exit::Usage, e.to_string(), "portolan markets platforms --help lists what can be given")
    })?;
    Ok(Some(choice))
}

pub(super) async fn platforms(opened: &Opened, asked: &Asked<'_>) -> Result<()> {
    let market = asked.market;
    let facts = read(&opened.workspace.root)?.ok_or_else(|| {
        let what = format!("there is no {FILE} in {}", opened.workspace.root.display());
        Stop::error(Exit::Missing, what, "portolan markets platforms --template drafts it")
    })?;
    let currency = country(market).map(|c| c.currency).ok_or_else(|| {
        Stop::error(Exit::Usage, format!("{market} is no country with a currency"), "a market is written DE, US, …")
    })?;
    let order = match asked.order {
        Some(value) => Money::from_decimal(value, currency, Rounding::HalfEven)
            .map_err(|e| Stop::error(Exit::Usage, e.to_string(), "an amount such as 49.90"))?,
        None => mean_order(opened, market, currency).await?.ok_or_else(|| {
            let what = format!("{market} has fewer than {ENOUGH} orders in {currency}: no order to compare fees on");
            Stop::error(Exit::Missing, what, format!("give one: --order 50 (in {currency})"))
        })?,
    };
    let params = PlatformParams {
        orders_a_month: asked.orders_a_month,
        has: asked.has.iter().cloned().collect(),
        ..PlatformParams::default()
    };
    let choice = choose(&facts, market, order, &params)?.ok_or_else(|| {
        let mut known: Vec<&str> = facts.iter().map(|f| f.market.code()).collect();
        known.sort_unstable();
        known.dedup();
        let what = format!("{FILE} has no platform of {market}");
        Stop::error(Exit::Missing, what, format!("it has {}; add one", known.join(", ")))
    })?;
    let said = choice.sentences();
    if asked.json {
        let items: Vec<_> = choice
            .ranked()
            .iter()
            .enumerate()
            .map(|(at, p)| {
                let parts: BTreeMap<&str, f64> = p.parts.iter().copied().collect();
                json!({"rank": p.rank, "platform": p.facts.platform, "score": p.score, "known": p.known, "parts": parts,
                    "fee": p.fee, "unmet": p.unmet, "note": p.facts.note, "figures": choice.figures(at)})
            })
            .collect();
        let en: Vec<&str> = said.iter().map(|w| w.en.as_str()).collect();
        let zh: Vec<&str> = said.iter().map(|w| w.zh.as_str()).collect();
        return output::json(&json!({"market": market, "order": order, "platforms": items, "en": en, "zh": zh}));
    }
    let cells = choice.ranked().iter().map(|p| {
        vec![
            p.rank.to_string(),
            p.facts.platform.clone(),
            p.score.map_or_else(|| "–".to_owned(), |s| format!("{s:.2}")),
            // An empty sum is -0 in Rust.
            format!("{:.0} %", 100.0 * p.known.abs()),
            p.fee.map_or_else(|| "not known".to_owned(), |f| f.to_string()),
            p.unmet.join(", "),
            p.facts.note.clone(),
        ]
    });
    let fee = format!("fee on {order}");
    output::table(&["", "platform", "score", "known", &fee, "not met", "note"], &[0, 2, 3, 4], cells.collect());
    said.iter().for_each(|words| output::line(&words.en));
    said.iter().for_each(|words| output::line(&words.zh));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_a_wrong_cell_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(read(root).unwrap().is_none());
        draft(root).unwrap();
        let rows = read(root).unwrap().unwrap();
        assert_eq!(rows.len(), template().len());
        assert!(draft(root).is_err(), "a table that somebody filled is not written over");
        let write = |text: &str| std::fs::write(root.join(FILE), text).unwrap();
        write("[[platform]]\nplatform = \"A\"\nmarket = \"DE\"\nreach = 3\n");
        let error = format!("{:#}", read(root).unwrap_err());
        assert!(error.contains("reach") && error.contains('3'), "{error}");
        write("[[platform]]\nplatform = \"A\"\nmarket = \"DE\"\nfee = 3\n");
        assert!(format!("{:#}", read(root).unwrap_err()).contains("fee_percent"));
    }
}
