//! Tables of the truth that lie beside `truth.json`, one row a shopper, product or review: what no
//! export tells, so that whatever is estimated for one of them can be compared.

use super::table::Table;
use super::{Encoding, Facts, FileFacts, Sink};
use crate::catalogue::Catalogue;
use crate::part::{Part, market_seed};
use crate::plan::CHANNELS;
use crate::trade::traits;
use crate::trade::{ASPECTS, reviews};
use crate::{Book, Merchant, SimError};

/// Writes `truth_shoppers.csv`, `truth_products.csv`, `truth_reviews.csv`, `truth_noise.csv`, `truth_markets.csv`,
/// `truth_interactions.csv` and `truth_questions.csv`.
///
/// # Errors
/// [`SimError::Write`] naming the file that could not be written.
pub fn truth_tables(merchant: &Merchant, sink: &mut dyn Sink) -> Result<Vec<FileFacts>, SimError> {
    let noise = super::noise::noise_truth;
    Ok(vec![
        shoppers(merchant, sink)?,
        products(merchant, sink)?,
        review_rows(merchant, sink)?,
        noise(merchant, sink)?,
        super::indicators::market_truth(merchant, sink)?,
        super::social::interaction_truth(merchant, sink)?,
        super::questions::question_truth(merchant, sink)?,
    ])
}

/// Latent figures of every shopper, with the key under which the exports know who is no guest.
fn shoppers(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let header = "market shopper_key arrived cluster tier brand source marketplace tracked accepts_marketing income \
                  rate dropout left orders age_band sex income_band";
    write("truth_shoppers.csv", "truth of shoppers", header, sink, &mut |table| {
        for book in &merchant.books {
            let mut orders = vec![0_i64; book.shoppers.len()];
            book.orders.iter().for_each(|o| orders[o.shopper as usize] += 1);
            let seed = market_seed(merchant.params.seed, Part::Traits, book.profile.market);
            for (number, shopper) in book.shoppers.iter().enumerate() {
                table.cell(book.profile.market.code());
                table.cell(&book.shopper_key(number as u32));
                table.day(shopper.arrived);
                table.int(i64::from(shopper.cluster) + 1);
                table.int(i64::from(shopper.tier) + 1);
                table.cell(Catalogue::BRANDS[usize::from(shopper.brand)]);
                table.cell(match usize::from(shopper.source) {
                    0 => "organic",
                    paid => CHANNELS[paid - 1],
                });
                for yes in [shopper.marketplace, shopper.tracked, shopper.accepts_marketing] {
                    table.cell(if yes { "true" } else { "false" });
                }
                for figure in [shopper.income, shopper.rate, shopper.dropout] {
                    table.cell(&figure.to_string());
                }
                table.cell(if book.left[number] { "true" } else { "false" });
                table.int(orders[number]);
                for band in traits(shopper, &mut seed.stream(number as u64)) {
                    table.cell(band);
                }
                table.end_row()?;
            }
        }
        Ok(())
    })
}

/// What every product is worth to each cluster of each market, without price and weather.
fn products(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let mut header = "market product_id offered appeal".to_owned();
    (1..=merchant.params.n_clusters).for_each(|c| header.push_str(&format!(" utility_{c}")));
    write("truth_products.csv", "truth of products", &header, sink, &mut |table| {
        for book in &merchant.books {
            for (j, product) in merchant.catalogue.products.iter().enumerate() {
                table.cell(book.profile.market.code());
                table.cell(&product.id);
                table.cell(if merchant.catalogue.offered(j, book.profile.volts) { "true" } else { "false" });
                table.cell(&book.taste.appeal[j].to_string());
                for utility in &book.taste.utility {
                    table.cell(&utility[j].to_string());
                }
                table.end_row()?;
            }
        }
        Ok(())
    })
}

/// Every review with the line it is about, how happy its writer truly is, and what it names.
fn review_rows(merchant: &Merchant, sink: &mut dyn Sink) -> Result<FileFacts, SimError> {
    let header = "review_id order_id line_no product_id shopper_key stars satisfaction defect liked disliked";
    write("truth_reviews.csv", "truth of reviews", header, sink, &mut |table| {
        for book in &merchant.books {
            for (k, review) in reviews(&merchant.params, &merchant.catalogue.products, book).enumerate() {
                let order = &book.orders[review.order as usize];
                let line = &book.lines[review.line as usize];
                table.cell(&review_id(book, k));
                table.cell(&book.order_id(review.order as usize));
                table.int(i64::from(review.line - order.first_line) + 1);
                table.cell(&merchant.catalogue.products[usize::from(line.product)].id);
                table.cell(&book.shopper_key(order.shopper));
                table.int(i64::from(review.stars));
                table.cell(&line.satisfaction.to_string());
                table.cell(if line.defect { "true" } else { "false" });
                table.cell(&named(review.liked));
                table.cell(&named(review.aspects & !review.liked));
                table.end_row()?;
            }
        }
        Ok(())
    })
}

/// Id of a market's review number `k`, counted from 0.
pub(super) fn review_id(book: &Book, k: usize) -> String {
    format!("R-{}-{:07}", book.profile.market, k + 1)
}

/// Aspects by their bits, separated by blanks.
fn named(bits: u8) -> String {
    let set = ASPECTS.iter().enumerate().filter(|(i, _)| bits & 1 << i != 0);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

type Rows<'a> = dyn FnMut(&mut Table<'_>) -> Result<(), SimError> + 'a;

fn write(
    name: &str,
    layout: &'static str,
    header: &str,
    sink: &mut dyn Sink,
    rows: &mut Rows<'_>,
) -> Result<FileFacts, SimError> {
    let facts = Facts::new(name.to_owned(), layout, Encoding::Utf8);
    let mut out = sink.create(name).map_err(SimError::write(name))?;
    let header: Vec<&str> = header.split_whitespace().collect();
    let mut table = Table::new(&mut *out, name, Encoding::Utf8, ',', &header)?;
    rows(&mut table)?;
    Ok(facts.finish(table.finish()?))
}
