//! Amazon all-orders flat file: tab-separated, one row an order item, no buyer identity.
//!
//! Prices are for the whole line. `unit_price` is `item-price / quantity`, rounded to millionths
//! where it does not divide; the exact `amount` (price less promotion, before tax) stands beside
//! it and is what counts. A cancelled line keeps its quantity of 0. Amazon leaves price and
//! currency of cancelled lines empty: the price is then 0 and the currency that of the sales
//! channel (`Amazon.de` → EUR).

use super::Connector;
use crate::error::IntakeError;
use crate::format::Format;
use crate::header::Header;
use crate::number::{self, DecimalMark};
use crate::out::Out;
use crate::plan::{Fault, How, Plan};
use crate::record::Record;
use domain::{Amount, Rounding};

/// Columns that tell the report.
pub(crate) const MUST: [&str; 6] =
    ["amazon-order-id", "purchase-date", "order-status", "sku", "quantity", "item-price"];

struct AmazonOrders {
    plan: Plan,
    quantity: usize,
    price: usize,
    discount: Option<usize>,
    currency: Option<usize>,
    channel: Option<usize>,
    status: usize,
    to: Columns,
}

/// Positions in `raw.order_lines`.
struct Columns {
    quantity: usize,
    unit_price: usize,
    amount: usize,
    currency: usize,
    status: usize,
}

pub(crate) fn connector(format: &Format, header: &Header) -> Result<Box<dyn Connector>, IntakeError> {
    let words = format.words();
    let mut plan = Plan::new(format.table());
    plan.take(header.need(&words, &["amazon-order-id"])?, "order_id", How::Plain);
    plan.take(header.need(&words, &["purchase-date"])?, "ordered_at", How::Plain);
    plan.take(header.need(&words, &["sku", "asin"])?, "product_code", How::Plain);
    for (name, column, how) in [
        ("product-name", "product_name", How::Plain),
        ("item-promotion-discount", "discount", How::Discount),
        ("item-tax", "tax", How::Plain),
        ("ship-country", "country", How::Plain),
        ("ship-state", "region", How::Plain),
        ("ship-city", "city", How::Plain),
        ("sales-channel", "channel", How::Plain),
    ] {
        if let Some(at) = header.find(&[name]) {
            plan.take(at, column, how);
        }
    }
    let at = |name| Plan::column(format.table(), name);
    let to = Columns {
        quantity: at("quantity"),
        unit_price: at("unit_price"),
        amount: at("amount"),
        currency: at("currency"),
        status: at("status"),
    };
    plan.written = vec![to.quantity, to.unit_price, to.currency];
    let quantity = header.need(&words, &["quantity", "quantity-purchased"])?;
    let price = header.need(&words, &["item-price"])?;
    let currency = header.find(&["currency"]);
    plan.sources = vec![(quantity, to.quantity), (price, to.unit_price)];
    plan.sources.extend(currency.map(|c| (c, to.currency)));
    Ok(Box::new(AmazonOrders {
        quantity,
        price,
        currency,
        status: header.need(&words, &["order-status", "item-status"])?,
        discount: header.find(&["item-promotion-discount"]),
        channel: header.find(&["sales-channel"]),
        plan,
        to,
    }))
}

impl AmazonOrders {
    fn write(&self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), Box<Fault>> {
        let (plan, to, mark) = (&self.plan, &self.to, self.plan.reading.mark);
        plan.cells(record, out)?;
        let fault = |rule, column, value: &str, expected: &str| {
            Box::new(Fault { rule, column, value: value.to_owned(), expected: expected.to_owned() })
        };
        let text = record.get(self.quantity).trim();
        let quantity = number::integer(text, mark)
            .filter(|n| number::countable(*n))
            .ok_or_else(|| fault("not_a_whole_number", to.quantity, text, "a whole number such as 1"))?;
        let text = record.get(self.price).trim();
        let price = money(text, mark)
            .ok_or_else(|| fault("not_an_amount", to.unit_price, text, "the price of the whole line, such as 39.98"))?;
        let text = self.discount.map_or("", |d| record.get(d).trim());
        let discount = money(text, mark).map_or(0, |d| d.micros().abs());
        let unit = match quantity {
            0 => price,
            n => {
                let each = price.to_decimal() / domain::Decimal::from(n.abs());
                Amount::from_decimal(Rounding::HalfEven.round(each, Amount::SCALE)).unwrap_or(price)
            }
        };
        out.long(to.quantity, quantity);
        out.wide(to.unit_price, i128::from(unit.micros()));
        out.wide(to.amount, i128::from(price.micros() - discount));
        let written = self.currency.map_or("", |c| record.get(c).trim());
        let channel = self.channel.map_or("", |c| record.get(c).trim());
        let currency = match (written, plan.constant_of(to.currency)) {
            ("", Some(default)) => default,
            ("", None) => currency_of(channel).ok_or_else(|| {
                fault("missing_value", to.currency, channel, "a currency, or a sales channel that tells it")
            })?,
            (code, _) => code,
        };
        out.text(to.currency, currency);
        let status = record.get(self.status).trim().to_lowercase();
        out.text(
            to.status,
            match status.as_str() {
                "shipped" | "shipped - delivered to buyer" | "complete" | "unshipped" | "shipping" => "completed",
                "canceled" => "cancelled",
                "shipped - returned to seller" => "returned",
                other => other,
            },
        );
        Ok(())
    }
}

impl Connector for AmazonOrders {
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        match self.write(record, out) {
            Ok(()) => out.commit(record.line),
            Err(fault) => self.plan.put_aside(record.line, *fault, out),
        }
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    fn numbers(&self) -> Vec<usize> {
        vec![self.price]
    }
}

/// Empty is 0: Amazon leaves the price of cancelled lines out.
fn money(text: &str, mark: DecimalMark) -> Option<Amount> {
    if text.is_empty() { Some(Amount::ZERO) } else { number::amount(text, mark).filter(|a| number::fits(*a)) }
}

/// The currency of a marketplace.
fn currency_of(channel: &str) -> Option<&'static str> {
    Some(match channel.to_lowercase().strip_prefix("amazon.")? {
        "com" => "USD",
        "ca" => "CAD",
        "com.mx" => "MXN",
        "com.br" => "BRL",
        "co.uk" => "GBP",
        "de" | "fr" | "it" | "es" | "nl" | "com.be" | "ie" => "EUR",
        "se" => "SEK",
        "pl" => "PLN",
        "com.tr" => "TRY",
        "sa" => "SAR",
        "ae" => "AED",
        "eg" => "EGP",
        "in" => "INR",
        "co.jp" | "jp" => "JPY",
        "sg" | "com.sg" => "SGD",
        "com.au" => "AUD",
        "co.za" => "ZAR",
        _ => return None,
    })
}
