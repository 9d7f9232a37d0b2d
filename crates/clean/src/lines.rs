//! Order lines: every raw row becomes one line of clean.order_lines or one reject.
//!
//! The rules meet a row in this order: currency, future date, bounds, amount, repeats, then the
//! kind (bad debt, test, service, reversal, adjustment, gift, sale), the rate, the flags. When all rows
//! are judged, reversals take units back from earlier sales. Cost: one hash and a handful of
//! lookups a row; memory about 130 bytes a row while the call runs.

use crate::counts::Counter;
use crate::hash::{Interner, NONE, Texts};
use crate::orders::Orders;
use crate::raw_lines::RawLines;
use crate::rejects::{Finding, Rejects};
use crate::returns;
use crate::rules::cancellation::{self, Entry, Key, Said, Side};
use crate::rules::country::{Place, Places};
use crate::rules::currency::{self, Converter, Currencies};
use crate::rules::impossible::{self, Sign, Zero};
use crate::rules::repeat::{Repeats, Seen};
use crate::rules::{Rule, bad_debt, future_date, gift, service_line, stated_amount, stock_adjustment};
use crate::survey::{Lookup, Surveyed};
use crate::{CleanError, CleanParams, Rates, RuleCounts, ShopperTally};
use arrow_array::RecordBatch;
use domain::{Amount, Currency, Day, Market};

/// What became of the rows of one call.
#[derive(Debug)]
pub struct OrderLinesOut {
    /// The table clean.order_lines, in the order of the input.
    pub order_lines: RecordBatch,
    /// The table clean.orders, in order of their first lines.
    pub orders: RecordBatch,
    /// The table rejects.rows.
    pub rejects: RecordBatch,
    /// What the rules touched.
    pub counts: RuleCounts,
    /// Orders by shopper and market, for [`Surveyed::shoppers`].
    pub shoppers: ShopperTally,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    Sale,
    Cancellation,
    Service,
    Tax,
    Adjustment,
    BadDebt,
    Gift,
}

impl LineKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Cancellation => "cancellation",
            Self::Service => "service",
            Self::Tax => "tax",
            Self::Adjustment => "adjustment",
            Self::BadDebt => "bad_debt",
            Self::Gift => "gift",
        }
    }
}

/// Findings that do not remove a row, as bits; the words in their order.
pub(crate) const FLAGS: [(u8, &str); 6] = [
    (PRICE_OUTLIER, "price_outlier"),
    (QUANTITY_OUTLIER, "quantity_outlier"),
    (UNMATCHED, "unmatched_cancellation"),
    (VOID, "void"),
    (OTHER_FILE, "other_file_repeat"),
    (PENDING, "pending"),
];
pub(crate) const PRICE_OUTLIER: u8 = 1;
pub(crate) const QUANTITY_OUTLIER: u8 = 2;
pub(crate) const UNMATCHED: u8 = 4;
pub(crate) const VOID: u8 = 8;
pub(crate) const OTHER_FILE: u8 = 16;
pub(crate) const PENDING: u8 = 32;

/// A row that was accepted, on its way to the table.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) batch: u32,
    pub(crate) row: u32,
    pub(crate) order: u32,
    pub(crate) product: u32,
    pub(crate) shopper: u32,
    /// Number of the source inside the call.
    pub(crate) source: u32,
    pub(crate) line: i64,
    pub(crate) at: i64,
    pub(crate) quantity: i64,
    pub(crate) price: i64,
    pub(crate) amount: i64,
    pub(crate) base: i64,
    pub(crate) returned: i64,
    /// Value that came back without a line of its own, negative or 0.
    pub(crate) returned_base: i64,
    /// The sale that this line takes back, by number of draft.
    pub(crate) reverses: u32,
    pub(crate) currency: Currency,
    pub(crate) market: Market,
    pub(crate) kind: LineKind,
    pub(crate) flags: u8,
    pub(crate) repeat: bool,
    /// A negative line that is a cancellation if a sale is found for it.
    perhaps: bool,
    /// A sale whose status says that it came back.
    came_back: bool,
    /// Takes something back, goods or money: no part of what its order came to.
    pub(crate) takes_back: bool,
    /// A reversal by its status: a row of a list of returns rather than a bill of its own.
    pub(crate) by_status: bool,
}

impl Draft {
    /// Whether the usual revenue view counts the line.
    pub(crate) fn settled(&self) -> bool {
        self.kind == LineKind::Sale && self.quantity > 0 && self.price > 0 && self.flags & OTHER_FILE == 0
    }

    pub(crate) fn day(&self) -> Day {
        Day::of_micros(self.at)
    }
}

/// Rules that look at every row of raw.order_lines.
const CHECKED: &[Rule] = &[
    Rule::Currency,
    Rule::CurrencyRate,
    Rule::FutureDate,
    Rule::ImpossiblePrice,
    Rule::ImpossibleQuantity,
    Rule::StatedAmount,
    Rule::ExactRepeat,
    Rule::OtherFile,
    Rule::MissingCode,
    Rule::MissingShopper,
    Rule::BadDebt,
    Rule::TestOrder,
    Rule::ServiceLine,
    Rule::Cancellation,
    Rule::VoidOrder,
    Rule::PendingOrder,
    Rule::StockAdjustment,
    Rule::Gift,
    Rule::PriceOutlier,
    Rule::QuantityOutlier,
    Rule::Country,
];

/// Cleans the order lines of a set of shoppers. `batches` hold *all* rows of these shoppers (and of
/// these guests' orders; [`Surveyed::partition`] tells which rows belong together), in order of
/// source and line.
///
/// # Errors
/// [`CleanError::MissingRate`] for a row in a currency without a rate; [`CleanError`] for batches of
/// another layout.
pub fn order_lines(
    batches: &[RecordBatch],
    surveyed: &Surveyed,
    rates: &Rates,
    params: &CleanParams,
) -> Result<OrderLinesOut, CleanError> {
    let raw: Vec<RawLines<'_>> = batches.iter().map(RawLines::new).collect::<Result<_, _>>()?;
    let n_rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut judge = Judge {
        surveyed,
        params,
        raw: &raw,
        counter: Counter::default(),
        rejects: Rejects::default(),
        lookup: Lookup::default(),
        currencies: Currencies::default(),
        converter: Converter::new(rates, params.base),
        places: Places::default(),
        repeats: Repeats::with_capacity(n_rows),
        at: Vec::with_capacity(n_rows),
        orders: OrderIds::default(),
        drafts: Vec::with_capacity(n_rows),
    };
    for (b, batch) in batches.iter().enumerate() {
        for row in 0..batch.num_rows() {
            judge.row(b as u32, row as u32)?;
        }
    }
    let Judge { mut drafts, mut counter, rejects, orders, .. } = judge;
    let placed = returns::settle(&mut drafts);
    take_back(&mut drafts, placed, &mut counter);
    returns::place(&mut drafts);
    let keys = Texts::of(&orders.ids);
    let orders = Orders::of(&drafts, &keys, &raw, &mut counter);
    Ok(OrderLinesOut {
        order_lines: crate::lines_table::order_lines(&drafts, &raw, &keys, surveyed),
        orders: orders.batch(surveyed),
        rejects: rejects.batch(),
        shoppers: orders.tally(),
        counts: counter.finish(CHECKED),
    })
}

/// Orders by key, numbered. The key is made of system, order and shopper: a number that two shops or
/// two shoppers share is two orders, and so no order lies in two parts. The last one is remembered,
/// because lines of an order stand together.
#[derive(Debug, Default)]
pub(crate) struct OrderIds {
    ids: Interner,
    scratch: Vec<u8>,
    last: Option<u32>,
}

impl OrderIds {
    /// The number of the order `system:order|shopper`. A system's name is a format's and has no colon;
    /// in the order's name, bars are written %7C and percent signs %25, so that no two orders share a key.
    fn intern(&mut self, system: &[u8], shopper: &str, order_id: &str) -> u32 {
        self.scratch.clear();
        self.scratch.extend_from_slice(system);
        self.scratch.push(b':');
        if order_id.bytes().any(|b| matches!(b, b'%' | b'|')) {
            self.scratch.extend_from_slice(order_id.replace('%', "%25").replace('|', "%7C").as_bytes());
        } else {
            self.scratch.extend_from_slice(order_id.as_bytes());
        }
        self.scratch.push(b'|');
        self.scratch.extend_from_slice(shopper.as_bytes());
        if let Some(last) = self.last
            && self.ids.bytes(last) == self.scratch
        {
            return last;
        }
        let id = self.ids.intern(&self.scratch);
        self.last = Some(id);
        id
    }
}

struct Judge<'a> {
    surveyed: &'a Surveyed,
    params: &'a CleanParams,
    raw: &'a [RawLines<'a>],
    counter: Counter,
    rejects: Rejects,
    lookup: Lookup,
    currencies: Currencies,
    converter: Converter<'a>,
    places: Places,
    repeats: Repeats,
    /// Batch and row of each raw row, by number, for comparing repeats.
    at: Vec<(u32, u32)>,
    orders: OrderIds,
    drafts: Vec<Draft>,
}

impl Judge<'_> {
    fn row(&mut self, batch: u32, row: u32) -> Result<(), CleanError> {
        let raw = &self.raw[batch as usize];
        let r = row as usize;
        let source = raw.source.get(r).unwrap_or_default();
        let line = raw.line.get(r).unwrap_or(0);
        self.counter.source(source);
        self.counter.row();

        let mut draft = match self.value(raw, batch, row, source, line)? {
            Ok(draft) => draft,
            Err(finding) => {
                let rule = finding.rule;
                let value = finding.value.clone().unwrap_or_default();
                self.counter.touch(rule, line, || value);
                self.rejects.push("order_lines", source, line, finding);
                return Ok(());
            }
        };
        self.mark(raw, r, &mut draft);
        self.drafts.push(draft);
        Ok(())
    }

    /// Reads a row's values and its kind, or says why it cannot be used.
    #[inline(always)] // a draft is large: built in place instead of moved through two results
    fn value(
        &mut self,
        raw: &RawLines<'_>,
        batch: u32,
        row: u32,
        source: &str,
        line: i64,
    ) -> Result<Result<Draft, Finding>, CleanError> {
        let r = row as usize;
        let order_id = raw.order_id.get(r).unwrap_or_default();
        let (code, title) = (raw.product_code.get(r), raw.product_name.get(r));
        let currency_text = raw.currency.get(r);
        let Some(currency) = currency_text.and_then(|c| self.currencies.get(c)) else {
            return Ok(Err(currency::wrong(currency_text)));
        };
        let at = raw.ordered_at.get(r).unwrap_or(0);
        let day = Day::of_micros(at);
        if let Some(finding) = future_date::check(day, self.params.as_of, "ordered_at") {
            return Ok(Err(finding));
        }
        let quantity = raw.quantity.get(r).unwrap_or(0);
        let price = Amount::from_micros(narrow(raw.unit_price.get(r)).unwrap_or(0));
        let product = self.lookup.product(self.surveyed, code, title);
        let service = product != NONE && self.surveyed.catalogue.service[product as usize];
        let debt = bad_debt::is(order_id, code, title);
        let sign = if service || debt { Sign::Any } else { Sign::NotNegative };
        let said = cancellation::said(raw.status.get(r));
        let zero = if said == Said::Nothing { Zero::Wrong } else { Zero::Fine };
        if let Some(finding) = impossible::check(quantity, price, zero, sign, self.params) {
            return Ok(Err(finding));
        }
        let (stated, discount) = (narrow(raw.amount.get(r)), narrow(raw.discount.get(r)));
        let amount = stated_amount::amount(quantity, price, discount, stated).filter(|(a, _)| impossible::fits(*a));
        let Some((amount, differs)) = amount else {
            let value = format!("{quantity} × {}", price.to_decimal());
            return Ok(Err(impossible::too_large("amount", value)));
        };
        let base = self.converter.convert(Amount::from_micros(amount), currency, day)?;
        let Some(base) = base.filter(|b| impossible::fits(b.micros())) else {
            let value = Amount::from_micros(amount).to_decimal();
            return Ok(Err(impossible::too_large("amount", format!("{value} {currency}"))));
        };
        if differs {
            self.counter.touch(Rule::StatedAmount, line, || {
                format!("{quantity} × {} is not {}", price.to_decimal(), Amount::from_micros(amount).to_decimal())
            });
        }
        if self.converter.converts(currency) {
            let rate_day = (amount, base);
            self.counter.touch(Rule::CurrencyRate, line, || {
                let (from, to) = (Amount::from_micros(rate_day.0).to_decimal(), rate_day.1.to_decimal());
                format!("{from} {currency} on {day} is {to}")
            });
        }

        let system = self.lookup.system(self.surveyed, source);
        let shopper = self.lookup.shopper_of_line(self.surveyed, raw, r, system);
        let test = raw.is_test(r);
        let reversal = quantity < 0 && (said != Said::Nothing || cancellation::named_so(order_id));
        let void = quantity > 0 && said == Said::Cancelled;
        let pending = quantity > 0 && said == Said::Pending;
        let kind = match () {
            () if debt => LineKind::BadDebt,
            () if test => LineKind::Adjustment,
            // What was never paid is no income, postage no more than goods.
            () if service && (void || pending) => LineKind::Adjustment,
            () if service && service_line::is_tax(code) => LineKind::Tax,
            () if service => LineKind::Service,
            () if reversal => LineKind::Cancellation,
            () if void || pending || stock_adjustment::is(quantity) => LineKind::Adjustment,
            () if gift::is(quantity, price.micros()) => LineKind::Gift,
            () => LineKind::Sale,
        };
        let system = if system == NONE { b"" } else { self.surveyed.sources.systems.bytes(system) };
        let who = if shopper == NONE { "" } else { self.surveyed.identity.name_of(shopper) };
        let order = self.orders.intern(system, who, order_id);
        let draft = Draft {
            batch,
            row,
            order,
            product,
            shopper,
            source: self.counter.current() as u32,
            line,
            at,
            quantity,
            price: price.micros(),
            amount,
            base: base.micros(),
            returned: 0,
            returned_base: 0,
            reverses: NONE,
            currency,
            market: Market::UNKNOWN,
            kind,
            flags: match kind {
                LineKind::Adjustment if void && !test => VOID,
                LineKind::Adjustment if pending && !test => PENDING,
                _ => 0,
            },
            repeat: false,
            perhaps: kind == LineKind::Adjustment && !test && quantity < 0 && price > Amount::ZERO && product != NONE,
            came_back: kind == LineKind::Sale && said == Said::Returned,
            takes_back: reversal,
            by_status: kind == LineKind::Cancellation && said == Said::Returned,
        };
        let sample = || format!("order {order_id}, {}, {quantity} × {}", code.unwrap_or("no code"), price.to_decimal());
        if reversal || draft.came_back {
            self.counter.touch(Rule::Cancellation, line, sample);
        }
        if draft.flags & VOID != 0 {
            self.counter.touch(Rule::VoidOrder, line, sample);
        }
        if draft.flags & PENDING != 0 {
            self.counter.touch(Rule::PendingOrder, line, sample);
        }
        let rule = match kind {
            LineKind::BadDebt => Some(Rule::BadDebt),
            LineKind::Service | LineKind::Tax => Some(Rule::ServiceLine),
            LineKind::Gift => Some(Rule::Gift),
            LineKind::Adjustment if test => Some(Rule::TestOrder),
            // Counted when it is known whether a sale is found for it.
            LineKind::Adjustment if draft.perhaps || void || pending => None,
            LineKind::Adjustment => Some(Rule::StockAdjustment),
            LineKind::Sale | LineKind::Cancellation => None,
        };
        if let Some(rule) = rule {
            self.counter.touch(rule, line, sample);
        }
        if code.is_none() {
            self.counter.touch(Rule::MissingCode, line, sample);
        }
        if shopper == NONE {
            self.counter.touch(Rule::MissingShopper, line, || format!("order {order_id}"));
        }
        Ok(Ok(draft))
    }

    /// Repeats, country and what is unusual.
    fn mark(&mut self, raw: &RawLines<'_>, r: usize, draft: &mut Draft) {
        let line = draft.line;
        let system = u64::from(self.lookup.system(self.surveyed, raw.source.get(r).unwrap_or_default()));
        self.at.push((draft.batch, draft.row));
        let (all, at) = (self.raw, &self.at);
        let seen = self.repeats.note(raw.content_hash(r, system), draft.source, |other| {
            let (b, o) = at[other as usize];
            raw.same_content(r, &all[b as usize], o as usize)
        });
        let rule = match seen {
            Seen::First => None,
            Seen::Repeat => Some(Rule::ExactRepeat),
            Seen::OtherFile => Some(Rule::OtherFile),
        };
        if let Some(rule) = rule {
            draft.repeat = true;
            if rule == Rule::OtherFile {
                draft.flags |= OTHER_FILE;
            }
            self.counter.touch(rule, line, || {
                let order = raw.order_id.get(r).unwrap_or_default();
                format!("order {order}, {}", raw.product_code.get(r).unwrap_or("no code"))
            });
        }
        let country = raw.country.get(r);
        let place = self.places.get(country);
        draft.market = place.market();
        if place == Place::Unknown {
            self.counter.touch(Rule::Country, line, || country.unwrap_or_default().to_owned());
        }
        if draft.settled() && draft.product != NONE {
            let catalogue = &self.surveyed.catalogue;
            let product = || catalogue.codes.id(draft.product);
            if catalogue.unusual_price(draft.product, draft.currency, draft.price) {
                draft.flags |= PRICE_OUTLIER;
                let price = Amount::from_micros(draft.price).to_decimal();
                self.counter.touch(Rule::PriceOutlier, line, || format!("{} at {price} {}", product(), draft.currency));
            }
            if catalogue.unusual_quantity(draft.product, draft.quantity) {
                draft.flags |= QUANTITY_OUTLIER;
                self.counter.touch(Rule::QuantityOutlier, line, || format!("{} × {}", draft.quantity, product()));
            }
        }
    }
}

/// Amounts fit 64 bits by their column's precision.
fn narrow(value: Option<i128>) -> Option<i64> {
    value.and_then(|v| i64::try_from(v).ok())
}

/// Matches reversals to sales and notes on both what was found.
fn take_back(drafts: &mut [Draft], mut placed: crate::hash::FastMap<u32, i64>, counter: &mut Counter) {
    let key = |d: &Draft| Key {
        owner: if d.shopper == NONE { 1 << 32 | u64::from(d.order) } else { u64::from(d.shopper) },
        product: d.product,
        price: d.price,
        currency: u32::from_be_bytes(currency_bytes(d.currency)),
    };
    let side = |d: &Draft| match d.kind {
        _ if d.product == NONE || d.flags & OTHER_FILE != 0 => None,
        LineKind::Sale => Some(Side::Sale),
        LineKind::Cancellation => Some(Side::Reversal),
        LineKind::Adjustment if d.perhaps => Some(Side::Perhaps),
        LineKind::Adjustment | LineKind::Service | LineKind::Tax | LineKind::BadDebt | LineKind::Gift => None,
    };
    let reversed: crate::hash::FastMap<Key, ()> = drafts
        .iter()
        .enumerate()
        .filter(|(row, d)| {
            matches!(side(d), Some(Side::Reversal | Side::Perhaps)) && !placed.contains_key(&(*row as u32))
        })
        .map(|(_, d)| (key(d), ()))
        .collect();
    let mut entries = Vec::new();
    if !reversed.is_empty() {
        for (row, draft) in drafts.iter().enumerate() {
            if let Some(side) = side(draft)
                && reversed.contains_key(&key(draft))
                && !placed.contains_key(&(row as u32))
                && draft.returned < draft.quantity.abs()
            {
                // Without what a list of returns took back already.
                let units = draft.quantity.abs() - draft.returned;
                entries.push(Entry { key: key(draft), at: draft.at, side, row: row as u32, units });
            }
        }
    }
    for taken in cancellation::take_back(entries) {
        drafts[taken.sale as usize].returned += taken.units;
        let reversal = &mut drafts[taken.reversal as usize];
        if reversal.reverses == NONE {
            reversal.reverses = taken.sale;
        }
        *placed.entry(taken.reversal).or_default() += taken.units;
    }
    for (row, draft) in drafts.iter_mut().enumerate() {
        if draft.came_back && draft.flags & OTHER_FILE == 0 {
            // What cancellation lines took back already is theirs to count.
            let open = i128::from(draft.quantity - draft.returned);
            draft.returned_base = -((i128::from(draft.base) * open / i128::from(draft.quantity)) as i64);
            draft.returned = draft.quantity;
        }
        let sample = |d: &Draft| format!("{} × {}", d.quantity, Amount::from_micros(d.price).to_decimal());
        counter.select(draft.source as usize);
        if draft.perhaps {
            if draft.reverses == NONE {
                counter.touch(Rule::StockAdjustment, draft.line, || sample(draft));
            } else {
                draft.kind = LineKind::Cancellation;
                counter.touch(Rule::Cancellation, draft.line, || sample(draft));
            }
        }
        if draft.kind == LineKind::Cancellation && draft.flags & OTHER_FILE == 0 {
            counter.checked(&[Rule::UnmatchedCancellation]);
            if placed.get(&(row as u32)).copied().unwrap_or(0) < -draft.quantity {
                draft.flags |= UNMATCHED;
                counter.touch(Rule::UnmatchedCancellation, draft.line, || sample(draft));
            }
        }
    }
}

fn currency_bytes(currency: Currency) -> [u8; 4] {
    let code = currency.code().as_bytes();
    [0, code[0], code[1], code[2]]
}
