//! Shopify's orders CSV and customers CSV.
//!
//! One row a line item; what belongs to the order stands on its first row only. Times are in the
//! market's standard time. A refund is an amount on the order, with the status `refunded` or
//! `partially_refunded`; which line came back is not in this export.

use super::dirt::{Dirt, Dirtier};
use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink};
use crate::catalogue::{Catalogue, language_index, title};
use crate::trade::Line;
use crate::{Book, Merchant, SimError};

/// Columns before `Billing Name`.
const FIRST: [&str; 24] = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Accepts Marketing",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem compare at price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
];
/// An address, after `Billing ` and `Shipping `.
const ADDRESS: [&str; 10] =
    ["Name", "Street", "Address1", "Address2", "Company", "City", "Zip", "Province", "Country", "Phone"];
/// Columns after the addresses.
const LAST: [&str; 35] = [
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Payment Method",
    "Payment Reference",
    "Refunded Amount",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Lineitem discount",
    "Tax 1 Name",
    "Tax 1 Value",
    "Tax 2 Name",
    "Tax 2 Value",
    "Tax 3 Name",
    "Tax 3 Value",
    "Tax 4 Name",
    "Tax 4 Value",
    "Tax 5 Name",
    "Tax 5 Value",
    "Phone",
    "Receipt Number",
    "Duties",
    "Billing Province Name",
    "Shipping Province Name",
    "Payment ID",
    "Payment Terms Name",
    "Next Payment Due At",
    "Payment References",
];

fn header() -> Vec<String> {
    let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    let address = |of: &str| ADDRESS.iter().map(|n| format!("{of} {n}")).collect::<Vec<_>>();
    [owned(&FIRST), address("Billing"), address("Shipping"), owned(&LAST)].concat()
}

/// Sums of an order, minor units.
struct Sums {
    revenue: i64,
    discount: i64,
    tax: i64,
    refund: i64,
    /// Tax is paid on top of the prices.
    on_top: bool,
}

impl Sums {
    fn of(book: &Book, lines: &[Line]) -> Self {
        let on_top = book.profile.market.code() == "US";
        let returned_tax = |l: &Line| if on_top { l.returned_tax() } else { 0 };
        Self {
            revenue: lines.iter().map(Line::revenue).sum(),
            discount: lines.iter().map(|l| l.discount).sum(),
            tax: lines.iter().map(|l| l.tax).sum(),
            refund: lines.iter().map(|l| l.refund() + if l.returned > 0 { returned_tax(l) } else { 0 }).sum(),
            on_top,
        }
    }

    fn total(&self, shipping: i64) -> i64 {
        self.revenue + shipping + if self.on_top { self.tax } else { 0 }
    }
}

/// Offset of the market's clock as Shopify prints it: ` -0500`.
fn offset(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!(" {sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// All orders of the market.
pub(super) fn orders(merchant: &Merchant, book: &Book, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let profile = book.profile;
    let mut facts =
        Facts::new(format!("exports/shopify_orders_{}.csv", profile.market), "shopify orders", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = header();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    let (exponent, clock, zone) = (profile.currency.exponent(), profile.utc_offset, offset(profile.utc_offset));
    let language = language_index(profile.language);
    let titles: Vec<String> = merchant.catalogue.products.iter().map(|p| title(p, language)).collect();
    let mut dirt = Dirtier::new(&merchant.params, profile, 1);

    for (o, order) in book.orders.iter().enumerate() {
        let shopper = &book.shoppers[order.shopper as usize];
        let contact = book.contact(order.shopper);
        let place = profile.place_of(order.shopper);
        let lines = book.lines_of(order);
        let sums = Sums::of(book, lines);
        let week = (domain::Day((order.at.div_euclid(86_400)) as i32).since(merchant.params.from) / 7) as usize;
        let id = book.order_id(o);
        let (email, varied) = dirt.email(&contact.email);
        let (country, odd) = dirt.country();
        if varied {
            facts.count(Dirt::EmailVariant);
        }
        if odd {
            facts.count(Dirt::CountrySpelling);
        }
        let full_name = format!("{} {}", contact.given, contact.family);
        for (i, line) in lines.iter().enumerate() {
            let product = &merchant.catalogue.products[usize::from(line.product)];
            let first = i == 0;
            table.cell(&id);
            table.cell(&email);
            if first {
                table.cell(match sums.refund {
                    0 => "paid",
                    _ if lines.iter().all(|l| l.returned == l.quantity) => "refunded",
                    _ => "partially_refunded",
                });
                table.instant(order.at, clock, ' ', &zone);
                table.cell("fulfilled");
                table.instant(order.delivered_at, clock, ' ', &zone);
                table.cell(if shopper.accepts_marketing { "yes" } else { "no" });
                table.cell(profile.currency.code());
                table.minor(sums.revenue, exponent);
                table.minor(order.shipping, exponent);
                table.minor(sums.tax, exponent);
                table.minor(sums.total(order.shipping), exponent);
                table.cell(match (sums.discount, book.prices.promotion(week.min(book.prices.n_weeks() - 1))) {
                    (0, _) => "",
                    (_, "") => "SALE",
                    (_, promotion) => promotion,
                });
                table.minor(sums.discount, exponent);
                table.cell(if order.shipping == 0 { "Free shipping" } else { "Standard" });
            } else {
                table.empty(13);
            }
            table.instant(order.at, clock, ' ', &zone);
            table.int(i64::from(line.quantity));
            table.cell(&titles[usize::from(line.product)]);
            table.minor(line.unit_price, exponent);
            table.empty(1);
            table.cell(&product.id);
            table.cell("true");
            table.cell("true");
            table.cell("fulfilled");
            if first {
                for _ in 0..2 {
                    table.cell(&full_name);
                    table.cell(&contact.street);
                    table.cell(&contact.street);
                    table.empty(2);
                    table.cell(place.city);
                    table.cell(&format!("'{}", place.zip));
                    table.cell(place.region);
                    table.cell(country);
                    table.cell(&contact.phone);
                }
                table.empty(3);
                table.cell("Card");
                table.cell(&format!("c{o:09}.1"));
                table.minor(sums.refund, exponent);
            } else {
                table.empty(26);
            }
            table.cell(Catalogue::BRANDS[product.brand]);
            if first {
                table.minor(0, exponent);
                table.empty(3);
                table.int(5_400_000_000_000 + o as i64);
                table.empty(1);
                table.cell("Low");
                table.cell("web");
            } else {
                table.empty(8);
            }
            table.minor(line.discount, exponent);
            if first {
                table.cell(if sums.on_top { "Sales tax" } else { "VAT" });
                table.minor(sums.tax, exponent);
                table.empty(8);
                table.cell(&contact.phone);
                table.empty(2);
                table.cell(place.region);
                table.cell(place.region);
                table.empty(4);
            } else {
                table.empty(19);
            }
            table.end_row()?;
            if i64::from(line.quantity) >= super::canonical::OUTLIER {
                facts.count(Dirt::Outlier);
            }
        }
    }
    for k in 0..merchant.params.dirt.test_orders {
        let id = book.order_id(book.orders.len() + k);
        test_order(&mut table, book, &id, i64::from(merchant.params.end().0) * 86_400 - 50_000 + k as i64)?;
        facts.not_business(id, Dirt::TestOrder);
    }
    Ok(facts.finish(table.finish()?))
}

/// An order by which the shop was tried out.
fn test_order(table: &mut Table<'_>, book: &Book, id: &str, at: i64) -> Result<(), SimError> {
    let profile = book.profile;
    let (exponent, zone) = (profile.currency.exponent(), offset(profile.utc_offset));
    table.cell(id);
    table.cell("test@example.com");
    table.cell("paid");
    table.instant(at, profile.utc_offset, ' ', &zone);
    table.cell("unfulfilled");
    table.empty(1);
    table.cell("no");
    table.cell(profile.currency.code());
    for amount in [1, 0, 0, 1] {
        table.minor(amount, exponent);
    }
    table.empty(1);
    table.minor(0, exponent);
    table.empty(1);
    table.instant(at, profile.utc_offset, ' ', &zone);
    table.int(1);
    table.cell("TEST - please ignore");
    table.minor(1, exponent);
    table.empty(1);
    table.cell("TEST");
    table.cell("false");
    table.cell("false");
    table.cell("pending");
    table.empty(ADDRESS.len() + 8);
    table.cell(profile.market.code());
    table.empty(4);
    table.cell("Bogus Gateway (for testing)");
    table.empty(1);
    table.minor(0, exponent);
    table.empty(6);
    table.cell("test");
    table.cell("Low");
    table.cell("web");
    table.minor(0, exponent);
    table.empty(19);
    table.end_row()
}

/// All customers of the market, with what they spent: revenue, shipping and tax on top, less refunds.
pub(super) fn customers(book: &Book, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let profile = book.profile;
    let facts =
        Facts::new(format!("exports/shopify_customers_{}.csv", profile.market), "shopify customers", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let header = [
        "First Name",
        "Last Name",
        "Email",
        "Accepts Email Marketing",
        "Company",
        "Address1",
        "Address2",
        "City",
        "Province",
        "Province Code",
        "Country",
        "Country Code",
        "Zip",
        "Phone",
        "Accepts SMS Marketing",
        "Total Spent",
        "Total Orders",
        "Tags",
        "Note",
        "Tax Exempt",
    ];
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, ',', &header)?;
    let mut spent = vec![(0_i64, 0_i64); book.shoppers.len()];
    for order in &book.orders {
        let sums = Sums::of(book, book.lines_of(order));
        let (total, n) = &mut spent[order.shopper as usize];
        *total += sums.total(order.shipping) - sums.refund;
        *n += 1;
    }
    for (number, (shopper, (total, n))) in book.shoppers.iter().zip(spent).enumerate() {
        let contact = book.contact(number as u32);
        let place = profile.place_of(number as u32);
        table.cell(contact.given);
        table.cell(contact.family);
        table.cell(&contact.email);
        table.cell(if shopper.accepts_marketing { "yes" } else { "no" });
        table.empty(1);
        table.cell(&contact.street);
        table.empty(1);
        table.cell(place.city);
        table.cell(place.region);
        table.empty(1);
        table.cell(profile.market.name());
        table.cell(profile.market.code());
        table.cell(&format!("'{}", place.zip));
        table.cell(&format!("'{}", contact.phone));
        table.cell("no");
        table.minor(total, profile.currency.exponent());
        table.int(n);
        table.cell(match shopper.source {
            0 => "",
            source => crate::plan::CHANNELS[usize::from(source) - 1],
        });
        table.empty(1);
        table.cell("no");
        table.end_row()?;
    }
    Ok(facts.finish(table.finish()?))
}
