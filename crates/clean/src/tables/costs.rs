//! clean.costs: the cost of one unit of a product from a day on.

use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, day_array, must_amounts, must_ints, must_texts};
use crate::rules::Rule;
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::Currency;
use std::collections::BTreeMap;

struct Row {
    at: At,
    cost: i64,
    currency: Currency,
}

impl Placed for Row {
    fn at(&self) -> &At {
        &self.at
    }
}

/// Cleans raw.costs. A cost may begin in the future; one without a day holds from 1970-01-01 on.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn costs(batches: &[RecordBatch], surveyed: &Surveyed, params: &CleanParams) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("costs", surveyed, params);
    let mut kept: BTreeMap<(String, i32), Row> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("costs", raw);
        let origin = Origin::new(r)?;
        let (code, cost) = (r.text("product_code")?, r.amounts("cost")?);
        let (currency, from) = (r.text("currency")?, r.days("valid_from")?);
        for row in 0..raw.num_rows() {
            let rules = [Rule::MissingValue, Rule::ImpossiblePrice, Rule::Currency, Rule::RecordRepeat];
            let at = sweep.row(&origin, row, &rules);
            let Some(product) = sweep.product(code.get(row)) else { continue };
            let Some(currency) = sweep.currency(currency.get(row)) else { continue };
            let Some(cost) = sweep.not_negative(cost.get(row), "cost") else { continue };
            let from = from.get(row).unwrap_or(0);
            let name = format!("{product} from {}", domain::Day(from));
            sweep.keep_later(&mut kept, (product, from), &name, Row { at, cost, currency });
        }
    }
    let table = batch(
        clean_table("costs"),
        vec![
            must_texts(kept.keys().map(|k| &k.0)),
            day_array(kept.keys().map(|k| Some(k.1))),
            must_amounts(kept.values().map(|r| r.cost)),
            must_texts(kept.values().map(|r| r.currency.code().to_owned())),
            must_texts(kept.values().map(|r| &r.at.source)),
            must_ints(kept.values().map(|r| r.at.line)),
        ],
    );
    Ok(sweep.finish(table))
}
