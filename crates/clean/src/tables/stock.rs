//! clean.stock: the latest count of a product in a warehouse for a market.

use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, day_array, must_ints, must_texts};
use crate::rules::Rule;
use crate::rules::text::normalize;
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::Day;
use std::collections::BTreeMap;

struct Row {
    at: At,
    quantity: i64,
    as_of: Option<i32>,
}

impl Placed for Row {
    fn at(&self) -> &At {
        &self.at
    }
}

/// Cleans raw.stock: of each product, warehouse and market the count of the latest day; counts
/// without a day are older than any day.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn stock(batches: &[RecordBatch], surveyed: &Surveyed, params: &CleanParams) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("stock", surveyed, params);
    let mut kept: BTreeMap<(String, String, String), Row> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("stock", raw);
        let origin = Origin::new(r)?;
        let (code, warehouse, market) = (r.text("product_code")?, r.text("warehouse")?, r.text("market")?);
        let (quantity, as_of) = (r.ints("quantity")?, r.days("as_of")?);
        for row in 0..raw.num_rows() {
            let rules = [Rule::MissingValue, Rule::Country, Rule::RecordRepeat, Rule::FutureDate];
            let at = sweep.row(&origin, row, &rules);
            let Some(product) = sweep.product(code.get(row)) else { continue };
            let as_of = as_of.get(row);
            if let Some(day) = as_of
                && sweep.past(Day(day), "as_of").is_none()
            {
                continue;
            }
            let warehouse = warehouse.get(row).map_or_else(|| "main".to_owned(), |w| normalize(w).into_owned());
            let market = sweep.market(market.get(row)).code().to_owned();
            let name = format!("{product} {warehouse} {market}");
            let new = Row { at, quantity: quantity.get(row).unwrap_or(0), as_of };
            let key = (product, warehouse, market);
            match kept.get(&key) {
                Some(old) if old.as_of > new.as_of => sweep.merged(Rule::RecordRepeat, &name, &new.at),
                _ => sweep.keep_later(&mut kept, key, &name, new),
            }
        }
    }
    let table = batch(
        clean_table("stock"),
        vec![
            must_texts(kept.keys().map(|k| &k.0)),
            must_texts(kept.keys().map(|k| &k.1)),
            must_texts(kept.keys().map(|k| &k.2)),
            must_ints(kept.values().map(|r| r.quantity)),
            day_array(kept.values().map(|r| r.as_of)),
            must_texts(kept.values().map(|r| &r.at.source)),
            must_ints(kept.values().map(|r| r.at.line)),
        ],
    );
    Ok(sweep.finish(table))
}
