//! Amazon all-orders flat file: tab-separated, one row an order item, no buyer identity.
//!
//! Prices are for the whole line. `unit_price` is `item-price / quantity`, rounded to millionths
//! where it does not divide; the exact `amount` (price less promotion, before tax) stands beside
//! it and is what counts. A cancelled line keeps its quantity of 0. Amazon leaves price and
//! currency of cancelled lines empty: the price is then 0 and the currency that of the sales
//! channel (`Amazon.de` → EUR).
//!
//! Shipping (less its promotion) and gift wrap become lines of their own. So do the taxes of item,
//! shipping and gift wrap, in one line, where the marketplace adds them to its prices (United States,
//! Canada); elsewhere its prices hold them.

use super::Connector;
use super::charges::Charge;
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
    beside: Beside,
    quantity: usize,
    price: usize,
    discount: Option<usize>,
    currency: Option<usize>,
    channel: Option<usize>,
    status: usize,
    to: Columns,
}

/// Positions of what a row states beside the price of its goods.
struct Beside {
    shipping: Option<usize>,
    shipping_discount: Option<usize>,
    gift_wrap: Option<usize>,
    taxes: Vec<usize>,
}

/// Positions in `raw.order_lines`.
struct Columns {
    code: usize,
    name: usize,
    discount: usize,
    tax: usize,
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
        ("ship-postal-code", "postcode_area", How::PostcodeArea),
        ("sales-channel", "channel", How::Plain),
    ] {
        if let Some(at) = header.find(&[name]) {
            plan.take(at, column, how);
        }
    }
    let at = |name| Plan::column(format.table(), name);
    let to = Columns {
        code: at("product_code"),
        name: at("product_name"),
        discount: at("discount"),
        tax: at("tax"),
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
    let taxes = ["item-tax", "shipping-tax", "gift-wrap-tax"];
    let beside = Beside {
        shipping: header.find(&["shipping-price"]),
        shipping_discount: header.find(&["ship-promotion-discount"]),
        gift_wrap: header.find(&["gift-wrap-price"]),
        taxes: taxes.iter().filter_map(|name| header.find(&[name])).collect(),
    };
    Ok(Box::new(AmazonOrders {
        beside,
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
    /// What the row states beside its goods: charge, amount, and what of it was let off.
    fn beside(&self, record: &Record<'_>) -> Result<Vec<(Charge, Amount, Amount)>, Box<Fault>> {
        let mark = self.plan.reading.mark;
        let amount = |at: Option<usize>| {
            let text = at.map_or("", |i| record.get(i).trim());
            money(text, mark).ok_or_else(|| {
                let expected = "an amount such as 4.99".to_owned();
                Box::new(Fault { rule: "not_an_amount", column: self.to.amount, value: text.to_owned(), expected })
            })
        };
        let let_off = Amount::from_micros(amount(self.beside.shipping_discount)?.micros().abs());
        let mut charges = vec![
            (Charge::Shipping, amount(self.beside.shipping)?, let_off),
            (Charge::GiftWrap, amount(self.beside.gift_wrap)?, Amount::ZERO),
        ];
        let channel = self.channel.map_or("", |c| record.get(c).trim()).to_lowercase();
        if matches!(channel.as_str(), "amazon.com" | "amazon.ca") {
            let mut taxes = Amount::ZERO;
            for at in &self.beside.taxes {
                taxes += amount(Some(*at))?;
            }
            charges.push((Charge::Tax, taxes, Amount::ZERO));
        }
        charges.retain(|(_, amount, _)| *amount != Amount::ZERO);
        Ok(charges)
    }

    /// Writes the row itself, or a charge of it in the row's stead.
    fn write(
        &self,
        record: &Record<'_>,
        charge: Option<(Charge, Amount, Amount)>,
        out: &mut Out<'_>,
    ) -> Result<(), Box<Fault>> {
        let (plan, to, mark) = (&self.plan, &self.to, self.plan.reading.mark);
        match charge {
            None => plan.cells(record, out)?,
            Some((charge, _, let_off)) => {
                let goods = [to.code, to.name, to.discount, to.tax];
                plan.cells_but(record, &goods, out)?;
                out.text(to.code, charge.code());
                // Named after the goods, because two equal rows of an order would be one row twice.
                let code = plan.takes.iter().find(|t| t.to == to.code).map_or("", |t| record.get(t.from).trim());
                out.text(to.name, &format!("{} of {code}", charge.title()));
                if let_off != Amount::ZERO {
                    out.wide(to.discount, i128::from(let_off.micros()));
                }
            }
        }
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
        let (quantity, price, discount) = match charge {
            None => (quantity, price, discount),
            Some((_, amount, let_off)) => (1, amount, let_off.micros()),
        };
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
                // Not paid or not confirmed yet.
                "pendingavailability" | "pending availability" => "pending",
                "" => "completed",
                other => other,
            },
        );
        Ok(())
    }
}

impl Connector for AmazonOrders {
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        let charges = match self.beside(record).and_then(|charges| self.write(record, None, out).map(|()| charges)) {
            Ok(charges) => charges,
            Err(fault) => return self.plan.put_aside(record.line, *fault, out),
        };
        out.commit(record.line)?;
        for charge in charges {
            match self.write(record, Some(charge), out) {
                Ok(()) => out.commit(record.line + charge.0.offset())?,
                Err(fault) => self.plan.put_aside(record.line, *fault, out)?,
            }
        }
        Ok(())
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    fn numbers(&self) -> Vec<usize> {
        let beside = &self.beside;
        let cells = [Some(self.price), beside.shipping, beside.shipping_discount, beside.gift_wrap];
        cells.into_iter().flatten().chain(beside.taxes.iter().copied()).collect()
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
