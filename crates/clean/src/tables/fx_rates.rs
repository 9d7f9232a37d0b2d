//! clean.fx_rates: published exchange rates, one a day and pair.

use super::{At, Origin, Placed, Sweep, TableOut};
use crate::columns::{Reader, batch, clean_table, day_array, must_ints, must_texts, rate_array};
use crate::rejects::Finding;
use crate::rules::{Rule, missing_key};
use crate::survey::Surveyed;
use crate::{CleanError, CleanParams};
use arrow_array::RecordBatch;
use domain::{Day, Decimal};
use std::collections::BTreeMap;

struct Row {
    at: At,
    rate: i128,
}

impl Placed for Row {
    fn at(&self) -> &At {
        &self.at
    }
}

/// Cleans raw.fx_rates; a rate published again replaces the earlier one.
///
/// # Errors
/// [`CleanError`] for batches of another layout.
pub fn fx_rates(batches: &[RecordBatch], surveyed: &Surveyed, params: &CleanParams) -> Result<TableOut, CleanError> {
    let mut sweep = Sweep::new("fx_rates", surveyed, params);
    let mut kept: BTreeMap<(Day, String, String), Row> = BTreeMap::new();
    for raw in batches {
        let r = Reader::new("fx_rates", raw);
        let origin = Origin::new(r)?;
        let (day, base, quote, rate) = (r.days("day")?, r.text("base")?, r.text("quote")?, r.rates("rate")?);
        for row in 0..raw.num_rows() {
            let rules =
                [Rule::MissingValue, Rule::FutureDate, Rule::Currency, Rule::ImpossiblePrice, Rule::RecordRepeat];
            let at = sweep.row(&origin, row, &rules);
            let Some(day) = day.get(row) else {
                sweep.reject(missing_key::missing("day", "the day of publication"));
                continue;
            };
            let Some(day) = sweep.past(Day(day), "day") else { continue };
            let Some(base) = sweep.currency(base.get(row)) else { continue };
            let Some(quote) = sweep.currency(quote.get(row)) else { continue };
            let Some(rate) = rate.get(row).filter(|r| *r > 0) else {
                let value = rate.get(row).and_then(|r| Decimal::try_from_i128_with_scale(r, 12).ok());
                sweep.reject(Finding {
                    rule: Rule::ImpossiblePrice,
                    column: "rate",
                    value: value.map(|v| v.normalize().to_string()),
                    expected: "a positive rate".to_owned(),
                });
                continue;
            };
            let key = (day, base.code().to_owned(), quote.code().to_owned());
            let name = format!("{day} {base} {quote}");
            sweep.keep_later(&mut kept, key, &name, Row { at, rate });
        }
    }
    let table = batch(
        clean_table("fx_rates"),
        vec![
            day_array(kept.keys().map(|k| Some(k.0.0))),
            must_texts(kept.keys().map(|k| &k.1)),
            must_texts(kept.keys().map(|k| &k.2)),
            rate_array(kept.values().map(|r| r.rate)),
            must_texts(kept.values().map(|r| &r.at.source)),
            must_ints(kept.values().map(|r| r.at.line)),
        ],
    );
    Ok(sweep.finish(table))
}
