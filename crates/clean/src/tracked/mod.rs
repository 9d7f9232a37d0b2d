//! Orders that came as events: which of them are orders of their own, and what their lines are.
//!
//! An event `Order Completed` (by any of its names) says that an order was placed. Its lines are cleaned like those of a
//! file: [`TrackedOrders`] writes them in the layout of raw.order_lines, with one column more, the visitor. Three passes:
//! [`TrackedOrders::note`] over raw.events learns which orders were told, [`TrackedOrders::filed`] over raw.order_lines
//! which of them a file has, [`TrackedOrders::take`] over raw.events once more takes the rows of the others. So memory holds
//! the rows of orders that no file has, and about 60 bytes a tracked order beside.
//!
//! **A file wins.** The shop's export knows discounts, shipping, taxes and refunds and is neither blocked nor repeated; what
//! a page said is what the page knew. An order is the same where its number is (without a leading `#`, whatever the case):
//! in the same system always; in another system where both were placed within [`SAME_DAYS`] days, because tracking does
//! not know whose numbers it tells. Where the events' system has order lines of its own, only those count.
//!
//! What one order's events make of it is in `order`.

mod order;

use crate::columns::{Reader, amount_array, batch, clean_table, must_ints, must_texts};
use crate::counts::{Counter, RuleCounts};
use crate::hash::{FastMap, Interner, hash_bytes};
use crate::rejects::{Finding, Rejects};
use crate::rules::{Rule, missing_key};
use crate::{CleanError, Rates, columns};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use domain::{Amount, Currency, Day};
use order::{Line, Telling};
use schema::Zone;
use std::collections::BTreeMap;
use std::sync::Arc;
use tracking::Deed;

/// Days within which an order of the same number in another system is the same order.
pub const SAME_DAYS: i32 = 3;

/// Multiples of 2^32 are taken by reversals and charges of one line of a file (`intake`); products of an event come above.
const PART: i64 = 1 << 38;

/// Columns of raw.events that [`TrackedOrders::note`] reads.
pub const NOTED: &[&str] = &["source", "name", "order_id", "occurred_at"];
/// Columns of raw.order_lines that [`TrackedOrders::filed`] reads.
pub const FILED: &[&str] = &["source", "order_id", "ordered_at"];

/// Collects in three passes; see the module's description.
#[derive(Debug, Default)]
pub struct TrackedOrders {
    systems: BTreeMap<String, String>,
    /// Systems and numbers of orders.
    orders: Interner,
    /// Days of each order's events, first and last.
    days: Vec<(i32, i32)>,
    /// Orders by number alone.
    by_number: FastMap<u64, Vec<u32>>,
    /// For each order the key of the file's order that is the same; empty where there is none.
    same: Vec<String>,
    /// Systems of order lines.
    filed_systems: FastMap<u64, ()>,
    rows: Vec<Row>,
    /// Messages and parts that were taken.
    seen: Interner,
    /// Countries of visitors, as their events say.
    countries: FastMap<u64, u32>,
    names: Interner,
    counter: Counter,
    rejects: Rejects,
    merges: Vec<(String, String, String, i64)>,
    scratch: Vec<u8>,
}

/// A row of an event about an order.
#[derive(Clone, Debug)]
struct Row {
    order: u32,
    id: String,
    at: i64,
    message: String,
    part: i64,
    deed: Deed,
    source: String,
    line: i64,
    customer: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    anonymous: Option<String>,
    country: Option<String>,
    currency: Option<String>,
    channel: Option<String>,
    code: Option<String>,
    quantity: Option<i64>,
    price: Option<i64>,
    value: Option<i64>,
    total: Option<i64>,
    shipping: Option<i64>,
    tax: Option<i64>,
    discount: Option<i64>,
}

/// What tracking says about orders, ready to be cleaned.
#[derive(Debug)]
pub struct TrackedOut {
    /// Lines in the layout of raw.order_lines, with `anonymous_id` beside.
    pub lines: RecordBatch,
    /// The part of rejects.rows that is about them.
    pub rejects: RecordBatch,
    /// The part of clean.merges that is about them.
    pub merges: RecordBatch,
    /// What the rules touched.
    pub counts: RuleCounts,
}

/// An order's number, however it is written: `#1001` and `1001` are one.
fn number(text: &str) -> String {
    text.trim().trim_start_matches('#').trim().to_lowercase()
}

/// What an event says about an order; `None` for every other event. Names are in any vocabulary where they come from a file.
fn deed(name: Option<&str>) -> Option<Deed> {
    let name = name?;
    // Nearly all events are others: a look at the name before it is compared with the vocabulary.
    let lower = name.to_ascii_lowercase();
    if !["order", "purchase", "refund"].iter().any(|word| lower.contains(word)) {
        return None;
    }
    let deed = Deed::from_name(name);
    let about = matches!(deed, Deed::OrderCompleted | Deed::OrderUpdated | Deed::OrderCancelled | Deed::OrderRefunded);
    about.then_some(deed)
}

impl TrackedOrders {
    /// With the system of each source, by fingerprint; see [`crate::Survey::with_systems`].
    pub fn new(systems: BTreeMap<String, String>) -> Self {
        Self { systems, ..Self::default() }
    }

    /// Whether no event tells of an order that was placed.
    pub fn is_empty(&self) -> bool {
        self.orders.len() == 0
    }

    fn system<'s>(systems: &'s BTreeMap<String, String>, source: &str) -> &'s str {
        systems.get(source).map_or(crate::survey::UNNAMED_SYSTEM, String::as_str)
    }

    fn key<'k>(scratch: &'k mut Vec<u8>, system: &str, number: &str) -> &'k [u8] {
        scratch.clear();
        scratch.extend_from_slice(system.as_bytes());
        scratch.push(b':');
        scratch.extend_from_slice(number.as_bytes());
        scratch
    }

    /// First pass, over raw.events.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn note(&mut self, events: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("events", events);
        let (source, name) = (r.text("source")?, r.text("name")?);
        let (order, at) = (r.text("order_id")?, r.instants("occurred_at")?);
        for row in 0..events.num_rows() {
            let Some(order) = order.get(row) else { continue };
            if deed(name.get(row)) != Some(Deed::OrderCompleted) {
                continue;
            }
            let number = number(order);
            let system = Self::system(&self.systems, source.get(row).unwrap_or_default());
            let id = self.orders.intern(Self::key(&mut self.scratch, system, &number));
            let day = Day::of_micros(at.get(row).unwrap_or(0)).0;
            if id as usize == self.days.len() {
                self.days.push((day, day));
                self.same.push(String::new());
                self.by_number.entry(hash_bytes(7, number.as_bytes())).or_default().push(id);
            }
            let days = &mut self.days[id as usize];
            *days = (days.0.min(day), days.1.max(day));
        }
        Ok(())
    }

    /// Second pass, over raw.order_lines.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn filed(&mut self, lines: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("order_lines", lines);
        let (source, order, at) = (r.text("source")?, r.text("order_id")?, r.instants("ordered_at")?);
        let mut last = "";
        for row in 0..lines.num_rows() {
            let written = order.get(row).unwrap_or_default();
            let system = Self::system(&self.systems, source.get(row).unwrap_or_default());
            if written == last {
                continue;
            }
            last = written;
            self.filed_systems.entry(hash_bytes(8, system.as_bytes())).or_default();
            let number = number(written);
            let Some(told) = self.by_number.get(&hash_bytes(7, number.as_bytes())) else { continue };
            let day = Day::of_micros(at.get(row).unwrap_or(0)).0;
            for &id in told {
                let key = self.orders.text(id);
                let Some((of, same_number)) = key.split_once(':') else { continue };
                let (first, latest) = self.days[id as usize];
                let near = day >= first - SAME_DAYS && day <= latest + SAME_DAYS;
                if same_number == number
                    && (of == system || near)
                    && (self.same[id as usize].is_empty() || of == system)
                {
                    self.same[id as usize] = format!("{system}:{written}");
                }
            }
        }
        Ok(())
    }

    /// The file's order that is the same as a told one.
    fn same_order(&self, id: u32) -> Option<&str> {
        let system = self.orders.text(id).split(':').next().unwrap_or_default();
        let same = Some(self.same[id as usize].as_str()).filter(|s| !s.is_empty())?;
        // A system with files of its own numbers its orders itself.
        let own = self.filed_systems.contains_key(&hash_bytes(8, system.as_bytes()));
        let is_own = same.strip_prefix(system).is_some_and(|rest| rest.starts_with(':'));
        (!own || is_own).then_some(same)
    }

    /// Third pass, over raw.events.
    ///
    /// # Errors
    /// [`CleanError`] for a batch of another layout.
    pub fn take(&mut self, events: &RecordBatch) -> Result<(), CleanError> {
        let r = Reader::new("events", events);
        let (source, line, message) = (r.text("source")?, r.ints("line")?, r.text("message_id")?);
        let (name, part, at, order) =
            (r.text("name")?, r.ints("part")?, r.instants("occurred_at")?, r.text("order_id")?);
        let (customer, anonymous) = (r.text("shopper_key")?, r.text("anonymous_id")?);
        let (email, phone, country) = (r.text("email_hash")?, r.text("phone_hash")?, r.text("country")?);
        let (code, quantity, price) = (r.text("product_code")?, r.ints("quantity")?, r.amounts("price")?);
        let (currency, channel) = (r.text("currency")?, r.later_text("channel")?);
        let money = ["order_value", "order_total", "order_shipping", "order_tax", "order_discount"];
        let money: Vec<_> = money.into_iter().map(|name| r.later_amounts(name)).collect::<Result<_, _>>()?;
        for row in 0..events.num_rows() {
            let who = anonymous.get(row).or_else(|| customer.get(row));
            if let (Some(who), Some(country)) = (who, country.get(row)) {
                let country = self.names.intern(country.as_bytes());
                self.countries.insert(hash_bytes(9, who.as_bytes()), country);
            }
            let Some(deed) = deed(name.get(row)) else { continue };
            let (from, line) = (source.get(row).unwrap_or_default(), line.get(row).unwrap_or(0));
            let (message, part) = (message.get(row).unwrap_or_default(), part.get(row).unwrap_or(0));
            let known = self.seen.len();
            let mut key = part.to_le_bytes().to_vec();
            key.extend_from_slice(message.as_bytes());
            if (self.seen.intern(&key) as usize) < known {
                continue; // A repeat of the event itself: merged where events are.
            }
            self.counter.source(from);
            self.counter.checked(&[Rule::TrackedOrder, Rule::TrackedRepeat, Rule::TrackedUnknown]);
            let Some(id) = order.get(row) else {
                if part == 0 {
                    let expected = format!("`order_id` in the properties of {}", deed.name());
                    self.put_aside(from, line, missing_key::missing("order_id", &expected));
                }
                continue;
            };
            let system = Self::system(&self.systems, from);
            let told = self.orders.get(Self::key(&mut self.scratch, system, &number(id)));
            let Some(order) = told else {
                // Nobody said that it was placed. What a file has changes with the next file.
                if part == 0 {
                    let finding = Finding {
                        rule: Rule::TrackedUnknown,
                        column: "order_id",
                        value: Some(format!("{}: {id}", deed.name())),
                        expected: "the number of an order that an Order Completed told before".to_owned(),
                    };
                    self.put_aside(from, line, finding);
                }
                continue;
            };
            if let Some(kept) = self.same_order(order) {
                if part == 0 {
                    let kept = kept.to_owned();
                    self.counter.touch(Rule::TrackedRepeat, line, || format!("{}: order {id} is {kept}", deed.name()));
                    if deed == Deed::OrderCompleted {
                        self.merges.push((kept, "a file has the same order".to_owned(), from.to_owned(), line));
                    }
                }
                continue;
            }
            let own = |text: Option<&str>| text.map(str::to_owned);
            let amount = |n: usize| money[n].get(row).and_then(|m| i64::try_from(m).ok());
            self.rows.push(Row {
                order,
                id: id.trim().to_owned(),
                at: at.get(row).unwrap_or(0),
                message: message.to_owned(),
                part,
                deed,
                source: from.to_owned(),
                line,
                customer: own(customer.get(row)),
                email: own(email.get(row)),
                phone: own(phone.get(row)),
                anonymous: own(anonymous.get(row)),
                country: own(country.get(row)),
                currency: own(currency.get(row)),
                channel: own(channel.get(row)),
                code: own(code.get(row)),
                quantity: quantity.get(row),
                price: price.get(row).and_then(|p| i64::try_from(p).ok()),
                value: amount(0),
                total: amount(1),
                shipping: amount(2),
                tax: amount(3),
                discount: amount(4),
            });
        }
        Ok(())
    }

    fn put_aside(&mut self, source: &str, line: i64, finding: Finding) {
        self.counter.source(source);
        let value = finding.value.clone().unwrap_or_else(|| format!("no {}", finding.column));
        self.counter.touch(finding.rule, line, || value);
        self.rejects.push("order_lines", source, line, finding);
    }

    /// The lines of the orders that no file has, in order of the sources and lines of their orders. A line in a currency
    /// that cannot be converted to `base` on its day is put aside: of a file that stops the run, but an event may say
    /// anything, and whoever may send events must not be able to stop anything.
    pub fn finish(mut self, rates: &Rates, base: Currency) -> TrackedOut {
        let mut rows = std::mem::take(&mut self.rows);
        for row in rows.iter_mut().filter(|row| row.country.is_none()) {
            let who = row.anonymous.as_ref().or(row.customer.as_ref());
            let known = who.and_then(|who| self.countries.get(&hash_bytes(9, who.as_bytes())));
            row.country = known.map(|c| self.names.text(*c).to_owned());
        }
        rows.sort_by(|a, b| {
            let key = |r: &Row| (r.order, r.at, order::rank(r.deed));
            key(a).cmp(&key(b)).then_with(|| (&a.message, a.part).cmp(&(&b.message, b.part)))
        });
        let mut lines: Vec<Line> = Vec::new();
        for of_order in rows.chunk_by(|a, b| a.order == b.order) {
            let tellings: Vec<Telling<'_>> =
                of_order.chunk_by(|a, b| a.message == b.message).map(Telling::new).collect();
            let built = order::build(&tellings);
            for (row, finding) in built.faults {
                self.put_aside(&row.source, row.line, finding);
            }
            for (row, why) in built.merged {
                let kept = self.orders.text(row.order).to_owned();
                self.counter.source(&row.source);
                self.counter.touch(Rule::TrackedRepeat, row.line, || format!("{}: order {}", row.deed.name(), row.id));
                self.merges.push((kept, why.to_owned(), row.source.clone(), row.line));
            }
            let mut kept = built.lines;
            kept.retain(|line| match rates_of(rates, line, base) {
                None => true,
                Some(finding) => {
                    self.put_aside(&line.source, line.line, finding);
                    false
                }
            });
            if let Some(first) = kept.first() {
                self.counter.source(&first.source);
                self.counter.touch(Rule::TrackedOrder, first.line, || format!("order {}", first.order));
            }
            lines.extend(kept);
        }
        lines.sort_by(|a, b| (&a.source, a.line, a.place).cmp(&(&b.source, b.line, b.place)));
        // Products of one event share its line, and so do the calls of one batch: each gets a line of its own.
        let mut nth = 0;
        for i in 0..lines.len() {
            let again = i > 0 && lines[i].source == lines[i - 1].source && lines[i].line == lines[i - 1].line % PART;
            nth = if again { nth + 1 } else { 0 };
            lines[i].line += nth * PART;
        }
        self.merges.sort_unstable();
        let m = &self.merges;
        let merges = batch(
            clean_table("merges"),
            vec![
                must_texts(m.iter().map(|_| Rule::TrackedRepeat.doc().name)),
                must_texts(m.iter().map(|m| &m.0)),
                must_texts(m.iter().map(|m| format!("{}:{}", m.2, m.3))),
                must_texts(m.iter().map(|m| &m.1)),
                must_texts(m.iter().map(|m| &m.2)),
                must_ints(m.iter().map(|m| m.3)),
            ],
        );
        let counts = self.counter.finish(&[]);
        TrackedOut { lines: lines_batch(&lines), rejects: self.rejects.batch(), merges, counts }
    }
}

/// Why a line cannot be converted, if it cannot. A word that is no currency is found where all lines are cleaned.
fn rates_of(rates: &Rates, line: &Line, base: Currency) -> Option<Finding> {
    let currency = line.currency.parse::<Currency>().ok()?;
    let why = rates.convert(Amount::ZERO, currency, base, Day::of_micros(line.at)).err()?;
    Some(Finding {
        rule: Rule::CurrencyRate,
        column: "currency",
        value: Some(line.currency.clone()),
        expected: why.to_string(),
    })
}

/// The lines in the layout of raw.order_lines, with `anonymous_id` beside.
fn lines_batch(lines: &[Line]) -> RecordBatch {
    let table = schema::table(Zone::Raw, "order_lines").expect("crates/schema defines raw.order_lines");
    let schema = table.arrow_schema();
    let text = |of: fn(&Line) -> Option<&str>| columns::text_array(lines.iter().map(of));
    let arrays = schema.fields().iter().map(|field| -> ArrayRef {
        match field.name().as_str() {
            "source" => text(|l| Some(&l.source)),
            "line" => must_ints(lines.iter().map(|l| l.line)),
            "order_id" => text(|l| Some(&l.order)),
            "product_code" => text(|l| l.code.as_deref()),
            "product_name" => text(|l| l.title),
            "quantity" => must_ints(lines.iter().map(|l| l.quantity)),
            "unit_price" => amount_array(lines.iter().map(|l| Some(l.price))),
            "amount" => amount_array(lines.iter().map(|l| l.amount)),
            "discount" => amount_array(lines.iter().map(|l| (l.discount != 0).then_some(l.discount))),
            "currency" => text(|l| Some(&l.currency)),
            "ordered_at" => columns::instant_array(lines.iter().map(|l| Some(l.at))),
            "shopper_key" => text(|l| l.who.customer.as_deref()),
            "email_hash" => text(|l| l.who.email.as_deref()),
            "phone_hash" => text(|l| l.who.phone.as_deref()),
            "country" => text(|l| l.who.country.as_deref()),
            "channel" => text(|l| l.who.channel.as_deref()),
            "status" => text(|l| Some(l.status)),
            "order_total" => amount_array(lines.iter().map(|l| l.total)),
            _ => arrow_array::new_null_array(field.data_type(), lines.len()),
        }
    });
    let arrays: Vec<ArrayRef> = arrays.chain([text(|l| l.who.anonymous.as_deref())]).collect();
    let mut fields = schema.fields().to_vec();
    fields.push(Arc::new(Field::new("anonymous_id", DataType::Utf8, true)));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("the columns follow the table's definition")
}
