//! The columns of raw.order_lines.

use crate::CleanError;
use crate::columns::{Decimals, Instants, Ints, Reader, Text};
use crate::hash::{hash_bytes, mix};
use crate::identity::RowKeys;
use crate::rules::cancellation::{self, Said};
use crate::rules::test_order;
use arrow_array::RecordBatch;

/// One batch, opened.
pub(crate) struct RawLines<'a> {
    pub(crate) source: Text<'a>,
    pub(crate) line: Ints<'a>,
    pub(crate) order_id: Text<'a>,
    pub(crate) product_code: Text<'a>,
    pub(crate) product_name: Text<'a>,
    pub(crate) quantity: Ints<'a>,
    pub(crate) unit_price: Decimals<'a>,
    pub(crate) amount: Decimals<'a>,
    pub(crate) discount: Decimals<'a>,
    pub(crate) tax: Decimals<'a>,
    pub(crate) currency: Text<'a>,
    pub(crate) ordered_at: Instants<'a>,
    pub(crate) shopper_key: Text<'a>,
    pub(crate) email_hash: Text<'a>,
    pub(crate) phone_hash: Text<'a>,
    /// Only lines of tracked orders have one.
    pub(crate) anonymous_id: Text<'a>,
    pub(crate) country: Text<'a>,
    pub(crate) region: Text<'a>,
    pub(crate) city: Text<'a>,
    /// No part of the content: a report of an earlier release came without it and is the same report.
    pub(crate) postcode_area: Text<'a>,
    pub(crate) channel: Text<'a>,
    pub(crate) status: Text<'a>,
    pub(crate) reason: Text<'a>,
    pub(crate) order_total: Decimals<'a>,
    /// Which of [`Self::texts`] have a value at all.
    filled_texts: Vec<u8>,
}

impl<'a> RawLines<'a> {
    pub(crate) fn new(batch: &'a RecordBatch) -> Result<Self, CleanError> {
        let r = Reader::new("order_lines", batch);
        let mut lines = Self {
            filled_texts: Vec::new(),
            source: r.text("source")?,
            line: r.ints("line")?,
            order_id: r.text("order_id")?,
            product_code: r.text("product_code")?,
            product_name: r.text("product_name")?,
            quantity: r.ints("quantity")?,
            unit_price: r.amounts("unit_price")?,
            amount: r.amounts("amount")?,
            discount: r.amounts("discount")?,
            tax: r.amounts("tax")?,
            currency: r.text("currency")?,
            ordered_at: r.instants("ordered_at")?,
            shopper_key: r.text("shopper_key")?,
            email_hash: r.text("email_hash")?,
            phone_hash: r.text("phone_hash")?,
            anonymous_id: r.later_text("anonymous_id")?,
            country: r.text("country")?,
            region: r.text("region")?,
            city: r.text("city")?,
            postcode_area: r.later_text("postcode_area")?,
            channel: r.text("channel")?,
            status: r.text("status")?,
            reason: r.later_text("reason")?,
            order_total: r.later_amounts("order_total")?,
        };
        let filled = lines.texts().into_iter().enumerate().filter(|(_, c)| !matches!(c, Text::Empty));
        lines.filled_texts = filled.map(|(tag, _)| tag as u8).collect();
        Ok(lines)
    }

    /// Whether somebody only tried the shop.
    pub(crate) fn is_test(&self, row: usize) -> bool {
        test_order::is(test_order::Signs {
            order_id: self.order_id.get(row).unwrap_or_default(),
            title: self.product_name.get(row),
            status: self.status.get(row),
            channel: self.channel.get(row),
            shopper: self.shopper_key.get(row),
        })
    }

    /// Whether a row's price is what somebody paid: the order was no test, not called off, and does not wait for its money.
    pub(crate) fn is_paid(&self, row: usize) -> bool {
        !self.is_test(row) && !matches!(cancellation::said(self.status.get(row)), Said::Cancelled | Said::Pending)
    }

    /// Identities of a row.
    pub(crate) fn keys(&self, row: usize) -> RowKeys<'a> {
        RowKeys {
            customer: self.shopper_key.get(row),
            email: self.email_hash.get(row),
            phone: self.phone_hash.get(row),
            anonymous: self.anonymous_id.get(row),
            handle: None,
        }
    }

    /// Hash of all business fields of a row: everything but source and line. Missing values leave
    /// no trace, so that a column which is empty in this batch need not be looked at.
    pub(crate) fn content_hash(&self, row: usize, seed: u64) -> u64 {
        let mut hash = mix(seed, self.quantity.get(row).unwrap_or(0) as u64);
        hash = mix(hash, self.ordered_at.get(row).unwrap_or(0) as u64);
        let (texts, decimals) = (self.texts(), self.decimals());
        for &tag in &self.filled_texts {
            if let Some(text) = texts[usize::from(tag)].get(row) {
                hash = hash_bytes(hash ^ u64::from(tag), text.as_bytes());
            }
        }
        for (tag, column) in decimals.into_iter().enumerate() {
            if let Some(value) = column.get(row) {
                hash = mix(mix(hash, tag as u64), value as u64);
            }
        }
        hash
    }

    /// Whether two rows agree in all business fields.
    pub(crate) fn same_content(&self, row: usize, other: &Self, other_row: usize) -> bool {
        self.texts().iter().zip(other.texts()).all(|(a, b)| a.get(row) == b.get(other_row))
            && self.quantity.get(row) == other.quantity.get(other_row)
            && self.ordered_at.get(row) == other.ordered_at.get(other_row)
            && self.decimals().iter().zip(other.decimals()).all(|(a, b)| a.get(row) == b.get(other_row))
    }

    #[inline]
    fn texts(&self) -> [&Text<'a>; 13] {
        [
            &self.order_id,
            &self.product_code,
            &self.product_name,
            &self.currency,
            &self.shopper_key,
            &self.email_hash,
            &self.phone_hash,
            &self.country,
            &self.region,
            &self.city,
            &self.channel,
            &self.status,
            &self.reason,
        ]
    }

    #[inline]
    fn decimals(&self) -> [&Decimals<'a>; 5] {
        [&self.unit_price, &self.amount, &self.discount, &self.tax, &self.order_total]
    }
}
