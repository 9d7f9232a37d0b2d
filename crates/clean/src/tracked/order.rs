//! What the events of one order make of it.
//!
//! - The first `Order Completed` (by time) with products is the order; another one, of a reloaded page or of page *and* server,
//!   is merged into it. A product without a quantity is one unit.
//! - `Order Updated` with products replaces its lines, the later one the earlier; its time stays. What it says of amounts holds.
//! - `Order Cancelled` voids it: the lines stay, with status `cancelled`, and are no sales.
//! - `Order Refunded` with products takes those units back for what was paid for them; with an amount below what is left, that
//!   amount; else everything. Reversals bear the time of the refund and status `refunded`.
//! - **Discount.** Where the goods are worth less than the prices add up to (`revenue`, `value` or `subtotal`), or a discount of
//!   the whole order is stated alone, the difference is shared out over the lines ([`domain::allocate`]).
//! - **Shipping and tax** become lines of their own, as in files; tax only where the stated total says that prices do not hold it.

use super::Row;
use crate::rejects::Finding;
use crate::rules::{Rule, missing_key};
use domain::{Amount, Currency, Decimal, Money, Rounding, allocate};
use tracking::Deed;

/// One event: its rows, a product each.
pub(super) struct Telling<'r> {
    rows: &'r [Row],
}

/// Whose an order is, where and how it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Who {
    pub(super) customer: Option<String>,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) anonymous: Option<String>,
    pub(super) country: Option<String>,
    pub(super) channel: Option<String>,
}

/// A line as raw.order_lines has it; amounts in millionths.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) source: String,
    pub(super) line: i64,
    /// Its place among the lines of its event.
    pub(super) place: usize,
    pub(super) order: String,
    pub(super) at: i64,
    pub(super) code: Option<String>,
    pub(super) title: Option<&'static str>,
    pub(super) quantity: i64,
    pub(super) price: i64,
    pub(super) amount: Option<i64>,
    pub(super) discount: i64,
    pub(super) currency: String,
    pub(super) status: &'static str,
    pub(super) total: Option<i64>,
    pub(super) who: Who,
}

/// What became of an order's events.
#[derive(Default)]
pub(super) struct Built<'r> {
    pub(super) lines: Vec<Line>,
    pub(super) faults: Vec<(&'r Row, Finding)>,
    pub(super) merged: Vec<(&'r Row, &'static str)>,
}

/// Which of two events of one instant comes first.
pub(super) const fn rank(deed: Deed) -> u8 {
    match deed {
        Deed::OrderCompleted => 0,
        Deed::OrderUpdated => 1,
        Deed::OrderRefunded => 2,
        _ => 3,
    }
}

/// A product of the order.
#[derive(Clone)]
struct Item<'r> {
    row: &'r Row,
    code: &'r str,
    quantity: i64,
    price: i64,
}

impl Item<'_> {
    fn amount(&self) -> i128 {
        i128::from(self.price) * i128::from(self.quantity)
    }
}

impl<'r> Telling<'r> {
    pub(super) fn new(rows: &'r [Row]) -> Self {
        Self { rows }
    }

    fn first(&self) -> &'r Row {
        &self.rows[0]
    }

    fn names_products(&self) -> bool {
        self.rows.iter().any(|r| r.code.is_some())
    }

    /// Its products, and what is wrong with the others.
    fn items(&self, built: &mut Built<'r>) -> Vec<Item<'r>> {
        if !self.names_products() {
            let finding = missing_key::missing("product_code", "`products`, each with `product_id` or `sku`");
            built.faults.push((self.first(), finding));
            return Vec::new();
        }
        let mut items = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            let finding = match (&row.code, row.price, row.quantity.unwrap_or(1)) {
                (None, ..) => missing_key::missing("product_code", "`product_id` or `sku` of every product"),
                (_, None, _) => missing_key::missing("unit_price", "`price` of one unit of every product"),
                (_, _, quantity) if quantity < 1 => Finding {
                    rule: Rule::ImpossibleQuantity,
                    column: "quantity",
                    value: Some(quantity.to_string()),
                    expected: "at least one unit; what comes back is told by Order Refunded".to_owned(),
                },
                (Some(code), Some(price), quantity) => {
                    items.push(Item { row, code, quantity, price });
                    continue;
                }
            };
            built.faults.push((row, finding));
        }
        items
    }
}

/// Amounts that belong to the whole order.
#[derive(Clone, Copy, Default)]
struct Sums {
    value: Option<i64>,
    total: Option<i64>,
    shipping: Option<i64>,
    tax: Option<i64>,
    discount: Option<i64>,
}

impl Sums {
    fn of(row: &Row) -> Self {
        Self { value: row.value, total: row.total, shipping: row.shipping, tax: row.tax, discount: row.discount }
    }

    /// With what a later event says; where that lists the products anew, it says anew what they come to.
    fn updated(self, by: &Row, anew: bool) -> Self {
        let old = if anew { Self { shipping: self.shipping, ..Self::default() } } else { self };
        Self {
            value: by.value.or(old.value),
            total: by.total.or(old.total),
            shipping: by.shipping.or(old.shipping),
            tax: by.tax.or(old.tax),
            discount: by.discount.or(old.discount),
        }
    }
}

/// Puts an order's events, in order of time, together.
pub(super) fn build<'r>(tellings: &[Telling<'r>]) -> Built<'r> {
    let mut built = Built::default();
    let mut base: Option<(usize, Vec<Item<'r>>)> = None;
    for (i, telling) in tellings.iter().enumerate().filter(|(_, t)| t.first().deed == Deed::OrderCompleted) {
        if base.is_some() {
            built.merged.push((telling.first(), "the order was told before"));
            continue;
        }
        let items = telling.items(&mut built);
        if !items.is_empty() {
            base = Some((i, items));
        }
    }
    let Some((place, mut items)) = base else {
        for telling in tellings.iter().filter(|t| t.first().deed != Deed::OrderCompleted) {
            let row = telling.first();
            let finding = Finding {
                rule: Rule::TrackedUnknown,
                column: "order_id",
                value: Some(format!("{}: {}", row.deed.name(), row.id)),
                expected: "an Order Completed of the same number that can be read".to_owned(),
            };
            built.faults.push((row, finding));
        }
        return built;
    };
    let first = tellings[place].first();
    let mut sums = Sums::of(first);
    let mut currency = currency_of(&tellings[place]);
    let mut refunds = Vec::new();
    let mut cancelled = false;
    for telling in tellings {
        match telling.first().deed {
            Deed::OrderUpdated => {
                let anew = telling.names_products();
                if anew {
                    let newer = telling.items(&mut built);
                    if newer.is_empty() {
                        continue;
                    }
                    items = newer;
                }
                sums = sums.updated(telling.first(), anew);
                currency = currency_of(telling).or(currency);
            }
            Deed::OrderRefunded => refunds.push(telling),
            Deed::OrderCancelled => cancelled = true,
            _ => {}
        }
    }
    let Some(currency) = currency else {
        built.faults.push((first, missing_key::missing("currency", "`currency` of the order, such as EUR")));
        return built;
    };
    let order = Order { first, who: who(tellings, first), currency, items, sums, cancelled };
    let mut lines = order.lines();
    if !cancelled {
        let mut left = Left::of(&lines);
        for refund in refunds {
            order.refund(refund, &mut left, &mut lines, &mut built);
        }
    }
    built.lines = lines;
    built
}

fn currency_of(telling: &Telling<'_>) -> Option<String> {
    telling.rows.iter().find_map(|r| r.currency.clone())
}

/// The first that each event says, the order's own first.
fn who(tellings: &[Telling<'_>], first: &Row) -> Who {
    let rows = || std::iter::once(first).chain(tellings.iter().map(Telling::first));
    let find = |of: fn(&Row) -> Option<&String>| rows().find_map(of).cloned();
    Who {
        customer: find(|r| r.customer.as_ref()),
        email: find(|r| r.email.as_ref()),
        phone: find(|r| r.phone.as_ref()),
        anonymous: find(|r| r.anonymous.as_ref()),
        country: find(|r| r.country.as_ref()),
        channel: find(|r| r.channel.as_ref()),
    }
}

struct Order<'r> {
    first: &'r Row,
    who: Who,
    currency: String,
    items: Vec<Item<'r>>,
    sums: Sums,
    cancelled: bool,
}

/// What of an order was not paid back yet.
struct Left {
    /// Line, units.
    goods: Vec<(usize, i64)>,
    charges: Vec<usize>,
    money: i128,
}

impl Left {
    fn of(lines: &[Line]) -> Self {
        let is_charge = |l: &Line| l.title.is_some();
        Self {
            goods: lines.iter().enumerate().filter(|(_, l)| !is_charge(l)).map(|(i, l)| (i, l.quantity)).collect(),
            charges: lines.iter().enumerate().filter(|(_, l)| is_charge(l)).map(|(i, _)| i).collect(),
            money: lines.iter().filter(|l| !is_charge(l)).map(net).sum(),
        }
    }
}

/// What a line comes to.
fn net(line: &Line) -> i128 {
    i128::from(line.price) * i128::from(line.quantity) - i128::from(line.discount)
}

impl Order<'_> {
    fn line(&self, row: &Row, place: usize) -> Line {
        Line {
            source: row.source.clone(),
            line: row.line,
            place,
            order: self.first.id.clone(),
            at: self.first.at,
            code: None,
            title: None,
            quantity: 1,
            price: 0,
            amount: None,
            discount: 0,
            currency: self.currency.clone(),
            status: if self.cancelled { "cancelled" } else { "completed" },
            total: None,
            who: self.who.clone(),
        }
    }

    /// Its goods, shipping and tax.
    fn lines(&self) -> Vec<Line> {
        let sum: i128 = self.items.iter().map(Item::amount).sum();
        let discounts = self.discounts(sum);
        let mut lines: Vec<Line> = Vec::with_capacity(self.items.len() + 2);
        for (item, discount) in self.items.iter().zip(&discounts) {
            let line = self.line(item.row, lines.len());
            let code = Some(item.code.to_owned());
            lines.push(Line { code, quantity: item.quantity, price: item.price, discount: *discount, ..line });
        }
        let goods = sum - discounts.iter().map(|d| i128::from(*d)).sum::<i128>();
        let (shipping, tax) = (self.sums.shipping.unwrap_or(0), self.sums.tax.unwrap_or(0));
        let beside = |parts: i64| self.sums.total.is_some_and(|t| i128::from(t) == goods + i128::from(parts));
        let tax = if beside(shipping.saturating_add(tax)) && !beside(shipping) { tax } else { 0 };
        let charges = [("SHIPPING", "Shipping", shipping), ("TAX", "Tax", tax)];
        for (code, title, price) in charges.into_iter().filter(|(.., price)| *price > 0) {
            let line = self.line(self.items[0].row, lines.len());
            lines.push(Line { code: Some(code.to_owned()), title: Some(title), price, ..line });
        }
        lines[0].total = self.sums.total;
        lines
    }

    /// The discount on the whole order by line.
    fn discounts(&self, sum: i128) -> Vec<i64> {
        let none = vec![0; self.items.len()];
        let gap = match (self.sums.value, self.sums.discount) {
            (Some(value), _) => sum - i128::from(value),
            (None, Some(discount)) => i128::from(discount.saturating_abs()),
            (None, None) => 0,
        };
        let Some(gap) = i64::try_from(gap).ok().filter(|gap| *gap > 0 && i128::from(*gap) <= sum) else { return none };
        let Ok(currency) = self.currency.parse::<Currency>() else { return none };
        let gap = Amount::from_micros(gap).to_decimal();
        let money = Money::from_decimal(gap, currency, Rounding::HalfEven);
        // A gap finer than the currency's minor unit is rounding, no discount.
        let Some(money) = money.ok().filter(|m| m.to_decimal() == gap) else { return none };
        let weights: Vec<Decimal> = (self.items.iter())
            .map(|item| i64::try_from(item.amount()).map_or(Decimal::ZERO, |a| Amount::from_micros(a).to_decimal()))
            .collect();
        let Ok(parts) = allocate(money, &weights) else { return none };
        parts.iter().map(|p| Amount::from_decimal(p.to_decimal()).map_or(0, Amount::micros)).collect()
    }

    /// Takes back what an event says was paid back.
    fn refund<'r>(&self, refund: &Telling<'r>, left: &mut Left, lines: &mut Vec<Line>, built: &mut Built<'r>) {
        let row = refund.first();
        let back = |place: usize| Line { at: row.at, status: "refunded", ..self.line(row, place) };
        if refund.names_products() {
            for (place, row) in refund.rows.iter().enumerate() {
                let Some(code) = &row.code else { continue };
                let quantity = row.quantity.unwrap_or(1).abs();
                if quantity == 0 {
                    continue;
                }
                let mut open = quantity;
                for (line, units) in left.goods.iter_mut().filter(|(l, _)| lines[*l].code.as_ref() == Some(code)) {
                    let taken = open.min(*units);
                    let sold = &lines[*line];
                    left.money -= net(sold) * i128::from(taken) / i128::from(sold.quantity.max(1));
                    (*units, open) = (*units - taken, open - taken);
                }
                // Without a price it is worth what was paid for it; what was never bought is told as unmatched.
                let price = if open > 0 { row.price.unwrap_or(0) } else { 0 };
                lines.push(Line { code: Some(code.clone()), quantity: -quantity, price, ..back(place) });
            }
            return;
        }
        let charged: i128 = left.charges.iter().map(|l| net(&lines[*l])).sum();
        let stated = row.total.or(row.value).map(|a| i128::from(a).abs());
        if left.money <= 0 && charged <= 0 {
            built.merged.push((row, "the order was paid back before"));
            return;
        }
        if let Some(amount) = stated.filter(|a| *a > 0 && *a < left.money) {
            left.money -= amount;
            let amount = i64::try_from(amount).unwrap_or(i64::MAX);
            lines.push(Line { quantity: -1, price: amount, amount: Some(-amount), ..back(0) });
            return;
        }
        let mut place = 0;
        for (line, units) in left.goods.iter_mut().filter(|(_, units)| *units > 0) {
            let code = lines[*line].code.clone();
            lines.push(Line { code, quantity: -*units, ..back(place) });
            (*units, place) = (0, place + 1);
        }
        let goods = std::mem::take(&mut left.money);
        // A stated amount of the goods alone leaves what was charged beside them.
        if stated.is_none_or(|a| a > goods) {
            for line in std::mem::take(&mut left.charges) {
                let (code, title, price) = (lines[line].code.clone(), lines[line].title, lines[line].price);
                lines.push(Line { code, title, quantity: -1, price, amount: Some(-price), ..back(place) });
                place += 1;
            }
        }
    }
}
