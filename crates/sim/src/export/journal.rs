//! Events as a Segment-style tracker writes them: one JSON object a line, by market and
//! time.
//!
//! The client's clock is off by up to two minutes; `timestamp = receivedAt − (sentAt −
//! originalTimestamp)` is the true time, as the tracker computes it. Some events are sent twice
//! with one `messageId`. Cost: about 1 µs a hundred bytes.

use super::dirt::{Dirt, Dirtier};
use super::{Encoding, Facts, FileFacts, Sink, push_digits, push_instant, push_int, push_minor};
use crate::catalogue::{Catalogue, TYPES, category, language_index, title};
use crate::plan::CHANNELS;
use crate::trade::{Action, Event, Line, WANTED};
use crate::{Book, Merchant, SimError};
use std::io::Write;

/// Bytes kept before they are handed on.
const BLOCK: usize = 1 << 18;

/// Writes all markets' events, by market and time.
pub(super) fn events(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let mut facts = Facts::new("exports/events.jsonl".to_owned(), "segment events", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let (mut text, mut rows) = (String::with_capacity(BLOCK + (1 << 14)), 0);
    for book in &merchant.books {
        let mut dirt = Dirtier::new(&merchant.params, book.profile, 3);
        let shop = Shop::new(merchant, book);
        for event in &book.events {
            let start = text.len();
            let email = match event.action {
                Action::Identify => {
                    let email = book.contact(event.shopper).email;
                    let (written, varied) = dirt.email(&email);
                    if varied {
                        facts.count(Dirt::EmailVariant);
                    }
                    written.into_owned()
                }
                _ => String::new(),
            };
            shop.write(&mut text, event, &email);
            rows += 1;
            if dirt.resent() {
                let again = text[start..].to_owned();
                text.push_str(&again);
                rows += 1;
                facts.count(Dirt::ResentEvent);
                if event.action == Action::Identify && book.contact(event.shopper).email != email {
                    facts.count(Dirt::EmailVariant);
                }
            }
            if text.len() > BLOCK {
                out.write_all(text.as_bytes()).map_err(SimError::write(&name))?;
                text.clear();
            }
        }
    }
    out.write_all(text.as_bytes()).map_err(SimError::write(&name))?;
    Ok(facts.finish(rows))
}

/// What the events of a market refer to, spelled once.
struct Shop<'a> {
    merchant: &'a Merchant,
    book: &'a Book,
    exponent: u32,
    /// `"product_id":…,"sku":…,"name":…,"brand":…,"category":…` of each product.
    products: Vec<String>,
}

impl<'a> Shop<'a> {
    fn new(merchant: &'a Merchant, book: &'a Book) -> Self {
        let language = language_index(book.profile.language);
        let spell = |p: &crate::catalogue::Product| {
            let mut text = String::new();
            pair(&mut text, "product_id", &p.id);
            for (key, value) in [
                ("sku", p.id.as_str()),
                ("name", &title(p, language)),
                ("brand", Catalogue::BRANDS[p.brand]),
                ("category", &category(p)),
            ] {
                text.push(',');
                pair(&mut text, key, value);
            }
            text
        };
        let products = merchant.catalogue.products.iter().map(spell).collect();
        Self { merchant, book, exponent: book.profile.currency.exponent(), products }
    }

    fn write(&self, text: &mut String, event: &Event, email: &str) {
        let profile = self.book.profile;
        let key = self.book.shopper_key(event.shopper);
        let (kind, name) = match event.action {
            Action::Identify => ("identify", ""),
            Action::Searched(_) | Action::Missed(_) => ("track", "Products Searched"),
            Action::Viewed(_) => ("track", "Product Viewed"),
            Action::Added(..) => ("track", "Product Added"),
            Action::CheckoutStarted(_) => ("track", "Checkout Started"),
            Action::Completed(_) => ("track", "Order Completed"),
        };
        text.push_str("{\"messageId\":\"");
        text.push_str(&key);
        text.push('-');
        push_digits(text, u64::from(event.sequence), 5);
        text.push_str("\",");
        pair(text, "type", kind);
        if !name.is_empty() {
            text.push(',');
            pair(text, "event", name);
        }
        text.push_str(",\"anonymousId\":\"");
        text.push_str(&anonymous_id(&key));
        text.push('"');
        if event.known {
            text.push(',');
            pair(text, "userId", &key);
        }
        // The client's clock is off by −120 to 120 seconds, always the same for one shopper.
        let skew = i64::from(event.shopper.wrapping_mul(2_654_435_761) % 241) - 120;
        for (field, seconds) in [
            ("timestamp", event.at),
            ("originalTimestamp", event.at + skew),
            ("sentAt", event.at + skew + 1),
            ("receivedAt", event.at + 1),
        ] {
            text.push_str(",\"");
            text.push_str(field);
            text.push_str("\":\"");
            push_instant(text, seconds, 'T');
            text.push_str(".000Z\"");
        }
        text.push_str(",\"context\":{");
        pair(text, "locale", profile.locale);
        text.push_str(",\"library\":{\"name\":\"analytics.js\",\"version\":\"2.1.0\"}");
        if event.source > 0 && matches!(event.action, Action::Searched(_)) {
            let channel = CHANNELS[usize::from(event.source) - 1];
            text.push_str(",\"campaign\":{");
            pair(text, "source", channel);
            text.push_str(",\"medium\":\"cpc\"}");
        }
        text.push_str("},");
        match event.action {
            Action::Identify => self.traits(text, event.shopper, email),
            action => {
                text.push_str("\"properties\":{");
                self.properties(text, event, action);
            }
        }
        text.push_str("}}\n");
    }

    fn traits(&self, text: &mut String, shopper: u32, email: &str) {
        let contact = self.book.contact(shopper);
        let place = self.book.profile.place_of(shopper);
        text.push_str("\"traits\":{");
        for (key, value) in
            [("email", email), ("phone", &contact.phone), ("firstName", contact.given), ("lastName", contact.family)]
        {
            pair(text, key, value);
            text.push(',');
        }
        text.push_str("\"address\":{");
        pair(text, "city", place.city);
        text.push(',');
        pair(text, "country", self.book.profile.market.code());
        text.push('}');
    }

    fn properties(&self, text: &mut String, event: &Event, action: Action) {
        let week = |product: u16| {
            let day = domain::Day((event.at.div_euclid(86_400)) as i32).since(self.merchant.params.from);
            self.book.prices.list((day.max(0) as usize / 7).min(self.book.prices.n_weeks() - 1), usize::from(product))
        };
        match action {
            Action::Identify => {}
            Action::Searched(kind) => {
                let language = language_index(self.book.profile.language);
                pair(text, "query", TYPES[usize::from(kind)].words[language]);
            }
            Action::Missed(wanted) => pair(text, "query", WANTED[wanted][language_index(self.book.profile.language)]),
            Action::Viewed(product) | Action::Added(product, _) => {
                text.push_str(&self.products[usize::from(product)]);
                text.push_str(",\"price\":");
                push_minor(text, week(product), self.exponent);
                text.push_str(",\"quantity\":");
                push_int(text, if let Action::Added(_, quantity) = action { i64::from(quantity) } else { 1 });
                text.push(',');
                pair(text, "currency", self.book.profile.currency.code());
            }
            Action::CheckoutStarted(o) | Action::Completed(o) => self.order(text, o as usize),
        }
    }

    fn order(&self, text: &mut String, o: usize) {
        let order = &self.book.orders[o];
        let lines = self.book.lines_of(order);
        let revenue: i64 = lines.iter().map(Line::revenue).sum();
        let tax: i64 = lines.iter().map(|l| l.tax).sum();
        let on_top = if self.book.profile.market.code() == "US" { tax } else { 0 };
        pair(text, "order_id", &self.book.order_id(o));
        for (key, amount) in [
            ("subtotal", revenue),
            ("revenue", revenue),
            ("shipping", order.shipping),
            ("tax", tax),
            ("discount", lines.iter().map(|l| l.discount).sum()),
            ("total", revenue + order.shipping + on_top),
        ] {
            text.push_str(",\"");
            text.push_str(key);
            text.push_str("\":");
            push_minor(text, amount, self.exponent);
        }
        text.push(',');
        pair(text, "currency", self.book.profile.currency.code());
        text.push_str(",\"products\":[");
        for (i, line) in lines.iter().enumerate() {
            text.push_str(if i == 0 { "{" } else { ",{" });
            text.push_str(&self.products[usize::from(line.product)]);
            text.push_str(",\"price\":");
            push_minor(text, line.unit_price, self.exponent);
            text.push_str(",\"quantity\":");
            push_int(text, i64::from(line.quantity));
            text.push('}');
        }
        text.push(']');
    }
}

/// A device's number that does not tell whose it is: sixteen hexadecimal digits of FNV-1a.
fn anonymous_id(key: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    format!("a{:016x}", key.bytes().fold(0xCBF2_9CE4_8422_2325, step))
}

/// `"key":"value"`; nothing that we write needs escaping but quotes and backslashes.
fn pair(text: &mut String, key: &str, value: &str) {
    text.push('"');
    text.push_str(key);
    text.push_str("\":\"");
    if value.contains(['"', '\\']) {
        text.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
    } else {
        text.push_str(value);
    }
    text.push('"');
}
