//! Shopify orders CSV: one row a line item; what belongs to the order stands only on its first row
//! and is carried over. Columns are found by name, never by position.
//!
//! - **Discount.** Where the order's subtotal is less than its lines add up to, the difference is
//!   a discount on the order; it is shared out over the lines in proportion to their amounts
//!   (`domain::allocate`), so that the lines add up to the subtotal exactly.
//! - **Cancelled.** An order with `Cancelled at` has status `cancelled` on every line; its refund is
//!   not written as well, that would take the money back twice.
//! - **Refunds.** The export gives one amount an order and no lines. If it equals the order's total
//!   or subtotal, every line is reversed; if it equals exactly one line, that line; otherwise one
//!   line without a product, quantity −1, takes the amount back. Reversals have status `refunded`,
//!   the time of their order (no other is known), their exact `amount`, and the line number of the
//!   row they reverse plus [`REVERSAL`], because two rows of a source never share a line.
//! - **Shipping, taxes, duties, tips** belong to the order and become lines of their own with the codes of
//!   [`super::charges`]. The export does not say whether prices hold their taxes: they do where lines and
//!   shipping already add up to the total. The total goes to `order_total`, so that cleaning can say
//!   which orders add up.

use super::Connector;
use super::charges::Charge;
use crate::date;
use crate::error::IntakeError;
use crate::format::Format;
use crate::hash_id;
use crate::header::Header;
use crate::number;
use crate::out::Out;
use crate::plan::{Fault, How, Plan};
use crate::record::Record;
use domain::{Amount, Currency, Decimal, Money, Rounding, allocate};

/// Columns that tell the export.
pub(crate) const MUST: [&str; 6] =
    ["Name", "Email", "Financial Status", "Created at", "Lineitem quantity", "Lineitem price"];

/// Added to the line of a row to get the line of its reversal.
pub const REVERSAL: u64 = 1 << 32;

/// Positions of the order's cells.
struct OrderCells {
    name: usize,
    created: usize,
    email: Option<usize>,
    phones: Vec<usize>,
    currency: Option<usize>,
    status: Option<usize>,
    cancelled: Option<usize>,
    subtotal: Option<usize>,
    total: Option<usize>,
    refunded: Option<usize>,
    shipping: Option<usize>,
    taxes: Option<usize>,
    duties: Option<usize>,
    tip: Option<usize>,
    countries: Vec<usize>,
    regions: Vec<usize>,
    cities: Vec<usize>,
    channel: Option<usize>,
}

/// Positions of a line's cells.
struct LineCells {
    quantity: usize,
    price: usize,
    name: Option<usize>,
    sku: Option<usize>,
    discount: Option<usize>,
}

struct Line {
    line: u64,
    code: String,
    name: String,
    quantity: i64,
    price: Amount,
    discount: Amount,
}

impl Line {
    fn amount(&self) -> Amount {
        self.price.times(self.quantity).unwrap_or_default() - self.discount
    }
}

#[derive(Default)]
struct Order {
    name: String,
    at: i64,
    email: Option<String>,
    phone: Option<String>,
    currency: String,
    status: &'static str,
    subtotal: Option<Amount>,
    total: Option<Amount>,
    refunded: Amount,
    shipping: Amount,
    taxes: Amount,
    duties: Amount,
    tip: Amount,
    country: String,
    region: String,
    city: String,
    channel: String,
    lines: Vec<Line>,
}

struct ShopifyOrders {
    plan: Plan,
    order: OrderCells,
    line: LineCells,
    /// Column positions in `raw.order_lines`, in the order of [`COLUMNS`].
    to: [usize; 17],
    open: Option<Order>,
    shared: u64,
    loose: u64,
    /// Orders whose prices hold their taxes, and orders whose total nothing explains.
    included: u64,
    unexplained: u64,
}

const COLUMNS: [&str; 17] = [
    "order_id",
    "product_code",
    "product_name",
    "quantity",
    "unit_price",
    "amount",
    "discount",
    "currency",
    "ordered_at",
    "email_hash",
    "phone_hash",
    "country",
    "region",
    "city",
    "channel",
    "status",
    "order_total",
];
// Places in `COLUMNS`.
const ORDER: usize = 0;
const CODE: usize = 1;
const NAME: usize = 2;
const QUANTITY: usize = 3;
const PRICE: usize = 4;
const AMOUNT: usize = 5;
const DISCOUNT: usize = 6;
const CURRENCY: usize = 7;
const AT: usize = 8;
const EMAIL: usize = 9;
const PHONE: usize = 10;
const COUNTRY: usize = 11;
const REGION: usize = 12;
const CITY: usize = 13;
const CHANNEL: usize = 14;
const STATUS: usize = 15;
const TOTAL: usize = 16;

pub(crate) fn connector(format: &Format, header: &Header) -> Result<Box<dyn Connector>, IntakeError> {
    let (words, table) = (format.words(), format.table());
    let all = |names: &[&str]| names.iter().filter_map(|n| header.find(&[n])).collect::<Vec<_>>();
    let order = OrderCells {
        name: header.need(&words, &["Name"])?,
        created: header.need(&words, &["Created at"])?,
        email: header.find(&["Email"]),
        phones: all(&["Phone", "Shipping Phone", "Billing Phone"]),
        currency: header.find(&["Currency"]),
        status: header.find(&["Financial Status"]),
        cancelled: header.find(&["Cancelled at"]),
        subtotal: header.find(&["Subtotal"]),
        total: header.find(&["Total"]),
        refunded: header.find(&["Refunded Amount"]),
        shipping: header.find(&["Shipping"]),
        taxes: header.find(&["Taxes"]),
        duties: header.find(&["Duties"]),
        tip: header.find(&["Tip", "Tips"]),
        countries: all(&["Shipping Country", "Billing Country"]),
        regions: all(&["Shipping Province", "Billing Province"]),
        cities: all(&["Shipping City", "Billing City"]),
        channel: header.find(&["Source"]),
    };
    let line = LineCells {
        quantity: header.need(&words, &["Lineitem quantity"])?,
        price: header.need(&words, &["Lineitem price"])?,
        name: header.find(&["Lineitem name"]),
        sku: header.find(&["Lineitem sku"]),
        discount: header.find(&["Lineitem discount"]),
    };
    let mut plan = Plan::new(table);
    // The plan serves the questions about dates; the rows are written by hand.
    plan.take(order.created, "ordered_at", How::Plain);
    let to = COLUMNS.map(|name| Plan::column(table, name));
    plan.written = to.to_vec();
    let hand = [
        (Some(line.quantity), QUANTITY),
        (Some(line.price), PRICE),
        (line.discount, DISCOUNT),
        (order.currency, CURRENCY),
    ];
    plan.sources = hand.into_iter().filter_map(|(from, column)| Some((from?, to[column]))).collect();
    if order.currency.is_none() {
        plan.written.retain(|c| *c != to[CURRENCY]);
    }
    Ok(Box::new(ShopifyOrders { plan, order, line, to, open: None, shared: 0, loose: 0, included: 0, unexplained: 0 }))
}

impl ShopifyOrders {
    fn fault(&self, rule: &'static str, column: usize, value: &str, expected: &str) -> Fault {
        Fault { rule, column: self.to[column], value: value.to_owned(), expected: expected.to_owned() }
    }

    fn begin(&self, record: &Record<'_>) -> Result<Order, Fault> {
        let cell = |at: Option<usize>| at.map_or("", |i| record.get(i).trim());
        let first =
            |at: &[usize]| at.iter().map(|i| record.get(*i).trim()).find(|c| !c.is_empty()).unwrap_or("").to_owned();
        let (cells, mark) = (&self.order, self.plan.reading.mark);
        let created = record.get(cells.created).trim();
        let at = date::instant(created, self.plan.reading.dates).map_err(|e| {
            let rule = if created.is_empty() { "missing_value" } else { e.rule() };
            self.fault(rule, AT, created, e.expected())
        })?;
        let amount = |at: Option<usize>| match cell(at) {
            "" => Ok(None),
            text => number::amount(text, mark)
                .filter(|a| number::fits(*a))
                .map(Some)
                .ok_or_else(|| self.fault("not_an_amount", AMOUNT, text, "an amount such as 12.75")),
        };
        let currency = match cell(cells.currency) {
            "" => self.plan.constant_of(self.to[CURRENCY]).unwrap_or(""),
            code => code,
        };
        if currency.is_empty() {
            return Err(self.fault("missing_value", CURRENCY, "", "a currency on the first row of the order"));
        }
        let financial = cell(cells.status).to_lowercase();
        let status = match financial.as_str() {
            _ if !cell(cells.cancelled).is_empty() => "cancelled",
            "voided" | "expired" => "cancelled",
            "pending" | "authorized" | "partially_paid" => "pending",
            _ => "completed",
        };
        Ok(Order {
            name: record.get(cells.name).trim().to_owned(),
            at,
            email: hash_id::email(cell(cells.email)),
            phone: cells.phones.iter().find_map(|i| hash_id::phone(record.get(*i))),
            currency: currency.to_owned(),
            status,
            subtotal: amount(cells.subtotal)?,
            total: amount(cells.total)?,
            refunded: amount(cells.refunded)?.unwrap_or_default(),
            shipping: amount(cells.shipping)?.unwrap_or_default(),
            taxes: amount(cells.taxes)?.unwrap_or_default(),
            duties: amount(cells.duties)?.unwrap_or_default(),
            tip: amount(cells.tip)?.unwrap_or_default(),
            country: first(&cells.countries),
            region: first(&cells.regions),
            city: first(&cells.cities),
            channel: match cell(cells.channel) {
                "" | "web" => "shopify".to_owned(),
                source => format!("shopify {source}"),
            },
            lines: Vec::new(),
        })
    }

    fn item(&self, record: &Record<'_>) -> Result<Line, Fault> {
        let cell = |at: Option<usize>| at.map_or("", |i| record.get(i).trim());
        let (cells, mark) = (&self.line, self.plan.reading.mark);
        let text = record.get(cells.quantity).trim();
        let quantity = number::integer(text, mark)
            .filter(|n| number::countable(*n))
            .ok_or_else(|| self.fault("not_a_whole_number", QUANTITY, text, "a whole number such as 1"))?;
        let text = record.get(cells.price).trim();
        let price = number::amount(text, mark)
            .ok_or_else(|| self.fault("not_an_amount", PRICE, text, "the price of one unit, such as 19.99"))?;
        let text = cell(cells.discount);
        let discount = if text.is_empty() { Some(Amount::ZERO) } else { number::amount(text, mark) };
        let discount = discount
            .filter(|d| number::fits(*d))
            .ok_or_else(|| self.fault("not_an_amount", DISCOUNT, text, "an amount such as 2.00"))?;
        let discount = Amount::from_micros(discount.micros().abs());
        if !price.times(quantity).is_some_and(number::fits) {
            return Err(self.fault(
                "amount_too_large",
                PRICE,
                record.get(cells.price),
                "an amount that fits 12 digits",
            ));
        }
        let (code, name) = (cell(cells.sku).to_owned(), cells.name.map_or("", |i| record.get(i)).to_owned());
        Ok(Line { line: record.line, code, name, quantity, price, discount })
    }

    fn close(&mut self, out: &mut Out<'_>) -> Result<(), IntakeError> {
        let Some(mut order) = self.open.take() else { return Ok(()) };
        self.shared += u64::from(share_discount(&mut order));
        let charges = self.charges(&order);
        for (i, line) in order.lines.iter().chain(&charges).enumerate() {
            self.write(&order, line, line.quantity, None, out)?;
            if line.discount != Amount::ZERO {
                out.wide(self.to[DISCOUNT], i128::from(line.discount.micros()));
            }
            if let Some(total) = order.total.filter(|_| i == 0) {
                out.wide(self.to[TOTAL], i128::from(total.micros()));
            }
            out.text(self.to[STATUS], order.status);
            out.commit(line.line)?;
        }
        let refund = order.refunded;
        if refund.micros() <= 0 || order.status == "cancelled" || order.lines.is_empty() {
            return Ok(());
        }
        let equal: Vec<&Line> = order.lines.iter().filter(|l| l.amount() == refund).collect();
        let reversed: Vec<&Line> = if Some(refund) == order.total {
            order.lines.iter().chain(&charges).collect()
        } else if Some(refund) == order.subtotal {
            order.lines.iter().collect()
        } else if let [one] = equal.as_slice() {
            vec![*one]
        } else {
            Vec::new()
        };
        for line in &reversed {
            self.write(&order, line, -line.quantity, Some(-line.amount()), out)?;
            out.text(self.to[STATUS], "refunded");
            out.commit(line.line + REVERSAL)?;
        }
        if reversed.is_empty() {
            self.loose += 1;
            let line = order.lines[0].line;
            let blank = Line {
                line,
                code: String::new(),
                name: String::new(),
                quantity: -1,
                price: refund,
                discount: Amount::ZERO,
            };
            self.write(&order, &blank, -1, Some(-refund), out)?;
            out.text(self.to[STATUS], "refunded");
            out.commit(line + REVERSAL)?;
        }
        Ok(())
    }

    /// What the order costs beside its lines. Whether its taxes do, its total tells.
    fn charges(&mut self, order: &Order) -> Vec<Line> {
        let Some(first) = order.lines.first() else { return Vec::new() };
        let sum: i128 = order.lines.iter().map(|l| i128::from(l.amount().micros())).sum();
        let lines = i64::try_from(sum).map(Amount::from_micros).unwrap_or_default();
        let fixed = [(Charge::Shipping, order.shipping), (Charge::Duties, order.duties), (Charge::Tip, order.tip)];
        let taxes = (Charge::Tax, order.taxes);
        let mut beside: Vec<(Charge, Amount)> = fixed.to_vec();
        if let Some(total) = order.total {
            let sum_of = |parts: &[(Charge, Amount)]| parts.iter().fold(lines, |sum, (_, a)| sum + *a);
            let with_taxes = [&fixed[..], &[taxes]].concat();
            // Some shops state duties or a tip that another column already holds.
            let bare = [fixed[0]];
            let bare_with_taxes = [fixed[0], taxes];
            let explained = [&with_taxes[..], &fixed, &bare_with_taxes, &bare].into_iter().find(|p| sum_of(p) == total);
            match explained {
                Some(parts) => {
                    let hold = order.taxes != Amount::ZERO && !parts.iter().any(|(c, _)| *c == Charge::Tax);
                    self.included += u64::from(hold);
                    beside = parts.to_vec();
                }
                None => self.unexplained += 1,
            }
        }
        let line = |(charge, amount): (Charge, Amount)| Line {
            line: first.line + charge.offset(),
            code: charge.code().to_owned(),
            name: charge.title().to_owned(),
            quantity: 1,
            price: amount,
            discount: Amount::ZERO,
        };
        beside.into_iter().filter(|(_, amount)| *amount != Amount::ZERO).map(line).collect()
    }

    fn write(
        &self,
        order: &Order,
        line: &Line,
        quantity: i64,
        amount: Option<Amount>,
        out: &mut Out<'_>,
    ) -> Result<(), IntakeError> {
        out.text(self.to[ORDER], &order.name);
        out.long(self.to[QUANTITY], quantity);
        out.wide(self.to[PRICE], i128::from(line.price.micros()));
        if let Some(amount) = amount {
            out.wide(self.to[AMOUNT], i128::from(amount.micros()));
        }
        out.text(self.to[CURRENCY], &order.currency);
        out.long(self.to[AT], order.at);
        for (column, text) in [
            (CODE, line.code.as_str()),
            (NAME, &line.name),
            (EMAIL, order.email.as_deref().unwrap_or("")),
            (PHONE, order.phone.as_deref().unwrap_or("")),
            (COUNTRY, &order.country),
            (REGION, &order.region),
            (CITY, &order.city),
            (CHANNEL, &order.channel),
        ] {
            if !text.trim().is_empty() {
                out.text(self.to[column], text);
            }
        }
        Ok(())
    }
}

/// Shares what the subtotal is below the lines' sum out over the lines. Whether there was anything.
fn share_discount(order: &mut Order) -> bool {
    let Some(subtotal) = order.subtotal else { return false };
    let Ok(currency) = order.currency.parse::<Currency>() else { return false };
    // In 128 bits: an order may have any number of lines.
    let sum: i128 = order.lines.iter().map(|l| i128::from(l.amount().micros())).sum();
    let gap = i64::try_from(sum - i128::from(subtotal.micros())).map(Amount::from_micros).unwrap_or_default();
    if !number::fits(gap) || gap.micros() <= 0 || subtotal.micros() < 0 {
        return false;
    }
    let weights: Vec<Decimal> = order.lines.iter().map(|l| l.amount().to_decimal().max(Decimal::ZERO)).collect();
    let Ok(money) = Money::from_decimal(gap.to_decimal(), currency, Rounding::HalfEven) else { return false };
    // A gap finer than the currency's minor unit is rounding in the export, not a discount.
    let Ok(parts) = allocate(money, &weights) else { return false };
    if money.to_decimal() != gap.to_decimal() {
        return false;
    }
    for (line, part) in order.lines.iter_mut().zip(parts) {
        line.discount += Amount::from_decimal(part.to_decimal()).unwrap_or_default();
    }
    true
}

impl Connector for ShopifyOrders {
    fn row(&mut self, record: &Record<'_>, out: &mut Out<'_>) -> Result<(), IntakeError> {
        let name = record.get(self.order.name).trim();
        if self.open.as_ref().is_none_or(|o| o.name != name) {
            self.close(out)?;
            match self.begin(record) {
                Ok(order) => self.open = Some(order),
                Err(fault) => return self.plan.put_aside(record.line, fault, out),
            }
        }
        match self.item(record) {
            Ok(line) => {
                if let Some(open) = &mut self.open {
                    open.lines.push(line);
                }
                Ok(())
            }
            Err(fault) => self.plan.put_aside(record.line, fault, out),
        }
    }

    fn end(&mut self, out: &mut Out<'_>) -> Result<(), IntakeError> {
        self.close(out)
    }

    fn plan(&mut self) -> &mut Plan {
        &mut self.plan
    }

    fn numbers(&self) -> Vec<usize> {
        let order = &self.order;
        let cells = [order.subtotal, order.total, order.shipping, order.taxes, self.line.discount];
        [self.line.price, self.line.quantity].into_iter().chain(cells.into_iter().flatten()).collect()
    }

    fn notes(&mut self) -> Vec<String> {
        let Self { shared, loose, included, unexplained, .. } = *self;
        let first = (shared > 0)
            .then(|| format!("{shared} orders: a discount on the whole order was shared out over its lines"));
        let second = (loose > 0)
            .then(|| format!("{loose} refunds match no line of their order and became lines without a product"));
        let third =
            (included > 0).then(|| format!("{included} orders: the prices hold the taxes, by the order's total"));
        let fourth = (unexplained > 0).then(|| {
            format!("{unexplained} orders: lines, shipping and taxes do not add up to the stated total; see rule order_total")
        });
        [first, second, third, fourth].into_iter().flatten().collect()
    }
}
