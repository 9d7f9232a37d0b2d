//! clean.competitor_prices: what a competitor asked for a product on a day.

use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, day_array, must_amounts, must_ints, must_texts};
use crate::rules::text::normalize;
use crate::rules::{Rule, missing_key};
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::{Currency, Day};
use std::collections::BTreeMap;

struct Row {
    at: At,
    price: i64,
    currency: Currency,
}

impl Placed for Row {
    fn at(&self) -> &At {
        &self.at
    }
}

/// Cleans raw.competitor_prices; a competitor without a name is `unnamed`.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn competitor_prices(
    batches: &[RecordBatch],
    surveyed: &Surveyed,
    params: &CleanParams,
) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("competitor_prices", surveyed, params);
    let mut kept: BTreeMap<(Day, String, String, String), Row> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("competitor_prices", raw);
        let origin = Origin::new(r)?;
        let (day, market, code) = (r.days("day")?, r.text("market")?, r.text("product_code")?);
        let (competitor, price, currency) = (r.text("competitor")?, r.amounts("price")?, r.text("currency")?);
        for row in 0..raw.num_rows() {
            let rules = [
                Rule::MissingValue,
                Rule::FutureDate,
                Rule::ImpossiblePrice,
                Rule::Currency,
                Rule::Country,
                Rule::RecordRepeat,
            ];
            let at = sweep.row(&origin, row, &rules);
            let Some(product) = sweep.product(code.get(row)) else { continue };
            let Some(day) = day.get(row) else {
                sweep.reject(missing_key::missing("day", "the day of the price"));
                continue;
            };
            let Some(day) = sweep.past(Day(day), "day") else { continue };
            let Some(currency) = sweep.currency(currency.get(row)) else { continue };
            let Some(price) = sweep.not_negative(price.get(row), "price") else { continue };
            let market = sweep.market(market.get(row)).code().to_owned();
            let competitor = competitor.get(row).map_or_else(|| "unnamed".to_owned(), |c| normalize(c).into_owned());
            let name = format!("{day} {market} {product} {competitor}");
            sweep.keep_later(&mut kept, (day, market, product, competitor), &name, Row { at, price, currency });
        }
    }
    let table = batch(
        clean_table("competitor_prices"),
        vec![
            day_array(kept.keys().map(|k| Some(k.0.0))),
            must_texts(kept.keys().map(|k| &k.1)),
            must_texts(kept.keys().map(|k| &k.2)),
            must_texts(kept.keys().map(|k| &k.3)),
            must_amounts(kept.values().map(|r| r.price)),
            must_texts(kept.values().map(|r| r.currency.code().to_owned())),
            must_texts(kept.values().map(|r| &r.at.source)),
            must_ints(kept.values().map(|r| r.at.line)),
        ],
    );
    Ok(sweep.finish(table))
}
