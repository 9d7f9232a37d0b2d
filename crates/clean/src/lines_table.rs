//! Drafts of order lines as the table clean.order_lines.

use crate::columns::{
    batch, clean_table, day_array, instant_array, int_array, must_amounts, must_ints, shopper_numbers,
};
use crate::hash::{NONE, Texts};
use crate::lines::{Draft, FLAGS};
use crate::raw_lines::RawLines;
use crate::rules::text::normalize;
use crate::survey::Surveyed;
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use std::sync::Arc;

/// The table, in the order of the drafts; `keys` are the orders' keys by number.
pub(crate) fn order_lines(drafts: &[Draft], raw: &[RawLines<'_>], keys: &Texts, surveyed: &Surveyed) -> RecordBatch {
    let of = |d: &Draft| (&raw[d.batch as usize], d.row as usize);
    let flags = flag_texts();
    batch(
        clean_table("order_lines"),
        vec![
            texts(drafts, 16, |d, out| {
                let (raw, row) = of(d);
                out.append_value(raw.source.get(row).unwrap_or_default());
            }),
            must_ints(drafts.iter().map(|d| d.line)),
            texts(drafts, 8, |d, out| {
                let (raw, row) = of(d);
                out.append_value(raw.order_id.get(row).unwrap_or_default());
            }),
            texts(drafts, 16, |d, out| out.append_value(keys.get(d.order))),
            texts(drafts, 8, |d, out| {
                out.append_option((d.shopper != NONE).then(|| surveyed.identity.name_of(d.shopper)));
            }),
            texts(drafts, 8, |d, out| {
                out.append_option((d.product != NONE).then(|| surveyed.catalogue.codes.id(d.product)));
            }),
            texts(drafts, 8, |d, out| {
                let (raw, row) = of(d);
                match raw.product_code.get(row) {
                    // Most codes are written as their product's identifier, which is in normal form.
                    Some(code) if d.product != NONE && code == surveyed.catalogue.codes.id(d.product) => {
                        out.append_value(code);
                    }
                    Some(code) => out.append_value(normalize(code)),
                    None => out.append_null(),
                }
            }),
            texts(drafts, 2, |d, out| out.append_value(d.market.code())),
            instant_array(drafts.iter().map(|d| Some(d.at))),
            day_array(drafts.iter().map(|d| Some(d.day().0))),
            texts(drafts, 8, |d, out| out.append_value(d.kind.word())),
            must_ints(drafts.iter().map(|d| d.quantity)),
            must_amounts(drafts.iter().map(|d| d.price)),
            must_amounts(drafts.iter().map(|d| d.amount)),
            texts(drafts, 3, |d, out| out.append_value(d.currency.code())),
            must_amounts(drafts.iter().map(|d| d.base)),
            must_ints(drafts.iter().map(|d| d.returned)),
            must_amounts(drafts.iter().map(|d| d.returned_base)),
            texts(drafts, 0, |d, out| {
                out.append_option((d.reverses != NONE).then(|| {
                    let (raw, row) = of(&drafts[d.reverses as usize]);
                    raw.source.get(row).unwrap_or_default()
                }));
            }),
            int_array(drafts.iter().map(|d| (d.reverses != NONE).then(|| drafts[d.reverses as usize].line))),
            texts(drafts, 0, |d, out| {
                let (raw, row) = of(d);
                out.append_option(raw.channel.get(row));
            }),
            texts(drafts, 0, |d, out| {
                let (raw, row) = of(d);
                out.append_option(raw.reason.get(row).map(normalize));
            }),
            Arc::new(BooleanArray::from_iter(drafts.iter().map(|d| Some(d.repeat)))),
            texts(drafts, 0, |d, out| out.append_value(&flags[usize::from(d.flags)])),
            Arc::new(BooleanArray::from_iter(drafts.iter().map(|d| Some(d.settled())))),
            shopper_numbers(drafts.iter().map(|d| d.shopper)),
        ],
    )
}

fn texts(drafts: &[Draft], usual_bytes: usize, mut append: impl FnMut(&Draft, &mut StringBuilder)) -> ArrayRef {
    let mut out = StringBuilder::with_capacity(drafts.len(), drafts.len() * usual_bytes);
    for draft in drafts {
        append(draft, &mut out);
    }
    Arc::new(out.finish())
}

/// The flags column for each set of bits.
fn flag_texts() -> Vec<String> {
    (0..1_u8 << FLAGS.len())
        .map(|bits| {
            let words: Vec<&str> = FLAGS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, word)| *word).collect();
            words.join(" ")
        })
        .collect()
}
