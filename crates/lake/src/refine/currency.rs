//! The currency that a workspace reports in.

use super::RefineParams;
use crate::parquet_io::Pick;
use crate::raw::RawTable;
use crate::{Lake, LakeError, Snapshot};
use arrow::array::{Array, AsArray};
use domain::Currency;
use std::collections::BTreeMap;

/// The reporting currency that was asked for, else the one of most order lines whose currency is one;
/// the euro where there is no such line, because then nothing is there to convert.
pub(super) fn base_currency(lake: &Lake, snapshot: &Snapshot, params: &RefineParams) -> Result<Currency, LakeError> {
    if let Some(base) = params.base {
        return Ok(base);
    }
    let mut lines: BTreeMap<Currency, u64> = BTreeMap::new();
    // Where no file has an order, events tell in what is sold.
    let sold = if RawTable::new(lake, snapshot, "order_lines")?.rows() > 0 { "order_lines" } else { "events" };
    let pick = Pick { columns: Some(&["currency"]), buckets: None };
    RawTable::new(lake, snapshot, sold)?.each(pick, &mut |batch| {
        let column = batch.column(0).as_string::<i32>();
        let mut from = 0;
        // Files rarely mix currencies: count runs, not rows.
        while from < column.len() {
            let value = column.value(from);
            let to = (from..column.len()).find(|&i| column.value(i) != value).unwrap_or(column.len());
            // Rows in a word that is no currency are put aside and have no say.
            if let Ok(currency) = value.parse() {
                *lines.entry(currency).or_default() += (to - from) as u64;
            }
            from = to;
        }
        Ok(())
    })?;
    // Ties go to the first in the alphabet: max_by_key keeps the last of equals, so go backwards.
    let most = lines.into_iter().rev().max_by_key(|(_, n)| *n);
    Ok(most.map_or(Currency::new(*b"EUR"), |(currency, _)| currency))
}
