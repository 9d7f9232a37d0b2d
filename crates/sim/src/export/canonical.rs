//! Our own order-line CSV, and the small file with dates in several formats.
//!
//! A return is a row of its own at the time it came back: the order and line of the sale, negative
//! quantity, status `returned`, the returned share of discount and tax with a minus. So
//! `quantity × unit_price − discount` adds up to net revenue over any set of rows.

use super::dirt::{Dirt, Dirtier};
use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink};
use crate::catalogue::{language_index, title};
use crate::world::{HOME, Place, Profile};
use crate::{Book, Merchant, SimError};
use std::collections::BTreeSet;

/// Header of the layout.
const HEADER: [&str; 18] = [
    "order_id",
    "line_no",
    "product_id",
    "product_name",
    "quantity",
    "unit_price",
    "discount",
    "tax",
    "currency",
    "ordered_at",
    "shopper_key",
    "email",
    "phone",
    "country",
    "region",
    "city",
    "channel",
    "status",
];

/// Units from which a line is counted as an outlier: traders' orders, nothing else reaches it.
pub(super) const OUTLIER: i64 = 20;

/// What the rows of one order have in common.
struct Head {
    id: String,
    key: String,
    email: String,
    phone: String,
    place: &'static Place,
    channel: &'static str,
}

/// What differs between its rows.
struct Cells<'a> {
    line_no: usize,
    product_id: &'a str,
    product_name: &'a str,
    quantity: i64,
    unit_price: i64,
    discount: i64,
    tax: i64,
    at: i64,
    country: &'a str,
    status: &'a str,
}

fn write(table: &mut Table<'_>, profile: &Profile, head: &Head, cells: &Cells<'_>) {
    let exponent = profile.currency.exponent();
    table.cell(&head.id);
    table.int(cells.line_no as i64);
    table.cell(cells.product_id);
    table.cell(cells.product_name);
    table.int(cells.quantity);
    table.minor(cells.unit_price, exponent);
    table.minor(cells.discount, exponent);
    table.minor(cells.tax, exponent);
    table.cell(profile.currency.code());
    table.instant(cells.at, 0, 'T', "Z");
    table.cell(&head.key);
    table.cell(&head.email);
    table.cell(&head.phone);
    table.cell(cells.country);
    table.cell(head.place.region);
    table.cell(head.place.city);
    table.cell(head.channel);
    table.cell(cells.status);
}

fn head(book: &Book, o: usize, guest: bool) -> Head {
    let number = book.orders[o].shopper;
    let shopper = &book.shoppers[number as usize];
    let place = book.profile.place_of(number);
    let channel = if shopper.marketplace { book.profile.marketplace } else { "web" };
    let mut head =
        Head { id: book.order_id(o), key: String::new(), email: String::new(), phone: String::new(), place, channel };
    if !guest {
        head.key = book.shopper_key(number);
        // Marketplaces keep their shoppers' addresses to themselves.
        if !shopper.marketplace {
            let contact = book.contact(number);
            (head.email, head.phone) = (contact.email, contact.phone);
        }
    }
    head
}

/// Orders that leave in our own layout, by position, and whether each is a guest's. Guests are drawn before everything else
/// of the file, because a return must be a guest's as its sale was.
fn mine(book: &Book, dirt: &mut Dirtier<'_>) -> (Vec<usize>, Vec<bool>) {
    let mine: Vec<usize> = (0..book.orders.len()).filter(|o| !book.by_amazon(&book.orders[*o])).collect();
    let guests = mine.iter().map(|_| dirt.guest()).collect();
    (mine, guests)
}

/// Shoppers whom an order in our own layout names, by number.
pub(super) fn named(merchant: &Merchant, book: &Book) -> Vec<u32> {
    let (mine, guests) = mine(book, &mut Dirtier::new(&merchant.params, book.profile, 0));
    let named = mine.into_iter().zip(guests).filter(|(_, guest)| !guest).map(|(o, _)| book.orders[o].shopper);
    named.collect::<BTreeSet<u32>>().into_iter().collect()
}

/// Orders of a market that leave in our own layout. Home writes GBK, as its office does.
pub(super) fn orders(merchant: &Merchant, book: &Book, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let profile = book.profile;
    let encoding = if profile.market == HOME { Encoding::Gbk } else { Encoding::Utf8 };
    let mut facts = Facts::new(format!("exports/orders_{}.csv", profile.market), "canonical orders", encoding);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let mut table = Table::new(&mut *out, &name, encoding, ',', &HEADER)?;
    let language = language_index(profile.language);
    let titles: Vec<String> = merchant.catalogue.products.iter().map(|p| title(p, language)).collect();
    let mut dirt = Dirtier::new(&merchant.params, profile, 0);

    let (mine, guests) = mine(book, &mut dirt);
    guests.iter().filter(|guest| **guest).for_each(|_| facts.count(Dirt::Guest));
    // Time, return or sale, order among `mine`, line in the order: the order of the rows.
    let mut rows: Vec<(i64, bool, usize, usize)> = Vec::new();
    for (m, o) in mine.iter().enumerate() {
        let order = &book.orders[*o];
        for (i, line) in book.lines_of(order).iter().enumerate() {
            rows.push((order.at, false, m, i));
            if line.returned > 0 {
                rows.push((line.returned_at, true, m, i));
            }
        }
    }
    rows.sort_unstable();
    let mut last: Option<(usize, Head)> = None;
    for (at, comes_back, m, i) in rows {
        let o = mine[m];
        let (_, head) = match last.take() {
            Some(known) if known.0 == m => last.insert(known),
            _ => last.insert((m, head(book, o, guests[m]))),
        };
        let line = &book.lines_of(&book.orders[o])[i];
        let product = usize::from(line.product);
        let (country, odd) = dirt.country();
        let cells = Cells {
            line_no: i + 1,
            product_id: &merchant.catalogue.products[product].id,
            product_name: &titles[product],
            quantity: if comes_back { -i64::from(line.returned) } else { i64::from(line.quantity) },
            unit_price: line.unit_price,
            discount: if comes_back { -line.returned_discount() } else { line.discount },
            tax: if comes_back { -line.returned_tax() } else { line.tax },
            at,
            country,
            status: if comes_back { "returned" } else { "completed" },
        };
        write(&mut table, profile, head, &cells);
        let times = dirt.times();
        table.end_row_times(times)?;
        if times > 1 {
            facts.count(Dirt::DuplicateRow);
        }
        for _ in 0..times {
            if odd {
                facts.count(Dirt::CountrySpelling);
            }
            if cells.quantity >= OUTLIER {
                facts.count(Dirt::Outlier);
            }
        }
    }
    no_business(merchant, book, &titles, &mut table, &mut facts)?;
    Ok(facts.finish(table.finish()?))
}

/// Test orders and rows with impossible figures, on numbers after the last order.
fn no_business(
    merchant: &Merchant,
    book: &Book,
    titles: &[String],
    table: &mut Table<'_>,
    facts: &mut Facts,
) -> Result<(), SimError> {
    let (profile, dirt) = (book.profile, &merchant.params.dirt);
    let mut next = book.orders.len();
    let mut id = || {
        next += 1;
        book.order_id(next)
    };
    let at = i64::from(merchant.params.end().0) * 86_400 - 40_000;
    let place = &profile.places[0];
    for k in 0..dirt.test_orders + dirt.impossible_rows {
        let test = k < dirt.test_orders;
        let product = (k * 37) % merchant.catalogue.len();
        let price = book.prices.list(0, product);
        let head = Head {
            id: id(),
            key: if test { "TEST".to_owned() } else { String::new() },
            email: if test { "test@example.com".to_owned() } else { String::new() },
            phone: String::new(),
            place,
            channel: if test { "test" } else { "web" },
        };
        let (quantity, unit_price) = match k % 3 {
            _ if test => (1, 1),
            0 => (1, -price),
            1 => (0, price),
            _ => (9_999_999, price),
        };
        let cells = Cells {
            line_no: 1,
            product_id: &merchant.catalogue.products[product].id,
            product_name: if test { "TEST - please ignore" } else { &titles[product] },
            quantity,
            unit_price,
            discount: 0,
            tax: 0,
            at: at + k as i64,
            country: profile.market.code(),
            status: "completed",
        };
        write(table, profile, &head, &cells);
        table.end_row()?;
        facts.not_business(head.id, if test { Dirt::TestOrder } else { Dirt::ImpossibleRow });
    }
    Ok(())
}

/// A small file beside the exports: lines of the second market with dates in three formats. Its
/// orders are no part of any total.
pub(super) fn mixed_dates(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let book = merchant.books.get(1).unwrap_or(&merchant.books[0]);
    let profile = book.profile;
    let mut facts = Facts::new("extra/orders_mixed_dates.csv".to_owned(), "canonical orders", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = ["order_id", "product_id", "quantity", "unit_price", "currency", "ordered_at", "country"];
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    for k in 0..merchant.params.dirt.mixed_date_rows {
        let product = (k * 11) % merchant.catalogue.len();
        table.cell(&format!("{}-M{k:05}", profile.market));
        table.cell(&merchant.catalogue.products[product].id);
        table.int(1);
        table.minor(book.prices.list(0, product), profile.currency.exponent());
        table.cell(profile.currency.code());
        let day = merchant.params.from.plus((k * 13 % merchant.params.days as usize) as i32).date();
        let format = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y"][k % 3];
        if k % 3 > 0 {
            facts.count(Dirt::MixedDate);
        }
        table.cell(&day.format(format).to_string());
        table.cell(profile.market.code());
        table.end_row()?;
    }
    Ok(facts.finish(table.finish()?))
}
