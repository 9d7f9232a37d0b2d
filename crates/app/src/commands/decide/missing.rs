//! `portolan decide missing`: a table of what decisions lack, to fill and take in again.
//!
//! A row a product that sells and has no cost, weight or size, or whose verdict in some market hangs on something that nobody
//! stated: marks and certificates, languages of label and manual, voltage, plug, battery, liquid. What is known is filled in;
//! the last column names what is asked for. Only empty cells have to be filled: of two records of a product the later one
//! counts cell by cell, and an empty cell says nothing.

use super::Opened;
use crate::pipeline::rows::Rows;
use crate::{output, segments};
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const TEXTS: [&str; 10] = [
    "product_code",
    "name",
    "category",
    "voltage_range",
    "plug",
    "marks",
    "label_languages",
    "battery",
    "liquid",
    "cost_currency",
];
const NUMBERS: [&str; 7] = ["voltage_v", "battery_wh", "wattage_w", "length_cm", "width_cm", "height_cm", "weight_kg"];

/// Products that sell, those that sell most first, with what is known and which columns verdicts ask for.
const SQL: &str = "\
with sold as (select product_id, sum(quantity) as units from clean.order_lines where settled group by product_id),
  listed as (select product_id, cost, currency from (select product_id, cost, currency, row_number() over (partition by product_id
    order by valid_from desc) as nth from clean.costs) y where nth = 1)
select p.product_id as product_code, p.name, p.category, p.voltage_range, p.plug, p.marks, p.label_languages, p.battery, p.liquid,
  coalesce(c.currency, p.cost_currency) as cost_currency, p.voltage_v, p.battery_wh, p.wattage_w, p.length_cm, p.width_cm,
  p.height_cm, p.weight_kg, cast(coalesce(c.cost, p.unit_cost) as varchar) as cost
from clean.products p join sold u on u.product_id = p.product_id left join listed c on c.product_id = p.product_id
where not p.service and u.units > 0 order by u.units desc, p.product_id";

/// What verdicts ask for in markets that something was sold in.
const ASKED: &str = "\
select distinct product_id, missing from marts.sellability
where missing <> '' and market in (select distinct market from clean.order_lines)";

pub(super) async fn missing(opened: &Opened, out: &Path) -> Result<()> {
    let rows = Rows::query(&opened.engine, SQL).await?;
    let texts: Vec<Vec<Option<String>>> = TEXTS.iter().map(|name| rows.optional_texts(name)).collect::<Result<_>>()?;
    let numbers: Vec<Vec<Option<f64>>> = NUMBERS.iter().map(|name| rows.floats(name)).collect::<Result<_>>()?;
    let (ids, cost) = (rows.texts("product_code")?, rows.optional_texts("cost")?);
    let asking = Rows::query(&opened.engine, ASKED).await?;
    let (of, columns) = (asking.texts("product_id")?, asking.texts("missing")?);
    let mut asked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, columns) in of.iter().zip(&columns) {
        asked.entry(id).or_default().extend(columns.split_whitespace());
    }
    let mut text = format!("{},{},cost,asked\n", TEXTS.join(","), NUMBERS.join(","));
    let mut n_rows = 0;
    for i in 0..rows.len() {
        let mut lacks = asked.remove(ids[i].as_str()).unwrap_or_default();
        lacks.extend(cost[i].is_none().then_some("cost"));
        let sizes = NUMBERS.iter().zip(&numbers).filter(|(name, _)| name.ends_with("_cm") || name.ends_with("_kg"));
        lacks.extend(sizes.filter(|(_, n)| n[i].is_none()).map(|(name, _)| *name));
        if lacks.is_empty() {
            continue;
        }
        let mut cells: Vec<String> = texts.iter().map(|t| segments::csv_cell(t[i].as_deref().unwrap_or(""))).collect();
        cells.extend(numbers.iter().map(|n| n[i].map_or_else(String::new, |x| x.to_string())));
        cells.push(cost[i].clone().unwrap_or_default());
        cells.push(lacks.into_iter().collect::<Vec<_>>().join(" "));
        text.push_str(&cells.join(","));
        text.push('\n');
        n_rows += 1;
    }
    std::fs::write(out, text).with_context(|| format!("writing {}", out.display()))?;
    output::line(&format!("{}: {} products to complete", out.display(), output::count(n_rows)));
    if n_rows > 0 {
        output::hint(
            "fill what the last column asks for: marks and languages as lists such as CE;LUCID and de;en, battery as none, inside or \
             alone, liquid as none, liquid, flammable or aerosol; `none` where there is none",
        );
        output::hint(&format!(
            "then `portolan ingest {} --format canonical-products` and `portolan run`",
            out.display()
        ));
    }
    Ok(())
}
