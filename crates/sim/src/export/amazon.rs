//! Amazon's all-orders report: tab-separated, no buyer, prices for the whole line.
//!
//! What came back keeps its row and changes its `order-status` to `Shipped - Returned to Seller`;
//! the report says neither when nor how much was paid back.

use super::dirt::{Dirt, Dirtier};
use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink};
use crate::catalogue::{language_index, title};
use crate::{Book, Merchant, SimError};

const HEADER: [&str; 28] = [
    "amazon-order-id",
    "merchant-order-id",
    "purchase-date",
    "last-updated-date",
    "order-status",
    "fulfillment-channel",
    "sales-channel",
    "order-channel",
    "ship-service-level",
    "product-name",
    "sku",
    "asin",
    "item-status",
    "quantity",
    "currency",
    "item-price",
    "item-tax",
    "shipping-price",
    "shipping-tax",
    "gift-wrap-price",
    "gift-wrap-tax",
    "item-promotion-discount",
    "ship-promotion-discount",
    "ship-city",
    "ship-state",
    "ship-postal-code",
    "ship-country",
    "promotion-ids",
];

/// The marketplace shoppers' orders.
pub(super) fn orders(merchant: &Merchant, book: &Book, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let profile = book.profile;
    let mut facts =
        Facts::new(format!("exports/amazon_orders_{}.txt", profile.market), "amazon all orders", Encoding::Utf8);
    let name = facts.name();
    let mut out = sink.create(&name).map_err(SimError::write(&name))?;
    let mut table = Table::new(&mut *out, &name, Encoding::Utf8, '\t', &HEADER)?;
    let exponent = profile.currency.exponent();
    let language = language_index(profile.language);
    let titles: Vec<String> = merchant.catalogue.products.iter().map(|p| title(p, language)).collect();
    let mut dirt = Dirtier::new(&merchant.params, profile, 2);
    for (o, order) in book.orders.iter().enumerate().filter(|(_, order)| book.by_amazon(order)) {
        let id = book.order_id(o);
        let place = profile.place_of(order.shopper);
        for (i, line) in book.lines_of(order).iter().enumerate() {
            let product = &merchant.catalogue.products[usize::from(line.product)];
            table.cell(&id);
            table.empty(1);
            table.instant(order.at, 0, 'T', "+00:00");
            table.instant(order.delivered_at, 0, 'T', "+00:00");
            table.cell(if line.returned > 0 { "Shipped - Returned to Seller" } else { "Shipped" });
            table.cell("AFN");
            table.cell(profile.marketplace);
            table.empty(1);
            table.cell("Standard");
            table.cell(&titles[usize::from(line.product)]);
            table.cell(&product.id);
            table.cell(&format!("B0SIM{:05}", line.product));
            table.cell("Shipped");
            table.int(i64::from(line.quantity));
            table.cell(profile.currency.code());
            table.minor(line.unit_price * i64::from(line.quantity), exponent);
            table.minor(line.tax, exponent);
            table.minor(if i == 0 { order.shipping } else { 0 }, exponent);
            table.empty(3);
            table.minor(line.discount, exponent);
            table.empty(1);
            table.cell(place.city);
            table.cell(place.region);
            table.cell(place.zip);
            let (country, odd) = dirt.country();
            table.cell(country);
            table.cell(if line.discount > 0 { "PAWS-SALE" } else { "" });
            let times = dirt.times();
            table.end_row_times(times)?;
            if times > 1 {
                facts.count(Dirt::DuplicateRow);
            }
            for _ in 0..times {
                if odd {
                    facts.count(Dirt::CountrySpelling);
                }
                if i64::from(line.quantity) >= super::canonical::OUTLIER {
                    facts.count(Dirt::Outlier);
                }
            }
        }
    }
    Ok(facts.finish(table.finish()?))
}
