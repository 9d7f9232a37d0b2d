//! The tables clean.products and clean.merges.
//!
//! The median price and its deviation are in the reporting currency: each currency's prices are
//! converted at the rate of the last day on which the product was sold in it, then one weighted
//! median is taken over all. A currency without a rate for that day is an error, as everywhere.

use crate::catalogue::{Catalogue, Codes};
use crate::columns::{
    amount_array, batch, bool_array, clean_table, float_array, int_array, must_ints, must_texts, text_array,
};
use crate::hash::{Interner, NONE};
use crate::identity::Proof;
use crate::rates::{MissingRate, Rates};
use crate::rules::junk_text::Junk;
use crate::rules::outlier::median;
use arrow_array::RecordBatch;
use domain::{Amount, Currency};

/// The table clean.products, by product.
pub(crate) fn products(catalogue: &Catalogue, rates: &Rates, base: Currency) -> Result<RecordBatch, MissingRate> {
    let codes = &catalogue.codes;
    let mut order: Vec<u32> = (0..codes.n_products() as u32).collect();
    order.sort_unstable_by_key(|&p| codes.id(p));
    let mut series_of: Vec<(u32, Currency, u32)> = catalogue.series.iter().map(|(&(p, c), &s)| (p, c, s)).collect();
    series_of.sort_unstable();
    let prices: Vec<(Option<i64>, Option<i64>)> = order
        .iter()
        .map(|&p| {
            let from = series_of.partition_point(|s| s.0 < p);
            let of_product = series_of[from..].iter().take_while(|s| s.0 == p);
            typical_price(catalogue, of_product.map(|&(_, c, s)| (c, s)), rates, base)
        })
        .collect::<Result<_, _>>()?;

    let text = |field: usize| {
        text_array(order.iter().map(|p| catalogue.records.get(p).and_then(|r| r.texts[field].as_deref())))
    };
    let measure =
        |field: usize| float_array(order.iter().map(|p| catalogue.records.get(p).and_then(|r| r.measures[field])));
    let amount =
        |field: usize| amount_array(order.iter().map(|p| catalogue.records.get(p).and_then(|r| r.amounts[field])));
    let at = |p: u32| p as usize;
    Ok(batch(
        clean_table("products"),
        vec![
            must_texts(order.iter().map(|&p| codes.id(p))),
            text_array(order.iter().map(|&p| catalogue.names[at(p)].as_deref())),
            text(1),
            text(2),
            text(3),
            text(4),
            measure(0),
            text(5),
            measure(1),
            measure(2),
            measure(3),
            measure(4),
            measure(5),
            measure(6),
            text(13),
            text(14),
            text(15),
            text(16),
            measure(7),
            text(17),
            text(6),
            text(8),
            text(12),
            text(9),
            amount(0),
            text(10),
            amount(1),
            text(11),
            int_array(order.iter().map(|p| catalogue.records.get(p).and_then(|r| r.stock))),
            text(7),
            must_ints(order.iter().map(|&p| i64::from(catalogue.n_names[at(p)]))),
            must_ints(order.iter().map(|&p| i64::from(catalogue.n_codes[at(p)]))),
            amount_array(prices.iter().map(|p| p.0)),
            amount_array(prices.iter().map(|p| p.1)),
            text_array(order.iter().map(|&p| {
                let other = catalogue.likely_same[at(p)];
                (other != NONE).then(|| codes.id(other))
            })),
            bool_array(order.iter().map(|&p| Some(catalogue.service[at(p)]))),
            text_array(order.iter().map(|&p| catalogue.junk(p).map(Junk::word))),
        ],
    ))
}

/// Median price and median absolute deviation of a product, in millionths of the reporting currency.
fn typical_price(
    catalogue: &Catalogue,
    series: impl Iterator<Item = (Currency, u32)>,
    rates: &Rates,
    base: Currency,
) -> Result<(Option<i64>, Option<i64>), MissingRate> {
    let mut histogram: Vec<(i64, u64)> = Vec::new();
    for (currency, s) in series {
        let day = catalogue.last_day[s as usize];
        let cross = if currency == base { None } else { Some(rates.cross(currency, base, day)?) };
        histogram.extend(catalogue.histogram(s).iter().filter_map(|&((_, price), count)| {
            let price = Amount::from_micros(price);
            let converted = cross.map_or(Some(price), |c| c.apply(price))?;
            Some((converted.micros(), count))
        }));
    }
    histogram.sort_unstable();
    let Some(middle) = median(&histogram) else { return Ok((None, None)) };
    for value in &mut histogram {
        value.0 = (value.0 - middle).abs();
    }
    histogram.sort_unstable();
    Ok((Some(middle), median(&histogram)))
}

/// Codes that were merged into another spelling: (kept, merged, proof), by merged code.
pub(crate) fn code_merges(codes: &Codes) -> Vec<(&str, &str, Proof)> {
    let mut merges: Vec<(&str, &str, Proof)> = codes
        .codes()
        .filter(|(code, product, _)| *code != codes.id(*product))
        .map(|(code, product, proof)| (codes.id(product), code, proof))
        .collect();
    merges.sort_unstable();
    merges
}

/// The part of clean.merges that is about product codes.
pub(crate) fn merges(codes: &Codes, replaced: &[(String, &'static str, Proof)], sources: &Interner) -> RecordBatch {
    // Kind, what stays, what was merged, why, and where.
    type Row = (&'static str, String, String, String, Proof);
    let codes = code_merges(codes).into_iter().map(|(kept, merged, proof)| -> Row {
        let why = "same code but for case, width and blanks".to_owned();
        ("product_code", kept.to_owned(), merged.to_owned(), why, proof)
    });
    let records = replaced.iter().map(|(kept, what, proof)| -> Row {
        let merged = format!("{}:{}", sources.text(proof.source), proof.line);
        let why = format!("a later record of the same {what}; what it does not say stays");
        ("record_repeat", kept.clone(), merged, why, *proof)
    });
    let rows: Vec<Row> = codes.chain(records).collect();
    batch(
        clean_table("merges"),
        vec![
            must_texts(rows.iter().map(|r| r.0)),
            must_texts(rows.iter().map(|r| &r.1)),
            must_texts(rows.iter().map(|r| &r.2)),
            must_texts(rows.iter().map(|r| &r.3)),
            must_texts(rows.iter().map(|r| sources.text(r.4.source))),
            must_ints(rows.iter().map(|r| r.4.line)),
        ],
    )
}
